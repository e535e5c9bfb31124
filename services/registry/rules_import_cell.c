// Cells and fields by descriptor: which field a column is, a cell into its field, the contract's rules, and what is said where one is
// broken.
#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/pb/field.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "services/registry/rules_import_internal.h"

#define SHOWN_SIZE 64
#define DETAIL_SIZE 384
#define NAMES_SIZE 256

// What the documents' data set calls columns of ours.
static const struct {
    unsigned number;
    const char *column, *field;
} aliases[] = {
    {IMPORT_ORGANISATIONS, "parent_code", "parent"},
    {IMPORT_FACTS, "area_code", "organisation"},
    {IMPORT_FACTS, "indicator", "fact"},
    {IMPORT_SYSTEM_FACTS, "area_code", "organisation"},
    {IMPORT_SYSTEM_FACTS, "indicator", "fact"},
    {IMPORT_DEMOGRAPHICS, "area_code", "organisation"},
    {IMPORT_DEMOGRAPHICS, "indicator", "fact"},
    {IMPORT_PCN_FUNDING_IMPLIED, "population_implied_by_core_rate_1_50", "implied_population"},
};

import_source_t import_source_of(uint32_t member)
{
    const ProtobufCFieldDescriptor *field = &FILES_TYPE->descriptor->fields[member];
    return (import_source_t){
        .number = field->id, .kind = field->name, .list = FILES_TYPE->fields[member].json, .type = FILES_TYPE->fields[member].type};
}

int import_column_field(const import_source_t *source, const char *column)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (aliases[i].number == source->number && strcmp(aliases[i].column, column) == 0)
            return pb_field_by_name(source->type, aliases[i].field);
    }
    return pb_field_by_name(source->type, column);
}

bool import_required(uint32_t number, const pb_type_t *type, unsigned index)
{
    // A list size without its day is only what a row of pcn_sub_groups becomes.
    if (number == IMPORT_LIST_SIZES && strcmp(type->descriptor->fields[index].name, "as_of") == 0)
        return true;
    return (type->fields[index].flags & PB_REQUIRED) != 0;
}

// ---- sentences ----

static void show(const char *text, char out[SHOWN_SIZE])
{
    const bool long_one = strlen(text) >= SHOWN_SIZE - 4;
    const size_t size = long_one ? utf8_cut(text, SHOWN_SIZE - 4) : strlen(text);
    (void)snprintf(out, SHOWN_SIZE, "%.*s%s", (int)size, text, long_one ? "…" : "");
    // What is shown is one line.
    for (char *c = out; *c != '\0'; c++)
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
}

static size_t length_of(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++)
        length += ((unsigned char)*text & 0xC0) != 0x80;
    return length;
}

static bool has_control(const char *text, bool lines)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        const bool c1 = c == 0xC2 && (unsigned char)text[1] < 0xA0;
        if (c1 || c == 0x7f || (c < 0x20 && !(lines && (c == '\t' || c == '\n'))))
            return true;
    }
    return false;
}

static const char *form_of(pb_format_t format)
{
    switch (format) {
    case PB_FORMAT_DATE:
        return "a date as in 2019-07-01";
    case PB_FORMAT_INSTANT:
        return "an instant as in 2019-07-01T09:00:00Z";
    case PB_FORMAT_CODE:
        return "a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code";
    default:
        return NULL;
    }
}

static void explain_text(const pb_field_t *meta, const char *text, const char *shown, const char *detail, char out[DETAIL_SIZE])
{
    const char *form = form_of(meta->format);
    const size_t length = length_of(text);
    if (meta->max_length > 0 && length > meta->max_length)
        (void)snprintf(out, DETAIL_SIZE, "Has %zu characters; %u at most", length, meta->max_length);
    else if (form != NULL)
        (void)snprintf(out, DETAIL_SIZE, "\"%s\" is not %s", shown, form);
    else if (has_control(text, meta->format == PB_FORMAT_TEXT))
        (void)snprintf(out, DETAIL_SIZE, "Holds a control character");
    else if ((meta->flags & PB_RAW_JSON) != 0)
        (void)snprintf(out, DETAIL_SIZE, "\"%s\" is not JSON", shown);
    else if (meta->pattern != NULL && text[0] != '\0')
        (void)snprintf(out, DETAIL_SIZE, "\"%s\" does not match %s", shown, meta->pattern);
    else
        (void)snprintf(out, DETAIL_SIZE, "%s", detail);
}

