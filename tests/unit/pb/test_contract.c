// The contract itself: what holds for every type and method that is in it, and for each that will be added.
#include "support.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>

#include "common/pb/field.h"
#include "common/pb/rule.h"

// Depth of the graph below the type; fails where a type contains itself. What comes in is read as deep as the graph goes, so its depth is
// known beforehand. An answer may hold itself, as a tree does: whoever reads it off the wire stops at PB_DEPTH_MAX.
static unsigned depth_below(const pb_type_t *type, const pb_type_t **above, unsigned level)
{
    for (unsigned i = 0; i < level; i++)
        if (above[i] == type)
            fail_msg("%s contains itself", type->name);
    assert_true(level < 16);
    above[level] = type;
    unsigned deepest = 0;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if (type->fields[i].type == NULL)
            continue;
        unsigned depth = depth_below(type->fields[i].type, above, level + 1);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static void request_graphs_are_acyclic(void **state)
{
    (void)state;
    const pb_type_t *above[16];
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        for (unsigned i = 0; i < (*service)->method_count; i++)
            assert_true(depth_below((*service)->methods[i].request, above, 0) <= 16);
    }
}

static void tables_agree_with_the_descriptors(void **state)
{
    (void)state;
    for (const pb_type_t *const *at = pcn_types; *at != NULL; at++) {
        const pb_type_t *type = *at;
        assert_string_equal(type->name, type->descriptor->name);
        for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
            const pb_field_t *meta = &type->fields[i];
            // Presence must be known, and nothing may be required on the wire: contracts only grow.
            assert_true(field->label == PROTOBUF_C_LABEL_OPTIONAL || field->label == PROTOBUF_C_LABEL_REPEATED);
            assert_null(field->default_value);
            assert_true((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0);
            assert_int_equal(meta->type != NULL, field->type == PROTOBUF_C_TYPE_MESSAGE);
            assert_int_equal(meta->enumeration != NULL, field->type == PROTOBUF_C_TYPE_ENUM);
            if (meta->type != NULL)
                assert_ptr_equal(meta->type->descriptor, field->descriptor);
            if (meta->enumeration != NULL)
                assert_ptr_equal(meta->enumeration->descriptor, field->descriptor);
            assert_true(islower((unsigned char)meta->json[0]));
            assert_null(strchr(meta->json, '_'));
        }
    }
}

static void rules_fit_their_types(void **state)
{
    (void)state;
    for (const pb_type_t *const *at = pcn_types; *at != NULL; at++)
        for (unsigned i = 0; i < (*at)->descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &(*at)->descriptor->fields[i];
            const pb_field_t *meta = &(*at)->fields[i];
            int64_t low, high;
            bool is_string = field->type == PROTOBUF_C_TYPE_STRING, is_integer = pb_integer_bounds(field->type, &low, &high);
            bool of_string = meta->format != PB_FORMAT_NONE || meta->pattern != NULL || meta->min_length > 0 || meta->max_length > 0 ||
                             (meta->flags & PB_RAW_JSON);
            bool of_number = (meta->flags & (PB_HAS_MINIMUM | PB_HAS_MAXIMUM)) != 0;
            bool of_list = meta->max_items > 0 || (meta->flags & PB_ALWAYS);
            if ((of_string && !is_string) || (of_number && !is_integer) || (of_list && !pb_is_list(field)))
                fail_msg("%s.%s: a rule that its type does not take", (*at)->name, field->name);
            if ((meta->flags & PB_HAS_MINIMUM) && (meta->flags & PB_HAS_MAXIMUM))
                assert_true(meta->minimum <= meta->maximum);
            if (meta->max_length > 0)
                assert_true(meta->min_length <= meta->max_length);
            assert_false((meta->flags & PB_REQUIRED) && (meta->flags & PB_OUTPUT_ONLY));
            if (meta->pattern != NULL) {
                regex_t compiled;
                assert_int_equal(regcomp(&compiled, meta->pattern, REG_EXTENDED | REG_NOSUB), 0);
                regfree(&compiled);
            }
        }
}

