/* Connections between a host and its callers, and the descriptors that come by them.
 *
 * `socket`, `select` and `signal` would stay behind in the programs that a host forks. */
#include "warm.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128
#define MOST_DESCRIPTORS 253 /* SCM_MAX_FD */

/* Through the folder's descriptor: the path may be longer than an address has room for, and what
 * was judged is what is used. */
static int fill_address(struct sockaddr_un *address, int folder, const char *name)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length =
        snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", folder, name);
    if (length > 0 && (size_t)length < sizeof address->sun_path)
        return 0;
    errno = ENAMETOOLONG;
    return -1;
}

static int open_socket(int folder, const char *name, struct sockaddr_un *address)
{
    if (fill_address(address, folder, name) < 0)
        return -1;
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

PyDoc_STRVAR(listen_at_doc,
             "listen_at(folder, name)\n--\n\n"
             "A descriptor that listens on the socket *name*, which nobody uses, in the folder "
             "open at *folder*.\n\nRaises OSError.");

static PyObject *listen_at(PyObject *Py_UNUSED(module), PyObject *args)
{
    int folder;
    const char *name;
    struct sockaddr_un address;
    if (!PyArg_ParseTuple(args, "is:listen_at", &folder, &name))
        return NULL;
    if (unlinkat(folder, name, 0) != 0 && errno != ENOENT)
        return system_error();
    int listener = open_socket(folder, name, &address);
    if (listener < 0)
        return system_error();
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(listener, BACKLOG) == 0)
        return PyLong_FromLong(listener);
    system_error();
    close(listener);
    return NULL;
}

PyDoc_STRVAR(connect_to_doc, "connect_to(folder, name)\n--\n\n"
                             "A descriptor connected to the socket *name* in the folder open at "
                             "*folder*.\n\nRaises OSError.");

static PyObject *connect_to(PyObject *Py_UNUSED(module), PyObject *args)
{
    int folder;
    const char *name;
    struct sockaddr_un address;
    if (!PyArg_ParseTuple(args, "is:connect_to", &folder, &name))
        return NULL;
    int connection = open_socket(folder, name, &address);
    if (connection < 0)
        return system_error();
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return PyLong_FromLong(connection);
    system_error();
    close(connection);
    return NULL;
}

PyDoc_STRVAR(make_pair_doc, "make_pair()\n--\n\nTwo connected descriptors.  Raises OSError.");

static PyObject *make_pair(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return system_error();
    return Py_BuildValue("ii", ends[0], ends[1]);
}

/* ---- messages ------------------------------------------------------------------------------ */

static PyObject *list_descriptors(struct msghdr *message)
{
    PyObject *descriptors = PyList_New(0);
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); descriptors != NULL && part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(part) + i * sizeof descriptor, sizeof descriptor);
            PyObject *number = PyLong_FromLong(descriptor);
            if (number == NULL || PyList_Append(descriptors, number) < 0)
                PyErr_Clear();
            Py_XDECREF(number);
        }
    }
    return descriptors;
}

PyDoc_STRVAR(receive_doc,
             "receive(connection, size, flags)\n--\n\n"
             "Up to *size* bytes, and the list of descriptors that came with them; flags: "
             "1 looks only, 2 does not wait.\n\nRaises OSError, also if more came than there is "
             "room for.");

static PyObject *receive(PyObject *Py_UNUSED(module), PyObject *args)
{
    int connection, flags;
    Py_ssize_t size;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    if (!PyArg_ParseTuple(args, "ini:receive", &connection, &size, &flags))
        return NULL;
    PyObject *content = PyBytes_FromStringAndSize(NULL, size);
    if (content == NULL)
        return NULL;
    struct iovec place = {.iov_base = PyBytes_AsString(content), .iov_len = (size_t)size};
    struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};
    if (!(flags & 1)) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
    }
    ssize_t length;
    int ways = MSG_CMSG_CLOEXEC | (flags & 1 ? MSG_PEEK : 0) | (flags & 2 ? MSG_DONTWAIT : 0);
    Py_BEGIN_ALLOW_THREADS;
    length = recvmsg(connection, &message, ways);
    Py_END_ALLOW_THREADS;
    if (length < 0) {
        Py_DECREF(content);
        return system_error();
    }
    PyObject *descriptors = list_descriptors(&message);
    PyObject *taken = PyBytes_FromStringAndSize(PyBytes_AsString(content), length);
    Py_DECREF(content);
    return Py_BuildValue("NN", taken, descriptors);
}

PyDoc_STRVAR(send_doc,
             "send(connection, content, descriptor)\n--\n\n"
             "Send all of *content* without waiting, with *descriptor* unless it is negative.\n\n"
             "Raises OSError.");

static PyObject *send_message(PyObject *Py_UNUSED(module), PyObject *args)
{
    int connection, descriptor;
    const char *content;
    Py_ssize_t size;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    if (!PyArg_ParseTuple(args, "iy#i:send", &connection, &content, &size, &descriptor))
        return NULL;
    struct iovec place = {.iov_base = (void *)content, .iov_len = (size_t)size};
    struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
    }
    ssize_t length = sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (length == size)
        Py_RETURN_NONE;
    if (length >= 0)
        errno = EAGAIN;
    return system_error();
}

PyMethodDef socket_methods[] = {
    {"connect_to", connect_to, METH_VARARGS, connect_to_doc},
    {"listen_at", listen_at, METH_VARARGS, listen_at_doc},
    {"make_pair", make_pair, METH_NOARGS, make_pair_doc},
    {"receive", receive, METH_VARARGS, receive_doc},
    {"send", send_message, METH_VARARGS, send_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef socket_methods[] = {{NULL, NULL, 0, NULL}};

#endif
