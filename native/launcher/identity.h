#ifndef MAINSPRING_IDENTITY_H
#define MAINSPRING_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

/* Who and where the caller is. */
struct caller {
    struct text identity; /* fields of the key text: what of it no process can take on */
    bool has_terminal;    /* one that controls its session */
    bool uses_terminal;   /* as standard input, output or error */
    bool leads_session;
    pid_t group;
    uint32_t umask;
    uint64_t ignored; /* signals */
    int32_t nice;
    int32_t oom_score_adj;
};

/* False if the system does not say all of it. caller->identity is to be freed in either case. */
bool identify_caller(struct caller *caller);

#endif
