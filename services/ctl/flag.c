#include "services/ctl/flag.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/message.h"

#define REQUEST "request."

const char *const flag_reserved[] = {"url",     "token",  "token-file", "context",         "json",     "table", "all",
                                     "columns", "output", "json-body",  "idempotency-key", "if-match", "help",  "patience",
                                     "clear",   "file",   NULL};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; flag_reserved[i] != NULL; i++) {
        if (strcmp(flag_reserved[i], name) == 0)
            return true;
    }
    return false;
}

bool flag_body_is_request(const pb_method_t *method)
{
    return method->body != NULL && strcmp(method->body, "*") == 0;
}

int flag_body_index(const pb_method_t *method)
{
    return method->body != NULL && !flag_body_is_request(method) ? pb_field_by_name(method->request, method->body) : -1;
}

const ProtobufCFieldDescriptor *flag_descriptor(const flag_t *flag)
{
    return &flag->path.type[flag->path.depth - 1]->descriptor->fields[flag->path.index[flag->path.depth - 1]];
}

const pb_field_t *flag_field(const flag_t *flag)
{
    return &flag->path.type[flag->path.depth - 1]->fields[flag->path.index[flag->path.depth - 1]];
}

static bool is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

// ---- what a request's own fields are ----

// Whether a field of the request is a flag, apart from those of a body beside it.
static bool is_own_flag(const pb_method_t *method, unsigned index)
{
    const pb_field_t *field = &method->request->fields[index];
    const char *name = method->request->descriptor->fields[index].name;
    if (field->flags & PB_OUTPUT_ONLY)
        return false;
    // What a patch takes away has an option of its own; where a download goes on is not the caller's to say.
    if ((method->flags & PB_PATCHES) && strcmp(name, PB_CLEAR) == 0)
        return false;
    if ((method->flags & PB_DOWNLOAD) && strcmp(name, "page_token") == 0)
        return false;
    return field->type == NULL || flag_body_is_request(method) || (int)index == flag_body_index(method);
}

bool flag_in_path(const pb_method_t *method, const flag_t *flag)
{
    char braces[CONTRACT_NAME_SIZE + 2];
    if (flag->path.depth != 1 || method->path == NULL)
        return false;
    snprintf(braces, sizeof braces, "{%s}", flag_descriptor(flag)->name);
    return strstr(method->path, braces) != NULL;
}

bool flag_required(const pb_method_t *method, const flag_t *flag)
{
    // Of a patch nothing must be given but what the path says.
    if (flag->path.depth > 1 && (method->flags & PB_PATCHES))
        return false;
    for (unsigned i = 0; i < flag->path.depth; i++) {
        const pb_field_t *field = &flag->path.type[i]->fields[flag->path.index[i]];
        if (!(field->flags & PB_REQUIRED))
            return false;
    }
    return true;
}

bool flag_repeats(const flag_t *flag)
{
    for (unsigned i = 0; i < flag->path.depth; i++) {
        if (is_list(&flag->path.type[i]->descriptor->fields[flag->path.index[i]]))
            return true;
    }
    return false;
}

// ---- by name ----

static int field_by_kebab(const pb_type_t *type, const char *name, size_t size)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        char kebab[CONTRACT_NAME_SIZE];
        contract_kebab(type->descriptor->fields[i].name, kebab);
        if (strlen(kebab) == size && memcmp(kebab, name, size) == 0)
            return (int)i;
    }
    return -1;
}

// A part of a problem's field: "identifiers[0]".
static int field_by_part(const pb_type_t *type, const char *part, size_t size)
{
    const char *bracket = memchr(part, '[', size);
    return pb_field_by_json(type, part, bracket != NULL ? (size_t)(bracket - part) : size);
}

typedef int (*field_fn)(const pb_type_t *type, const char *part, size_t size);

// Follows the dotted name from a type on, appending to the path.
static bool follow(const pb_type_t *type, const char *name, size_t size, field_fn find, pb_path_t *path)
{
    for (const char *at = name, *end = name + size; type != NULL && path->depth < PB_PATH_MAX;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        const int index = find(type, at, (size_t)((dot != NULL ? dot : end) - at));
        if (index < 0 || (type->fields[index].flags & PB_OUTPUT_ONLY))
            return false;
        path->type[path->depth] = type;
        path->index[path->depth++] = (unsigned)index;
        if (dot == NULL)
            return true;
        type = type->fields[index].type;
        at = dot + 1;
    }
    return false;
}

// From the request, or else from its body. A body's own name is rather that of a field in it: the whole of it has an option anyway.
static bool resolve(const pb_method_t *method, const char *name, size_t size, field_fn find, pb_path_t *path)
{
    const int body = flag_body_index(method);
    pb_path_t own = {0}, within = {.depth = 1, .type = {method->request}, .index = {(unsigned)body}};
    const bool is_own = follow(method->request, name, size, find, &own) && is_own_flag(method, own.index[0]);
    const bool is_body = is_own && own.depth == 1 && (int)own.index[0] == body;
    if ((!is_own || is_body) && body >= 0 && follow(method->request->fields[body].type, name, size, find, &within)) {
        *path = within;
        return true;
    }
    *path = own;
    return is_own;
}

