/*
 * What the launcher asks of a host, written by the launcher's own code.
 *
 * Apart from fuzz_request.c, since both sides have a request.h.
 */
#include "asked.h"

#include <stdint.h>
#include <stdio.h>

#include "../native/launcher/request.h"

enum { BEFORE_PAYLOAD = 5 /* the length and the type */, MANY = 80, MOST_OF_VARIABLE = 16 };

static char *plain[] = {"python", "program.py", NULL};
static char *with_options[] = {"/usr/bin/python3", "-O", "-X", "utf8",
                               "/bin/program",     "",   "-v", NULL};
static char *with_little[] = {"p", "", NULL};

static char *no_variables[] = {NULL};
static char *some_variables[] = {"A=1",  "HOME=/root", "MAINSPRING_WARM=not passed", "=", "odd", "",
                                 "B=\n", NULL};
static char many_variables[MANY][MOST_OF_VARIABLE];
static char *many[MANY + 1];

static void number_variables(void)
{
    for (int i = 0; i < MANY; i++) {
        snprintf(many_variables[i], MOST_OF_VARIABLE, "N%d=%d", i, i * i);
        many[i] = many_variables[i];
    }
}

static struct caller make_caller(int which)
{
    struct caller caller = {.has_terminal = which == 1, .group = 4711, .umask = 022};
    caller.nice = which - 1;
    caller.oom_score_adj = 200 - 400 * (which == 1);
    caller.ignored = (uint64_t)which;
    caller.cpu_bytes = 8U << which;
    caller.cpus[0] = 3;
    for (int i = 0; i < MOST_RESOURCES; i++) {
        caller.limits[i][0] = 1024;
        caller.limits[i][1] = UINT64_MAX;
    }
    return caller;
}

static struct request make_request(int which)
{
    static const struct request requests[ASKED_COUNT] = {
        {.arguments = plain, .script = 1, .environment = some_variables},
        {.arguments = with_options, .script = 4, .environment = no_variables, .mask = 1ULL << 63},
        {.arguments = with_little, .script = 1, .environment = many},
    };
    return requests[which];
}

static int ask_for(int which, struct asked *asked)
{
    char text[] = "1\0/usr/bin/python3\0\0script\0/bin/program\0session=";
    struct text key = {.bytes = text, .length = sizeof text};
    static const struct descriptors opened[ASKED_COUNT] = {
        {.numbers = {0, 1, 2}, .count = 3},
        {.numbers = {0, 1, 2, 63, 255}, .count = 5},
        {.count = 0},
    };
    struct caller caller = make_caller(which);
    struct request request = make_request(which);
    struct text frame = {0}; /* lasts as long as the fuzzer */
    request.caller = &caller;
    request.descriptors = &opened[which];
    request.key = &key;
    if (!write_request(&frame, &request))
        return 0;
    asked->payload = (unsigned char *)frame.bytes + BEFORE_PAYLOAD;
    asked->size = frame.length - BEFORE_PAYLOAD;
    return 1;
}

int ask(struct asked asked[ASKED_COUNT])
{
    number_variables();
    for (int which = 0; which < ASKED_COUNT; which++) {
        if (!ask_for(which, &asked[which]))
            return 0;
    }
    return 1;
}
