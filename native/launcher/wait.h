#ifndef MAINSPRING_WAIT_H
#define MAINSPRING_WAIT_H

#include <stdbool.h>

#include "handover.h"

/* Passes on to the program what signals come, and ends as it ended. In a terminal it leaves the
 * process group, in which the program is now. */
_Noreturn void wait_for_program(struct connection *connection, int signals, bool in_terminal);

#endif
