#ifndef MAINSPRING_NAMESPACE_H
#define MAINSPRING_NAMESPACE_H

#include "warm.h"

#include <stddef.h>

typedef struct {
    PyObject *name;
    PyObject *value; /* held only if it is remembered: a stream that is held is not flushed */
    PyTypeObject *type;
    int is_held;
} binding;

typedef struct {
    PyObject *name;
    PyObject *module;
    PyTypeObject *function_type; /* of Python's functions, which the stable ABI lacks */
    binding *bindings;           /* in the order of the namespace */
    size_t count, room;
} space;

/* Notes what the module binds now.  Adds to *found* what was noted before and is something else:
 * tuples of the module's name, the name, and what it was and is bound to.  -1 if memory is short.
 */
int remember_space(PyObject *found, space *one);

/* The same, and what was noted stays noted. */
int add_changes(PyObject *found, const space *one);

void forget_space(space *one);

#endif
