/*
 * The first lines of a script, as far as they name a Python:
 *
 *   lines    = direct | wrapped
 *   direct   = "#!" blank* path [blank+ option] blank* end       as the kernel reads it: the
 *                                                                option is the rest of the line
 *   wrapped  = "#!/bin/sh" blank* newline                        as installers write it for long
 *              "'''exec' " [folder] word (blank+ word)*          paths and paths with spaces
 *              blank+ '"$0" "$@"' anything
 *   folder   = '"$(dirname -- "$(realpath -- "$0")")"/'          a venv that can be moved
 *   word     = (bare | "'" bytes "'" | '"' (byte | "\" special)* '"')+
 *   path     = "/" ... name
 *   name     = ("python" | "pypy") ["w"] (digit | ".")* ["t"] ["d"] ["-dbg"]
 *   end      = newline | end of file
 */
#include "shebang.h"

#include <string.h>

#include "text.h"

#define WRAPPER "'''exec' "
#define SCRIPT_FOLDER "\"$(dirname -- \"$(realpath -- \"$0\")\")\"/"
#define SCRIPT_AND_ARGUMENTS "\"$0\" \"$@\""

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

static char *skip_blanks(char *from)
{
    while (is_blank(*from))
        from++;
    return from;
}

/* NUL-terminates the line that starts at `from`; NULL where it has no end, or a NUL inside. */
static char *cut_line(char *from, char *limit, bool complete)
{
    char *end = memchr(from, '\n', (size_t)(limit - from));
    if (end == NULL && !complete)
        return NULL;
    if (end == NULL)
        end = limit;
    if (memchr(from, '\0', (size_t)(end - from)) != NULL)
        return NULL;
    *end = '\0';
    return end;
}

static void trim_end(char *line, char *end)
{
    while (end > line && is_blank(end[-1]))
        *--end = '\0';
}

static const char *skip_optional(const char *name, const char *part)
{
    return starts_with(name, part) ? name + strlen(part) : name;
}

static const char *skip_family(const char *name)
{
    if (starts_with(name, "python"))
        return name + strlen("python");
    return starts_with(name, "pypy") ? name + strlen("pypy") : NULL;
}

static bool names_python(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *version = skip_family(slash == NULL ? path : slash + 1);
    if (version == NULL)
        return false;
    version = skip_optional(version, "w");
    version += strspn(version, "0123456789.");
    version = skip_optional(skip_optional(version, "t"), "d");
    return *skip_optional(version, "-dbg") == '\0';
}

static bool parse_direct(char *line, struct shebang *shebang)
{
    shebang->interpreter = skip_blanks(line + strlen("#!"));
    char *after = shebang->interpreter + strcspn(shebang->interpreter, " \t");
    if (*after != '\0') {
        *after = '\0';
        shebang->options[shebang->option_count++] = skip_blanks(after + 1);
    }
    return shebang->interpreter[0] == '/' && names_python(shebang->interpreter);
}

static bool is_special_in_double_quotes(char byte)
{
    return byte == '$' || byte == '`' || byte == '"' || byte == '\\';
}

/* Each copies one part of a word to *out, and returns what follows; NULL where sh would do more. */
static char *unquote_single(char *in, char **out)
{
    for (in++; *in != '\''; in++) {
        if (*in == '\0')
            return NULL;
        *(*out)++ = *in;
    }
    return in + 1;
}

static char *unquote_double(char *in, char **out)
{
    for (in++; *in != '"'; in++) {
        if (*in == '\\' && is_special_in_double_quotes(in[1]))
            in++;
        else if (*in == '\0' || *in == '$' || *in == '`')
            return NULL;
        *(*out)++ = *in;
    }
    return in + 1;
}

static char *take_part(char *in, char **out)
{
    if (*in == '\'')
        return unquote_single(in, out);
    if (*in == '"')
        return unquote_double(in, out);
    if (strchr("$`\\;&|<>()*?[]#~!{}", *in) != NULL)
        return NULL;
    *(*out)++ = *in;
    return in + 1;
}

/* Takes a word off *cursor and unquotes it in place. */
static char *take_word(char **cursor)
{
    char *word = skip_blanks(*cursor);
    char *out = word;
    char *in = word;
    while (in != NULL && *in != '\0' && !is_blank(*in))
        in = take_part(in, &out);
    if (in == NULL || in == word)
        return NULL;
    *cursor = *in == '\0' ? in : in + 1;
    *out = '\0';
    return word;
}

static bool take_interpreter(char **cursor, struct shebang *shebang)
{
    shebang->beside_script = starts_with(*cursor, SCRIPT_FOLDER);
    if (shebang->beside_script)
        *cursor += strlen(SCRIPT_FOLDER);
    shebang->interpreter = take_word(cursor);
    if (shebang->interpreter == NULL || !names_python(shebang->interpreter))
        return false;
    return shebang->beside_script || shebang->interpreter[0] == '/';
}

static bool parse_wrapped(char *line, struct shebang *shebang)
{
    char *cursor = line + strlen(WRAPPER);
    if (!take_interpreter(&cursor, shebang))
        return false;
    while (!starts_with(cursor = skip_blanks(cursor), SCRIPT_AND_ARGUMENTS)) {
        char *word = take_word(&cursor);
        if (word == NULL || shebang->option_count == MOST_SHEBANG_OPTIONS)
            return false;
        shebang->options[shebang->option_count++] = word;
    }
    return true;
}

bool parse_shebang(char *lines, size_t length, struct shebang *shebang)
{
    char *limit = lines + length;
    bool complete = length < FIRST_BYTES;
    *shebang = (struct shebang){.interpreter = NULL};
    if (!starts_with(lines, "#!"))
        return false;
    char *end = cut_line(lines, limit, complete);
    if (end == NULL)
        return false;
    trim_end(lines, end);
    if (strcmp(lines, "#!/bin/sh") != 0)
        return parse_direct(lines, shebang);
    char *second = end == limit ? limit : end + 1;
    if (!starts_with(second, WRAPPER) || cut_line(second, limit, complete) == NULL)
        return false;
    return parse_wrapped(second, shebang);
}
