/* What a host waits at: each start goes through here alone, and all else is told to Python code.
 *
 *     event := ("asked", connection)       somebody asks for something other than a start
 *            | ("changed", 0)              there is something to be read of the watched files
 *            | ("session", 0)              the terminal's session has ended
 *            | ("signal", number)          one that ends the host
 *            | ("rest", 0)                 there have been starts, and now there are none
 *            | ("idle", 0)                 nothing has happened for so long
 *            | ("begun", mask, began_ns)   in a child: it is a start by now
 *
 * One caller at a time: a host's starts are as short as handing over a connection.
 */
#include "child.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_KNOCKING = 512, MOST_CONNECTIONS = 512, TRIES = 3 };
enum { SIGNALS, LISTENER, WATCH, SESSION, FIXED };
enum { PAUSE_MS = 20, REST_MS = 5, LONGEST_UNREST_NS = 1000000000 };
static const char START = 'Q', REFUSED = 'R';

typedef struct {
    int connection;
    pid_t process;
} caller;

static int doors[FIXED] = {-1, -1, -1, -1};
static int mounts = -1;
static PyObject *look_for_change;      /* (has_new_mounts) -> whether anything has changed */
static caller knocking[MOST_KNOCKING]; /* who has not said yet what it wants */
static size_t knocking_count;
static long long handed_over;
static long long unrest_ns; /* when a start began or ended first that nobody was told of; 0: none */

static struct {
    const char *name; /* NULL: none yet */
    int number;
    uint64_t mask;
    long long began_ns;
} event;

static void tell(const char *name, int number)
{
    event.name = name;
    event.number = number;
}

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void note_unrest(void) { unrest_ns = unrest_ns ? unrest_ns : now_ns(); }

static int is_open(void) { return doors[LISTENER] >= 0; }

/* ---- starts --------------------------------------------------------------------------------- */

static void refuse(int connection, const char *reason)
{
    (void)send_words(connection, REFUSED, reason);
    close(connection);
}

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
static int provide_spare(void)
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
    else if (head[LENGTH_SIZE] == (unsigned char)START)
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

static int admit(void)
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

static int hear_again(int connection)
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

/* ---- waiting -------------------------------------------------------------------------------- */

static void take_signal(void)
{
    struct signalfd_siginfo came;
    while (event.name == NULL && read(doors[SIGNALS], &came, sizeof came) == (ssize_t)sizeof came) {
        if (came.ssi_signo != SIGCHLD)
            tell("signal", (int)came.ssi_signo);
    }
    size_t before = count_running();
    reap_children();
    if (count_running() < before)
        note_unrest();
}

static size_t list_doors(struct pollfd *waiting)
{
    int connections[MOST_CONNECTIONS];
    size_t count = 0;
    for (int i = 0; i < FIXED; i++) /* poll leaves out what is negative */
        waiting[count++] = (struct pollfd){.fd = doors[i], .events = POLLIN};
    for (size_t i = 0; i < knocking_count; i++)
        waiting[count++] = (struct pollfd){.fd = knocking[i].connection, .events = POLLIN};
    size_t running = list_connections(connections, MOST_CONNECTIONS);
    for (size_t i = 0; i < running; i++)
        waiting[count++] = (struct pollfd){.fd = connections[i], .events = 0};
    return count;
}

static int find_timeout(int milliseconds)
{
    if (is_open() && lacks_spare())
        return PAUSE_MS;
    if (count_running() > 0)
        return -1;
    return unrest_ns ? REST_MS : milliseconds;
}

static int answer(int door, int descriptor, size_t heard)
{
    if (door == SIGNALS)
        take_signal();
    else if (door == WATCH)
        tell("changed", 0);
    else if (door == SESSION)
        tell("session", 0);
    else if (door == LISTENER)
        return admit();
    else if ((size_t)door < FIXED + heard)
        return hear_again(descriptor);
    else
        end_abandoned(descriptor);
    return 0;
}

