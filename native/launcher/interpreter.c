#include "interpreter.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* What a shell searches when PATH is not set. */
#define USUAL_FOLDERS "/bin:/usr/bin"

static bool is_usable(const char *path, const struct place *launcher)
{
    struct stat file;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && !is_launcher(launcher, &file) &&
           access(path, X_OK) == 0;
}

bool find_beside(const struct place *launcher, char path[PATH_MAX])
{
    return launcher->known && join_path(path, launcher->folder, "python3") &&
           is_usable(path, launcher);
}

static bool join_search(char path[PATH_MAX], const char *folder, size_t length, const char *name)
{
    char relative[PATH_MAX];
    if (length == 0)
        return make_absolute(path, name);
    int size = snprintf(relative, PATH_MAX, "%.*s/%s", (int)length, folder, name);
    return size < PATH_MAX && make_absolute(path, relative);
}

bool search_path(char path[PATH_MAX], const char *name, const struct place *launcher)
{
    const char *folder = getenv("PATH");
    if (folder == NULL)
        folder = USUAL_FOLDERS;
    for (;;) {
        size_t length = strcspn(folder, ":");
        if (length < PATH_MAX && join_search(path, folder, length, name) &&
            is_usable(path, launcher))
            return true;
        if (folder[length] == '\0')
            return false;
        folder += length + 1;
    }
}

static enum failure use_named(const char *name, const char *named_by, const struct place *launcher,
                              struct interpreter *chosen)
{
    struct stat file;
    chosen->named_by = named_by;
    if (strchr(name, '/') == NULL && search_path(chosen->path, name, launcher))
        return NO_FAILURE;
    if (strchr(name, '/') != NULL && make_absolute(chosen->path, name) &&
        stat(chosen->path, &file) == 0)
        return is_launcher(launcher, &file) ? NAMED_IS_LAUNCHER : NO_FAILURE;
    snprintf(chosen->path, PATH_MAX, "%s", name);
    return NAMED_NOT_FOUND;
}

/* 0 if nothing can be read. Opening a FIFO would already take something from its writer. */
static size_t read_first_bytes(const char *script, char lines[FIRST_BYTES + 1])
{
    struct stat file;
    if (stat(script, &file) != 0 || !S_ISREG(file.st_mode))
        return 0;
    int descriptor = open(script, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return 0;
    ssize_t length = read(descriptor, lines, FIRST_BYTES);
    close(descriptor);
    return length < 0 ? 0 : (size_t)length;
}

bool locate_beside_script(char path[PATH_MAX], const char *script, const char *name)
{
    char real[PATH_MAX];
    if (realpath(script, real) == NULL)
        return false;
    *(strrchr(real, '/') + 1) = '\0';
    return join_path(path, real, name);
}

/* True if the script's first lines settle the matter, one way or the other. */
static bool use_shebang(const char *script, const struct place *launcher,
                        struct interpreter *chosen, enum failure *failure)
{
    struct stat file;
    struct shebang found;
    size_t length = read_first_bytes(script, chosen->lines);
    chosen->lines[length] = '\0';
    if (!parse_shebang(chosen->lines, length, &found))
        return false;
    bool located = found.beside_script
                       ? locate_beside_script(chosen->path, script, found.interpreter)
                       : make_absolute(chosen->path, found.interpreter);
    bool exists = located && stat(chosen->path, &file) == 0;
    if (exists && is_launcher(launcher, &file))
        return false;
    chosen->named_by = script;
    chosen->shebang = found;
    *failure = exists ? NO_FAILURE : SCRIPT_PYTHON_NOT_FOUND;
    return true;
}

static bool use_nearest(const struct place *launcher, struct interpreter *chosen)
{
    return find_beside(launcher, chosen->path) || search_path(chosen->path, "python3", launcher) ||
           search_path(chosen->path, "python", launcher);
}

enum failure choose_interpreter(const struct options *options, const struct place *launcher,
                                struct interpreter *chosen)
{
    enum failure failure;
    const char *variable = getenv("MAINSPRING_PYTHON");
    chosen->shebang = (struct shebang){.interpreter = NULL};
    chosen->named_by = "";
    if (options->python != NULL)
        return use_named(options->python, "--python", launcher, chosen);
    if (variable != NULL && variable[0] != '\0')
        return use_named(variable, "MAINSPRING_PYTHON", launcher, chosen);
    if (options->kind == PROGRAM_SCRIPT && use_shebang(options->name, launcher, chosen, &failure))
        return failure;
    return use_nearest(launcher, chosen) ? NO_FAILURE : NO_PYTHON;
}
