/* Starts cached code where CPython would have compiled the script.
 *
 * CPython raises the audit event `cpython.run_file` right before it opens the main script
 * (Modules/main.c, pymain_run_file_obj).  A hook on it finds argv, sys.path and __main__ just as
 * the script will see them, and no Python frame below.  When a start is armed for that very file,
 * the hook does what _PyRun_SimpleFileObject (Python/pythonrun.c) does after compiling, and then
 * raises SystemExit with the status that function would have led to: pymain_exit_err_print takes
 * that for the program's end.  In every other case it returns 0 and CPython goes on by itself.
 */

#include "native.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Exported by every CPython since 3.8, though not part of the stable ABI: weak, so that an
 * interpreter without it is left alone instead of failing to load this module. */
typedef int (*audit_function)(const char *, PyObject *, void *);
extern int PySys_AddAuditHook(audit_function, void *) __attribute__((weak));

/* What the next `cpython.run_file` is to start.  One per process: only the main interpreter runs a
 * main script, and it runs one. */
typedef struct {
    PyObject *filename;      /* str: the path CPython will announce */
    PyObject *code;          /* code object */
    PyObject *warnings;      /* tuple of (category, text, line): given while it was compiled */
    PyObject *log;           /* tuple, see write_log, or NULL */
    PyObject *audit;         /* sys.audit */
    PyObject *exec;          /* builtins.exec */
    PyObject *warn_explicit; /* _warnings.warn_explicit */
    PyObject *loader_type;   /* SourceFileLoader */
    PyObject *signature; /* bytes: the script's stat, as entry.py packs it, when it was looked at */
    PyObject *pause;     /* what is called before anything else is done, or NULL */
    PyObject *finish;    /* what is called with the exit status when the code has ended, or NULL */
} armed_start;

static armed_start armed;
static int is_armed = 0;
static int is_hooked = 0;
static int is_starting = 0;    /* the event is being dispatched again */
static int is_interrupted = 0; /* SIGINT came while the start was being arranged */
static int is_heard = 0;       /* an audit hook was added, which is told of the full end */

static void drop_start(armed_start *start)
{
    Py_CLEAR(start->filename);
    Py_CLEAR(start->code);
    Py_CLEAR(start->warnings);
    Py_CLEAR(start->log);
    Py_CLEAR(start->audit);
    Py_CLEAR(start->exec);
    Py_CLEAR(start->warn_explicit);
    Py_CLEAR(start->loader_type);
    Py_CLEAR(start->signature);
    Py_CLEAR(start->pause);
    Py_CLEAR(start->finish);
}

/* ---- what _PyRun_SimpleFileObject does around the code ------------------------------------- */

static void flush_stream(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    if (stream == NULL)
        return;
    Py_INCREF(stream);
    PyObject *result = PyObject_CallMethod(stream, "flush", NULL);
    if (result == NULL)
        PyErr_Clear();
    Py_XDECREF(result);
    Py_DECREF(stream);
}

static void flush_streams(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    flush_stream("stderr");
    flush_stream("stdout");
    PyErr_Restore(type, value, traceback);
}

/* CPython up to 3.13 notes an unhandled KeyboardInterrupt where it runs code, in a variable that no
 * API reaches; Py_RunMain then ends the process by SIGINT.  Code given as text to exec() runs
 * through the same place, and so leaves the same note. */
static void note_interrupt(const armed_start *start)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (type == PyExc_KeyboardInterrupt) {
        PyObject *namespace = PyDict_New();
        PyObject *result =
            namespace == NULL
                ? NULL
                : PyObject_CallFunction(start->exec, "sO", "raise KeyboardInterrupt", namespace);
        Py_XDECREF(result);
        Py_XDECREF(namespace);
        PyErr_Clear();
    }
    PyErr_Restore(type, value, traceback);
}

