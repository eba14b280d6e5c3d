/* How the objects of a type end is known from what CPython calls for it: tp_finalize, tp_dealloc.
 *
 * A class made by Python code ends unseen unless it has a __del__, or a base made by C code that
 * does not.  Of C code, CPython's own and its standard library's is known: what is not in a table
 * of finish_known.c ends unseen if it has no tp_finalize.  Other C code is not known: its objects
 * are seen, unless a host made them while it imported ahead, which was watched for effects.
 */
#include "finish.h"

#include <stdlib.h>
#include <string.h>

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

typedef struct {
    type_row *rows;
    size_t capacity, count;
} type_table;

enum { FEW = 64, MOST_OF_HOST = 1024 }; /* powers of two */
static type_row few[FEW];               /* what a child comes past that its host does not know */
static type_table known;                /* of a host: how types end that nobody can change */
static type_table table;                /* of the look that is under way */
static int is_for_host;
static destructor class_dealloc; /* subtype_dealloc, which every class of Python code has */

/* ---- the table ---------------------------------------------------------------------------- */

static type_row *find_row(const type_table *in, const void *key)
{
    size_t at = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u;
    for (at ^= at >> 32;; at++) {
        type_row *row = &in->rows[at & (in->capacity - 1)];
        if (row->key == key || row->key == NULL)
            return row;
    }
}

static int make_table(type_table *made, size_t capacity)
{
    *made = (type_table){calloc(capacity, sizeof(type_row)), capacity, 0};
    return made->rows == NULL ? -1 : 0;
}

static void drop_table(type_table *dropped)
{
    if (dropped->rows != few)
        free(dropped->rows);
    *dropped = (type_table){0};
}

static void add_row(type_table *to, const type_row *row)
{
    *find_row(to, row->key) = *row;
    to->count++;
}

static int grow(void)
{
    type_table larger;
    if (make_table(&larger, table.capacity * 2) < 0)
        return -1;
    for (size_t i = 0; i < table.capacity; i++) {
        if (table.rows[i].key != NULL)
            add_row(&larger, &table.rows[i]);
    }
    drop_table(&table);
    table = larger;
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
    const type_row *row = known.rows == NULL ? NULL : find_row(&known, type);
    if (row == NULL || row->key == NULL)
        row = find_row(&table, type);
    if (row->key != NULL)
        return row;
    if (table.count * 2 > table.capacity && grow() < 0)
        return NULL;
    type_row new_row = {0};
    fill_row(&new_row, type);
    add_row(&table, &new_row);
    return find_row(&table, type);
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
    if (class_dealloc == NULL && find_class_dealloc() < 0)
        return -1;
    if (is_host)
        return make_table(&table, MOST_OF_HOST);
    memset(few, 0, sizeof few);
    table = (type_table){few, FEW, 0};
    return 0;
}

/* A class that C code has made for good, and of which a host and its children judge the same. */
static int is_unchangeable(PyTypeObject *type)
{
    return !(PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) &&
           is_own_code(PyType_GetSlot(type, Py_tp_dealloc));
}

static void keep_known(void)
{
    if (table.rows == NULL || known.rows != NULL || make_table(&known, table.capacity) < 0)
        return;
    for (size_t i = 0; i < table.capacity; i++) {
        const void *key = table.rows[i].key;
        if (key != NULL && is_unchangeable((PyTypeObject *)(uintptr_t)key))
            add_row(&known, &table.rows[i]);
    }
}

void end_types(int is_host)
{
    if (is_host)
        keep_known();
    drop_table(&table);
}
