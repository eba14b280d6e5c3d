/* What a start imports, reads and does, noted without a frame of ours below or above.
 *
 * While a recording is on, functions of other modules are bound to wrappers, which tell a Python
 * function and then call what they stand for; a wrapper that somebody kept goes on calling it when
 * the recording is over.  What has an audit event is heard by a hook, which no process can take
 * away: it must cost next to nothing when nothing is recorded.
 *
 * Whatever our Python functions raise ends the recording, and is not seen by the program.
 */
#include "warm.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

/* see native/start.c */
typedef int (*audit_function)(const char *, PyObject *, void *);
extern int PySys_AddAuditHook(audit_function, void *) __attribute__((weak));

/* One per process: it is a main script's. */
static PyObject *listener = NULL; /* called with an event and its arguments */
static int is_telling = 0;        /* a function of ours runs: what it does is not the program's */
static unsigned long thread = 0;  /* the one that is recorded */
static int is_hooked = 0;
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
static int is_importlib(void)
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

static int on_audit(const char *event, PyObject *args, void *Py_UNUSED(data))
{
    if (listener == NULL || !is_of_interest(event) || !is_recorded())
        return 0;
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0 ||
        (strcmp(event, "exec") != 0 && is_importlib()))
        return 0;
    tell_receiver(listener, Py_BuildValue("(sO)", event, args));
    return 0;
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

PyDoc_STRVAR(keep_doc, "keep(value)\n--\n\n"
                       "Keep *value* as long as the process lives: nobody finds it as garbage.");

static PyObject *keep(PyObject *Py_UNUSED(module), PyObject *value)
{
    Py_INCREF(value);
    Py_XDECREF(kept);
    kept = value;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(get_kept_doc, "get_kept()\n--\n\nWhat is kept, or None.");

static PyObject *get_kept(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    PyObject *value = kept == NULL ? Py_None : kept;
    Py_INCREF(value);
    return value;
}

/* ---- wrappers of functions ------------------------------------------------------------------ */

/* What is asked for by words of these names cannot be told by the arguments alone. */
static int has_telling_word(PyObject *kwargs)
{
    PyObject *folder = kwargs == NULL ? NULL : PyDict_GetItemString(kwargs, "dir_fd");
    return kwargs != NULL &&
           ((folder != NULL && folder != Py_None) || PyDict_GetItemString(kwargs, "path") != NULL);
}

static PyObject *describe_call(PyObject *word, PyObject *args, PyObject *kwargs)
{
    return has_telling_word(kwargs) ? Py_BuildValue("(O())", word)
                                    : Py_BuildValue("(OO)", word, args);
}

/* The self of a wrapper is a tuple: (function, receiver, what the receiver is told). */
static PyObject *call_wrapped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (is_recorded() && !is_importlib())
        tell_receiver(PyTuple_GetItem(self, 1),
                      describe_call(PyTuple_GetItem(self, 2), args, kwargs));
    return PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
}

/* The end is told even if the recording ended in between: the receiver looks for itself. */
static PyObject *call_between(PyObject *self, PyObject *subject, PyObject *args, PyObject *kwargs)
{
    PyObject *receiver = PyTuple_GetItem(self, 1);
    tell_receiver(receiver, Py_BuildValue("(OO)", subject, Py_None));
    PyObject *result = PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
    if (is_recorded())
        tell_receiver(receiver,
                      Py_BuildValue("(OO)", subject, result == NULL ? Py_False : Py_True));
    return result;
}

static PyObject *import_wrapped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *name = PyTuple_Size(args) > 0 ? PyTuple_GetItem(args, 0) : NULL;
    if (!is_recorded() || name == NULL || PyDict_GetItem(PyImport_GetModuleDict(), name) != NULL)
        return PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
    return call_between(self, name, args, kwargs);
}

static PyObject *load_wrapped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (!is_recorded())
        return PyObject_Call(PyTuple_GetItem(self, 0), args, kwargs);
    return call_between(self, args, args, kwargs);
}

