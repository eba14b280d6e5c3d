/*
 * A host is started by a helper: a process that nobody waits for, with nothing of the caller's
 * open. Of starts at the same time, one helper becomes the host, or waits for the recipe: the one
 * that has the lock (see claim.c). Nobody looks every now and then: a helper waits for an event,
 * and an alarm ends its patience.
 */
#include "spawn.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claim.h"
#include "environment.h"
#include "leave.h"

/* In the place of the first byte of a script's path, as warm/again.py has it: native/preload.c puts
 * that back. */
#define HELD_BACK '\1'
#define PATIENCE_FOR_RECIPE_S 600
#define PATIENCE_FOR_END_S 1
#define PATIENCE_FOR_HOOK_S 600
#define PATIENCE_FOR_RENEWAL_MS 10000
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* A recipe comes by rename. Where the kernel has no more room to watch, the program's end tells. */
static int watch_recipes(int folder)
{
    char path[40];
    int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    if (events >= 0)
        inotify_add_watch(events, path, IN_MOVED_TO);
    return events;
}

static void drain(int events)
{
    char some[4096];
    while (read(events, some, sizeof some) > 0)
        continue;
}

static bool is_known(const struct host *host)
{
    struct recipe *recipe = &host->selection->recipe;
    read_recipe(host->folder, host->selection->id, recipe);
    return recipe->state == RECIPE_NEVER || (recipe->state == RECIPE_READY && !recipe->is_stale);
}

/* A recording is complete by the end of its program. What a recipe was before is better than none.
 */
static bool wait_for_recipe(const struct host *host, int program)
{
    struct pollfd waited[] = {
        {.fd = program, .events = POLLIN},
        {.fd = watch_recipes(host->folder), .events = POLLIN},
    };
    int patience = host->occasion == AFTER_RENEWAL ? PATIENCE_FOR_RENEWAL_MS : -1;
    for (;;) {
        bool has_ended = waited[0].revents != 0;
        drain(waited[1].fd);
        if (is_known(host) || has_ended || poll(waited, 2, patience) <= 0)
            return host->selection->recipe.state == RECIPE_READY;
    }
}

/* Only one of all that are recorded at the same time. */
static bool wait_alone_for_recipe(const struct host *host, int program)
{
    int lock = claim(host->folder, host->selection->id, false);
    if (lock < 0)
        return false;
    alarm(PATIENCE_FOR_RECIPE_S);
    bool is_ready = wait_for_recipe(host, program);
    alarm(0);
    remove_claim(host->folder, host->selection->id);
    close(lock);
    return is_ready;
}

/* The lock of the host to be, or -1. */
static int claim_key(const struct host *host, const char *digits)
{
    bool is_patient = host->occasion == AFTER_HOST;
    if (is_patient)
        alarm(PATIENCE_FOR_END_S);
    int lock = claim(host->folder, digits, is_patient);
    alarm(0);
    return lock;
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
    const struct selection *selection = host->selection;
    struct hooked_environment environment;
    char **arguments = malloc((selection->script + 2) * sizeof *arguments);
    char *script = strdup(selection->path);
    if (arguments == NULL || script == NULL ||
        !make_hooked_environment(&environment, selection->environment, host->start_folder,
                                 host->way, warm))
        return;
    if (host->way == BY_PRELOAD)
        script[0] = HELD_BACK;
    memcpy(arguments, selection->arguments, selection->script * sizeof *arguments);
    arguments[selection->script] = script;
    arguments[selection->script + 1] = NULL;
    execve(arguments[0], arguments, environment.variables);
}

static void become_host(const struct host *host, int lock)
{
    char warm[100];
    int text = make_pipe(&host->selection->key);
    int folder = fcntl(host->folder, F_DUPFD, 3);
    if (text < 0 || folder < 0 || fcntl(lock, F_SETFD, 0) != 0)
        return;
    note_attempt(lock);
    alarm(PATIENCE_FOR_HOOK_S); /* which exec keeps */
    snprintf(warm, sizeof warm, "host:%s:%d:%d:%d", host->selection->id, text, folder, lock);
    execute(host, warm);
}

/* Without it, the interpreter would run the program. What is preloaded sees to that by itself. */
static bool has_hook(const char *start_folder)
{
    char path[PATH_MAX];
    return join_path(path, start_folder, "sitecustomize.py") && access(path, R_OK) == 0;
}

static bool is_after_recording(const struct host *host)
{
    return host->occasion == AFTER_RECIPE || host->occasion == AFTER_RENEWAL;
}

static void help(const struct host *host, int program)
{
    char digits[DIGITS_SIZE];
    if (!leave_caller(host->selection->caller, host->descriptors))
        return;
    if (is_after_recording(host) && !wait_alone_for_recipe(host, program))
        return;
    if (!make_key(host->selection, digits) || !has_hook(host->start_folder))
        return;
    int lock = claim_key(host, digits);
    if (lock >= 0)
        become_host(host, lock);
}

/* fork, but without a SIGCHLD at its end, which the program would find. */
static pid_t fork_silently(void) { return (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0); }

static void fork_helper(const struct host *host, int program)
{
    pid_t between = fork_silently();
    if (between > 0)
        waitpid(between, NULL, __WALL);
    if (between != 0)
        return;
    if (fork_silently() == 0)
        help(host, program);
    _exit(0);
}

/* So that a start forks nobody in vain; who comes first is decided by the lock. */
static bool is_of_use(const struct host *host)
{
    char digits[DIGITS_SIZE];
    if (is_after_recording(host))
        return may_claim(host->folder, host->selection->id);
    read_recipe(host->folder, host->selection->id, &host->selection->recipe);
    return make_key(host->selection, digits) &&
           (host->occasion == AFTER_HOST || may_claim(host->folder, digits));
}

void spawn_host(const struct host *host)
{
    int program = -1;
    if (is_after_recording(host)) {
        program = (int)syscall(SYS_pidfd_open, getpid(), 0);
        if (program < 0)
            return;
    }
    if (is_of_use(host))
        fork_helper(host, program);
    if (program >= 0)
        close(program);
}
#else
typedef int no_warm_starts_here;
#endif
