#ifndef MAINSPRING_SHEBANG_H
#define MAINSPRING_SHEBANG_H

#include <stdbool.h>
#include <stddef.h>

/* As much of a script as is looked at. */
#define FIRST_BYTES 4096
#define MOST_SHEBANG_OPTIONS 8

struct shebang {
    char *interpreter;
    bool beside_script; /* the interpreter is relative to the script's real folder */
    char *options[MOST_SHEBANG_OPTIONS];
    size_t option_count;
};

/*
 * True if the first lines name a Python. They are cut up in place, and must be followed by a
 * NUL at lines[length]; a length of FIRST_BYTES means that the script may go on.
 */
bool parse_shebang(char *lines, size_t length, struct shebang *shebang);

#endif
