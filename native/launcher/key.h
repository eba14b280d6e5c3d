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

/* What a recipe may have select, besides the environment. */
struct choices {
    const char *folder;         /* the working directory */
    const char *first_argument; /* of sys.argv */
    size_t argument_count;
};

/* `arguments` begin with the script. */
void find_choices(struct choices *choices, char **arguments, const char *folder);

/* What selects a host; a recipe says how much of it. */
struct selection {
    struct text program;         /* the program text */
    const struct text *identity; /* of the caller */
    char **environment;
    struct choices choices;
};

/* Makes the key text anew, and its hash. False if memory is short. */
bool make_key(struct text *key, char digits[DIGITS_SIZE], const struct selection *selection,
              const struct recipe *recipe);

void hash_text(const struct text *text, char digits[DIGITS_SIZE]);

/* Whether a variable that a host would heed leads to other folders there, since it is relative. */
bool has_relative_part(char **environment);

#endif
