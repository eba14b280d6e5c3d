#ifndef MAINSPRING_REQUEST_H
#define MAINSPRING_REQUEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const unsigned char *bytes;
    size_t size;
} span;

/* A list as it came: its items lie one behind the other. */
typedef struct {
    size_t count;
    const unsigned char *items;
} items;

/* All that a caller hands over but the descriptors; it refers to the payload that it was read from.
 */
typedef struct {
    span key;
    uint32_t flags;
    int32_t group;
    uint32_t umask;
    int32_t nice, oom_score_adj;
    uint64_t mask, ignored; /* bit N - 1 for signal N */
    items limits;           /* of 16 bytes */
    span affinity;
    items numbers; /* of 4 bytes */
    uint32_t skip;
    items arguments, environment; /* of words */
} start_request;

enum { JOINS_GROUP = 1, FRAME_LIMIT = 8 << 20, LENGTH_SIZE = 4, LIMIT_SIZE = 16, NUMBER_SIZE = 4 };

/* Whether *payload*, which follows the type of a frame, is a whole request and nothing else. */
int read_request(const unsigned char *payload, size_t size, start_request *start);

uint32_t read_u32(const unsigned char *at);
uint64_t read_u64(const unsigned char *at);

/* The word at *at*, which goes on to the next one. */
span take_word(const unsigned char **at);

#endif
