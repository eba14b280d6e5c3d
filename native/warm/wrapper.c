/* Functions of other modules are bound to wrappers, which tell a Python function of ours and then
 * call what they stand for.
 *
 * A wrapper that somebody kept goes on calling it when the recording is over.
 */
#include "warm.h"

#include <string.h>

/* What is asked for by words of these names cannot be told by the arguments alone. */
static int has_telling_word(PyObject *kwargs)
{
    PyObject *folder = kwargs == NULL ? NULL : PyDict_GetItemString(kwargs, "dir_fd");
    return kwargs != NULL &&
           ((folder != NULL && folder != Py_None) || PyDict_GetItemString(kwargs, "path") != NULL);
}

static PyObject *describe_call(PyObject *word, PyObject *args, PyObject *kwargs)
{
    return has_telling_word(kwargs) ? Py_BuildValue("(O())", word)
                                    : Py_BuildValue("(OO)", word, args);
}

/* The self of a wrapper is a tuple: (function, receiver, what the receiver is told). */
static PyObject *call_wrapped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (is_recorded() && !is_importlib())
        tell_receiver(PyTuple_GetItem(self, 1),
                      describe_call(PyTuple_GetItem(self, 2), args, kwargs));
    return PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
}

/* The end is told even if the recording ended in between: the receiver looks for itself. */
static PyObject *call_between(PyObject *self, PyObject *subject, PyObject *args, PyObject *kwargs)
{
    PyObject *receiver = PyTuple_GetItem(self, 1);
    tell_receiver(receiver, Py_BuildValue("(OO)", subject, Py_None));
    PyObject *result = PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
    if (is_recorded())
        tell_receiver(receiver,
                      Py_BuildValue("(OO)", subject, result == NULL ? Py_False : Py_True));
    return result;
}

static PyObject *import_wrapped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *name = PyTuple_Size(args) > 0 ? PyTuple_GetItem(args, 0) : NULL;
    if (!is_recorded() || name == NULL || PyDict_GetItem(PyImport_GetModuleDict(), name) != NULL)
        return PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
    return call_between(self, name, args, kwargs);
}

static PyObject *load_wrapped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (!is_recorded())
        return PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
    return call_between(self, args, args, kwargs);
}

static PyMethodDef plain_wrapper = {"wrapper", (PyCFunction)(void (*)(void))call_wrapped,
                                    METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef import_wrapper = {"_find_and_load", (PyCFunction)(void (*)(void))import_wrapped,
                                     METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef load_wrapper = {"_call_with_frames_removed",
                                   (PyCFunction)(void (*)(void))load_wrapped,
                                   METH_VARARGS | METH_KEYWORDS, NULL};

/* A wrapper has the name of what it stands for.  The definitions live as long as the process: a
 * wrapper may be kept by anybody. */
static PyMethodDef *define_wrapper(PyObject *function)
{
    PyObject *name = PyObject_GetAttrString(function, "__name__");
    const char *text = name == NULL ? NULL : PyUnicode_AsUTF8AndSize(name, NULL);
    PyMethodDef *definition = PyMem_Malloc(sizeof *definition);
    char *copy = text == NULL ? NULL : PyMem_Malloc(strlen(text) + 1);
    if (definition != NULL && copy != NULL) {
        *definition = plain_wrapper;
        definition->ml_name = strcpy(copy, text);
    }
    PyErr_Clear();
    Py_XDECREF(name);
    return copy == NULL ? &plain_wrapper : definition;
}

PyDoc_STRVAR(wrap_doc, "wrap(function, receiver, word)\n--\n\n"
                       "What calls *receiver* with *word* and the arguments, and then *function*.");

static PyObject *wrap(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver, *word;
    if (!PyArg_ParseTuple(args, "OOO:wrap", &function, &receiver, &word))
        return NULL;
    PyObject *home = PyObject_GetAttrString(function, "__module__");
    PyErr_Clear();
    PyObject *wrapper = PyCFunction_NewEx(define_wrapper(function), args, home);
    Py_XDECREF(home);
    return wrapper;
}

PyDoc_STRVAR(wrap_import_doc,
             "wrap_import(function, receiver)\n--\n\n"
             "importlib's _find_and_load, which calls *receiver* with a module's name and None "
             "before an\nimport, and with whether it succeeded after it.");

static PyObject *wrap_import(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver;
    if (!PyArg_ParseTuple(args, "OO:wrap_import", &function, &receiver))
        return NULL;
    return PyCFunction_NewEx(&import_wrapper, args, NULL);
}

PyDoc_STRVAR(
    wrap_load_doc,
    "wrap_load(function, receiver)\n--\n\n"
    "importlib's _call_with_frames_removed, which calls *receiver* with its arguments and None "
    "before\na call, and with whether it succeeded after it.");

static PyObject *wrap_load(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver;
    if (!PyArg_ParseTuple(args, "OO:wrap_load", &function, &receiver))
        return NULL;
    return PyCFunction_NewEx(&load_wrapper, args, NULL);
}

static PyObject *find_wrapped(PyObject *value)
{
    if (!PyCFunction_Check(value))
        return NULL;
    PyCFunction function = PyCFunction_GetFunction(value);
    if (function != (PyCFunction)(void (*)(void))call_wrapped &&
        function != (PyCFunction)(void (*)(void))import_wrapped &&
        function != (PyCFunction)(void (*)(void))load_wrapped)
        return NULL;
    return PyTuple_GetItem(PyCFunction_GetSelf(value), 0);
}

PyDoc_STRVAR(unwrap_doc, "unwrap(namespace)\n--\n\n"
                         "Bind the names of *namespace* to functions again where they are bound to "
                         "wrappers.");

static PyObject *unwrap(PyObject *Py_UNUSED(module), PyObject *namespace)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    if (!PyDict_Check(namespace))
        Py_RETURN_NONE;
    while (PyDict_Next(namespace, &position, &key, &value)) {
        PyObject *function = find_wrapped(value);
        if (function != NULL && PyDict_SetItem(namespace, key, function) < 0)
            return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(is_wrapper_doc, "is_wrapper(value)\n--\n\nWhether *value* is a wrapper.");

static PyObject *is_wrapper(PyObject *Py_UNUSED(module), PyObject *value)
{
    return PyBool_FromLong(find_wrapped(value) != NULL);
}

PyMethodDef wrapper_methods[] = {
    {"wrap", wrap, METH_VARARGS, wrap_doc},
    {"wrap_import", wrap_import, METH_VARARGS, wrap_import_doc},
    {"wrap_load", wrap_load, METH_VARARGS, wrap_load_doc},
    {"unwrap", unwrap, METH_O, unwrap_doc},
    {"is_wrapper", is_wrapper, METH_O, is_wrapper_doc},
    {NULL, NULL, 0, NULL},
};
