/* A helper leaves all that it has of its caller: a host is there for others, too. */
#include "leave.h"

#ifdef __linux__
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "signals.h"

static void leave_signals(const struct caller *caller)
{
    for (int number = 1; number <= 64; number++) {
        if ((caller->ignored >> (number - 1) & 1) != 0)
            unset_action(number);
    }
    restore_signals(0);
}

static bool leave_descriptors(const struct descriptors *descriptors)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++) {
        if (dup2(nothing, i) < 0)
            return false;
    }
    for (int i = 0; i < descriptors->count; i++) {
        if (descriptors->numbers[i] > 2)
            close(descriptors->numbers[i]);
    }
    return true;
}

static void lift_limit(__rlimit_resource_t resource)
{
    struct rlimit limit;
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(resource, &none) == 0 || getrlimit(resource, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(resource, &limit);
}

/* What its first caller may use is not what a host may: others have more. A dump of it would be of
 * no use, and the stack's limit lays out a program's memory: they stay. */
static void leave_limits(void)
{
    for (int i = 0; i < MOST_RESOURCES; i++) {
        if (i != RLIMIT_CORE && i != RLIMIT_STACK)
            lift_limit((__rlimit_resource_t)i);
    }
}

/* In a terminal's session the host is to end with it, and to be able to join the caller's group. */
bool leave_caller(const struct caller *caller, const struct descriptors *descriptors)
{
    if (caller->has_terminal)
        setpgid(0, 0);
    else
        setsid();
    if (!leave_descriptors(descriptors) || chdir("/") != 0)
        return false;
    leave_signals(caller);
    leave_limits();
    return true;
}
#else
typedef int no_warm_starts_here;
#endif
