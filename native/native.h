#ifndef MAINSPRING_NATIVE_H
#define MAINSPRING_NATIVE_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* start.c: hand over what the next `cpython.run_file` is to start. */
PyObject *arm(PyObject *module, PyObject *args);

/* start.c: raise SIGINT again when the program starts. */
PyObject *hand_on_interrupt(PyObject *module, PyObject *args);

/* log.c: write a line without waiting for whoever reads it. */
PyObject *write_line(PyObject *module, PyObject *args);
void write_bytes(int descriptor, PyObject *line);

/* folder.c: some names of a folder, and where to go on. */
PyObject *read_folder(PyObject *module, PyObject *args);

/* stats.c: the stat of a folder and of files in it. */
PyObject *stat_files(PyObject *module, PyObject *args);

#endif
