#ifndef MAINSPRING_TAKEOVER_H
#define MAINSPRING_TAKEOVER_H

/* The parts of a takeover; functions return -1 with an exception. */
#include "child.h"

/* What children have from their host. */
typedef struct {
    start_request start; /* what a caller just like it would send */
    PyObject *payload;   /* which that refers to */
    PyObject *coerced;   /* what CPython itself puts into the environment, as bytes */
    PyObject *variables, *arguments, *original_arguments; /* of os.environ, and of sys */
    PyObject *renew_stream, *expect_streams, *renew_modules, *ignore_in_python, *set_zone, *tell;
} host_own;

/* takeover.c */
extern host_own own;
int call(PyObject *function, PyObject *argument);
int fail(void); /* with errno */

/* takeover_words.c: arguments, environment and time zone */
int take_words(const start_request *start);

/* takeover_streams.c */
int take_streams(void);
void rehearse_streams(void);

#endif