static int answer_all(const struct pollfd *waiting, size_t count)
{
    size_t heard = knocking_count;
    for (size_t i = 0; i < count && event.name == NULL; i++) {
        if (waiting[i].revents != 0 && answer((int)i, waiting[i].fd, heard) < 0)
            return -1;
    }
    return 0;
}

static void tell_rest(int is_silent)
{
    int rests = count_running() == 0 && is_silent;
    if (unrest_ns && (rests || now_ns() - unrest_ns > LONGEST_UNREST_NS)) {
        unrest_ns = 0;
        tell("rest", 0);
    } else if (rests) {
        tell("idle", 0);
    }
}

/* What happens next, or -1 with errno or an exception. */
static int wait_once(int milliseconds)
{
    struct pollfd waiting[FIXED + MOST_KNOCKING + MOST_CONNECTIONS];
    if (is_open() && lacks_spare())
        (void)provide_spare(); /* if the system has no room for one, the next caller is told so */
    if (event.name != NULL)
        return 0;
    size_t count = list_doors(waiting);
    int number = poll(waiting, (nfds_t)count, find_timeout(milliseconds));
    if (number < 0 && errno != EINTR)
        return -1;
    if (number > 0 && answer_all(waiting, count) < 0)
        return -1;
    if (event.name == NULL)
        tell_rest(number == 0);
    return 0;
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(open_doors_doc,
             "open_doors(signals, listener, watch, session, mounts, look_for_change)\n--\n\n"
             "Wait at these descriptors, of which some may be -1, for next_event().\n\n"
             "look_for_change(has_new_mounts) is asked before each start, unless watch and mounts "
             "tell that nothing has changed.");

static PyObject *open_doors(PyObject *Py_UNUSED(module), PyObject *args)
{
    if (!PyArg_ParseTuple(args, "iiiiiO:open_doors", &doors[SIGNALS], &doors[LISTENER],
                          &doors[WATCH], &doors[SESSION], &mounts, &look_for_change))
        return NULL;
    Py_INCREF(look_for_change);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(close_doors_doc, "close_doors()\n--\n\n"
                              "Take no more callers: next_event() still tells of what runs.");

static PyObject *close_doors(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    if (is_open())
        close(doors[LISTENER]);
    doors[LISTENER] = doors[WATCH] = doors[SESSION] = -1;
    for (size_t i = 0; i < knocking_count; i++)
        refuse(knocking[i].connection, "host-ended");
    knocking_count = 0;
    dismiss_spare();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(count_handed_over_doc, "count_handed_over()\n--\n\n"
                                    "How many callers a child was given to.");

static PyObject *count_handed_over(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    return PyLong_FromLongLong(handed_over);
}

PyDoc_STRVAR(next_event_doc,
             "next_event(milliseconds)\n--\n\n"
             "Serve starts until there is something else to do, and tell what: see doors.c.\n\n"
             "Raises OSError, or what look_for_change() raises.");

static PyObject *next_event(PyObject *Py_UNUSED(module), PyObject *args)
{
    int milliseconds;
    if (!PyArg_ParseTuple(args, "i:next_event", &milliseconds))
        return NULL;
    memset(&event, 0, sizeof event);
    while (event.name == NULL) {
        if (wait_once(milliseconds) < 0)
            return PyErr_Occurred() ? NULL : system_error();
    }
    PyObject *told = Py_BuildValue("(siKL)", event.name, event.number,
                                   (unsigned long long)event.mask, event.began_ns);
    if (told == NULL && event.began_ns != 0) /* a child never serves */
        _exit(1);
    return told;
}

PyMethodDef doors_methods[] = {
    {"close_doors", close_doors, METH_NOARGS, close_doors_doc},
    {"count_handed_over", count_handed_over, METH_NOARGS, count_handed_over_doc},
    {"next_event", next_event, METH_VARARGS, next_event_doc},
    {"open_doors", open_doors, METH_VARARGS, open_doors_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef doors_methods[] = {{NULL, NULL, 0, NULL}};

#endif
