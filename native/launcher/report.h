#ifndef MAINSPRING_REPORT_H
#define MAINSPRING_REPORT_H

#include <time.h>

#include "options.h"
#include "reason.h"

enum failure {
    NO_FAILURE,
    PYTHON_OPTION_EMPTY,
    NAMED_NOT_FOUND,
    NAMED_IS_LAUNCHER,
    SCRIPT_PYTHON_NOT_FOUND,
    NO_PYTHON,
    NOT_EXECUTABLE,
    COMMAND_NOT_FOUND,
    PLACE_UNKNOWN,
    OUT_OF_MEMORY,
    SHIM_SCRIPT_GONE,
    SHIM_PYTHON_GONE,
    SHIM_NOT_EXECUTABLE,
    SHIM_UNTRUSTED,
    SHIM_DAMAGED,
};

/* Writes one line to stderr, and returns the exit status. */
int report_failure(enum failure failure, const char *subject, const char *detail);

/* Appends a line to MAINSPRING_LOG, where that is asked for and possible; never complains. */
void log_plain_start(const struct options *options, enum reason reason,
                     const struct timespec *began);

#endif
