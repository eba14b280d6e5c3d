#include "place.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#include "text.h"

#define START_FOLDER "mainspring/start"

#ifdef __APPLE__
static bool find_executable(char path[PATH_MAX], struct stat *file)
{
    char called[PATH_MAX];
    uint32_t size = sizeof called;
    if (_NSGetExecutablePath(called, &size) != 0 || realpath(called, path) == NULL)
        return false;
    return stat(path, file) == 0;
}
#else
static bool find_executable(char path[PATH_MAX], struct stat *file)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0 || path[0] != '/')
        return false;
    path[length] = '\0';
    /* Through the link, and so also right when the file has been replaced since. */
    return stat("/proc/self/exe", file) == 0;
}
#endif

static void cut_last_part(char *path)
{
    char *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
}

void find_launcher(struct place *launcher)
{
    struct stat file;
    launcher->known = find_executable(launcher->folder, &file);
    if (!launcher->known)
        return;
    launcher->device = file.st_dev;
    launcher->inode = file.st_ino;
    cut_last_part(launcher->folder);
}

bool is_launcher(const struct place *launcher, const struct stat *file)
{
    return launcher->known && file->st_dev == launcher->device && file->st_ino == launcher->inode;
}

/* 3.N as N, "python" (macOS) and "python3" (Debian) as 0; -1 if no modules are kept there. */
static long minor_version(const char *name)
{
    if (strcmp(name, "python") == 0 || strcmp(name, "python3") == 0)
        return 0;
    if (!starts_with(name, "python3.") || strspn(name + 8, "0123456789") == 0)
        return -1;
    char *end;
    long minor = strtol(name + 8, &end, 10);
    return *end == '\0' || strcmp(end, "t") == 0 ? minor : -1;
}

static bool holds_hook(char start[PATH_MAX], const char *packages)
{
    char hook[PATH_MAX];
    return join_path(start, packages, START_FOLDER) && join_path(hook, start, "sitecustomize.py") &&
           access(hook, F_OK) == 0;
}

static bool look_in_version(char start[PATH_MAX], const char *library, const char *version,
                            const char *kind)
{
    char folder[PATH_MAX];
    char packages[PATH_MAX];
    return join_path(folder, library, version) && join_path(packages, folder, kind) &&
           holds_hook(start, packages);
}

/* Not glob(3): it costs a stat for each name, and several for each match. */
static bool look_in_library(char start[PATH_MAX], const char *library, const char *kind)
{
    long best = -1;
    char found[PATH_MAX];
    DIR *folder = opendir(library);
    if (folder == NULL)
        return false;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        long minor = minor_version(entry->d_name);
        if (minor > best && look_in_version(found, library, entry->d_name, kind)) {
            best = minor;
            snprintf(start, PATH_MAX, "%s", found);
        }
    }
    closedir(folder);
    return best >= 0;
}

bool find_start_folder(const struct place *launcher, char start[PATH_MAX])
{
    char prefix[PATH_MAX];
    char library[PATH_MAX];
    if (!launcher->known)
        return false;
    snprintf(prefix, sizeof prefix, "%s", launcher->folder);
    cut_last_part(prefix);
    for (int i = 0; i < 2; i++) {
        if (join_path(library, prefix, i == 0 ? "lib" : "lib64") &&
            (look_in_library(start, library, "site-packages") ||
             look_in_library(start, library, "dist-packages")))
            return true;
    }
    return holds_hook(start, prefix);
}
