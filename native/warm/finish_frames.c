/* Closing a suspended generator runs code of its own only where it waits within a try or a with.
 *
 * Which handler covers an instruction is in co_exceptiontable
 * (Objects/exception_handling_notes.txt): table := entry* entry := START LENGTH TARGET DEPTH
 * numbers, in instructions of two bytes, but for DEPTH: twice the depth of the stack, plus 1 if the
 *                                             place is to be pushed
 *     number := six bits a byte, the highest first; bit 6 is set if another follows, bit 7 if the
 *               entry begins here
 */
#include "finish.h"

typedef struct {
    const unsigned char *at, *end;
} reader;

static unsigned long read_number(reader *table)
{
    unsigned long number = 0;
    for (int more = 1; more && table->at < table->end; table->at++) {
        number = (number << 6) | (*table->at & 63u);
        more = *table->at & 64;
    }
    return number;
}

typedef struct {
    unsigned long length, target, depth;
} handler;

static int find_handler(reader table, unsigned long instruction, handler *found)
{
    while (table.at < table.end) {
        unsigned long start = read_number(&table);
        found->length = read_number(&table);
        found->target = read_number(&table);
        found->depth = read_number(&table);
        if (instruction >= start && instruction - start < found->length)
            return 1;
    }
    return 0;
}

/* A `yield from` has one of its own for where it waits, CLEANUP_THROW, which hands on to the next.
 */
static int find_written_handler(reader table, unsigned long instruction, int delegates,
                                handler *found)
{
    int is_found = find_handler(table, instruction, found);
    if (is_found && delegates && found->length == 1 && found->depth % 2 == 0)
        return find_handler(table, found->target, found);
    return is_found;
}

/* Since 3.12 all of a generator is covered by a handler that the compiler adds: it makes a
 * RuntimeError of a StopIteration, by CALL_INTRINSIC_1 3 and RERAISE 1.  What a program wrote
 * begins with PUSH_EXC_INFO 0, and what ends such a handler is COPY 3 and POP_EXCEPT 0. */
static int is_added(handler found, PyObject *instructions)
{
    size_t at = 2 * found.target;
    if (Py_Version < 0x030C0000 || at + 4 > (size_t)PyBytes_Size(instructions))
        return 0;
    const char *bytes = PyBytes_AsString(instructions) + at;
    return bytes[1] == 3 && bytes[3] == 1;
}

static int is_within_handler(PyObject *code, long place, int delegates)
{
    PyObject *table = get_attribute(code, "co_exceptiontable");
    PyObject *instructions = get_attribute(code, "co_code");
    int is_so = 1;
    if (table && instructions && PyBytes_Check(table) && PyBytes_Check(instructions)) {
        const unsigned char *bytes = (const unsigned char *)PyBytes_AsString(table);
        reader all = {bytes, bytes + PyBytes_Size(table)};
        handler found;
        is_so = find_written_handler(all, (unsigned long)place / 2, delegates, &found) &&
                !is_added(found, instructions);
    }
    Py_XDECREF(instructions);
    Py_XDECREF(table);
    return is_so;
}

static int is_suspended_within(PyObject *generator, PyObject *frame, int delegates)
{
    PyObject *code = get_attribute(generator, "gi_code");
    PyObject *last = get_attribute(frame, "f_lasti");
    long place = last == NULL ? -1 : PyLong_AsLong(last);
    int is_so = code == NULL || place < 0 || is_within_handler(code, place, delegates);
    Py_XDECREF(last);
    Py_XDECREF(code);
    return is_so;
}

/* What it waits for in a `yield from` is closed as well. */
static int is_closing_seen(PyObject *generator, PyObject *frame)
{
    PyObject *inner = get_attribute(generator, "gi_yieldfrom");
    int delegates = inner != Py_None;
    int is_stranger = delegates && (inner == NULL || Py_TYPE(inner) != Py_TYPE(generator));
    Py_XDECREF(inner);
    return is_stranger || is_suspended_within(generator, frame, delegates);
}

int is_generator_seen(PyObject *generator)
{
    PyObject *frame = get_attribute(generator, "gi_frame");
    PyObject *suspended = get_attribute(generator, "gi_suspended");
    int is_so = frame == NULL || suspended == NULL;
    if (!is_so && frame != Py_None && suspended == Py_True)
        is_so = is_closing_seen(generator, frame);
    Py_XDECREF(suspended);
    Py_XDECREF(frame);
    PyErr_Clear();
    return is_so;
}
