/*
 * Mutates what the launcher asks of a host, and holds that a host's child reads no byte beyond it,
 * and accepts only what, written again, is the same byte for byte.
 *
 *   python fuzz/sanitized.py request [RUNS [SEED]]
 *
 * The same seed gives the same inputs. Each is read from memory of just its size. fuzz_protocol.py
 * has the same reader take what it is sent by a socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../native/warm/request.h"
#include "asked.h"
#include "campaign.h"

/* ---- writing again -------------------------------------------------------------------------- */

struct packed {
    unsigned char bytes[MOST_BYTES];
    size_t size;
    int is_full; /* there was to be more */
};

static void pack(struct packed *to, const unsigned char *bytes, size_t size)
{
    if (to->is_full || size > MOST_BYTES - to->size) {
        to->is_full = 1;
        return;
    }
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void pack_u32(struct packed *to, uint32_t number)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
    pack(to, bytes, sizeof bytes);
}

static void pack_u64(struct packed *to, uint64_t number)
{
    pack_u32(to, (uint32_t)number);
    pack_u32(to, (uint32_t)(number >> 32));
}

static void pack_span(struct packed *to, span some)
{
    pack_u32(to, (uint32_t)some.size);
    pack(to, some.bytes, some.size);
}

static void pack_limits(struct packed *to, items limits)
{
    pack_u32(to, (uint32_t)limits.count);
    for (size_t i = 0; i < 2 * limits.count; i++)
        pack_u64(to, read_u64(limits.items + i * LIMIT_SIZE / 2));
}

static void pack_numbers(struct packed *to, items numbers)
{
    pack_u32(to, (uint32_t)numbers.count);
    for (size_t i = 0; i < numbers.count; i++)
        pack_u32(to, read_u32(numbers.items + i * NUMBER_SIZE));
}

static void pack_words(struct packed *to, items words)
{
    const unsigned char *at = words.items;
    pack_u32(to, (uint32_t)words.count);
    for (size_t i = 0; i < words.count && !to->is_full; i++)
        pack_span(to, take_word(&at));
}

static void pack_request(struct packed *to, const start_request *start)
{
    pack_span(to, start->key);
    pack_u32(to, start->flags);
    pack_u32(to, (uint32_t)start->group);
    pack_u32(to, start->umask);
    pack_u32(to, (uint32_t)start->nice);
    pack_u32(to, (uint32_t)start->oom_score_adj);
    pack_u64(to, start->mask);
    pack_u64(to, start->ignored);
    pack_limits(to, start->limits);
    pack_span(to, start->affinity);
    pack_numbers(to, start->numbers);
    pack_u32(to, start->skip);
    pack_words(to, start->arguments);
    pack_words(to, start->environment);
}

/* ---- attempts ------------------------------------------------------------------------------- */

static struct asked asked[ASKED_COUNT];
static long accepted;

static void read_one(const unsigned char *payload, size_t size)
{
    start_request start;
    static struct packed again;
    if (!read_request(payload, size, &start))
        return;
    again.size = 0;
    again.is_full = 0;
    pack_request(&again, &start);
    if (again.is_full || again.size != size || memcmp(again.bytes, payload, size) != 0)
        fail("accepts something else than was sent", payload, size);
    if (start.skip == 0 || start.skip >= start.arguments.count)
        fail("accepts a start without a script", payload, size);
    accepted++;
}

static void fuzz_request(void)
{
    unsigned char bytes[MOST_BYTES];
    const struct asked *seed = &asked[draw(ASKED_COUNT)];
    memcpy(bytes, seed->payload, seed->size);
    give_exactly(bytes, mutate(bytes, seed->size), read_one);
}

/* A reader that refuses everything would read nothing beyond it. */
static void accept_what_is_asked(void)
{
    for (size_t i = 0; i < ASKED_COUNT; i++) {
        give_exactly(asked[i].payload, asked[i].size, read_one);
        if (accepted != (long)i + 1)
            fail("refuses what the launcher asks", asked[i].payload, asked[i].size);
    }
    accepted = 0;
}

int main(int count, char **arguments)
{
    if (!ask(asked))
        abort();
    accept_what_is_asked();
    long runs = conduct(count, arguments, fuzz_request);
    printf("%ld mutated requests, %ld accepted, each as it was sent\n", runs, accepted);
    return 0;
}
