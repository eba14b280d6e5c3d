/* Who comes to a host's doors is heard once it has said what it wants, and given a start if it may
 * be.
 *
 * One caller at a time: a host's starts are as short as handing over a connection.
 */
#include "doors.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 3 };

typedef struct {
    int connection;
    pid_t process;
} caller;

static caller knocking[MOST_KNOCKING]; /* who has not said yet what it wants */
static size_t knocking_count;
static long long handed_over;

static void refuse(int connection, const char *reason)
{
    (void)send_refusal(connection, reason);
    close(connection);
}

/* ---- starts --------------------------------------------------------------------------------- */

/* Whether the files may have changed that are watched.  The kernel tells of new mounts only once.
 */
static int may_have_changed(int *has_new_mounts)
{
    struct pollfd told[] = {{.fd = doors[WATCH], .events = POLLIN},
                            {.fd = mounts, .events = POLLPRI}};
    if (doors[WATCH] < 0 || mounts < 0)
        return 1;
    int count = poll(told, 2, 0);
    *has_new_mounts = told[1].revents != 0;
    return count != 0;
}

/* 1 if something has changed, -1 with an exception. */
static int has_changed(void)
{
    int has_new_mounts = 0;
    if (!may_have_changed(&has_new_mounts))
        return 0;
    PyObject *told = PyBool_FromLong(has_new_mounts);
    PyObject *answer = PyObject_CallFunctionObjArgs(look_for_change, told, NULL);
    int changed = answer == NULL ? -1 : PyObject_IsTrue(answer);
    Py_XDECREF(told);
    Py_XDECREF(answer);
    return changed;
}

/* Why this caller gets no start, if it gets none; NULL with an exception as well. */
static const char *find_obstacle(int connection, int *failed)
{
    if (!is_like_us(connection))
        return "other-caller";
    int changed = has_changed();
    *failed = changed < 0;
    if (changed > 0) {
        tell("changed", 0); /* there may be nothing left to wait for */
        return "host-stale";
    }
    return has_room() ? NULL : "host-full";
}

/* Have a spare child, if that is possible: -1 if it is not. */
int provide_spare(void)
{
    int status = fork_spare(&event.mask, &event.began_ns);
    if (status == 1)
        tell("begun", 0);
    return status < 0 ? -1 : 0;
}

/* Whether it is done with the caller, or this is a child. */
static int try_to_begin(const caller *asking)
{
    if (!has_spare() && provide_spare() < 0) {
        refuse(asking->connection, "host-full");
        return 1;
    }
    if (event.name != NULL)
        return 1;
    if (hand_over(asking->connection, asking->process) < 0)
        return 0;
    handed_over++;
    note_unrest();
    return 1;
}

/* Let the spare child be the start that is asked for, if all is still as it was imported. */
static int begin(const caller *asking)
{
    int failed = 0;
    const char *obstacle = find_obstacle(asking->connection, &failed);
    if (failed) {
        close(asking->connection);
        return -1;
    }
    if (obstacle != NULL) {
        refuse(asking->connection, obstacle);
        return 0;
    }
    for (int i = 0; i < TRIES; i++) {
        if (try_to_begin(asking))
            return 0;
    }
    refuse(asking->connection, "host-ended");
    return 0;
}

/* ---- callers -------------------------------------------------------------------------------- */

/* Do what a caller asks for; 1 if it has not said yet what that is. */
static int hear(const caller *asking)
{
    unsigned char head[LENGTH_SIZE + 1];
    ssize_t length = recv(asking->connection, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN)
        return 1;
    if (length < (ssize_t)sizeof head) /* less than every caller sends at once */
        close(asking->connection);
    else if (head[LENGTH_SIZE] == START)
        return begin(asking);
    else
        tell("asked", asking->connection);
    return 0;
}

static int hear_or_keep(const caller *asking)
{
    int status = hear(asking);
    if (status == 1 && knocking_count < MOST_KNOCKING)
        knocking[knocking_count++] = *asking;
    else if (status == 1)
        close(asking->connection);
    return status < 0 ? -1 : 0;
}

static int is_of_our_user(caller *found)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(found->connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return 0;
    found->process = peer.pid;
    return peer.uid == geteuid();
}

int admit(void)
{
    caller found = {.connection = accept4(doors[LISTENER], NULL, NULL, SOCK_CLOEXEC)};
    if (found.connection < 0) {
        poll(NULL, 0, PAUSE_MS); /* no descriptor is free, or the caller is gone */
        return 0;
    }
    if (is_of_our_user(&found))
        return hear_or_keep(&found); /* most have spoken by now */
    close(found.connection);
    return 0;
}

int hear_again(int connection)
{
    for (size_t i = 0; i < knocking_count; i++) {
        if (knocking[i].connection != connection)
            continue;
        caller asking = knocking[i];
        knocking[i] = knocking[--knocking_count];
        return hear_or_keep(&asking);
    }
    return 0;
}

size_t count_knocking(void) { return knocking_count; }

size_t list_knocking(int *connections)
{
    for (size_t i = 0; i < knocking_count; i++)
        connections[i] = knocking[i].connection;
    return knocking_count;
}

void refuse_knocking(void)
{
    for (size_t i = 0; i < knocking_count; i++)
        refuse(knocking[i].connection, "host-ended");
    knocking_count = 0;
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(count_handed_over_doc, "count_handed_over()\n--\n\n"
                                    "How many callers a child was given to.");

static PyObject *count_handed_over(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    return PyLong_FromLongLong(handed_over);
}

PyMethodDef admit_methods[] = {
    {"count_handed_over", count_handed_over, METH_NOARGS, count_handed_over_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef admit_methods[] = {{NULL, NULL, 0, NULL}};

#endif
