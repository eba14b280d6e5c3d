/* Of CPython's own types, and its standard library's, it is known how their objects end. */
#include "finish.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *attribute; /* the object has nothing left to do if this is None or True */
    sight sight;
} known_type;

/* Whose tp_finalize it is. */
static const known_type FINALIZED[] = {
    {"_io._IOBase", NULL, STREAM},           {"builtins.generator", NULL, GENERATOR},
    {"builtins.coroutine", NULL, COROUTINE}, {"builtins.async_generator", NULL, COROUTINE},
    {"_socket.socket", NULL, HIDDEN},        /* a ResourceWarning, and the kernel closes it, too */
    {"posix.ScandirIterator", NULL, HIDDEN}, /* the same */
    {"_asyncio.Future", NULL, FUTURE},       {"_asyncio.Task", NULL, FUTURE},
    {"sqlite3.Connection", NULL, DATABASE},
};

/* Whose tp_dealloc it is. */
static const known_type DEALLOCATED[] = {
    {"builtins.weakref", NULL, REFERENCE},
    {"weakref.ReferenceType", NULL, REFERENCE},
    {"builtins.weakproxy", NULL, PROXY},
    {"builtins.weakcallableproxy", NULL, PROXY},
    {"weakref.ProxyType", NULL, PROXY},
    {"weakref.CallableProxyType", NULL, PROXY},
    {"builtins.PyCapsule", NULL, CAPSULE},
    {"sqlite3.Connection", NULL, DATABASE},
    {"_dbm.dbm", NULL, SEEN},
    {"_gdbm.gdbm", NULL, SEEN},
    {"_tkinter.tkapp", NULL, SEEN},
    {"_curses.window", NULL, SEEN},
};

/* A __del__ of the standard library, and the attribute that tells that it has nothing to do: it is
 * None, or True.  Without one it never does anything that shows. */
static const known_type FINALIZERS[] = {
    {"subprocess.Popen.__del__", NULL, HIDDEN}, /* a ResourceWarning; takes up an ended child */
    {"multiprocessing.connection._ConnectionBase.__del__", NULL, HIDDEN}, /* closes */
    {"threading._DeleteDummyThreadOnDel.__del__", NULL, HIDDEN},
    {"asyncio.base_events.BaseEventLoop.__del__", "_closed", FINALIZER},
    {"asyncio.base_subprocess.BaseSubprocessTransport.__del__", "_closed", FINALIZER},
    {"asyncio.selector_events._SelectorTransport.__del__", "_sock", FINALIZER},
    {"asyncio.unix_events._UnixReadPipeTransport.__del__", "_pipe", FINALIZER},
    {"asyncio.unix_events._UnixWritePipeTransport.__del__", "_pipe", FINALIZER},
    {"multiprocessing.resource_tracker.ResourceTracker.__del__", "_fd", FINALIZER},
    {"tempfile._TemporaryFileCloser.__del__", "close_called", FINALIZER},
    {"gzip.GzipFile.__del__", "closed", FINALIZER},
    {"zipfile.ZipFile.__del__", "fp", FINALIZER},
};

static const known_type *find_name(const known_type *table, size_t size, const char *name)
{
    for (size_t i = 0; i < size; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

#define FIND_NAME(table, name) find_name(table, sizeof(table) / sizeof *(table), name)

/* "MODULE.OWN", of objects that are given up here; either may be missing. */
static int join_names(PyObject *module, PyObject *own, char *name, size_t size)
{
    PyObject *both = module && own ? PyUnicode_FromFormat("%S.%S", module, own) : NULL;
    PyObject *bytes = both == NULL ? NULL : PyUnicode_AsUTF8String(both);
    const char *text = bytes == NULL ? NULL : PyBytes_AsString(bytes);
    int is_named = text != NULL && strlen(text) < size;
    if (is_named)
        memcpy(name, text, strlen(text) + 1);
    Py_XDECREF(bytes);
    Py_XDECREF(both);
    Py_XDECREF(own);
    Py_XDECREF(module);
    PyErr_Clear();
    return is_named;
}

static int name_type(PyTypeObject *type, char *name, size_t size)
{
    PyObject *module = get_attribute((PyObject *)type, "__module__");
    return join_names(module, PyType_GetQualName(type), name, size);
}

static int name_finalizer(PyTypeObject *type, char *name, size_t size)
{
    PyObject *function = get_attribute((PyObject *)type, "__del__");
    PyObject *module = function ? get_attribute(function, "__module__") : NULL;
    PyObject *own = function ? get_attribute(function, "__qualname__") : NULL;
    Py_XDECREF(function);
    return join_names(module, own, name, size);
}

sight look_up_finalized(PyTypeObject *type)
{
    char name[128];
    const known_type *known =
        name_type(type, name, sizeof name) ? FIND_NAME(FINALIZED, name) : NULL;
    return known == NULL ? SEEN : known->sight;
}

sight look_up_deallocated(PyTypeObject *type)
{
    char name[128];
    if (!name_type(type, name, sizeof name))
        return SEEN;
    const known_type *known = FIND_NAME(DEALLOCATED, name);
    return known == NULL ? HIDDEN : known->sight;
}

sight look_up_finalizer(PyTypeObject *type, const char **attribute)
{
    char name[128];
    const known_type *known =
        name_finalizer(type, name, sizeof name) ? FIND_NAME(FINALIZERS, name) : NULL;
    *attribute = known == NULL ? NULL : known->attribute;
    return known == NULL ? SEEN : known->sight;
}
