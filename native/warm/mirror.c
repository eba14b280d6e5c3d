/* A mirror shares all pages that its host has not written to since it was forked, and writes none.
 *
 * So what a process maps alone is what was written lately: a mirror is forked just before the child
 * whose start is surveyed (pages.c), and nothing is forked until that start has ended.
 */
#include "child.h"

#ifdef __linux__

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 2 }; /* in the second, the program may do something else */
static int rounds_left;
static int mirror = -1; /* the way to it, while a round lasts */

static void be_mirror(int way)
{
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(way, &byte, 1) < 0 && errno == EINTR)
        ;
    _exit(0);
}

static int fork_mirror(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    pid_t process = fork(); /* which never comes back to Python */
    if (process == 0) {
        close(ends[0]);
        be_mirror(ends[1]);
    }
    close(ends[1]);
    if (process > 0)
        return ends[0];
    close(ends[0]);
    return -1;
}

/* The survey is worth so many. */
void allow_rounds(void) { rounds_left = ROUNDS; }

int is_surveying(void) { return mirror >= 0; }

void end_round(void)
{
    if (mirror >= 0)
        close(mirror);
    mirror = -1;
}

void begin_round(void)
{
    end_round();
    if (rounds_left == 0)
        return;
    rounds_left--;
    mirror = fork_mirror();
}

#endif
