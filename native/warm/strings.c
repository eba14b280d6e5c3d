/* Arguments and environment of a start, as C code and `ps` see them. */
#include "warm.h"

#ifdef __linux__

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

static size_t add_sizes(PyObject *list)
{
    size_t size = 0;
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++)
        size += (size_t)PyBytes_Size(PyList_GetItem(list, i)) + 1;
    return size;
}

static char *copy_strings(char *to, PyObject *list, char **pointers)
{
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        PyObject *string = PyList_GetItem(list, i);
        size_t size = (size_t)PyBytes_Size(string) + 1;
        memcpy(to, PyBytes_AsString(string), size);
        if (pointers != NULL)
            pointers[i] = to;
        to += size;
    }
    return to;
}

/* Fields 26 to 51 of /proc/self/stat, from start_code to env_end; see proc(5). They stay the same
 * from a host to its children. */
static unsigned long long layout[26];
static int knows_layout = 0;

PyDoc_STRVAR(note_layout_doc, "note_layout()\n--\n\nNote where things are, for set_strings.");

static PyObject *note_layout(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    char content[2048];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        Py_RETURN_NONE;
    size_t length = fread(content, 1, sizeof content - 1, file);
    fclose(file);
    content[length] = '\0';
    char *next = strrchr(content, ')');
    for (int field = 3; next != NULL && field <= 51; field++) {
        next = strchr(next + 1, ' ');
        if (next != NULL && field >= 26)
            layout[field - 26] = strtoull(next + 1, NULL, 10);
    }
    knows_layout = next != NULL;
    Py_RETURN_NONE;
}

/* Best effort: a kernel without checkpointing has no such call. */
static void show_strings(const char *arguments, const char *variables, const char *end)
{
    if (!knows_layout)
        return;
    struct prctl_mm_map map = {
        .start_code = layout[0],
        .end_code = layout[1],
        .start_stack = layout[2],
        .start_data = layout[19],
        .end_data = layout[20],
        .start_brk = layout[21],
        .brk = (uintptr_t)sbrk(0),
        .arg_start = (uintptr_t)arguments,
        .arg_end = (uintptr_t)variables,
        .env_start = (uintptr_t)variables,
        .env_end = (uintptr_t)end,
        .exe_fd = ~0U,
    };
    prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

static int are_bytes(PyObject *list)
{
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        if (!PyBytes_Check(PyList_GetItem(list, i)))
            return 0;
    }
    return 1;
}

PyDoc_STRVAR(set_strings_doc,
             "set_strings(arguments, environment)\n--\n\n"
             "Let C code find the list *environment* of b'NAME=VALUE', and `ps` both lists.");

static PyObject *set_strings(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *arguments, *environment;
    if (!PyArg_ParseTuple(args, "O!O!:set_strings", &PyList_Type, &arguments, &PyList_Type,
                          &environment))
        return NULL;
    if (!are_bytes(arguments) || !are_bytes(environment)) {
        PyErr_SetString(PyExc_TypeError, "not bytes");
        return NULL;
    }
    size_t count = (size_t)PyList_Size(environment);
    size_t size = add_sizes(arguments) + add_sizes(environment) + (count + 1) * sizeof(char *);
    char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return system_error();
    char **pointers = (char **)(void *)block;
    char *strings = block + (count + 1) * sizeof(char *);
    char *variables = copy_strings(strings, arguments, NULL);
    char *end = copy_strings(variables, environment, pointers);
    pointers[count] = NULL;
    environ = pointers;
    show_strings(strings, variables, end);
    Py_RETURN_NONE;
}

PyMethodDef strings_methods[] = {
    {"note_layout", note_layout, METH_NOARGS, note_layout_doc},
    {"set_strings", set_strings, METH_VARARGS, set_strings_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef strings_methods[] = {{NULL, NULL, 0, NULL}};

#endif
