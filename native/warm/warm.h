#ifndef MAINSPRING_WARM_H
#define MAINSPRING_WARM_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Each ends with an empty row. */
extern PyMethodDef record_methods[];     /* record.c: who is told of events */
extern PyMethodDef wrapper_methods[];    /* wrapper.c: functions that tell of their calls */
extern PyMethodDef disguise_methods[];   /* disguise.c: containers that tell who looks into them */
extern PyMethodDef divert_methods[];     /* divert.c: who calls CPython's own C functions */
extern PyMethodDef follow_methods[];     /* follow.c: which code is run */
extern PyMethodDef names_methods[];      /* names.c: what modules bind */
extern PyMethodDef watch_methods[];      /* watch.c: what the kernel tells of files */
extern PyMethodDef signatures_methods[]; /* signatures.c: whether files are as they were */
extern PyMethodDef finish_methods[];     /* finish.c: the quick end of a child */
extern PyMethodDef socket_methods[];  /* socket.c: connections, and descriptors that come by them */
extern PyMethodDef adopt_methods[];   /* adopt.c: what a child takes over from its caller */
extern PyMethodDef strings_methods[]; /* strings.c: what it has of its caller's words */
extern PyMethodDef wait_methods[];    /* wait.c: what a host waits for */
extern PyMethodDef pages_methods[];   /* pages.c: copying ahead what will be written to */
extern PyMethodDef deadline_methods[]; /* deadline.c: for a host to be up */
extern PyMethodDef doors_methods[];    /* doors.c: what a host waits at */
extern PyMethodDef admit_methods[];    /* admit.c: who comes there */
extern PyMethodDef children_methods[]; /* children.c: the processes that it has forked */
extern PyMethodDef start_methods[];    /* start.c: what one of them becomes */
extern PyMethodDef takeover_methods[]; /* takeover.c: and has of its caller */
extern PyMethodDef streams_methods[];  /* takeover_streams.c: its standard streams among it */
extern PyMethodDef uses_methods[];     /* uses.c: how often a host was of use, and of how much */

static inline PyObject *system_error(void) { return PyErr_SetFromErrno(PyExc_OSError); }

/* record.c */
int add_record_constants(PyObject *module);
int is_recorded(void);  /* whether this code is the program's */
int is_importlib(void); /* whether it is importlib's, of which no file needs to be told */
void tell_receiver(PyObject *receiver, PyObject *arguments); /* steals the arguments */

/* pages.c, uses.c: what a child tells its host at its end */
void note_end_pages(void);
void note_end_modules(void);
void keep_uses(void);

#endif
