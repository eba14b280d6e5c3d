/*
 * A shim gives a Python command its own name back: `shims/NAME` is a link to the launcher, and
 * `targets/NAME`, beside the folder of the links, says what that stands for:
 *
 *   target      = "mainspring-target 1" newline script NUL interpreter NUL opening NUL (option
 * NUL)* script      = absolute path, as PATH led to it interpreter = absolute path | name on PATH |
 * "./" path from the real folder of the script opening     = what the script began with: the lines
 * that name the interpreter
 *
 * A script that begins with something else by now is left to the kernel. Python's side of this is
 * warm/targets.py.
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <stdint.h>
#else
#include <sys/auxv.h>
#endif

#include "interpreter.h"
#include "report.h"
#include "run.h"
#include "shebang.h"
#include "text.h"

#define OPENING_LINE "mainspring-target 1\n"
#define MOST_LINKS 8
#define OPEN_FILE (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

struct target {
    char bytes[3 * PATH_MAX + FIRST_BYTES];
    char *script;
    char *interpreter;
    char *opening;
    char *options[MOST_SHEBANG_OPTIONS];
    size_t option_count;
};

/* The path that was executed. argv[0] is what the caller likes to call it. */
#ifdef __APPLE__
static bool find_executed(char path[PATH_MAX])
{
    uint32_t size = PATH_MAX;
    return _NSGetExecutablePath(path, &size) == 0;
}
#else
static bool find_executed(char path[PATH_MAX])
{
    const char *executed = (const char *)getauxval(AT_EXECFN);
    return executed != NULL && snprintf(path, PATH_MAX, "%s", executed) < PATH_MAX;
}
#endif

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool locate_target(char target[PATH_MAX], const char *link)
{
    const char *name = last_part(link);
    int length = snprintf(target, PATH_MAX, "%.*s../targets/%s", (int)(name - link), link, name);
    return length < PATH_MAX && *name != '\0';
}

static bool is_shim(struct shim *shim)
{
    struct stat link;
    char target[PATH_MAX];
    if (lstat(shim->link, &link) != 0 || !S_ISLNK(link.st_mode) ||
        !locate_target(target, shim->link))
        return false;
    shim->owner = link.st_uid;
    shim->target = open(target, OPEN_FILE | O_NOFOLLOW);
    return shim->target >= 0 || (errno != ENOENT && errno != ENOTDIR);
}

static bool follow_link(char link[PATH_MAX])
{
    char next[PATH_MAX];
    char joined[PATH_MAX];
    ssize_t length = readlink(link, next, sizeof next - 1);
    if (length <= 0)
        return false;
    next[length] = '\0';
    size_t folder = next[0] == '/' ? 0 : (size_t)(last_part(link) - link);
    if (snprintf(joined, PATH_MAX, "%.*s%s", (int)folder, link, next) >= PATH_MAX)
        return false;
    memcpy(link, joined, strlen(joined) + 1);
    return true;
}

/* People link to a shim from folders of their own. */
bool find_shim(struct shim *shim)
{
    if (!find_executed(shim->link))
        return false;
    for (int i = 0; i < MOST_LINKS; i++) {
        if (strcmp(last_part(shim->link), "mainspring") == 0)
            return false;
        if (is_shim(shim))
            return true;
        if (!follow_link(shim->link))
            return false;
    }
    return false;
}

static bool is_trusted(const struct shim *shim)
{
    struct stat file;
    return shim->target >= 0 && fstat(shim->target, &file) == 0 && S_ISREG(file.st_mode) &&
           (file.st_uid == 0 || file.st_uid == geteuid() || file.st_uid == shim->owner) &&
           (file.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* NULL where no field, or no whole one, is left. */
static char *take_field(char **next, const char *limit)
{
    char *field = *next;
    char *end = memchr(field, '\0', (size_t)(limit - field));
    if (end == NULL)
        return NULL;
    *next = end + 1;
    return field;
}

static bool read_options(struct target *target, char *next, const char *limit)
{
    target->option_count = 0;
    while (next != limit) {
        char *option = take_field(&next, limit);
        if (option == NULL || target->option_count == MOST_SHEBANG_OPTIONS)
            return false;
        target->options[target->option_count++] = option;
    }
    return true;
}

static bool read_target(struct target *target, int descriptor)
{
    ssize_t length = read(descriptor, target->bytes, sizeof target->bytes);
    size_t opening_line = strlen(OPENING_LINE);
    if (length < (ssize_t)opening_line || memcmp(target->bytes, OPENING_LINE, opening_line) != 0)
        return false;
    char *next = target->bytes + opening_line;
    const char *limit = target->bytes + length;
    target->script = take_field(&next, limit);
    target->interpreter = target->script == NULL ? NULL : take_field(&next, limit);
    target->opening = target->interpreter == NULL ? NULL : take_field(&next, limit);
    return target->opening != NULL && target->script[0] == '/' && target->interpreter[0] != '\0' &&
           read_options(target, next, limit);
}

static bool is_gone(const char *path, struct stat *file)
{
    return stat(path, file) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Also false for a script that the kernel would refuse: it is the one to say so. */
static bool is_as_installed(const struct target *target)
{
    char start[FIRST_BYTES];
    size_t expected = strlen(target->opening);
    int descriptor = access(target->script, X_OK) == 0 ? open(target->script, OPEN_FILE) : -1;
    if (descriptor < 0)
        return false;
    ssize_t length = read(descriptor, start, sizeof start);
    close(descriptor);
    return length >= (ssize_t)expected && memcmp(start, target->opening, expected) == 0;
}

static int run_itself(char *script, char **arguments)
{
    arguments[-1] = script;
    execv(script, arguments - 1);
    return report_failure(SHIM_NOT_EXECUTABLE, script, strerror(errno));
}

static bool locate_interpreter(char path[PATH_MAX], const struct target *target,
                               const struct place *launcher)
{
    if (target->interpreter[0] == '/')
        return snprintf(path, PATH_MAX, "%s", target->interpreter) < PATH_MAX;
    if (starts_with(target->interpreter, "./"))
        return locate_beside_script(path, target->script, target->interpreter + strlen("./"));
    return search_path(path, target->interpreter, launcher);
}

static int run_as_told(struct target *target, const char *name, char **arguments,
                       const struct place *launcher, const struct timespec *began)
{
    struct stat file;
    char interpreter[PATH_MAX];
    if (is_gone(target->script, &file))
        return report_failure(SHIM_SCRIPT_GONE, target->script, name);
    if (is_launcher(launcher, &file))
        return report_failure(SHIM_DAMAGED, target->script, name);
    if (!is_as_installed(target))
        return run_itself(target->script, arguments);
    if (!locate_interpreter(interpreter, target, launcher) || is_gone(interpreter, &file))
        return report_failure(SHIM_PYTHON_GONE, target->interpreter, name);
    if (is_launcher(launcher, &file))
        return report_failure(SHIM_DAMAGED, interpreter, name);
    return run_target(interpreter, target->options, target->option_count, target->script, arguments,
                      launcher, began);
}

/* `arguments` are preceded by argv[0], which may be overwritten. */
int run_shim(const struct shim *shim, char **arguments, const struct place *launcher,
             const struct timespec *began)
{
    struct target target;
    const char *name = last_part(shim->link);
    if (!is_trusted(shim))
        return report_failure(SHIM_UNTRUSTED, shim->link, name);
    bool is_whole = read_target(&target, shim->target);
    close(shim->target);
    if (!is_whole)
        return report_failure(SHIM_DAMAGED, shim->link, name);
    return run_as_told(&target, name, arguments, launcher, began);
}
