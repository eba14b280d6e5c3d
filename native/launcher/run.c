#include "run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "interpreter.h"
#include "options.h"
#include "reason.h"
#include "report.h"
#include "ruling.h"
#include "warm.h"

extern char **environ;

/* interpreter, options, script (none if it is NULL), rest */
static char **make_arguments(const char *interpreter, char **options, size_t option_count,
                             const char *script, char **rest)
{
    size_t count = 0;
    while (rest[count] != NULL)
        count++;
    char **arguments = malloc((option_count + count + 3) * sizeof *arguments);
    if (arguments == NULL)
        return NULL;
    char **next = arguments;
    *next++ = (char *)interpreter;
    for (size_t i = 0; i < option_count; i++)
        *next++ = options[i];
    if (script != NULL)
        *next++ = (char *)script;
    memcpy(next, rest, (count + 1) * sizeof *arguments);
    return arguments;
}

/* Returns the reason for which the start has to be a plain one after all. */
static enum reason start_hooked(char **arguments, const char *start_folder, enum way way,
                                const char *warm)
{
    struct hooked_environment environment;
    enum reason reason = REASON_ENVIRONMENT_TOO_BIG;
    if (make_hooked_environment(&environment, environ, start_folder, way, warm)) {
        execve(arguments[0], arguments, environment.variables);
        reason = errno == E2BIG ? REASON_ENVIRONMENT_TOO_BIG : REASON_NONE;
    }
    int error = errno;
    free_hooked_environment(&environment);
    errno = error;
    return reason;
}

static enum reason start_by_host_or_hook(char **arguments, const struct options *options,
                                         const char *start_folder)
{
    struct warm_start warm = {
        .arguments = arguments,
        .script = 1 + options->script,
        .environment = environ,
        .start_folder = start_folder,
        .way = options->isolated ? BY_PRELOAD : BY_PATHS,
        .ruled_out = options->rules_out_warm,
    };
    if (options->warm && options->kind == PROGRAM_SCRIPT && !is_read_only(environ))
        start_warm(&warm);
    const char *wish = warm.warm[0] == '\0' ? NULL : warm.warm;
    return start_hooked(arguments, start_folder, warm.way, wish);
}

static void start(char **arguments, const struct options *options, const struct place *launcher,
                  const struct timespec *began)
{
    char start_folder[PATH_MAX];
    enum reason reason = find_reason(options, arguments[0], environ, launcher, start_folder);
    if (reason == REASON_NONE)
        reason = start_by_host_or_hook(arguments, options, start_folder);
    if (reason == REASON_NONE)
        return;
    log_plain_start(options, reason, began);
    execve(arguments[0], arguments, environ);
}

/* Returns an exit status, if the program could not be started. */
static int start_program(const char *interpreter, char **options, size_t option_count,
                         const char *script, char **rest, bool warm, const struct place *launcher,
                         const struct timespec *began)
{
    struct options parsed;
    char **arguments = make_arguments(interpreter, options, option_count, script, rest);
    if (arguments == NULL)
        return report_failure(OUT_OF_MEMORY, NULL, NULL);
    /* The options of the #! line too. */
    parse_options(arguments + 1, &parsed);
    parsed.warm = warm;
    start(arguments, &parsed, launcher, began);
    int status = report_failure(NOT_EXECUTABLE, interpreter, strerror(errno));
    free(arguments);
    return status;
}

static bool write_word(const char *word)
{
    size_t size = strlen(word) + 1;
    return write(STDOUT_FILENO, word, size) == (ssize_t)size;
}

/* `run --which ...`, for `explain`: instead of the start, the interpreter, what named it (nothing:
 * it is the nearest), and the options of the #! line, each with a NUL behind it. */
static int print_interpreter(const struct interpreter *interpreter)
{
    bool written = write_word(interpreter->path) && write_word(interpreter->named_by);
    for (size_t i = 0; written && i < interpreter->shebang.option_count; i++)
        written = write_word(interpreter->shebang.options[i]);
    return written ? 0 : 1;
}

int run_program(char **arguments, const struct place *launcher, const struct timespec *began)
{
    struct options options;
    struct interpreter interpreter;
    bool is_question = arguments[0] != NULL && strcmp(arguments[0], "--which") == 0;
    arguments += is_question;
    parse_options(arguments, &options);
    if (options.python_is_missing)
        return report_failure(PYTHON_OPTION_EMPTY, NULL, NULL);
    enum failure failure = choose_interpreter(&options, launcher, &interpreter);
    if (failure != NO_FAILURE)
        return report_failure(failure, interpreter.path, interpreter.named_by);
    if (is_question)
        return print_interpreter(&interpreter);
    return start_program(interpreter.path, interpreter.shebang.options,
                         interpreter.shebang.option_count, NULL, arguments, options.warm, launcher,
                         began);
}

int run_target(const char *interpreter, char **options, size_t option_count, const char *script,
               char **arguments, const struct place *launcher, const struct timespec *began)
{
    return start_program(interpreter, options, option_count, script, arguments, true, launcher,
                         began);
}
