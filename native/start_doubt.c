/* Whether what was looked at is still what is to be run: any doubt leaves the start to CPython. */
#include "start.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int filter_raises(PyObject *filter)
{
    PyObject *action = PySequence_GetItem(filter, 0);
    int raises = action != NULL && PyUnicode_Check(action) &&
                 PyUnicode_CompareWithASCIIString(action, "error") == 0;
    Py_XDECREF(action);
    return raises;
}

/* A filter that turns a warning into an error makes CPython report a SyntaxError with the line,
 * after the warnings before it: only a real compile does that. */
static int warnings_could_raise(void)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = PyDict_GetItemString(modules, "warnings");
    if (module == NULL)
        module = PyDict_GetItemString(modules, "_warnings");
    PyObject *filters = module == NULL ? NULL : PyObject_GetAttrString(module, "filters");
    int raises = filters == NULL || !PyList_Check(filters);
    for (Py_ssize_t i = 0; !raises && i < PyList_Size(filters); i++)
        raises = filter_raises(PyList_GetItem(filters, i));
    Py_XDECREF(filters);
    PyErr_Clear();
    return raises;
}

#ifdef __APPLE__
#define NANOSECONDS(status, which)                                                                 \
    ((status).st_##which##timespec.tv_sec * 1000000000LL + (status).st_##which##timespec.tv_nsec)
#else
#define NANOSECONDS(status, which)                                                                 \
    ((status).st_##which##tim.tv_sec * 1000000000LL + (status).st_##which##tim.tv_nsec)
#endif

/* Whether the script's stat is not what it was at the look: what `site` ran since may have changed
 * it. */
static int has_changed(const armed_start *start)
{
    PyObject *path = NULL;
    struct stat status;
    int failed = !PyUnicode_FSConverter(start->filename, &path) ||
                 stat(PyBytes_AsString(path), &status) != 0;
    Py_XDECREF(path);
    if (failed)
        return 1;
    uint64_t now[] = {(uint64_t)status.st_size, (uint64_t)NANOSECONDS(status, m),
                      (uint64_t)NANOSECONDS(status, c), (uint64_t)status.st_ino,
                      (uint64_t)status.st_dev};
    const unsigned char *then = (const unsigned char *)PyBytes_AsString(start->signature);
    if (PyBytes_Size(start->signature) != sizeof now)
        return 1;
    for (size_t i = 0; i < sizeof now; i++) {
        if (then[i] != (unsigned char)(now[i / 8] >> (8 * (i % 8))))
            return 1;
    }
    return 0;
}

const char *reason_to_stand_aside(const armed_start *start, PyObject *args, PyObject *namespace)
{
    PyObject *announced = PyTuple_Size(args) == 1 ? PyTuple_GetItem(args, 0) : NULL;
    if (announced == NULL || !PyUnicode_Check(announced) ||
        PyUnicode_Compare(announced, start->filename) != 0)
        return "moved";
    if (PyDict_GetItemString(namespace, "__file__") != NULL)
        return "main-in-use";
    if (has_changed(start))
        return "changing";
    if (PyTuple_Size(start->warnings) > 0 && warnings_could_raise())
        return "warnings-as-errors";
    return NULL;
}

static long long read_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The line that startlog.py describes.  It is not left to Python code: that would still be there
 * when the program looks around.  The log is (descriptor, whether it is to be closed, program,
 * outcome if the code is started, verdict to go before a reason if it is not, when the start began
 * by CLOCK_MONOTONIC). */
void log_start(const armed_start *start, const char *reason)
{
    int descriptor, is_own;
    const char *program, *outcome, *verdict;
    long long began;
    if (start->log == NULL || !PyArg_ParseTuple(start->log, "ipyyyL", &descriptor, &is_own,
                                                &program, &outcome, &verdict, &began))
        return;
    char milliseconds[32];
    snprintf(milliseconds, sizeof milliseconds, "%.3f", (double)(read_clock() - began) / 1e6);
    PyObject *line = reason == NULL
                         ? PyBytes_FromFormat("%s\t%s\t%s\n", program, outcome, milliseconds)
                         : PyBytes_FromFormat("%s\t%s%s%s\t%s\n", program, verdict,
                                              *verdict ? " " : "", reason, milliseconds);
    if (line != NULL)
        write_bytes(descriptor, line);
    Py_XDECREF(line);
    if (is_own)
        close(descriptor);
}
