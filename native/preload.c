/*
 * Brings the hook into an interpreter that heeds no PYTHONPATH (-E, -I): the launcher has the
 * loader put this library into it (native/launcher/environment.c). Before the interpreter comes up,
 * this takes itself out of the environment again, and has an audit hook wait for the import of
 * sitecustomize: then the hook's folder comes first on sys.path, as PYTHONPATH would have put it.
 * Python's own reading of options and environment is left alone.
 *
 * No exported name, and of libc only what every version of it has: whatever the interpreter is
 * linked against, this fits.
 */
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PRELOAD "LD_PRELOAD="
#define LIBRARY "/_preload.abi3.so"
#define HOST "MAINSPRING_WARM=host:"
/* What the launcher has put in the place of the `/` with which a host's script begins. */
#define HELD_BACK '\1'

/* Weak: in what is no Python, or an old one, there is nothing to do. */
typedef int (*audit_function)(const char *, PyObject *, void *);
extern int PySys_AddAuditHook(audit_function, void *) __attribute__((weak));
#pragma weak PyErr_Clear
#pragma weak PyList_Insert
#pragma weak PySys_GetObject
#pragma weak PyTuple_GetItem
#pragma weak PyBytes_AsString
#pragma weak PyUnicode_AsUTF8String
#pragma weak PyUnicode_DecodeFSDefault
#pragma weak Py_DecRef

static char folder[PATH_MAX]; /* of the hook */
static bool has_come;

static char **find_variable(char **environment, const char *start)
{
    while (*environment != NULL && strncmp(*environment, start, strlen(start)) != 0)
        environment++;
    return environment;
}

/* Nothing stood before this library: the variable was not set. */
static void take_away(char **variable)
{
    for (; *variable != NULL; variable++)
        variable[0] = variable[1];
}

/* The value becomes what it was: what is before this library and a colon. */
static bool leave_environment(char **environment)
{
    char **variable = find_variable(environment, PRELOAD);
    if (*variable == NULL)
        return false;
    char *value = *variable + strlen(PRELOAD);
    char *colon = strrchr(value, ':');
    char *own = colon == NULL ? value : colon + 1;
    ptrdiff_t length = (ptrdiff_t)strlen(own) - (ptrdiff_t)strlen(LIBRARY);
    if (length <= 0 || length >= PATH_MAX || strcmp(own + length, LIBRARY) != 0)
        return false;
    memmove(folder, own, (size_t)length);
    if (colon == NULL)
        take_away(variable);
    else
        *colon = '\0';
    return true;
}

static void put_first(void)
{
    PyObject *path = PySys_GetObject("path");
    PyObject *entry = PyUnicode_DecodeFSDefault(folder);
    if (path == NULL || entry == NULL || PyList_Insert(path, 0, entry) < 0)
        PyErr_Clear();
    Py_DecRef(entry);
}

/* Anybody may raise events, with whatever they like. */
static bool names_hook(PyObject *arguments)
{
    PyObject *name = PyTuple_GetItem(arguments, 0);
    if (name == NULL)
        PyErr_Clear();
    /* not PyUnicode_Check, which knows where a type is: that is another place without the GIL */
    PyObject *text = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
    bool is_hook = text != NULL && strcmp(PyBytes_AsString(text), "sitecustomize") == 0;
    if (text == NULL)
        PyErr_Clear();
    else
        Py_DecRef(text);
    return is_hook;
}

static int hear(const char *event, PyObject *arguments, void *unused)
{
    (void)unused;
    if (has_come || strcmp(event, "import") != 0 || !names_hook(arguments))
        return 0;
    has_come = true;
    put_first();
    return 0;
}

/* A host whose hook is not reached would run the program, which nobody has asked for: with this it
 * finds no script instead. */
static void release_script(char *script)
{
    if (script != NULL && script[0] == HELD_BACK)
        script[0] = '/';
}

/* An old Python has no hook that would take them away. */
static void forget_wishes(char **environment)
{
    static const char *const names[] = {"MAINSPRING_START=", "MAINSPRING_WARM="};
    for (int i = 0; i < 2; i++) {
        take_away(find_variable(environment, names[i]));
    }
}

/* The loader hands over what main will get. */
__attribute__((constructor)) static void arrive(int count, char **arguments, char **environment)
{
    if (!leave_environment(environment))
        return;
    if (PySys_AddAuditHook == NULL) {
        forget_wishes(environment);
        return;
    }
    if (PySys_AddAuditHook(hear, NULL) != 0)
        return;
    if (count > 0 && *find_variable(environment, HOST) != NULL)
        release_script(arguments[count - 1]);
}
