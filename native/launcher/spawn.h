#ifndef MAINSPRING_SPAWN_H
#define MAINSPRING_SPAWN_H

#include "descriptors.h"
#include "environment.h"
#include "identity.h"
#include "key.h"
#include "text.h"

/* What a host begins after. */
enum occasion {
    AT_ONCE,
    AFTER_RECIPE,  /* the second recorded start has completed the recipe */
    AFTER_HOST,    /* the host before has ended */
    AFTER_RENEWAL, /* this start is recorded, but may take long */
};

/* A host that is to be. */
struct host {
    char **arguments; /* of the start, from the interpreter on */
    size_t script;    /* which of them it is */
    const char *path; /* its absolute path */
    const char *start_folder;
    enum way way;
    int folder; /* of the hosts */
    const char *id;
    const struct selection *selection;
    const struct caller *caller;
    const struct descriptors *descriptors;
    enum occasion occasion;
};

/* Starts a host beside this process, which gets no child by it. Never waits for it, never
 * complains. */
void spawn_host(const struct host *host);

#endif
