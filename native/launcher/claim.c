/*
 * A lock makes one process the only one of its kind: KEY.lock the host of a key, ID.lock the helper
 * that waits for a recipe. The kernel takes it from a process that has ended, however it ended.
 *
 *   DIGITS.lock = "+"*       one for each process that set out to be the host since one was up
 *
 * After the second in a row that did not come up, the next one waits a second, then two, then four:
 * what ends by a signal each time (for want of memory, say) is not to be started at each start.
 *
 * Files of locks are removed by who holds them, so a lock counts only if its file is still there.
 */
#include "claim.h"

#ifdef __linux__
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_DOUBLED 9
#define NAME_SIZE 64

static void name_lock(char name[NAME_SIZE], const char *digits)
{
    snprintf(name, NAME_SIZE, "%s.lock", digits);
}

static int open_lock(int folder, const char *digits, int flags)
{
    char name[NAME_SIZE];
    name_lock(name, digits);
    flags |= O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    return openat(folder, name, flags, 0600);
}

/* Also where the clock was set back. */
static bool is_due(int lock)
{
    struct stat file;
    if (fstat(lock, &file) != 0)
        return false;
    if (file.st_size < 2)
        return true;
    long long doubled = file.st_size - 2 < MOST_DOUBLED ? file.st_size - 2 : MOST_DOUBLED;
    return llabs((long long)time(NULL) - (long long)file.st_mtime) >= 1LL << doubled;
}

bool may_claim(int folder, const char *digits)
{
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int lock = open_lock(folder, digits, 0);
    if (lock < 0)
        return true;
    bool is_free = fcntl(lock, F_GETLK, &wanted) == 0 && wanted.l_type == F_UNLCK && is_due(lock);
    close(lock);
    return is_free;
}

static bool is_in_place(int folder, const char *digits, int lock)
{
    char name[NAME_SIZE];
    struct stat held, found;
    name_lock(name, digits);
    return fstat(lock, &held) == 0 && fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

int claim(int folder, const char *digits, bool patient)
{
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    for (;;) {
        int lock = open_lock(folder, digits, O_CREAT);
        if (lock < 0)
            return -1;
        bool held = fcntl(lock, patient ? F_SETLKW : F_SETLK, &wanted) == 0;
        bool in_place = held && is_in_place(folder, digits, lock);
        if (in_place && is_due(lock))
            return lock;
        close(lock);
        if (!held || in_place)
            return -1;
    }
}

void note_attempt(int lock)
{
    ssize_t ignored = write(lock, "+", 1);
    (void)ignored;
}

void remove_claim(int folder, const char *digits)
{
    char name[NAME_SIZE];
    name_lock(name, digits);
    unlinkat(folder, name, 0);
}
#else
typedef int no_warm_starts_here;
#endif
