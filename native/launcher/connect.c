/* The way to a host: who is at its other end, and what is sent there first. */
#include "connect.h"

#ifdef __linux__
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "descriptors.h"

#define MOST_GROUPS 1024

/* One more than is sent, so that a host which sends too many is found out. */
#define ROOM_FOR_RIGHTS CMSG_SPACE((MOST_DESCRIPTORS + 1) * sizeof(int))

/* A kernel that does not tell is not asked any further. */
static bool has_our_groups(int socket)
{
#ifdef SO_PEERGROUPS
    gid_t own[MOST_GROUPS], theirs[MOST_GROUPS];
    socklen_t size = sizeof theirs;
    int count = getgroups(MOST_GROUPS, own);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, theirs, &size) != 0)
        return errno == ENOPROTOOPT;
    return count >= 0 && size == (size_t)count * sizeof *own && memcmp(own, theirs, size) == 0;
#else
    return socket >= 0;
#endif
}

static const char *check_peer(int socket, pid_t *host)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid() ||
        peer.gid != getegid() || !has_our_groups(socket))
        return "other-caller";
    *host = peer.pid;
    return NULL;
}

const char *connect_host(int folder, const char *key, int *descriptor, pid_t *host)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s.sock", folder, key);
    *descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*descriptor < 0)
        return "too-much";
    if (connect(*descriptor, (struct sockaddr *)&address, sizeof address) == 0)
        return check_peer(*descriptor, host);
    return errno == EAGAIN ? "host-full" : "no-host";
}

ssize_t send_request(int socket, const struct text *request, int directory, const int *descriptors,
                     int count)
{
    union {
        struct cmsghdr header;
        char bytes[ROOM_FOR_RIGHTS];
    } rights;
    size_t size = sizeof(int) * (1 + (size_t)count);
    struct iovec content = {request->bytes, request->length};
    struct msghdr message = {
        .msg_iov = &content,
        .msg_iovlen = 1,
        .msg_control = rights.bytes,
        .msg_controllen = CMSG_SPACE(size),
    };
    memset(rights.bytes, 0, sizeof rights.bytes);
    rights.header.cmsg_level = SOL_SOCKET;
    rights.header.cmsg_type = SCM_RIGHTS;
    rights.header.cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(&rights.header), &directory, sizeof directory);
    memcpy(CMSG_DATA(&rights.header) + sizeof directory, descriptors, size - sizeof directory);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}
#else
typedef int no_warm_starts_here;
#endif
