#include "services/ctl/arguments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/message.h"
#include "services/ctl/ask.h"

enum { DETAIL_SIZE = 256 };

status_t arguments_init(arguments_t *arguments, const pb_method_t *method, problem_t *problem)
{
    *arguments = (arguments_t){.method = method, .request = json_object()};
    return arguments->request != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

void arguments_deinit(arguments_t *arguments)
{
    json_decref(arguments->request);
    arguments->request = NULL;
}

// ---- a text as a value ----

static const char *json_of_integer(const char *text, json_t **value)
{
    const char *digits = text + (text[0] == '-');
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return "Must be a whole number";
    if (errno != 0)
        return "The number is out of range";
    *value = json_integer(number);
    return NULL;
}

static const char *json_of_real(const char *text, json_t **value)
{
    char *end;
    const double number = strtod(text, &end);
    if (text[0] == '\0' || *end != '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
        return "Must be a number";
    if (!isfinite(number))
        return "The number is out of range";
    *value = json_real(number);
    return NULL;
}

static const char *json_of_bool(const char *text, json_t **value)
{
    if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return "Must be true or false";
    *value = json_boolean(text == NULL || strcmp(text, "true") == 0);
    return NULL;
}

// What is wrong with the text; NULL where *value is made.
static const char *json_of_text(const flag_t *flag, const char *text, json_t **value)
{
    const pb_field_t *field = flag_field(flag);
    const ProtobufCType type = flag_descriptor(flag)->type;
    *value = NULL;
    if (type == PROTOBUF_C_TYPE_BOOL)
        return json_of_bool(text, value);
    if (text == NULL)
        return "Needs a value";
    if (!utf8_valid(text, strlen(text)))
        return "Must be UTF-8";
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BYTES:
        *value = field->flags & PB_RAW_JSON ? json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL) : json_string(text);
        return *value != NULL ? NULL : "Must be JSON";
    case PROTOBUF_C_TYPE_MESSAGE:
        *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        return *value != NULL ? NULL : "Must be a JSON object, as in {\"code\": \"x\"}; its fields may also be flags of their own";
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_of_real(text, value);
    default:
        return json_of_integer(text, value);
    }
}

// ---- into the tree ----

typedef enum placed { PLACED, PLACED_TWICE, PLACED_NOT } placed_t;

// Of a list given whole, each of its items.
static placed_t add_items(json_t *list, json_t *value)
{
    if (json_is_array(value))
        return json_array_extend(list, value) == 0 ? PLACED : PLACED_NOT;
    return json_array_append(list, value) == 0 ? PLACED : PLACED_NOT;
}

static json_t *get_or_make(json_t *object, const char *key, json_t *(*make)(void))
{
    json_t *there = json_object_get(object, key);
    if (there == NULL && json_object_set_new(object, key, make()) == 0)
        there = json_object_get(object, key);
    return there;
}

static placed_t place(json_t *object, const pb_path_t *path, unsigned at, json_t *value)
{
    const char *key = path->type[at]->fields[path->index[at]].json;
    const bool list = path->type[at]->descriptor->fields[path->index[at]].label == PROTOBUF_C_LABEL_REPEATED;
    const bool leaf = at + 1 == path->depth;
    if (!list && leaf) {
        if (json_object_get(object, key) != NULL)
            return PLACED_TWICE;
        return json_object_set(object, key, value) == 0 ? PLACED : PLACED_NOT;
    }
    json_t *inner = get_or_make(object, key, list ? json_array : json_object);
    if (list ? !json_is_array(inner) : !json_is_object(inner))
        return PLACED_NOT;
    if (!list)
        return place(inner, path, at + 1, value);
    if (leaf)
        return add_items(inner, value);
    json_t *last = json_array_get(inner, json_array_size(inner) - 1);
    placed_t placed = json_is_object(last) ? place(last, path, at + 1, value) : PLACED_TWICE;
    if (placed == PLACED_TWICE && json_array_append_new(inner, json_object()) == 0)
        placed = place(json_array_get(inner, json_array_size(inner) - 1), path, at + 1, value);
    return placed;
}

