#ifndef MAINSPRING_RECIPE_H
#define MAINSPRING_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#define MOST_OF_HEAD 65536

enum recipe_state {
    RECIPE_ABSENT,
    RECIPE_RECORDING,
    RECIPE_READY,
    RECIPE_NEVER,
};

/* What else of the caller selects a host. */
enum selector {
    SELECT_FOLDER = 1,
    SELECT_ARGUMENT_COUNT = 2,
    SELECT_ARGUMENT_0 = 4,
};

/* As much of a recipe as decides how its program is started. */
struct recipe {
    enum recipe_state state;
    unsigned long starts; /* that were recorded */
    bool is_stale;        /* a host has found changes: the next cold start is to be recorded */
    const char *names;    /* the "env" lines, each with its newline */
    const char *names_end;
    unsigned selects; /* enum selector, or-ed */
    char head[MOST_OF_HEAD + 1];
};

/* Reads what is known of the program ID; RECIPE_ABSENT also where that is not to be trusted. */
void read_recipe(int folder, const char *id, struct recipe *recipe);

/* The same of recipe->head, of which `length` bytes are filled, with a NUL behind. */
void parse_recipe(struct recipe *recipe, size_t length);

/* Whether the environment name selects a host, by its recipe. */
bool recipe_names(const struct recipe *recipe, const char *name, size_t length);

#endif
