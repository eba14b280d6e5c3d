/* sys.argv, while it is disguised: it tells apart what the launcher could answer by itself. */
#include "disguise.h"

/* The word for a reading of sys.argv of which the launcher can tell the answer. */
static const char *choose_word(PyObject *self, const char *word)
{
    return self == PySys_GetObject("argv") ? word : "arguments";
}

static int is_zero(PyObject *key)
{
    int overflow = 0;
    long number = PyLong_CheckExact(key) ? PyLong_AsLongAndOverflow(key, &overflow) : -1;
    return number == 0 && overflow == 0;
}

static PyObject *words_subscript(PyObject *self, PyObject *key)
{
    PyObject *args = PyTuple_Pack(1, key);
    const char *word = is_zero(key) ? choose_word(self, "argument-0") : "arguments";
    PyObject *result =
        args == NULL ? NULL : call_base(&PyList_Type, word, "__getitem__", self, args);
    Py_XDECREF(args);
    return result;
}

static PyObject *words_item(PyObject *self, Py_ssize_t index)
{
    tell_reading(index == 0 ? choose_word(self, "argument-0") : "arguments", Py_None);
    PyObject *item = PyList_GetItem(self, index);
    Py_XINCREF(item);
    return item;
}

static int words_set_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    PyObject *args = value == NULL ? PyTuple_Pack(1, key) : PyTuple_Pack(2, key, value);
    const char *method = value == NULL ? "__delitem__" : "__setitem__";
    PyObject *result =
        args == NULL ? NULL : call_base(&PyList_Type, "arguments", method, self, args);
    Py_XDECREF(args);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static PyObject *words_iter(PyObject *self)
{
    return call_base(&PyList_Type, "arguments", "__iter__", self, NULL);
}

static Py_ssize_t words_length(PyObject *self)
{
    tell_reading(choose_word(self, "argument-count"), Py_None);
    return PyList_Size(self);
}

static int words_contain(PyObject *self, PyObject *value)
{
    PyObject *args = PyTuple_Pack(1, value);
    PyObject *result =
        args == NULL ? NULL : call_base(&PyList_Type, "arguments", "__contains__", self, args);
    int contains = result == NULL ? -1 : result == Py_True;
    Py_XDECREF(args);
    Py_XDECREF(result);
    return contains;
}

/* CPython keeps the functions of a type as pointers to data. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

static PyObject *words_compare(PyObject *self, PyObject *other, int operation)
{
    richcmpfunc compare = (richcmpfunc)PyType_GetSlot(&PyList_Type, Py_tp_richcompare);
    tell_reading("arguments", Py_None);
    return compare(self, other, operation);
}

static PyObject *words_repr(PyObject *self)
{
    return call_base(&PyList_Type, "arguments", "__repr__", self, NULL);
}

static PyObject *words_join(PyObject *self, PyObject *other)
{
    binaryfunc join = (binaryfunc)PyType_GetSlot(&PyList_Type, Py_sq_concat);
    tell_reading("arguments", Py_None);
    return join(self, other);
}

static PyObject *words_extend_in_place(PyObject *self, PyObject *other)
{
    binaryfunc extend = (binaryfunc)PyType_GetSlot(&PyList_Type, Py_sq_inplace_concat);
    tell_reading("arguments", Py_None);
    return extend(self, other);
}

static PyObject *words_repeat(PyObject *self, Py_ssize_t count)
{
    ssizeargfunc repeat = (ssizeargfunc)PyType_GetSlot(&PyList_Type, Py_sq_repeat);
    tell_reading("arguments", Py_None);
    return repeat(self, count);
}

static PyObject *words_repeat_in_place(PyObject *self, Py_ssize_t count)
{
    ssizeargfunc repeat = (ssizeargfunc)PyType_GetSlot(&PyList_Type, Py_sq_inplace_repeat);
    tell_reading("arguments", Py_None);
    return repeat(self, count);
}

#pragma GCC diagnostic pop

READ_ALL(words, PyList_Type, "arguments", __reversed__)
READ_ALL(words, PyList_Type, "arguments", append)
READ_ALL(words, PyList_Type, "arguments", clear)
READ_ALL(words, PyList_Type, "arguments", copy)
READ_ALL(words, PyList_Type, "arguments", count)
READ_ALL(words, PyList_Type, "arguments", extend)
READ_ALL(words, PyList_Type, "arguments", index)
READ_ALL(words, PyList_Type, "arguments", insert)
READ_ALL(words, PyList_Type, "arguments", pop)
READ_ALL(words, PyList_Type, "arguments", remove)
READ_ALL(words, PyList_Type, "arguments", reverse)

static PyMethodDef words_methods[] = {
    {"__reversed__", words___reversed__, METH_VARARGS, NULL},
    {"append", words_append, METH_VARARGS, NULL},
    {"clear", words_clear, METH_VARARGS, NULL},
    {"copy", words_copy, METH_VARARGS, NULL},
    {"count", words_count, METH_VARARGS, NULL},
    {"extend", words_extend, METH_VARARGS, NULL},
    {"index", words_index, METH_VARARGS, NULL},
    {"insert", words_insert, METH_VARARGS, NULL},
    {"pop", words_pop, METH_VARARGS, NULL},
    {"remove", words_remove, METH_VARARGS, NULL},
    {"reverse", words_reverse, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

static PyType_Slot words_slots[] = {
    {Py_tp_base, &PyList_Type},
    {Py_mp_subscript, (void *)words_subscript},
    {Py_mp_ass_subscript, (void *)words_set_subscript},
    {Py_sq_length, (void *)words_length},
    {Py_mp_length, (void *)words_length},
    {Py_sq_item, (void *)words_item},
    {Py_sq_concat, (void *)words_join},
    {Py_sq_inplace_concat, (void *)words_extend_in_place},
    {Py_sq_repeat, (void *)words_repeat},
    {Py_sq_inplace_repeat, (void *)words_repeat_in_place},
    {Py_tp_richcompare, (void *)words_compare},
    {Py_tp_repr, (void *)words_repr},
    {Py_tp_hash, (void *)PyObject_HashNotImplemented},
    {Py_sq_contains, (void *)words_contain},
    {Py_tp_iter, (void *)words_iter},
    {Py_tp_methods, words_methods},
    {0, NULL},
};

#pragma GCC diagnostic pop

PyType_Spec arguments_spec = {"builtins.list", 0, 0, Py_TPFLAGS_DEFAULT, words_slots};
