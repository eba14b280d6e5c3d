#ifndef MAINSPRING_DISGUISE_H
#define MAINSPRING_DISGUISE_H

#include "warm.h"

/* disguise.c: have the reader called, if there is one; for *name* see set_reader. */
void tell_reading(const char *word, PyObject *name);

/* Calls a method of dict or list, having told that all was read. */
PyObject *call_base(PyTypeObject *base, const char *word, const char *method, PyObject *self,
                    PyObject *args);

/* Defines a method that reads, or changes, all of the container. */
#define READ_ALL(container, base, word, method)                                                    \
    static PyObject *container##_##method(PyObject *self, PyObject *args)                          \
    {                                                                                              \
        return call_base(&base, word, #method, self, args);                                        \
    }

extern PyType_Spec environment_spec; /* environment.c: the dict below os.environ */
extern PyType_Spec arguments_spec;   /* arguments.c: sys.argv */

#endif
