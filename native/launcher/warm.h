#ifndef MAINSPRING_WARM_H
#define MAINSPRING_WARM_H

#include <stdbool.h>
#include <stddef.h>

#include "environment.h"

/* "record:" and an ID */
#define WARM_SIZE 48

/* A start that is asked to be warm. */
struct warm_start {
    char **arguments; /* interpreter, its options, script, the script's arguments; NULL */
    size_t script;    /* which of them it is */
    char **environment;
    const char *start_folder; /* of the hook */
    enum way way;
    bool ruled_out;       /* by an option */
    char warm[WARM_SIZE]; /* what MAINSPRING_WARM is to be in a cold start, if not empty */
};

/* Ends as the program ended; or returns, if the start is to be cold. Then everything of this
 * process is as it was. */
void start_warm(struct warm_start *start);

#endif
