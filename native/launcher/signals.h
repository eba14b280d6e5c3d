#ifndef MAINSPRING_SIGNALS_H
#define MAINSPRING_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Masks are as the kernel keeps them: bit N-1 stands for signal N. The C library's own functions
 * leave two signals out, which a program can be sent all the same. */

/* Blocks everything; false if the kernel does not do so. */
bool block_signals(uint64_t *before);
void restore_signals(uint64_t mask);

/* A descriptor from which blocked signals are read as they come; -1 if there is none to be had. */
int open_signals(void);

/* Has the signal do from now on what it does by itself. */
void unset_action(int signal_number);

bool is_pending(int signal_number);

/* Does by itself what the default action of the signal does; a stop other than by SIGSTOP does
 * nothing in a process group that nobody could continue (an orphaned one). */
void stop_by(int signal_number);
_Noreturn void die_by(int signal_number);

#endif
