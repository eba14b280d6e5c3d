/* What options and environment say against the hook, or against what it would write. */
#include "ruling.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#include "variables.h"

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

static bool is_off(char **environment)
{
    const char *value = find_value(environment, "MAINSPRING=");
    return value != NULL && is_off_word(value);
}

bool is_read_only(char **environment)
{
    const char *value = find_value(environment, "MAINSPRING_READONLY=");
    return value != NULL && value[0] != '\0' && !is_off_word(value);
}

static bool is_filled(char **environment, const char *name)
{
    const char *value = find_value(environment, name);
    return value != NULL && value[0] != '\0';
}

static bool is_observed(const struct options *options, char **environment)
{
    return options->observed || is_filled(environment, "PYTHONVERBOSE=") ||
           is_filled(environment, "PYTHONPROFILEIMPORTTIME=");
}

enum reason find_ruling(const struct options *options, char **environment)
{
    if (options->answers)
        return REASON_ANSWER;
    if (is_off(environment))
        return REASON_OFF;
    if (is_set_id())
        return REASON_SET_ID;
    if (options->no_site)
        return REASON_NO_SITE;
    return is_observed(options, environment) ? REASON_OBSERVED : REASON_NONE;
}
