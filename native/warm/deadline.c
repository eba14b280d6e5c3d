/* A host that is not up in time ends: one whose import waits for something would keep the lock of
 * its key for good, and starts cold.
 *
 * Not by setitimer(2), whose timers programs ask for and set. This one is no fork's, either, and
 * ends with what executes another program. */
#include "warm.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>

static int timer; /* as the kernel numbers them */
static int is_set = 0;

static void disarm(void)
{
    if (is_set)
        syscall(SYS_timer_delete, timer);
    is_set = 0;
}

PyDoc_STRVAR(die_in_doc, "die_in(seconds)\n--\n\n"
                         "Let this process end by SIGKILL then, or not any more, for 0.  Raises "
                         "OSError.");

static PyObject *die_in(PyObject *Py_UNUSED(module), PyObject *args)
{
    int seconds;
    struct sigevent end = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    if (!PyArg_ParseTuple(args, "i:die_in", &seconds))
        return NULL;
    struct itimerspec when = {.it_value = {.tv_sec = seconds}};
    disarm();
    alarm(0); /* the launcher's, until this process could set one (native/launcher/spawn.c) */
    if (seconds == 0)
        Py_RETURN_NONE;
    is_set = syscall(SYS_timer_create, CLOCK_MONOTONIC, &end, &timer) == 0;
    if (!is_set || syscall(SYS_timer_settime, timer, 0, &when, NULL) != 0)
        return system_error();
    Py_RETURN_NONE;
}

PyMethodDef deadline_methods[] = {
    {"die_in", die_in, METH_VARARGS, die_in_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef deadline_methods[] = {{NULL, NULL, 0, NULL}};

#endif
