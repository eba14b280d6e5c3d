/* The gateway opens as many files as it may; a script gets the limit that it began with. */
#include "gateway.h"

static bool is_set;
static rlim_t soft;

bool find_open_files(struct rlimit *limit)
{
    if (!is_set || getrlimit(RLIMIT_NOFILE, limit) != 0)
        return false;
    limit->rlim_cur = soft < limit->rlim_max ? soft : limit->rlim_max;
    return true;
}

PyDoc_STRVAR(set_doc, "set_open_files(soft)\n--\n\n"
                      "Let scripts open so many files at first, whatever this process may.");

static PyObject *set_open_files(PyObject *Py_UNUSED(module), PyObject *number)
{
    unsigned long long given = PyLong_AsUnsignedLongLongMask(number);
    if (PyErr_Occurred())
        return NULL;
    soft = (rlim_t)given;
    is_set = true;
    Py_RETURN_NONE;
}

PyMethodDef limit_methods[] = {
    {"set_open_files", set_open_files, METH_O, set_doc},
    {NULL, NULL, 0, NULL},
};
