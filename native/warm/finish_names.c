/* The names that an end asks for are strings that a host has made, once, for all its children.
 *
 * Made anew, each would be entered into CPython's table of names, and taken out again: pages of
 * memory that a child would have copied for it.
 */
#include "finish.h"

enum { MOST_NAMES = 64 };

static struct {
    const char *text; /* a literal: the same text may have several */
    PyObject *name;
} names[MOST_NAMES];

/* Borrowed, of those that are kept for good. */
static PyObject *find_name(const char *text)
{
    size_t at = 0;
    for (; at < MOST_NAMES && names[at].text != NULL; at++) {
        if (names[at].text == text)
            return names[at].name;
    }
    PyObject *name = PyUnicode_InternFromString(text);
    if (name != NULL && at < MOST_NAMES) {
        names[at].text = text;
        names[at].name = name;
    }
    return name;
}

PyObject *get_attribute(PyObject *object, const char *name)
{
    PyObject *string = find_name(name);
    return string == NULL ? NULL : PyObject_GetAttr(object, string);
}

/* Borrowed, where it is what PyObject_GetAttr finds: that would write to what it looks through. */
static PyObject *find_in_module(PyObject *object, const char *name)
{
    PyObject *string = PyModule_CheckExact(object) ? find_name(name) : NULL;
    return string == NULL ? NULL : PyDict_GetItemWithError(PyModule_GetDict(object), string);
}

PyObject *call_method(PyObject *object, const char *name)
{
    PyObject *function = find_in_module(object, name);
    PyObject *method = function == NULL ? get_attribute(object, name) : Py_NewRef(function);
    PyObject *result = method == NULL ? NULL : PyObject_CallNoArgs(method);
    Py_XDECREF(method);
    return result;
}
