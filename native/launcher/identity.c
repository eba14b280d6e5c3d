/*
 * Who and where the caller is, as the kernel tells it; each field with a NUL behind it:
 *
 *   identity = "session=" [SID ":" TTYRDEV], "terminal=" bit bit bit, ("identity=" fact)*
 *   bit      = "1" if the descriptor 0, 1, 2 is a terminal, else "0"
 *   fact     = a line of /proc/self/status (see `lines`) | "cgroup " bytes | "ns " NAME " " link
 *            | "security " bytes | "root " DEVICE ":" INODE | "personality " HEX
 *            | "schedule " POLICY ":" PRIORITY | "io " N | "keyring " N | bound
 *   bound    = see bounds.c
 */
#include "identity.h"

#ifdef __linux__
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bounds.h"

#define MOST_OF_FILE 16384
#define SESSION_KEYRING (-3)
/* PROC_USER_INIT_INO: only what it grants holds for the whole system */
#define FIRST_USER_SPACE "user:[4026531837]"

static const char *const lines[] = {
    "Uid:",    "Gid:",    "Groups:",     "CapInh:",  "CapPrm:",          "CapEff:",
    "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:",
};
static const char *const spaces[] = {"mnt", "net", "pid", "user", "uts", "ipc", "cgroup", "time"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The length of a file that must fit, with a NUL behind it; -1 if it cannot be read. */
static ssize_t read_file(int self, const char *name, char bytes[MOST_OF_FILE])
{
    size_t length = 0;
    ssize_t more = 0;
    int file = openat(self, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    do {
        length += (size_t)more;
        more = read(file, bytes + length, MOST_OF_FILE - length);
    } while (more > 0);
    close(file);
    bytes[length < MOST_OF_FILE ? length : 0] = '\0';
    return more == 0 && length < MOST_OF_FILE ? (ssize_t)length : -1;
}

void add_fact(struct text *text, const char *name, const char *fact, size_t length)
{
    add_string(text, "identity=");
    add_string(text, name);
    add_bytes(text, fact, length);
    add_bytes(text, "", 1);
}

static bool is_wanted(const char *line)
{
    for (size_t i = 0; i < COUNT(lines); i++) {
        if (line[0] == lines[i][0] && starts_with(line, lines[i]))
            return true;
    }
    return false;
}

/* A Landlock domain shows nowhere, and two filters of seccomp look alike: who may have one is not
 * compared, unless all of this system may. */
static bool may_be_confined(const char *line)
{
    char status[MOST_OF_FILE];
    if (!starts_with(line, "NoNewPrivs:\t1"))
        return false;
    int first = open("/proc/1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_known = first >= 0 && read_file(first, "status", status) >= 0;
    if (first >= 0)
        close(first);
    return !is_known || strstr(status, "\nNoNewPrivs:\t1") == NULL;
}

/* In hex, behind a word of seven letters and a tab. */
static uint64_t read_set(const char *line) { return strtoull(line + 8, NULL, 16); }

static bool read_status(int self, struct caller *caller)
{
    char status[MOST_OF_FILE];
    bool knows_umask = false;
    if (read_file(self, "status", status) < 0)
        return false;
    for (const char *line = status; *line != '\0'; line += line[0] == '\n') {
        size_t length = strcspn(line, "\n");
        if (may_be_confined(line))
            return false;
        if (is_wanted(line))
            add_fact(&caller->identity, "", line, length);
        if (starts_with(line, "Umask:")) {
            caller->umask = (uint32_t)strtoul(line + strlen("Umask:"), NULL, 8);
            knows_umask = true;
        }
        if (starts_with(line, "CapPrm:"))
            caller->has_capabilities = geteuid() != 0 && read_set(line) != 0;
        if (starts_with(line, "CapEff:"))
            caller->effective = read_set(line);
        if (starts_with(line, "SigIgn:"))
            caller->ignored = read_set(line);
        line += length;
    }
    return knows_umask;
}

/* The name of the program may hold anything, but ends with the last parenthesis. */
static bool read_stat(int self, struct caller *caller)
{
    char stat[MOST_OF_FILE];
    char session[80];
    int sid;
    int terminal;
    long nice;
    if (read_file(self, "stat", stat) < 0)
        return false;
    const char *rest = strrchr(stat, ')');
    if (rest == NULL ||
        sscanf(rest, ") %*c %*d %d %d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %ld",
               &caller->group, &sid, &terminal, &nice) != 4)
        return false;
    caller->nice = (int32_t)nice;
    caller->has_terminal = terminal != 0 && !caller->is_detached;
    caller->leads_session = sid == getpid() || caller->is_detached;
    snprintf(session, sizeof session, "session=%d:%d", sid, terminal);
    if (!caller->has_terminal)
        session[strlen("session=")] = '\0';
    add_bytes(&caller->identity, session, strlen(session) + 1);
    return true;
}

static void add_terminals(struct caller *caller)
{
    char bits[] = "terminal=000";
    for (int i = 0; i < 3; i++)
        bits[strlen("terminal=") + (size_t)i] = !caller->is_detached && isatty(i) ? '1' : '0';
    caller->uses_terminal = strchr(bits, '1') != NULL;
    add_bytes(&caller->identity, bits, sizeof bits);
}

static bool add_file(int self, struct text *text, const char *name, const char *path)
{
    char bytes[MOST_OF_FILE];
    ssize_t length = read_file(self, path, bytes);
    if (length < 0)
        return false;
    add_fact(text, name, bytes, (size_t)length);
    return true;
}

/* A kind of namespace that the kernel does not have is the same for all. In another namespace of
 * users, capabilities are no privilege here. */
static void add_spaces(int self, struct caller *caller)
{
    char path[32];
    char name[32];
    char link[64];
    for (size_t i = 0; i < COUNT(spaces); i++) {
        snprintf(path, sizeof path, "ns/%s", spaces[i]);
        snprintf(name, sizeof name, "ns %s ", spaces[i]);
        ssize_t length = readlinkat(self, path, link, sizeof link);
        size_t size = length < 0 ? 0 : (size_t)length;
        add_fact(&caller->identity, name, link, size);
        if (strcmp(spaces[i], "user") == 0 &&
            (size != strlen(FIRST_USER_SPACE) || memcmp(link, FIRST_USER_SPACE, size) != 0))
            caller->effective = 0;
    }
}

static bool add_numbers(struct text *text)
{
    char numbers[120];
    struct stat root;
    struct sched_param schedule;
    if (stat("/", &root) != 0 || sched_getparam(0, &schedule) != 0)
        return false;
    int length = snprintf(numbers, sizeof numbers, "%llu:%llu", (unsigned long long)root.st_dev,
                          (unsigned long long)root.st_ino);
    add_fact(text, "root ", numbers, (size_t)length);
    length = snprintf(numbers, sizeof numbers, "%x", (unsigned)personality(0xffffffff));
    add_fact(text, "personality ", numbers, (size_t)length);
    length =
        snprintf(numbers, sizeof numbers, "%d:%d", sched_getscheduler(0), schedule.sched_priority);
    add_fact(text, "schedule ", numbers, (size_t)length);
    length = snprintf(numbers, sizeof numbers, "%ld", syscall(SYS_ioprio_get, 1, 0));
    add_fact(text, "io ", numbers, (size_t)length);
    length = snprintf(numbers, sizeof numbers, "%ld", syscall(SYS_keyctl, 0, SESSION_KEYRING, 0));
    add_fact(text, "keyring ", numbers, (size_t)length);
    return true;
}

static bool read_oom_score(int self, struct caller *caller)
{
    char score[MOST_OF_FILE];
    if (read_file(self, "oom_score_adj", score) < 0)
        return false;
    caller->oom_score_adj = (int32_t)strtol(score, NULL, 10);
    return true;
}

/* Memory that is bound to some nodes stays bound across exec, and no other process can see how. */
static bool has_usual_memory(void)
{
    int policy = 0;
    return syscall(SYS_get_mempolicy, &policy, NULL, 0UL, NULL, 0UL) != 0 || policy == 0;
}

static bool identify(int self, struct caller *caller)
{
    struct text *text = &caller->identity;
    if (!read_stat(self, caller))
        return false;
    add_terminals(caller);
    if (!read_status(self, caller) || !add_file(self, text, "cgroup ", "cgroup"))
        return false;
    add_spaces(self, caller);
    if (!add_file(self, text, "security ", "attr/current"))
        add_fact(text, "security ", "", 0);
    return add_numbers(text) && read_oom_score(self, caller) && add_bounds(caller) &&
           has_usual_memory() && !text->failed;
}

bool identify_caller(struct caller *caller, bool is_detached)
{
    *caller = (struct caller){.is_detached = is_detached};
    int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self < 0)
        return false;
    bool identified = identify(self, caller);
    close(self);
    return identified;
}
#else
typedef int no_warm_starts_here;
#endif