static int set_loader(const armed_start *start, PyObject *namespace)
{
    PyObject *loader = PyObject_CallFunction(start->loader_type, "sO", "__main__", start->filename);
    if (loader == NULL)
        return -1;
    int status = PyDict_SetItemString(namespace, "__loader__", loader);
    Py_DECREF(loader);
    return status;
}

/* 3.15 has no __cached__ any more. */
static int has_cached_name(void) { return Py_Version < 0x030F0000; }

static int set_file_names(const armed_start *start, PyObject *namespace)
{
    if (PyDict_SetItemString(namespace, "__file__", start->filename) < 0)
        return -1;
    if (has_cached_name() && PyDict_SetItemString(namespace, "__cached__", Py_None) < 0)
        return -1;
    return set_loader(start, namespace);
}

static void delete_name(PyObject *namespace, const char *name)
{
    if (PyDict_DelItemString(namespace, name) < 0)
        PyErr_Clear();
}

static void delete_file_names(PyObject *namespace)
{
    delete_name(namespace, "__file__");
    if (has_cached_name())
        delete_name(namespace, "__cached__");
}

/* gh-152132: since then CPython takes the names away before it prints an exception, and prints it,
 * or ends on SystemExit, in the caller of what is done here. */
static int leaves_exceptions_to_caller(void)
{
    return Py_Version >= 0x030F0000 || (Py_Version >= 0x030E0700 && Py_Version < 0x030F0000) ||
           (Py_Version >= 0x030D0F00 && Py_Version < 0x030E0000);
}

