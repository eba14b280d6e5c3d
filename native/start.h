#ifndef MAINSPRING_START_H
#define MAINSPRING_START_H

#include "native.h"

/* What the next `cpython.run_file` is to start.  One per process: only the main interpreter runs a
 * main script, and it runs one. */
typedef struct {
    PyObject *filename;      /* str: the path CPython will announce */
    PyObject *code;          /* code object */
    PyObject *warnings;      /* tuple of (category, text, line): given while it was compiled */
    PyObject *log;           /* tuple, see log_start, or NULL */
    PyObject *audit;         /* sys.audit */
    PyObject *exec;          /* builtins.exec */
    PyObject *warn_explicit; /* _warnings.warn_explicit */
    PyObject *loader_type;   /* SourceFileLoader */
    PyObject *signature; /* bytes: the script's stat, as entry.py packs it, when it was looked at */
    PyObject *pause;     /* what is called first, and then what it returns, or NULL */
    PyObject *finish;    /* what is called with the exit status when the code has ended, or NULL */
} armed_start;

void drop_start(armed_start *start);

/* start.c: whether an audit hook was added, which is told of the full end. */
int has_listener(void);

/* start_run.c: what CPython does around the code of a script; with an exception set. */
int audit(const armed_start *start, const char *event, PyObject *argument);
int audit_open(const armed_start *start);
int set_file_names(const armed_start *start, PyObject *namespace);
void run_code(armed_start *start, PyObject *module);

/* start_doubt.c: why the start is to be left to CPython, or NULL; and the line that tells of it. */
const char *reason_to_stand_aside(const armed_start *start, PyObject *args, PyObject *namespace);
void log_start(const armed_start *start, const char *reason);

#endif
