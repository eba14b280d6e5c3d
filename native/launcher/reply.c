/*
 * What a host answers; numbers are little-endian, of 4 bytes:
 *
 *   frame   = LENGTH of what follows, payload
 *   payload = "R" reason | "S" PID | "T" SIGNAL | "C" | "X" WAIT-STATUS
 *   reason  = (lower case letter | "-"){1,63}        a row of reasons.COLD
 */
#include "reply.h"

#include <stdbool.h>
#include <string.h>

#define HEAD 4

static uint32_t read_u32(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool read_reason(const unsigned char *bytes, size_t length, char reason[MOST_OF_REASON + 1])
{
    if (length < 1 || length > MOST_OF_REASON)
        return false;
    memcpy(reason, bytes, length);
    reason[length] = '\0';
    return strspn(reason, "abcdefghijklmnopqrstuvwxyz-") == length;
}

static bool is_in_range(char type, int32_t number)
{
    if (type == 'T')
        return number >= 1 && number <= 64;
    return type == 'X' ? number >= 0 && number <= 0xffff : number > 0;
}

static bool read_payload(const unsigned char *payload, size_t length, struct reply *reply)
{
    reply->type = (char)payload[0];
    if (reply->type == 'R')
        return read_reason(payload + 1, length - 1, reply->reason);
    if (reply->type == 'C')
        return length == 1;
    if (length != 5 || strchr("STX", reply->type) == NULL || reply->type == '\0')
        return false;
    reply->number = (int32_t)read_u32(payload + 1);
    return is_in_range(reply->type, reply->number);
}

enum parsed parse_reply(const unsigned char *bytes, size_t length, struct reply *reply,
                        size_t *used)
{
    *reply = (struct reply){.type = '\0'};
    if (length < HEAD)
        return REPLY_PART;
    uint32_t size = read_u32(bytes);
    if (size < 1 || size > MOST_OF_REPLY - HEAD)
        return REPLY_BROKEN;
    if (length < HEAD + size)
        return REPLY_PART;
    *used = HEAD + size;
    return read_payload(bytes + HEAD, size, reply) ? REPLY_WHOLE : REPLY_BROKEN;
}
