/* A forked child is the start that was asked for, once it has told the caller so.
 *
 * A spare one has rehearsed that, if there was time for it before a caller came.  Whatever fails in
 * a child ends that alone: it is never a second host.
 */
#include "child.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

static void refuse(int connection, const char *reason)
{
    (void)send_refusal(connection, reason);
    _exit(0);
}

/* If the caller is gone by now, nothing begins. */
static void announce(int connection)
{
    pid_t process = getpid();
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
    if (descriptor < 0 || send_number(connection, STARTED, process, descriptor) < 0)
        _exit(0);
    count_use();
    keep_shared();
    close(descriptor);
    close(connection);
}

static int is_awaited(int way)
{
    struct pollfd waiting = {.fd = way, .events = POLLIN};
    return poll(&waiting, 1, 0) != 0;
}

static void rehearse(void)
{
    rehearse_takeover();
    rehearse_end();
}

/* ---- what the caller asks for --------------------------------------------------------------- */

typedef struct {
    whole_frame frame; /* which the start refers to */
    start_request start;
    int descriptors[MOST_DESCRIPTORS + 1];
    size_t count;
} asked;

/* -1 with errno: EBADMSG for what is no request. */
static int receive_request(int connection, asked *by)
{
    by->count = 0;
    if (receive_frame(connection, &by->frame, by->descriptors, &by->count) < 0)
        return -1;
    const unsigned char *bytes = by->frame.bytes;
    if (bytes[0] == START && read_request(bytes + 1, by->frame.size - 1, &by->start))
        return 0;
    drop_frame(&by->frame);
    errno = EBADMSG;
    return -1;
}

/* The connection is behind the descriptors when it is taken over, and at its new number after. */
static void take_caller(int connection, uint64_t *mask)
{
    asked by;
    const char *reason = "other-limits"; /* whatever is refused, a cold start may be granted */
    if (receive_request(connection, &by) < 0)
        refuse(connection, errno == EBADMSG ? "other-caller" : reason);
    by.descriptors[by.count] = connection;
    if (take_over(&by.start, by.descriptors, by.count, &reason) < 0) {
        tell_of_refusal();
        refuse(by.descriptors[by.count], reason);
    }
    *mask = by.start.mask;
    announce(by.descriptors[by.count]);
    drop_frame(&by.frame);
}

/* Nothing is done ahead where somebody would only wait for it. */
void become_start(int way, int is_busy, uint64_t *mask, long long *began_ns)
{
    int is_idle = !is_busy && !is_awaited(way);
    prepare_pages(is_idle);
    if (is_idle)
        rehearse();
    int connection = take_handed_on(way);
    if (connection < 0) /* the host has ended, and sends nobody */
        _exit(0);
    *began_ns = now_ns();
    take_caller(connection, mask);
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(read_start_doc,
             "read_start(connection)\n--\n\n"
             "What somebody asks for by *connection*, as protocol.Start has it, in the order of "
             "its fields, and the number of descriptors that came: what a child reads, for whoever "
             "tests that.\n\n"
             "Raises OSError, or ValueError for what is no request.");

static PyObject *list_items(items list, size_t size)
{
    return PyBytes_FromStringAndSize((const char *)list.items, (Py_ssize_t)(list.count * size));
}

static PyObject *list_words(items words)
{
    PyObject *list = PyList_New(0);
    const unsigned char *at = words.items;
    for (size_t i = 0; list != NULL && i < words.count; i++) {
        span word = take_word(&at);
        PyObject *item = PyBytes_FromStringAndSize((const char *)word.bytes, (Py_ssize_t)word.size);
        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *describe(const asked *by)
{
    const start_request *start = &by->start;
    return Py_BuildValue(
        "(y#IiIiiKKNy#NINNn)", start->key.bytes, (Py_ssize_t)start->key.size, start->flags,
        start->group, start->umask, start->nice, start->oom_score_adj,
        (unsigned long long)start->mask, (unsigned long long)start->ignored,
        list_items(start->limits, LIMIT_SIZE), start->affinity.bytes,
        (Py_ssize_t)start->affinity.size, list_items(start->numbers, NUMBER_SIZE), start->skip,
        list_words(start->arguments), list_words(start->environment), (Py_ssize_t)by->count);
}

static PyObject *read_start(PyObject *Py_UNUSED(module), PyObject *args)
{
    int connection;
    asked by;
    if (!PyArg_ParseTuple(args, "i:read_start", &connection))
        return NULL;
    if (receive_request(connection, &by) < 0) {
        if (errno != EBADMSG)
            return system_error();
        PyErr_SetString(PyExc_ValueError, "not a request");
        return NULL;
    }
    PyObject *fields = describe(&by);
    for (size_t i = 0; i < by.count; i++)
        close(by.descriptors[i]);
    drop_frame(&by.frame);
    return fields;
}

PyMethodDef start_methods[] = {
    {"read_start", read_start, METH_VARARGS, read_start_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef start_methods[] = {{NULL, NULL, 0, NULL}};

#endif
