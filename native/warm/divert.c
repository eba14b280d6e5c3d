/* Calls of CPython's own C functions are told where these are defined: each stays the object it is,
 * whoever holds it, and nothing is left behind.
 *
 * The object of a C function points to its definition, a PyMethodDef, which CPython asks at each
 * call for what to run (Objects/methodobject.c).  While a recording is on, that is one of the
 * trampolines below, of which each has a slot.
 */
#include "warm.h"

/* Include/cpython/methodobject.h; checked against what the API tells before it is relied on */
typedef struct {
    PyObject_HEAD PyMethodDef *definition;
} c_function;

typedef PyObject *(*fast_function)(PyObject *, PyObject *const *, Py_ssize_t);
typedef PyObject *(*keyed_function)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);

typedef struct {
    PyMethodDef *definition;
    PyCFunction original;
    PyObject *receiver, *word;
} slot;

#define SLOTS 40
static slot slots[SLOTS];
static size_t used = 0;

/* Steals *arguments*. */
static void tell_call(const slot *one, PyObject *arguments)
{
    tell_receiver(one->receiver,
                  arguments == NULL ? NULL : Py_BuildValue("(ON)", one->word, arguments));
}

static PyObject *pack(PyObject *const *args, Py_ssize_t count)
{
    PyObject *packed = PyTuple_New(count);
    for (Py_ssize_t i = 0; packed != NULL && i < count; i++) {
        Py_INCREF(args[i]);
        PyTuple_SetItem(packed, i, args[i]);
    }
    return packed;
}

static PyObject *call_plain(const slot *one, PyObject *self, PyObject *args)
{
    PyCFunction original = one->original;
    if (is_recorded() && (one->definition->ml_flags & METH_VARARGS)) {
        Py_INCREF(args);
        tell_call(one, args);
    } else if (is_recorded()) {
        tell_call(one, pack(&args, args == NULL ? 0 : 1));
    }
    return original(self, args);
}

static PyObject *call_fast(const slot *one, PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    fast_function original = (fast_function)(void (*)(void))one->original;
    if (is_recorded())
        tell_call(one, pack(args, count));
    return original(self, args, count);
}

static PyObject *call_keyed(const slot *one, PyObject *self, PyObject *const *args,
                            Py_ssize_t count, PyObject *names)
{
    keyed_function original = (keyed_function)(void (*)(void))one->original;
    if (is_recorded())
        tell_call(one, pack(args, count));
    return original(self, args, count, names);
}

#define TRAMPOLINE(n)                                                                              \
    static PyObject *plain_##n(PyObject *self, PyObject *args)                                     \
    {                                                                                              \
        return call_plain(&slots[n - 10], self, args);                                             \
    }                                                                                              \
    static PyObject *fast_##n(PyObject *self, PyObject *const *args, Py_ssize_t count)             \
    {                                                                                              \
        return call_fast(&slots[n - 10], self, args, count);                                       \
    }                                                                                              \
    static PyObject *keyed_##n(PyObject *self, PyObject *const *args, Py_ssize_t count,            \
                               PyObject *names)                                                    \
    {                                                                                              \
        return call_keyed(&slots[n - 10], self, args, count, names);                               \
    }
#define TEN(what, t)                                                                               \
    what(t##0) what(t##1) what(t##2) what(t##3) what(t##4) what(t##5) what(t##6) what(t##7)        \
        what(t##8) what(t##9)
#define FORTY(what) TEN(what, 1) TEN(what, 2) TEN(what, 3) TEN(what, 4)
FORTY(TRAMPOLINE)

#define PLAIN(n) plain_##n,
#define FAST(n) fast_##n,
#define KEYED(n) keyed_##n,
static const PyCFunction plain[SLOTS] = {FORTY(PLAIN)};
static const fast_function fast[SLOTS] = {FORTY(FAST)};
static const keyed_function keyed[SLOTS] = {FORTY(KEYED)};

static PyCFunction find_trampoline(size_t place, int flags)
{
    switch (flags & ~(METH_CLASS | METH_STATIC | METH_COEXIST)) {
    case METH_NOARGS:
    case METH_O:
    case METH_VARARGS:
        return plain[place];
    case METH_FASTCALL:
        return (PyCFunction)(void (*)(void))fast[place];
    case METH_FASTCALL | METH_KEYWORDS:
        return (PyCFunction)(void (*)(void))keyed[place];
    default:
        return NULL;
    }
}

static PyMethodDef *find_definition(PyObject *function)
{
    if (!PyCFunction_Check(function))
        return NULL;
    PyMethodDef *definition = ((c_function *)function)->definition;
    int is_its = definition->ml_meth == PyCFunction_GetFunction(function) &&
                 definition->ml_flags == PyCFunction_GetFlags(function);
    return is_its ? definition : NULL;
}

static int is_diverted(const PyMethodDef *definition)
{
    for (size_t i = 0; i < used; i++) {
        if (slots[i].definition == definition)
            return 1;
    }
    return 0;
}

PyDoc_STRVAR(divert_doc, "divert(function, receiver, word)\n--\n\n"
                         "Have *receiver* called with *word* and the arguments given by position "
                         "before each call of a\nC function, until restore().  Whether that could "
                         "be done.");

static PyObject *divert(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver, *word;
    if (!PyArg_ParseTuple(args, "OOO:divert", &function, &receiver, &word))
        return NULL;
    PyMethodDef *definition = find_definition(function);
    if (definition == NULL || is_diverted(definition))
        return PyBool_FromLong(definition != NULL);
    PyCFunction trampoline = used == SLOTS ? NULL : find_trampoline(used, definition->ml_flags);
    if (trampoline == NULL)
        Py_RETURN_FALSE;
    Py_INCREF(receiver);
    Py_INCREF(word);
    slots[used++] = (slot){definition, definition->ml_meth, receiver, word};
    definition->ml_meth = trampoline;
    Py_RETURN_TRUE;
}

PyDoc_STRVAR(restore_doc, "restore()\n--\n\nEnd all that divert began.");

static PyObject *restore(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    while (used > 0) {
        slot one = slots[--used];
        one.definition->ml_meth = one.original;
        Py_DECREF(one.receiver);
        Py_DECREF(one.word);
    }
    Py_RETURN_NONE;
}

PyMethodDef divert_methods[] = {
    {"divert", divert, METH_VARARGS, divert_doc},
    {"restore", restore, METH_NOARGS, restore_doc},
    {NULL, NULL, 0, NULL},
};
