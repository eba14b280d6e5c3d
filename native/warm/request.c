/* Reads what a caller sends, within its bounds: whatever it is, nothing beyond it is looked at.
 *
 * The grammar is in protocol.py. Of lists, no more is taken than there is room for, whatever number
 * of items they announce.
 */
#include "request.h"

typedef struct {
    const unsigned char *at;
    size_t left;
    int is_whole; /* until something was not there */
} reader;

uint32_t read_u32(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t read_u64(const unsigned char *at)
{
    return read_u32(at) | (uint64_t)read_u32(at + 4) << 32;
}

static const unsigned char *take(reader *from, size_t size)
{
    static const unsigned char nothing[8];
    if (size > from->left) {
        from->is_whole = 0;
        from->left = 0;
        return nothing;
    }
    const unsigned char *at = from->at;
    from->at += size;
    from->left -= size;
    return at;
}

static uint32_t take_u32(reader *from) { return read_u32(take(from, 4)); }

static int32_t take_i32(reader *from) { return (int32_t)take_u32(from); }

static uint64_t take_u64(reader *from) { return read_u64(take(from, 8)); }

static span take_bytes(reader *from)
{
    size_t size = take_u32(from);
    const unsigned char *bytes = take(from, size);
    return (span){bytes, from->is_whole ? size : 0};
}

static items take_items(reader *from, size_t size)
{
    size_t count = take_u32(from);
    if (count > from->left / size) {
        from->is_whole = 0;
        count = 0;
    }
    return (items){count, take(from, count * size)};
}

static items take_words(reader *from)
{
    size_t count = take_u32(from);
    items words = {count, from->at};
    for (size_t i = 0; from->is_whole && i < words.count; i++)
        take_bytes(from);
    if (!from->is_whole)
        words.count = 0;
    return words;
}

int read_request(const unsigned char *payload, size_t size, start_request *start)
{
    reader from = {payload, size, 1};
    start->key = take_bytes(&from);
    start->flags = take_u32(&from);
    start->group = take_i32(&from);
    start->umask = take_u32(&from);
    start->nice = take_i32(&from);
    start->oom_score_adj = take_i32(&from);
    start->mask = take_u64(&from);
    start->ignored = take_u64(&from);
    start->limits = take_items(&from, LIMIT_SIZE);
    start->affinity = take_bytes(&from);
    start->numbers = take_items(&from, NUMBER_SIZE);
    start->skip = take_u32(&from);
    start->arguments = take_words(&from);
    start->environment = take_words(&from);
    return from.is_whole && from.left == 0 && start->skip > 0 &&
           start->skip < start->arguments.count;
}

span take_word(const unsigned char **at)
{
    span word = {*at + LENGTH_SIZE, read_u32(*at)};
    *at = word.bytes + word.size;
    return word;
}
