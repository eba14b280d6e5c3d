/* A campaign tries mutation after mutation, and can be repeated: its seed decides them all. */
#include "campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_RUNS = 20000, MOST_MUTATIONS = 5 };

static uint64_t state;

/* xorshift64* */
uint32_t draw(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * UINT64_C(2685821657736338717) >> 32) % below;
}

/* ---- mutations ------------------------------------------------------------------------------ */

static const unsigned char odd_bytes[] = {0,    1,    4,    5,   64,  65,  0x7f,
                                          0x80, 0xff, '\n', ' ', 'R', 'S', 'X'};
/* where a length ends, or its sign begins */
static const uint32_t odd_numbers[] = {0,
                                       1,
                                       2,
                                       3,
                                       4,
                                       127,
                                       255,
                                       256,
                                       0xffff,
                                       1U << 28,
                                       INT32_MAX,
                                       1U << 31,
                                       1U << 30,
                                       UINT32_MAX - 3,
                                       UINT32_MAX - 1,
                                       UINT32_MAX};

static size_t flip_bit(unsigned char *bytes, size_t length)
{
    bytes[draw((uint32_t)length)] ^= (unsigned char)(1U << draw(8));
    return length;
}

static size_t set_byte(unsigned char *bytes, size_t length)
{
    bytes[draw((uint32_t)length)] = odd_bytes[draw(sizeof odd_bytes)];
    return length;
}

static size_t set_number(unsigned char *bytes, size_t length)
{
    uint32_t number = odd_numbers[draw(sizeof odd_numbers / sizeof *odd_numbers)];
    size_t at = draw((uint32_t)length);
    for (size_t i = 0; i < 4 && at + i < length; i++)
        bytes[at + i] = (unsigned char)(number >> 8 * i);
    return length;
}

static size_t remove_some(unsigned char *bytes, size_t length)
{
    size_t from = draw((uint32_t)length + 1);
    size_t count = draw((uint32_t)(length - from) + 1);
    memmove(bytes + from, bytes + from + count, length - from - count);
    return length - count;
}

static size_t repeat_some(unsigned char *bytes, size_t length)
{
    size_t from = draw((uint32_t)length + 1);
    size_t count = draw((uint32_t)(length - from) + 1);
    if (length + count > MOST_BYTES)
        return length;
    memmove(bytes + from + count, bytes + from, length - from);
    return length + count;
}

static size_t cut(unsigned char *bytes, size_t length)
{
    (void)bytes;
    return draw((uint32_t)length + 1);
}

static size_t (*const mutations[])(unsigned char *bytes, size_t length) = {
    flip_bit, set_byte, set_number, remove_some, repeat_some, cut,
};

size_t mutate(unsigned char *bytes, size_t length)
{
    for (uint32_t times = draw(MOST_MUTATIONS + 1); times > 0 && length > 0; times--)
        length = mutations[draw(sizeof mutations / sizeof *mutations)](bytes, length);
    return length;
}

/* ---- attempts ------------------------------------------------------------------------------- */

void give_exactly(const unsigned char *bytes, size_t length, reader_under_test *read)
{
    /* where there are no bytes at all, a sanitizer would let one be read */
    size_t before = length == 0;
    unsigned char *memory = malloc(before + length);
    if (memory == NULL)
        abort();
    memcpy(memory + before, bytes, length);
    read(memory + before, length);
    free(memory);
}

_Noreturn void fail(const char *claim, const unsigned char *bytes, size_t length)
{
    fprintf(stderr, "%s:", claim);
    for (size_t i = 0; i < length; i++)
        fprintf(stderr, " %02x", bytes[i]);
    fprintf(stderr, "\n");
    exit(1);
}

long conduct(int count, char **arguments, void (*attempt)(void))
{
    long runs = count > 1 ? strtol(arguments[1], NULL, 10) : USUAL_RUNS;
    state = count > 2 ? strtoull(arguments[2], NULL, 10) | 1 : 1;
    for (long run = 0; run < runs; run++)
        attempt();
    return runs;
}
