/* Signals by the kernel's own calls, all 64 of them. */
#include "signals.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool change_mask(int how, uint64_t mask, uint64_t *before)
{
    return syscall(SYS_rt_sigprocmask, how, &mask, before, sizeof mask) == 0;
}

static uint64_t bit_of(int signal_number) { return UINT64_C(1) << (signal_number - 1); }

void unset_action(int signal_number)
{
    /* what rt_sigaction(2) takes: handler (SIG_DFL), flags, restorer, mask */
    unsigned long usual[4] = {0, 0, 0, 0};
    syscall(SYS_rt_sigaction, signal_number, usual, NULL, sizeof(uint64_t));
}

bool is_pending(int signal_number)
{
    uint64_t pending = 0;
    syscall(SYS_rt_sigpending, &pending, sizeof pending);
    return (pending & bit_of(signal_number)) != 0;
}

bool block_signals(uint64_t *before) { return change_mask(SIG_BLOCK, UINT64_MAX, before); }

void restore_signals(uint64_t mask) { change_mask(SIG_SETMASK, mask, NULL); }

int open_signals(void)
{
    uint64_t all = UINT64_MAX;
    return (int)syscall(SYS_signalfd4, -1, &all, sizeof all, O_CLOEXEC | O_NONBLOCK);
}

/* It must be pending already, so that a SIGCONT in between takes it away. */
static void let_through(int signal_number)
{
    unset_action(signal_number);
    change_mask(SIG_UNBLOCK, bit_of(signal_number), NULL);
    change_mask(SIG_BLOCK, bit_of(signal_number), NULL);
}

void stop_by(int signal_number)
{
    if (signal_number == SIGSTOP)
        kill(getpid(), SIGSTOP);
    else
        let_through(signal_number);
}

_Noreturn void die_by(int signal_number)
{
    struct rlimit none = {0, 0};
    /* One core is enough, and it was the program's. A limit does not hold back a core that is
     * piped to a program; a process that cannot be dumped does. */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    kill(getpid(), signal_number);
    let_through(signal_number);
    _exit(128 + signal_number);
}
#else
typedef int no_warm_starts_here;
#endif
