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

/* As call_base, with arguments made for this call, if they could be made. */
static PyObject *call_list(const char *word, const char *method, PyObject *self, PyObject *args)
{
    PyObject *result = args == NULL ? NULL : call_base(&PyList_Type, word, method, self, args);
    Py_XDECREF(args);
    return result;
}

static PyObject *words_subscript(PyObject *self, PyObject *key)
{
    const char *word = is_zero(key) ? choose_word(self, "argument-0") : "arguments";
    return call_list(word, "__getitem__", self, PyTuple_Pack(1, key));
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
    PyObject *result = call_list("arguments", method, self, args);
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
    PyObject *result = call_list("arguments", "__contains__", self, PyTuple_Pack(1, value));
    int contains = result == NULL ? -1 : result == Py_True;
    Py_XDECREF(result);
    return contains;
}

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

/* Defines what a list does for one of its slots, and tells that all was read. */
#define READ_BY_SLOT(name, slot, function, argument)                                               \
    static PyObject *words_##name(PyObject *self, argument other)                                  \
    {                                                                                              \
        function of_list = (function)PyType_GetSlot(&PyList_Type, slot);                           \
        tell_reading("arguments", Py_None);                                                        \
        return of_list(self, other);                                                               \
    }

READ_BY_SLOT(join, Py_sq_concat, binaryfunc, PyObject *)
READ_BY_SLOT(extend_in_place, Py_sq_inplace_concat, binaryfunc, PyObject *)
READ_BY_SLOT(repeat, Py_sq_repeat, ssizeargfunc, Py_ssize_t)
READ_BY_SLOT(repeat_in_place, Py_sq_inplace_repeat, ssizeargfunc, Py_ssize_t)

#define READINGS(DO)                                                                               \
    DO(__reversed__)                                                                               \
    DO(append)                                                                                     \
    DO(clear) DO(copy) DO(count) DO(extend) DO(index) DO(insert) DO(pop) DO(remove) DO(reverse)
#define DEFINE(method) DEFINE_READING(words, PyList_Type, "arguments", method)
#define ROW(method) READING_ROW(words, method)

READINGS(DEFINE)

static PyMethodDef words_methods[] = {READINGS(ROW){NULL, NULL, 0, NULL}};

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

PyType_Spec arguments_spec = {"builtins.list", 0, 0, Py_TPFLAGS_DEFAULT, words_slots};