// What is wrong with a field's text, which pb has refused with `detail`.
static void explain(const ProtobufCFieldDescriptor *field, const pb_field_t *meta, const char *text, const char *detail,
                    char out[DETAIL_SIZE])
{
    char shown[SHOWN_SIZE], names[NAMES_SIZE];
    int64_t number, minimum, maximum;
    show(text, shown);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        explain_text(meta, text, shown, detail, out);
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        pb_enum_names(meta->enumeration, names, sizeof names);
        (void)snprintf(out, DETAIL_SIZE, "\"%s\" is not %s", shown, names);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        (void)snprintf(out, DETAIL_SIZE, "\"%s\" is neither true nor false", shown);
    } else if (pb_integer_bounds(field->type, &minimum, &maximum)) {
        if (!pb_integer_parse(text, strlen(text), &number))
            (void)snprintf(out, DETAIL_SIZE, "\"%s\" is not a whole number", shown);
        else
            (void)snprintf(out, DETAIL_SIZE, "%s is not between %lld and %lld", shown,
                           (long long)((meta->flags & PB_HAS_MINIMUM) != 0 ? meta->minimum : minimum),
                           (long long)((meta->flags & PB_HAS_MAXIMUM) != 0 ? meta->maximum : maximum));
    } else {
        (void)snprintf(out, DETAIL_SIZE, "%s", detail);
    }
}

// ---- cells ----

// Kinds as the data set writes them.
static const char *our_word(import_t *import, const import_source_t *source, const ProtobufCFieldDescriptor *field, const char *text)
{
    if (source->number != IMPORT_ORGANISATIONS || strcmp(field->name, "kind") != 0)
        return text;
    if (strcmp(text, "pcn") == 0)
        return "network";
    char *word = arena_string(import->scratch, text);
    for (char *c = word; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    return word != NULL ? word : text;
}

// A list or message in a cell is JSON, and one that the contract knows: it is read as a request with this field alone.
static status_t set_json(import_t *import, const import_source_t *source, unsigned index, const char *text, void *message,
                         problem_t *problem)
{
    void *tried = pb_new(source->type, import->scratch), *read = NULL;
    const char *whole = arena_printf(import->scratch, "{\"%s\":%s}", source->type->fields[index].json, text);
    if (tried == NULL || whole == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, source->type->fields[index].json, "Takes too much memory");
    // Alone first: what would end the field early is no value.
    status_t status = pb_json_read_field(source->type, tried, index, text, strlen(text), import->scratch, problem);
    if (status == STATUS_OK)
        status = pb_json_read(source->type, whole, strlen(whole), PB_JSON_REQUEST, import->scratch, &read, NULL, NULL, problem);
    if (status == STATUS_OK)
        pb_copy_field(source->type, message, read, index);
    return status;
}

bool import_set_cell(import_t *import, const import_source_t *source, size_t column, const char *text, void *message)
{
    const unsigned index = (unsigned)source->fields[column];
    const ProtobufCFieldDescriptor *field = &source->type->descriptor->fields[index];
    problem_t problem = {0};
    if (pb_is_list(field) || field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (set_json(import, source, index, text, message, &problem) == STATUS_OK)
            return true;
        char *place = strstr(problem.detail, " (line ");
        if (place != NULL)
            *place = '\0';
        import_note_field(import, source, problem.field[0] != '\0' ? problem.field : source->type->fields[index].json, problem.detail);
        return false;
    }
    text = our_word(import, source, field, text);
    if (pb_set_text(source->type, message, index, text, import->scratch, &problem) == STATUS_OK)
        return true;
    char detail[DETAIL_SIZE];
    explain(field, &source->type->fields[index], text, problem.detail, detail);
    import_note_field(import, source, source->type->fields[index].json, detail);
    return false;
}

// ---- rules ----

// A field that is given and breaks a rule.
static void note_broken(import_t *import, const import_source_t *source, const void *message, unsigned index, problem_t *problem)
{
    const ProtobufCFieldDescriptor *field = &source->type->descriptor->fields[index];
    char detail[DETAIL_SIZE], number[PB_DIGITS_MAX + 1];
    int64_t minimum, maximum;
    const char *text = NULL;
    if (!pb_is_list(field) && field->type == PROTOBUF_C_TYPE_STRING) {
        text = *(char *const *)pb_member(field, message);
    } else if (!pb_is_list(field) && pb_integer_bounds(field->type, &minimum, &maximum)) {
        number[pb_digits(field->type, pb_member(field, message), number)] = '\0';
        text = number;
    }
    if (text != NULL)
        explain(field, &source->type->fields[index], text, problem->detail, detail);
    else
        (void)snprintf(detail, sizeof detail, "%s", problem->detail);
    import_note_field(import, source, problem->field, detail);
}

bool import_validate(import_t *import, const import_source_t *source, const void *message, uint64_t refused)
{
    const pb_type_t *type = source->type;
    bool good = true;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if ((refused & UINT64_C(1) << i) == 0 && !pb_has(type, message, i) && import_required(source->number, type, i)) {
            import_note_field(import, source, type->fields[i].json, source->columns != NULL ? "Is empty" : "Is missing");
            good = false;
        }
    }
    if (pb_validate(type, message, true, NULL) == STATUS_OK)
        return good;
    // One field at a time, so that each is told.
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        problem_t problem = {0};
        void *alone = pb_has(type, message, i) ? pb_new(type, import->scratch) : NULL;
        if (alone == NULL)
            continue;
        pb_copy_field(type, alone, message, i);
        if (pb_validate(type, alone, true, &problem) != STATUS_OK)
            note_broken(import, source, alone, i, &problem);
    }
    return false;
}
