// Any text as JSON of any type, in each mode. What is read must write as JSON that reads to the same, survive the wire, and come back
// column by column; what is refused must say why in UTF-8.
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/pb/param.h"
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
    must(buf_ok(&out) && utf8_valid(out.data, out.size));
    return out;
}

static void must_be_same(const pb_type_t *type, const void *one, const void *other)
{
    buf_t a = json_of(type, one), b = json_of(type, other);
    must(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    buf_deinit(&a);
    buf_deinit(&b);
}

static void check_columns(const pb_type_t *type, const void *message, arena_t *arena)
{
    void *row = pb_new(type, arena);
    must(row != NULL);
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        pb_path_t path;
        const char *text;
        size_t size;
        must(pb_path_resolve(type, type->descriptor->fields[i].name, &path));
        must(pb_param(&path, message, arena, &text, &size) == STATUS_OK);
        must((text == NULL) == !pb_has(type, message, i));
        // A client's date or instant is checked by pb_validate, so a column may still refuse it as not PostgreSQL's.
        if (type->fields[i].format != PB_FORMAT_DATE && type->fields[i].format != PB_FORMAT_INSTANT &&
            type->descriptor->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) {
            must(pb_set_column(type, row, i, text, size, arena, NULL) == STATUS_OK);
            must(pb_has(type, row, i) == pb_has(type, message, i));
        }
    }
}

static void check_accepted(const pb_type_t *type, const void *message, pb_json_mode_t mode, arena_t *arena)
{
    buf_t text = json_of(type, message);
    void *again;
    char **clear = NULL;
    size_t clear_count = 0;
    // A list that is shown empty would take itself away in a patch.
    mode = mode == PB_JSON_PATCH ? PB_JSON_REQUEST : mode;
    must(pb_json_read(type, text.data, text.size, mode, arena, &again, &clear, &clear_count, NULL) == STATUS_OK);
    must(clear_count == 0); // what was taken away is not in the message
    must_be_same(type, message, again);
    buf_deinit(&text);
    uint8_t *bytes;
    size_t size;
    must(pb_pack(message, arena, &bytes, &size));
    // A text within the wire's limits is a frame within them too.
    if (pb_unpack(type, bytes, size, arena, &again, NULL) == STATUS_OK)
        must_be_same(type, message, again);
    else
        must(size > PB_FIELDS_MAX);
    check_columns(type, message, arena);
}

static void check_refused(status_t status, const problem_t *problem)
{
    must(status == STATUS_INVALID_ARGUMENT && problem->status == status);
    must(problem->detail[0] != '\0');
    must(utf8_valid(problem->detail, strlen(problem->detail)) && utf8_valid(problem->field, strlen(problem->field)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const pb_type_t *type = choose_type(&data, &size);
    if (size < 1)
        return 0;
    // Then a letter for the mode: a, b or c.
    pb_json_mode_t mode = (pb_json_mode_t)((data[0] + 2) % 3);
    arena_t *arena = arena_new(64 * 1024 * 1024);
    must(arena != NULL);
    void *message = NULL;
    char **clear = NULL;
    size_t clear_count = 0;
    problem_t problem = {0};
    status_t status = pb_json_read(type, (const char *)data + 1, size - 1, mode, arena, &message, &clear, &clear_count, &problem);
    must((status == STATUS_OK) == (message != NULL));
    must(clear_count == 0 || (mode == PB_JSON_PATCH && clear_count <= type->descriptor->n_fields));
    for (size_t i = 0; i < clear_count; i++)
        must(pb_field_by_name(type, clear[i]) >= 0);
    if (status == STATUS_OK)
        check_accepted(type, message, mode, arena);
    else
        check_refused(status, &problem);
    arena_destroy(&arena);
    return 0;
}
