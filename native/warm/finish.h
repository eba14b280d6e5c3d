#ifndef MAINSPRING_FINISH_H
#define MAINSPRING_FINISH_H

#include "warm.h"

#include <stddef.h>
#include <stdint.h>

/* Why an end is to be CPython's own; NULL where nothing stands against a quick one. */
typedef const char *obstacle;

/* finish.c: what the last obstacle was found at, for whoever asks. */
void note_detail(PyObject *type, const char *words);

/* finish_names.c: an attribute, and a method's result, by a name that is written here: a host has
 * the string of each ready for its children. */
PyObject *get_attribute(PyObject *object, const char *name);
PyObject *call_method(PyObject *object, const char *name);

/* finish_state.c: obstacles in how the interpreter is set, and in what runs beside. */
obstacle find_setting(void);
obstacle find_state(void);
PyObject *load_builtin(const char *name);

/* finish_streams.c: whether sys.stdin, stdout and stderr are CPython's own, and flushing them. */
obstacle find_stream(void);
obstacle flush_streams(void);
int is_stream_part(PyObject *object);

/* finish_scan.c: obstacles among objects. */
obstacle find_objects(int is_host);

/* finish_types.c: how objects of a type end. */
typedef enum {
    HIDDEN = 1, /* nobody sees it */
    SEEN,       /* somebody may */
    STREAM,     /* an object of _io */
    GENERATOR,
    COROUTINE,
    REFERENCE, /* weak, perhaps with a callback */
    PROXY,     /* the same, but it passes every question on */
    FUTURE,
    DATABASE,
    CAPSULE,
    FINALIZER /* a known __del__: it depends on an attribute */
} sight;

typedef struct {
    const void *key;
    traverseproc traverse;
    const char
        *attribute; /* FINALIZER: what tells that nothing is left to do, see finish_known.c */
    uint8_t sight;
    uint8_t is_collected; /* the collector knows of its objects by itself */
    uint8_t is_class;     /* its objects are classes */
    uint8_t is_holder;    /* an exact dict or tuple: the collector may leave it out */
} type_row;

int begin_types(int is_host);
void end_types(int is_host);
const type_row *look_at_type(PyTypeObject *type); /* NULL: out of memory */
int ends_unseen_class(PyTypeObject *type);

/* finish_known.c: how those objects end whose tp_finalize is that of *type*, or whose tp_dealloc,
 * and those of a class with its __del__, which may depend on an attribute. */
sight look_up_finalized(PyTypeObject *type);
sight look_up_deallocated(PyTypeObject *type);
sight look_up_finalizer(PyTypeObject *type, const char **attribute);

/* finish_objects.c: how one object ends. */
int is_seen(const type_row *row, PyObject *object);

/* finish_frames.c: whether closing a suspended generator runs code of its own. */
int is_generator_seen(PyObject *generator);

/* finish_libraries.c: whether code is CPython's own, or its standard library's; whether a library
 * is loaded that asks CPython to be told of the end; and ending, after that look, by exit() if it
 * has anything to do. */
int is_own_code(const void *address);
int has_listening_library(void);
_Noreturn void end_process(int status);

#endif
