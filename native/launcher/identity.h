#ifndef MAINSPRING_IDENTITY_H
#define MAINSPRING_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

/* As many kinds of limits as Linux has. */
#define MOST_RESOURCES 16
#define MOST_CPU_BYTES 1024

/* Who and where the caller is. */
struct caller {
    struct text identity;  /* fields of the key text: what of it no process can take on */
    bool has_terminal;     /* one that controls its session */
    bool uses_terminal;    /* as standard input, output or error */
    bool has_capabilities; /* that its user has not: no other process of that user can have them */
    bool has_little_time;  /* of the processor's, and whoever starts here cannot have more */
    bool leads_session;
    bool is_detached; /* not this process is meant, but a child in a session of its own */
    pid_t group;
    uint32_t umask;
    uint64_t effective; /* capabilities, as far as they hold for the whole system */
    uint64_t ignored;   /* signals */
    int32_t nice;
    int32_t oom_score_adj;
    char cpus[MOST_CPU_BYTES]; /* that it may use, as sched_getaffinity(2) has them */
    size_t cpu_bytes;
    uint64_t limits[MOST_RESOURCES][2]; /* soft, hard; as the kernel has them, whatever rlim_t is */
};

/* False if the system does not say all of it. caller->identity is to be freed in either case. */
bool identify_caller(struct caller *caller, bool is_detached);

/* Adds one field about the caller. */
void add_fact(struct text *text, const char *name, const char *fact, size_t length);

#endif
