/*
 * What a start with the hook finds in its environment:
 *
 *   PYTHONPATH       = start-folder [":" old]     without ":" if old was unset or empty; BY_PATHS
 *   LD_PRELOAD       = [preloaded ":"] start-folder "/_preload.abi3.so"      BY_PRELOAD; without
 *                      ":" if preloaded was unset
 *   MAINSPRING_START = "1" [":" old]              without ":" if old was unset
 *   MAINSPRING_WARM  = wish "@" process    or unset; the number of the process that is meant
 *   wish             = "record:" ID | "renew:" ID | "host:" ID ":" KEY ":" FOLDER ":" LOCK; numbers
 *                      of descriptors
 *   old              = PYTHONPATH as the caller set it
 *   preloaded        = LD_PRELOAD as the caller set it
 *
 * Each is put back, or taken away, before the program can look: LD_PRELOAD by the library itself
 * (native/preload.c), the others by the hook. Everything else is the caller's, in its order.
 */
#include "environment.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reach.h"
#include "text.h"
#include "variables.h"

#define PATHS "PYTHONPATH="
#define PRELOAD "LD_PRELOAD="
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

/* Behind the caller's, which may have to come first, as ASan's library has to. */
static char *make_preload(const char *start_folder, const char *old)
{
    char library[PATH_MAX];
    if (!join_path(library, start_folder, PRELOADED))
        return NULL;
    return concatenate(PRELOAD, old == NULL ? "" : old, old == NULL ? "" : ":", library);
}

/* What this process starts has the variable as well, until the hook has come: it is not meant. */
static char *make_warm(const char *warm)
{
    char process[16];
    snprintf(process, sizeof process, "%d", (int)getpid());
    return concatenate(WARM, warm, "@", process);
}

static char *make_start(const char *old)
{
    return concatenate(START, "1", old == NULL ? "" : ":", old == NULL ? "" : old);
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

static void fill(struct hooked_environment *new, char **old, char **replaced, char **end)
{
    char **next = copy_others(new->variables, old, replaced);
    *next++ = new->way;
    if (replaced != end)
        next = copy_others(next, replaced + 1, end);
    *next++ = new->start;
    if (new->warm != NULL)
        *next++ = new->warm;
    *next = NULL;
}

bool make_hooked_environment(struct hooked_environment *new, char **old, const char *start_folder,
                             enum way way, const char *warm)
{
    char **end = old + count_variables(old);
    const char *name = way == BY_PATHS ? PATHS : PRELOAD;
    const char *value = find_value(old, name);
    new->variables = malloc((size_t)(end - old + 4) * sizeof *new->variables);
    new->way =
        way == BY_PATHS ? make_paths(start_folder, value) : make_preload(start_folder, value);
    new->start = make_start(find_value(old, PATHS));
    new->warm = warm == NULL ? NULL : make_warm(warm);
    if (new->variables == NULL || new->way == NULL || new->start == NULL ||
        (warm != NULL && new->warm == NULL))
        return false;
    fill(new, old, find_variable(old, name), end);
    return true;
}

void free_hooked_environment(struct hooked_environment *environment)
{
    free(environment->variables);
    free(environment->way);
    free(environment->start);
    free(environment->warm);
}
