/*
 * The head of ID.recipe; Python writes it, and the rows after it are not the launcher's to read:
 *
 *   head  = "mainspring-recipe 1\n" "program " text "\n" "python " text "\n"
 *           "starts " digit+ "\n" "state " state "\n" ("env " name "\n")*
 *           ("select " word "\n")* "end\n"
 *   state = "recording" | "ready" | "stale" | "never " text          text = any bytes but NUL and
 * newline name  = (letter | "_") (letter | digit | "_")* word  = "argument-0" | "argument-count" |
 * "folder"
 */
#include "recipe.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

/* What follows the word and its line; NULL if the line does not begin with it, or does not end. */
static const char *skip_line(const char *line, const char *word)
{
    if (line == NULL || !starts_with(line, word))
        return NULL;
    const char *end = strchr(line, '\n');
    return end == NULL ? NULL : end + 1;
}

static const char *read_starts(const char *line, struct recipe *recipe)
{
    const char *next = skip_line(line, "starts ");
    if (next == NULL)
        return NULL;
    const char *digits = line + strlen("starts ");
    size_t length = strspn(digits, DIGITS);
    recipe->starts = strtoul(digits, NULL, 10);
    return length > 0 && length < 10 && digits + length + 1 == next ? next : NULL;
}

static const char *read_state(const char *line, enum recipe_state *state, bool *is_stale)
{
    static const struct {
        const char *line;
        enum recipe_state state;
    } states[] = {
        {"state recording\n", RECIPE_RECORDING},
        {"state ready\n", RECIPE_READY},
        {"state stale\n", RECIPE_READY},
        {"state never ", RECIPE_NEVER},
    };
    for (size_t i = 0; line != NULL && i < sizeof states / sizeof *states; i++) {
        *state = states[i].state;
        *is_stale = starts_with(states[i].line, "state stale");
        const char *next = skip_line(line, states[i].line);
        if (next != NULL)
            return next;
    }
    return NULL;
}

static const char *skip_name(const char *line)
{
    const char *next = skip_line(line, "env ");
    if (next == NULL)
        return NULL;
    const char *name = line + strlen("env ");
    size_t length = strspn(name, LETTERS DIGITS);
    return strspn(name, LETTERS) > 0 && name + length + 1 == next ? next : NULL;
}

/* What follows the lines of words that select; NULL after one that is not known. */
static const char *read_selectors(const char *line, unsigned *selects)
{
    static const struct {
        const char *line;
        enum selector selector;
    } selectors[] = {
        {"select argument-0\n", SELECT_ARGUMENT_0},
        {"select argument-count\n", SELECT_ARGUMENT_COUNT},
        {"select folder\n", SELECT_FOLDER},
    };
    for (size_t i = 0; line != NULL && i < sizeof selectors / sizeof *selectors; i++) {
        const char *next = skip_line(line, selectors[i].line);
        if (next == NULL)
            continue;
        *selects |= selectors[i].selector;
        line = next;
    }
    return line;
}

void parse_recipe(struct recipe *recipe, size_t length)
{
    enum recipe_state state = RECIPE_ABSENT;
    recipe->state = RECIPE_ABSENT;
    recipe->starts = 0;
    recipe->selects = 0;
    recipe->is_stale = false;
    if (memchr(recipe->head, '\0', length) != NULL)
        return;
    const char *line = skip_line(recipe->head, "mainspring-recipe 1\n");
    line = skip_line(skip_line(line, "program "), "python ");
    line = read_state(read_starts(line, recipe), &state, &recipe->is_stale);
    recipe->names = line;
    for (const char *next = line; next != NULL; next = skip_name(line))
        line = next;
    recipe->names_end = line;
    line = read_selectors(line, &recipe->selects);
    if (skip_line(line, "end\n") != NULL)
        recipe->state = state;
}

bool recipe_names(const struct recipe *recipe, const char *name, size_t length)
{
    const char *line = recipe->names;
    if (recipe->state != RECIPE_READY)
        return false;
    while (line != recipe->names_end) {
        const char *named = line + strlen("env ");
        const char *end = strchr(named, '\n');
        if ((size_t)(end - named) == length && memcmp(named, name, length) == 0)
            return true;
        line = end + 1;
    }
    return false;
}

static bool is_own_file(int descriptor)
{
    struct stat file;
    return fstat(descriptor, &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == geteuid() &&
           (file.st_mode & 022) == 0;
}

static size_t read_head(int descriptor, char head[MOST_OF_HEAD + 1])
{
    size_t length = 0;
    ssize_t more = 0;
    do {
        length += (size_t)more;
        more = read(descriptor, head + length, MOST_OF_HEAD - length);
    } while (more > 0);
    head[length] = '\0';
    return length;
}

void read_recipe(int folder, const char *id, struct recipe *recipe)
{
    char name[64];
    recipe->state = RECIPE_ABSENT;
    recipe->starts = 0;
    recipe->selects = 0;
    recipe->is_stale = false;
    snprintf(name, sizeof name, "%s.recipe", id);
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return;
    if (is_own_file(file))
        parse_recipe(recipe, read_head(file, recipe->head));
    close(file);
}
