/* What stands against a quick end in how the interpreter is set, and in what runs beside it. */
#include "finish.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What was loaded for us alone: a host keeps it, so that no child has to look for it. */
static struct {
    const char *name;
    PyObject *module;
} kept[] = {{"atexit", NULL}, {"gc", NULL}};

static PyObject **find_kept(const char *name)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (strcmp(kept[i].name, name) == 0)
            return &kept[i].module;
    }
    return NULL;
}

/* A module that is part of the interpreter, as it is; if the program has not got it, it does not
 * get it now. */
PyObject *load_builtin(const char *name)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = PyDict_GetItemString(modules, name);
    PyObject **place = find_kept(name);
    if (module == NULL && place != NULL)
        module = *place;
    if (module != NULL)
        return Py_NewRef(module);
    module = PyImport_ImportModule(name);
    if (module != NULL && PyDict_DelItemString(modules, name) < 0)
        PyErr_Clear();
    if (module != NULL && place != NULL)
        *place = Py_NewRef(module);
    return module;
}

/* Calls sys.NAME(); a failure counts as an answer that is not None. */
static int is_unset(const char *name)
{
    PyObject *function = PySys_GetObject(name);
    PyObject *value = function == NULL ? NULL : PyObject_CallNoArgs(function);
    int is_none = value == Py_None || (value == NULL && function == NULL);
    Py_XDECREF(value);
    PyErr_Clear();
    return is_none;
}

static int has_monitor(void)
{
    PyObject *monitoring = PySys_GetObject("monitoring"); /* since 3.12 */
    int found = 0;
    for (int tool = 0; monitoring != NULL && !found && tool < 6; tool++) {
        PyObject *name = PyObject_CallMethod(monitoring, "get_tool", "i", tool);
        found = name != Py_None;
        Py_XDECREF(name);
    }
    PyErr_Clear();
    return found;
}

static int is_true(PyObject *value)
{
    int truth = value != NULL && PyObject_IsTrue(value) != 0;
    Py_XDECREF(value);
    PyErr_Clear();
    return truth;
}

/* Functions for perf are written to a file of their own when all is taken apart. */
static int has_trampoline(void)
{
    PyObject *function = PySys_GetObject("is_stack_trampoline_active"); /* since 3.12 */
    return function != NULL && is_true(PyObject_CallNoArgs(function));
}

/* PyGC_Collect reports, and calls back. */
static int has_collector_hooks(void)
{
    PyObject *gc = load_builtin("gc");
    if (gc == NULL)
        return 1;
    int found = is_true(get_attribute(gc, "callbacks")) || is_true(call_method(gc, "get_debug"));
    Py_DECREF(gc);
    return found;
}

/* Whether others than the main one are alive, as the module *name* tells if the program loaded it.
 */
static int has_others(const char *name)
{
    PyObject *module = PyDict_GetItemString(PyImport_GetModuleDict(), name);
    if (module == NULL)
        return 0;
    PyObject *all = call_method(module, "list_all");
    int is_alone = all != NULL && PyList_Check(all) && PyList_Size(all) == 1;
    Py_XDECREF(all);
    PyErr_Clear();
    return !is_alone;
}

static int has_subinterpreters(void)
{
    return has_others("_xxsubinterpreters") ||
           has_others("_interpreters"); /* the latter since 3.13 */
}

static int is_in_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != 0;
}

/* What is to be asked before anything is done.  PYTHONINSPECT is looked at after the script: a
 * prompt is to come, and the end after it. */
obstacle find_setting(void)
{
    if (is_in_environment("PYTHONINSPECT"))
        return "interactive";
    if (is_in_environment("PYTHONMALLOCSTATS") || is_in_environment("PYTHONDUMPREFS"))
        return "observed";
    if (!is_unset("gettrace") || !is_unset("getprofile") || has_monitor())
        return "traced";
    if (has_trampoline())
        return "observed";
    /* what looking leaves behind would show */
    if (PyDict_GetItemString(PyImport_GetModuleDict(), "gc") != NULL && has_collector_hooks())
        return "collector";
    return has_subinterpreters() ? "subinterpreters" : NULL;
}

/* ---- warnings ------------------------------------------------------------------------------- */

static int is_about(PyObject *filter)
{
    PyObject *category = PyTuple_GetItem(filter, 2);
    return category != NULL && PyType_Check(category) &&
           PyType_IsSubtype((PyTypeObject *)PyExc_ResourceWarning, (PyTypeObject *)category);
}

/* -1: says nothing of a ResourceWarning; else whether it ignores every one of them. */
static int judge_filter(PyObject *filter)
{
    if (!PyTuple_Check(filter) || PyTuple_Size(filter) != 5)
        return 0;
    if (!is_about(filter))
        return -1;
    PyObject *action = PyTuple_GetItem(filter, 0);
    if (!PyUnicode_Check(action) || PyUnicode_CompareWithASCIIString(action, "ignore") != 0)
        return 0;
    int is_for_all = PyTuple_GetItem(filter, 1) == Py_None && PyTuple_GetItem(filter, 3) == Py_None;
    return is_for_all ? 1 : -1;
}

static int ignores_resources(PyObject *filters)
{
    for (Py_ssize_t i = 0; PyList_Check(filters) && i < PyList_Size(filters); i++) {
        int judgement = judge_filter(PyList_GetItem(filters, i));
        if (judgement >= 0)
            return judgement;
    }
    return 0;
}

/* What is left open is warned of, if only such warnings are not ignored. */
static int warns_of_resources(void)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *module = PyDict_GetItemString(modules, "warnings");
    PyObject *own = module == NULL ? load_builtin("_warnings") : Py_NewRef(module);
    PyObject *filters = own == NULL ? NULL : get_attribute(own, "filters");
    int ignored = filters != NULL && ignores_resources(filters);
    Py_XDECREF(filters);
    Py_XDECREF(own);
    PyErr_Clear();
    return !ignored;
}

/* ---- threads --------------------------------------------------------------------------------- */

#ifdef __linux__
extern char __libc_single_threaded __attribute__((weak)); /* glibc, since 2.32 */

static int is_alone(void)
{
    struct stat status;
    if (&__libc_single_threaded != NULL && __libc_single_threaded)
        return 1;
    return stat("/proc/self/task", &status) == 0 && status.st_nlink == 3;
}

/* A thread that is left would be stopped where it next asks for the interpreter; one of C's might
 * wait for that in vain while exit() waits for it.  One that was joined has left the interpreter,
 * and is about to leave the process. */
static int has_threads(void)
{
    const struct timespec moment = {0, 50000};
    for (int turn = 0; !is_alone(); turn++) {
        if (turn == 40)
            return 1;
        nanosleep(&moment, NULL);
    }
    return 0;
}
#else
static int has_threads(void) { return 1; }
#endif

obstacle find_state(void)
{
    if (has_threads())
        return "threads";
    if (warns_of_resources())
        return "warnings";
    if (has_collector_hooks())
        return "collector";
    return has_listening_library() ? "library" : NULL;
}
