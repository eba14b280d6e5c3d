/* Tells that files have changed: the kernel queues an event before a change returns to whoever made
 * it.  Where it cannot, their signatures say (signatures.c). */
#include "warm.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#include <sys/vfs.h>

/* As LOCAL_KINDS in codecache/mounts.py: a change by another machine gives no event here. */
static const uint32_t local_kinds[] = {
    0xCA451A4E /* bcachefs */, 0x9123683E /* btrfs */,    0x0000EF53 /* ext2 to ext4 */,
    0xF2F52010 /* f2fs */,     0x3153464A /* jfs */,      0x794C7630 /* overlay */,
    0x858458F6 /* ramfs */,    0x52654973 /* reiserfs */, 0x73717368 /* squashfs */,
    0x01021994 /* tmpfs */,    0x00004D44 /* vfat */,     0x58465342 /* xfs */,
    0x2FC12FC1 /* zfs */,
};

static int is_local_kind(uint32_t kind)
{
    for (size_t i = 0; i < sizeof local_kinds / sizeof *local_kinds; i++) {
        if (local_kinds[i] == kind)
            return 1;
    }
    return 0;
}

static int is_local_path(const char *path)
{
    struct statfs system;
    return statfs(path, &system) == 0 && is_local_kind((uint32_t)system.f_type);
}

static int begin_events(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

/* The way there was followed by hand: a link in its place is a change.  Several names of one inode
 * share a watch. */
static int watch_path(int descriptor, const char *path, uint32_t mask)
{
    return inotify_add_watch(descriptor, path, mask | IN_DONT_FOLLOW | IN_MASK_ADD);
}

/* The name is padded with NULs, and has no length when the event is about the inode itself. */
static int append_event(PyObject *events, const struct inotify_event *event)
{
    PyObject *name = PyUnicode_DecodeFSDefault(event->len > 0 ? event->name : "");
    if (name == NULL)
        return -1;
    PyObject *row = Py_BuildValue("iIN", event->wd, (unsigned int)event->mask, name);
    int status = row == NULL ? -1 : PyList_Append(events, row);
    Py_XDECREF(row);
    return status;
}

static int append_events(PyObject *events, const char *buffer, size_t size)
{
    for (size_t at = 0; at < size;) {
        const struct inotify_event *event = (const void *)(buffer + at);
        if (append_event(events, event) < 0)
            return -1;
        at += sizeof *event + event->len;
    }
    return 0;
}

static int drain_events(PyObject *events, int descriptor)
{
    _Alignas(struct inotify_event) char buffer[16384];
    for (;;) {
        ssize_t size = read(descriptor, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return 0;
        if (size <= 0) {
            system_error();
            return -1;
        }
        if (append_events(events, buffer, (size_t)size) < 0)
            return -1;
    }
}

/* Exceptional, once, after each change of the mount table: mounts_poll in fs/namespace.c. */
static int poll_mounts(int descriptor)
{
    struct pollfd mounts = {.fd = descriptor, .events = POLLPRI};
    return poll(&mounts, 1, 0) != 0;
}

#else

static int is_local_path(const char *path)
{
    (void)path;
    return 0;
}

static int begin_events(void)
{
    errno = ENOSYS;
    return -1;
}

static int watch_path(int descriptor, const char *path, uint32_t mask)
{
    (void)descriptor, (void)path, (void)mask;
    errno = ENOSYS;
    return -1;
}

static int drain_events(PyObject *events, int descriptor)
{
    (void)events, (void)descriptor;
    return 0;
}

static int poll_mounts(int descriptor)
{
    (void)descriptor;
    return 1;
}

#endif

static PyObject *open_events(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    int descriptor = begin_events();
    return descriptor < 0 ? system_error() : PyLong_FromLong(descriptor);
}

static PyObject *add_watch(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    PyObject *encoded;
    unsigned int mask;
    if (!PyArg_ParseTuple(args, "iO&I:add_watch", &descriptor, PyUnicode_FSConverter, &encoded,
                          &mask))
        return NULL;
    const char *path = PyBytes_AsString(encoded);
    int watch = path == NULL ? -1 : watch_path(descriptor, path, mask);
    if (watch < 0 && path != NULL)
        system_error();
    Py_DECREF(encoded);
    return watch < 0 ? NULL : PyLong_FromLong(watch);
}

static PyObject *read_events(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    if (!PyArg_ParseTuple(args, "i:read_events", &descriptor))
        return NULL;
    PyObject *events = PyList_New(0);
    if (events != NULL && drain_events(events, descriptor) < 0)
        Py_CLEAR(events);
    return events;
}

static PyObject *is_local(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *encoded;
    if (!PyArg_ParseTuple(args, "O&:is_local", PyUnicode_FSConverter, &encoded))
        return NULL;
    const char *path = PyBytes_AsString(encoded);
    PyObject *answer = path == NULL ? NULL : PyBool_FromLong(is_local_path(path));
    Py_DECREF(encoded);
    return answer;
}

static PyObject *has_new_mounts(PyObject *Py_UNUSED(module), PyObject *args)
{
    int descriptor;
    if (!PyArg_ParseTuple(args, "i:has_new_mounts", &descriptor))
        return NULL;
    return PyBool_FromLong(poll_mounts(descriptor));
}

PyMethodDef watch_methods[] = {
    {"open_events", open_events, METH_NOARGS,
     "open_events() -> descriptor; OSError where there is none"},
    {"add_watch", add_watch, METH_VARARGS, "add_watch(descriptor, path, mask) -> watch"},
    {"read_events", read_events, METH_VARARGS, "read_events(descriptor) -> [(watch, mask, name)]"},
    {"is_local", is_local, METH_VARARGS, "is_local(path): whether all its changes give events"},
    {"has_new_mounts", has_new_mounts, METH_VARARGS,
     "has_new_mounts(/proc/self/mountinfo's descriptor)"},
    {NULL, NULL, 0, NULL},
};