static void enums_begin_with_unspecified_and_name_the_rest(void **state)
{
    (void)state;
    for (const pb_type_t *const *at = pcn_types; *at != NULL; at++)
        for (unsigned i = 0; i < (*at)->descriptor->n_fields; i++) {
            const pb_enum_t *enumeration = (*at)->fields[i].enumeration;
            if (enumeration == NULL)
                continue;
            assert_int_equal(enumeration->descriptor->values[0].value, 0);
            assert_null(enumeration->json[0]);
            for (unsigned k = 1; k < enumeration->descriptor->n_values; k++) {
                int value = 0;
                assert_non_null(enumeration->json[k]);
                assert_true(pb_enum_by_json(enumeration, enumeration->json[k], strlen(enumeration->json[k]), &value));
                assert_int_equal(value, enumeration->descriptor->values[k].value);
            }
        }
}

// Nothing in it repeats without an end.
static bool is_bounded(const char *pattern)
{
    return pattern != NULL && strpbrk(pattern, "*+") == NULL && strstr(pattern, ",}") == NULL;
}

// What a request may hold is bounded: a list by its items, a string by its length, its format or its pattern. Output is the service's own
// business.
static void assert_bounded(const pb_type_t *type)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        const pb_field_t *meta = &type->fields[i];
        if (meta->flags & PB_OUTPUT_ONLY)
            continue;
        if (pb_is_list(field) && meta->max_items == 0)
            fail_msg("%s.%s: a list in a request without max_items", type->name, field->name);
        if (field->type == PROTOBUF_C_TYPE_STRING && meta->max_length == 0 && !is_bounded(meta->pattern) &&
            meta->format != PB_FORMAT_CODE && meta->format != PB_FORMAT_DATE && meta->format != PB_FORMAT_INSTANT &&
            meta->format != PB_FORMAT_UUID)
            fail_msg("%s.%s: a string in a request without max_length", type->name, field->name);
        if (meta->type != NULL)
            assert_bounded(meta->type);
    }
}

static const char *const verbs[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};

static bool is_verb(const char *verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

// Every {name} of the path is a required single text of the request, or the name of an enum's value, and not the body.
static void check_path(const pb_method_t *method)
{
    assert_true(strncmp(method->path, "/v1/", 4) == 0);
    for (const char *at = strchr(method->path, '{'); at != NULL; at = strchr(at, '{')) {
        const char *end = strchr(at, '}');
        assert_non_null(end);
        char name[64];
        size_t size = (size_t)(end - at - 1);
        assert_true(size > 0 && size < sizeof name && at[-1] == '/' && (end[1] == '/' || end[1] == ':' || end[1] == '\0'));
        memcpy(name, at + 1, size);
        name[size] = '\0';
        int index = pb_field_by_name(method->request, name);
        if (index < 0)
            fail_msg("%s: {%s} is no field of %s", method->name, name, method->request->name);
        const ProtobufCFieldDescriptor *field = &method->request->descriptor->fields[index];
        assert_true(!pb_is_list(field) && (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM));
        assert_true((method->request->fields[index].flags & PB_REQUIRED) != 0);
        assert_true(method->body == NULL || strcmp(method->body, name) != 0);
        at = end;
    }
}

// A field of the request that neither path nor body fills is a query parameter: one text each, so no message.
static void check_query(const pb_method_t *method)
{
    bool patches = (method->flags & PB_PATCHES) != 0;
    for (unsigned i = 0; i < method->request->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &method->request->descriptor->fields[i];
        char in_path[64];
        (void)snprintf(in_path, sizeof in_path, "{%s}", field->name);
        bool is_body = method->body != NULL && (strcmp(method->body, "*") == 0 || strcmp(method->body, field->name) == 0);
        if (is_body || strstr(method->path, in_path) != NULL || (patches && strcmp(field->name, PB_CLEAR) == 0))
            continue;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE || (method->request->fields[i].flags & PB_OUTPUT_ONLY))
            fail_msg("%s: %s can be given nowhere", method->name, field->name);
    }
}

static void check_body(const pb_method_t *method)
{
    bool reads = strcmp(method->verb, "GET") == 0 || strcmp(method->verb, "DELETE") == 0;
    if (reads && method->body != NULL)
        fail_msg("%s: %s takes no body", method->name, method->verb);
    if (method->body == NULL || strcmp(method->body, "*") == 0)
        return;
    int index = pb_field_by_name(method->request, method->body);
    if (index < 0)
        fail_msg("%s: its body %s is no field of %s", method->name, method->body, method->request->name);
    assert_non_null(method->request->fields[index].type);
    assert_false(pb_is_list(&method->request->descriptor->fields[index]));
    assert_true((method->request->fields[index].flags & PB_REQUIRED) != 0);
}