static PyMethodDef plain_wrapper = {"wrapper", (PyCFunction)(void (*)(void))call_wrapped,
                                    METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef import_wrapper = {"_find_and_load", (PyCFunction)(void (*)(void))import_wrapped,
                                     METH_VARARGS | METH_KEYWORDS, NULL};
static PyMethodDef load_wrapper = {"_call_with_frames_removed",
                                   (PyCFunction)(void (*)(void))load_wrapped,
                                   METH_VARARGS | METH_KEYWORDS, NULL};

/* A wrapper has the name of what it stands for.  The definitions live as long as the process: a
 * wrapper may be kept by anybody. */
static PyMethodDef *define_wrapper(PyObject *function)
{
    PyObject *name = PyObject_GetAttrString(function, "__name__");
    const char *text = name == NULL ? NULL : PyUnicode_AsUTF8AndSize(name, NULL);
    PyMethodDef *definition = PyMem_Malloc(sizeof *definition);
    char *copy = text == NULL ? NULL : PyMem_Malloc(strlen(text) + 1);
    if (definition != NULL && copy != NULL) {
        *definition = plain_wrapper;
        definition->ml_name = strcpy(copy, text);
    }
    PyErr_Clear();
    Py_XDECREF(name);
    return copy == NULL ? &plain_wrapper : definition;
}

PyDoc_STRVAR(wrap_doc, "wrap(function, receiver, word)\n--\n\n"
                       "What calls *receiver* with *word* and the arguments, and then *function*.");

static PyObject *wrap(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver, *word;
    if (!PyArg_ParseTuple(args, "OOO:wrap", &function, &receiver, &word))
        return NULL;
    PyObject *home = PyObject_GetAttrString(function, "__module__");
    PyErr_Clear();
    PyObject *wrapper = PyCFunction_NewEx(define_wrapper(function), args, home);
    Py_XDECREF(home);
    return wrapper;
}

PyDoc_STRVAR(wrap_import_doc,
             "wrap_import(function, receiver)\n--\n\n"
             "importlib's _find_and_load, which calls *receiver* with a module's name and None "
             "before an\nimport, and with whether it succeeded after it.");

static PyObject *wrap_import(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver;
    if (!PyArg_ParseTuple(args, "OO:wrap_import", &function, &receiver))
        return NULL;
    return PyCFunction_NewEx(&import_wrapper, args, NULL);
}

PyDoc_STRVAR(
    wrap_load_doc,
    "wrap_load(function, receiver)\n--\n\n"
    "importlib's _call_with_frames_removed, which calls *receiver* with its arguments and None "
    "before\na call, and with whether it succeeded after it.");

static PyObject *wrap_load(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *function, *receiver;
    if (!PyArg_ParseTuple(args, "OO:wrap_load", &function, &receiver))
        return NULL;
    return PyCFunction_NewEx(&load_wrapper, args, NULL);
}

static PyObject *find_wrapped(PyObject *value)
{
    if (!PyCFunction_Check(value))
        return NULL;
    PyCFunction function = PyCFunction_GetFunction(value);
    if (function != (PyCFunction)(void (*)(void))call_wrapped &&
        function != (PyCFunction)(void (*)(void))import_wrapped &&
        function != (PyCFunction)(void (*)(void))load_wrapped)
        return NULL;
    return PyTuple_GetItem(PyCFunction_GetSelf(value), 0);
}

PyDoc_STRVAR(unwrap_doc, "unwrap(namespace)\n--\n\n"
                         "Bind the names of *namespace* to functions again where they are bound to "
                         "wrappers.");

static PyObject *unwrap(PyObject *Py_UNUSED(module), PyObject *namespace)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    if (!PyDict_Check(namespace))
        Py_RETURN_NONE;
    while (PyDict_Next(namespace, &position, &key, &value)) {
        PyObject *function = find_wrapped(value);
        if (function != NULL && PyDict_SetItem(namespace, key, function) < 0)
            return NULL;
    }
    Py_RETURN_NONE;
}

/* ---- the environment and the arguments: containers that tell who looks into them ------------ */

/* Set while the recording is on; the containers are the plain ones of their kind without. */
static PyObject *reader = NULL; /* called with a word and what was read, or None for all */

static void tell_reading(const char *word, PyObject *name)
{
    if (reader != NULL && is_recorded())
        tell_receiver(reader, Py_BuildValue("(sO)", word, name));
}

static PyObject *noting_subscript(PyObject *self, PyObject *key)
{
    tell_reading("environment", key);
    PyObject *value = PyDict_GetItemWithError(self, key);
    if (value == NULL && !PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, key);
    Py_XINCREF(value);
    return value;
}

static int noting_contains(PyObject *self, PyObject *key)
{
    tell_reading("environment", key);
    return PyDict_Contains(self, key);
}

