// Frames of somebody who has the gateway's key.
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/pb/wire.h"
#include "common/rpc/batch.h"
#include "pcn/common/v1/envelope.pb-c.h"
#include "tests/integration/rpc/stranger.h"

enum { DEPTH = 10000, PAIRS = 10000, FRAME_ROOM = 3 * 1024 * 1024 };

// What is being written.
typedef struct draft {
    chance_t *chance;
    uint8_t *bytes;
    size_t size;
    int refusals;
} draft_t;

static void put(draft_t *draft, const void *bytes, size_t size)
{
    assert_true(draft->size + size <= FRAME_ROOM);
    memcpy(draft->bytes + draft->size, bytes, size);
    draft->size += size;
}

static void put_u32(draft_t *draft, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put(draft, bytes, sizeof bytes);
}

static void put_random(draft_t *draft, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)chance_next(draft->chance);
        put(draft, &byte, 1);
    }
}

static void header_init(Pcn__Common__V1__RequestHeader *header, const char *method)
{
    pcn__common__v1__request_header__init(header);
    header->request_id = (char *)"0190b2a0-0000-7000-8000-000000000001";
    header->has_correlation = 1;
    header->correlation = 7;
    header->method = (char *)method;
    header->has_timeout_ms = 1;
    header->timeout_ms = 600000; // a reply that cannot leave is kept for so long
}

static void put_pair(draft_t *draft, const Pcn__Common__V1__RequestHeader *header, const void *body, size_t body_size)
{
    uint8_t packed[4096];
    size_t size = pcn__common__v1__request_header__pack(header, packed);
    put_u32(draft, (uint32_t)size);
    put(draft, packed, size);
    put_u32(draft, (uint32_t)body_size);
    put(draft, body, body_size);
}

// A header that is right, with a caller who may do everything, and this body.
static void put_call(draft_t *draft, const char *method, const void *body, size_t body_size)
{
    static char *scopes[] = {(char *)"registry.any", (char *)"registry.read", (char *)"organisations.write"};
    Pcn__Common__V1__RequestHeader header;
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    header_init(&header, method);
    principal.subject = (char *)"stranger";
    principal.scopes = scopes;
    principal.n_scopes = 3;
    header.principal = &principal;
    put_pair(draft, &header, body, body_size);
    draft->refusals++;
}

// ---- frames that are none

static void random_bytes(draft_t *draft)
{
    put_u32(draft, 0x10000000u | (uint32_t)chance_next(draft->chance)); // a size that no rest can have
    put_random(draft, chance_below(draft->chance, 4000));
}

static void few_bytes(draft_t *draft)
{
    put_random(draft, chance_below(draft->chance, 8));
}

static void size_beyond_the_end(draft_t *draft)
{
    put_u32(draft, 100);
    put_random(draft, chance_below(draft->chance, 100));
}

static void body_beyond_the_end(draft_t *draft)
{
    put_u32(draft, 0);
    put_u32(draft, 1 + chance_below(draft->chance, 1000000));
}

static void bytes_behind_the_end(draft_t *draft)
{
    put_call(draft, CALL_GET, "", 0);
    draft->refusals = 0;
    put_random(draft, 1 + chance_below(draft->chance, 3));
}

static void header_too_large(draft_t *draft)
{
    put_u32(draft, RPC_HEADER_MAX + 1);
    put_random(draft, RPC_HEADER_MAX + 1);
    put_u32(draft, 0);
}

static void ten_thousand_pairs(draft_t *draft)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        put_u32(draft, 0);
        put_u32(draft, 0);
    }
}

static void one_pair_too_many(draft_t *draft)
{
    for (unsigned i = 0; i <= RPC_BATCH_MAX; i++)
        put_call(draft, CALL_GET, "", 0);
    draft->refusals = 0;
}

// ---- headers that are none

static void header_of_random_bytes(draft_t *draft)
{
    size_t size = 1 + chance_below(draft->chance, 500);
    put_u32(draft, (uint32_t)size);
    put(draft, "\xff", 1); // a tag that has no end
    memset(draft->bytes + draft->size, 0xff, size - 1);
    draft->size += size - 1;
    put_u32(draft, 0);
}

static void header_without_correlation(draft_t *draft)
{
    Pcn__Common__V1__RequestHeader header;
    header_init(&header, CALL_GET);
    header.has_correlation = 0;
    put_pair(draft, &header, "", 0);
}

static void header_of_false_text(draft_t *draft)
{
    Pcn__Common__V1__RequestHeader header;
    header_init(&header, "pcn.\xff\xfe.Registry/Get");
    put_pair(draft, &header, "", 0);
}

static void header_of_groups(draft_t *draft)
{
    put_u32(draft, 2000);
    memset(draft->bytes + draft->size, 0x0b, 2000); // begins of groups, which no field of ours is
    draft->size += 2000;
    put_u32(draft, 0);
}

// ---- headers that are refused

static void header_without_method(draft_t *draft)
{
    Pcn__Common__V1__RequestHeader header;
    header_init(&header, NULL);
    put_pair(draft, &header, "", 0);
    draft->refusals++;
}

static void header_of_false_time(draft_t *draft)
{
    Pcn__Common__V1__RequestHeader header;
    header_init(&header, CALL_GET);
    header.timeout_ms = chance_below(draft->chance, 2) == 0 ? 0 : UINT32_MAX;
    put_pair(draft, &header, "", 0);
    draft->refusals++;
}

static void header_of_unknown_method(draft_t *draft)
{
    put_call(draft, chance_below(draft->chance, 2) == 0 ? "pcn.registry.v1.Registry/DropTable" : "x", "", 0);
}

