#ifndef MAINSPRING_DOORS_H
#define MAINSPRING_DOORS_H

/* What waits at a host's doors, and who is let in there. */
#include "child.h"

enum { SIGNALS, LISTENER, WATCH, SESSION, FIXED };
enum { MOST_KNOCKING = 512, PAUSE_MS = 20 };

/* Of the grammar in doors.c. */
typedef struct {
    const char *name; /* NULL: none yet */
    int number;
    uint64_t mask;
    long long began_ns;
} happening;

/* doors.c */
extern int doors[FIXED]; /* descriptors; -1 for none */
extern int mounts;
extern PyObject *look_for_change; /* (has_new_mounts) -> whether anything has changed */
extern happening event;
void tell(const char *name, int number);
void note_unrest(void);

/* admit.c: those that can fail return -1 with an exception */
int provide_spare(void); /* without one: there is no room for it */
int admit(void);
int hear_again(int connection);
size_t count_knocking(void);
size_t list_knocking(int *connections); /* there is room for MOST_KNOCKING */
void refuse_knocking(void);

#endif
