/*
 * The folder where a user's hosts are found; settings.find_runtime_folder finds the same one:
 *
 *   folder = base "/mainspring" | "/tmp/mainspring-" EUID
 *   base   = $XDG_RUNTIME_DIR, if absolute | "/run/user/" EUID, if EUID owns it
 */
#include "runtime.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fits(int length) { return length > 0 && length < PATH_MAX; }

static bool find_folder(char path[PATH_MAX], const char *shared)
{
    struct stat base;
    unsigned long user = (unsigned long)geteuid();
    if (shared != NULL && shared[0] == '/')
        return fits(snprintf(path, PATH_MAX, "%s/mainspring", shared));
    snprintf(path, PATH_MAX, "/run/user/%lu", user);
    if (lstat(path, &base) == 0 && base.st_uid == geteuid())
        return fits(snprintf(path, PATH_MAX, "/run/user/%lu/mainspring", user));
    return fits(snprintf(path, PATH_MAX, "/tmp/mainspring-%lu", user));
}

static int open_folder(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Not below what is another user's: root would leave a folder there that its owner cannot use. */
static bool may_make(const char *path)
{
    struct stat file;
    char base[PATH_MAX];
    snprintf(base, sizeof base, "%s", path);
    char *slash = strrchr(base, '/');
    slash[slash == base] = '\0';
    if (stat(base, &file) != 0)
        return false;
    return file.st_uid == geteuid() || (file.st_uid == 0 && (file.st_mode & S_ISVTX) != 0);
}

/* With a mode that the caller's umask has no part in. */
static void make_folder(const char *path)
{
    if (!may_make(path))
        return;
    mode_t before = umask(0);
    mkdir(path, 0700);
    umask(before);
}

static bool is_own(int folder)
{
    struct stat file;
    return fstat(folder, &file) == 0 && file.st_uid == geteuid() && (file.st_mode & 077) == 0;
}

int open_runtime_folder(const char *shared)
{
    char path[PATH_MAX];
    if (!find_folder(path, shared))
        return -1;
    int folder = open_folder(path);
    if (folder < 0) {
        make_folder(path);
        folder = open_folder(path);
    }
    if (folder < 0 || is_own(folder))
        return folder;
    close(folder);
    return -1;
}
