/* What a child takes over from its caller, where Python has no function for it. */
#include "warm.h"

#ifdef __linux__

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

PyDoc_STRVAR(die_with_parent_doc,
             "die_with_parent()\n--\n\nLet this process end by SIGKILL when its parent ends.");

static PyObject *die_with_parent(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Py_RETURN_NONE;
}

/* ---- descriptors --------------------------------------------------------------------------- */

static int read_numbers(PyObject *list, int *numbers)
{
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        long number = PyLong_AsLong(PyList_GetItem(list, i));
        if (number < 0 || number > INT32_MAX / 2) {
            PyErr_SetString(PyExc_ValueError, "not a descriptor");
            return -1;
        }
        numbers[i] = (int)number;
    }
    return 0;
}

/* All go above the highest wanted number first: a place may still hold another of them. */
static int move_up(int *descriptors, Py_ssize_t count, int base)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        descriptors[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, base);
        if (descriptors[i] < 0)
            return -1;
    }
    return 0;
}

static int place_all(const int *descriptors, const int *numbers, Py_ssize_t count, int base)
{
    if (base > 3 && syscall(SYS_close_range, 3, base - 1, 0) != 0)
        return -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (dup2(descriptors[i], numbers[i]) < 0)
            return -1;
    }
    return 0;
}

PyDoc_STRVAR(place_descriptors_doc,
             "place_descriptors(connection, descriptors, numbers)\n--\n\n"
             "Give *descriptors* those *numbers*, and close all others but *connection*, whose new "
             "number is returned.\n\nRaises OSError, or ValueError.");

static PyObject *place_descriptors(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *wanted;
    int descriptors[256], numbers[256], connection, base = 3;
    if (!PyArg_ParseTuple(args, "iO!O!:place_descriptors", &connection, &PyList_Type, &given,
                          &PyList_Type, &wanted))
        return NULL;
    Py_ssize_t count = PyList_Size(given);
    if (count > 255 || PyList_Size(wanted) != count) {
        PyErr_SetString(PyExc_ValueError, "not a number for each descriptor");
        return NULL;
    }
    if (read_numbers(given, descriptors) < 0 || read_numbers(wanted, numbers) < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        base = numbers[i] >= base ? numbers[i] + 1 : base;
    descriptors[count] = connection;
    if (move_up(descriptors, count + 1, base) < 0 ||
        place_all(descriptors, numbers, count, base) < 0)
        return system_error();
    connection = descriptors[count];
    if (connection > base && syscall(SYS_close_range, base, connection - 1, 0) != 0)
        return system_error();
    if (syscall(SYS_close_range, connection + 1, ~0U, 0) != 0)
        return system_error();
    return PyLong_FromLong(connection);
}

/* ---- limits -------------------------------------------------------------------------------- */

PyDoc_STRVAR(read_limits_doc, "read_limits()\n--\n\n"
                              "The list of (soft, hard) limits, in order of their numbers.");

static PyObject *read_limits(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    PyObject *limits = PyList_New(0);
    for (int i = 0; limits != NULL && i < (int)RLIM_NLIMITS; i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)i, &limit) != 0)
            break;
        PyObject *pair = Py_BuildValue("KK", (unsigned long long)limit.rlim_cur,
                                       (unsigned long long)limit.rlim_max);
        if (pair == NULL || PyList_Append(limits, pair) < 0)
            Py_CLEAR(limits);
        Py_XDECREF(pair);
    }
    return limits;
}

PyDoc_STRVAR(set_limit_doc,
             "set_limit(number, soft, hard)\n--\n\nSet a resource limit.  Raises OSError.");

static PyObject *set_limit(PyObject *Py_UNUSED(module), PyObject *args)
{
    int number;
    unsigned long long soft, hard;
    if (!PyArg_ParseTuple(args, "iKK:set_limit", &number, &soft, &hard))
        return NULL;
    struct rlimit limit = {.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    if (setrlimit((__rlimit_resource_t)number, &limit) != 0)
        return system_error();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(read_affinity_doc, "read_affinity()\n--\n\n"
                                "The processors this process may run on, as sched_getaffinity(2) "
                                "gives them.");

static PyObject *read_affinity(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    char mask[8192];
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    return PyBytes_FromStringAndSize(mask, size < 0 ? 0 : size);
}

PyDoc_STRVAR(take_affinity_doc,
             "take_affinity(mask)\n--\n\n"
             "Run on the processors of *mask*, as sched_getaffinity(2) fills it.  Raises OSError.");

static PyObject *take_affinity(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *mask;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "y#:take_affinity", &mask, &size))
        return NULL;
    if (syscall(SYS_sched_setaffinity, 0, size, mask) != 0)
        return system_error();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(set_mask_doc, "set_mask(signals)\n--\n\n"
                           "Block just the *signals*: bit N - 1 is the one of number N.");

static PyObject *set_mask(PyObject *Py_UNUSED(module), PyObject *args)
{
    unsigned long long bits;
    sigset_t signals;
    if (!PyArg_ParseTuple(args, "K:set_mask", &bits))
        return NULL;
    sigemptyset(&signals);
    for (int number = 1; number <= 64; number++) {
        if (bits >> (number - 1) & 1)
            sigaddset(&signals, number);
    }
    sigprocmask(SIG_SETMASK, &signals, NULL);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(
    ignore_signals_doc,
    "ignore_signals(signals)\n--\n\n"
    "Ignore *signals*, as set_mask has them, past the C library: glibc lets nobody set two of "
    "them,\nwhich a caller that used posix_spawn may hand down ignored.");

static PyObject *ignore_signals(PyObject *Py_UNUSED(module), PyObject *args)
{
    unsigned long long bits;
    /* what rt_sigaction(2) takes: handler, flags, restorer, mask */
    unsigned long action[4] = {1 /* SIG_IGN */, 0, 0, 0};
    if (!PyArg_ParseTuple(args, "K:ignore_signals", &bits))
        return NULL;
    for (int number = 1; number <= 64; number++) {
        if (bits >> (number - 1) & 1)
            syscall(SYS_rt_sigaction, number, action, NULL, 8);
    }
    Py_RETURN_NONE;
}

PyMethodDef adopt_methods[] = {
    {"die_with_parent", die_with_parent, METH_NOARGS, die_with_parent_doc},
    {"ignore_signals", ignore_signals, METH_VARARGS, ignore_signals_doc},
    {"place_descriptors", place_descriptors, METH_VARARGS, place_descriptors_doc},
    {"read_affinity", read_affinity, METH_NOARGS, read_affinity_doc},
    {"read_limits", read_limits, METH_NOARGS, read_limits_doc},
    {"set_limit", set_limit, METH_VARARGS, set_limit_doc},
    {"set_mask", set_mask, METH_VARARGS, set_mask_doc},
    {"take_affinity", take_affinity, METH_VARARGS, take_affinity_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef adopt_methods[] = {{NULL, NULL, 0, NULL}};

#endif
