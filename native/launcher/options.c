/*
 * Arguments of `mainspring run`. All but --python and --warm is CPython's own (Python/getopt.c, and
 * config_parse_cmdline in Python/initconfig.c):
 *
 *   arguments = option* ["--"] [program argument*]
 *             | option* ending (-m or -c, with its value) argument*
 *   option    = "--python" value | "--python=" value | "--warm"
 *             | "--check-hash-based-pycs" value | "--help" | "--version" | "--help-" topic
 *             | "-" flag* [valued]
 *   valued    = letter rest-of-the-argument | letter next-argument
 *   program   = "-" | a path
 */
#include "options.h"

#include <stddef.h>
#include <string.h>

#include "text.h"

#define FLAGS "bBdEhiIOPqRsStuvVx?"
#define VALUED "cmWX"

enum {
    END = 0,
    HASH_CHECK = 1,
    LAUNCHER_PYTHON = 2,
    LAUNCHER_WARM = 3,
    UNKNOWN = '_',
    HELP = 'h',
    VERSION = 'V',
};

struct cursor {
    char **next;
    const char *cluster; /* what is left of a group such as -OOu */
    const char *value;
};

static void remove_arguments(char **from, size_t count)
{
    do
        *from = from[count];
    while (*from++ != NULL);
}

static int take_launcher_option(struct cursor *cursor, const char *argument)
{
    bool joined = argument[strlen("--python")] == '=';
    cursor->value = joined ? argument + strlen("--python=") : cursor->next[1];
    remove_arguments(cursor->next, joined || cursor->value == NULL ? 1 : 2);
    return LAUNCHER_PYTHON;
}

static int take_warm_option(struct cursor *cursor)
{
    remove_arguments(cursor->next, 1);
    return LAUNCHER_WARM;
}

static int take_long_option(struct cursor *cursor, const char *name)
{
    cursor->cluster = "";
    if (starts_with(name, "help-"))
        return HELP; /* a topic that does not exist ends just as soon */
    if (strcmp(name, "check-hash-based-pycs") != 0 || *cursor->next == NULL)
        return UNKNOWN;
    cursor->value = *cursor->next++;
    return HASH_CHECK;
}

static int take_letter(struct cursor *cursor)
{
    char letter = *cursor->cluster++;
    /* "--" ends the options, and to CPython so does "-O-". */
    if (letter == '-')
        return *cursor->cluster == '\0' ? END : take_long_option(cursor, cursor->cluster);
    if (strchr(FLAGS, letter) != NULL)
        return letter;
    if (strchr(VALUED, letter) == NULL)
        return UNKNOWN;
    if (*cursor->cluster == '\0' && *cursor->next == NULL)
        return UNKNOWN;
    cursor->value = *cursor->cluster != '\0' ? cursor->cluster : *cursor->next++;
    cursor->cluster = "";
    return letter;
}

static int take_option(struct cursor *cursor)
{
    if (*cursor->cluster != '\0')
        return take_letter(cursor);
    const char *argument = *cursor->next;
    if (argument == NULL || argument[0] != '-' || argument[1] == '\0')
        return END;
    if (strcmp(argument, "--python") == 0 || starts_with(argument, "--python="))
        return take_launcher_option(cursor, argument);
    if (strcmp(argument, "--warm") == 0)
        return take_warm_option(cursor);
    cursor->next++;
    if (strcmp(argument, "--help") == 0)
        return HELP;
    if (strcmp(argument, "--version") == 0)
        return VERSION;
    cursor->cluster = argument + 1;
    return take_letter(cursor);
}

static bool is_import_time(const char *value)
{
    return strcmp(value, "importtime") == 0 || starts_with(value, "importtime=");
}

static bool is_relative_prefix(const char *value)
{
    return starts_with(value, "pycache_prefix=") && value[strlen("pycache_prefix=")] != '/';
}

static void note_python(struct options *options, const char *value)
{
    options->python = value;
    options->python_is_missing = value == NULL || value[0] == '\0';
}

static void note_option(struct options *options, int option, const char *value)
{
    if (option == LAUNCHER_PYTHON)
        note_python(options, value);
    options->isolated |= option == 'I' || option == 'E';
    options->no_site |= option == 'S';
    options->observed |= option == 'v' || (option == 'X' && is_import_time(value));
    options->warm |= option == LAUNCHER_WARM;
    options->rules_out_warm |=
        option == 'i' || option == 'x' || (option == 'X' && is_relative_prefix(value));
    options->answers |= option == HELP || option == '?' || option == VERSION || option == UNKNOWN;
}

/* What follows these is not python's to read any more. */
static bool is_last(int option)
{
    return option == 'c' || option == 'm' || option == HELP || option == '?' || option == UNKNOWN;
}

static void note_ending(struct options *options, int option, const char *value)
{
    if (option == 'c')
        options->kind = PROGRAM_COMMAND;
    if (option == 'm') {
        options->kind = PROGRAM_MODULE;
        options->name = value;
    }
}

static void note_program(struct options *options, const char *argument)
{
    if (argument == NULL)
        return;
    options->kind = strcmp(argument, "-") == 0 ? PROGRAM_STDIN : PROGRAM_SCRIPT;
    options->name = argument;
}

void parse_options(char **arguments, struct options *options)
{
    struct cursor cursor = {.next = arguments, .cluster = ""};
    int option;
    *options = (struct options){.kind = PROGRAM_NONE};
    while ((option = take_option(&cursor)) != END) {
        note_option(options, option, cursor.value);
        if (is_last(option)) {
            note_ending(options, option, cursor.value);
            return;
        }
    }
    note_program(options, *cursor.next);
    options->script = (size_t)(cursor.next - arguments);
}
