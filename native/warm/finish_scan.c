/* Looks through the objects that the collector knows of, and what hangs on them that it does not.
 */
#include "finish.h"

/* Beyond these, looking costs as much as the full end; a host looks once for all its children. */
enum { MOST_OBJECTS = 200000, MOST_VISITS = 2000000, MOST_DEPTH = 50 };

typedef struct {
    int is_host;
    int visits;
    int depth;
    obstacle found;
} walk;

static void find_in(walk *at, obstacle reason, PyTypeObject *type)
{
    if (at->found == NULL) {
        at->found = reason;
        note_detail((PyObject *)type, "");
    }
}

/* What a host has that ends unseen as it is, but might be put to use in a child: weak references.
 */
static PyObject *doubtful;

static int doubt(const type_row *row, PyObject *object)
{
    if (row->sight != FINALIZER && row->sight != GENERATOR)
        return 0;
    if (doubtful == NULL)
        doubtful = PyList_New(0);
    PyObject *reference = doubtful == NULL ? NULL : PyWeakref_NewRef(object, NULL);
    int status = reference == NULL ? -1 : PyList_Append(doubtful, reference);
    Py_XDECREF(reference);
    PyErr_Clear();
    return status;
}

/* What extension modules keep in capsules from their import on is theirs, like their types. */
static void look_at(walk *at, const type_row *row, PyObject *object)
{
    if (at->is_host && row->sight == CAPSULE)
        return;
    if (is_seen(row, object) || (at->is_host && doubt(row, object) < 0))
        find_in(at, "finalizer", Py_TYPE(object));
}

static void look_at_doubtful(walk *at)
{
    for (Py_ssize_t i = 0; doubtful != NULL && i < PyList_Size(doubtful); i++) {
        PyObject *object = PyObject_CallNoArgs(PyList_GetItem(doubtful, i));
        const type_row *row = object == NULL ? NULL : look_at_type(Py_TYPE(object));
        if (row == NULL)
            find_in(at, "objects", NULL);
        else if (object != Py_None)
            look_at(at, row, object);
        Py_XDECREF(object);
    }
}

/* An object that a known one leads to: on its own only if the collector does not list it. */
static int visit(PyObject *object, void *state)
{
    walk *at = state;
    const type_row *row = look_at_type(Py_TYPE(object));
    int is_much = !at->is_host && at->visits++ > MOST_VISITS;
    if (row == NULL || is_much || at->depth > MOST_DEPTH)
        find_in(at, "objects", NULL);
    else if (!row->is_collected && row->sight != HIDDEN)
        look_at(at, row, object);
    else if (row->is_holder && !PyObject_GC_IsTracked(object)) {
        at->depth++;
        row->traverse(object, visit, at);
        at->depth--;
    }
    return at->found != NULL;
}

static void look_through(walk *at, PyObject *object)
{
    const type_row *row = look_at_type(Py_TYPE(object));
    if (row == NULL) {
        find_in(at, "objects", NULL);
        return;
    }
    traverseproc traverse = row->traverse; /* the row moves if the table grows */
    int is_class = row->is_class;
    if (row->sight != HIDDEN)
        look_at(at, row, object);
    if (is_class && !ends_unseen_class((PyTypeObject *)object))
        find_in(at, "finalizer", (PyTypeObject *)object);
    if (at->found == NULL && traverse != NULL)
        traverse(object, visit, at);
}

/* The program's names, in a dict that a host had before it froze what it has. */
static void look_through_main(walk *at)
{
    PyObject *main = PyDict_GetItemString(PyImport_GetModuleDict(), "__main__");
    if (main != NULL && PyModule_Check(main))
        look_through(at, PyModule_GetDict(main));
}

/* gc.freeze() in the program would leave nothing to look at: what each start gets anew is there. */
static int is_listed(PyObject *objects)
{
    PyObject *main = PyDict_GetItemString(PyImport_GetModuleDict(), "__main__");
    if (main == NULL || !PyModule_Check(main))
        return 0;
    PyObject *loader = PyDict_GetItemString(PyModule_GetDict(main), "__loader__");
    for (Py_ssize_t i = PyList_Size(objects) - 1; loader != NULL && i >= 0; i--) {
        if (PyList_GetItem(objects, i) == loader)
            return 1;
    }
    return 0;
}

static obstacle look_through_list(PyObject *objects, int is_host)
{
    walk at = {is_host, 0, 0, NULL};
    Py_ssize_t size = PyList_Size(objects);
    if (!is_host && size > MOST_OBJECTS)
        return "objects";
    if (!is_host && !is_listed(objects))
        return "frozen";
    for (Py_ssize_t i = 0; at.found == NULL && i < size; i++)
        look_through(&at, PyList_GetItem(objects, i));
    if (at.found == NULL)
        look_through_main(&at);
    if (at.found == NULL && !is_host)
        look_at_doubtful(&at);
    return at.found;
}

obstacle find_objects(int is_host)
{
    PyObject *gc = load_builtin("gc");
    PyObject *objects = gc == NULL ? NULL : call_method(gc, "get_objects");
    obstacle found = "objects";
    if (objects != NULL && PyList_Check(objects) && begin_types(is_host) == 0)
        found = look_through_list(objects, is_host);
    end_types(is_host);
    Py_XDECREF(objects);
    Py_XDECREF(gc);
    PyErr_Clear();
    return found;
}
