#ifndef MAINSPRING_REACH_H
#define MAINSPRING_REACH_H

#include <stdbool.h>

/* What is loaded into an interpreter that ignores PYTHONPATH; in the folder of the hook. */
#define PRELOADED "_preload.abi3.so"

/* True if the loader would load it, without a word: into this process image, by this path. */
bool can_preload(const char *interpreter, const char *start_folder);

#endif
