/*
 * The launcher stands for the program: it gets its signals, stops with it, and ends as it ended.
 *
 * In a terminal the program is in the caller's process group, where the terminal's signals and the
 * shell's reach it. The launcher moves to the host's, so that whatever reaches it was meant for it.
 */
#include "wait.h"

#ifdef __linux__
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

/* For a host to tell how a program ended that has ended. */
#define PATIENCE_MS 60000
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* A value that came along goes along. */
static void pass_on(int program, const struct signalfd_siginfo *come)
{
    siginfo_t passed = {.si_signo = (int)come->ssi_signo, .si_code = SI_QUEUE};
    passed.si_pid = (pid_t)come->ssi_pid;
    passed.si_uid = come->ssi_uid;
    passed.si_value.sival_ptr = (void *)(uintptr_t)come->ssi_ptr;
    siginfo_t *value = come->ssi_code == SI_QUEUE ? &passed : NULL;
    syscall(SYS_pidfd_send_signal, program, (int)come->ssi_signo, value, 0);
}

/* The host wakes a launcher that stopped, or the launcher itself: the program runs already. */
static bool is_wake(const struct connection *connection, const struct signalfd_siginfo *come)
{
    pid_t sender = (pid_t)come->ssi_pid;
    return come->ssi_signo == SIGCONT && come->ssi_code == SI_USER &&
           (sender == connection->host || sender == getpid());
}

/* In the host's group, what the kernel sends is about that: the program's own gets its share. */
static bool is_for_group(const struct connection *connection, const struct signalfd_siginfo *come)
{
    return connection->left_group && come->ssi_code == SI_KERNEL &&
           (come->ssi_signo == SIGHUP || come->ssi_signo == SIGCONT);
}

static void pass_signals_on(const struct connection *connection, int signals)
{
    struct signalfd_siginfo come;
    while (read(signals, &come, sizeof come) == (ssize_t)sizeof come) {
        if (!is_wake(connection, &come) && !is_for_group(connection, &come))
            pass_on(connection->program, &come);
    }
}

_Noreturn static void end_as(int status)
{
    if (WIFSIGNALED(status))
        die_by(WTERMSIG(status));
    _exit(WEXITSTATUS(status));
}

static void stop_with(struct connection *connection, int signals, int signal_number);

static void act_on(struct connection *connection, int signals, const struct reply *reply)
{
    if (reply->type == 'X')
        end_as(reply->number);
    if (reply->type == 'T')
        stop_with(connection, signals, reply->number);
}

/*
 * The host says 'C' before it wakes the launcher. So either 'C' is there when the stop is pending
 * already, or the wake takes the stop away, or it ends it.
 */
static void stop_with(struct connection *connection, int signals, int signal_number)
{
    struct reply reply;
    pass_signals_on(connection, signals);
    if (signal_number != SIGSTOP)
        kill(getpid(), signal_number);
    if (!take_reply(connection, &reply)) {
        stop_by(signal_number);
        if (!is_pending(SIGCONT)) /* nothing has ended a stop: there was none */
            syscall(SYS_pidfd_send_signal, connection->program, SIGCONT, NULL, 0);
        return;
    }
    kill(getpid(), SIGCONT);
    pass_signals_on(connection, signals);
    act_on(connection, signals, &reply);
}

static void heed(struct connection *connection, int signals)
{
    struct reply reply;
    while (take_reply(connection, &reply))
        act_on(connection, signals, &reply);
}

/* Its children have died with the host, if it died; if it did not, it kills them. */
_Noreturn static void end_without_word(void) { die_by(SIGKILL); }

_Noreturn void wait_for_program(struct connection *connection, int signals, bool in_terminal)
{
    struct pollfd waited[] = {
        {.fd = connection->socket, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
        {.fd = connection->program, .events = POLLIN},
    };
    int patience = -1;
    if (in_terminal)
        connection->left_group = setpgid(0, getpgid(connection->host)) == 0;
    for (;;) {
        heed(connection, signals);
        if (connection->lost || (poll(waited, 3, patience) == 0))
            end_without_word();
        if (waited[1].revents != 0)
            pass_signals_on(connection, signals);
        if (waited[2].revents != 0) {
            patience = PATIENCE_MS;
            waited[2].fd = -1;
        }
    }
}
#else
typedef int no_warm_starts_here;
#endif
