#ifndef MAINSPRING_SPAWN_H
#define MAINSPRING_SPAWN_H

#include "descriptors.h"
#include "environment.h"
#include "selection.h"

/* What a host begins after. */
enum occasion {
    AT_ONCE,
    AFTER_RECIPE,  /* the second recorded start has completed the recipe */
    AFTER_HOST,    /* the host before has ended */
    AFTER_RENEWAL, /* this start is recorded, but may take long */
};

/* A host that is to be. */
struct host {
    struct selection *selection; /* its recipe is read anew, and its key made by that */
    const char *start_folder;
    enum way way;
    int folder; /* of the hosts */
    const struct descriptors *descriptors;
    enum occasion occasion;
};

/* Starts a host beside this process, which gets no child by it. Never waits for it, never
 * complains. */
void spawn_host(const struct host *host);

#endif
