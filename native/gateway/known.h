#ifndef MAINSPRING_KNOWN_H
#define MAINSPRING_KNOWN_H

#include <stdbool.h>

#include "../launcher/key.h"
#include "../launcher/recipe.h"

/* Has all but the recipe looked up again. */
void forget_known(void);

/* The runtime folder for a value of XDG_RUNTIME_DIR, which stays open; -1 if there is none. */
int find_hosts(const char *value);

/* Whether this was the last interpreter that was found to be machine code. */
bool is_known_interpreter(const char *path);

void note_interpreter(const char *path);

/* As read_recipe, into the recipe that the last call of this has filled in. */
void find_recipe(int hosts, const char *id, struct recipe *recipe);

#endif
