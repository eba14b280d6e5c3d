#ifndef MAINSPRING_SIGNING_H
#define MAINSPRING_SIGNING_H

/* What the signatures of files have in common, which stats.c and warm/signatures.c lay out each in
 * its own way: the folder that names are looked up from, and the times of a file. */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* O_PATH: nothing is read, and so no right to read is needed. */
#ifdef O_PATH
#define OPEN_FOLDER (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

#ifdef __APPLE__
#define MODIFIED(file) ((file)->st_mtimespec)
#define CHANGED(file) ((file)->st_ctimespec)
#else
#define MODIFIED(file) ((file)->st_mtim)
#define CHANGED(file) ((file)->st_ctim)
#endif

static inline uint64_t count_nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

/* Each name ends with a NUL. */
static inline size_t count_names(const char *names, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += names[i] == '\0';
    return count;
}

#endif