static void key_with_line_end(draft_t *draft)
{
    Pcn__Common__V1__RequestHeader header;
    header_init(&header, CALL_CREATE);
    header.idempotency_key = (char *)"a\r\nb";
    put_pair(draft, &header, "", 0);
    draft->refusals++;
}

// ---- bodies that are none

static void body_of_random_bytes(draft_t *draft)
{
    uint8_t body[300];
    memset(body, 0xff, sizeof body);
    put_call(draft, CALL_CREATE, body, 1 + chance_below(draft->chance, sizeof body));
}

// 10,000 messages, one in the other.
static void body_without_ground(draft_t *draft)
{
    static uint8_t body[4 * DEPTH + 8];
    size_t at = sizeof body;
    for (unsigned i = 0; i < DEPTH; i++) {
        size_t inner = sizeof body - at;
        uint8_t head[6];
        size_t size = 0;
        head[size++] = 0x0a; // field 1, bytes
        for (; inner >= 0x80; inner >>= 7)
            head[size++] = (uint8_t)(inner | 0x80);
        head[size++] = (uint8_t)inner;
        if (size > at)
            break;
        at -= size;
        memcpy(body + at, head, size);
    }
    put_call(draft, CALL_CREATE, body + at, sizeof body - at);
}

static void body_of_unknown_enum(draft_t *draft)
{
    static const char organisation[] = "\x0a\x10\x0a\x05ics-x\x12\x01X\x18\xe7\x07\x40\x01"; // kind 999
    put_call(draft, CALL_CREATE, organisation, sizeof organisation - 1);
}

static void body_of_false_text(draft_t *draft)
{
    static const char organisation[] = "\x0a\x0d\x0a\x05ics-x\x12\x02\xc3\x28\x18\x01";
    put_call(draft, CALL_CREATE, organisation, sizeof organisation - 1);
}

static void body_of_many_fields(draft_t *draft)
{
    static uint8_t body[2 * 5000];
    for (size_t i = 0; i < sizeof body; i += 2)
        memcpy(body + i, "\x0a\x00", 2); // field 1 again and again
    put_call(draft, CALL_CREATE, body, sizeof body);
}

static void good_and_bad_together(draft_t *draft)
{
    put_call(draft, CALL_CREATE, "\xff", 1);
    header_without_correlation(draft); // counted, and the others are answered all the same
    put_call(draft, "x", "", 0);
}

// ---- too large for any

static void beyond_the_largest(draft_t *draft)
{
    size_t size = RPC_BATCH_BYTES_MAX + 8192;
    memset(draft->bytes, 0, size);
    draft->size = size;
}

static void several_frames(draft_t *draft)
{
    put_call(draft, CALL_GET, "", 0);
    draft->refusals = 0;
}

static const struct {
    frame_kind_t kind;
    void (*write)(draft_t *draft);
} frames[] = {
    {{"random bytes", FRAME_COUNTED}, random_bytes},
    {{"few bytes", FRAME_COUNTED}, few_bytes},
    {{"size beyond the end", FRAME_COUNTED}, size_beyond_the_end},
    {{"body beyond the end", FRAME_COUNTED}, body_beyond_the_end},
    {{"bytes behind the end", FRAME_COUNTED}, bytes_behind_the_end},
    {{"header too large", FRAME_COUNTED}, header_too_large},
    {{"ten thousand pairs", FRAME_COUNTED}, ten_thousand_pairs},
    {{"one pair too many", FRAME_COUNTED}, one_pair_too_many},
    {{"header of random bytes", FRAME_COUNTED}, header_of_random_bytes},
    {{"header without correlation", FRAME_COUNTED}, header_without_correlation},
    {{"header of false text", FRAME_COUNTED}, header_of_false_text},
    {{"header of groups", FRAME_COUNTED}, header_of_groups},
    {{"several frames", FRAME_COUNTED}, several_frames},
    {{"header without method", FRAME_REFUSED}, header_without_method},
    {{"header of false time", FRAME_REFUSED}, header_of_false_time},
    {{"header of unknown method", FRAME_REFUSED}, header_of_unknown_method},
    {{"key with line end", FRAME_REFUSED}, key_with_line_end},
    {{"body of random bytes", FRAME_REFUSED}, body_of_random_bytes},
    {{"body without ground", FRAME_REFUSED}, body_without_ground},
    {{"body of unknown enum", FRAME_REFUSED}, body_of_unknown_enum},
    {{"body of false text", FRAME_REFUSED}, body_of_false_text},
    {{"body of many fields", FRAME_REFUSED}, body_of_many_fields},
    {{"good and bad together", FRAME_REFUSED}, good_and_bad_together},
    {{"beyond the largest", FRAME_CUT}, beyond_the_largest},
};

size_t frame_kinds(void)
{
    return sizeof frames / sizeof *frames;
}

const frame_kind_t *frame_kind(size_t kind)
{
    return &frames[kind].kind;
}

int frame_send(size_t kind, chance_t *chance, void *socket)
{
    draft_t draft = {.chance = chance, .bytes = malloc(FRAME_ROOM)};
    assert_non_null(draft.bytes);
    frames[kind].write(&draft);
    bool sent = true;
    if (frames[kind].write == several_frames) {
        for (unsigned more = 1 + chance_below(chance, 4); more > 0; more--)
            sent = sent && zmq_send(socket, draft.bytes, draft.size, ZMQ_SNDMORE) >= 0;
    }
    sent = sent && zmq_send(socket, draft.bytes, draft.size, 0) >= 0;
    free(draft.bytes);
    return sent ? draft.refusals : -1;
}
