// Any bytes as a frame of any type of the contract. What pb_unpack lets through must hold what the contract promises: packing and
// unpacking it again changes nothing, its JSON reads back to the same message, and merging it into an empty one copies it.
#include <stdlib.h>
#include <string.h>

#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/pb/wire.h"
#include "tests/fuzz/choice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static buf_t json_of(const pb_type_t *type, const void *message)
{
    buf_t out;
    buf_init(&out, 64 * 1024 * 1024);
    pb_json_write(type, message, &out);
    must(buf_ok(&out));
    return out;
}

static void must_be_same(const pb_type_t *type, const void *one, const void *other)
{
    buf_t a = json_of(type, one), b = json_of(type, other);
    must(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    buf_deinit(&a);
    buf_deinit(&b);
}

static void check_accepted(const pb_type_t *type, const void *message, arena_t *arena)
{
    uint8_t *bytes;
    size_t size;
    void *again;
    must(pb_pack(message, arena, &bytes, &size));
    // Fewer bytes may be needed than came in, never other content; packing has no limits of its own.
    must(pb_unpack(type, bytes, size, arena, &again, NULL) == STATUS_OK);
    must_be_same(type, message, again);
    void *copy = pb_new(type, arena);
    must(copy != NULL);
    pb_merge(type, copy, type, message);
    must_be_same(type, message, copy);
    problem_t problem = {0};
    status_t status = pb_validate(type, message, false, &problem);
    must(status == problem.status && (status == STATUS_OK || status == STATUS_INVALID_ARGUMENT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const pb_type_t *type = choose_type(&data, &size);
    arena_t *arena = arena_new(64 * 1024 * 1024);
    must(arena != NULL);
    void *message;
    problem_t problem = {0};
    status_t status = pb_unpack(type, data, size, arena, &message, &problem);
    must((status == STATUS_OK) == (message != NULL));
    must((status == STATUS_OK) == pb_wire_scan(type, data, size)); // all that the scan lets through unpacks
    must(status == STATUS_OK || (problem.status == status && problem.detail[0] != '\0'));
    if (status == STATUS_OK)
        check_accepted(type, message, arena);
    arena_destroy(&arena);
    return 0;
}
