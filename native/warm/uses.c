/* How often a host's children have begun a program: they write it into memory that all of them
 * share, so that no host has to wait for them, and one that only refuses does not count as used. */
#include "child.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct uses {
    atomic_llong count;
    atomic_llong last_ns; /* when that was, of CLOCK_MONOTONIC */
    atomic_uint kinds;    /* of the last caller's standard streams */
    atomic_int wanting;   /* how many in succession have imported more than was to be expected */
};

static struct uses *uses;
static Py_ssize_t most_modules;
static pid_t keeper; /* the only process that still counts */

long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

PyDoc_STRVAR(share_uses_doc,
             "share_uses()\n--\n\n"
             "Count from now on the uses by this process and its children.  Raises OSError.");

static PyObject *share_uses(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    void *shared =
        mmap(NULL, sizeof *uses, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return system_error();
    uses = shared;
    atomic_store(&uses->last_ns, now_ns());
    Py_RETURN_NONE;
}

void count_use(void)
{
    if (uses == NULL)
        return;
    atomic_store(&uses->last_ns, now_ns());
    atomic_fetch_add(&uses->count, 1);
}

void note_kinds(uint32_t kinds)
{
    if (uses != NULL)
        atomic_store(&uses->kinds, kinds);
}

uint32_t read_kinds(void) { return uses == NULL ? 0 : atomic_load(&uses->kinds); }

PyDoc_STRVAR(
    read_uses_doc,
    "read_uses()\n--\n\n"
    "How many programs have begun; when the last one did (or the count), in nanoseconds as "
    "time.monotonic_ns() has them; and how many of the last have imported too much.");

static PyObject *read_uses(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    if (uses == NULL)
        return Py_BuildValue("LLi", 0LL, now_ns(), 0);
    return Py_BuildValue("LLi", atomic_load(&uses->count), atomic_load(&uses->last_ns),
                         atomic_load(&uses->wanting));
}

PyDoc_STRVAR(expect_modules_doc,
             "expect_modules(most)\n--\n\n"
             "A program that ends with more than *most* modules has imported too much by itself.");

static PyObject *expect_modules(PyObject *Py_UNUSED(module), PyObject *most)
{
    most_modules = PyLong_AsSsize_t(most);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

void keep_uses(void)
{
    if (uses != NULL)
        madvise(uses, sizeof *uses, MADV_DONTFORK);
    keeper = getpid();
}

void note_end_modules(void)
{
    if (uses == NULL || most_modules <= 0 || keeper != getpid())
        return;
    if (PyDict_Size(PyImport_GetModuleDict()) > most_modules)
        atomic_fetch_add(&uses->wanting, 1);
    else
        atomic_store(&uses->wanting, 0);
}

PyMethodDef uses_methods[] = {
    {"expect_modules", expect_modules, METH_O, expect_modules_doc},
    {"read_uses", read_uses, METH_NOARGS, read_uses_doc},
    {"share_uses", share_uses, METH_NOARGS, share_uses_doc},
    {NULL, NULL, 0, NULL},
};
