/* Asks for the stat of many files at once: whether a tree has changed is a question of nothing
 * else. */
#include "native.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIGNATURE_SIZE = 40 };

/* O_PATH: nothing is read, and so no right to read is needed. */
#ifdef O_PATH
#define OPEN_FOLDER (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

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

static size_t count_names(const char *names, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += names[i] == '\0';
    return count;
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
