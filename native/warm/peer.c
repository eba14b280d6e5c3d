/* Who is at the other end of a connection, as the kernel tells it: what a caller says of itself
 * would let one with fewer groups have a program with more. */
#include "warm.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __linux__

#define MOST_GROUPS 1024
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static int has_our_user(int connection)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == geteuid() && peer.gid == getegid();
}

static int has_our_groups(int connection)
{
    gid_t own[MOST_GROUPS], theirs[MOST_GROUPS];
    socklen_t size = sizeof theirs;
    int count = getgroups(MOST_GROUPS, own);
    return count >= 0 && getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, theirs, &size) == 0 &&
           size == (size_t)count * sizeof *own && memcmp(own, theirs, size) == 0;
}

PyDoc_STRVAR(is_like_us_doc, "is_like_us(connection)\n--\n\n"
                             "Whether who connected has the user and the groups of this process.");

static PyObject *is_like_us(PyObject *Py_UNUSED(module), PyObject *args)
{
    int connection;
    if (!PyArg_ParseTuple(args, "i:is_like_us", &connection))
        return NULL;
    return PyBool_FromLong(has_our_user(connection) && has_our_groups(connection));
}

PyMethodDef peer_methods[] = {
    {"is_like_us", is_like_us, METH_VARARGS, is_like_us_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef peer_methods[] = {{NULL, NULL, 0, NULL}};

#endif
