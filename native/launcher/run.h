#ifndef MAINSPRING_RUN_H
#define MAINSPRING_RUN_H

#include <time.h>

#include "place.h"

/* Becomes the program that the arguments ask for; returns an exit status if it cannot. */
int run_program(char **arguments, const struct place *launcher, const struct timespec *began);

#endif
