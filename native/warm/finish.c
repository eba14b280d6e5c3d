/* The quick end: what CPython does up to the point where nothing is left that anybody could see.
 *
 * Py_FinalizeEx (Python/pylifecycle.c) joins threads, runs what atexit holds, flushes the standard
 * streams, and then takes every module apart, which touches all the memory of the process.  Taking
 * apart shows only where an object has something to do when it goes: a __del__, a buffer, a
 * callback. So the first three are done here, by the same functions, and then either no such object
 * is alive, and the process ends as it does when Py_RunMain has returned; or finish() returns, and
 * CPython goes through all of it: what was done here finds nothing left to do.
 */
#include "finish.h"
#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char detail[160];
static int told = -1;                 /* the descriptor that is told of each end */
static obstacle host_obstacle = NULL; /* what prepare_end found */
static char host_detail[sizeof detail];

void note_detail(PyObject *type, const char *words)
{
    PyObject *name = type == NULL ? NULL : get_attribute(type, "__qualname__");
    PyObject *bytes = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
    const char *text = bytes == NULL ? "" : PyBytes_AsString(bytes);
    snprintf(detail, sizeof detail, "%s%s%s", words, *words && *text ? " " : "", text);
    Py_XDECREF(bytes);
    Py_XDECREF(name);
    PyErr_Clear();
}

static void tell(const char *kind, const char *reason)
{
    char line[256];
    if (told < 0)
        return;
    int length = snprintf(line, sizeof line, "%s%s%s%s%s\n", kind, *reason ? " " : "", reason,
                          *detail ? " " : "", detail);
    if (write(told, line, (size_t)length) < 0)
        told = -1;
}

/* ---- threads, and what atexit holds --------------------------------------------------------- */

static PyObject *held_type, *held_value, *held_traceback;

static PyObject *raise_held(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args))
{
    PyErr_Restore(held_type, held_value, held_traceback);
    held_type = held_value = held_traceback = NULL;
    return NULL;
}

static PyMethodDef raise_held_method = {"_shutdown", raise_held, METH_NOARGS, NULL};

/* CPython has its own words for a failure here, in each version others: it is to come upon it where
 * it looks for it. */
static void hand_on_failure(PyObject *threading)
{
    PyErr_Fetch(&held_type, &held_value, &held_traceback);
    PyObject *function = PyCFunction_New(&raise_held_method, NULL);
    if (function == NULL || PyObject_SetAttrString(threading, "_shutdown", function) < 0)
        PyErr_Clear();
    Py_XDECREF(function);
}

/* wait_for_thread_shutdown: threading may have been taken out of sys.modules, or another be there.
 */
static obstacle join_threads(void)
{
    PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
    if (threading == NULL)
        return NULL;
    Py_INCREF(threading);
    PyObject *result = call_method(threading, "_shutdown");
    if (result == NULL)
        hand_on_failure(threading);
    Py_DECREF(threading);
    Py_XDECREF(result);
    return result == NULL ? "thread-shutdown" : NULL;
}

/* _PyAtExit_Call, which tells of exceptions by itself. */
static obstacle call_exit_functions(void)
{
    PyObject *atexit = load_builtin("atexit");
    PyObject *result = atexit == NULL ? NULL : call_method(atexit, "_run_exitfuncs");
    Py_XDECREF(atexit);
    Py_XDECREF(result);
    PyErr_Clear();
    return result == NULL ? "no-atexit" : NULL;
}

/* ---- deciding ----------------------------------------------------------------------------- */

static int is_prepared = 0; /* by a host, which froze its heap then */

static obstacle recall_host(void)
{
    memcpy(detail, host_detail, sizeof detail);
    return host_obstacle;
}

static obstacle find_obstacle(void)
{
    obstacle found = find_setting();
    if (found == NULL)
        found = host_obstacle == NULL ? NULL : recall_host();
    if (found == NULL)
        found = find_state();
    if (found == NULL)
        found = find_stream();
    return found == NULL ? find_objects(0) : found;
}

static obstacle come_to_end(void)
{
    obstacle found = find_setting();
    if (found == NULL)
        found = join_threads();
    if (found == NULL)
        found = call_exit_functions();
    if (found == NULL)
        found = find_obstacle();
    return found == NULL ? flush_streams() : found;
}

PyDoc_STRVAR(finish_doc,
             "finish(status)\n--\n\n"
             "End the process with *status* if nobody can tell that from CPython's end; else "
             "return.\n\n"
             "With None, return: CPython ends.");

/* What no long can hold, CPython takes for -1, and tells of it in some versions. */
static int read_status(PyObject *status, int *number)
{
    int is_known = PyLong_Check(status);
    *number = is_known ? (int)PyLong_AsLong(status) : 0;
    is_known = is_known && PyErr_Occurred() == NULL;
    PyErr_Clear();
    return is_known;
}

/* What its host froze, a child takes apart as well: the collector finds the finalizers in it. */
static void thaw_heap(void)
{
    PyObject *gc = is_prepared ? load_builtin("gc") : NULL;
    PyObject *result = gc == NULL ? NULL : call_method(gc, "unfreeze");
    Py_XDECREF(result);
    Py_XDECREF(gc);
    PyErr_Clear();
}

static PyObject *finish(PyObject *Py_UNUSED(module), PyObject *status)
{
    int number;
    obstacle found = read_status(status, &number) ? come_to_end() : "status";
    PyErr_Clear();
    tell(found == NULL ? "quick" : "full", found == NULL ? "" : found);
    note_end_pages();
    note_end_modules();
    if (found == NULL)
        end_process(number);
    thaw_heap();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(prepare_end_doc,
             "prepare_end()\n--\n\n"
             "Look through what a host holds, once, for what its children cannot end quickly "
             "with.\n\n"
             "Returns the reason and what it was found at, or None.  To be called before "
             "gc.freeze().");

static PyObject *prepare_end(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    is_prepared = 1;
    *detail = 0;
    (void)find_stream(); /* a child has streams of its own */
    host_obstacle = has_listening_library() ? "library" : find_objects(1);
    memcpy(host_detail, detail, sizeof detail);
    *detail = 0;
    PyErr_Clear();
    if (host_obstacle == NULL)
        Py_RETURN_NONE;
    return PyUnicode_FromFormat("%s %s", host_obstacle, host_detail);
}

/* Decide on an end that does not come yet: what that touches is copied by then. */
void rehearse_end(void)
{
    Py_XDECREF(load_builtin("atexit"));
    (void)find_setting();
    (void)find_obstacle();
    (void)flush_streams();
    *detail = 0;
    PyErr_Clear();
}

PyDoc_STRVAR(tell_end_doc,
             "tell_end(descriptor)\n--\n\n"
             "Have finish() write a line to *descriptor*: `quick`, or `full`, a reason and what it "
             "was found at.");

static PyObject *tell_end(PyObject *Py_UNUSED(module), PyObject *descriptor)
{
    long number = PyLong_AsLong(descriptor);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    told = (int)number;
    Py_RETURN_NONE;
}

PyMethodDef finish_methods[] = {{"finish", finish, METH_O, finish_doc},
                                {"prepare_end", prepare_end, METH_NOARGS, prepare_end_doc},
                                {"tell_end", tell_end, METH_O, tell_end_doc},
                                {NULL, NULL, 0, NULL}};
