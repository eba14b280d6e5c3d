#ifndef MAINSPRING_COMMANDS_H
#define MAINSPRING_COMMANDS_H

#include <stdbool.h>

#include "place.h"

/* A word that is a subcommand even where a file of that name exists. */
bool is_command(const char *word);

/* Becomes the Python side of the command line; returns an exit status if it cannot. */
int run_command(char **arguments, const struct place *launcher);

#endif
