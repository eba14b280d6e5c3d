/* What a host waits at: each start goes through here alone, and all else is told to Python code.
 *
 *     event := ("opened", 0)               nobody has come yet
 *            | ("asked", connection)       somebody asks for something other than a start
 *            | ("changed", 0)              there is something to be read of the watched files
 *            | ("session", 0)              the terminal's session has ended
 *            | ("signal", number)          one that ends the host
 *            | ("rest", 0)                 there have been starts, and now there are none
 *            | ("idle", 0)                 nothing has happened for so long
 *            | ("failed", exception)       of what is done here
 *            | ("begun", nanoseconds)      in a child, if a log is asked for: when its caller came
 *
 * A child returns from here past no frame of Python code: each would have objects to let go, and
 * with them pages to copy.
 */
#include "doors.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { REST_MS = 5, LONGEST_UNREST_NS = 1000000000 };

int doors[FIXED] = {-1, -1, -1, -1};
int mounts = -1;
PyObject *look_for_change;
happening event;
static PyObject *act;       /* (event, number) -> for how many milliseconds to wait for the next */
static long long unrest_ns; /* when a start began or ended first that nobody was told of; 0: none */

void tell(const char *name, int number)
{
    event.name = name;
    event.number = number;
}

void note_unrest(void) { unrest_ns = unrest_ns ? unrest_ns : now_ns(); }

static int is_open(void) { return doors[LISTENER] >= 0; }

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
    int knocking[MOST_KNOCKING], running[MOST_CHILDREN];
    size_t heard = list_knocking(knocking), watched = list_connections(running), count = 0;
    for (int i = 0; i < FIXED; i++) /* poll leaves out what is negative */
        waiting[count++] = (struct pollfd){.fd = doors[i], .events = POLLIN};
    for (size_t i = 0; i < heard; i++)
        waiting[count++] = (struct pollfd){.fd = knocking[i], .events = POLLIN};
    for (size_t i = 0; i < watched; i++)
        waiting[count++] = (struct pollfd){.fd = running[i], .events = 0};
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

static int answer_all(const struct pollfd *waiting, size_t count, size_t heard)
{
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
    struct pollfd waiting[FIXED + MOST_KNOCKING + MOST_CHILDREN];
    if (is_open() && lacks_spare())
        (void)provide_spare(); /* if the system has no room for one, the next caller is told so */
    if (event.name != NULL)
        return 0;
    size_t heard = count_knocking();
    size_t count = list_doors(waiting);
    int number = poll(waiting, (nfds_t)count, find_timeout(milliseconds));
    if (number < 0 && errno != EINTR)
        return -1;
    if (number > 0 && answer_all(waiting, count, heard) < 0)
        return -1;
    if (event.name == NULL)
        tell_rest(number == 0);
    return 0;
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(open_doors_doc,
             "open_doors(signals, listener, watch, session, mounts, look_for_change, act)\n--\n\n"
             "Wait at these descriptors, of which some may be -1, in serve().\n\n"
             "look_for_change(has_new_mounts) is asked before each start, unless watch and mounts "
             "tell that nothing has changed.\n\n"
             "act(event, number) is told of what else there is to do, see doors.c, and returns for "
             "how many milliseconds to wait at most.");

static PyObject *open_doors(PyObject *Py_UNUSED(module), PyObject *args)
{
    if (!PyArg_ParseTuple(args, "iiiiiOO:open_doors", &doors[SIGNALS], &doors[LISTENER],
                          &doors[WATCH], &doors[SESSION], &mounts, &look_for_change, &act))
        return NULL;
    Py_INCREF(look_for_change);
    Py_INCREF(act);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(close_doors_doc, "close_doors()\n--\n\n"
                              "Take no more callers: serve() still tells of what runs.");

static PyObject *close_doors(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    if (is_open())
        close(doors[LISTENER]);
    doors[LISTENER] = doors[WATCH] = doors[SESSION] = -1;
    refuse_knocking();
    dismiss_spare();
    Py_RETURN_NONE;
}

/* In milliseconds; -1 with an exception. */
static int take_timeout(PyObject *answered)
{
    long milliseconds = answered == NULL ? -1 : PyLong_AsLong(answered);
    Py_XDECREF(answered);
    return (int)milliseconds;
}

static int tell_of_failure(void)
{
    PyObject *type, *value, *traceback;
    if (!PyErr_Occurred())
        (void)system_error();
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    int milliseconds = take_timeout(PyObject_CallFunction(act, "sO", "failed", value));
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return milliseconds;
}

/* Of something else than a start; how long to wait at most for the next. */
static int tell_of_event(void)
{
    return take_timeout(PyObject_CallFunction(act, "si", event.name, event.number));
}

static int is_start(void) { return event.began_ns != 0; }

static PyObject *begin(void)
{
    PyObject *told = getenv("MAINSPRING_LOG") == NULL
                         ? Py_NewRef(Py_None)
                         : PyObject_CallFunction(act, "sL", "begun", event.began_ns);
    PyObject *mask = told == NULL ? NULL : PyLong_FromUnsignedLongLong(event.mask);
    Py_XDECREF(told);
    if (mask == NULL) /* a child never serves */
        _exit(1);
    return mask;
}

PyDoc_STRVAR(serve_doc, "serve()\n--\n\n"
                        "Serve starts.\n\n"
                        "Returns in children alone, with the signals that are to be blocked: bit "
                        "N - 1 for number N.  Raises what act() raises.");

static PyObject *serve(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    int milliseconds = take_timeout(PyObject_CallFunction(act, "si", "opened", 0));
    while (milliseconds >= 0) {
        int status = 0;
        memset(&event, 0, sizeof event);
        while (status == 0 && event.name == NULL)
            status = wait_once(milliseconds);
        if (is_start())
            return begin();
        milliseconds = status < 0 ? tell_of_failure() : tell_of_event();
    }
    return NULL;
}

PyMethodDef doors_methods[] = {
    {"close_doors", close_doors, METH_NOARGS, close_doors_doc},
    {"open_doors", open_doors, METH_VARARGS, open_doors_doc},
    {"serve", serve, METH_NOARGS, serve_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef doors_methods[] = {{NULL, NULL, 0, NULL}};

#endif
