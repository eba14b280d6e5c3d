/* Asks for the stat of many files at once: whether a tree has changed is a question of nothing
 * else. */
#include "native.h"

#include <string.h>
#include <unistd.h>

#include "signing.h"

enum { SIGNATURE_SIZE = 40 };

static unsigned char *pack_number(unsigned char *packed, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        packed[i] = (unsigned char)(number >> 8 * i);
    return packed + 8;
}

/* The layout is that of SIGNATURE in codecache/entry.py; what is not there is all zeros. */
static void sign_file(unsigned char *packed, int folder, const char *name)
{
    struct stat file;
    if (fstatat(folder, name, &file, 0) != 0) {
        memset(packed, 0, SIGNATURE_SIZE);
        return;
    }
    packed = pack_number(packed, (uint64_t)file.st_size);
    packed = pack_number(packed, count_nanoseconds(MODIFIED(&file)));
    packed = pack_number(packed, count_nanoseconds(CHANGED(&file)));
    packed = pack_number(packed, (uint64_t)file.st_ino);
    pack_number(packed, (uint64_t)file.st_dev);
}

/* From the folder's descriptor on: the way to it is longer than that from it. */
static void sign_names(unsigned char *packed, const char *path, const char *names, size_t count)
{
    int folder = count == 0 ? -1 : open(path, OPEN_FOLDER);
    for (; count > 0; count--, packed += SIGNATURE_SIZE) {
        sign_file(packed, folder, names);
        names += strlen(names) + 1;
    }
    if (folder >= 0)
        close(folder);
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
        sign_file(bytes, AT_FDCWD, path);
        sign_names(bytes + SIGNATURE_SIZE, path, names, count);
    }
    Py_DECREF(folder);
    return packed;
}
