#ifndef MAINSPRING_REPLY_H
#define MAINSPRING_REPLY_H

#include <stddef.h>
#include <stdint.h>

/* The longest that is waited for: a frame of 64 bytes, and what says how long it is. */
#define MOST_OF_REPLY 68
#define MOST_OF_REASON 63

struct reply {
    char type;      /* 'R', 'S', 'T', 'C', 'X' */
    int32_t number; /* the process that started, a signal, a wait status */
    char reason[MOST_OF_REASON + 1];
};

enum parsed {
    REPLY_WHOLE,
    REPLY_PART,   /* as far as it goes */
    REPLY_BROKEN, /* not from a host of ours */
};

/* Reads the first frame of the bytes; where it is whole, `used` is its size. */
enum parsed parse_reply(const unsigned char *bytes, size_t length, struct reply *reply,
                        size_t *used);

#endif
