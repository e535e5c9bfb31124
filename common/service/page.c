#include "common/service/page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/field.h"
#include "common/pb/message.h"
#include "common/pb/wire.h"
#include "common/service/cursor.h"

// A page ends before the row that would pass these, so that it fits a frame, with its total and the token of the next.
#define BYTES_MAX (PB_FRAME_MAX - 1024u)
#define FIELDS_MAX (PB_REPLY_FIELDS_MAX - 2u)
// A row's key and length within the reply.
#define ROW_HEAD_MAX 4
// Of a number: it fits 32 bits.
#define DIGITS_MAX 10

// The method and its filters: all of the request but how the list is cut.
#define LIST_LENGTH 2

static unsigned index_of(const pb_type_t *type, const char *name)
{
    const int index = pb_field_by_name(type, name);
    assert(index >= 0);
    return (unsigned)index;
}

static status_t refuse_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

// ---- the place of a page ----

static bool list_of(const service_call_t *call, const char *list[LIST_LENGTH])
{
    static const char digits[] = "0123456789abcdef";
    const pb_type_t *type = call->method->request;
    void *filters = pb_new(type, call->arena);
    if (filters == NULL)
        return false;
    memcpy(filters, call->request, type->descriptor->sizeof_message);
    pb_clear(type, filters, index_of(type, "page_size"));
    pb_clear(type, filters, index_of(type, "page_token"));
    uint8_t *bytes;
    size_t size;
    if (!pb_pack(filters, call->arena, &bytes, &size))
        return false;
    char *text = arena_alloc(call->arena, 2 * size + 1);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    list[0] = call->method->name;
    list[1] = text;
    return true;
}

static bool part_valid(const char *text, page_part_t kind)
{
    int32_t day;
    int64_t instant;
    const size_t size = strlen(text);
    switch (kind) {
    case PAGE_TEXT:
        return utf8_valid(text, size);
    case PAGE_CODE:
        return code_valid(text);
    case PAGE_ID:
        return id_valid(text);
    case PAGE_DATE:
        return date_parse(text, &day);
    case PAGE_INSTANT:
        return instant_parse(text, &instant);
    case PAGE_NUMBER:
        return size > 0 && size <= DIGITS_MAX && strspn(text, "0123456789") == size && strtoll(text, NULL, 10) <= INT32_MAX;
    case PAGE_FLAG:
        return strcmp(text, "t") == 0 || strcmp(text, "f") == 0;
    }
    return false;
}

status_t page_parts(service_call_t *call, const page_part_t *kinds, size_t count, char **parts)
{
    const pb_type_t *type = call->method->request;
    const char *token = *(char **)pb_member(&type->descriptor->fields[index_of(type, "page_token")], call->request);
    const char *list[LIST_LENGTH];
    memset(parts, 0, count * sizeof *parts);
    if (token == NULL)
        return STATUS_OK;
    if (!list_of(call, list))
        return refuse_memory(call);
    status_t status = cursor_read(token, list, LIST_LENGTH, parts, count, call->arena, call->problem);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!part_valid(parts[i], kinds[i]))
            status = problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    }
    return status;
}

status_t page_prepare(service_call_t *call, const page_part_t *kinds, size_t count)
{
    Pcn__Platform__V1__PagePlace *place = pb_new(PAGE_PLACE_TYPE, call->arena);
    char **parts = arena_alloc(call->arena, count * sizeof *parts);
    if (place == NULL || parts == NULL)
        return refuse_memory(call);
    status_t status = page_parts(call, kinds, count, parts);
    place->parts = parts;
    place->n_parts = count;
    call->prepared = parts[0] != NULL ? place : NULL;
    return status;
}

status_t page_end(service_call_t *call, const char *const *parts, size_t count, char **token)
{
    const char *list[LIST_LENGTH];
    *token = list_of(call, list) ? cursor_make(list, LIST_LENGTH, parts, count, call->arena) : NULL;
    return *token != NULL ? STATUS_OK : refuse_memory(call);
}

// ---- its rows ----

page_t page_begin(const service_call_t *call)
{
    const pb_type_t *type = call->method->request;
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index_of(type, "page_size")];
    const bool given = *pb_flag(field, call->request);
    return (page_t){.size = given ? (size_t)pb_integer_load(field->type, pb_member(field, call->request)) : PAGE_SIZE_DEFAULT};
}

// Fields that the message has on the wire, those of what it holds too.
static size_t fields_of(const pb_type_t *type, const void *message)
{
    size_t count = 0;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        if (!pb_has(type, message, i))
            continue;
        const size_t items = pb_is_list(field) ? *pb_count(field, message) : 1;
        count += items;
        for (size_t item = 0; item < items && field->type == PROTOBUF_C_TYPE_MESSAGE; item++)
            count += fields_of(type->fields[i].type,
                               pb_is_list(field) ? *(void **)pb_item(field, message, item) : *(void **)pb_member(field, message));
    }
    return count;
}

bool page_take(page_t *page, const pb_type_t *type, const void *row)
{
    if (page->rows == page->size)
        return false;
    const size_t bytes = page->bytes + ROW_HEAD_MAX + protobuf_c_message_get_packed_size(row);
    const size_t fields = page->fields + 1 + fields_of(type, row);
    if (page->rows > 0 && (bytes > BYTES_MAX || fields > FIELDS_MAX))
        return false;
    *page = (page_t){.size = page->size, .rows = page->rows + 1, .bytes = bytes, .fields = fields};
    return true;
}

size_t page_length(const service_call_t *call, const pb_type_t *type)
{
    page_t page = page_begin(call);
    while (page.rows < call->row_count && page_take(&page, type, call->rows[page.rows])) {
    }
    return page.rows;
}

void *page_merge(const service_call_t *call, const pb_type_t *type, const pb_type_t *row_type, size_t *count)
{
    page_t page = page_begin(call);
    void **rows = arena_alloc(call->arena, (call->row_count + 1) * sizeof *rows);
    *count = 0;
    while (rows != NULL && *count < call->row_count) {
        void *row = pb_new(type, call->arena);
        if (row == NULL)
            return NULL;
        pb_merge(type, row, row_type, call->rows[*count]);
        if (!page_take(&page, type, row))
            break;
        rows[(*count)++] = row;
    }
    return rows;
}
