#include <stdio.h>
#include <string.h>

#include "common/pb/field.h"
#include "common/pb/message.h"
#include "common/pb/rule.h"

static status_t refuse(problem_t *problem, const char *detail)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s", detail);
}

static status_t check_number(const pb_field_t *meta, ProtobufCType type, const void *value, problem_t *problem)
{
    int64_t number = pb_integer_load(type, value);
    bool low = (meta->flags & PB_HAS_MINIMUM) && number < meta->minimum;
    bool high = (meta->flags & PB_HAS_MAXIMUM) && number > meta->maximum;
    if (!low && !high)
        return STATUS_OK;
    if ((meta->flags & PB_HAS_MINIMUM) && (meta->flags & PB_HAS_MAXIMUM))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must be between %lld and %lld", (long long)meta->minimum,
                           (long long)meta->maximum);
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must be at %s %lld", low ? "least" : "most",
                       (long long)(low ? meta->minimum : meta->maximum));
}

static status_t check_value(const pb_field_t *meta, ProtobufCType type, const void *value, problem_t *problem)
{
    int64_t minimum, maximum;
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        // An empty one has too few characters besides, which says more.
        if (((meta->flags & PB_REQUIRED) || (meta->min_length > 0 && **(char *const *)value != '\0')) && rule_blank(*(char *const *)value))
            return refuse(problem, "Must not be blank");
        return rule_text(meta, *(char *const *)value, problem);
    case PROTOBUF_C_TYPE_MESSAGE:
        return pb_validate(meta->type, *(void *const *)value, false, problem);
    case PROTOBUF_C_TYPE_ENUM:
        return pb_enum_json(meta->enumeration, *(const int *)value) != NULL ? STATUS_OK : refuse(problem, "Is not a value of the contract");
    default:
        return pb_integer_bounds(type, &minimum, &maximum) ? check_number(meta, type, value, problem) : STATUS_OK;
    }
}

static status_t check_list(const pb_type_t *type, const void *message, unsigned index, problem_t *problem)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    const pb_field_t *meta = &type->fields[index];
    size_t count = *pb_count(field, message);
    if (meta->max_items > 0 && count > meta->max_items)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must have at most %u item%s", meta->max_items,
                           meta->max_items == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        status_t status = check_value(meta, field->type, pb_item(field, message, i), problem);
        if (status == STATUS_OK)
            continue;
        char name[32];
        (void)snprintf(name, sizeof name, "[%zu]", i);
        problem_prefix(problem, name);
        return status;
    }
    return STATUS_OK;
}

static status_t check_field(const pb_type_t *type, const void *message, unsigned index, bool part, problem_t *problem)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    unsigned flags = type->fields[index].flags;
    if (!pb_has(type, message, index))
        return (flags & PB_REQUIRED) && !part ? refuse(problem, "Is required") : STATUS_OK;
    if (flags & PB_OUTPUT_ONLY)
        return refuse(problem, "Is set by the service and cannot be given");
    if ((flags & PB_IMMUTABLE) && part)
        return refuse(problem, "Does not change once it was set");
    return pb_is_list(field) ? check_list(type, message, index, problem)
                             : check_value(&type->fields[index], field->type, pb_member(field, message), problem);
}

// All fields but `except` (-1 for none).
static status_t check_fields(const pb_type_t *type, const void *message, bool part, int except, problem_t *problem)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        status_t status = (int)i == except ? STATUS_OK : check_field(type, message, i, part, problem);
        if (status == STATUS_OK)
            continue;
        problem_prefix(problem, type->fields[i].json);
        return status;
    }
    return STATUS_OK;
}

status_t pb_validate(const pb_type_t *type, const void *message, bool part, problem_t *problem)
{
    return check_fields(type, message, part, -1, problem);
}

// A name of a patch's `clear`: a field of the body that may be absent and is not given as well.
static status_t check_clear(const pb_type_t *body_type, const void *body, const char *name, problem_t *problem)
{
    int index = pb_field_by_name(body_type, name);
    if (index < 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "There is no such field");
    const char *json = body_type->fields[index].json;
    unsigned flags = body_type->fields[index].flags;
    if (flags & PB_OUTPUT_ONLY)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, json, "Is set by the service and cannot be given");
    if (flags & PB_REQUIRED)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, json, "Is required and cannot be taken away");
    if (flags & PB_IMMUTABLE)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, json, "Does not change once it was set");
    if (pb_has(body_type, body, (unsigned)index))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, json, "Is given and taken away at once");
    return STATUS_OK;
}

static status_t check_clears(const pb_type_t *type, const void *request, const pb_type_t *body_type, const void *body, problem_t *problem)
{
    int index = pb_field_by_name(type, PB_CLEAR);
    if (index < 0)
        return STATUS_OK;
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    size_t count = *pb_count(field, request);
    for (size_t i = 0; i < count; i++) {
        status_t status = check_clear(body_type, body, *(char **)pb_item(field, request, i), problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

status_t pb_validate_request(const pb_method_t *method, const void *request, problem_t *problem)
{
    const pb_type_t *type = method->request;
    int index = method->body == NULL ? -1 : pb_field_by_name(type, method->body);
    if (index < 0)
        return check_fields(type, request, false, -1, problem);
    status_t status = check_fields(type, request, false, index, problem);
    if (status != STATUS_OK)
        return status;
    const void *body = *(void *const *)pb_member(&type->descriptor->fields[index], request);
    if (body == NULL)
        return refuse(problem, "A body is required");
    bool part = (method->flags & PB_PATCHES) != 0;
    status = check_fields(type->fields[index].type, body, part, -1, problem);
    if (status == STATUS_OK && part)
        status = check_clears(type, request, type->fields[index].type, body, problem);
    return status;
}
