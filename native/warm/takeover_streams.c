/* The standard streams are made anew in a child only where they would not be what they are already.
 *
 * A host has made them for what its last caller had (streams.py), as most of the next ones have.
 */
#include "takeover.h"

#ifdef __linux__

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { STANDARD = 3 };

static struct stat made_for[STANDARD]; /* all zero: nothing that has a kind */

/* A stream cannot tell one pipe from another, as long as nothing was read; nor what else has a kind
 * of its own here.  '?' is none. */
static char name_kind(const struct stat *status)
{
    if (S_ISFIFO(status->st_mode))
        return 'p';
    if (S_ISSOCK(status->st_mode))
        return 's';
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3) ? 'n' : '?';
}

static int renew_stream(int descriptor)
{
    PyObject *number = PyLong_FromLong(descriptor);
    int status = number == NULL ? -1 : call(own.renew_stream, number);
    Py_XDECREF(number);
    return status;
}

static int take_stream(int descriptor, uint32_t *kinds)
{
    struct stat status;
    const struct stat *before = &made_for[descriptor];
    char kind = fstat(descriptor, &status) == 0 ? name_kind(&status) : '?';
    *kinds |= (uint32_t)(unsigned char)kind << (8 * descriptor);
    if (kind != '?' && kind == name_kind(before) && status.st_blksize == before->st_blksize)
        return 0;
    return renew_stream(descriptor);
}

int take_streams(void)
{
    uint32_t kinds = 0;
    for (int i = 0; i < STANDARD; i++) {
        if (take_stream(i, &kinds) < 0)
            return -1;
    }
    note_kinds(kinds);
    return 0;
}

/* What was made for the kinds of callers' stays so: a rehearsal has only the host's own. */
void rehearse_streams(void)
{
    for (int i = 0; i < STANDARD; i++) {
        if (name_kind(&made_for[i]) == '?')
            (void)renew_stream(i);
    }
}

/* Have the streams made for what the last caller had, before a child is forked for the next. */
void expect_streams(void)
{
    static uint32_t expected;
    uint32_t kinds = read_kinds();
    if (own.expect_streams == NULL || kinds == 0 || kinds == expected)
        return;
    expected = kinds;
    char names[STANDARD];
    for (int i = 0; i < STANDARD; i++)
        names[i] = (char)(kinds >> (8 * i));
    PyObject *bytes = PyBytes_FromStringAndSize(names, STANDARD);
    if (bytes != NULL)
        (void)call(own.expect_streams, bytes);
    Py_XDECREF(bytes);
    PyErr_Clear();
}

PyDoc_STRVAR(note_stream_doc, "note_stream(descriptor)\n--\n\n"
                              "The standard stream was made for what is at its *descriptor* now.");

static PyObject *note_stream(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    if (!PyArg_ParseTuple(args, "i:note_stream", &descriptor))
        return NULL;
    errno = EBADF;
    if (descriptor < 0 || descriptor >= STANDARD || fstat(descriptor, &made_for[descriptor]) != 0)
        return system_error();
    Py_RETURN_NONE;
}

PyMethodDef streams_methods[] = {
    {"note_stream", note_stream, METH_VARARGS, note_stream_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef streams_methods[] = {{NULL, NULL, 0, NULL}};

#endif
