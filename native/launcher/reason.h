#ifndef MAINSPRING_REASON_H
#define MAINSPRING_REASON_H

#include <limits.h>

#include "options.h"
#include "place.h"

/* Why the launcher leaves a start to plain CPython. */
enum reason {
    REASON_NONE,   /* it does not: the hook decides */
    REASON_ANSWER, /* python prints and is gone: not worth a line in the log */
    REASON_OFF,
    REASON_SET_ID,
    REASON_ISOLATED,
    REASON_NO_SITE,
    REASON_OBSERVED,
    REASON_INCOMPLETE_INSTALL,
    REASON_COLON_IN_PATH,
    REASON_ENVIRONMENT_TOO_BIG,
};

/* As the log spells it; NULL for the two that are not logged. */
const char *reason_name(enum reason reason);

/* Fills in `start`, the folder of the hook, where the answer is REASON_NONE. */
enum reason find_reason(const struct options *options, const char *interpreter, char **environment,
                        const struct place *launcher, char start[PATH_MAX]);

#endif
