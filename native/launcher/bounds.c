/*
 * What a process can give up, and not take back, or what it had to have when it was executed: a
 * host lacks what its first caller lacked, and so it is for such callers alone.
 *
 *   bounds = "cpus " (BYTE " ")*, "stack " LIMIT, ["limits" (" " LIMIT)*], ["nice " N], ["oom " N]
 *
 * BYTE is in hex, LIMIT too, or "-". C libraries count the processors when they are loaded; by the
 * soft limit of the stack, the kernel lays out a program. "limits" are the hard ones: these, and
 * what follows them, are left out where a process may raise them again.
 */
#include "bounds.h"

#ifdef __linux__
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAY_RENICE (UINT64_C(1) << 23)       /* CAP_SYS_NICE */
#define MAY_RAISE_LIMITS (UINT64_C(1) << 24) /* CAP_SYS_RESOURCE */

static bool read_limits(struct caller *caller)
{
    for (int i = 0; i < MOST_RESOURCES; i++) {
        if (syscall(SYS_prlimit64, 0, i, NULL, caller->limits[i]) != 0)
            return false;
    }
    return true;
}

/* printf takes longer than all else here. "-" is no limit. */
static char *write_hex(char *to, uint64_t number)
{
    int shift = 60;
    if (number == UINT64_MAX) {
        *to++ = '-';
        return to;
    }
    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[number >> shift & 15];
    return to;
}

static bool add_cpus(struct caller *caller)
{
    char digits[3 * MOST_CPU_BYTES];
    char *end = digits;
    long length = syscall(SYS_sched_getaffinity, 0, sizeof caller->cpus, caller->cpus);
    if (length <= 0)
        return false;
    caller->cpu_bytes = (size_t)length;
    while (length > 0 && caller->cpus[length - 1] == 0)
        length--;
    for (long i = 0; i < length; i++) {
        end = write_hex(end, (unsigned char)caller->cpus[i]);
        *end++ = ' ';
    }
    add_fact(&caller->identity, "cpus ", digits, (size_t)(end - digits));
    return true;
}

static void add_number(struct text *text, const char *name, long number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%ld", number);
    add_fact(text, name, digits, (size_t)length);
}

static void add_limits(struct caller *caller)
{
    char limits[MOST_RESOURCES * 17];
    char *end = limits;
    for (int i = 0; i < MOST_RESOURCES; i++) {
        *end++ = ' ';
        end = write_hex(end, caller->limits[i][1]);
    }
    add_fact(&caller->identity, "limits", limits, (size_t)(end - limits));
    caller->has_little_time = caller->limits[RLIMIT_CPU][1] != UINT64_MAX;
}

bool add_bounds(struct caller *caller)
{
    char stack[24];
    if (!add_cpus(caller) || !read_limits(caller))
        return false;
    size_t length = (size_t)(write_hex(stack, caller->limits[RLIMIT_STACK][0]) - stack);
    add_fact(&caller->identity, "stack ", stack, length);
    if ((caller->effective & MAY_RAISE_LIMITS) == 0)
        add_limits(caller);
    if ((caller->effective & MAY_RENICE) == 0)
        add_number(&caller->identity, "nice ", caller->nice);
    if ((caller->effective & MAY_RAISE_LIMITS) == 0)
        add_number(&caller->identity, "oom ", caller->oom_score_adj);
    return true;
}
#else
typedef int no_warm_starts_here;
#endif
