/* Names and values of FastCGI, told apart: the grammar stands in gateway/fastcgi_records.py. */
#include "gateway.h"

struct block {
    const unsigned char *bytes;
    size_t left;
};

static bool read_length(struct block *block, size_t *length)
{
    if (block->left == 0)
        return false;
    size_t size = block->bytes[0] < 0x80 ? 1 : 4;
    if (block->left < size)
        return false;
    *length = block->bytes[0] & 0x7f;
    for (size_t i = 1; i < size; i++)
        *length = *length << 8 | block->bytes[i];
    block->bytes += size;
    block->left -= size;
    return true;
}

/* Two lengths for which there is room; so none of them is one that Py_ssize_t could not hold. */
static bool read_lengths(struct block *block, size_t *name, size_t *value)
{
    return read_length(block, name) && read_length(block, value) && *name <= block->left &&
           *value <= block->left - *name;
}

static PyObject *take_text(struct block *block, size_t length)
{
    const char *bytes = (const char *)block->bytes;
    block->bytes += length;
    block->left -= length;
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)length, "surrogateescape");
}

static PyObject *take_pair(struct block *block, size_t name, size_t value)
{
    PyObject *first = take_text(block, name);
    PyObject *second = take_text(block, value);
    PyObject *pair = first == NULL || second == NULL ? NULL : PyTuple_Pack(2, first, second);
    Py_XDECREF(first);
    Py_XDECREF(second);
    return pair;
}

static bool add_pair(PyObject *pairs, struct block *block)
{
    size_t name, value;
    if (!read_lengths(block, &name, &value)) {
        PyErr_SetString(PyExc_ValueError, "a pair is cut off");
        return false;
    }
    PyObject *pair = take_pair(block, name, value);
    bool is_added = pair != NULL && PyList_Append(pairs, pair) == 0;
    Py_XDECREF(pair);
    return is_added;
}

PyDoc_STRVAR(split_doc, "split_pairs(block)\n--\n\n"
                        "Names and values; bytes that are no UTF-8 as surrogates.\n\n"
                        "Raises ValueError where they are cut off.");

static PyObject *split_pairs(PyObject *Py_UNUSED(module), PyObject *given)
{
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(given, &bytes, &size) < 0)
        return NULL;
    struct block block = {(const unsigned char *)bytes, (size_t)size};
    PyObject *pairs = PyList_New(0);
    while (pairs != NULL && block.left > 0) {
        if (!add_pair(pairs, &block))
            Py_CLEAR(pairs);
    }
    return pairs;
}

PyMethodDef pairs_methods[] = {
    {"split_pairs", split_pairs, METH_O, split_doc},
    {NULL, NULL, 0, NULL},
};
