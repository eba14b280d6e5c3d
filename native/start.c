/* Starts cached code where CPython would have compiled the script.
 *
 * CPython raises the audit event `cpython.run_file` right before it opens the main script
 * (Modules/main.c, pymain_run_file_obj).  A hook on it finds argv, sys.path and __main__ just as
 * the script will see them, and no Python frame below.  When a start is armed for that very file,
 * the hook does what _PyRun_SimpleFileObject (Python/pythonrun.c) does after compiling, and then
 * raises SystemExit with the status that function would have led to: pymain_exit_err_print takes
 * that for the program's end.  In every other case it returns 0 and CPython goes on by itself.
 */

#include "start.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Exported by every CPython since 3.8, though not part of the stable ABI: weak, so that an
 * interpreter without it is left alone instead of failing to load this module. */
typedef int (*audit_function)(const char *, PyObject *, void *);
extern int PySys_AddAuditHook(audit_function, void *) __attribute__((weak));

static armed_start armed;
static int is_armed = 0;
static int is_hooked = 0;
static int is_starting = 0;    /* the event is being dispatched again */
static int is_interrupted = 0; /* SIGINT came while the start was being arranged */
static int is_heard = 0;       /* an audit hook was added, which is told of the full end */

int has_listener(void) { return is_heard; }

/* ---- taking over ---------------------------------------------------------------------------- */

/* Hooks that others added are told of the start by dispatching the event again: the one at hand
 * ends here, before CPython reaches them. */
static int announce(const armed_start *start)
{
    return audit(start, "cpython.run_file", start->filename);
}

/* As if the SIGINT came now: whoever runs next is to handle it. */
static void raise_interrupt(void)
{
    if (is_interrupted)
        PyErr_SetInterrupt();
    is_interrupted = 0;
}

/* A SIGINT that came by now is the script's: else it would be raised in the code of its loader. */
static int hold_interrupt(void)
{
    if (PyErr_CheckSignals() == 0)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
        return -1;
    PyErr_Clear();
    is_interrupted = 1;
    return 0;
}

/* Whether CPython is not to go on: an exception is set then.  Takes over the references of *start*.
 */
static int take_over(armed_start *start, PyObject *module)
{
    if (announce(start) < 0)
        return -1;
    /* A hook that refuses to open the script: CPython asks it again, and has its own words for it.
     */
    if (audit_open(start) < 0) {
        PyErr_Clear();
        return 0;
    }
    if (hold_interrupt() < 0 || set_file_names(start, PyModule_GetDict(module)) < 0)
        return -1;
    raise_interrupt();
    Py_INCREF(module);
    run_code(start, module);
    return -1;
}

/* The signals that came meanwhile are the program's: they are let in where no code of ours is left
 * that could meet them. */
static void take_mask(PyObject *mask)
{
    sigset_t signals;
    unsigned long long bits = PyLong_AsUnsignedLongLong(mask);
    sigemptyset(&signals);
    for (int number = 1; number <= 64; number++) {
        if (bits >> (number - 1) & 1)
            sigaddset(&signals, number);
    }
    sigprocmask(SIG_SETMASK, &signals, NULL);
}

/* What a host is to wait in is called from here: no frame of Python code is to be left in each
 * child. */
static PyObject *call_pause(const armed_start *start)
{
    PyObject *wait = PyObject_CallFunctionObjArgs(start->pause, NULL);
    return wait == NULL || !PyCallable_Check(wait) ? wait
                                                   : PyObject_CallFunctionObjArgs(wait, NULL);
}

/* A host waits here: it returns in the children, each of which is a start, with the signals that
 * are to be blocked, bit N - 1 for number N. */
static void wait_for_start(const armed_start *start)
{
    if (start->pause == NULL)
        return;
    int was_heard = is_heard;
    PyObject *result = call_pause(start);
    if (result == NULL)
        _exit(1); /* a host that fails is not to be a start that nobody asked for */
    if (PyLong_Check(result))
        take_mask(result);
    Py_XDECREF(result);
    PyErr_Clear();
    is_heard = was_heard; /* hooks of a host's own hear nothing of the end */
}

