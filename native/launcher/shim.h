#ifndef MAINSPRING_SHIM_H
#define MAINSPRING_SHIM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "place.h"

struct shim {
    char link[PATH_MAX];
    uid_t owner;
    int target; /* descriptor of its file of targets/, or -1 if that cannot be opened */
};

/* Whether the launcher was started as a shim, by whatever name in argv[0]. */
bool find_shim(struct shim *shim);

/* Becomes the command that the shim stands for; returns an exit status if it cannot. */
int run_shim(const struct shim *shim, char **arguments, const struct place *launcher,
             const struct timespec *began);

#endif
