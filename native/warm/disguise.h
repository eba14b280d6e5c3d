#ifndef MAINSPRING_DISGUISE_H
#define MAINSPRING_DISGUISE_H

#include "warm.h"

/* disguise.c: have the reader called, if there is one; for *name* see set_reader. */
void tell_reading(const char *word, PyObject *name);

/* Calls a method of dict or list, having told that all was read. */
PyObject *call_base(PyTypeObject *base, const char *word, const char *method, PyObject *self,
                    PyObject *args);

/* A method that reads, or changes, all of the container: its definition, and its row in the table.
 */
#define DEFINE_READING(container, base, word, method)                                              \
    static PyObject *container##_##method(PyObject *self, PyObject *args)                          \
    {                                                                                              \
        return call_base(&base, word, #method, self, args);                                        \
    }
#define READING_ROW(container, method) {#method, container##_##method, METH_VARARGS, NULL},

/* CPython keeps the functions of a type as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

extern PyType_Spec environment_spec; /* environment.c: the dict below os.environ */
extern PyType_Spec arguments_spec;   /* arguments.c: sys.argv */

#endif
