/* A forked child takes over everything of its caller.
 *
 * What most callers have in common with the host is compared with what the host itself would send,
 * and left as it is.  What is seldom needed is Python's, and given to prepare_children().
 */
#include "takeover.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OOM_SCORE_ADJ "/proc/self/oom_score_adj"

host_own own;

int fail(void)
{
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

int call(PyObject *function, PyObject *argument)
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

PyMethodDef takeover_methods[] = {
    {"prepare_children", prepare_children, METH_VARARGS, prepare_children_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef takeover_methods[] = {{NULL, NULL, 0, NULL}};

#endif
