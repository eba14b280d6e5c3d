/* Writes to the log of starts, which may be a pipe or a terminal of the user's. */
#include "native.h"

#include <poll.h>
#include <unistd.h>

/* Best effort.  A full pipe is not waited for: the start would be. */
void write_bytes(int descriptor, PyObject *line)
{
    struct pollfd log = {.fd = descriptor, .events = POLLOUT};
    if (poll(&log, 1, 0) != 1 || (log.revents & POLLOUT) == 0)
        return;
    ssize_t written = write(descriptor, PyBytes_AsString(line), (size_t)PyBytes_Size(line));
    (void)written;
}

PyObject *write_line(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    PyObject *line;
    if (!PyArg_ParseTuple(args, "iS:write_line", &descriptor, &line))
        return NULL;
    write_bytes(descriptor, line);
    Py_RETURN_NONE;
}
