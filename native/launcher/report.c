/*
 * A line of the log, written at once:
 *
 *   line         = program "\t" reason "\t" milliseconds "\n"
 *   program      = absolute-path | "-m " name | "-c" | "-" | ""     escaped, see text.c
 *   milliseconds = digit+ "." digit digit digit                     since the launcher began
 */
#include "report.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ruling.h"
#include "text.h"

/* In each sentence the first % is the subject, each other the detail. */
static const struct {
    int exit_status;
    const char *sentence;
} failures[] = {
    [PYTHON_OPTION_EMPTY] = {2, "--python needs an interpreter: its path, or its name on PATH"},
    [NAMED_NOT_FOUND] = {127, "no interpreter % found, which % names; give the path of one, or "
                              "a name on PATH"},
    [NAMED_IS_LAUNCHER] = {126, "% is mainspring itself, and % names it; name a Python instead"},
    [SCRIPT_PYTHON_NOT_FOUND] = {127, "% is named in the first line of %, but is not there; "
                                      "reinstall it or use --python"},
    [NO_PYTHON] = {127, "no python3 beside mainspring and none on PATH; install one, or name it "
                        "with --python or MAINSPRING_PYTHON"},
    [NOT_EXECUTABLE] = {126, "% cannot be executed: %; make it executable, or name another "
                             "interpreter with --python"},
    [COMMAND_NOT_FOUND] = {127, "neither mainspring-cli nor python3 can be executed in %; "
                                "reinstall mainspring"},
    [PLACE_UNKNOWN] = {127, "cannot tell where it is installed; make /proc readable"},
    [OUT_OF_MEMORY] = {126, "out of memory; end other programs, or raise the limit"},
    [SHIM_SCRIPT_GONE] = {127, "% is gone, which the shim % started; remove the shim with "
                               "`mainspring uninstall %`"},
    [SHIM_PYTHON_GONE] = {127, "% is gone, with which the shim % started; remove the shim with "
                               "`mainspring uninstall %`"},
    [SHIM_NOT_EXECUTABLE] = {126, "% cannot be executed: %; mend that, or remove its shim with "
                                  "`mainspring uninstall`"},
    [SHIM_UNTRUSTED] = {126, "what the shim % starts could have been written by somebody else; "
                             "write it anew with `mainspring install %`"},
    [SHIM_DAMAGED] = {126, "the shim % does not say what it starts; write it anew with "
                           "`mainspring install %`"},
};

int report_failure(enum failure failure, const char *subject, const char *detail)
{
    struct text line = {.bytes = NULL};
    const char *rest = failures[failure].sentence;
    add_string(&line, "mainspring: ");
    for (const char *mark = strchr(rest, '%'); mark != NULL; mark = strchr(rest, '%')) {
        add_bytes(&line, rest, (size_t)(mark - rest));
        add_escaped(&line, subject);
        subject = detail;
        rest = mark + 1;
    }
    add_string(&line, rest);
    add_string(&line, "\n");
    ssize_t ignored = write(STDERR_FILENO, line.bytes, line.failed ? 0 : line.length);
    (void)ignored;
    free(line.bytes);
    return failures[failure].exit_status;
}

static void add_program(struct text *line, const struct options *options)
{
    char current[PATH_MAX];
    switch (options->kind) {
    case PROGRAM_SCRIPT:
        if (options->name[0] != '/' && getcwd(current, sizeof current) != NULL) {
            add_escaped(line, current);
            add_string(line, "/");
        }
        add_escaped(line, options->name);
        return;
    case PROGRAM_MODULE:
        add_string(line, "-m ");
        add_escaped(line, options->name);
        return;
    case PROGRAM_COMMAND:
        add_string(line, "-c");
        return;
    case PROGRAM_STDIN:
        add_string(line, "-");
        return;
    case PROGRAM_NONE:
        return;
    }
}

static void add_milliseconds(struct text *line, const struct timespec *began)
{
    struct timespec now;
    char digits[40];
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long microseconds =
        (now.tv_sec - began->tv_sec) * 1000000LL + (now.tv_nsec - began->tv_nsec) / 1000;
    snprintf(digits, sizeof digits, "%lld.%03lld", microseconds / 1000, microseconds % 1000);
    add_string(line, digits);
}

static bool is_number(const char *value) { return value[strspn(value, "0123456789")] == '\0'; }

static int open_log_file(const char *path)
{
    struct stat file;
    int log = open(
        path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (log >= 0 && (fstat(log, &file) != 0 || !S_ISREG(file.st_mode))) {
        close(log);
        return -1;
    }
    return log;
}

/* A log must not end or stop the program: not by its size, its reader, or its terminal. */
static void write_unharmed(int log, const struct text *line)
{
    static const int harms[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
    enum { HARMS = sizeof harms / sizeof harms[0] };
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before[HARMS];
    struct pollfd full_pipe = {.fd = log, .events = POLLOUT};
    if (poll(&full_pipe, 1, 0) != 1)
        return;
    for (int i = 0; i < HARMS; i++)
        sigaction(harms[i], &ignore, &before[i]);
    ssize_t ignored = write(log, line->bytes, line->length);
    (void)ignored;
    for (int i = 0; i < HARMS; i++)
        sigaction(harms[i], &before[i], NULL);
}

static void write_log(const char *destination, const struct text *line)
{
    if (is_number(destination)) {
        long number = strtol(destination, NULL, 10);
        if (number <= INT_MAX)
            write_unharmed((int)number, line);
        return;
    }
    /* With borrowed rights, only what the caller could open itself. */
    int log = is_set_id() ? -1 : open_log_file(destination);
    if (log < 0)
        return;
    write_unharmed(log, line);
    close(log);
}

void log_plain_start(const struct options *options, enum reason reason,
                     const struct timespec *began)
{
    struct text line = {.bytes = NULL};
    const char *destination = getenv("MAINSPRING_LOG");
    if (destination == NULL || destination[0] == '\0' || reason_name(reason) == NULL)
        return;
    add_program(&line, options);
    add_string(&line, "\t");
    add_string(&line, reason_name(reason));
    add_string(&line, "\t");
    add_milliseconds(&line, began);
    add_string(&line, "\n");
    if (!line.failed)
        write_log(destination, &line);
    free(line.bytes);
}
