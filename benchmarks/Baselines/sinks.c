// Nothing, and the plain append: a header of 32 bytes and the packet, in arrival order.
#include "baseline.h"
#include <string.h>

static void nothing(const struct packet *p)
{
    (void)p;
}

static void no_tick(uint64_t now)
{
    (void)now;
}

static void no_end(void)
{
}

static void append(const struct packet *p)
{
    uint8_t *out = writer_reserve(32 + p->length);
    const uint32_t front[2] = { p->length, p->stream };
    const uint64_t rest[3] = { p->arrival_ns, p->source, p->source_port };
    memcpy(out, front, sizeof front);
    memcpy(out + 8, rest, sizeof rest);
    memcpy(out + 32, p->bytes, p->length);
    writer_append(32 + p->length);
}

const struct sink none_sink = { nothing, no_tick, no_end };
const struct sink plain_sink = { append, no_tick, no_end };
