/*
 * Mutates what the launcher reads of others, and holds that it reads no byte beyond it, and takes for
 * whole only what its grammar says.
 *
 *   fuzz_launcher [RUNS [SEED]]        to be built with -fsanitize=address,undefined; see noxfile.py
 *
 * The same seed gives the same inputs. Each is given to its reader in memory of just its size.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../native/launcher/recipe.h"
#include "../native/launcher/reply.h"

#define MOST_BYTES 2048

static uint64_t state;

/* xorshift64* */
static uint32_t draw(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * UINT64_C(2685821657736338717) >> 32) % below;
}

static const unsigned char odd_bytes[] = {0, 1, 4, 5, 64, 65, 0x7f, 0x80, 0xff, '\n', ' ', 'R', 'S', 'X'};

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

static size_t mutate(unsigned char *bytes, size_t length)
{
    for (uint32_t times = draw(6); times > 0 && length > 0; times--) {
        switch (draw(5)) {
        case 0:
            bytes[draw((uint32_t)length)] ^= (unsigned char)(1U << draw(8));
            break;
        case 1:
            bytes[draw((uint32_t)length)] = odd_bytes[draw(sizeof odd_bytes)];
            break;
        case 2:
            length = remove_some(bytes, length);
            break;
        case 3:
            length = repeat_some(bytes, length);
            break;
        default:
            length = draw((uint32_t)length + 1);
        }
    }
    return length;
}

static void fail(const char *claim, const unsigned char *bytes, size_t length)
{
    fprintf(stderr, "%s:", claim);
    for (size_t i = 0; i < length; i++)
        fprintf(stderr, " %02x", bytes[i]);
    fprintf(stderr, "\n");
    exit(1);
}

static bool is_sound(const struct reply *reply, size_t used)
{
    size_t reason = strlen(reply->reason);
    switch (reply->type) {
    case 'R':
        return reason > 0 && reason + 5 == used;
    case 'C':
        return used == 5;
    case 'S':
        return used == 9 && reply->number > 0;
    case 'T':
        return used == 9 && reply->number >= 1 && reply->number <= 64;
    case 'X':
        return used == 9 && reply->number >= 0 && reply->number <= 0xffff;
    default:
        return false;
    }
}

static void read_replies(const unsigned char *bytes, size_t length)
{
    struct reply reply;
    unsigned char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, bytes, length);
    size_t at = 0;
    for (;;) {
        size_t used = 0;
        enum parsed parsed = parse_reply(exact + at, length - at, &reply, &used);
        if (parsed == REPLY_PART && length - at >= MOST_OF_REPLY)
            fail("waits for more than the longest reply", bytes, length);
        if (parsed != REPLY_WHOLE)
            break;
        if (used > length - at || !is_sound(&reply, used))
            fail("takes for whole what is not", bytes, length);
        at += used;
    }
    free(exact);
}

static const char *const replies[] = {
    "\5\0\0\0S\1\2\0\0\5\0\0\0X\0\1\0\0", "\13\0\0\0Rhost-stale",
    "\5\0\0\0T\24\0\0\0\1\0\0\0C",       "\5\0\0\0X\377\0\0\0",
};
static const size_t reply_sizes[] = {18, 15, 14, 9};

static void fuzz_replies(void)
{
    unsigned char bytes[MOST_BYTES];
    uint32_t which = draw(4);
    memcpy(bytes, replies[which], reply_sizes[which]);
    read_replies(bytes, mutate(bytes, reply_sizes[which]));
}

static const char *const heads[] = {
    "mainspring-recipe 1\nprogram /a\npython /b\nstarts 2\nstate ready\nenv A\nenv _b1\nselect argument-0\nselect folder\nend\nahead x 1\n",
    "mainspring-recipe 1\nprogram /a\\n\npython /b\nstarts 1\nstate recording\nend\n",
    "mainspring-recipe 1\nprogram \npython \nstarts 12\nstate never nothing\nend\n",
};

/* What it takes for a recipe begins and ends as one, and its names are lines between. */
static bool is_recipe(const struct recipe *recipe)
{
    const char *end = recipe->names_end;
    return strncmp(recipe->head, "mainspring-recipe 1\n", 20) == 0 && recipe->names != NULL &&
           recipe->names >= recipe->head && recipe->names <= end && (strncmp(end, "end\n", 4) == 0 || strncmp(end, "select ", 7) == 0) &&
           (recipe->names == end || (strncmp(recipe->names, "env ", 4) == 0 && end[-1] == '\n'));
}

static void fuzz_recipe(void)
{
    static struct recipe recipe;
    unsigned char bytes[MOST_BYTES];
    const char *seed = heads[draw(3)];
    memcpy(bytes, seed, strlen(seed));
    size_t length = mutate(bytes, strlen(seed));
    memcpy(recipe.head, bytes, length);
    recipe.head[length] = '\0';
    parse_recipe(&recipe, length);
    if (recipe.state != RECIPE_ABSENT && !is_recipe(&recipe))
        fail("takes for a recipe what is none", bytes, length);
    recipe_names(&recipe, "A", 1);
    recipe_names(&recipe, (const char *)bytes, length);
}

int main(int count, char **arguments)
{
    long runs = count > 1 ? strtol(arguments[1], NULL, 10) : 20000;
    state = count > 2 ? strtoull(arguments[2], NULL, 10) | 1 : 1;
    for (long run = 0; run < runs; run++) {
        fuzz_replies();
        fuzz_recipe();
    }
    printf("%ld inputs for each reader\n", runs);
    return 0;
}
