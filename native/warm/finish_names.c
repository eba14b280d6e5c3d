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

static PyObject *find_name(const char *text)
{
    size_t at = 0;
    for (; at < MOST_NAMES && names[at].text != NULL; at++) {
        if (names[at].text == text)
            return Py_NewRef(names[at].name);
    }
    PyObject *name = PyUnicode_InternFromString(text);
    if (name != NULL && at < MOST_NAMES) {
        names[at].text = text;
        names[at].name = Py_NewRef(name);
    }
    return name;
}

PyObject *get_attribute(PyObject *object, const char *name)
{
    PyObject *string = find_name(name);
    PyObject *value = string == NULL ? NULL : PyObject_GetAttr(object, string);
    Py_XDECREF(string);
    return value;
}

PyObject *call_method(PyObject *object, const char *name)
{
    PyObject *method = get_attribute(object, name);
    PyObject *result = method == NULL ? NULL : PyObject_CallNoArgs(method);
    Py_XDECREF(method);
    return result;
}
