#ifndef MAINSPRING_TEXT_H
#define MAINSPRING_TEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A growing piece of text. Out of memory it stays as it is, and `failed` says so. */
struct text {
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed;
};

void add_bytes(struct text *text, const char *bytes, size_t length);
void add_string(struct text *text, const char *string);

/* Adds the string so that it stays within one line and one column. */
void add_escaped(struct text *text, const char *string);

bool starts_with(const char *string, const char *prefix);

/* Both are false where the result does not fit. */
bool join_path(char joined[PATH_MAX], const char *folder, const char *name);
bool make_absolute(char absolute[PATH_MAX], const char *path);

#endif
