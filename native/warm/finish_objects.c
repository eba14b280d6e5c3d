/* Whether one object has something left to do that shows. */
#include "finish.h"

#include <string.h>

/* The attribute *name*; NULL if there is none, or asking fails. */
static PyObject *ask(PyObject *object, const char *name)
{
    PyObject *value = get_attribute(object, name);
    PyErr_Clear();
    return value;
}

static int is_none(PyObject *object, const char *name)
{
    PyObject *value = ask(object, name);
    Py_XDECREF(value);
    return value == Py_None;
}

/* -1 where it cannot be told */
static int is_so(PyObject *object, const char *name)
{
    PyObject *value = ask(object, name);
    int truth = value == NULL ? -1 : PyObject_IsTrue(value);
    Py_XDECREF(value);
    PyErr_Clear();
    return truth;
}

static int has_type_name(PyObject *object, const char *const *names)
{
    PyObject *own = PyType_GetQualName(Py_TYPE(object));
    PyObject *module = ask((PyObject *)Py_TYPE(object), "__module__");
    PyObject *whole = own && module ? PyUnicode_FromFormat("%S.%U", module, own) : NULL;
    int found = 0;
    for (; whole != NULL && *names != NULL && !found; names++)
        found = PyUnicode_CompareWithASCIIString(whole, *names) == 0;
    Py_XDECREF(whole);
    Py_XDECREF(module);
    Py_XDECREF(own);
    PyErr_Clear();
    return found;
}

/* ---- objects of _io ------------------------------------------------------------------------- */

/* Closing these writes nothing; the kernel closes descriptors, too. */
static const char *const UNBUFFERED[] = {
    "_io.FileIO",      "_io.BufferedReader",       "_io.BytesIO", "_io.StringIO",
    "socket.SocketIO", "http.client.HTTPResponse", NULL};
static const char *const READING[] = {"_io.BufferedReader", "_io.BytesIO", NULL};
static const char *const TEXT[] = {"_io.TextIOWrapper", NULL};

static int reads_only(PyObject *text)
{
    PyObject *buffer = ask(text, "buffer");
    int is_one = buffer != NULL && has_type_name(buffer, READING);
    Py_XDECREF(buffer);
    return is_one;
}

/* 3.12 and 3.13 leave these two of a closed file to the collector: nothing is left in them. */
static int is_of_closed_gzip(PyObject *stream)
{
    static const char *const names[] = {"gzip._WriteBufferStream", NULL};
    PyObject *raw = has_type_name(stream, names) ? Py_NewRef(stream) : ask(stream, "raw");
    PyObject *file = raw != NULL && has_type_name(raw, names) ? ask(raw, "gzip_file") : NULL;
    int is_one = file != NULL && is_so(file, "closed") == 1;
    Py_XDECREF(file);
    Py_XDECREF(raw);
    return is_one;
}

/* As iobase_finalize: what says that it is closed is left alone. */
static int is_stream_seen(PyObject *stream)
{
    if (is_stream_part(stream) || has_type_name(stream, UNBUFFERED))
        return 0;
    if (is_so(stream, "closed") == 1 || is_of_closed_gzip(stream))
        return 0;
    return !(has_type_name(stream, TEXT) && reads_only(stream));
}

/* ---- callbacks of weak references ---------------------------------------------------------------
 */

/* Where callbacks only keep books, or wake threads that have ended by now. */
static const char *const BOOKKEEPERS[] = {
    "weakref", "_weakrefset", "logging", "concurrent.futures.thread", "concurrent.futures.process",
    NULL};
static const char *const BUILTIN_BOOKKEEPERS[] = {"_localdummy_destroyed", "clear_locals",
                                                  "_destroy", NULL};

static int is_among(PyObject *word, const char *const *words)
{
    int found = 0;
    for (; word != NULL && PyUnicode_Check(word) && *words != NULL && !found; words++)
        found = PyUnicode_CompareWithASCIIString(word, *words) == 0;
    return found;
}

/* By now atexit has called all but those that are not for it: of a process that was started, that
 * is closing what it was told of. */
static int is_process_finalizer_seen(PyObject *finalizer)
{
    static const char *const names[] = {"close_fds", NULL};
    PyObject *callback = ask(finalizer, "_callback");
    PyObject *name = callback == NULL ? NULL : ask(callback, "__name__");
    int is_known = is_among(name, names);
    Py_XDECREF(name);
    Py_XDECREF(callback);
    return !is_known;
}

