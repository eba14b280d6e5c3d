/* The standard streams at the end: flushed as flush_std_files does it, if they are CPython's own.
 */
#include "finish.h"

#include <string.h>

static const char *const NAMES[] = {"stdin", "stdout", "stderr"};
static const char *const OWN_NAMES[] = {"__stdin__", "__stdout__", "__stderr__"};

/* What the streams are made of, borrowed from them: nobody else flushes or closes these. */
static PyObject *parts[18];

static PyObject *borrow_part(PyObject *whole, const char *name)
{
    PyObject *part = whole == NULL ? NULL : get_attribute(whole, name);
    Py_XDECREF(part);
    PyErr_Clear();
    return part;
}

static void note_parts(size_t at, PyObject *stream)
{
    parts[at] = stream;
    parts[at + 1] = borrow_part(stream, "buffer");
    parts[at + 2] = borrow_part(parts[at + 1], "raw");
}

int is_stream_part(PyObject *object)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] == object)
            return 1;
    }
    return 0;
}

static int is_text_stream(PyObject *stream)
{
    PyObject *io = load_builtin("_io");
    PyObject *type = io == NULL ? NULL : get_attribute(io, "TextIOWrapper");
    int is_one = type == (PyObject *)Py_TYPE(stream);
    Py_XDECREF(type);
    Py_XDECREF(io);
    PyErr_Clear();
    return is_one;
}

/* A stream that the program put there is restored in the middle of the full end, and closed: if it
 * stands on the buffer of CPython's own, that is no more than a flush of it. */
static int is_known_stream(PyObject *stream, PyObject *own)
{
    if (stream == NULL || own == NULL || stream == Py_None || own == Py_None)
        return stream != NULL && stream == own;
    if (!is_text_stream(stream) || !is_text_stream(own))
        return 0;
    PyObject *buffer = borrow_part(stream, "buffer");
    return stream == own || (buffer != NULL && buffer == borrow_part(own, "buffer"));
}

obstacle find_stream(void)
{
    memset(parts, 0, sizeof parts);
    for (size_t i = 0; i < 3; i++) {
        PyObject *stream = PySys_GetObject(NAMES[i]);
        PyObject *own = PySys_GetObject(OWN_NAMES[i]);
        if (!is_known_stream(stream, own))
            return "stream";
        if (stream != Py_None) {
            note_parts(6 * i, stream);
            note_parts(6 * i + 3, own);
        }
    }
    return NULL;
}

static int is_closed(PyObject *stream)
{
    PyObject *closed = get_attribute(stream, "closed");
    int is_so = closed != NULL && PyObject_IsTrue(closed) > 0;
    Py_XDECREF(closed);
    PyErr_Clear();
    return is_so;
}

static int flush_stream(PyObject *stream)
{
    if (stream == NULL || stream == Py_None || is_closed(stream))
        return 0;
    PyObject *result = call_method(stream, "flush");
    Py_XDECREF(result);
    PyErr_Clear();
    return result == NULL ? -1 : 0;
}

/* CPython tries again where it fails, and has its own words for that. */
obstacle flush_streams(void)
{
    if (flush_stream(PySys_GetObject("stdout")) < 0 || flush_stream(PySys_GetObject("stderr")) < 0)
        return "flush";
    return NULL;
}
