/* Who is at the other end of a connection, as the kernel tells it: what a caller says of itself
 * would let one with fewer groups have a program with more. */
#include "child.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __linux__

#define MOST_GROUPS 1024
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static int has_our_user(int connection)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == geteuid() && peer.gid == getegid();
}

static int has_our_groups(int connection)
{
    gid_t own[MOST_GROUPS], theirs[MOST_GROUPS];
    socklen_t size = sizeof theirs;
    int count = getgroups(MOST_GROUPS, own);
    return count >= 0 && getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, theirs, &size) == 0 &&
           size == (size_t)count * sizeof *own && memcmp(own, theirs, size) == 0;
}

int is_like_us(int connection) { return has_our_user(connection) && has_our_groups(connection); }

#endif
