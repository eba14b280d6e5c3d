/* Arguments and environment of a start, as C code and `ps` see them. */
#include "child.h"

#ifdef __linux__

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

static size_t add_sizes(items words)
{
    size_t size = 0;
    const unsigned char *at = words.items;
    for (size_t i = 0; i < words.count; i++)
        size += take_word(&at).size + 1;
    return size;
}

static char *copy_string(char *to, span string)
{
    memcpy(to, string.bytes, string.size);
    to[string.size] = '\0';
    return to + string.size + 1;
}

static char *copy_strings(char *to, items words, char **pointers)
{
    const unsigned char *at = words.items;
    for (size_t i = 0; i < words.count; i++) {
        if (pointers != NULL)
            pointers[i] = to;
        to = copy_string(to, take_word(&at));
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

int set_strings(const start_request *start, span coerced)
{
    size_t count = start->environment.count;
    size_t room = (count + 2) * sizeof(char *);
    size_t size = add_sizes(start->arguments) + add_sizes(start->environment) + coerced.size + 1;
    char *block =
        mmap(NULL, room + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return -1;
    char **pointers = (char **)(void *)block;
    char *variables = copy_strings(block + room, start->arguments, NULL);
    char *end = copy_strings(variables, start->environment, pointers);
    if (coerced.size > 0) {
        pointers[count] = end;
        end = copy_string(end, coerced);
    }
    environ = pointers;
    show_strings(block + room, variables, end);
    return 0;
}

PyMethodDef strings_methods[] = {
    {"note_layout", note_layout, METH_NOARGS, note_layout_doc},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef strings_methods[] = {{NULL, NULL, 0, NULL}};

#endif
