/* Reads a folder in slices: os.scandir cannot go on where an earlier process stopped. */
#include "native.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static int append_name(PyObject *names, const char *name, long position)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    PyObject *text = PyUnicode_DecodeFSDefault(name);
    PyObject *pair = text == NULL ? NULL : Py_BuildValue("Nl", text, position);
    int status = pair == NULL ? -1 : PyList_Append(names, pair);
    Py_XDECREF(pair);
    return status;
}

/* Returns whether the folder's end was come to, or -1 with an exception. */
static int fill_names(DIR *folder, PyObject *names, Py_ssize_t limit)
{
    while (PyList_Size(names) < limit) {
        errno = 0;
        struct dirent *found = readdir(folder);
        if (found == NULL) {
            if (errno != 0)
                PyErr_SetFromErrno(PyExc_OSError);
            return errno != 0 ? -1 : 1;
        }
        if (append_name(names, found->d_name, telldir(folder)) < 0)
            return -1;
    }
    return 0;
}

PyObject *read_folder(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    long long position;
    Py_ssize_t limit;
    if (!PyArg_ParseTuple(args, "iLn:read_folder", &descriptor, &position, &limit))
        return NULL;
    int own = dup(descriptor);
    DIR *folder = own < 0 ? NULL : fdopendir(own);
    if (folder == NULL) {
        PyErr_SetFromErrno(PyExc_OSError);
        if (own >= 0)
            close(own);
        return NULL;
    }
    if (position == 0)
        rewinddir(folder);
    else
        seekdir(folder, (long)position);
    PyObject *names = PyList_New(0);
    int at_end = names == NULL ? -1 : fill_names(folder, names, limit);
    closedir(folder);
    if (at_end < 0) {
        Py_XDECREF(names);
        return NULL;
    }
    return Py_BuildValue("NN", names, PyBool_FromLong(at_end));
}