/* Calls a method of dict or list, having told that all was read. */
static PyObject *call_base(PyTypeObject *base, const char *word, const char *method, PyObject *self,
                           PyObject *args)
{
    tell_reading(word, Py_None);
    PyObject *function = PyObject_GetAttrString((PyObject *)base, method);
    Py_ssize_t count = args == NULL ? 0 : PyTuple_Size(args);
    PyObject *whole = function == NULL ? NULL : PyTuple_New(count + 1);
    PyObject *result = NULL;
    if (whole != NULL) {
        Py_INCREF(self);
        PyTuple_SetItem(whole, 0, self);
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *item = PyTuple_GetItem(args, i);
            Py_INCREF(item);
            PyTuple_SetItem(whole, i + 1, item);
        }
        result = PyObject_CallObject(function, whole);
    }
    Py_XDECREF(whole);
    Py_XDECREF(function);
    return result;
}

static PyObject *noting_iter(PyObject *self)
{
    return call_base(&PyDict_Type, "environment", "__iter__", self, NULL);
}

static Py_ssize_t noting_length(PyObject *self)
{
    tell_reading("environment", Py_None);
    return PyDict_Size(self);
}

static PyObject *noting_get(PyObject *self, PyObject *args)
{
    PyObject *key, *fallback = Py_None;
    if (!PyArg_ParseTuple(args, "O|O:get", &key, &fallback))
        return NULL;
    tell_reading("environment", key);
    PyObject *value = PyDict_GetItemWithError(self, key);
    if (value == NULL && PyErr_Occurred())
        return NULL;
    value = value == NULL ? fallback : value;
    Py_INCREF(value);
    return value;
}

