#include "common/pb/wire.h"

#include <stdio.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/field.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

#define TAG_BYTES_MAX 5
#define VARINT_BYTES_MAX 10
#define FIELD_NUMBER_MAX ((1u << 29) - 1)

typedef struct scan {
    unsigned fields; // seen so far, over all levels
    unsigned fields_max;
    problem_t *problem;
} scan_t;

// One field as it stands on the wire.
typedef struct wire_field {
    uint32_t number;
    unsigned wire;
    uint64_t varint;        // value of WIRE_VARINT
    const uint8_t *payload; // content of the others
    size_t size;
} wire_field_t;

static bool read_varint(const uint8_t **at, const uint8_t *end, unsigned most, uint64_t *value)
{
    uint64_t out = 0;
    const uint8_t *p = *at;
    for (unsigned i = 0; i < most && p < end; i++) {
        uint8_t byte = *p++;
        out |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *at = p;
            *value = out;
            return true;
        }
    }
    return false;
}

static bool take_payload(const uint8_t **at, const uint8_t *end, uint64_t size, wire_field_t *field)
{
    if (size > (uint64_t)(end - *at))
        return false;
    field->payload = *at;
    field->size = (size_t)size;
    *at += size;
    return true;
}

static bool read_field(const uint8_t **at, const uint8_t *end, wire_field_t *field)
{
    uint64_t tag, length;
    if (!read_varint(at, end, TAG_BYTES_MAX, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
        return false;
    *field = (wire_field_t){.number = (uint32_t)(tag >> 3), .wire = (unsigned)(tag & 7)};
    switch (field->wire) {
    case WIRE_VARINT:
        return read_varint(at, end, VARINT_BYTES_MAX, &field->varint);
    case WIRE_64:
        return take_payload(at, end, 8, field);
    case WIRE_32:
        return take_payload(at, end, 4, field);
    case WIRE_LENGTH:
        return read_varint(at, end, TAG_BYTES_MAX, &length) && take_payload(at, end, length, field);
    default:
        return false; // groups: protobuf-c knows none
    }
}

// Index of the field with that number, or -1. Numbers of our messages begin at 1 and seldom have gaps.
static int field_index(const ProtobufCMessageDescriptor *descriptor, uint32_t number)
{
    if (number <= descriptor->n_fields && descriptor->fields[number - 1].id == number)
        return (int)number - 1;
    unsigned low = 0, high = descriptor->n_fields;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (descriptor->fields[middle].id == number)
            return (int)middle;
        if (descriptor->fields[middle].id < number)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static unsigned wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64;
    default:
        return WIRE_VARINT;
    }
}

static status_t broken(scan_t *scan)
{
    return problem_set(scan->problem, STATUS_INVALID_ARGUMENT, NULL, "The message is cut off or not in protobuf's format");
}

static status_t too_many(scan_t *scan)
{
    return problem_set(scan->problem, STATUS_INVALID_ARGUMENT, NULL, "The message has more than %u fields", scan->fields_max);
}

static status_t check_enum(scan_t *scan, const ProtobufCFieldDescriptor *field, uint64_t varint)
{
    // protobuf-c keeps the low 32 bits.
    int value = (int)(uint32_t)varint;
    if (field->type != PROTOBUF_C_TYPE_ENUM || pb_enum_has(field->descriptor, value))
        return STATUS_OK;
    return problem_set(scan->problem, STATUS_INVALID_ARGUMENT, NULL, "The value %d is not known", value);
}

static status_t check_packed(scan_t *scan, const ProtobufCFieldDescriptor *field, const wire_field_t *wire)
{
    unsigned item = wire_of(field->type);
    size_t count = 0;
    if (item == WIRE_VARINT) {
        const uint8_t *at = wire->payload, *end = at + wire->size;
        for (; at < end; count++) {
            uint64_t varint;
            if (!read_varint(&at, end, VARINT_BYTES_MAX, &varint))
                return broken(scan);
            status_t status = check_enum(scan, field, varint);
            if (status != STATUS_OK)
                return status;
        }
    } else {
        size_t size = item == WIRE_32 ? 4 : 8;
        if (wire->size % size != 0)
            return broken(scan);
        count = wire->size / size;
    }
    if (count > scan->fields_max - scan->fields)
        return too_many(scan);
    scan->fields += (unsigned)count;
    return STATUS_OK;
}

static status_t check_message(scan_t *scan, const pb_type_t *type, const uint8_t *bytes, size_t size, unsigned depth);

static status_t check_field(scan_t *scan, const pb_type_t *type, unsigned index, const wire_field_t *wire, unsigned depth)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    unsigned expected = wire_of(field->type);
    if (wire->wire == WIRE_LENGTH && expected != WIRE_LENGTH && pb_is_list(field))
        return check_packed(scan, field, wire);
    if (wire->wire != expected)
        return problem_set(scan->problem, STATUS_INVALID_ARGUMENT, NULL, "The field has another type than the contract says");
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(scan, type->fields[index].type, wire->payload, wire->size, depth + 1);
    if (field->type == PROTOBUF_C_TYPE_STRING && !utf8_valid((const char *)wire->payload, wire->size))
        return problem_set(scan->problem, STATUS_INVALID_ARGUMENT, NULL, "The text is not UTF-8");
    return check_enum(scan, field, wire->varint);
}

