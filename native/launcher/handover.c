/*
 * A start that is handed over begins once: either the reply 'S' is read here, or the program will
 * not begin, even where its host is slow. For that, the process that is to run it sends 'S' before
 * the program's first line, and ends if it cannot. Whoever loses patience shuts the connection for
 * reading first: the kernel then refuses to take an 'S', or has it here already.
 */
#include "handover.h"

#ifdef __linux__
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "connect.h"
#include "signals.h"

#define PATIENCE_MS 2000
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* False if nothing happens before the deadline. */
static bool wait_for(int socket, short events, long long deadline)
{
    struct pollfd waited = {.fd = socket, .events = events};
    for (;;) {
        long long left = deadline - now_ms();
        int ready = left > 0 ? poll(&waited, 1, (int)left) : 0;
        if (ready >= 0 || errno != EINTR) /* as after a stop */
            return ready == 1;
    }
}

/* What the host does not take is no matter here: its reply, or its end, says why. */
static void send_rest(int socket, const struct text *request, size_t sent, long long deadline)
{
    while (sent < request->length && wait_for(socket, POLLOUT, deadline)) {
        ssize_t more = send(socket, request->bytes + sent, request->length - sent, MSG_NOSIGNAL);
        if (more < 0 && errno != EAGAIN)
            return;
        sent += more < 0 ? 0 : (size_t)more;
    }
}

static void keep_program(struct connection *connection, const struct cmsghdr *header)
{
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int received;
        memcpy(&received, CMSG_DATA(header) + i * sizeof received, sizeof received);
        if (connection->program < 0)
            connection->program = received;
        else
            close(received);
    }
}

static void receive(struct connection *connection)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } rights;
    struct iovec content = {connection->bytes + connection->length,
                            sizeof connection->bytes - connection->length};
    struct msghdr message = {
        .msg_iov = &content,
        .msg_iovlen = 1,
        .msg_control = rights.bytes,
        .msg_controllen = sizeof rights.bytes,
    };
    ssize_t more = recvmsg(connection->socket, &message, MSG_CMSG_CLOEXEC);
    if (more < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    struct cmsghdr *header = more < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        keep_program(connection, header);
    connection->lost = more <= 0;
    connection->length += more < 0 ? 0 : (size_t)more;
}

static bool shift_reply(struct connection *connection, struct reply *reply)
{
    size_t used = 0;
    switch (parse_reply(connection->bytes, connection->length, reply, &used)) {
    case REPLY_WHOLE:
        connection->length -= used;
        memmove(connection->bytes, connection->bytes + used, connection->length);
        return true;
    case REPLY_BROKEN:
        connection->lost = true;
        connection->length = 0;
        return false;
    case REPLY_PART:
        return false;
    }
    return false;
}

bool take_reply(struct connection *connection, struct reply *reply)
{
    if (shift_reply(connection, reply))
        return true;
    if (!connection->lost)
        receive(connection);
    return shift_reply(connection, reply);
}

/* The program has begun just when patience came to its end, and cannot be heard any more. */
static void die_unless_absent(struct connection *connection)
{
    struct reply reply;
    while (take_reply(connection, &reply) && reply.type != 'R') {
        if (reply.type == 'S')
            die_by(SIGKILL);
    }
}

/* A host that was stopped is woken: it has the caller's descriptors, of which it is to let go. */
static const char *give_up(struct connection *connection)
{
    bool is_silent = !connection->lost;
    shutdown(connection->socket, SHUT_RD);
    die_unless_absent(connection);
    if (is_silent && connection->host > 0)
        kill(connection->host, SIGCONT);
    return "host-ended";
}

static const char *await_start(struct connection *connection, long long deadline,
                               struct reply *reply)
{
    while (!take_reply(connection, reply)) {
        if (connection->lost || !wait_for(connection->socket, POLLIN, deadline))
            return give_up(connection);
    }
    if (reply->type == 'R')
        return reply->reason;
    return reply->type == 'S' ? NULL : give_up(connection);
}

/* A host of ours sends the descriptor along. Without it, a process that has ended cannot be found:
 * it has no more use for signals, either. */
static void open_program(struct connection *connection, pid_t process)
{
    if (connection->program < 0)
        connection->program = (int)syscall(SYS_pidfd_open, process, 0);
}

const char *hand_over(struct connection *connection, const struct text *request, int directory,
                      const struct descriptors *descriptors)
{
    static struct reply reply;
    long long deadline = now_ms() + PATIENCE_MS;
    ssize_t sent = send_request(connection->socket, request, directory, descriptors->numbers,
                                descriptors->count);
    int error = errno;
    close(directory); /* room for the descriptor that comes back */
    if (sent < 0 && error != EPIPE && error != ECONNRESET)
        return error == EAGAIN ? "host-full" : "too-much";
    if (sent >= 0)
        send_rest(connection->socket, request, (size_t)sent, deadline);
    const char *reason = await_start(connection, deadline, &reply);
    if (reason == NULL)
        open_program(connection, reply.number);
    return reason;
}
#else
typedef int no_warm_starts_here;
#endif
