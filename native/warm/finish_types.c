/* How the objects of a type end is known from what CPython calls for it: tp_finalize, tp_dealloc.
 *
 * A class made by Python code ends unseen unless it has a __del__, or a base made by C code that
 * does not.  Of C code, CPython's own and its standard library's is known: what is not in a table
 * here ends unseen if it has no tp_finalize.  Other C code is not known: its objects are seen,
 * unless a host made them while it imported ahead, which was watched for effects.
 */
#include "finish.h"

#include <stdlib.h>
#include <string.h>

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

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

static type_row *rows;
static size_t capacity, count;
static int is_for_host;
static destructor class_dealloc; /* subtype_dealloc, which every class of Python code has */

/* ---- the table ---------------------------------------------------------------------------- */

static type_row *find_row(type_row *table, size_t size, const void *key)
{
    size_t at = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u;
    for (at ^= at >> 32;; at++) {
        type_row *row = &table[at & (size - 1)];
        if (row->key == key || row->key == NULL)
            return row;
    }
}

static int grow(void)
{
    size_t size = capacity == 0 ? 1024 : capacity * 2;
    type_row *table = calloc(size, sizeof *table);
    if (table == NULL)
        return -1;
    for (size_t i = 0; i < capacity; i++) {
        if (rows[i].key != NULL)
            *find_row(table, size, rows[i].key) = rows[i];
    }
    free(rows);
    rows = table;
    capacity = size;
    return 0;
}

/* ---- names --------------------------------------------------------------------------------- */

static int name_type(PyTypeObject *type, char *name, size_t size)
{
    PyObject *module = PyObject_GetAttrString((PyObject *)type, "__module__");
    PyObject *own = PyType_GetQualName(type);
    PyObject *both = module && own ? PyUnicode_FromFormat("%S.%U", module, own) : NULL;
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
    return is_named ? 0 : -1;
}

static const known_type *find_name(const known_type *table, size_t size, const char *name)
{
    for (size_t i = 0; i < size; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

#define FIND_NAME(table, name) find_name(table, sizeof(table) / sizeof *(table), name)

/* ---- judging ------------------------------------------------------------------------------- */

static PyTypeObject *base_of(PyTypeObject *type) { return PyType_GetSlot(type, Py_tp_base); }

static void *finalizer_of(PyTypeObject *type)
{
    void *finalize = PyType_GetSlot(type, Py_tp_finalize);
    return finalize != NULL ? finalize : PyType_GetSlot(type, Py_tp_del);
}

/* The __del__ of a class, if it is a function of Python's. */
static int judge_python_finalizer(PyTypeObject *type, type_row *row)
{
    PyObject *function = PyObject_GetAttrString((PyObject *)type, "__del__");
    PyObject *module = function ? PyObject_GetAttrString(function, "__module__") : NULL;
    PyObject *name = function ? PyObject_GetAttrString(function, "__qualname__") : NULL;
    PyObject *both = module && name ? PyUnicode_FromFormat("%S.%S", module, name) : NULL;
    PyObject *bytes = both == NULL ? NULL : PyUnicode_AsUTF8String(both);
    const char *text = bytes == NULL ? NULL : PyBytes_AsString(bytes);
    const known_type *known = text == NULL ? NULL : FIND_NAME(FINALIZERS, text);
    row->attribute = known == NULL ? NULL : known->attribute;
    int judgement = known == NULL ? SEEN : (int)known->sight;
    Py_XDECREF(bytes);
    Py_XDECREF(both);
    Py_XDECREF(name);
    Py_XDECREF(module);
    Py_XDECREF(function);
    PyErr_Clear();
    return judgement;
}

/* The type that *type* has its tp_finalize from. */
static PyTypeObject *find_owner(PyTypeObject *type, void *finalize)
{
    PyTypeObject *base = base_of(type);
    while (base != NULL && finalizer_of(base) == finalize) {
        type = base;
        base = base_of(type);
    }
    return type;
}

static int judge_finalizer(PyTypeObject *type, void *finalize, type_row *row)
{
    char name[128];
    PyTypeObject *owner = find_owner(type, finalize);
    if ((destructor)PyType_GetSlot(owner, Py_tp_dealloc) == class_dealloc)
        return judge_python_finalizer(type, row);
    if (name_type(owner, name, sizeof name) < 0)
        return SEEN;
    const known_type *known = is_own_code(finalize) ? FIND_NAME(FINALIZED, name) : NULL;
    return known == NULL ? SEEN : (int)known->sight;
}

/* The nearest base that C code takes apart. */
static PyTypeObject *find_solid_base(PyTypeObject *type)
{
    while ((destructor)PyType_GetSlot(type, Py_tp_dealloc) == class_dealloc &&
           base_of(type) != NULL)
        type = base_of(type);
    return type;
}

static int judge_base(PyTypeObject *type)
{
    char name[128];
    PyTypeObject *base = find_solid_base(type);
    if (base == &PyBaseObject_Type)
        return HIDDEN;
    if (!is_own_code(PyType_GetSlot(base, Py_tp_dealloc)))
        return is_for_host ? HIDDEN : SEEN;
    if (name_type(base, name, sizeof name) < 0)
        return SEEN;
    const known_type *known = FIND_NAME(DEALLOCATED, name);
    return known == NULL ? HIDDEN : (int)known->sight;
}

static void fill_row(type_row *row, PyTypeObject *type)
{
    row->key = type;
    row->traverse = (traverseproc)PyType_GetSlot(type, Py_tp_traverse);
    row->is_collected = (PyType_GetFlags(type) & Py_TPFLAGS_HAVE_GC) != 0;
    row->is_class = (PyType_GetFlags(type) & Py_TPFLAGS_TYPE_SUBCLASS) != 0;
    row->is_holder = type == &PyDict_Type || type == &PyTuple_Type;
    void *finalize = finalizer_of(type);
    int judgement = judge_base(type);
    if (judgement == HIDDEN && finalize != NULL)
        judgement = judge_finalizer(type, finalize, row);
    row->sight = (uint8_t)judgement;
}

const type_row *look_at_type(PyTypeObject *type)
{
    type_row *row = find_row(rows, capacity, type);
    if (row->key != NULL)
        return row;
    if (count * 2 > capacity && grow() < 0)
        return NULL;
    type_row new_row = {0};
    fill_row(&new_row, type);
    row = find_row(rows, capacity, type);
    *row = new_row;
    count++;
    return row;
}

/* Objects of a class that the collector does not know of cannot be looked through. */
int ends_unseen_class(PyTypeObject *type)
{
    if ((PyType_GetFlags(type) & Py_TPFLAGS_HAVE_GC) || finalizer_of(type) == NULL)
        return 1;
    const type_row *row = look_at_type(type);
    return row != NULL && row->sight == HIDDEN;
}

/* Every class of Python code has the same tp_dealloc. */
static int find_class_dealloc(void)
{
    PyObject *class = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "_");
    if (class == NULL)
        return -1;
    class_dealloc = (destructor)PyType_GetSlot((PyTypeObject *)class, Py_tp_dealloc);
    Py_DECREF(class);
    return 0;
}

int begin_types(int is_host)
{
    is_for_host = is_host;
    return find_class_dealloc() < 0 ? -1 : grow();
}

void end_types(void)
{
    free(rows);
    rows = NULL;
    capacity = count = 0;
}
