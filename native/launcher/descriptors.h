#ifndef MAINSPRING_DESCRIPTORS_H
#define MAINSPRING_DESCRIPTORS_H

#include <stdbool.h>

/* The kernel passes on 253 at once; the working directory is one more. */
#define MOST_DESCRIPTORS 250

/* What the program would find open. */
struct descriptors {
    int numbers[MOST_DESCRIPTORS];
    int count;
    bool too_many;
    bool has_streams; /* 0, 1 and 2 are among them */
};

/* False if the system does not tell. */
bool find_descriptors(struct descriptors *found);

#endif
