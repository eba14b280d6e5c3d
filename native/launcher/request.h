#ifndef MAINSPRING_REQUEST_H
#define MAINSPRING_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "descriptors.h"
#include "identity.h"
#include "text.h"

/* What a host is asked to start. */
struct request {
    char **arguments; /* from the interpreter on */
    size_t script;    /* which of them it is */
    char **environment;
    const struct caller *caller;
    const struct descriptors *descriptors;
    const struct text *key;
    uint64_t mask; /* of signals, as the caller had it */
};

/* Writes the frame; false if it does not fit. */
bool write_request(struct text *frame, const struct request *request);

#endif
