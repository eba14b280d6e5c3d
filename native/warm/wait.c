/* What a host waits for: connections, signals, and the ends of processes, each a descriptor. */
#include "warm.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_WAITED_FOR 4096

PyDoc_STRVAR(wait_ready_doc,
             "wait_ready(readable, ending, milliseconds)\n--\n\n"
             "Those of the list *readable* where something is to be read or the other end is gone, "
             "and those of\n*ending* whose other end is gone; a negative number of milliseconds is "
             "no limit.  Raises OSError.");

static PyObject *list_ready(const struct pollfd *waiting, size_t count)
{
    PyObject *ready = PyList_New(0);
    for (size_t i = 0; ready != NULL && i < count; i++) {
        if (waiting[i].revents == 0)
            continue;
        PyObject *number = PyLong_FromLong(waiting[i].fd);
        if (number == NULL || PyList_Append(ready, number) < 0)
            Py_CLEAR(ready);
        Py_XDECREF(number);
    }
    return ready;
}

static size_t add_waited_for(struct pollfd *waiting, PyObject *descriptors, short events)
{
    size_t count = (size_t)PyList_Size(descriptors);
    for (size_t i = 0; i < count; i++) {
        long descriptor = PyLong_AsLong(PyList_GetItem(descriptors, (Py_ssize_t)i));
        waiting[i] = (struct pollfd){.fd = (int)descriptor, .events = events};
    }
    return count;
}

static PyObject *wait_ready(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *readable, *ending;
    struct pollfd waiting[MOST_WAITED_FOR];
    int milliseconds, number;
    if (!PyArg_ParseTuple(args, "O!O!i:wait_ready", &PyList_Type, &readable, &PyList_Type, &ending,
                          &milliseconds))
        return NULL;
    if (PyList_Size(readable) + PyList_Size(ending) > MOST_WAITED_FOR) {
        PyErr_SetString(PyExc_ValueError, "too many descriptors");
        return NULL;
    }
    size_t count = add_waited_for(waiting, readable, POLLIN);
    count += add_waited_for(waiting + count, ending, 0);
    Py_BEGIN_ALLOW_THREADS;
    number = poll(waiting, (nfds_t)count, milliseconds);
    Py_END_ALLOW_THREADS;
    if (number < 0 && errno != EINTR)
        return system_error();
    return list_ready(waiting, number < 0 ? 0 : count);
}

PyDoc_STRVAR(watch_signals_doc,
             "watch_signals(numbers)\n--\n\n"
             "Block the signals of the list *numbers*; a descriptor that can be read when one "
             "came.\n\nRaises OSError.");

static PyObject *watch_signals(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *numbers;
    sigset_t signals;
    if (!PyArg_ParseTuple(args, "O!:watch_signals", &PyList_Type, &numbers))
        return NULL;
    sigemptyset(&signals);
    for (Py_ssize_t i = 0; i < PyList_Size(numbers); i++)
        sigaddset(&signals, (int)PyLong_AsLong(PyList_GetItem(numbers, i)));
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? system_error() : PyLong_FromLong(descriptor);
}

PyDoc_STRVAR(open_process_doc,
             "open_process(process)\n--\n\n"
             "A descriptor of the process, which can be read when it has ended.  Raises OSError.");

static PyObject *open_process(PyObject *Py_UNUSED(module), PyObject *args)
{
    int process;
    if (!PyArg_ParseTuple(args, "i:open_process", &process))
        return NULL;
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
    return descriptor < 0 ? system_error() : PyLong_FromLong(descriptor);
}

PyMethodDef wait_methods[] = {
    {"open_process", open_process, METH_VARARGS, open_process_doc},
    {"wait_ready", wait_ready, METH_VARARGS, wait_ready_doc},
    {"watch_signals", watch_signals, METH_VARARGS, watch_signals_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef wait_methods[] = {{NULL, NULL, 0, NULL}};

#endif
