/*
 * A request that is put to a host as `mainspring run --warm` would put it, without a process of the
 * launcher's: from a session of its own, with no terminal, three descriptors, and no signal blocked
 * or ignored. What selects the host comes from the launcher's files, so that both find the same.
 */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../launcher/connect.h"
#include "../launcher/descriptors.h"
#include "../launcher/identity.h"
#include "../launcher/options.h"
#include "../launcher/reason.h"
#include "../launcher/request.h"
#include "../launcher/ruling.h"
#include "../launcher/selection.h"
#include "../launcher/variables.h"
#include "known.h"

#define CALLER "mainspring._gateway.caller"

/* What is found out about one request; nothing here waits, so there is never a second one. */
static struct selection selection;

struct attempt {
    const char *folder;
    int streams[3];
    int directory; /* the working directory */
    int socket;
    pid_t host;
    struct text frame;
    size_t sent;
};

static void free_caller(PyObject *capsule)
{
    struct caller *caller = PyCapsule_GetPointer(capsule, CALLER);
    free(caller->identity.bytes);
    PyMem_Free(caller);
}

PyDoc_STRVAR(identify_doc, "identify()\n--\n\n"
                           "Who a child of this process would be to a host, as of now.\n\n"
                           "None if the system does not tell.");

static PyObject *identify(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing))
{
    struct caller *caller = PyMem_Calloc(1, sizeof *caller);
    if (caller == NULL)
        return PyErr_NoMemory();
    struct rlimit open_files;
    forget_known();
    bool is_known = identify_caller(caller, true);
    if (find_open_files(&open_files))
        caller->limits[RLIMIT_NOFILE][0] = open_files.rlim_cur;
    PyObject *capsule = is_known ? PyCapsule_New(caller, CALLER, free_caller) : NULL;
    if (capsule != NULL)
        return capsule;
    free(caller->identity.bytes);
    PyMem_Free(caller);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* By a link of the kernel's, as getcwd(3) would tell it there. */
static bool enter_folder(struct attempt *attempt)
{
    char link[40];
    struct stat folder;
    attempt->directory = open(attempt->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (attempt->directory < 0 || fstat(attempt->directory, &folder) != 0 || folder.st_nlink == 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", attempt->directory);
    ssize_t length = readlink(link, selection.current, sizeof selection.current);
    if (length <= 0 || (size_t)length == sizeof selection.current)
        return false;
    selection.current[length] = '\0';
    return selection.current[0] == '/';
}

/* The launcher's own rules, and their words as far as they have some. */
static const char *read_options(void)
{
    struct options options;
    parse_options(selection.arguments + 1, &options);
    selection.script = 1 + options.script;
    selection.ruled_out = options.rules_out_warm;
    if (options.kind != PROGRAM_SCRIPT || is_read_only(selection.environment))
        return "options";
    return find_ruling(&options, selection.environment) == REASON_NONE ? NULL : "options";
}

static const char *make_frame(struct attempt *attempt)
{
    const struct descriptors streams = {.numbers = {0, 1, 2}, .count = 3};
    struct caller caller = *selection.caller;
    struct request request = {
        .arguments = selection.arguments,
        .script = selection.script,
        .environment = selection.environment,
        .caller = &caller,
        .descriptors = &streams,
        .key = &selection.key,
    };
    caller.ignored = 0;
    caller.group = 0;
    return write_request(&attempt->frame, &request) ? NULL : "too-much";
}

static const char *send_frame(struct attempt *attempt)
{
    ssize_t sent =
        send_request(attempt->socket, &attempt->frame, attempt->directory, attempt->streams, 3);
    if (sent < 0)
        return errno == EAGAIN ? "host-full" : "host-ended";
    attempt->sent = (size_t)sent;
    return NULL;
}

static const char *find_host(struct attempt *attempt, int hosts)
{
    char digits[DIGITS_SIZE];
    if (!find_program(&selection))
        return "too-much";
    find_recipe(hosts, selection.id, &selection.recipe);
    selection.is_machine_code = is_known_interpreter(selection.arguments[0]);
    const char *obstacle = find_program_obstacle(&selection);
    if (obstacle == NULL)
        obstacle = find_caller_obstacle(&selection);
    if (obstacle != NULL)
        return obstacle;
    note_interpreter(selection.arguments[0]);
    if (selection.recipe.state != RECIPE_READY)
        return "recorded";
    if (!make_key(&selection, digits))
        return "too-much";
    return connect_host(hosts, digits, &attempt->socket, &attempt->host);
}

static const char *ask_host(struct attempt *attempt)
{
    const char *reason = read_options();
    if (reason != NULL)
        return reason;
    if (!enter_folder(attempt))
        return "deleted-folder";
    int hosts = find_hosts(find_value(selection.environment, "XDG_RUNTIME_DIR="));
    if (hosts < 0)
        return "no-host";
    reason = find_host(attempt, hosts);
    if (reason == NULL)
        reason = make_frame(attempt);
    return reason == NULL ? send_frame(attempt) : reason;
}

/* What the frame's buffers held before is used again: most requests are as long as others. */
static const char *reach_host(struct attempt *attempt)
{
    attempt->directory = attempt->socket = -1;
    selection.program.length = selection.key.length = 0;
    selection.program.failed = selection.key.failed = false;
    const char *reason = ask_host(attempt);
    if (attempt->directory >= 0)
        close(attempt->directory);
    if (reason != NULL && attempt->socket >= 0)
        close(attempt->socket);
    return reason;
}

static PyObject *report(struct attempt *attempt)
{
    const char *reason = reach_host(attempt);
    PyObject *result = reason != NULL
                           ? PyUnicode_FromString(reason)
                           : Py_BuildValue("iiy#", attempt->socket, (int)attempt->host,
                                           attempt->frame.bytes + attempt->sent,
                                           (Py_ssize_t)(attempt->frame.length - attempt->sent));
    free(attempt->frame.bytes);
    return result;
}

PyDoc_STRVAR(
    reach_doc,
    "reach(caller, arguments, environment, folder, stdin, stdout, stderr)\n--\n\n"
    "Ask the host of a program for a start: its socket, its process, and the bytes that "
    "are still to be sent.\n\nOr the reason for which the start has to be cold, a row of "
    "reasons.COLD.  *caller* is what identify() gave; *arguments* are from the interpreter "
    "on, lists of bytes.  Raises ValueError for a NUL.");

static PyObject *reach(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *capsule, *words, *variables;
    struct attempt attempt = {.sent = 0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "OOOyiii:reach", &capsule, &words, &variables, &attempt.folder,
                          attempt.streams, attempt.streams + 1, attempt.streams + 2))
        return NULL;
    selection.caller = PyCapsule_GetPointer(capsule, CALLER);
    selection.arguments = selection.caller == NULL ? NULL : borrow_words(words);
    selection.environment = selection.arguments == NULL ? NULL : borrow_words(variables);
    if (selection.environment != NULL)
        result = report(&attempt);
    PyMem_Free(selection.arguments);
    PyMem_Free(selection.environment);
    return result;
}

PyMethodDef reach_methods[] = {
    {"identify", identify, METH_NOARGS, identify_doc},
    {"reach", reach, METH_VARARGS, reach_doc},
    {NULL, NULL, 0, NULL},
};
