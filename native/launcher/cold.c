/*
 * ID.cold, a line for each start that was asked to be warm, and was not; emptied beyond 16 KiB:
 *
 *   line = SECONDS " " REASON "\n"        SECONDS since the epoch; REASON of reasons.COLD
 */
#include "cold.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_BYTES 16384

/* A write beyond the limit would be the end of the process. */
static bool is_within_limit(off_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || (off_t)limit.rlim_cur > size + 100);
}

static void append_line(int log, const char *reason)
{
    char line[100];
    struct stat file;
    int length = snprintf(line, sizeof line, "%lld %.60s\n", (long long)time(NULL), reason);
    if (fstat(log, &file) != 0 || !S_ISREG(file.st_mode) || file.st_uid != geteuid() ||
        !is_within_limit(file.st_size))
        return;
    ssize_t ignored = file.st_size > MOST_BYTES ? ftruncate(log, 0) : 0;
    ignored = write(log, line, (size_t)length);
    (void)ignored;
}

void note_cold_start(int folder, const char *id, const char *reason)
{
    char name[64];
    snprintf(name, sizeof name, "%s.cold", id);
    int log = openat(folder, name,
                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (log < 0)
        return;
    append_line(log, reason);
    close(log);
}
