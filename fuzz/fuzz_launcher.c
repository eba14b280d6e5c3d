/*
 * Mutates what the launcher reads of others, and holds that it reads no byte beyond it, and takes
 * for whole only what its grammar says.
 *
 *   python fuzz/sanitized.py launcher [RUNS [SEED]]
 *
 * The same seed gives the same inputs. Each reply is read from memory of just its size.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../native/launcher/recipe.h"
#include "../native/launcher/reply.h"
#include "campaign.h"

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
    size_t at = 0;
    for (;;) {
        size_t used = 0;
        enum parsed parsed = parse_reply(bytes + at, length - at, &reply, &used);
        if (parsed == REPLY_PART && length - at >= MOST_OF_REPLY)
            fail("waits for more than the longest reply", bytes, length);
        if (parsed != REPLY_WHOLE)
            break;
        if (used > length - at || !is_sound(&reply, used))
            fail("takes for whole what is not", bytes, length);
        at += used;
    }
}

static const char *const replies[] = {
    "\5\0\0\0S\1\2\0\0\5\0\0\0X\0\1\0\0",
    "\13\0\0\0Rhost-stale",
    "\5\0\0\0T\24\0\0\0\1\0\0\0C",
    "\5\0\0\0X\377\0\0\0",
};
static const size_t reply_sizes[] = {18, 15, 14, 9};

static void fuzz_replies(void)
{
    unsigned char bytes[MOST_BYTES];
    uint32_t which = draw(4);
    memcpy(bytes, replies[which], reply_sizes[which]);
    give_exactly(bytes, mutate(bytes, reply_sizes[which]), read_replies);
}

static const char *const heads[] = {
    "mainspring-recipe 1\nprogram /a\npython /b\nstarts 2\nstate ready\nenv A\nenv _b1\nselect "
    "argument-0\nselect folder\nend\nahead x 1\n",
    "mainspring-recipe 1\nprogram /a\\n\npython /b\nstarts 1\nstate recording\nend\n",
    "mainspring-recipe 1\nprogram \npython \nstarts 12\nstate never nothing\nend\n",
};

/* What it takes for a recipe begins and ends as one, and its names are lines between. */
static bool is_recipe(const struct recipe *recipe)
{
    const char *end = recipe->names_end;
    return strncmp(recipe->head, "mainspring-recipe 1\n", 20) == 0 && recipe->names != NULL &&
           recipe->names >= recipe->head && recipe->names <= end &&
           (strncmp(end, "end\n", 4) == 0 || strncmp(end, "select ", 7) == 0) &&
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

static void attempt(void)
{
    fuzz_replies();
    fuzz_recipe();
}

int main(int count, char **arguments)
{
    printf("%ld inputs for each reader\n", conduct(count, arguments, attempt));
    return 0;
}
