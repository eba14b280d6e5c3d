#ifndef MAINSPRING_BOUNDS_H
#define MAINSPRING_BOUNDS_H

#include <stdbool.h>

#include "identity.h"

/* Adds what of the caller no child of another could have; its capabilities, priority and
 * oom_score_adj are known. False if the system does not say all of it. */
bool add_bounds(struct caller *caller);

#endif
