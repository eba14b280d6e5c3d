#ifndef MAINSPRING_RUNTIME_H
#define MAINSPRING_RUNTIME_H

/* A descriptor of the folder where the user's hosts are found, which is made if it is missing; -1
 * if there is none that is the user's own. `shared` is the value of XDG_RUNTIME_DIR, or NULL. */
int open_runtime_folder(const char *shared);

#endif
