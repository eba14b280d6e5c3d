#include "reason.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#include "reach.h"

static const char *const names[] = {
    [REASON_NONE] = NULL,
    [REASON_ANSWER] = NULL,
    [REASON_OFF] = "off",
    [REASON_SET_ID] = "set-id",
    [REASON_ISOLATED] = "isolated",
    [REASON_NO_SITE] = "no-site",
    [REASON_OBSERVED] = "observed",
    [REASON_INCOMPLETE_INSTALL] = "incomplete-install",
    [REASON_COLON_IN_PATH] = "colon-in-path",
    [REASON_ENVIRONMENT_TOO_BIG] = "environment-too-big",
};

const char *reason_name(enum reason reason) { return names[reason]; }

bool is_set_id(void)
{
#ifdef __linux__
    if (getauxval(AT_SECURE) != 0)
        return true;
#endif
    return getuid() != geteuid() || getgid() != getegid();
}

/* The words are those of the Python side's settings. */
static bool is_off_word(const char *value)
{
    static const char *const words[] = {"0", "off", "no", "false"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(value, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_off(void)
{
    const char *value = getenv("MAINSPRING");
    return value != NULL && is_off_word(value);
}

bool is_read_only(void)
{
    const char *value = getenv("MAINSPRING_READONLY");
    return value != NULL && value[0] != '\0' && !is_off_word(value);
}

static bool is_filled(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool is_observed(const struct options *options)
{
    return options->observed || is_filled("PYTHONVERBOSE") || is_filled("PYTHONPROFILEIMPORTTIME");
}

enum reason find_reason(const struct options *options, const char *interpreter,
                        const struct place *launcher, char start[PATH_MAX])
{
    if (options->answers)
        return REASON_ANSWER;
    if (is_off())
        return REASON_OFF;
    if (is_set_id())
        return REASON_SET_ID;
    if (options->no_site)
        return REASON_NO_SITE;
    if (is_observed(options))
        return REASON_OBSERVED;
    if (!find_start_folder(launcher, start))
        return REASON_INCOMPLETE_INSTALL;
    if (strchr(start, ':') != NULL)
        return REASON_COLON_IN_PATH;
    return options->isolated && !can_preload(interpreter, start) ? REASON_ISOLATED : REASON_NONE;
}