status_t arguments_set(arguments_t *arguments, const flag_t *flag, const char *value, problem_t *problem)
{
    char name[CONTRACT_NAME_SIZE + 2];
    json_t *json;
    snprintf(name, sizeof name, "--%s", flag->name);
    const char *fault = json_of_text(flag, value, &json);
    if (fault != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "%s", fault);
    const placed_t placed = json != NULL ? place(arguments->request, &flag->path, 0, json) : PLACED_NOT;
    json_decref(json);
    if (placed == PLACED_TWICE)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "Is given twice");
    if (placed == PLACED_NOT)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "Does not fit what is given already");
    return STATUS_OK;
}

status_t arguments_clear(arguments_t *arguments, const char *name, problem_t *problem)
{
    flag_t flag;
    const pb_method_t *method = arguments->method;
    const int body = flag_body_index(method);
    if (!(method->flags & PB_PATCHES) || body < 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--clear", "Only what is changed field by field can lose one");
    if (!flag_find(method, name, strlen(name), &flag) || flag.path.depth != 2 || flag.path.index[0] != (unsigned)body)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--clear", "\"%s\" is no field that can be taken away", name);
    json_t *object = get_or_make(arguments->request, method->request->fields[body].json, json_object);
    const char *key = flag_field(&flag)->json;
    if (json_object_get(object, key) != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--clear", "\"%s\" is given or taken away already", name);
    return json_object_set_new(object, key, json_null()) == 0 ? STATUS_OK
                                                              : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, "--clear", "out of memory");
}

status_t arguments_body(arguments_t *arguments, const char *text, size_t size, problem_t *problem)
{
    static const char name[] = "--json-body";
    json_error_t error;
    const pb_method_t *method = arguments->method;
    const int body = flag_body_index(method);
    if (method->body == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "The call has no body");
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(json)) {
        json_decref(json);
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "Line %d: %s", json == NULL ? error.line : 1,
                           json == NULL ? error.text : "it is no JSON object");
    }
    const bool merged = body >= 0 ? json_object_set(arguments->request, method->request->fields[body].json, json) == 0
                                  : json_object_update_missing(arguments->request, json) == 0;
    json_decref(json);
    return merged ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, name, "out of memory");
}

// ---- checks ----

// Nulls of a patch's body become names in `clear`, as the gateway makes them.
static bool move_nulls(const pb_method_t *method, json_t *request)
{
    const int body = flag_body_index(method);
    json_t *object = json_object_get(request, method->request->fields[body].json), *clear = json_array(), *value;
    const char *key;
    void *next;
    bool ok = clear != NULL;
    json_object_foreach_safe(object, next, key, value)
    {
        const int index = json_is_null(value) ? pb_field_by_json(method->request->fields[body].type, key, strlen(key)) : -1;
        if (index < 0)
            continue;
        ok = ok && json_array_append_new(clear, json_string(method->request->fields[body].type->descriptor->fields[index].name)) == 0;
        json_object_del(object, key);
    }
    if (json_array_size(clear) > 0)
        ok = ok && json_object_set(request, PB_CLEAR, clear) == 0;
    json_decref(clear);
    return ok;
}

