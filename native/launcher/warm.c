/* A start through a host, or the reason for a cold one: any doubt is a reason. */
#include "warm.h"

#ifdef __linux__
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold.h"
#include "descriptors.h"
#include "handover.h"
#include "identity.h"
#include "key.h"
#include "recipe.h"
#include "request.h"
#include "runtime.h"
#include "signals.h"
#include "spawn.h"
#include "text.h"
#include "wait.h"

/* What is found out on the way; all of it is large, none of it needed twice. */
static struct descriptors descriptors;
static struct recipe recipe;
static struct connection connection;

struct attempt {
    struct warm_start *start;
    char current[PATH_MAX];  /* the working directory */
    char path[2 * PATH_MAX]; /* of the script, as CPython forms it */
    char id[DIGITS_SIZE];
    struct text key;
    struct text frame;
    struct caller caller;
    struct selection selection;
    int folder;
};

/* CPython puts the two together like this, whatever they are. */
static bool find_path(struct attempt *attempt)
{
    const char *name = attempt->start->arguments[attempt->start->script];
    char *current = attempt->current;
    if (getcwd(current, sizeof attempt->current) == NULL || current[0] != '/')
        return false;
    find_choices(&attempt->selection.choices, attempt->start->arguments + attempt->start->script,
                 current);
    int length = name[0] == '/'
                     ? snprintf(attempt->path, sizeof attempt->path, "%s", name)
                     : snprintf(attempt->path, sizeof attempt->path, "%s/%s", current, name);
    return length > 0 && length < (int)sizeof attempt->path;
}

/* What is behind such a path is another file in another process. */
static bool is_device(const char *path)
{
    return starts_with(path, "/dev/") || starts_with(path, "/proc/");
}

/* A script in the interpreter's place may choose another one in each folder. */
static bool is_machine_code(const char *path)
{
    char start[4];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    ssize_t length = read(descriptor, start, sizeof start);
    close(descriptor);
    return length == sizeof start && memcmp(start, "\177ELF", sizeof start) == 0;
}

static bool is_inspected(void)
{
    const char *inspect = getenv("PYTHONINSPECT");
    return inspect != NULL && inspect[0] != '\0';
}

static const char *find_obstacle(struct attempt *attempt)
{
    if (attempt->start->ruled_out || is_inspected())
        return "options";
    if (is_device(attempt->path))
        return "not-a-script";
    if (!is_machine_code(attempt->start->arguments[0]))
        return "script-interpreter";
    if (!descriptors.has_streams)
        return "closed-stream";
    if (descriptors.too_many)
        return "too-much";
    if (has_relative_part(attempt->start->environment))
        return "relative-path";
    if (!identify_caller(&attempt->caller))
        return "unknown-caller";
    if (attempt->caller.has_capabilities)
        return "capabilities";
    if (attempt->caller.has_little_time)
        return "other-limits";
    if (attempt->caller.has_terminal && attempt->caller.leads_session)
        return "session-leader";
    if (attempt->caller.uses_terminal && !attempt->caller.has_terminal)
        return "other-terminal"; /* a host in a session like this has none to ask about */
    return recipe.state == RECIPE_NEVER ? "never" : NULL;
}

static bool make_frame(struct attempt *attempt, uint64_t mask)
{
    struct request request = {
        .arguments = attempt->start->arguments,
        .script = attempt->start->script,
        .environment = attempt->start->environment,
        .caller = &attempt->caller,
        .descriptors = &descriptors,
        .key = &attempt->key,
        .mask = mask,
    };
    return write_request(&attempt->frame, &request);
}

static const char *run_in_host(struct attempt *attempt, int signals)
{
    int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return "deleted-folder";
    const char *reason = hand_over(&connection, &attempt->frame, directory, &descriptors);
    if (reason == NULL)
        wait_for_program(&connection, signals, attempt->caller.has_terminal);
    return reason;
}