static void check_patch(const pb_method_t *method)
{
    bool patches = (method->flags & PB_PATCHES) != 0;
    assert_int_equal(patches, strcmp(method->verb, "PATCH") == 0);
    if (!patches)
        return;
    assert_true((method->flags & PB_CHANGES) != 0);
    assert_true(method->body != NULL && strcmp(method->body, "*") != 0);
    int index = pb_field_by_name(method->request, PB_CLEAR);
    if (index < 0)
        fail_msg("%s patches but has no `%s`", method->name, PB_CLEAR);
    const ProtobufCFieldDescriptor *field = &method->request->descriptor->fields[index];
    assert_true(pb_is_list(field) && field->type == PROTOBUF_C_TYPE_STRING);
    // A list that could be cleared field by field must have room for each of them.
    const pb_type_t *body = method->request->fields[pb_field_by_name(method->request, method->body)].type;
    unsigned clearable = 0;
    for (unsigned i = 0; i < body->descriptor->n_fields; i++)
        clearable += (body->fields[i].flags & (PB_REQUIRED | PB_OUTPUT_ONLY | PB_IMMUTABLE)) == 0;
    assert_true(method->request->fields[index].max_items >= clearable);
}

static void check_method(const pb_service_t *service, const pb_method_t *method)
{
    size_t size = strlen(service->name);
    assert_true(strncmp(method->name, service->name, size) == 0 && method->name[size] == '/');
    assert_string_equal(method->name + size + 1, method->short_name);
    assert_ptr_equal(pb_method_by_name(method->name), method);
    assert_true(method->success >= 200 && method->success < 300);
    assert_bounded(method->request);
    if (method->verb == NULL) {
        assert_null(method->path);
        return;
    }
    assert_true(is_verb(method->verb));
    assert_non_null(method->path);
    if (method->scope == NULL)
        fail_msg("%s names no scope", method->name);
    assert_true(method->comment[0] != '\0');
    if (method->flags & PB_CHANGES)
        assert_string_not_equal(method->verb, "GET");
    if (strcmp(method->verb, "GET") == 0)
        assert_true((method->flags & PB_PUBLIC_ROWS) == 0 || method->service != NULL);
    check_path(method);
    check_query(method);
    check_body(method);
    check_patch(method);
    assert_int_equal(method->service == NULL, method->service_from != NULL);
    if (method->service_from != NULL) {
        char in_path[64];
        (void)snprintf(in_path, sizeof in_path, "{%s}", method->service_from);
        assert_non_null(strstr(method->path, in_path));
    }
}

static void methods_and_routes_are_consistent(void **state)
{
    (void)state;
    unsigned routes = 0;
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++)
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            check_method(*service, &(*service)->methods[i]);
            routes += (*service)->methods[i].verb != NULL;
        }
    assert_true(routes >= 10);
}

// The path with every {name} as {}: two routes that differ in names alone are the same one.
static void shape_of(const char *path, char *out)
{
    bool inside = false;
    for (; *path != '\0'; path++) {
        inside = inside && *path != '}';
        if (!inside)
            *out++ = *path;
        inside = inside || *path == '{';
    }
    *out = '\0';
}

static void no_two_routes_are_the_same(void **state)
{
    (void)state;
    enum { MOST = 512, SIZE = 160 };
    static char seen[MOST][SIZE];
    unsigned count = 0;
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++)
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            const pb_method_t *method = &(*service)->methods[i];
            if (method->verb == NULL)
                continue;
            assert_true(count < MOST && strlen(method->path) < SIZE - 8);
            char shape[SIZE];
            shape_of(method->path, shape);
            assert_true(snprintf(seen[count], SIZE, "%s %s", method->verb, shape) < SIZE);
            for (unsigned k = 0; k < count; k++)
                assert_string_not_equal(seen[k], seen[count]);
            count++;
        }
}

