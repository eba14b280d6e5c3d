/* How the objects of a type end is known from what CPython calls for it: tp_finalize, tp_dealloc.
 *
 * A class made by Python code ends unseen unless it has a __del__, or a base made by C code that
 * does not.  Of C code, CPython's own and its standard library's is known: what is not in a table
 * of finish_known.c ends unseen if it has no tp_finalize.  Other C code is not known: its objects
 * are seen, unless a host made them while it imported ahead, which was watched for effects.
 */
#include "finish.h"

#include <stdlib.h>

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

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

/* ---- judging ------------------------------------------------------------------------------- */

static PyTypeObject *base_of(PyTypeObject *type) { return PyType_GetSlot(type, Py_tp_base); }

static void *finalizer_of(PyTypeObject *type)
{
    void *finalize = PyType_GetSlot(type, Py_tp_finalize);
    return finalize != NULL ? finalize : PyType_GetSlot(type, Py_tp_del);
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

static sight judge_finalizer(PyTypeObject *type, void *finalize, type_row *row)
{
    PyTypeObject *owner = find_owner(type, finalize);
    if ((destructor)PyType_GetSlot(owner, Py_tp_dealloc) == class_dealloc)
        return look_up_finalizer(type, &row->attribute);
    return is_own_code(finalize) ? look_up_finalized(owner) : SEEN;
}

/* The nearest base that C code takes apart. */
static PyTypeObject *find_solid_base(PyTypeObject *type)
{
    while ((destructor)PyType_GetSlot(type, Py_tp_dealloc) == class_dealloc &&
           base_of(type) != NULL)
        type = base_of(type);
    return type;
}

static sight judge_base(PyTypeObject *type)
{
    PyTypeObject *base = find_solid_base(type);
    if (base == &PyBaseObject_Type)
        return HIDDEN;
    if (!is_own_code(PyType_GetSlot(base, Py_tp_dealloc)))
        return is_for_host ? HIDDEN : SEEN;
    return look_up_deallocated(base);
}

static void fill_row(type_row *row, PyTypeObject *type)
{
    row->key = type;
    row->traverse = (traverseproc)PyType_GetSlot(type, Py_tp_traverse);
    row->is_collected = (PyType_GetFlags(type) & Py_TPFLAGS_HAVE_GC) != 0;
    row->is_class = (PyType_GetFlags(type) & Py_TPFLAGS_TYPE_SUBCLASS) != 0;
    row->is_holder = type == &PyDict_Type || type == &PyTuple_Type;
    void *finalize = finalizer_of(type);
    sight judgement = judge_base(type);
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
