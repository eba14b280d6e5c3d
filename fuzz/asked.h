#ifndef MAINSPRING_FUZZ_ASKED_H
#define MAINSPRING_FUZZ_ASKED_H

#include <stddef.h>

struct asked {
    const unsigned char *payload; /* what follows the type of the frame */
    size_t size;
};

enum { ASKED_COUNT = 3 };

/* Fills in what the launcher asks for some starts. False if it does not. */
int ask(struct asked asked[ASKED_COUNT]);

#endif
