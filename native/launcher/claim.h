#ifndef MAINSPRING_CLAIM_H
#define MAINSPRING_CLAIM_H

#include <stdbool.h>

/* Whether DIGITS.lock could be had now. It is not taken. */
bool may_claim(int folder, const char *digits);

/* A descriptor by which this process holds DIGITS.lock for as long as it lives, whatever it
 * executes; -1 if another does, or if it is too early to try again. If patient, it waits for the
 * other's end. */
int claim(int folder, const char *digits, bool patient);

/* Writes down that the holder sets out to be a host. */
void note_attempt(int lock);

/* Removes the file of a lock that is held. */
void remove_claim(int folder, const char *digits);

#endif
