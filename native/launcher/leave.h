#ifndef MAINSPRING_LEAVE_H
#define MAINSPRING_LEAVE_H

#include <stdbool.h>

#include "descriptors.h"
#include "identity.h"

/* Leaves the caller's terminal or session, folder, descriptors, signals and limits; false: it
 * cannot. */
bool leave_caller(const struct caller *caller, const struct descriptors *descriptors);

#endif
