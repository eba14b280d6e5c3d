#ifndef MAINSPRING_VARIABLES_H
#define MAINSPRING_VARIABLES_H

/* Where in the environment the variable is that begins with `name`, which ends with "="; its end
 * where there is none. It is the first, as getenv and os.environ see it. */
char **find_variable(char **environment, const char *name);

/* What stands behind the "="; NULL where it is not set. */
const char *find_value(char **environment, const char *name);

#endif
