#ifndef MAINSPRING_FUZZ_CAMPAIGN_H
#define MAINSPRING_FUZZ_CAMPAIGN_H

#include <stddef.h>
#include <stdint.h>

#define MOST_BYTES 4096

/* Any number below `below`. */
uint32_t draw(uint32_t below);

/* Changes the bytes in their place, where there is room for MOST_BYTES; how many there are then. */
size_t mutate(unsigned char *bytes, size_t length);

typedef void reader_under_test(const unsigned char *bytes, size_t length);

/* Has the bytes read from memory of just their size. */
void give_exactly(const unsigned char *bytes, size_t length, reader_under_test *read);

/* A reader did what it must not do: ends the campaign. */
_Noreturn void fail(const char *claim, const unsigned char *bytes, size_t length);

/* Attempts as often as the arguments, [RUNS [SEED]], say; how often that was. */
long conduct(int count, char **arguments, void (*attempt)(void));

#endif
