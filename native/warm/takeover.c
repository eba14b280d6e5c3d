/* A forked child takes over everything of its caller.
 *
 * What most callers have in common with the host is compared with what the host itself would send,
 * and left as it is.  What is seldom needed is Python's, and given to prepare_children().
 */
#include "child.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define OOM_SCORE_ADJ "/proc/self/oom_score_adj"
enum { MOST_DESCRIPTORS = 253, STANDARD = 3 };

static struct {
    start_request start;
    PyObject *payload; /* which it refers to */
    PyObject *coerced; /* what CPython itself puts into the environment, as bytes */
    PyObject *variables, *arguments, *original_arguments; /* of os.environ, and of sys */
    PyObject *renew_stream, *expect_streams, *renew_modules, *ignore_in_python, *set_zone, *tell;
    struct stat streams[STANDARD]; /* what the standard streams were made for */
} own;

static int fail(void)
{
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

static int call(PyObject *function, PyObject *argument)
{
    PyObject *result = PyObject_CallFunctionObjArgs(function, argument, NULL);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* ---- limits --------------------------------------------------------------------------------- */

static int set_limit(int number, uint64_t soft, uint64_t hard)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    return setrlimit((__rlimit_resource_t)number, &limit);
}

static const unsigned char *find_limit(const start_request *start, size_t number)
{
    return number < start->limits.count ? start->limits.items + number * LIMIT_SIZE : NULL;
}

static int take_limits(const start_request *start)
{
    for (size_t i = 0; i < start->limits.count; i++) {
        const unsigned char *wanted = find_limit(start, i), *had = find_limit(&own.start, i);
        if (had != NULL && memcmp(wanted, had, LIMIT_SIZE) == 0)
            continue;
        if (set_limit((int)i, read_u64(wanted), read_u64(wanted + 8)) != 0)
            return -1;
    }
    return 0;
}

static int write_oom_score(int32_t score)
{
    int descriptor = open(OOM_SCORE_ADJ, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    int status = dprintf(descriptor, "%d", (int)score) < 0 ? -1 : 0;
    close(descriptor);
    return status;
}

static int is_same(span one, span other)
{
    return one.size == other.size && memcmp(one.bytes, other.bytes, one.size) == 0;
}

static int take_priorities(const start_request *start)
{
    span processors = start->affinity;
    if (start->nice != own.start.nice && setpriority(PRIO_PROCESS, 0, start->nice) != 0)
        return -1;
    if (processors.size > 0 && !is_same(processors, own.start.affinity) &&
        syscall(SYS_sched_setaffinity, 0, processors.size, processors.bytes) != 0)
        return -1;
    if (start->oom_score_adj != own.start.oom_score_adj &&
        write_oom_score(start->oom_score_adj) != 0)
        return -1;
    umask((mode_t)start->umask);
    return 0;
}

/* ---- descriptors ---------------------------------------------------------------------------- */

/* There is room for the caller's numbers: the launcher has lifted the host's limits (leave.c). */

static int read_numbers(const start_request *start, int *numbers)
{
    for (size_t i = 0; i < start->numbers.count; i++) {
        uint32_t number = read_u32(start->numbers.items + i * NUMBER_SIZE);
        if (number > INT32_MAX / 2) {
            errno = EBADF;
            return -1;
        }
        numbers[i] = (int)number;
    }
    return 0;
}

static int take_descriptors(const start_request *start, int *descriptors)
{
    int numbers[MOST_DESCRIPTORS];
    size_t count = start->numbers.count;
    return read_numbers(start, numbers) < 0 ? -1 : place_descriptors(descriptors, numbers, count);
}

/* ---- words ---------------------------------------------------------------------------------- */

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

static int take_words(const start_request *start)
{
    if (set_strings(start, find_coerced()) < 0)
        return fail();
    if (take_arguments(start) < 0 || take_variables(start) < 0)
        return -1;
    return take_zone();
}

/* ---- what Python code renews ---------------------------------------------------------------- */

static int take_signals(uint64_t ignored)
{
    if (ignored == 0)
        return 0;
    ignore_signals(ignored); /* two of which the C library keeps for itself */
    PyObject *signals = PyLong_FromUnsignedLongLong(ignored);
    int status = signals == NULL ? -1 : call(own.ignore_in_python, signals);
    Py_XDECREF(signals);
    return status;
}

static int renew_modules(void)
{
    return own.renew_modules == NULL ? 0 : call(own.renew_modules, NULL);
}

/* ---- standard streams ----------------------------------------------------------------------- */

/* A stream cannot tell one pipe from another, as long as nothing was read; nor what else has a kind
 * of its own here.  '?' is none. */
static char name_kind(const struct stat *status)
{
    if (S_ISFIFO(status->st_mode))
        return 'p';
    if (S_ISSOCK(status->st_mode))
        return 's';
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3) ? 'n' : '?';
}

static int renew_stream(int descriptor)
{
    PyObject *number = PyLong_FromLong(descriptor);
    int status = number == NULL ? -1 : call(own.renew_stream, number);
    Py_XDECREF(number);
    return status;
}

static int take_stream(int descriptor, uint32_t *kinds)
{
    struct stat status;
    const struct stat *before = &own.streams[descriptor];
    char kind = fstat(descriptor, &status) == 0 ? name_kind(&status) : '?';
    *kinds |= (uint32_t)(unsigned char)kind << (8 * descriptor);
    if (kind != '?' && kind == name_kind(before) && status.st_blksize == before->st_blksize)
        return 0;
    return renew_stream(descriptor);
}

static int take_streams(void)
{
    uint32_t kinds = 0;
    for (int i = 0; i < STANDARD; i++) {
        if (take_stream(i, &kinds) < 0)
            return -1;
    }
    note_kinds(kinds);
    return 0;
}

/* What was made for the kinds of callers' stays so: a rehearsal has only the host's own. */
static void rehearse_streams(void)
{
    for (int i = 0; i < STANDARD; i++) {
        if (name_kind(&own.streams[i]) == '?')
            (void)renew_stream(i);
    }
}

/* Have the streams made for what the last caller had, before a child is forked for the next. */
void expect_streams(void)
{
    static uint32_t expected;
    uint32_t kinds = read_kinds();
    if (own.expect_streams == NULL || kinds == 0 || kinds == expected)
        return;
    expected = kinds;
    char names[STANDARD];
    for (int i = 0; i < STANDARD; i++)
        names[i] = (char)(kinds >> (8 * i));
    PyObject *bytes = PyBytes_FromStringAndSize(names, STANDARD);
    if (bytes != NULL)
        (void)call(own.expect_streams, bytes);
    Py_XDECREF(bytes);
    PyErr_Clear();
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int join_group(const start_request *start)
{
    /* ^C, ^Z and hang-up are the kernel's own within the caller's process group. */
    return setpgid(0, start->flags & JOINS_GROUP ? start->group : 0);
}

static int decline(const char **reason, const char *word)
{
    *reason = word;
    return -1;
}

int take_over(const start_request *start, int *descriptors, size_t count, const char **reason)
{
    /* two keys may have the same hash */
    if (!is_same(start->key, own.start.key) || count != start->numbers.count + 1 ||
        join_group(start) < 0)
        return decline(reason, "other-caller");
    if (fchdir(descriptors[0]) < 0)
        return decline(reason, "deleted-folder");
    if (take_descriptors(start, descriptors + 1) < 0 || take_limits(start) < 0 ||
        take_priorities(start) < 0)
        return fail();
    if (take_words(start) < 0 || take_signals(start->ignored) < 0 || take_streams() < 0)
        return -1;
    return renew_modules();
}

/* Go through all of a start that leaves no trace: what it touches is copied, and bound, by then. */
void rehearse_takeover(void)
{
    rehearse_streams();
    if (take_limits(&own.start) == 0 && take_words(&own.start) == 0)
        (void)renew_modules();
    PyErr_Clear();
}

void tell_of_refusal(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (value != NULL)
        (void)call(own.tell, value);
    PyErr_Clear();
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(
    prepare_children_doc,
    "prepare_children(payload, coerced, variables, renew_stream, expect_streams, renew_modules, "
    "ignore_in_python, set_zone, tell)\n--\n\n"
    "Say what children have from their host.\n\n"
    "payload: what a caller just like the host would send; coerced: b'NAME=VALUE' or None; "
    "variables: what is below os.environ; renew_stream(descriptor); expect_streams(kinds), of "
    "streams.py; renew_modules() or None; ignore_in_python(signals); set_zone(); tell(exception).  "
    "Raises ValueError.");

/* CPython makes its key for threads anew in a child: what that calls is bound by then. */
static void bind_locks(void)
{
    Py_tss_t *key = PyThread_tss_alloc();
    if (key != NULL && PyThread_tss_create(key) == 0)
        PyThread_tss_delete(key);
    PyThread_tss_free(key);
}

static int take_own(PyObject *payload)
{
    const unsigned char *bytes = (const unsigned char *)PyBytes_AsString(payload);
    if (read_request(bytes, (size_t)PyBytes_Size(payload), &own.start))
        return 0;
    PyErr_SetString(PyExc_ValueError, "not a request");
    return -1;
}

static int is_list(PyObject *object) { return object != NULL && PyList_Check(object); }

static PyObject *prepare_children(PyObject *Py_UNUSED(module), PyObject *args)
{
    if (!PyArg_ParseTuple(args, "SOO!OOOOOO:prepare_children", &own.payload, &own.coerced,
                          &PyDict_Type, &own.variables, &own.renew_stream, &own.expect_streams,
                          &own.renew_modules, &own.ignore_in_python, &own.set_zone, &own.tell))
        return NULL;
    own.arguments = PySys_GetObject("argv");
    own.original_arguments = PySys_GetObject("orig_argv");
    if (!is_list(own.arguments) || !is_list(own.original_arguments)) {
        PyErr_SetString(PyExc_ValueError, "no sys.argv");
        return NULL;
    }
    if (take_own(own.payload) < 0)
        return NULL;
    own.coerced = own.coerced == Py_None ? NULL : own.coerced;
    own.renew_modules = own.renew_modules == Py_None ? NULL : own.renew_modules;
    PyObject *kept[] = {own.payload,      own.coerced,           own.variables,
                        own.renew_stream, own.expect_streams,    own.renew_modules,
                        own.set_zone,     own.ignore_in_python,  own.tell,
                        own.arguments,    own.original_arguments};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        Py_XINCREF(kept[i]);
    rehearse_takeover(); /* what is done but once is done by the host */
    rehearse_end();
    bind_locks();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(note_stream_doc, "note_stream(descriptor)\n--\n\n"
                              "The standard stream was made for what is at its *descriptor* now.");

static PyObject *note_stream(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    if (!PyArg_ParseTuple(args, "i:note_stream", &descriptor))
        return NULL;
    if (descriptor < 0 || descriptor >= STANDARD ||
        fstat(descriptor, &own.streams[descriptor]) != 0)
        return system_error();
    Py_RETURN_NONE;
}

PyMethodDef takeover_methods[] = {
    {"note_stream", note_stream, METH_VARARGS, note_stream_doc},
    {"prepare_children", prepare_children, METH_VARARGS, prepare_children_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef takeover_methods[] = {{NULL, NULL, 0, NULL}};

#endif
