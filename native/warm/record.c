/* What a start does is told to Python functions of ours, with no frame of theirs below or above.
 *
 * What has an audit event is heard by a hook, which no process can take away: it must cost next to
 * nothing when nothing is recorded.  What has none is told by wrappers (wrapper.c), disguised
 * containers (disguise.c) and definitions (divert.c).
 *
 * Whatever our Python functions raise ends the recording, and is not seen by the program.
 */
#include "warm.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/* see native/start.c */
typedef int (*audit_function)(const char *, PyObject *, void *);
extern int PySys_AddAuditHook(audit_function, void *) __attribute__((weak));

/* One per process: it is a main script's. */
static PyObject *listener = NULL; /* called with an event and its arguments */
static int is_telling = 0;        /* a function of ours runs: what it does is not the program's */
static unsigned long thread = 0;  /* the one that is recorded */
static int is_hooked = 0;
static pid_t refusing = 0;    /* the process that is to execute no other program */
static PyObject *kept = NULL; /* what must never be garbage of the program's */

static const char *const events[] = {
    "_thread.start_joinable_thread",
    "_thread.start_new_thread",
    "cpython.run_file",
    "exec",
    "fcntl.flock",
    "fcntl.lockf",
    "mainspring.checkpoint",
    "open",
    "os.chdir",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.link",
    "os.listdir",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "pty.spawn",
    "resource.prlimit",
    "resource.setrlimit",
    "signal.pthread_kill",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
    "socket.sendmsg",
    "socket.sendto",
    "socket.sethostname",
    "sqlite3.connect",
    "subprocess.Popen",
    "sys.addaudithook",
    "sys.monitoring.register_callback",
    "sys.setprofile",
    "sys.settrace",
    "syslog.openlog",
    "syslog.syslog",
};

static int is_of_interest(const char *event)
{
    size_t low = 0, high = sizeof events / sizeof *events;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(event, events[middle]);
        if (order == 0)
            return 1;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

int is_recorded(void)
{
    return listener != NULL && !is_telling && PyThread_get_thread_ident() == thread;
}

/* A SIGINT that was raised in a function of ours is the program's. */
static void drop_error(void)
{
    if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
        PyErr_SetInterrupt();
    PyErr_Clear();
}

/* Tell *receiver*, whatever the present exception is.  Steals *arguments*. */
void tell_receiver(PyObject *receiver, PyObject *arguments)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (arguments != NULL) {
        is_telling = 1;
        Py_INCREF(receiver);
        PyObject *result = PyObject_CallObject(receiver, arguments);
        Py_DECREF(receiver);
        is_telling = 0;
        Py_XDECREF(result);
        Py_DECREF(arguments);
    }
    drop_error();
    PyErr_Restore(type, value, traceback);
}

/* Whether the Python code at hand is importlib's: what it opens and lists is known from the modules
 * that it found. */
int is_importlib(void)
{
    PyObject *frame = (PyObject *)PyEval_GetFrame();
    PyObject *code = frame == NULL ? NULL : (PyObject *)PyFrame_GetCode((PyFrameObject *)frame);
    PyObject *path = code == NULL ? NULL : PyObject_GetAttrString(code, "co_filename");
    const char *text =
        path == NULL || !PyUnicode_Check(path) ? NULL : PyUnicode_AsUTF8AndSize(path, NULL);
    int is_its = text != NULL && strncmp(text, "<frozen importlib._bootstrap", 28) == 0;
    PyErr_Clear();
    Py_XDECREF(path);
    Py_XDECREF(code);
    return is_its;
}

static void hear(const char *event, PyObject *args)
{
    if (listener == NULL || !is_of_interest(event) || !is_recorded())
        return;
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0 ||
        (strcmp(event, "exec") != 0 && is_importlib()))
        return;
    tell_receiver(listener, Py_BuildValue("(sO)", event, args));
}

static int on_audit(const char *event, PyObject *args, void *Py_UNUSED(data))
{
    hear(event, args);
    if (refusing == 0 || strcmp(event, "os.exec") != 0 || refusing != getpid())
        return 0;
    PyErr_SetString(PyExc_PermissionError, "this is no start of the program");
    return -1;
}

PyDoc_STRVAR(listen_doc, "listen(listener)\n--\n\n"
                         "Have *listener* called with events of this thread and their arguments; "
                         "None for nobody.\n\nRaises RuntimeError if there are no such events.");

static PyObject *listen(PyObject *Py_UNUSED(module), PyObject *receiver)
{
    if (!is_hooked && receiver != Py_None) {
        if (PySys_AddAuditHook == NULL) {
            PyErr_SetString(PyExc_RuntimeError, "this interpreter has no PySys_AddAuditHook");
            return NULL;
        }
        if (PySys_AddAuditHook(on_audit, NULL) < 0)
            return NULL;
        is_hooked = 1;
    }
    PyObject *before = listener;
    Py_INCREF(receiver);
    listener = receiver == Py_None ? NULL : receiver;
    thread = PyThread_get_thread_ident();
    if (receiver == Py_None)
        Py_DECREF(receiver);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(refuse_exec_doc,
             "refuse_exec(refused)\n--\n\n"
             "Let this process execute no other program, or any again.  Raises nothing.");

static PyObject *refuse_exec(PyObject *Py_UNUSED(module), PyObject *refused)
{
    refusing = refused == Py_True ? getpid() : 0;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(keep_doc, "keep(value)\n--\n\n"
                       "Keep *value* as long as the process lives: nobody finds it as garbage.");

static PyObject *keep(PyObject *Py_UNUSED(module), PyObject *value)
{
    Py_INCREF(value);
    Py_XDECREF(kept);
    kept = value;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(name_locale_doc,
             "name_locale(category)\n--\n\nThe locale of *category*, as C names it.");

static PyObject *name_locale(PyObject *Py_UNUSED(module), PyObject *category)
{
    long number = PyLong_AsLong(category);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    const char *name = setlocale((int)number, NULL);
    return PyBytes_FromString(name == NULL ? "" : name);
}

/* The constants of `locale` that its judges need: importing it would leave a module behind. */
int add_record_constants(PyObject *module)
{
    if (PyModule_AddIntConstant(module, "LC_ALL", LC_ALL) < 0 ||
        PyModule_AddIntConstant(module, "LC_CTYPE", LC_CTYPE) < 0)
        return -1;
    return PyModule_AddIntConstant(module, "CODESET", CODESET);
}

PyMethodDef record_methods[] = {
    {"listen", listen, METH_O, listen_doc},
    {"refuse_exec", refuse_exec, METH_O, refuse_exec_doc},
    {"keep", keep, METH_O, keep_doc},
    {"name_locale", name_locale, METH_O, name_locale_doc},
    {NULL, NULL, 0, NULL},
};
