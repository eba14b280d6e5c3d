/* A child takes over its caller's words: arguments, environment, and the time zone that follows
 * from it.
 *
 * os.environ and the lists of sys stay the same objects, since modules hold them.
 */
#include "takeover.h"

#ifdef __linux__

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* ---- arguments ------------------------------------------------------------------------------ */

static PyObject *decode(span word)
{
    return PyUnicode_DecodeFSDefaultAndSize((const char *)word.bytes, (Py_ssize_t)word.size);
}

static int append_new(PyObject *list, PyObject *item)
{
    int status = item == NULL ? -1 : PyList_Append(list, item);
    Py_XDECREF(item);
    return status;
}

/* sys.argv is what stands behind the first *skip* words. */
static int take_arguments(const start_request *start)
{
    PyObject *words = PyList_New(0);
    const unsigned char *at = start->arguments.items;
    int status = words == NULL ? -1 : 0;
    for (size_t i = 0; status == 0 && i < start->arguments.count; i++)
        status = append_new(words, decode(take_word(&at)));
    if (status == 0)
        status = PyList_SetSlice(own.original_arguments, 0, PY_SSIZE_T_MAX, words);
    if (status == 0)
        status = PyList_SetSlice(words, 0, (Py_ssize_t)start->skip, NULL);
    if (status == 0)
        status = PyList_SetSlice(own.arguments, 0, PY_SSIZE_T_MAX, words);
    Py_XDECREF(words);
    return status;
}

/* ---- the environment ------------------------------------------------------------------------ */

static PyObject *make_bytes(span word)
{
    return PyBytes_FromStringAndSize((const char *)word.bytes, (Py_ssize_t)word.size);
}

typedef struct {
    span name, value;
} variable;

/* What has no `=` is none, as CPython has it. */
static int read_variable(span word, variable *found)
{
    const unsigned char *equals = memchr(word.bytes, '=', word.size);
    if (equals == NULL)
        return 0;
    found->name = (span){word.bytes, (size_t)(equals - word.bytes)};
    found->value = (span){equals + 1, word.size - found->name.size - 1};
    return 1;
}

static int is_bytes(PyObject *object, span word)
{
    return PyBytes_Check(object) && (size_t)PyBytes_Size(object) == word.size &&
           memcmp(PyBytes_AsString(object), word.bytes, word.size) == 0;
}

static int set_variable(PyObject *name, span word)
{
    PyObject *value = make_bytes(word);
    int status = value == NULL ? -1 : PyDict_SetItem(own.variables, name, value);
    Py_XDECREF(value);
    return status;
}

/* The first of a name holds. */
static int add_variable(span word)
{
    variable found;
    if (!read_variable(word, &found))
        return 0;
    PyObject *name = make_bytes(found.name);
    int known = name == NULL ? -1 : PyDict_Contains(own.variables, name);
    int status = known == 0 ? set_variable(name, found.value) : known < 0 ? -1 : 0;
    Py_XDECREF(name);
    return status;
}

static span find_coerced(void)
{
    if (own.coerced == NULL)
        return (span){NULL, 0};
    return (span){(const unsigned char *)PyBytes_AsString(own.coerced),
                  (size_t)PyBytes_Size(own.coerced)};
}

/* Give what is there its new values, as long as the names are the same, in the same order: most
 * callers of a host have those.  How many variables that was; -1 with an exception. */
static Py_ssize_t set_values(items *left)
{
    PyObject *name, *value;
    Py_ssize_t place = 0, count = 0;
    variable found;
    while (left->count > 0 && PyDict_Next(own.variables, &place, &name, &value)) {
        const unsigned char *next = left->items;
        if (!read_variable(take_word(&next), &found) || !is_bytes(name, found.name))
            break;
        if (!is_bytes(value, found.value) && set_variable(name, found.value) < 0)
            return -1;
        *left = (items){left->count - 1, next};
        count++;
    }
    return count;
}

static int add_variables(items words)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < words.count; i++)
        status = add_variable(take_word(&words.items));
    return status;
}

static int take_variables(const start_request *start)
{
    items left = start->environment;
    Py_ssize_t kept = set_values(&left);
    if (kept < 0)
        return -1;
    if (kept <
        PyDict_Size(own.variables)) { /* there is one that the caller has not got, or has later */
        PyDict_Clear(own.variables);
        left = start->environment;
    }
    if (add_variables(left) < 0)
        return -1;
    return own.coerced == NULL ? 0 : add_variable(find_coerced());
}

/* ---- the time zone -------------------------------------------------------------------------- */

/* What the zone of a process without TZ is made of. */
typedef struct {
    struct stat file;
    time_t year; /* as CPython counts them, from two times of which it has its names and offsets */
} zone;

static zone look_at_zone(void)
{
    enum { YEAR = (365 * 24 + 6) * 3600 }; /* Modules/timemodule.c, init_timezone */
    zone now = {.year = time(NULL) / YEAR};
    if (getenv("TZ") != NULL || stat("/etc/localtime", &now.file) != 0)
        return (zone){0};
    return now;
}

static int is_same_zone(const zone *one, const zone *other)
{
    return one->year != 0 && one->year == other->year && one->file.st_ino == other->file.st_ino &&
           one->file.st_dev == other->file.st_dev && one->file.st_size == other->file.st_size &&
           memcmp(&one->file.st_mtim, &other->file.st_mtim, sizeof one->file.st_mtim) == 0 &&
           memcmp(&one->file.st_ctim, &other->file.st_ctim, sizeof one->file.st_ctim) == 0;
}

/* time.tzset(), unless it would find what it found last. */
static int take_zone(void)
{
    static zone known;
    zone now = look_at_zone();
    if (is_same_zone(&now, &known))
        return 0;
    known = now;
    return call(own.set_zone, NULL);
}

int take_words(const start_request *start)
{
    if (set_strings(start, find_coerced()) < 0)
        return fail();
    if (take_arguments(start) < 0 || take_variables(start) < 0)
        return -1;
    return take_zone();
}

#endif
