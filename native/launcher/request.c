/*
 * What is asked of a host. Numbers are little-endian, u64 of 8 bytes, all others of 4:
 *
 *   frame  = LENGTH of what follows, "Q", key-text, FLAGS, PGID, UMASK, NICE, OOM_SCORE_ADJ,
 *            MASK u64, IGNORED u64, COUNT, (SOFT u64, HARD u64)*, cpus, COUNT, NUMBER*,
 *            SKIP, COUNT, argument*, COUNT, variable*
 *   FLAGS  = 1 if the program is to join the process group PGID, else 0
 *   SOFT, HARD        of each resource, in the order of their numbers
 *   NUMBER            the caller's, of each descriptor sent along after the working directory
 *   SKIP              how many arguments are before the script
 *   key-text, cpus, argument, variable = LENGTH, bytes
 */
#include "request.h"

#ifdef __linux__
#include <string.h>

#define MOST_BYTES (8U << 20)

static void add_u32(struct text *frame, uint32_t number)
{
    char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(number >> 8 * i & 0xff);
    add_bytes(frame, bytes, sizeof bytes);
}

static void add_u64(struct text *frame, uint64_t number)
{
    add_u32(frame, (uint32_t)(number & UINT32_MAX));
    add_u32(frame, (uint32_t)(number >> 32));
}

static void add_block(struct text *frame, const char *bytes, size_t length)
{
    add_u32(frame, (uint32_t)length);
    add_bytes(frame, bytes, length);
}

static void add_caller(struct text *frame, const struct request *request)
{
    const struct caller *caller = request->caller;
    add_u32(frame, caller->has_terminal ? 1 : 0);
    add_u32(frame, (uint32_t)caller->group);
    add_u32(frame, caller->umask);
    add_u32(frame, (uint32_t)caller->nice);
    add_u32(frame, (uint32_t)caller->oom_score_adj);
    add_u64(frame, request->mask);
    add_u64(frame, caller->ignored);
}

static void add_limits(struct text *frame, const struct caller *caller)
{
    add_u32(frame, MOST_RESOURCES);
    for (int i = 0; i < MOST_RESOURCES; i++) {
        add_u64(frame, caller->limits[i][0]);
        add_u64(frame, caller->limits[i][1]);
    }
}

static void add_numbers(struct text *frame, const struct descriptors *descriptors)
{
    add_u32(frame, (uint32_t)descriptors->count);
    for (int i = 0; i < descriptors->count; i++)
        add_u32(frame, (uint32_t)descriptors->numbers[i]);
}

/* What tells the hook about a cold start: the program has never seen it. */
static bool is_passing(const char *variable)
{
    return variable[0] == 'M' && (starts_with(variable, "MAINSPRING_START=") ||
                                  starts_with(variable, "MAINSPRING_WARM="));
}

static void add_environment(struct text *frame, char **variables)
{
    uint32_t count = 0;
    for (char **next = variables; *next != NULL; next++)
        count += !is_passing(*next);
    add_u32(frame, count);
    for (; *variables != NULL; variables++) {
        if (!is_passing(*variables))
            add_block(frame, *variables, strlen(*variables));
    }
}

static void add_arguments(struct text *frame, char **arguments)
{
    uint32_t count = 0;
    while (arguments[count] != NULL)
        count++;
    add_u32(frame, count);
    for (; *arguments != NULL; arguments++)
        add_block(frame, *arguments, strlen(*arguments));
}

static void write_length(struct text *frame)
{
    for (int i = 0; i < 4; i++)
        frame->bytes[i] = (char)((frame->length - 4) >> 8 * i & 0xff);
}

bool write_request(struct text *frame, const struct request *request)
{
    add_u32(frame, 0);
    add_string(frame, "Q");
    add_block(frame, request->key->bytes, request->key->length);
    add_caller(frame, request);
    add_limits(frame, request->caller);
    add_block(frame, request->caller->cpus, request->caller->cpu_bytes);
    add_numbers(frame, request->descriptors);
    add_u32(frame, (uint32_t)request->script);
    add_arguments(frame, request->arguments);
    add_environment(frame, request->environment);
    if (frame->failed || frame->length - 4 > MOST_BYTES)
        return false;
    write_length(frame);
    return true;
}
#else
typedef int no_warm_starts_here;
#endif
