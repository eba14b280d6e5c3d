/* The descriptors that exec would leave open are found before any are opened here. */
#include "descriptors.h"

#ifdef __linux__
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

static void note(struct descriptors *found, int number)
{
    int flags = fcntl(number, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0)
        return;
    if (found->count < MOST_DESCRIPTORS)
        found->numbers[found->count++] = number;
    else
        found->too_many = true;
}

static bool has_stream(const struct descriptors *found, int number)
{
    for (int i = 0; i < found->count; i++) {
        if (found->numbers[i] == number)
            return true;
    }
    return false;
}

bool find_descriptors(struct descriptors *found)
{
    found->count = 0;
    found->too_many = false;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return false;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.')
            note(found, (int)strtol(entry->d_name, NULL, 10));
    }
    closedir(folder);
    found->has_streams = has_stream(found, 0) && has_stream(found, 1) && has_stream(found, 2);
    return true;
}
#else
typedef int no_warm_starts_here;
#endif
