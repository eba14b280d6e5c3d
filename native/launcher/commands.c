#include "commands.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interpreter.h"
#include "report.h"
#include "text.h"

static const char *const commands[] = {
    "bench",     "check",   "clean",   "compile", "completion", "disable", "doctor",
    "enable",    "explain", "gateway", "help",    "hosts",      "install", "profile",
    "recipe",    "record",  "run",     "serve",   "shims",      "status",  "stop",
    "uninstall", "verify",  "version", "warm",
};

bool is_command(const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(word, commands[i]) == 0)
            return true;
    }
    return false;
}

static void start_console_script(char **started, const struct place *launcher)
{
    char path[PATH_MAX];
    struct stat file;
    if (!join_path(path, launcher->folder, "mainspring-cli") || stat(path, &file) != 0 ||
        is_launcher(launcher, &file))
        return;
    started[0] = path;
    execv(path, started);
}

static void start_module(char **started, const struct place *launcher)
{
    char path[PATH_MAX];
    if (!find_beside(launcher, path))
        return;
    started[0] = path;
    execv(path, started);
}

int run_command(char **arguments, const struct place *launcher)
{
    /* -P: not whatever is called mainspring in the folder that the user happens to be in */
    static char module_option[] = "-Pm";
    static char module_name[] = "mainspring";
    size_t count = 0;
    if (!launcher->known)
        return report_failure(PLACE_UNKNOWN, NULL, NULL);
    while (arguments[count] != NULL)
        count++;
    char **started = malloc((count + 4) * sizeof *started);
    if (started == NULL)
        return report_failure(OUT_OF_MEMORY, NULL, NULL);
    memcpy(started + 3, arguments, (count + 1) * sizeof *started);
    start_console_script(started + 2, launcher);
    started[1] = module_option;
    started[2] = module_name;
    start_module(started, launcher);
    free(started);
    return report_failure(COMMAND_NOT_FOUND, launcher->folder, NULL);
}