static int on_run_file(PyObject *args)
{
    armed_start start = armed;
    memset(&armed, 0, sizeof armed);
    wait_for_start(&start);
    PyObject *module = PyImport_AddModule("__main__");
    const char *reason = module == NULL
                             ? "main-in-use"
                             : reason_to_stand_aside(&start, args, PyModule_GetDict(module));
    PyErr_Clear();
    log_start(&start, reason);
    PyErr_Clear();
    if (reason != NULL)
        raise_interrupt();
    int status = reason == NULL ? take_over(&start, module) : 0;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    drop_start(&start);
    PyErr_Restore(type, value, traceback);
    return status;
}

static int would_run_program(const char *event)
{
    return strcmp(event, "os.exec") == 0 ||
           (strncmp(event, "cpython.run_", 12) == 0 && strcmp(event, "cpython.run_file") != 0);
}

static int on_audit(const char *event, PyObject *args, void *Py_UNUSED(data))
{
    if (strcmp(event, "sys.addaudithook") == 0)
        is_heard = 1;
    if (is_armed && armed.pause != NULL && would_run_program(event))
        _exit(
            1); /* a host that does not come to its pause is not a start that somebody asked for */
    if (is_starting || (!is_armed && !is_interrupted) || strncmp(event, "cpython.run_", 12) != 0)
        return 0;
    /* The hook hears every interpreter of the process; what is armed belongs to the main one. */
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0)
        return 0;
    if (!is_armed || strcmp(event, "cpython.run_file") != 0) {
        raise_interrupt();
        return 0;
    }
    is_armed = 0;
    is_starting = 1;
    int status = on_run_file(args);
    is_starting = 0;
    return status;
}

/* ---- arming ------------------------------------------------------------------------------- */

static PyObject *attribute_of(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *value = module == NULL ? NULL : PyObject_GetAttrString(module, name);
    Py_XDECREF(module);
    return value;
}

static void take_optional(PyObject **value)
{
    if (*value == Py_None)
        *value = NULL;
    Py_XINCREF(*value);
}

static int fill_start(armed_start *start, PyObject *args)
{
    memset(start, 0, sizeof *start);
    if (!PyArg_ParseTuple(args, "UOO!OSOO:arm", &start->filename, &start->code, &PyTuple_Type,
                          &start->warnings, &start->log, &start->signature, &start->pause,
                          &start->finish)) {
        memset(start, 0, sizeof *start);
        return -1;
    }
    take_optional(&start->log);
    take_optional(&start->pause);
    take_optional(&start->finish);
    Py_INCREF(start->filename);
    Py_INCREF(start->warnings);
    Py_INCREF(start->signature);
    Py_INCREF(start->code);
    start->audit = attribute_of("sys", "audit");
    start->exec = attribute_of("builtins", "exec");
    start->warn_explicit = attribute_of("_warnings", "warn_explicit");
    start->loader_type = attribute_of("_frozen_importlib_external", "SourceFileLoader");
    if (start->audit && start->exec && start->warn_explicit && start->loader_type)
        return 0;
    drop_start(start);
    return -1;
}

static int add_hook_once(void)
{
    if (is_hooked)
        return 0;
    if (PySys_AddAuditHook == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this interpreter has no PySys_AddAuditHook");
        return -1;
    }
    if (PySys_AddAuditHook(on_audit, NULL) < 0)
        return -1;
    is_hooked = 1;
    return 0;
}

PyObject *arm(PyObject *Py_UNUSED(module), PyObject *args)
{
    armed_start start;
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_RuntimeError, "not the main interpreter");
        return NULL;
    }
    if (fill_start(&start, args) < 0)
        return NULL;
    if (add_hook_once() < 0) {
        drop_start(&start);
        return NULL;
    }
    drop_start(&armed);
    armed = start;
    is_armed = 1;
    Py_RETURN_NONE;
}

PyObject *hand_on_interrupt(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    if (add_hook_once() < 0)
        return NULL;
    is_interrupted = 1;
    Py_RETURN_NONE;
}
