#ifndef MAINSPRING_KEY_H
#define MAINSPRING_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "recipe.h"
#include "text.h"

/* A hash as 32 hex digits, and a NUL. */
#define DIGITS_SIZE 33

/* Adds the fields that say which program it is: `arguments` begin with the interpreter, the script
 * is one of them, `path` its absolute path. */
void add_program_text(struct text *text, char **arguments, size_t script, const char *path);

/* Adds those variables that select a host. False if memory is short. */
bool add_selected(struct text *text, char **environment, const struct recipe *recipe);

void hash_text(const struct text *text, char digits[DIGITS_SIZE]);

/* Whether a variable that a host would heed leads to other folders there, since it is relative. */
bool has_relative_part(char **environment);

#endif
