#ifndef MAINSPRING_HANDOVER_H
#define MAINSPRING_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "descriptors.h"
#include "reply.h"
#include "text.h"

/* The way to a host, and what came by it. */
struct connection {
    int socket;
    pid_t host;
    int program;     /* a descriptor of the process that runs the program, once it does; else -1 */
    bool left_group; /* the launcher is in the host's process group now */
    bool lost;       /* nothing more will come, or what comes makes no sense */
    unsigned char bytes[2 * MOST_OF_REPLY];
    size_t length;
};

/* Sends the request with the working directory, which is closed, and the descriptors, and waits
 * until the program is about to begin. NULL, or the reason for which it never will, and the start
 * is to be cold. */
const char *hand_over(struct connection *connection, const struct text *request, int directory,
                      const struct descriptors *descriptors);

/* True if there was a reply; it does not wait. */
bool take_reply(struct connection *connection, struct reply *reply);

#endif