/* WeakMethod's own callback calls the one that it was given: the first name of its closure. */
static int is_handed_on(PyObject *function)
{
    static const char *const names[] = {"_cb", NULL};
    PyObject *name = ask(function, "__name__");
    PyObject *closure = is_among(name, names) ? ask(function, "__closure__") : NULL;
    PyObject *cell = closure != NULL && PyTuple_Check(closure) && PyTuple_Size(closure) > 0
                         ? PyTuple_GetItem(closure, 0)
                         : NULL;
    int is_one = closure != NULL && (cell == NULL || !is_none(cell, "cell_contents"));
    Py_XDECREF(closure);
    Py_XDECREF(name);
    return is_one;
}

static int is_function_seen(PyObject *function)
{
    static const char *const names[] = {"builtins.function", NULL};
    PyObject *module = has_type_name(function, names) ? ask(function, "__module__") : NULL;
    int is_known = is_among(module, BOOKKEEPERS) && !is_handed_on(function);
    Py_XDECREF(module);
    return !is_known;
}

static int is_builtin_seen(PyObject *function)
{
    PyObject *name = ask(function, "__name__");
    int is_known = is_among(name, BUILTIN_BOOKKEEPERS);
    Py_XDECREF(name);
    return !is_known;
}

static int is_callback_seen(PyObject *callback)
{
    static const char *const finalize[] = {"weakref.finalize", NULL};
    static const char *const process_finalize[] = {"multiprocessing.util.Finalize", NULL};
    if (has_type_name(callback, finalize))
        return is_so(callback, "atexit") != 1;
    if (has_type_name(callback, process_finalize))
        return is_process_finalizer_seen(callback);
    return PyCFunction_CheckExact(callback) ? is_builtin_seen(callback)
                                            : is_function_seen(callback);
}

static int is_reference_seen(PyObject *reference)
{
    PyObject *callback = ask(reference, "__callback__");
    int is_one = callback == NULL || (callback != Py_None && is_callback_seen(callback));
    Py_XDECREF(callback);
    return is_one;
}

static int note_callback(PyObject *callback, void *found)
{
    *(int *)found |= is_callback_seen(callback);
    return 0;
}

static int is_proxy_seen(const type_row *row, PyObject *proxy)
{
    int found = 0;
    row->traverse(proxy, note_callback, &found);
    return found;
}

/* ---- others -----------------------------------------------------------------------------------
 */

/* Future_finalize tells of an exception that nobody asked for, Task_finalize of what is not done.
 */
static int is_future_seen(PyObject *future)
{
    PyObject *done = call_method(future, "done");
    int is_one = done != Py_True || is_so(future, "_log_traceback") != 0;
    Py_XDECREF(done);
    PyErr_Clear();
    return is_one;
}

/* A connection that is closed refuses to answer; one that is open has its journal put away. */
static int is_database_seen(PyObject *connection)
{
    return is_so(connection, "in_transaction") >= 0;
}

static int is_capsule_seen(PyObject *capsule)
{
    PyCapsule_Destructor destroy = PyCapsule_GetDestructor(capsule);
    PyErr_Clear();
    return destroy != NULL && !is_own_code((const void *)(uintptr_t)destroy);
}

static int is_finalizer_seen(const type_row *row, PyObject *object)
{
    PyObject *value = ask(object, row->attribute);
    int is_done = value == Py_None || value == Py_True; /* a file that is left is true as well */
    Py_XDECREF(value);
    return !is_done;
}

int is_seen(const type_row *row, PyObject *object)
{
    switch ((sight)row->sight) {
    case HIDDEN:
        return 0;
    case STREAM:
        return is_stream_seen(object);
    case GENERATOR:
        return is_generator_seen(object);
    case COROUTINE:
        return !is_none(object, "cr_frame") && !is_none(object, "ag_frame");
    case REFERENCE:
        return is_reference_seen(object);
    case PROXY:
        return is_proxy_seen(row, object);
    case FUTURE:
        return is_future_seen(object);
    case DATABASE:
        return is_database_seen(object);
    case CAPSULE:
        return is_capsule_seen(object);
    case FINALIZER:
        return is_finalizer_seen(row, object);
    case SEEN:
        break;
    }
    return 1;
}
