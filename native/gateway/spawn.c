/*
 * A process in a session of its own, with three descriptors and nothing else of the gateway's.
 *
 * vfork: a gateway that serves many has much memory, and fork would copy the tables of all of it.
 * posix_spawn(3) has no working directory in every C library.
 */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct birth {
    char **arguments;
    char **environment;
    const char *folder;
    int streams[3];
    bool has_limit;
    struct rlimit open_files;
    /* what failed in the child, whose memory is the parent's until it executes */
    volatile int error;
    volatile bool is_in_folder;
};

/* Also those that whoever started the gateway had ignored: a script is to find the same signals as
 * from a host. Past the C library, since glibc lets nobody set two of them, which posix_spawn may
 * hand down ignored. */
static void reset_signals(void)
{
    /* what rt_sigaction(2) takes: handler, flags, restorer, mask */
    static const unsigned long action[4] = {0};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, action, NULL, 8);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static bool place_streams(const int streams[3])
{
    int apart[3];
    for (int i = 0; i < 3; i++) {
        apart[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, 3);
        if (apart[i] < 0)
            return false;
    }
    return dup2(apart[0], 0) == 0 && dup2(apart[1], 1) == 1 && dup2(apart[2], 2) == 2;
}

__attribute__((noinline, noreturn)) static void be_born(struct birth *birth)
{
    setsid();
    if (place_streams(birth->streams)) {
        birth->is_in_folder = chdir(birth->folder) == 0;
        if (birth->is_in_folder) {
            syscall(SYS_close_range, 3U, ~0U, 0U);
            reset_signals();
            if (birth->has_limit)
                setrlimit(RLIMIT_NOFILE, &birth->open_files);
            execve(birth->arguments[0], birth->arguments, birth->environment);
        }
    }
    birth->error = errno;
    _exit(127);
}

/* No handler of the gateway's may run in the child: it would run in the gateway's memory. */
__attribute__((noinline)) static pid_t bear(struct birth *birth)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = vfork();
    if (child == 0)
        be_born(birth);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}

static PyObject *report_birth(const struct birth *birth, pid_t child)
{
    if (child > 0 && birth->error == 0)
        return PyLong_FromLong(child);
    if (child > 0) {
        waitpid(child, NULL, 0);
        errno = birth->error;
        return PyErr_SetFromErrnoWithFilename(
            PyExc_OSError, birth->is_in_folder ? birth->arguments[0] : birth->folder);
    }
    return PyErr_SetFromErrno(PyExc_OSError);
}

PyDoc_STRVAR(spawn_doc,
             "spawn(arguments, environment, folder, stdin, stdout, stderr)\n--\n\n"
             "The number of a new process, which leads a session of its own; lists of bytes.\n\n"
             "It has *folder* as working directory and these descriptors as its only ones, and no "
             "signal is blocked or ignored there.  Raises OSError, or ValueError for a NUL.");

static PyObject *spawn(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *arguments, *environment;
    struct birth birth = {.error = 0};
    pid_t child = -1;
    if (!PyArg_ParseTuple(args, "OOyiii:spawn", &arguments, &environment, &birth.folder,
                          birth.streams, birth.streams + 1, birth.streams + 2))
        return NULL;
    birth.has_limit = find_open_files(&birth.open_files);
    birth.arguments = borrow_words(arguments);
    birth.environment = birth.arguments == NULL ? NULL : borrow_words(environment);
    if (birth.environment != NULL)
        child = bear(&birth);
    PyObject *result = birth.environment == NULL ? NULL : report_birth(&birth, child);
    PyMem_Free(birth.arguments);
    PyMem_Free(birth.environment);
    return result;
}

PyMethodDef spawn_methods[] = {
    {"spawn", spawn, METH_VARARGS, spawn_doc},
    {NULL, NULL, 0, NULL},
};
