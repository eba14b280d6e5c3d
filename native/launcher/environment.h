#ifndef MAINSPRING_ENVIRONMENT_H
#define MAINSPRING_ENVIRONMENT_H

#include <stdbool.h>

/* The environment of a start with the hook. All but three of its variables belong to the old one.
 */
struct hooked_environment {
    char **variables;
    char *way;
    char *start;
    char *warm; /* or NULL */
};

/* What brings the hook into the interpreter. */
enum way {
    BY_PATHS,   /* PYTHONPATH */
    BY_PRELOAD, /* LD_PRELOAD, where PYTHONPATH is ignored: see reach.h */
};

/* `warm` is what MAINSPRING_WARM is to be, or NULL. False if memory is short. To be freed in either
 * case. */
bool make_hooked_environment(struct hooked_environment *new, char **old, const char *start_folder,
                             enum way way, const char *warm);
void free_hooked_environment(struct hooked_environment *environment);

#endif