status_t arguments_check(const arguments_t *arguments, arena_t *arena, problem_t *problem)
{
    const pb_method_t *method = arguments->method;
    void *message = NULL;
    json_t *request = json_deep_copy(arguments->request);
    bool ok = request != NULL;
    if (ok && (method->flags & PB_PATCHES) && flag_body_index(method) >= 0)
        ok = move_nulls(method, request);
    // An empty body is a body.
    if (ok && flag_body_index(method) >= 0)
        ok = get_or_make(request, method->request->fields[flag_body_index(method)].json, json_object) != NULL;
    char *text = ok ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (text == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    status_t status = pb_json_read(method->request, text, strlen(text), PB_JSON_REQUEST, arena, &message, NULL, NULL, problem);
    free(text);
    if (status == STATUS_OK)
        status = pb_validate_request(method, message, problem);
    char name[CONTRACT_NAME_SIZE];
    if (status != STATUS_OK && problem->field[0] != '\0') {
        (void)flag_of_problem(method, problem->field, name);
        snprintf(problem->field, sizeof problem->field, "%s", name);
    }
    return status;
}

// ---- the parts of a request ----

static void add_value(const json_t *value, buf_t *out)
{
    char number[64];
    if (json_is_string(value)) {
        ask_escape(out, json_string_value(value));
        return;
    }
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, sizeof number, "%.17g", json_real_value(value));
    else
        snprintf(number, sizeof number, "%s", json_is_true(value) ? "true" : "false");
    ask_escape(out, number);
}

static bool is_in_path(const pb_method_t *method, unsigned index)
{
    const flag_t flag = {.path = {.depth = 1, .type = {method->request}, .index = {index}}};
    return flag_in_path(method, &flag);
}

static status_t add_path(const arguments_t *arguments, buf_t *out, problem_t *problem)
{
    const pb_type_t *type = arguments->method->request;
    for (const char *at = arguments->method->path; *at != '\0';) {
        const char *close = *at == '{' ? strchr(at, '}') : NULL;
        if (close == NULL) {
            buf_add_char(out, *at++);
            continue;
        }
        char name[CONTRACT_NAME_SIZE], kebab[CONTRACT_NAME_SIZE];
        snprintf(name, sizeof name, "%.*s", (int)(close - at - 1), at + 1);
        const int index = pb_field_by_name(type, name);
        const json_t *value = index >= 0 ? json_object_get(arguments->request, type->fields[index].json) : NULL;
        const char *text = json_string_value(value);
        contract_kebab(name, kebab);
        if (value == NULL || (text != NULL && text[0] == '\0'))
            return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--%s is missing", kebab);
        add_value(value, out);
        at = close + 1;
    }
    return STATUS_OK;
}

static void add_parameter(const char *name, const json_t *value, char *separator, buf_t *out)
{
    buf_printf(out, "%c%s=", *separator, name);
    add_value(value, out);
    *separator = '&';
}

static void add_query(const arguments_t *arguments, buf_t *out)
{
    const pb_method_t *method = arguments->method;
    char separator = '?';
    for (unsigned i = 0; i < method->request->descriptor->n_fields && !flag_body_is_request(method); i++) {
        const pb_field_t *field = &method->request->fields[i];
        const json_t *value = json_object_get(arguments->request, field->json);
        if (value == NULL || field->type != NULL || is_in_path(method, i))
            continue;
        if (!json_is_array(value)) {
            add_parameter(field->json, value, &separator, out);
            continue;
        }
        for (size_t item = 0; item < json_array_size(value); item++)
            add_parameter(field->json, json_array_get(value, item), &separator, out);
    }
}

status_t arguments_target(const arguments_t *arguments, buf_t *out, problem_t *problem)
{
    status_t status = add_path(arguments, out, problem);
    if (status != STATUS_OK)
        return status;
    add_query(arguments, out);
    return buf_ok(out) ? STATUS_OK : problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the request's path is too long");
}

bool arguments_body_text(const arguments_t *arguments, buf_t *out)
{
    const pb_method_t *method = arguments->method;
    const int index = flag_body_index(method);
    if (method->body == NULL)
        return false;
    json_t *body =
        index >= 0 ? json_incref(json_object_get(arguments->request, method->request->fields[index].json)) : json_copy(arguments->request);
    for (unsigned i = 0; index < 0 && i < method->request->descriptor->n_fields; i++) {
        if (is_in_path(method, i))
            json_object_del(body, method->request->fields[i].json);
    }
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : strdup("{}");
    if (text != NULL)
        buf_add_string(out, text);
    else
        out->failed = true;
    free(text);
    json_decref(body);
    return true;
}
