/*
 * Escaped text, in the log and in messages:
 *
 *   escaped = (plain | "\\" | "\t" | "\n" | "\r" | "\x" hex hex)*
 *   plain   = any byte but a backslash, 0x00 to 0x1f and 0x7f
 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool make_room(struct text *text, size_t more)
{
    if (text->capacity - text->length >= more)
        return true;
    size_t capacity = (text->length + more) * 2;
    char *bytes = realloc(text->bytes, capacity);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void add_bytes(struct text *text, const char *bytes, size_t length)
{
    if (length == 0 || !make_room(text, length))
        return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void add_string(struct text *text, const char *string) { add_bytes(text, string, strlen(string)); }

static bool is_plain(unsigned char byte) { return byte >= 0x20 && byte != 0x7f && byte != '\\'; }

static void add_escaped_byte(struct text *text, unsigned char byte)
{
    char escape[5];
    switch (byte) {
    case '\\':
        add_string(text, "\\\\");
        return;
    case '\t':
        add_string(text, "\\t");
        return;
    case '\n':
        add_string(text, "\\n");
        return;
    case '\r':
        add_string(text, "\\r");
        return;
    default:
        snprintf(escape, sizeof escape, "\\x%02x", byte);
        add_string(text, escape);
    }
}

void add_escaped(struct text *text, const char *string)
{
    while (*string != '\0') {
        size_t plain = 0;
        while (is_plain((unsigned char)string[plain]))
            plain++;
        add_bytes(text, string, plain);
        string += plain;
        if (*string != '\0')
            add_escaped_byte(text, (unsigned char)*string++);
    }
}

bool starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool join_path(char joined[PATH_MAX], const char *folder, const char *name)
{
    const char *slash = strcmp(folder, "/") == 0 ? "" : "/";
    int length = snprintf(joined, PATH_MAX, "%s%s%s", folder, slash, name);
    return length >= 0 && length < PATH_MAX;
}

bool make_absolute(char absolute[PATH_MAX], const char *path)
{
    char current[PATH_MAX];
    if (path[0] == '/')
        return snprintf(absolute, PATH_MAX, "%s", path) < PATH_MAX;
    return getcwd(current, sizeof current) != NULL && join_path(absolute, current, path);
}
