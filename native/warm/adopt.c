/* What a child takes over from its caller, where Python has no function for it. */
#include "child.h"

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

/* All go above the highest wanted number first: a place may still hold another of them. */
static int move_up(int *descriptors, size_t count, int base)
{
    for (size_t i = 0; i < count; i++) {
        int moved = fcntl(descriptors[i], F_DUPFD_CLOEXEC, base);
        if (moved < 0)
            return -1;
        descriptors[i] = moved;
    }
    return 0;
}

static int place_all(const int *descriptors, const int *numbers, size_t count, int base)
{
    if (base > 3 && syscall(SYS_close_range, 3, base - 1, 0) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (dup2(descriptors[i], numbers[i]) < 0)
            return -1;
    }
    return 0;
}

int place_descriptors(int *descriptors, const int *numbers, size_t count)
{
    int base = 3;
    for (size_t i = 0; i < count; i++)
        base = numbers[i] >= base ? numbers[i] + 1 : base;
    if (move_up(descriptors, count + 1, base) < 0 ||
        place_all(descriptors, numbers, count, base) < 0)
        return -1;
    int last = descriptors[count];
    if (last > base && syscall(SYS_close_range, base, last - 1, 0) != 0)
        return -1;
    return (int)syscall(SYS_close_range, last + 1, ~0U, 0);
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

PyDoc_STRVAR(read_affinity_doc, "read_affinity()\n--\n\n"
                                "The processors this process may run on, as sched_getaffinity(2) "
                                "gives them.");

static PyObject *read_affinity(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    char mask[8192];
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    return PyBytes_FromStringAndSize(mask, size < 0 ? 0 : size);
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

void ignore_signals(uint64_t signals)
{
    /* what rt_sigaction(2) takes: handler, flags, restorer, mask */
    unsigned long action[4] = {1 /* SIG_IGN */, 0, 0, 0};
    for (int number = 1; number <= 64; number++) {
        if (signals >> (number - 1) & 1)
            syscall(SYS_rt_sigaction, number, action, NULL, 8);
    }
}

PyMethodDef adopt_methods[] = {
    {"die_with_parent", die_with_parent, METH_NOARGS, die_with_parent_doc},
    {"read_affinity", read_affinity, METH_NOARGS, read_affinity_doc},
    {"read_limits", read_limits, METH_NOARGS, read_limits_doc},
    {"set_mask", set_mask, METH_VARARGS, set_mask_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef adopt_methods[] = {{NULL, NULL, 0, NULL}};

#endif
