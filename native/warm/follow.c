/* CPython tells which code is run, as it tells a profiler: nothing is in the place of anything.
 *
 * Of each code object, it is told once.
 */
#include "warm.h"

/* Include/cpython/ceval.h, Include/cpython/pystate.h */
typedef int (*trace_function)(PyObject *, PyFrameObject *, int, PyObject *);
extern void PyEval_SetProfile(trace_function, PyObject *) __attribute__((weak));
#define TRACE_CALL 0

static PyObject *follower = NULL; /* called with `code`, and each code object that begins to run */
static PyObject *followed = NULL; /* those that it knows: address -> code */

static int is_new(PyObject *code)
{
    PyObject *key = PyLong_FromVoidPtr(code);
    int is_known = key == NULL || PyDict_GetItemWithError(followed, key) != NULL;
    if (!is_known && PyDict_SetItem(followed, key, code) < 0)
        is_known = 1;
    PyErr_Clear();
    Py_XDECREF(key);
    return !is_known;
}

/* Nobody finds this with sys.getprofile(): it has no object. */
static int on_profile(PyObject *Py_UNUSED(self), PyFrameObject *frame, int what,
                      PyObject *Py_UNUSED(argument))
{
    if (what != TRACE_CALL || follower == NULL || !is_recorded())
        return 0;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *code = (PyObject *)PyFrame_GetCode(frame);
    if (is_new(code))
        tell_receiver(follower, Py_BuildValue("(sO)", "code", code));
    Py_DECREF(code);
    PyErr_Restore(type, value, traceback);
    return 0;
}

PyDoc_STRVAR(follow_doc, "follow(receiver)\n--\n\n"
                         "Have *receiver* called with `code` and each code object that this thread "
                         "begins to run, once;\nNone for nobody.  Whether that could be done.");

static PyObject *follow(PyObject *Py_UNUSED(module), PyObject *receiver)
{
    PyObject *before = follower;
    if (PyEval_SetProfile == NULL)
        Py_RETURN_FALSE;
    follower = NULL;
    Py_XDECREF(before);
    Py_CLEAR(followed);
    if (receiver == Py_None) {
        PyEval_SetProfile(NULL, NULL);
        Py_RETURN_TRUE;
    }
    followed = PyDict_New();
    if (followed == NULL)
        return NULL;
    Py_INCREF(receiver);
    follower = receiver;
    PyEval_SetProfile(on_profile, NULL);
    Py_RETURN_TRUE;
}

PyMethodDef follow_methods[] = {
    {"follow", follow, METH_O, follow_doc},
    {NULL, NULL, 0, NULL},
};
