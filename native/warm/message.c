/* Frames between a host, its children and its callers, and the descriptors that come with them. */
#include "child.h"

#ifdef __linux__

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ANSWER = 64 };

/* ---- receiving ------------------------------------------------------------------------------ */

static void take_rights(struct msghdr *message, int *descriptors, size_t *count)
{
    *count = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t size = part->cmsg_len - CMSG_LEN(0);
        memcpy(descriptors + *count, CMSG_DATA(part), size);
        *count += size / sizeof *descriptors;
    }
}

/* Descriptors come with the first byte; there is room for as many as the kernel lets through. */
static ssize_t receive_first(int connection, void *bytes, size_t size, int *descriptors,
                             size_t *count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    struct iovec place = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &place,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t length;
    do
        length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length >= 0)
        take_rights(&message, descriptors, count);
    return length;
}

static int receive_rest(int connection, unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t length = recv(connection, bytes, size, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length == 0)
            errno = EBADMSG;
        if (length <= 0)
            return -1;
        bytes += length;
        size -= (size_t)length;
    }
    return 0;
}

static int receive_length(int connection, whole_frame *to, int *descriptors, size_t *count)
{
    unsigned char head[LENGTH_SIZE];
    ssize_t first = receive_first(connection, head, sizeof head, descriptors, count);
    if (first < 0)
        return -1;
    if (first > 0 && receive_rest(connection, head + first, sizeof head - (size_t)first) == 0)
        to->size = read_u32(head);
    if (to->size >= 1 && to->size <= FRAME_LIMIT)
        return 0;
    errno = EBADMSG;
    return -1;
}

/* Whoever asks for a start says nothing after that. */
static int says_more(int connection)
{
    char byte;
    errno = EBADMSG;
    return recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* What follows the length; errno is EBADMSG where it is no frame, or not the only one. */
int receive_frame(int connection, whole_frame *to, int *descriptors, size_t *count)
{
    to->size = 0;
    to->bytes = to->most;
    if (receive_length(connection, to, descriptors, count) < 0)
        return -1;
    if (to->size > sizeof to->most)
        to->bytes = malloc(to->size);
    if (to->bytes != NULL && receive_rest(connection, to->bytes, to->size) == 0 &&
        !says_more(connection))
        return 0;
    drop_frame(to);
    return -1;
}

void drop_frame(whole_frame *from)
{
    if (from->bytes != from->most)
        free(from->bytes);
}

/* ---- sending -------------------------------------------------------------------------------- */

static int send_all(int connection, const void *bytes, size_t size, int descriptor)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec place = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
    }
    ssize_t length = sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (length >= 0 && (size_t)length != size)
        errno = EAGAIN;
    return length >= 0 && (size_t)length == size ? 0 : -1;
}

static void write_u32(unsigned char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

/* Without waiting. */
int send_frame(int connection, char type, const void *payload, size_t size, int descriptor)
{
    unsigned char frame[LENGTH_SIZE + 1 + MOST_ANSWER];
    if (size > MOST_ANSWER) {
        errno = EMSGSIZE;
        return -1;
    }
    write_u32(frame, (uint32_t)size + 1);
    frame[LENGTH_SIZE] = (unsigned char)type;
    if (size > 0)
        memcpy(frame + LENGTH_SIZE + 1, payload, size);
    return send_all(connection, frame, LENGTH_SIZE + 1 + size, descriptor);
}

int send_number(int connection, char type, int32_t number, int descriptor)
{
    unsigned char bytes[NUMBER_SIZE];
    write_u32(bytes, (uint32_t)number);
    return send_frame(connection, type, bytes, sizeof bytes, descriptor);
}

int send_refusal(int connection, const char *reason)
{
    return send_frame(connection, REFUSED, reason, strlen(reason), -1);
}

/* ---- a connection --------------------------------------------------------------------------- */

int hand_on(int way, int connection) { return send_all(way, "!", 1, connection); }

int take_handed_on(int way)
{
    char byte;
    int descriptors[MOST_DESCRIPTORS];
    size_t count = 0;
    ssize_t length = receive_first(way, &byte, 1, descriptors, &count);
    return length == 1 && count == 1 ? descriptors[0] : -1;
}

#endif
