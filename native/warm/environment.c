/* The dict below os.environ, while it is disguised: it tells which names are asked for. */
#include "disguise.h"

static PyObject *variables_subscript(PyObject *self, PyObject *key)
{
    tell_reading("environment", key);
    PyObject *value = PyDict_GetItemWithError(self, key);
    if (value == NULL && !PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, key);
    Py_XINCREF(value);
    return value;
}

static int variables_contains(PyObject *self, PyObject *key)
{
    tell_reading("environment", key);
    return PyDict_Contains(self, key);
}

static PyObject *variables_iter(PyObject *self)
{
    return call_base(&PyDict_Type, "environment", "__iter__", self, NULL);
}

static Py_ssize_t variables_length(PyObject *self)
{
    tell_reading("environment", Py_None);
    return PyDict_Size(self);
}

static PyObject *variables_get(PyObject *self, PyObject *args)
{
    PyObject *key, *fallback = Py_None;
    if (!PyArg_ParseTuple(args, "O|O:get", &key, &fallback))
        return NULL;
    tell_reading("environment", key);
    PyObject *value = PyDict_GetItemWithError(self, key);
    if (value == NULL && PyErr_Occurred())
        return NULL;
    value = value == NULL ? fallback : value;
    Py_INCREF(value);
    return value;
}

#define READINGS(DO) DO(keys) DO(values) DO(items) DO(copy)
#define DEFINE(method) DEFINE_READING(variables, PyDict_Type, "environment", method)
#define ROW(method) READING_ROW(variables, method)

READINGS(DEFINE)

static PyMethodDef variables_methods[] = {{"get", variables_get, METH_VARARGS, NULL},
                                          READINGS(ROW){NULL, NULL, 0, NULL}};

static PyType_Slot variables_slots[] = {
    {Py_tp_base, &PyDict_Type},
    {Py_mp_subscript, (void *)variables_subscript},
    {Py_mp_length, (void *)variables_length},
    {Py_sq_contains, (void *)variables_contains},
    {Py_tp_iter, (void *)variables_iter},
    {Py_tp_methods, variables_methods},
    {0, NULL},
};

PyType_Spec environment_spec = {"builtins.dict", 0, 0, Py_TPFLAGS_DEFAULT, variables_slots};
