#include <string.h>

#include "gateway.h"

static char *borrow_word(PyObject *word)
{
    char *bytes;
    Py_ssize_t length;
    if (word == NULL || PyBytes_AsStringAndSize(word, &bytes, &length) < 0)
        return NULL;
    if (strlen(bytes) == (size_t)length)
        return bytes;
    PyErr_SetString(PyExc_ValueError, "a NUL in a word");
    return NULL;
}

char **borrow_words(PyObject *list)
{
    Py_ssize_t count = PyList_Size(list);
    char **words = count < 0 ? NULL : PyMem_Calloc((size_t)count + 1, sizeof *words);
    for (Py_ssize_t i = 0; words != NULL && i < count; i++) {
        words[i] = borrow_word(PyList_GetItem(list, i));
        if (words[i] == NULL) {
            PyMem_Free(words);
            return NULL;
        }
    }
    if (words == NULL && !PyErr_Occurred())
        PyErr_NoMemory();
    return words;
}
