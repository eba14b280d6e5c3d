/* What was asked -> action. */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "commands.h"
#include "place.h"
#include "run.h"
#include "shim.h"

/* `#!/usr/bin/env mainspring` makes the kernel call `mainspring SCRIPT`. */
static bool is_script(const char *word)
{
    struct stat file;
    return word[0] != '-' && !is_command(word) && stat(word, &file) == 0 && S_ISREG(file.st_mode);
}

/* Of `run` itself, which only the command line's definitions know; python's own is `python -h`. */
static bool asks_for_help(const char *word)
{
    return word != NULL && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
}

static bool is_run(char **arguments)
{
    return arguments[0] != NULL && strcmp(arguments[0], "run") == 0 && !asks_for_help(arguments[1]);
}

int main(int argc, char **argv)
{
    struct timespec began;
    struct place launcher;
    struct shim shim;
    char *nothing[] = {NULL, NULL};
    char **arguments = argc > 0 ? argv + 1 : nothing + 1;
    clock_gettime(CLOCK_MONOTONIC, &began);
    find_launcher(&launcher);
    if (find_shim(&shim))
        return run_shim(&shim, arguments, &launcher, &began);
    if (is_run(arguments))
        return run_program(arguments + 1, &launcher, &began);
    if (arguments[0] != NULL && is_script(arguments[0]))
        return run_program(arguments, &launcher, &began);
    return run_command(arguments, &launcher);
}
