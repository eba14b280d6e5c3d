/* Asks for the stat of many files at once: whether a tree has changed is a question of nothing
 * else. */
#include "native.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum { SIGNATURE_SIZE = 40 };

static unsigned char *pack_number(unsigned char *packed, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        packed[i] = (unsigned char)(number >> 8 * i);
    return packed + 8;
}

static uint64_t count_nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

#ifdef __APPLE__
#define MODIFIED(file) ((file)->st_mtimespec)
#define CHANGED(file) ((file)->st_ctimespec)
#else
#define MODIFIED(file) ((file)->st_mtim)
#define CHANGED(file) ((file)->st_ctim)
#endif

/* The layout is that of SIGNATURE in codecache/entry.py; what is not there is all zeros. */
static void sign_file(unsigned char *packed, const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        memset(packed, 0, SIGNATURE_SIZE);
        return;
    }
    packed = pack_number(packed, (uint64_t)file.st_size);
    packed = pack_number(packed, count_nanoseconds(MODIFIED(&file)));
    packed = pack_number(packed, count_nanoseconds(CHANGED(&file)));
    packed = pack_number(packed, (uint64_t)file.st_ino);
    pack_number(packed, (uint64_t)file.st_dev);
}

static size_t count_names(const char *names, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += names[i] == '\0';
    return count;
}

/* A name too long for a path is one that is not there. */
static void sign_names(unsigned char *packed, const char *folder, const char *names, size_t count)
{
    char path[PATH_MAX];
    size_t base = strlen(folder);
    for (; count > 0; count--, packed += SIGNATURE_SIZE) {
        size_t length = strlen(names);
        path[0] = '\0';
        if (base + length + 2 <= sizeof path) {
            memcpy(path, folder, base);
            path[base] = '/';
            memcpy(path + base + 1, names, length + 1);
        }
        sign_file(packed, path);
        names += length + 1;
    }
}

PyObject *stat_files(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *folder;
    const char *names;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "O&y#:stat_files", PyUnicode_FSConverter, &folder, &names, &size))
        return NULL;
    size_t count = count_names(names, (size_t)size);
    const char *path = PyBytes_AsString(folder);
    PyObject *packed = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count + 1) * SIGNATURE_SIZE);
    if (packed != NULL && path != NULL) {
        unsigned char *bytes = (unsigned char *)PyBytes_AsString(packed);
        sign_file(bytes, path);
        sign_names(bytes + SIGNATURE_SIZE, path, names, count);
    }
    Py_DECREF(folder);
    return packed;
}
