/* What all modules bind their names to, and what of that has become something else. */
#include "namespace.h"

static space *spaces = NULL;
static size_t space_count = 0, space_room = 0;

static void forget_spaces(size_t from)
{
    while (space_count > from)
        forget_space(&spaces[--space_count]);
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

static int add_space(PyObject *name, PyObject *module, PyTypeObject *function_type)
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
    spaces[space_count++] = (space){.name = name, .module = module, .function_type = function_type};
    return 0;
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

static int remember_modules(PyObject *found, PyTypeObject *function_type)
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
        if (place == space_count && add_space(name, value, function_type) < 0)
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
    if (found != NULL && remember_modules(found, (PyTypeObject *)type) < 0) {
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