static int audit_open(const armed_start *start)
{
    PyObject *result =
        PyObject_CallFunction(start->audit, "sOsi", "open", start->filename, "rb", 0);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static int audit(const armed_start *start, const char *event, PyObject *argument)
{
    PyObject *result = PyObject_CallFunction(start->audit, "sO", event, argument);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static int give_warning(const armed_start *start, PyObject *warning)
{
    PyObject *category, *text, *line;
    if (!PyArg_ParseTuple(warning, "OOO", &category, &text, &line))
        return -1;
    /* Since 3.15 the compiler names the module as well; before, naming any would silence the
     * warning. */
    PyObject *result = Py_Version >= 0x030F0000
                           ? PyObject_CallFunction(start->warn_explicit, "OOOOs", text, category,
                                                   start->filename, line, "__main__")
                           : PyObject_CallFunction(start->warn_explicit, "OOOO", text, category,
                                                   start->filename, line);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static int give_warnings(const armed_start *start)
{
    for (Py_ssize_t i = 0; i < PyTuple_Size(start->warnings); i++) {
        if (give_warning(start, PyTuple_GetItem(start->warnings, i)) < 0)
            return -1;
    }
    return 0;
}

static PyObject *evaluate(const armed_start *start, PyObject *namespace)
{
    if (give_warnings(start) < 0 || audit(start, "exec", start->code) < 0)
        return NULL;
    if (PyDict_GetItemString(namespace, "__builtins__") == NULL &&
        PyDict_SetItemString(namespace, "__builtins__", PyEval_GetBuiltins()) < 0)
        return NULL;
    PyObject *result = PyEval_EvalCode(start->code, namespace, namespace);
    if (result == NULL)
        note_interrupt(start);
    return result;
}

static void keep_error_and_delete_names(PyObject *namespace)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    delete_file_names(namespace);
    PyErr_Restore(type, value, traceback);
}

/* End as a failed start does.  PyErr_Print does not return on SystemExit: it ends the process. */
static void end_after_exception(PyObject *namespace)
{
    if (leaves_exceptions_to_caller()) {
        keep_error_and_delete_names(namespace);
        return;
    }
    PyErr_Print();
    delete_file_names(namespace);
}

/* The exit status that the program ends with, or None where CPython is to find out and to tell of
 * it: an exception, an interrupt, a SystemExit with words. */
static PyObject *find_status(int failed)
{
    PyObject *type, *value, *traceback;
    if (!failed)
        return PyLong_FromLong(0);
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *code = NULL;
    if (value != NULL && PyErr_GivenExceptionMatches(type, PyExc_SystemExit))
        code = PyObject_GetAttrString(value, "code");
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    if (code == Py_None) {
        Py_DECREF(code);
        return PyLong_FromLong(0);
    }
    if (code != NULL && PyLong_Check(code))
        return code;
    Py_XDECREF(code);
    Py_RETURN_NONE;
}

static void delete_names_in_time(PyObject *namespace, int failed)
{
    if (!failed || leaves_exceptions_to_caller())
        delete_file_names(namespace);
}

/* Call what waits for the end of the code, where all is as Py_FinalizeEx finds it: nothing is left
 * of a SystemExit but its status.  It may end the process. */
static void finish_with(PyObject *finish, PyObject *status, PyObject *namespace, int failed)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (status != Py_None)
        delete_names_in_time(namespace, failed);
    if (status != Py_None && failed) {
        fflush(stdout);
        Py_CLEAR(type);
        Py_CLEAR(value);
        Py_CLEAR(traceback);
        type = Py_NewRef(PyExc_SystemExit);
        value = Py_NewRef(status);
    }
    PyObject *result = PyObject_CallFunctionObjArgs(finish, is_heard ? Py_None : status, NULL);
    Py_XDECREF(result);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

static void finish_code(PyObject *finish, PyObject *namespace, int failed)
{
    PyObject *status = find_status(failed);
    if (status != NULL)
        finish_with(finish, status, namespace, failed);
    Py_XDECREF(status);
}

/* Run the code, and leave the exception set that makes pymain_exit_err_print end the program with
 * the status that the start has.  As in CPython, nothing here refers to the module, nor to its
 * code, when an exception is printed: on SystemExit that is the end of the process, and what the
 * module holds goes then. */
static void run_code(armed_start *start, PyObject *module)
{
    PyObject *namespace = PyModule_GetDict(module);
    PyObject *result = evaluate(start, namespace);
    int failed = result == NULL;
    Py_XDECREF(result);
    flush_streams();
    if (failed && !leaves_exceptions_to_caller() && PyErr_ExceptionMatches(PyExc_SystemExit))
        Py_CLEAR(module);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *finish = start->finish;
    start->finish = NULL;
    drop_start(start);
    PyErr_Restore(type, value, traceback);
    /* kept for good: what it is of would be garbage in the statistics that a program may ask for */
    if (finish != NULL)
        finish_code(finish, namespace, failed);
    if (failed)
        end_after_exception(namespace);
    else
        delete_file_names(namespace);
    PyErr_Fetch(&type, &value, &traceback);
    Py_XDECREF(module);
    PyErr_Restore(type, value, traceback);
    if (PyErr_Occurred())
        return;
    PyObject *status = PyLong_FromLong(failed);
    if (status != NULL)
        PyErr_SetObject(PyExc_SystemExit, status);
    Py_XDECREF(status);
}

/* ---- whether to take over, and what to leave to CPython ------------------------------------- */

static int filter_raises(PyObject *filter)
{
    PyObject *action = PySequence_GetItem(filter, 0);
    int raises = action != NULL && PyUnicode_Check(action) &&
                 PyUnicode_CompareWithASCIIString(action, "error") == 0;
    Py_XDECREF(action);
    return raises;
}

/* A filter that turns a warning into an error makes CPython report a SyntaxError with the line,
 * after the warnings before it: only a real compile does that. */
static int warnings_could_raise(void)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = PyDict_GetItemString(modules, "warnings");
    if (module == NULL)
        module = PyDict_GetItemString(modules, "_warnings");
    PyObject *filters = module == NULL ? NULL : PyObject_GetAttrString(module, "filters");
    int raises = filters == NULL || !PyList_Check(filters);
    for (Py_ssize_t i = 0; !raises && i < PyList_Size(filters); i++)
        raises = filter_raises(PyList_GetItem(filters, i));
    Py_XDECREF(filters);
    PyErr_Clear();
    return raises;
}

#ifdef __APPLE__
#define NANOSECONDS(status, which)                                                                 \
    ((status).st_##which##timespec.tv_sec * 1000000000LL + (status).st_##which##timespec.tv_nsec)
#else
#define NANOSECONDS(status, which)                                                                 \
    ((status).st_##which##tim.tv_sec * 1000000000LL + (status).st_##which##tim.tv_nsec)
#endif

/* Whether the script's stat is not what it was at the look: what `site` ran since may have changed
 * it. */
static int has_changed(const armed_start *start)
{
    PyObject *path = NULL;
    struct stat status;
    int failed = !PyUnicode_FSConverter(start->filename, &path) ||
                 stat(PyBytes_AsString(path), &status) != 0;
    Py_XDECREF(path);
    if (failed)
        return 1;
    uint64_t now[] = {(uint64_t)status.st_size, (uint64_t)NANOSECONDS(status, m),
                      (uint64_t)NANOSECONDS(status, c), (uint64_t)status.st_ino,
                      (uint64_t)status.st_dev};
    const unsigned char *then = (const unsigned char *)PyBytes_AsString(start->signature);
    if (PyBytes_Size(start->signature) != sizeof now)
        return 1;
    for (size_t i = 0; i < sizeof now; i++) {
        if (then[i] != (unsigned char)(now[i / 8] >> (8 * (i % 8))))
            return 1;
    }
    return 0;
}

static const char *reason_to_stand_aside(const armed_start *start, PyObject *args,
                                         PyObject *namespace)
{
    PyObject *announced = PyTuple_Size(args) == 1 ? PyTuple_GetItem(args, 0) : NULL;
    if (announced == NULL || !PyUnicode_Check(announced) ||
        PyUnicode_Compare(announced, start->filename) != 0)
        return "moved";
    if (PyDict_GetItemString(namespace, "__file__") != NULL)
        return "main-in-use";
    if (has_changed(start))
        return "changing";
    if (PyTuple_Size(start->warnings) > 0 && warnings_could_raise())
        return "warnings-as-errors";
    return NULL;
}

static long long read_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The line that startlog.py describes.  It is not left to Python code: that would still be there
 * when the program looks around.  The log is (descriptor, whether it is to be closed, program,
 * outcome if the code is started, verdict to go before a reason if it is not, when the start began
 * by CLOCK_MONOTONIC). */
static void write_log(const armed_start *start, const char *reason)
{
    int descriptor, is_own;
    const char *program, *outcome, *verdict;
    long long began;
    if (start->log == NULL || !PyArg_ParseTuple(start->log, "ipyyyL", &descriptor, &is_own,
                                                &program, &outcome, &verdict, &began))
        return;
    char milliseconds[32];
    snprintf(milliseconds, sizeof milliseconds, "%.3f", (double)(read_clock() - began) / 1e6);
    PyObject *line = reason == NULL
                         ? PyBytes_FromFormat("%s\t%s\t%s\n", program, outcome, milliseconds)
                         : PyBytes_FromFormat("%s\t%s%s%s\t%s\n", program, verdict,
                                              *verdict ? " " : "", reason, milliseconds);
    if (line != NULL)
        write_bytes(descriptor, line);
    Py_XDECREF(line);
    if (is_own)
        close(descriptor);
}

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

/* A host waits here: it returns in the children, each of which is a start, with the signals that
 * are to be blocked, bit N - 1 for number N. */
static void wait_for_start(const armed_start *start)
{
    if (start->pause == NULL)
        return;
    int was_heard = is_heard;
    PyObject *result = PyObject_CallFunctionObjArgs(start->pause, NULL);
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
    write_log(&start, reason);
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

static int on_audit(const char *event, PyObject *args, void *Py_UNUSED(data))
{
    if (strcmp(event, "sys.addaudithook") == 0)
        is_heard = 1;
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