// How many fields of that number stand before `stop`: the index for the path of a refusal.
static size_t count_before(const uint8_t *at, const uint8_t *stop, uint32_t number)
{
    size_t count = 0;
    wire_field_t field;
    while (at < stop && read_field(&at, stop, &field))
        count += field.number == number;
    return count;
}

static void blame(scan_t *scan, const pb_type_t *type, unsigned index, const uint8_t *bytes, const uint8_t *start)
{
    if (scan->problem == NULL)
        return;
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    char name[96];
    if (pb_is_list(field))
        (void)snprintf(name, sizeof name, "%s[%zu]", type->fields[index].json, count_before(bytes, start, field->id));
    else
        (void)snprintf(name, sizeof name, "%s", type->fields[index].json);
    problem_prefix(scan->problem, name);
}

static status_t check_message(scan_t *scan, const pb_type_t *type, const uint8_t *bytes, size_t size, unsigned depth)
{
    if (depth > PB_DEPTH_MAX)
        return problem_set(scan->problem, STATUS_INVALID_ARGUMENT, NULL, "The message is nested deeper than %d", PB_DEPTH_MAX);
    const uint8_t *at = bytes, *end = bytes + size;
    while (at < end) {
        const uint8_t *start = at;
        wire_field_t wire;
        if (!read_field(&at, end, &wire))
            return broken(scan);
        if (++scan->fields > scan->fields_max)
            return too_many(scan);
        int index = field_index(type->descriptor, wire.number);
        if (index < 0)
            continue; // of a newer contract: kept by protobuf-c as it is
        status_t status = check_field(scan, type, (unsigned)index, &wire, depth);
        if (status != STATUS_OK) {
            blame(scan, type, (unsigned)index, bytes, start);
            return status;
        }
    }
    return STATUS_OK;
}

status_t pb_wire_check(const pb_type_t *type, const void *bytes, size_t size, unsigned fields_max, problem_t *problem)
{
    if (size > PB_FRAME_MAX)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The message is larger than %u bytes", PB_FRAME_MAX);
    if (size == 0)
        return STATUS_OK; // and `bytes` may be NULL
    scan_t scan = {.fields_max = fields_max, .problem = problem};
    return check_message(&scan, type, bytes, size, 1);
}

bool pb_wire_scan(const pb_type_t *type, const void *bytes, size_t size)
{
    return pb_wire_check(type, bytes, size, PB_FIELDS_MAX, NULL) == STATUS_OK;
}