bool flag_find(const pb_method_t *method, const char *name, size_t size, flag_t *flag)
{
    const size_t prefix = sizeof REQUEST - 1;
    if (size == 0 || size >= sizeof flag->name)
        return false;
    if (!resolve(method, name, size, field_by_kebab, &flag->path) &&
        !(size > prefix && memcmp(name, REQUEST, prefix) == 0 &&
          resolve(method, name + prefix, size - prefix, field_by_kebab, &flag->path)))
        return false;
    memcpy(flag->name, name, size);
    flag->name[size] = '\0';
    return true;
}

// ---- the shortest name ----

// The names of the path's fields from `first` on, with dots between them. Returns how long it is.
static size_t join_names(flag_t *flag, unsigned first, const char *prefix)
{
    size_t size = (size_t)snprintf(flag->name, sizeof flag->name, "%s", prefix);
    for (unsigned i = first; i < flag->path.depth; i++) {
        char kebab[CONTRACT_NAME_SIZE];
        contract_kebab(flag->path.type[i]->descriptor->fields[flag->path.index[i]].name, kebab);
        const int more = snprintf(flag->name + size, sizeof flag->name - size, "%s%s", i > first ? "." : "", kebab);
        size = size + (size_t)more < sizeof flag->name ? size + (size_t)more : sizeof flag->name - 1;
    }
    return size;
}

// The body's name is left out where that leads to the same field.
static void name_flag(const pb_method_t *method, flag_t *flag)
{
    const int body = flag_body_index(method);
    pb_path_t path;
    if (body >= 0 && flag->path.depth > 1 && flag->path.index[0] == (unsigned)body) {
        const size_t size = join_names(flag, 1, "");
        if (!is_reserved(flag->name) && resolve(method, flag->name, size, field_by_kebab, &path) && path.depth == flag->path.depth)
            return;
    }
    (void)join_names(flag, 0, "");
    if (is_reserved(flag->name))
        (void)join_names(flag, 0, REQUEST);
}

bool flag_of_problem(const pb_method_t *method, const char *field, char out[CONTRACT_NAME_SIZE])
{
    flag_t flag;
    if (!resolve(method, field, strlen(field), field_by_part, &flag.path)) {
        snprintf(out, CONTRACT_NAME_SIZE, "%s", field);
        return false;
    }
    name_flag(method, &flag);
    snprintf(out, CONTRACT_NAME_SIZE, "--%.*s", CONTRACT_NAME_SIZE - 3, flag.name);
    return true;
}

// ---- all of them ----

static void walk_fields(const pb_method_t *method, const pb_path_t *above, const pb_type_t *type, flag_fn each, void *data)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const pb_field_t *field = &type->fields[i];
        flag_t flag = {.path = *above};
        if ((field->flags & PB_OUTPUT_ONLY) || (above->depth == 0 && !is_own_flag(method, i)))
            continue;
        // A patch may not say what cannot change.
        if (above->depth == 1 && (method->flags & PB_PATCHES) && (field->flags & PB_IMMUTABLE))
            continue;
        flag.path.type[flag.path.depth] = type;
        flag.path.index[flag.path.depth++] = i;
        // One that holds itself ends with JSON at the third level.
        if (field->type != NULL && flag.path.depth < 3) {
            walk_fields(method, &flag.path, field->type, each, data);
            continue;
        }
        name_flag(method, &flag);
        each(data, &flag);
    }
}

void flag_walk(const pb_method_t *method, flag_fn each, void *data)
{
    const pb_path_t none = {0};
    walk_fields(method, &none, method->request, each, data);
}

// ---- values ----

static const char *format_word(pb_format_t format)
{
    switch (format) {
    case PB_FORMAT_CODE:
        return "CODE";
    case PB_FORMAT_DATE:
        return "DATE";
    case PB_FORMAT_INSTANT:
        return "INSTANT";
    case PB_FORMAT_UUID:
        return "UUID";
    default:
        return "TEXT";
    }
}

void flag_names(const flag_t *flag, const char *separator, buf_t *out)
{
    bool first = true;
    const pb_enum_t *enumeration = flag_field(flag)->enumeration;
    for (unsigned i = 0; enumeration != NULL && i < enumeration->descriptor->n_values; i++) {
        if (enumeration->json[i] == NULL)
            continue;
        buf_printf(out, "%s%s", first ? "" : separator, enumeration->json[i]);
        first = false;
    }
}

void flag_value(const flag_t *flag, buf_t *out)
{
    const pb_field_t *field = flag_field(flag);
    switch (flag_descriptor(flag)->type) {
    case PROTOBUF_C_TYPE_STRING:
        buf_add_string(out, field->flags & PB_RAW_JSON ? "JSON" : format_word(field->format));
        break;
    case PROTOBUF_C_TYPE_ENUM:
        flag_names(flag, "|", out);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        buf_add_string(out, "BASE64");
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        buf_add_string(out, "JSON");
        break;
    case PROTOBUF_C_TYPE_BOOL:
        break;
    default:
        buf_add_string(out, "NUMBER");
    }
}
