#include "reason.h"

#include <string.h>

#include "reach.h"
#include "ruling.h"

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

enum reason find_reason(const struct options *options, const char *interpreter, char **environment,
                        const struct place *launcher, char start[PATH_MAX])
{
    enum reason ruling = find_ruling(options, environment);
    if (ruling != REASON_NONE)
        return ruling;
    if (!find_start_folder(launcher, start))
        return REASON_INCOMPLETE_INSTALL;
    if (strchr(start, ':') != NULL)
        return REASON_COLON_IN_PATH;
    return options->isolated && !can_preload(interpreter, start) ? REASON_ISOLATED : REASON_NONE;
}
