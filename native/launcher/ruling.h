#ifndef MAINSPRING_RULING_H
#define MAINSPRING_RULING_H

#include <stdbool.h>

#include "options.h"
#include "reason.h"

/* REASON_NONE, if neither the options nor the environment ask for plain CPython. */
enum reason find_ruling(const struct options *options, char **environment);

/* Nothing may be written, for MAINSPRING_READONLY. */
bool is_read_only(char **environment);

/* With the rights of another user or group. */
bool is_set_id(void);

#endif
