#ifndef MAINSPRING_CONNECT_H
#define MAINSPRING_CONNECT_H

#include <sys/types.h>

#include "text.h"

/* NULL, or the reason for which the start is to be cold. Never waits for a host. `socket` is to be
 * closed unless it is negative; it does not block. */
const char *connect_host(int folder, const char *key, int *socket, pid_t *host);

/* Sends as much of the request as there is room for, with the working directory and the program's
 * descriptors. What sendmsg(2) returns. */
ssize_t send_request(int socket, const struct text *request, int directory, const int *descriptors,
                     int count);

#endif
