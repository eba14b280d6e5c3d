/* What selects a host, and what rules one out: the same for the launcher and for the gateway. */
#include "selection.h"

#ifdef __linux__
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "variables.h"

/* CPython puts the two together like this, whatever they are. */
static bool find_path(struct selection *selection)
{
    const char *name = selection->arguments[selection->script];
    int length = name[0] == '/' ? snprintf(selection->path, sizeof selection->path, "%s", name)
                                : snprintf(selection->path, sizeof selection->path, "%s/%s",
                                           selection->current, name);
    return length > 0 && length < (int)sizeof selection->path;
}

bool find_program(struct selection *selection)
{
    char **words = selection->arguments;
    if (!find_path(selection))
        return false;
    find_choices(&selection->choices, words + selection->script, selection->current);
    add_program_text(&selection->program, words, selection->script, selection->path);
    hash_text(&selection->program, selection->id);
    return !selection->program.failed;
}

/* What is behind such a path is another file in another process. */
static bool is_device(const char *path)
{
    return starts_with(path, "/dev/") || starts_with(path, "/proc/");
}

/* A script in the interpreter's place may choose another one in each folder. */
static bool is_machine_code(const char *path)
{
    char start[4];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    ssize_t length = read(descriptor, start, sizeof start);
    close(descriptor);
    return length == sizeof start && memcmp(start, "\177ELF", sizeof start) == 0;
}

static bool is_inspected(char **environment)
{
    const char *inspect = find_value(environment, "PYTHONINSPECT=");
    return inspect != NULL && inspect[0] != '\0';
}

const char *find_program_obstacle(const struct selection *selection)
{
    if (selection->ruled_out || is_inspected(selection->environment))
        return "options";
    if (is_device(selection->path))
        return "not-a-script";
    if (!selection->is_machine_code && !is_machine_code(selection->arguments[0]))
        return "script-interpreter";
    return has_relative_part(selection->environment) ? "relative-path" : NULL;
}

const char *find_caller_obstacle(const struct selection *selection)
{
    const struct caller *caller = selection->caller;
    if (caller->has_capabilities)
        return "capabilities";
    if (caller->has_little_time)
        return "other-limits";
    if (caller->has_terminal && caller->leads_session)
        return "session-leader";
    if (caller->uses_terminal && !caller->has_terminal)
        return "other-terminal"; /* a host in a session like this has none to ask about */
    return selection->recipe.state == RECIPE_NEVER ? "never" : NULL;
}

bool make_key(struct selection *selection, char digits[DIGITS_SIZE])
{
    const struct text *identity = &selection->caller->identity;
    selection->key.length = 0;
    add_bytes(&selection->key, selection->program.bytes, selection->program.length);
    add_bytes(&selection->key, identity->bytes, identity->length);
    if (!add_selected(&selection->key, selection->environment, &selection->choices,
                      &selection->recipe))
        return false;
    hash_text(&selection->key, digits);
    return true;
}

void free_selection(struct selection *selection)
{
    free(selection->program.bytes);
    free(selection->key.bytes);
}
#else
typedef int no_warm_starts_here;
#endif
