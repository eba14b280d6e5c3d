/*
 * What a start with the hook finds in its environment:
 *
 *   PYTHONPATH       = start-folder [":" old]     without ":" if old was unset or empty
 *   MAINSPRING_START = "1" [":" old]              without ":" if old was unset
 *   MAINSPRING_WARM  = "record:" ID | "host:" ID ":" KEY ":" FOLDER ":" LOCK    or unset; numbers
 *                      of descriptors
 *   old              = PYTHONPATH as the caller set it
 *
 * From the second the hook puts the first back, and it takes the third away; everything else is the
 * caller's, in its order.
 */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PATHS "PYTHONPATH="
#define START "MAINSPRING_START="
#define WARM "MAINSPRING_WARM="

static char *concatenate(const char *first, const char *second, const char *third,
                         const char *fourth)
{
    size_t size = strlen(first) + strlen(second) + strlen(third) + strlen(fourth) + 1;
    char *whole = malloc(size);
    if (whole == NULL)
        return NULL;
    snprintf(whole, size, "%s%s%s%s", first, second, third, fourth);
    return whole;
}

static char *make_paths(const char *start_folder, const char *old)
{
    bool alone = old == NULL || old[0] == '\0';
    return concatenate(PATHS, start_folder, alone ? "" : ":", alone ? "" : old);
}

static char *make_start(const char *old)
{
    return concatenate(START, "1", old == NULL ? "" : ":", old == NULL ? "" : old);
}

/* The first, as getenv and os.environ see it. */
static char **find_variable(char **environment, const char *name)
{
    while (*environment != NULL && !starts_with(*environment, name))
        environment++;
    return environment;
}

static size_t count_variables(char **environment)
{
    size_t count = 0;
    while (environment[count] != NULL)
        count++;
    return count;
}

static char **copy_others(char **new, char **from, char **until)
{
    for (; from != until; from++) {
        if (!starts_with(*from, START) && !starts_with(*from, WARM))
            *new++ = *from;
    }
    return new;
}

static void fill(struct hooked_environment *new, char **old, char **paths, char **end)
{
    char **next = copy_others(new->variables, old, paths);
    *next++ = new->paths;
    if (paths != end)
        next = copy_others(next, paths + 1, end);
    *next++ = new->start;
    if (new->warm != NULL)
        *next++ = new->warm;
    *next = NULL;
}

bool make_hooked_environment(struct hooked_environment *new, char **old, const char *start_folder,
                             const char *warm)
{
    char **end = old + count_variables(old);
    char **paths = find_variable(old, PATHS);
    const char *old_paths = paths == end ? NULL : *paths + strlen(PATHS);
    new->variables = malloc((size_t)(end - old + 4) * sizeof *new->variables);
    new->paths = make_paths(start_folder, old_paths);
    new->start = make_start(old_paths);
    new->warm = warm == NULL ? NULL : concatenate(WARM, warm, "", "");
    if (new->variables == NULL || new->paths == NULL || new->start == NULL ||
        (warm != NULL && new->warm == NULL))
        return false;
    fill(new, old, paths, end);
    return true;
}

void free_hooked_environment(struct hooked_environment *environment)
{
    free(environment->variables);
    free(environment->paths);
    free(environment->start);
    free(environment->warm);
}