#define READ_ALL(container, base, word, method)                                                    \
    static PyObject *container##_##method(PyObject *self, PyObject *args)                          \
    {                                                                                              \
        return call_base(&base, word, #method, self, args);                                        \
    }
READ_ALL(noting, PyDict_Type, "environment", keys)
READ_ALL(noting, PyDict_Type, "environment", values)
READ_ALL(noting, PyDict_Type, "environment", items)
READ_ALL(noting, PyDict_Type, "environment", copy)

static PyMethodDef noting_methods[] = {
    {"get", noting_get, METH_VARARGS, NULL},       {"keys", noting_keys, METH_VARARGS, NULL},
    {"values", noting_values, METH_VARARGS, NULL}, {"items", noting_items, METH_VARARGS, NULL},
    {"copy", noting_copy, METH_VARARGS, NULL},     {NULL, NULL, 0, NULL},
};

/* The word for a reading of sys.argv of which the launcher can tell the answer. */
static const char *choose_word(PyObject *self, const char *word)
{
    return self == PySys_GetObject("argv") ? word : "arguments";
}

static int is_zero(PyObject *key)
{
    int overflow = 0;
    long number = PyLong_CheckExact(key) ? PyLong_AsLongAndOverflow(key, &overflow) : -1;
    return number == 0 && overflow == 0;
}

static PyObject *words_subscript(PyObject *self, PyObject *key)
{
    PyObject *args = PyTuple_Pack(1, key);
    const char *word = is_zero(key) ? choose_word(self, "argument-0") : "arguments";
    PyObject *result =
        args == NULL ? NULL : call_base(&PyList_Type, word, "__getitem__", self, args);
    Py_XDECREF(args);
    return result;
}

static PyObject *words_item(PyObject *self, Py_ssize_t index)
{
    tell_reading(index == 0 ? choose_word(self, "argument-0") : "arguments", Py_None);
    PyObject *item = PyList_GetItem(self, index);
    Py_XINCREF(item);
    return item;
}

static int words_set_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    PyObject *args = value == NULL ? PyTuple_Pack(1, key) : PyTuple_Pack(2, key, value);
    const char *method = value == NULL ? "__delitem__" : "__setitem__";
    PyObject *result =
        args == NULL ? NULL : call_base(&PyList_Type, "arguments", method, self, args);
    Py_XDECREF(args);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static PyObject *words_iter(PyObject *self)
{
    return call_base(&PyList_Type, "arguments", "__iter__", self, NULL);
}

static Py_ssize_t words_length(PyObject *self)
{
    tell_reading(choose_word(self, "argument-count"), Py_None);
    return PyList_Size(self);
}

static int words_contain(PyObject *self, PyObject *value)
{
    PyObject *args = PyTuple_Pack(1, value);
    PyObject *result =
        args == NULL ? NULL : call_base(&PyList_Type, "arguments", "__contains__", self, args);
    int contains = result == NULL ? -1 : result == Py_True;
    Py_XDECREF(args);
    Py_XDECREF(result);
    return contains;
}

/* CPython keeps the functions of a type as pointers to data. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

static PyObject *words_compare(PyObject *self, PyObject *other, int operation)
{
    richcmpfunc compare = (richcmpfunc)PyType_GetSlot(&PyList_Type, Py_tp_richcompare);
    tell_reading("arguments", Py_None);
    return compare(self, other, operation);
}

static PyObject *words_repr(PyObject *self)
{
    return call_base(&PyList_Type, "arguments", "__repr__", self, NULL);
}

static PyObject *words_join(PyObject *self, PyObject *other)
{
    binaryfunc join = (binaryfunc)PyType_GetSlot(&PyList_Type, Py_sq_concat);
    tell_reading("arguments", Py_None);
    return join(self, other);
}

static PyObject *words_extend_in_place(PyObject *self, PyObject *other)
{
    binaryfunc extend = (binaryfunc)PyType_GetSlot(&PyList_Type, Py_sq_inplace_concat);
    tell_reading("arguments", Py_None);
    return extend(self, other);
}

static PyObject *words_repeat(PyObject *self, Py_ssize_t count)
{
    ssizeargfunc repeat = (ssizeargfunc)PyType_GetSlot(&PyList_Type, Py_sq_repeat);
    tell_reading("arguments", Py_None);
    return repeat(self, count);
}

static PyObject *words_repeat_in_place(PyObject *self, Py_ssize_t count)
{
    ssizeargfunc repeat = (ssizeargfunc)PyType_GetSlot(&PyList_Type, Py_sq_inplace_repeat);
    tell_reading("arguments", Py_None);
    return repeat(self, count);
}

#pragma GCC diagnostic pop

READ_ALL(words, PyList_Type, "arguments", __reversed__)
READ_ALL(words, PyList_Type, "arguments", append)
READ_ALL(words, PyList_Type, "arguments", clear)
READ_ALL(words, PyList_Type, "arguments", copy)
READ_ALL(words, PyList_Type, "arguments", count)
READ_ALL(words, PyList_Type, "arguments", extend)
READ_ALL(words, PyList_Type, "arguments", index)
READ_ALL(words, PyList_Type, "arguments", insert)
READ_ALL(words, PyList_Type, "arguments", pop)
READ_ALL(words, PyList_Type, "arguments", remove)
READ_ALL(words, PyList_Type, "arguments", reverse)

static PyMethodDef words_methods[] = {
    {"__reversed__", words___reversed__, METH_VARARGS, NULL},
    {"append", words_append, METH_VARARGS, NULL},
    {"clear", words_clear, METH_VARARGS, NULL},
    {"copy", words_copy, METH_VARARGS, NULL},
    {"count", words_count, METH_VARARGS, NULL},
    {"extend", words_extend, METH_VARARGS, NULL},
    {"index", words_index, METH_VARARGS, NULL},
    {"insert", words_insert, METH_VARARGS, NULL},
    {"pop", words_pop, METH_VARARGS, NULL},
    {"remove", words_remove, METH_VARARGS, NULL},
    {"reverse", words_reverse, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

static PyType_Slot noting_slots[] = {
    {Py_tp_base, &PyDict_Type},
    {Py_mp_subscript, (void *)noting_subscript},
    {Py_mp_length, (void *)noting_length},
    {Py_sq_contains, (void *)noting_contains},
    {Py_tp_iter, (void *)noting_iter},
    {Py_tp_methods, noting_methods},
    {0, NULL},
};

static PyType_Slot words_slots[] = {
    {Py_tp_base, &PyList_Type},
    {Py_mp_subscript, (void *)words_subscript},
    {Py_mp_ass_subscript, (void *)words_set_subscript},
    {Py_sq_length, (void *)words_length},
    {Py_mp_length, (void *)words_length},
    {Py_sq_item, (void *)words_item},
    {Py_sq_concat, (void *)words_join},
    {Py_sq_inplace_concat, (void *)words_extend_in_place},
    {Py_sq_repeat, (void *)words_repeat},
    {Py_sq_inplace_repeat, (void *)words_repeat_in_place},
    {Py_tp_richcompare, (void *)words_compare},
    {Py_tp_repr, (void *)words_repr},
    {Py_tp_hash, (void *)PyObject_HashNotImplemented},
    {Py_sq_contains, (void *)words_contain},
    {Py_tp_iter, (void *)words_iter},
    {Py_tp_methods, words_methods},
    {0, NULL},
};

#pragma GCC diagnostic pop

static PyType_Spec noting_spec = {"builtins.dict", 0, 0, Py_TPFLAGS_DEFAULT, noting_slots};
static PyType_Spec words_spec = {"builtins.list", 0, 0, Py_TPFLAGS_DEFAULT, words_slots};

/* The types are made once, and kept. */
static PyTypeObject *find_disguise(PyObject *value)
{
    static PyObject *noting = NULL, *words = NULL;
    int is_dict = PyDict_Check(value);
    PyObject **type = is_dict ? &noting : &words;
    if (*type == NULL) {
        PyTypeObject *base = is_dict ? &PyDict_Type : &PyList_Type;
        PyObject *bases = PyTuple_Pack(1, (PyObject *)base);
        *type = bases == NULL
                    ? NULL
                    : PyType_FromSpecWithBases(is_dict ? &noting_spec : &words_spec, bases);
        Py_XDECREF(bases);
    }
    return (PyTypeObject *)*type;
}

PyDoc_STRVAR(disguise_doc,
             "disguise(container)\n--\n\n"
             "Have a dict or list tell the reader who looks into it, until reveal(container).\n\n"
             "Its type is exchanged for one of the same layout: it stays the object that others "
             "hold.\nWhether that could be done.");

static PyObject *disguise(PyObject *Py_UNUSED(module), PyObject *container)
{
    if (!PyDict_CheckExact(container) && !PyList_CheckExact(container))
        Py_RETURN_FALSE;
    PyTypeObject *type = find_disguise(container);
    if (type == NULL)
        return NULL;
    Py_INCREF((PyObject *)type);
    Py_SET_TYPE(container, type);
    Py_RETURN_TRUE;
}

PyDoc_STRVAR(reveal_doc, "reveal(container)\n--\n\nEnd a disguise, if there is one.");

static PyObject *reveal(PyObject *Py_UNUSED(module), PyObject *container)
{
    PyTypeObject *type = Py_TYPE(container);
    if ((PyDict_Check(container) || PyList_Check(container)) && type == find_disguise(container)) {
        Py_SET_TYPE(container, PyDict_Check(container) ? &PyDict_Type : &PyList_Type);
        Py_DECREF((PyObject *)type);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(copy_plain_doc,
             "copy_plain(container)\n--\n\nA plain dict of what a dict holds, of which "
             "no reader is told.");

static PyObject *copy_plain(PyObject *Py_UNUSED(module), PyObject *container)
{
    PyObject *before = reader;
    reader = NULL;
    PyObject *copy = PyDict_Copy(container);
    reader = before;
    return copy;
}

PyDoc_STRVAR(set_reader_doc, "set_reader(reader)\n--\n\n"
                             "Have *reader* called with `environment` or `arguments`, and what was "
                             "read: a name, or None for all.");

static PyObject *set_reader(PyObject *Py_UNUSED(module), PyObject *receiver)
{
    PyObject *before = reader;
    reader = NULL;
    if (receiver != Py_None) {
        Py_INCREF(receiver);
        reader = receiver;
    }
    Py_XDECREF(before);
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

PyDoc_STRVAR(is_wrapper_doc, "is_wrapper(value)\n--\n\nWhether *value* is a wrapper.");

static PyObject *is_wrapper(PyObject *Py_UNUSED(module), PyObject *value)
{
    return PyBool_FromLong(find_wrapped(value) != NULL);
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
    {"keep", keep, METH_O, keep_doc},
    {"get_kept", get_kept, METH_NOARGS, get_kept_doc},
    {"wrap", wrap, METH_VARARGS, wrap_doc},
    {"wrap_import", wrap_import, METH_VARARGS, wrap_import_doc},
    {"wrap_load", wrap_load, METH_VARARGS, wrap_load_doc},
    {"unwrap", unwrap, METH_O, unwrap_doc},
    {"disguise", disguise, METH_O, disguise_doc},
    {"copy_plain", copy_plain, METH_O, copy_plain_doc},
    {"reveal", reveal, METH_O, reveal_doc},
    {"set_reader", set_reader, METH_O, set_reader_doc},
    {"name_locale", name_locale, METH_O, name_locale_doc},
    {"is_wrapper", is_wrapper, METH_O, is_wrapper_doc},
    {NULL, NULL, 0, NULL},
};