// What the documents show of a field is what its own rule lets through.
static void examples_keep_their_rules(void **state)
{
    (void)state;
    problem_t problem = {0};
    for (const pb_type_t *const *at = pcn_types; *at != NULL; at++) {
        for (unsigned i = 0; i < (*at)->descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &(*at)->descriptor->fields[i];
            const pb_field_t *meta = &(*at)->fields[i];
            int64_t low, high, number;
            if (meta->example == NULL)
                continue;
            int value;
            if (field->type == PROTOBUF_C_TYPE_ENUM && pb_enum_by_json(meta->enumeration, meta->example, strlen(meta->example), &value))
                continue;
            if (field->type == PROTOBUF_C_TYPE_BOOL) {
                if (strcmp(meta->example, "true") != 0 && strcmp(meta->example, "false") != 0)
                    fail_msg("%s.%s: \"%s\" is neither true nor false", (*at)->name, field->name, meta->example);
            } else if (field->type == PROTOBUF_C_TYPE_STRING) {
                if (rule_text(meta, meta->example, &problem) != STATUS_OK)
                    fail_msg("%s.%s: \"%s\" %s", (*at)->name, field->name, meta->example, problem.detail);
            } else if (!pb_field_bounds(meta, field->type, &low, &high) ||
                       !pb_integer_parse(meta->example, strlen(meta->example), &number) || number < low || number > high) {
                fail_msg("%s.%s: \"%s\" is no example of it", (*at)->name, field->name, meta->example);
            }
        }
    }
}

// Whoever reads of the registry in the documents sees what each of its texts and figures looks like.
static void the_registry_has_examples(void **state)
{
    (void)state;
    static const char *const plain[] = {"pageSize", "pageToken", "nextPageToken", "totalSize", "version", "clear", "depth"};
    for (const pb_type_t *const *at = pcn_types; *at != NULL; at++) {
        const bool documented = strncmp((*at)->name, "pcn.registry.v1.", 16) == 0 && strstr((*at)->name, "Row") == NULL;
        for (unsigned i = 0; documented && i < (*at)->descriptor->n_fields; i++) {
            const pb_field_t *meta = &(*at)->fields[i];
            bool needed = (*at)->descriptor->fields[i].type == PROTOBUF_C_TYPE_STRING && meta->example == NULL &&
                          (meta->flags & PB_RAW_JSON) == 0 &&
                          (meta->format == PB_FORMAT_NONE || meta->format == PB_FORMAT_LINE || meta->format == PB_FORMAT_TEXT);
            for (size_t j = 0; j < sizeof plain / sizeof *plain; j++)
                needed = needed && strcmp(meta->json, plain[j]) != 0;
            if (needed)
                fail_msg("%s.%s has no example", (*at)->name, (*at)->descriptor->fields[i].name);
        }
    }
}

static void every_service_of_a_method_is_a_daemon(void **state)
{
    (void)state;
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++)
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            const char *name = (*service)->methods[i].service;
            bool known = name == NULL;
            for (const char *const *daemon = pcn_service_names; *daemon != NULL; daemon++)
                known = known || strcmp(*daemon, name) == 0;
            assert_true(known);
        }
}

// A network has every field of an organisation, so that pb_merge copies all of them.
static void a_network_is_an_organisation(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ORGANISATION->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *of = &ORGANISATION->descriptor->fields[i];
        const ProtobufCFieldDescriptor *net = &NETWORK->descriptor->fields[field_of(NETWORK, of->name)];
        assert_int_equal(of->type, net->type);
        assert_int_equal(of->label, net->label);
        assert_ptr_equal(of->descriptor, net->descriptor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(request_graphs_are_acyclic),
                                       cmocka_unit_test(tables_agree_with_the_descriptors),
                                       cmocka_unit_test(rules_fit_their_types),
                                       cmocka_unit_test(examples_keep_their_rules),
                                       cmocka_unit_test(the_registry_has_examples),
                                       cmocka_unit_test(enums_begin_with_unspecified_and_name_the_rest),
                                       cmocka_unit_test(methods_and_routes_are_consistent),
                                       cmocka_unit_test(no_two_routes_are_the_same),
                                       cmocka_unit_test(every_service_of_a_method_is_a_daemon),
                                       cmocka_unit_test(a_network_is_an_organisation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
