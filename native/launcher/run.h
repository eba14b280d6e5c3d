#ifndef MAINSPRING_RUN_H
#define MAINSPRING_RUN_H

#include <stddef.h>
#include <time.h>

#include "place.h"

/* Becomes the program that the arguments ask for; returns an exit status if it cannot. */
int run_program(char **arguments, const struct place *launcher, const struct timespec *began);

/* The same for a script of which all is known; `arguments` are what comes behind it. */
int run_target(const char *interpreter, char **options, size_t option_count, const char *script,
               char **arguments, const struct place *launcher, const struct timespec *began);

#endif