/* Signals that come before the program has begun stay pending: for whoever will run it. */
static const char *hold_signals(struct attempt *attempt)
{
    uint64_t mask;
    if (!block_signals(&mask))
        return "unknown-caller";
    int signals = open_signals();
    const char *reason = "too-much";
    if (signals >= 0 && make_frame(attempt, mask))
        reason = run_in_host(attempt, signals);
    if (signals >= 0)
        close(signals);
    close(connection.socket);
    restore_signals(mask);
    return reason;
}

static const char *try_host(struct attempt *attempt)
{
    char digits[DIGITS_SIZE];
    if (!make_key(&attempt->key, digits, &attempt->selection, &recipe))
        return "too-much";
    const char *reason = connect_host(&connection, attempt->folder, digits);
    if (reason == NULL)
        return hold_signals(attempt);
    if (connection.socket >= 0)
        close(connection.socket);
    return reason;
}

static void spawn(struct attempt *attempt, enum occasion occasion)
{
    struct host host = {
        .arguments = attempt->start->arguments,
        .script = attempt->start->script,
        .path = attempt->path,
        .start_folder = attempt->start->start_folder,
        .way = attempt->start->way,
        .folder = attempt->folder,
        .id = attempt->id,
        .selection = &attempt->selection,
        .caller = &attempt->caller,
        .descriptors = &descriptors,
        .occasion = occasion,
    };
    spawn_host(&host);
}

static const char *record(struct attempt *attempt)
{
    snprintf(attempt->start->warm, WARM_SIZE, "record:%s", attempt->id);
    if (recipe.state == RECIPE_RECORDING && recipe.starts == 1)
        spawn(attempt, AFTER_RECIPE);
    return "recorded";
}

/* What has changed may import something else by now. */
static void renew(struct attempt *attempt)
{
    snprintf(attempt->start->warm, WARM_SIZE, "renew:%s", attempt->id);
    spawn(attempt, AFTER_RENEWAL);
}

static const char *use_host(struct attempt *attempt)
{
    const char *reason = try_host(attempt);
    bool is_stale = strcmp(reason, "host-stale") == 0;
    bool is_gone = strcmp(reason, "host-ended") == 0;
    bool is_missing = strcmp(reason, "no-host") == 0;
    if (is_gone || is_missing) /* a host that was there until now has told why it ends */
        read_recipe(attempt->folder, attempt->id, &recipe);
    if (recipe.state != RECIPE_READY)
        return record(attempt);
    if (is_stale || (recipe.is_stale && (is_gone || is_missing)))
        renew(attempt);
    else if (is_missing)
        spawn(attempt, AT_ONCE);
    else if (is_gone)
        spawn(attempt, AFTER_HOST);
    return reason;
}

/* Returns why the start is to be cold. */
static const char *attempt_start(struct attempt *attempt)
{
    read_recipe(attempt->folder, attempt->id, &recipe);
    const char *obstacle = find_obstacle(attempt);
    if (obstacle != NULL)
        return obstacle;
    return recipe.state == RECIPE_READY ? use_host(attempt) : record(attempt);
}

void start_warm(struct warm_start *start)
{
    static struct attempt attempt;
    attempt.start = start;
    attempt.selection.environment = start->environment;
    attempt.selection.identity = &attempt.caller.identity;
    start->warm[0] = '\0';
    if (!find_descriptors(&descriptors) || !find_path(&attempt))
        return;
    attempt.folder = open_runtime_folder();
    if (attempt.folder < 0)
        return;
    add_program_text(&attempt.selection.program, start->arguments, start->script, attempt.path);
    hash_text(&attempt.selection.program, attempt.id);
    if (!attempt.selection.program.failed)
        note_cold_start(attempt.folder, attempt.id, attempt_start(&attempt));
    close(attempt.folder);
    free(attempt.selection.program.bytes);
    free(attempt.key.bytes);
    free(attempt.frame.bytes);
    free(attempt.caller.identity.bytes);
}
#else
void start_warm(struct warm_start *start) { start->warm[0] = '\0'; }
#endif
