/* An environment is asked as getenv asks this process's: a gateway has one for each request. */
#include "variables.h"

#include <stddef.h>
#include <string.h>

#include "text.h"

char **find_variable(char **environment, const char *name)
{
    while (*environment != NULL && !starts_with(*environment, name))
        environment++;
    return environment;
}

const char *find_value(char **environment, const char *name)
{
    const char *variable = *find_variable(environment, name);
    return variable == NULL ? NULL : variable + strlen(name);
}
