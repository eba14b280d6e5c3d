#ifndef MAINSPRING_SELECTION_H
#define MAINSPRING_SELECTION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "identity.h"
#include "key.h"
#include "recipe.h"
#include "text.h"

/* A start, and all that selects a host for it. */
struct selection {
    char **arguments; /* interpreter, its options, script, the script's arguments; NULL */
    size_t script;    /* which of them it is */
    char **environment;
    bool ruled_out;          /* by an option */
    bool is_machine_code;    /* the interpreter: known without a look */
    char current[PATH_MAX];  /* the working directory, as getcwd(3) tells it */
    char path[2 * PATH_MAX]; /* of the script, as CPython forms it */
    char id[DIGITS_SIZE];
    struct text program; /* the program text */
    struct text key;
    const struct caller *caller;
    struct choices choices;
    struct recipe recipe;
};

/* Finds what there is to know of the program, but for its recipe; selection->current is filled in.
 * False if it does not fit. */
bool find_program(struct selection *selection);

/* The reason for which a start of the program is cold, whoever starts it; or NULL. */
const char *find_program_obstacle(const struct selection *selection);

/* The same of a caller, and of the recipe. */
const char *find_caller_obstacle(const struct selection *selection);

/* Makes the key anew, by the recipe. False if memory is short. */
bool make_key(struct selection *selection, char digits[DIGITS_SIZE]);

/* What was allocated. The caller is not the selection's. */
void free_selection(struct selection *selection);

#endif
