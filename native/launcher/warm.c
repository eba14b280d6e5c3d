/* A start through a host, or the reason for a cold one: any doubt is a reason. */
#include "warm.h"

#ifdef __linux__
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "connect.h"
#include "descriptors.h"
#include "handover.h"
#include "identity.h"
#include "request.h"
#include "runtime.h"
#include "selection.h"
#include "signals.h"
#include "spawn.h"
#include "wait.h"

/* What is found out on the way; all of it is large, none of it needed twice. */
static struct descriptors descriptors;
static struct caller caller;
static struct connection connection;

struct attempt {
    struct warm_start *start;
    struct selection selection;
    struct text frame;
    int folder;
};

static const char *find_obstacle(const struct selection *selection)
{
    const char *obstacle = find_program_obstacle(selection);
    if (obstacle != NULL)
        return obstacle;
    if (!descriptors.has_streams)
        return "closed-stream";
    if (descriptors.too_many)
        return "too-much";
    if (!identify_caller(&caller, false))
        return "unknown-caller";
    return find_caller_obstacle(selection);
}

static bool make_frame(struct attempt *attempt, uint64_t mask)
{
    struct request request = {
        .arguments = attempt->start->arguments,
        .script = attempt->start->script,
        .environment = attempt->start->environment,
        .caller = &caller,
        .descriptors = &descriptors,
        .key = &attempt->selection.key,
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
        wait_for_program(&connection, signals, caller.has_terminal);
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
    if (!make_key(&attempt->selection, digits))
        return "too-much";
    connection = (struct connection){.program = -1};
    const char *reason =
        connect_host(attempt->folder, digits, &connection.socket, &connection.host);
    if (reason == NULL)
        return hold_signals(attempt);
    if (connection.socket >= 0)
        close(connection.socket);
    return reason;
}

static void spawn(struct attempt *attempt, enum occasion occasion)
{
    struct host host = {
        .selection = &attempt->selection,
        .start_folder = attempt->start->start_folder,
        .way = attempt->start->way,
        .folder = attempt->folder,
        .descriptors = &descriptors,
        .occasion = occasion,
    };
    spawn_host(&host);
}

static const char *record(struct attempt *attempt)
{
    const struct recipe *recipe = &attempt->selection.recipe;
    snprintf(attempt->start->warm, WARM_SIZE, "record:%s", attempt->selection.id);
    if (recipe->state == RECIPE_RECORDING && recipe->starts == 1)
        spawn(attempt, AFTER_RECIPE);
    return "recorded";
}

/* What has changed may import something else by now. */
static void renew(struct attempt *attempt)
{
    snprintf(attempt->start->warm, WARM_SIZE, "renew:%s", attempt->selection.id);
    spawn(attempt, AFTER_RENEWAL);
}

static const char *use_host(struct attempt *attempt)
{
    struct recipe *recipe = &attempt->selection.recipe;
    const char *reason = try_host(attempt);
    bool is_stale = strcmp(reason, "host-stale") == 0;
    bool is_gone = strcmp(reason, "host-ended") == 0;
    bool is_missing = strcmp(reason, "no-host") == 0;
    if (is_gone || is_missing) /* a host that was there until now has told why it ends */
        read_recipe(attempt->folder, attempt->selection.id, recipe);
    if (recipe->state != RECIPE_READY)
        return record(attempt);
    if (is_stale || (recipe->is_stale && (is_gone || is_missing)))
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
    struct selection *selection = &attempt->selection;
    read_recipe(attempt->folder, selection->id, &selection->recipe);
    const char *obstacle = find_obstacle(selection);
    if (obstacle != NULL)
        return obstacle;
    return selection->recipe.state == RECIPE_READY ? use_host(attempt) : record(attempt);
}

static bool find_current(struct selection *selection)
{
    char *current = selection->current;
    return getcwd(current, sizeof selection->current) != NULL && current[0] == '/';
}

static void start_from_folder(struct attempt *attempt)
{
    struct selection *selection = &attempt->selection;
    attempt->folder = open_runtime_folder(getenv("XDG_RUNTIME_DIR"));
    if (attempt->folder < 0)
        return;
    if (find_program(selection))
        note_cold_start(attempt->folder, selection->id, attempt_start(attempt));
    close(attempt->folder);
}

void start_warm(struct warm_start *start)
{
    static struct attempt attempt;
    struct selection *selection = &attempt.selection;
    attempt.start = start;
    start->warm[0] = '\0';
    selection->arguments = start->arguments;
    selection->script = start->script;
    selection->environment = start->environment;
    selection->ruled_out = start->ruled_out;
    selection->caller = &caller;
    if (!find_descriptors(&descriptors) || !find_current(selection))
        return;
    start_from_folder(&attempt);
    free_selection(selection);
    free(attempt.frame.bytes);
    free(caller.identity.bytes);
}
#else
void start_warm(struct warm_start *start) { start->warm[0] = '\0'; }
#endif
