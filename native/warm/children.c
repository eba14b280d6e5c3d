/* A host's children: one that waits for a caller, and those that are programs by now.
 *
 * Their callers are told how they stop, go on and end.
 */
#include "child.h"

#ifdef __linux__

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A start that a child makes, and who waits for its end. */
typedef struct {
    pid_t process;
    int connection; /* -1: nobody waits any more */
    pid_t caller;
    int is_stopped;
} running_child;

static running_child running[MOST_CHILDREN];
static size_t running_count;
static pid_t spare;  /* a child that waits for a caller; 0 without one */
static int way = -1; /* to it */

/* ---- the spare one -------------------------------------------------------------------------- */

int has_spare(void) { return spare != 0; }

/* A start that is surveyed has no other fork beside it. */
int lacks_spare(void) { return spare == 0 && !is_surveying(); }

static void let_spare_go(void)
{
    if (way >= 0)
        close(way);
    way = -1;
    spare = 0;
}

/* Let it end, since nobody can come any more. */
void dismiss_spare(void)
{
    let_spare_go();
    end_round();
}

enum { SCALE = 1024, LATELY = 16 };

/* Where programs keep the processors busy, whatever is done ahead takes from them: where of those
 * that began lately more ran at once than all processors but half a one. */
static int is_busy(void)
{
    static cpu_set_t processors;
    static long count, mean; /* mean: of how many ran, times SCALE */
    if (count == 0 && sched_getaffinity(0, sizeof processors, &processors) == 0)
        count = CPU_COUNT(&processors);
    mean += ((long)running_count * SCALE - mean) / LATELY;
    return running_count > 0 && mean * 2 > (2 * count - 1) * SCALE;
}

static void be_child(pid_t host, int busy, int own_way, uint64_t *mask, long long *began_ns)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != host)
        _exit(0);
    become_start(own_way, busy, mask, began_ns);
}

/* Have a child ready.  1 in it, once it is a start. */
int fork_spare(uint64_t *mask, long long *began_ns)
{
    int ends[2];
    pid_t host = getpid();
    int busy = is_busy();
    expect_streams();
    begin_round();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    PyOS_BeforeFork();
    pid_t process = fork();
    if (process == 0) {
        PyOS_AfterFork_Child();
        close(ends[0]);
        be_child(host, busy, ends[1], mask, began_ns);
        return 1;
    }
    PyOS_AfterFork_Parent();
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return -1;
    }
    spare = process;
    way = ends[0];
    return 0;
}

/* Let the spare child have the connection; it may be gone. */
int hand_over(int connection, int caller)
{
    int status = hand_on(way, connection);
    pid_t process = spare;
    let_spare_go();
    if (status < 0)
        return -1;
    running[running_count++] = (running_child){process, connection, caller, 0};
    return 0;
}

int has_room(void) { return running_count < MOST_CHILDREN; }

/* ---- the others ----------------------------------------------------------------------------- */

size_t count_running(void) { return running_count; }

static running_child *find_running(pid_t process)
{
    for (size_t i = 0; i < running_count; i++) {
        if (running[i].process == process)
            return &running[i];
    }
    return NULL;
}

/* Whatever ends a stop reaches the child alone: the launcher stopped itself. */
static void wake_caller(running_child *child)
{
    if (!child->is_stopped)
        return;
    child->is_stopped = 0;
    (void)send_frame(child->connection, CONTINUED, NULL, 0, -1);
    kill(child->caller, SIGCONT);
}

static void note_stop(running_child *child, int status)
{
    if (child->connection < 0)
        return;
    wake_caller(child); /* also of a stop before, whose end the kernel did not tell */
    if (WIFSTOPPED(status)) {
        child->is_stopped = 1;
        (void)send_number(child->connection, STOPPED, WSTOPSIG(status), -1);
    }
}

static void note_end(running_child *child, int status)
{
    if (child->connection >= 0) {
        (void)send_number(child->connection, ENDED, status, -1);
        wake_caller(child);
        close(child->connection);
    }
    *child = running[--running_count];
    end_round();
}

/* Tell callers what became of their children. */
void reap_children(void)
{
    int status;
    pid_t process;
    while ((process = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        running_child *child = find_running(process);
        int has_ended = !WIFSTOPPED(status) && !WIFCONTINUED(status);
        if (process == spare && has_ended)
            dismiss_spare();
        else if (child != NULL && has_ended)
            note_end(child, status);
        else if (child != NULL)
            note_stop(child, status);
    }
}

static int is_abandoned(int connection)
{
    struct pollfd waiting = {.fd = connection, .events = 0};
    return poll(&waiting, 1, 0) > 0;
}

/* A launcher that is gone was killed, and with it the program that it stands for.  Since that was
 * told, the number may have become another connection's. */
void end_abandoned(int connection)
{
    if (!is_abandoned(connection))
        return;
    for (size_t i = 0; i < running_count; i++) {
        if (running[i].connection != connection)
            continue;
        running[i].connection = -1;
        kill(running[i].process, SIGKILL);
        close(connection);
        return;
    }
}

size_t list_connections(int *connections)
{
    size_t count = 0;
    for (size_t i = 0; i < running_count; i++) {
        if (running[i].connection >= 0)
            connections[count++] = running[i].connection;
    }
    return count;
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(list_running_doc, "list_running()\n--\n\nThe processes that are programs by now.");

static PyObject *list_running(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    PyObject *processes = PyList_New(0);
    for (size_t i = 0; processes != NULL && i < running_count; i++) {
        PyObject *number = PyLong_FromLong(running[i].process);
        if (number == NULL || PyList_Append(processes, number) < 0)
            Py_CLEAR(processes);
        Py_XDECREF(number);
    }
    return processes;
}

PyMethodDef children_methods[] = {
    {"list_running", list_running, METH_NOARGS, list_running_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef children_methods[] = {{NULL, NULL, 0, NULL}};

#endif
