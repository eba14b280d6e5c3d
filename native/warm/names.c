/* What modules bind their names to, and what of that has become something else.
 *
 * It is looked at before and after each import of a recorded start: most names are where they were.
 */
#include "warm.h"

#include <string.h>

typedef struct {
    PyObject *name;
    PyObject *value; /* held only if it is remembered: a stream that is held is not flushed */
    PyTypeObject *type;
    int is_held;
} binding;

typedef struct {
    PyObject *name;
    PyObject *module;
    binding *bindings; /* in the order of the namespace */
    size_t count, room;
} space;

static space *spaces = NULL;
static size_t space_count = 0, space_room = 0;
static PyTypeObject *function_type = NULL;

static int is_plain(PyObject *value)
{
    return PyLong_Check(value) || PyUnicode_Check(value) || PyTuple_Check(value);
}

static int is_remembered(PyObject *name, PyObject *value)
{
    if (!is_plain(value) && Py_TYPE(value) != function_type && !PyCFunction_Check(value) &&
        !PyType_Check(value) && !PyModule_Check(value))
        return 0;
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (text == NULL)
        PyErr_Clear();
    return text != NULL && strncmp(text, "__", 2) != 0;
}

static void bind(binding *one, PyObject *name, PyObject *value)
{
    one->name = name;
    one->value = value;
    one->type = Py_TYPE(value);
    one->is_held = is_remembered(name, value);
    Py_INCREF(name);
    if (one->is_held)
        Py_INCREF(value);
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

static void forget_spaces(size_t from)
{
    while (space_count > from) {
        space *one = &spaces[--space_count];
        forget_bindings(one, 0);
        PyMem_Free(one->bindings);
        Py_DECREF(one->name);
        Py_DECREF(one->module);
    }
}

PyDoc_STRVAR(forget_names_doc, "forget_names()\n--\n\nForget what remember_names noted.");

static PyObject *forget_names(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    forget_spaces(0);
    PyMem_Free(spaces);
    spaces = NULL;
    space_room = 0;
    Py_RETURN_NONE;
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
    bind(&one->bindings[one->count++], name, value);
    return 0;
}

static int add_space(PyObject *name, PyObject *module)
{
    if (space_count == space_room) {
        size_t room = space_room * 2 + 256;
        space *larger = PyMem_Realloc(spaces, sizeof(space) * room);
        if (larger == NULL)
            return -1;
        spaces = larger;
        space_room = room;
    }
    Py_INCREF(name);
    Py_INCREF(module);
    spaces[space_count++] = (space){.name = name, .module = module};
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
static int add_changes(PyObject *found, const space *one)
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

/* Most names are where they were. */
static int remember_space(PyObject *found, space *one)
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
        bind(known, key, value);
        unbind(&old);
    }
    return drop_bindings(found, one, place);
}

static int drop_spaces(PyObject *found, size_t place)
{
    for (size_t i = place; i < space_count; i++) {
        if (add_changes(found, &spaces[i]) < 0)
            return -1;
    }
    forget_spaces(place);
    return 0;
}

static int remember_modules(PyObject *found)
{
    PyObject *modules = PyImport_GetModuleDict(), *name, *value;
    Py_ssize_t position = 0;
    size_t place = 0;
    while (PyDict_Next(modules, &position, &name, &value)) {
        if (!PyModule_Check(value) || !PyUnicode_Check(name) ||
            PyUnicode_CompareWithASCIIString(name, "__main__") == 0)
            continue;
        if (place < space_count && (spaces[place].name != name || spaces[place].module != value) &&
            drop_spaces(found, place) < 0)
            return -1;
        if (place == space_count && add_space(name, value) < 0)
            return -1;
        if (remember_space(found, &spaces[place++]) < 0)
            return -1;
    }
    return drop_spaces(found, place);
}

PyDoc_STRVAR(
    remember_names_doc,
    "remember_names(function_type)\n--\n\n"
    "Note the functions, classes, modules and plain values that the modules bind.  What was "
    "noted before, and is\nbound to something else, as find_patches has it.");

static PyObject *remember_names(PyObject *Py_UNUSED(module), PyObject *type)
{
    PyObject *found = PyList_New(0);
    function_type = (PyTypeObject *)type;
    if (found != NULL && remember_modules(found) < 0) {
        Py_CLEAR(found);
        if (!PyErr_Occurred())
            PyErr_NoMemory();
    }
    return found;
}

PyDoc_STRVAR(find_patches_doc, "find_patches()\n--\n\n"
                               "What modules that were remembered, and sys.modules, bind to "
                               "something else now: tuples of the module's "
                               "name, the\nname, and what it was and is bound to.");

static PyObject *find_patches(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    PyObject *found = PyList_New(0);
    for (size_t i = 0; found != NULL && i < space_count; i++) {
        if (add_changes(found, &spaces[i]) < 0)
            Py_CLEAR(found);
    }
    return found;
}

PyMethodDef names_methods[] = {
    {"remember_names", remember_names, METH_O, remember_names_doc},
    {"forget_names", forget_names, METH_NOARGS, forget_names_doc},
    {"find_patches", find_patches, METH_NOARGS, find_patches_doc},
    {NULL, NULL, 0, NULL},
};
