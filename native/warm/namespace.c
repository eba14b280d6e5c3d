/* What a module binds its names to, and what of that has become something else.
 *
 * It is looked at before and after each import of a recorded start: most names are where they were.
 */
#include "namespace.h"

#include <string.h>

static int is_plain(PyObject *value)
{
    return PyLong_Check(value) || PyUnicode_Check(value) || PyTuple_Check(value);
}

static int is_remembered(const space *one, PyObject *name, PyObject *value)
{
    if (!is_plain(value) && Py_TYPE(value) != one->function_type && !PyCFunction_Check(value) &&
        !PyType_Check(value) && !PyModule_Check(value))
        return 0;
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (text == NULL)
        PyErr_Clear();
    return text != NULL && strncmp(text, "__", 2) != 0;
}

static binding bind(const space *one, PyObject *name, PyObject *value)
{
    binding bound = {name, value, Py_TYPE(value), is_remembered(one, name, value)};
    Py_INCREF(name);
    if (bound.is_held)
        Py_INCREF(value);
    return bound;
}

static void unbind(const binding *one)
{
    Py_DECREF(one->name);
    if (one->is_held)
        Py_DECREF(one->value);
}

static void forget_bindings(space *one, size_t from)
{
    while (one->count > from)
        unbind(&one->bindings[--one->count]);
}

void forget_space(space *one)
{
    forget_bindings(one, 0);
    PyMem_Free(one->bindings);
    Py_DECREF(one->name);
    Py_DECREF(one->module);
}

static int add_name(space *one, PyObject *name, PyObject *value)
{
    if (one->count == one->room) {
        size_t room = one->room * 2 + 16;
        binding *larger = PyMem_Realloc(one->bindings, sizeof(binding) * room);
        if (larger == NULL)
            return -1;
        one->bindings = larger;
        one->room = room;
    }
    one->bindings[one->count++] = bind(one, name, value);
    return 0;
}

/* Comparing a tuple may run code of what it holds: only the same one counts as the same. */
static int is_same(PyObject *before, PyObject *now)
{
    if (before == now)
        return 1;
    if (now == NULL || Py_TYPE(before) != Py_TYPE(now))
        return 0;
    if (PyLong_CheckExact(before) || PyUnicode_CheckExact(before))
        return PyObject_RichCompareBool(before, now, Py_EQ) == 1;
    return 0;
}

static int add_change(PyObject *found, const space *one, PyObject *name, PyObject *before,
                      PyObject *now)
{
    if (now == before || is_same(before, now))
        return 0;
    PyObject *change =
        Py_BuildValue("(OOOO)", one->name, name, before, now == NULL ? Py_None : now);
    int status = change == NULL ? -1 : PyList_Append(found, change);
    Py_XDECREF(change);
    return status;
}

static int add_binding(PyObject *found, const space *one, const binding *before, PyObject *now)
{
    return before->is_held ? add_change(found, one, before->name, before->value, now) : 0;
}

static int add_rest(PyObject *found, const space *one, size_t next)
{
    PyObject *namespace = PyModule_GetDict(one->module);
    for (; next < one->count; next++) {
        PyObject *value = PyDict_GetItemWithError(namespace, one->bindings[next].name);
        if (add_binding(found, one, &one->bindings[next], value) < 0)
            return -1;
    }
    return 0;
}

/* A namespace keeps the order in which its names were bound first: both are walked side by side. */
int add_changes(PyObject *found, const space *one)
{
    PyObject *namespace = PyModule_GetDict(one->module), *key, *value;
    Py_ssize_t position = 0;
    size_t next = 0;
    while (next < one->count && PyDict_Next(namespace, &position, &key, &value)) {
        if (key == one->bindings[next].name &&
            add_binding(found, one, &one->bindings[next++], value) < 0)
            return -1;
    }
    if (add_rest(found, one, next) < 0)
        return -1;
    value = PyDict_GetItemWithError(PyImport_GetModuleDict(), one->name);
    return add_change(found, one, one->name, one->module, value);
}

/* Add what the names from *place* on are bound to now, and forget them. */
static int drop_bindings(PyObject *found, space *one, size_t place)
{
    int status = add_rest(found, one, place);
    forget_bindings(one, place);
    return status;
}

int remember_space(PyObject *found, space *one)
{
    PyObject *namespace = PyModule_GetDict(one->module), *key, *value;
    Py_ssize_t position = 0;
    size_t place = 0;
    for (; PyDict_Next(namespace, &position, &key, &value); place++) {
        binding *known = place < one->count ? &one->bindings[place] : NULL;
        if (known != NULL && known->name == key && known->value == value &&
            known->type == Py_TYPE(value))
            continue;
        if (known == NULL || known->name != key) {
            if (drop_bindings(found, one, place) < 0 || add_name(one, key, value) < 0)
                return -1;
            continue;
        }
        if (add_binding(found, one, known, value) < 0)
            return -1;
        binding old = *known;
        *known = bind(one, key, value);
        unbind(&old);
    }
    return drop_bindings(found, one, place);
}
