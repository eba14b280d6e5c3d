/*
 * A host is started by a helper: a process that nobody waits for, with nothing of the caller's
 * open.
 *
 *   KEY.lock    held by the host while it lives
 *   KEY.coming  was made when a helper last set out to become the host: of starts at the same time,
 *               one helper does, and a host that fails at once is not tried again at each start
 */
#include "spawn.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"
#include "key.h"
#include "recipe.h"
#include "signals.h"

/* In the place of the first byte of a script's path, as warm/again.py has it: native/preload.c puts
 * that back. */
#define HELD_BACK '\1'
#define COMING_S 5
#define LOOK_MS 50
#define MOST_LOOKS_FOR_RECIPE (10 * 60 * 1000 / LOOK_MS)
#define MOST_LOOKS_AFTER_END (2 * 1000 / LOOK_MS)
#define MOST_LOOKS_FOR_HOST (10 * 1000 / LOOK_MS)
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static struct recipe recipe;

/* The key text as this helper's recipe has it now. */
static bool make_key(const struct host *host, struct text *key, char digits[DIGITS_SIZE])
{
    key->length = 0;
    add_bytes(key, host->program->bytes, host->program->length);
    add_bytes(key, host->caller->identity.bytes, host->caller->identity.length);
    if (!add_selected(key, host->environment, host->choices, &recipe))
        return false;
    hash_text(key, digits);
    return true;
}

static bool is_locked(int folder, const char *digits)
{
    char name[64];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(name, sizeof name, "%s.lock", digits);
    int file = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return false;
    bool locked = fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(file);
    return locked;
}

static bool make_claim(int folder, const char *name)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    close(file);
    return true;
}

static bool claim(int folder, const char *digits)
{
    char name[64];
    struct stat file;
    snprintf(name, sizeof name, "%s.coming", digits);
    if (make_claim(folder, name))
        return true;
    if (fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
        llabs((long long)time(NULL) - (long long)file.st_mtime) <= COMING_S)
        return false;
    unlinkat(folder, name, 0);
    return make_claim(folder, name);
}

static bool may_come(const struct host *host, const char *digits)
{
    return !is_locked(host->folder, digits) && claim(host->folder, digits);
}

/* A recording is complete a moment before its program has ended. */
static bool wait_for_recipe(const struct host *host, int program)
{
    struct pollfd end = {.fd = program, .events = POLLIN};
    int looks = MOST_LOOKS_FOR_RECIPE;
    while (looks-- > 0) {
        read_recipe(host->folder, host->id, &recipe);
        if (recipe.state == RECIPE_READY)
            return true;
        if (recipe.state == RECIPE_NEVER)
            return false;
        if (poll(&end, 1, LOOK_MS) == 1) {
            end.fd = -1;
            looks = MOST_LOOKS_AFTER_END;
        }
    }
    return false;
}

static bool wait_for_host(const struct host *host, const char *digits)
{
    for (int i = 0; i < MOST_LOOKS_FOR_HOST; i++) {
        if (may_come(host, digits))
            return true;
        poll(NULL, 0, LOOK_MS);
    }
    return false;
}

/* Read end of a pipe that holds all of the text; -1 if it has no room for it. */
static int make_pipe(const struct text *text)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0)
        return -1;
    fcntl(ends[1], F_SETPIPE_SZ, (int)text->length);
    bool written = write(ends[1], text->bytes, text->length) == (ssize_t)text->length;
    close(ends[1]);
    return written ? ends[0] : -1;
}

static void execute(const struct host *host, const char *warm)
{
    struct hooked_environment environment;
    char **arguments = malloc((host->script + 2) * sizeof *arguments);
    char *script = strdup(host->path);
    if (arguments == NULL || script == NULL ||
        !make_hooked_environment(&environment, host->environment, host->start_folder, host->way,
                                 warm))
        return;
    if (host->way == BY_PRELOAD)
        script[0] = HELD_BACK;
    memcpy(arguments, host->arguments, host->script * sizeof *arguments);
    arguments[host->script] = script;
    arguments[host->script + 1] = NULL;
    execve(arguments[0], arguments, environment.variables);
}

static void become_host(const struct host *host, const struct text *key)
{
    char warm[100];
    int text = make_pipe(key);
    int folder = fcntl(host->folder, F_DUPFD, 3);
    if (text < 0 || folder < 0)
        return;
    snprintf(warm, sizeof warm, "host:%s:%d:%d", host->id, text, folder);
    execute(host, warm);
}

static void leave_signals(const struct caller *caller)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= 64; number++) {
        if ((caller->ignored >> (number - 1) & 1) != 0)
            sigaction(number, &usual, NULL);
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

/* In a terminal's session the host is to end with it, and to be able to join the caller's group. */
static bool leave_caller(const struct host *host)
{
    if (host->caller->has_terminal)
        setpgid(0, 0);
    else
        setsid();
    if (!leave_descriptors(host->descriptors) || chdir("/") != 0)
        return false;
    leave_signals(host->caller);
    return true;
}

/* Without it, the interpreter would run the program. What is preloaded sees to that by itself. */
static bool has_hook(const char *start_folder)
{
    char path[PATH_MAX];
    return join_path(path, start_folder, "sitecustomize.py") && access(path, R_OK) == 0;
}

static void help(const struct host *host, int program, struct text *key)
{
    char digits[DIGITS_SIZE];
    if (!leave_caller(host))
        return;
    if (host->occasion == AFTER_RECIPE && !wait_for_recipe(host, program))
        return;
    if (!make_key(host, key, digits))
        return;
    if (host->occasion == AFTER_RECIPE && !may_come(host, digits))
        return;
    if (host->occasion == AFTER_HOST && !wait_for_host(host, digits))
        return;
    if (!has_hook(host->start_folder))
        return;
    become_host(host, key);
}

/* fork, but without a SIGCHLD at its end, which the program would find. */
static pid_t fork_silently(void) { return (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0); }

static void fork_helper(const struct host *host, int program, struct text *key)
{
    pid_t between = fork_silently();
    if (between > 0)
        waitpid(between, NULL, __WALL);
    if (between != 0)
        return;
    if (fork_silently() == 0)
        help(host, program, key);
    _exit(0);
}

void spawn_host(const struct host *host)
{
    struct text key = {.bytes = NULL};
    char digits[DIGITS_SIZE];
    int program = -1;
    if (host->occasion == AFTER_RECIPE) {
        program = (int)syscall(SYS_pidfd_open, getpid(), 0);
        if (program < 0)
            return;
    }
    read_recipe(host->folder, host->id, &recipe);
    bool possible = make_key(host, &key, digits);
    if (possible && (host->occasion != AT_ONCE || may_come(host, digits)))
        fork_helper(host, program, &key);
    if (program >= 0)
        close(program);
    free(key.bytes);
}
#else
typedef int no_warm_starts_here;
#endif
