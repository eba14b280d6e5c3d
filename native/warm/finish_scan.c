/* Looks through the objects that the collector knows of, and what hangs on them that it does not. */
#include "finish.h"

#include <limits.h>

/* Beyond these, looking costs as much as the full end: not in a host, which looks once for all. */
enum { MOST_OBJECTS = 200000, MOST_VISITS = 2000000, MOST_DEPTH = 50 };

typedef struct {
    int visits;
    int most_visits;
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

static void look_at(walk *at, const type_row *row, PyObject *object)
{
    if (is_seen(row, object))
        find_in(at, "finalizer", Py_TYPE(object));
}

/* An object that a known one leads to: on its own only if the collector does not list it. */
static int visit(PyObject *object, void *state)
{
    walk *at = state;
    const type_row *row = look_at_type(Py_TYPE(object));
    if (row == NULL || at->visits++ > at->most_visits || at->depth > MOST_DEPTH)
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
    if (row->sight != HIDDEN)
        look_at(at, row, object);
    if (row->is_class && !ends_unseen_class((PyTypeObject *)object))
        find_in(at, "finalizer", (PyTypeObject *)object);
    /* the row may have moved, as may rows while its objects are visited */
    traverseproc traverse = (traverseproc)PyType_GetSlot(Py_TYPE(object), Py_tp_traverse);
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
    walk at = {0, is_host ? INT_MAX - 1 : MOST_VISITS, 0, NULL};
    Py_ssize_t size = PyList_Size(objects);
    if (!is_host && size > MOST_OBJECTS)
        return "objects";
    if (!is_host && !is_listed(objects))
        return "frozen";
    for (Py_ssize_t i = 0; at.found == NULL && i < size; i++)
        look_through(&at, PyList_GetItem(objects, i));
    if (at.found == NULL)
        look_through_main(&at);
    return at.found;
}

obstacle find_objects(int is_host)
{
    PyObject *gc = load_builtin("gc");
    PyObject *objects = gc == NULL ? NULL : PyObject_CallMethod(gc, "get_objects", NULL);
    obstacle found = "objects";
    if (objects != NULL && PyList_Check(objects) && begin_types(is_host) == 0)
        found = look_through_list(objects, is_host);
    end_types();
    Py_XDECREF(objects);
    Py_XDECREF(gc);
    PyErr_Clear();
    return found;
}
