#ifndef MAINSPRING_GATEWAY_H
#define MAINSPRING_GATEWAY_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <sys/resource.h>

/* Each ends with an empty row. */
extern PyMethodDef reach_methods[]; /* reach.c: a request that is put to a host */
extern PyMethodDef spawn_methods[]; /* spawn.c: a process without one */
extern PyMethodDef pairs_methods[]; /* pairs.c: what a front sends */
extern PyMethodDef limit_methods[]; /* limit.c: how many files a script may open */

/* A list of bytes as C has it; the bytes are still the list's. NULL, with an exception set, for
 * what is no such list, or holds a NUL. To be freed by PyMem_Free. */
char **borrow_words(PyObject *list);

/* What a script gets in the place of the gateway's own limit of open files; false for the same. */
bool find_open_files(struct rlimit *limit);

#endif
