#ifndef MAINSPRING_INTERPRETER_H
#define MAINSPRING_INTERPRETER_H

#include "options.h"
#include "place.h"
#include "report.h"
#include "shebang.h"

struct interpreter {
    char path[PATH_MAX];         /* absolute, its links not resolved: a venv's python is one */
    const char *named_by;        /* for messages */
    struct shebang shebang;      /* its options go before all others */
    char lines[FIRST_BYTES + 1]; /* what shebang points into */
};

enum failure choose_interpreter(const struct options *options, const struct place *launcher,
                                struct interpreter *chosen);

/* An interpreter without being asked for one: the python3 beside the launcher. */
bool find_beside(const struct place *launcher, char path[PATH_MAX]);

/* The first on PATH that can be executed, and is not the launcher. */
bool search_path(char path[PATH_MAX], const char *name, const struct place *launcher);

/* `name` from the folder that the script really lies in, whatever links lead to it. */
bool locate_beside_script(char path[PATH_MAX], const char *script, const char *name);

#endif
