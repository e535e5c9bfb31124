// Any text as a column of any field. What fits must give a parameter that reads back to the same; what does not is INTERNAL and leaves
// the field unset.
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/message.h"
#include "common/pb/param.h"
#include "tests/unit/pb/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static buf_t json_of(const void *message)
{
    buf_t out;
    buf_init(&out, 64 * 1024 * 1024);
    pb_json_write(&sample_type, message, &out);
    must(buf_ok(&out));
    return out;
}

static void check_accepted(const void *message, unsigned index, arena_t *arena)
{
    pb_path_t path;
    const char *text;
    size_t size;
    must(pb_path_resolve(&sample_type, sample_type.descriptor->fields[index].name, &path));
    must(pb_param(&path, message, arena, &text, &size) == STATUS_OK);
    must((text == NULL) == !pb_has(&sample_type, message, index));
    void *again = pb_new(&sample_type, arena);
    must(again != NULL && pb_set_column(&sample_type, again, index, text, size, arena, NULL) == STATUS_OK);
    buf_t one = json_of(message), other = json_of(again);
    must(one.size == other.size && memcmp(one.data, other.data, one.size) == 0);
    buf_deinit(&one);
    buf_deinit(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // PostgreSQL's text is UTF-8 without NUL.
    if (size < 1 || !utf8_valid((const char *)data + 1, size - 1))
        return 0;
    unsigned index = data[0] % SAMPLE_FIELDS;
    arena_t *arena = arena_new(64 * 1024 * 1024);
    must(arena != NULL);
    // libpq's text ends with a NUL.
    char *text = arena_copy(arena, data + 1, size - 1);
    void *message = pb_new(&sample_type, arena);
    must(text != NULL && message != NULL);
    problem_t problem = {0};
    status_t status = pb_set_column(&sample_type, message, index, text, size - 1, arena, &problem);
    if (status == STATUS_OK)
        check_accepted(message, index, arena);
    else
        must(status == STATUS_INTERNAL && problem.status == status && !pb_has(&sample_type, message, index));
    arena_destroy(&arena);
    return 0;
}
