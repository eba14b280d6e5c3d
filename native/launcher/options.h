#ifndef MAINSPRING_OPTIONS_H
#define MAINSPRING_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum program_kind {
    PROGRAM_NONE,
    PROGRAM_SCRIPT,
    PROGRAM_MODULE,
    PROGRAM_COMMAND,
    PROGRAM_STDIN,
};

struct options {
    const char *python;     /* the value of --python, or NULL */
    bool python_is_missing; /* --python without a value */
    bool isolated;          /* -I or -E: PYTHONPATH is not looked at */
    bool no_site;           /* -S: no sitecustomize */
    bool observed;          /* -v or -X importtime: each import of ours would show */
    bool warm;              /* --warm: through a host, if there is one */
    bool rules_out_warm;    /* -i, -x, or a folder that is relative */
    bool answers;           /* python only prints: help, its version, an error in its options */
    enum program_kind kind;
    const char *name; /* of a script or module */
    size_t script;    /* which of the arguments it is */
};

/* Reads the NULL-terminated arguments as python would, and takes --python and --warm out of them.
 */
void parse_options(char **arguments, struct options *options);

#endif
