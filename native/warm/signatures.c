/* A file's signature is another one after each change of it, or of what stands in its place. */
#include "warm.h"

#include <string.h>
#include <unistd.h>

#include "../signing.h"

/* signature := MODE OWNER INODE DEVICE SIZE MODIFIED LINKS CHANGED, each a number of 8 bytes in the
 * machine's order.  The last four are zero but for regular files and links: those of a folder tell
 * of what is in it, those of a device of who used it.  What is not there, or may not be looked at,
 * is all zeros. */
enum { NUMBERS = 8, SIGNATURE_SIZE = NUMBERS * sizeof(uint64_t) };

static void sign_content(uint64_t *numbers, const struct stat *file)
{
    numbers[4] = (uint64_t)file->st_size;
    numbers[5] = count_nanoseconds(MODIFIED(file));
    numbers[6] = (uint64_t)file->st_nlink;
    numbers[7] = count_nanoseconds(CHANGED(file));
}

/* Of a link, not of what it leads to, which has a place of its own. */
static void sign_name(unsigned char *packed, int folder, const char *name)
{
    struct stat file;
    uint64_t numbers[NUMBERS] = {0};
    if (fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) == 0) {
        numbers[0] = (uint64_t)file.st_mode;
        numbers[1] = (uint64_t)file.st_uid << 32 | (uint64_t)file.st_gid;
        numbers[2] = (uint64_t)file.st_ino;
        numbers[3] = (uint64_t)file.st_dev;
        if (S_ISREG(file.st_mode) || S_ISLNK(file.st_mode))
            sign_content(numbers, &file);
    }
    memcpy(packed, numbers, sizeof numbers);
}

/* From the folder's descriptor on: the way to it is longer than that from it. */
static PyObject *sign_folder(const char *path, const char *names, size_t count)
{
    PyObject *packed = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * SIGNATURE_SIZE));
    if (packed == NULL)
        return NULL;
    unsigned char *bytes = (unsigned char *)PyBytes_AsString(packed);
    int folder = open(path, OPEN_FOLDER);
    for (size_t i = 0; i < count; i++) {
        sign_name(bytes + i * SIGNATURE_SIZE, folder, names);
        names += strlen(names) + 1;
    }
    if (folder >= 0)
        close(folder);
    return packed;
}

static PyObject *sign_names(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *folder;
    const char *names;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "O&y#:sign_names", PyUnicode_FSConverter, &folder, &names, &size))
        return NULL;
    const char *path = PyBytes_AsString(folder);
    PyObject *packed =
        path == NULL ? NULL : sign_folder(path, names, count_names(names, (size_t)size));
    Py_DECREF(folder);
    return packed;
}

PyMethodDef signatures_methods[] = {
    {"sign_names", sign_names, METH_VARARGS,
     "sign_names(folder, names, NUL behind each) -> signatures"},
    {NULL, NULL, 0, NULL},
};
