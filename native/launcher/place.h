#ifndef MAINSPRING_PLACE_H
#define MAINSPRING_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Where the launcher really is, whatever it was called by. */
struct place {
    bool known;
    char folder[PATH_MAX];
    dev_t device;
    ino_t inode;
};

void find_launcher(struct place *launcher);
bool is_launcher(const struct place *launcher, const struct stat *file);

/* The folder of the installed package that holds the hook's sitecustomize. */
bool find_start_folder(const struct place *launcher, char start[PATH_MAX]);

#endif
