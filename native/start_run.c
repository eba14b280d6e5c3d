/* Runs the code of a script with all that _PyRun_SimpleFileObject (Python/pythonrun.c) does around
 * it, and ends as it does: by version, with the exception printed, or left for the caller.
 */
#include "start.h"

#include <stdio.h>

/* In a host's children it is left where it is: letting go would copy the pages that it is on. */
void drop_start(armed_start *start)
{
    if (start->pause != NULL)
        return;
    Py_CLEAR(start->filename);
    Py_CLEAR(start->code);
    Py_CLEAR(start->warnings);
    Py_CLEAR(start->log);
    Py_CLEAR(start->audit);
    Py_CLEAR(start->exec);
    Py_CLEAR(start->warn_explicit);
    Py_CLEAR(start->loader_type);
    Py_CLEAR(start->signature);
    Py_CLEAR(start->finish);
}

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

int set_file_names(const armed_start *start, PyObject *namespace)
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

int audit_open(const armed_start *start)
{
    PyObject *result =
        PyObject_CallFunction(start->audit, "sOsi", "open", start->filename, "rb", 0);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

int audit(const armed_start *start, const char *event, PyObject *argument)
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
    PyObject *result =
        PyObject_CallFunctionObjArgs(finish, has_listener() ? Py_None : status, NULL);
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
void run_code(armed_start *start, PyObject *module)
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
