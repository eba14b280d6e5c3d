/* The environment and the arguments tell who looks into them: containers in disguise.
 *
 * The type of each is exchanged for one of the same layout while a recording is on: it stays the
 * object that others hold.
 */
#include "disguise.h"

/* Without one, a disguised container does what a plain one does. */
static PyObject *reader = NULL;

void tell_reading(const char *word, PyObject *name)
{
    if (reader != NULL && is_recorded())
        tell_receiver(reader, Py_BuildValue("(sO)", word, name));
}

PyObject *call_base(PyTypeObject *base, const char *word, const char *method, PyObject *self,
                    PyObject *args)
{
    tell_reading(word, Py_None);
    PyObject *function = PyObject_GetAttrString((PyObject *)base, method);
    Py_ssize_t count = args == NULL ? 0 : PyTuple_Size(args);
    PyObject *whole = function == NULL ? NULL : PyTuple_New(count + 1);
    PyObject *result = NULL;
    if (whole != NULL) {
        Py_INCREF(self);
        PyTuple_SetItem(whole, 0, self);
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *item = PyTuple_GetItem(args, i);
            Py_INCREF(item);
            PyTuple_SetItem(whole, i + 1, item);
        }
        result = PyObject_CallObject(function, whole);
    }
    Py_XDECREF(whole);
    Py_XDECREF(function);
    return result;
}

/* The types are made once, and kept. */
static PyTypeObject *find_disguise(PyObject *value)
{
    static PyObject *environment = NULL, *arguments = NULL;
    int is_dict = PyDict_Check(value);
    PyObject **type = is_dict ? &environment : &arguments;
    if (*type == NULL) {
        PyTypeObject *base = is_dict ? &PyDict_Type : &PyList_Type;
        PyObject *bases = PyTuple_Pack(1, (PyObject *)base);
        *type =
            bases == NULL
                ? NULL
                : PyType_FromSpecWithBases(is_dict ? &environment_spec : &arguments_spec, bases);
        Py_XDECREF(bases);
    }
    return (PyTypeObject *)*type;
}

PyDoc_STRVAR(disguise_doc,
             "disguise(container)\n--\n\n"
             "Have a dict or list tell the reader who looks into it, until reveal(container).\n\n"
             "Its type is exchanged for one of the same layout: it stays the object that others "
             "hold.\nWhether that could be done.");

static PyObject *disguise(PyObject *Py_UNUSED(module), PyObject *container)
{
    if (!PyDict_CheckExact(container) && !PyList_CheckExact(container))
        Py_RETURN_FALSE;
    PyTypeObject *type = find_disguise(container);
    if (type == NULL)
        return NULL;
    Py_INCREF((PyObject *)type);
    Py_SET_TYPE(container, type);
    Py_RETURN_TRUE;
}

PyDoc_STRVAR(reveal_doc, "reveal(container)\n--\n\nEnd a disguise, if there is one.");

static PyObject *reveal(PyObject *Py_UNUSED(module), PyObject *container)
{
    PyTypeObject *type = Py_TYPE(container);
    if ((PyDict_Check(container) || PyList_Check(container)) && type == find_disguise(container)) {
        Py_SET_TYPE(container, PyDict_Check(container) ? &PyDict_Type : &PyList_Type);
        Py_DECREF((PyObject *)type);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(copy_plain_doc,
             "copy_plain(container)\n--\n\nA plain dict of what a dict holds, of which "
             "no reader is told.");

static PyObject *copy_plain(PyObject *Py_UNUSED(module), PyObject *container)
{
    PyObject *before = reader;
    reader = NULL;
    PyObject *copy = PyDict_Copy(container);
    reader = before;
    return copy;
}

PyDoc_STRVAR(set_reader_doc, "set_reader(reader)\n--\n\n"
                             "Have *reader* called with a word for what was looked into, and what "
                             "was read of it: a name, or None\nfor all.  None for nobody.\n\n"
                             "The words: environment, arguments, argument-0, argument-count.");

static PyObject *set_reader(PyObject *Py_UNUSED(module), PyObject *receiver)
{
    PyObject *before = reader;
    reader = NULL;
    if (receiver != Py_None) {
        Py_INCREF(receiver);
        reader = receiver;
    }
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

PyMethodDef disguise_methods[] = {
    {"disguise", disguise, METH_O, disguise_doc},
    {"reveal", reveal, METH_O, reveal_doc},
    {"copy_plain", copy_plain, METH_O, copy_plain_doc},
    {"set_reader", set_reader, METH_O, set_reader_doc},
    {NULL, NULL, 0, NULL},
};
