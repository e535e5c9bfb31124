// Which flags a call has, by hand for some and as properties over the whole contract.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/arguments.h"
#include "services/ctl/example.h"
#include "services/ctl/help.h"

static const pb_method_t *call(const char *name)
{
    const pb_method_t *method = contract_find("registry", name);
    if (method == NULL)
        fail_msg("no call %s", name);
    return method;
}

static bool finds(const char *name, const char *flag_name, flag_t *flag)
{
    return flag_find(call(name), flag_name, strlen(flag_name), flag);
}

static void found_and_not(void **state)
{
    (void)state;
    flag_t flag;
    assert_true(finds("get-organisation", "as-of", &flag));
    assert_string_equal(flag_field(&flag)->json, "asOf");
    assert_false(finds("get-organisation", "asOf", &flag));
    assert_false(finds("get-organisation", "as_of", &flag));
    assert_false(finds("get-organisation", "", &flag));
    assert_false(finds("get-organisation", "as-of.more", &flag));
    // The body's fields with its name and without.
    assert_true(finds("create-organisation", "name", &flag));
    assert_int_equal(flag.path.depth, 2);
    assert_true(finds("create-organisation", "organisation.name", &flag));
    assert_int_equal(flag.path.depth, 2);
    assert_true(finds("create-organisation", "organisation", &flag));
    assert_int_equal(flag.path.depth, 1);
    assert_true(finds("create-organisation", "identifiers.system", &flag));
    assert_true(flag_repeats(&flag));
    // A body that has a field of its own name.
    assert_true(finds("add-fact", "fact", &flag));
    assert_int_equal(flag.path.depth, 2);
    assert_true(finds("add-fact", "fact.fact", &flag));
    assert_int_equal(flag.path.depth, 2);
    assert_true(finds("create-site", "site", &flag));
    assert_int_equal(flag.path.depth, 1);
    // What only the service sets.
    assert_false(finds("create-organisation", "version", &flag));
    assert_false(finds("create-organisation", "organisation.coming", &flag));
    assert_false(finds("create-organisation", "coming.from", &flag));
    // The request's own field goes before the body's.
    assert_true(finds("update-organisation", "code", &flag));
    assert_int_equal(flag.path.depth, 1);
    assert_true(flag_in_path(call("update-organisation"), &flag));
    assert_true(finds("update-organisation", "organisation.code", &flag));
    assert_int_equal(flag.path.depth, 2);
    // What the gateway fills.
    assert_false(finds("update-organisation", "clear", &flag));
    assert_false(finds("export", "page-token", &flag));
    assert_true(finds("list-organisations", "page-token", &flag));
}

static void needed(void **state)
{
    (void)state;
    flag_t flag;
    assert_true(finds("create-organisation", "kind", &flag));
    assert_true(flag_required(call("create-organisation"), &flag));
    assert_true(finds("update-organisation", "name", &flag));
    assert_false(flag_required(call("update-organisation"), &flag));
    // Only where there is an identifier at all.
    assert_true(finds("create-organisation", "identifiers.value", &flag));
    assert_false(flag_required(call("create-organisation"), &flag));
    assert_true(finds("split-organisation", "into.name", &flag));
    assert_true(flag_required(call("split-organisation"), &flag));
}

static void assert_problem(const char *name, const char *field, const char *expected, bool known)
{
    char out[CONTRACT_NAME_SIZE];
    assert_int_equal(flag_of_problem(call(name), field, out), known);
    assert_string_equal(out, expected);
}

static void problems_name_flags(void **state)
{
    (void)state;
    assert_problem("get-organisation", "asOf", "--as-of", true);
    assert_problem("create-organisation", "organisation.openedOn", "--opened-on", true);
    assert_problem("create-organisation", "openedOn", "--opened-on", true);
    assert_problem("create-organisation", "identifiers[2].from", "--identifiers.from", true);
    assert_problem("update-organisation", "organisation.code", "--organisation.code", true);
    assert_problem("split-organisation", "into[0].members[1]", "--into.members", true);
    assert_problem("add-fact", "fact", "--fact", true);
    assert_problem("add-fact", "fact.value", "--value", true);
    assert_problem("create-organisation", "colour", "colour", false);
    assert_problem("create-organisation", "", "", false);
}

static void assert_value(const char *name, const char *flag_name, const char *expected)
{
    flag_t flag;
    buf_t out;
    buf_init(&out, 4096);
    assert_true(finds(name, flag_name, &flag));
    flag_value(&flag, &out);
    assert_string_equal(out.size > 0 ? out.data : "", expected);
    buf_deinit(&out);
}

static void values(void **state)
{
    (void)state;
    assert_value("add-list-size", "kind", "registered|weighted|adjusted");
    assert_value("add-list-size", "count", "NUMBER");
    assert_value("add-list-size", "as-of", "DATE");
    assert_value("add-list-size", "source", "TEXT");
    assert_value("add-list-size", "synthetic", "");
    assert_value("add-list-size", "list-size", "JSON");
    assert_value("get-job", "id", "UUID");
    assert_value("get-organisation", "code", "CODE");
}

// ---- over all calls ----

// ---- a field that is called as an option is ----

typedef struct link {
    ProtobufCMessage base;
    char *url, *code;
} link_t;

static const ProtobufCFieldDescriptor link_fields[] = {
    {.name = "url", .id = 1, .label = PROTOBUF_C_LABEL_OPTIONAL, .type = PROTOBUF_C_TYPE_STRING, .offset = offsetof(link_t, url)},
    {.name = "code", .id = 2, .label = PROTOBUF_C_LABEL_OPTIONAL, .type = PROTOBUF_C_TYPE_STRING, .offset = offsetof(link_t, code)}};
static const unsigned link_by_name[] = {1, 0};
static const ProtobufCMessageDescriptor link_descriptor = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                           .name = "Link",
                                                           .n_fields = 2,
                                                           .fields = link_fields,
                                                           .fields_sorted_by_name = link_by_name};
static const pb_field_t link_meta[] = {{.json = "url"}, {.json = "code"}};
static const pb_type_t link_type = {"pcn.sample.v1.Link", "", &link_descriptor, link_meta};
static const pb_method_t find_link = {.name = "pcn.sample.v1.Links/Find",
                                      .short_name = "Find",
                                      .request = &link_type,
                                      .reply = &link_type,
                                      .verb = "GET",
                                      .path = "/v1/links/{code}"};

static void join_flag(void *data, const flag_t *flag)
{
    char *names = data;
    strcat(strcat(names, flag->name), " ");
}

static void an_option_of_every_call(void **state)
{
    (void)state;
    flag_t flag;
    char names[128] = "", problem[CONTRACT_NAME_SIZE];
    flag_walk(&find_link, join_flag, names);
    assert_string_equal(names, "request.url code ");
    assert_true(flag_find(&find_link, "request.url", 11, &flag));
    assert_string_equal(flag_field(&flag)->json, "url");
    assert_true(flag_find(&find_link, "request.code", 12, &flag));
    assert_true(flag_in_path(&find_link, &flag));
    assert_false(flag_find(&find_link, "request.", 8, &flag));
    assert_false(flag_find(&find_link, "request", 7, &flag));
    assert_true(flag_of_problem(&find_link, "url", problem));
    assert_string_equal(problem, "--request.url");
}

typedef struct seen {
    const pb_method_t *method;
    char names[256][CONTRACT_NAME_SIZE];
    size_t count;
} seen_t;

static void look_at_flag(void *data, const flag_t *flag)
{
    seen_t *seen = data;
    flag_t again;
    // Each is found under the name that it is shown with, and leads to the same field.
    if (!flag_find(seen->method, flag->name, strlen(flag->name), &again))
        fail_msg("%s: --%s is not found", seen->method->name, flag->name);
    assert_int_equal(again.path.depth, flag->path.depth);
    assert_ptr_equal(flag_field(&again), flag_field(flag));
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->names[i], flag->name) == 0)
            fail_msg("%s: --%s is there twice", seen->method->name, flag->name);
    }
    for (size_t i = 0; flag_reserved[i] != NULL; i++) {
        if (strcmp(flag_reserved[i], flag->name) == 0)
            fail_msg("%s: --%s is an option of every call", seen->method->name, flag->name);
    }
    assert_true(seen->count < 256);
    strcpy(seen->names[seen->count++], flag->name);
}

// Every field of the path has a flag, and an example is a call that the contract takes.
static void look_at_call(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    seen_t *seen = calloc(1, sizeof *seen);
    assert_non_null(seen);
    seen->method = method;
    flag_walk(method, look_at_flag, seen);
    for (const char *brace = strchr(method->path, '{'); brace != NULL; brace = strchr(brace + 1, '{')) {
        char name[CONTRACT_NAME_SIZE], kebab[CONTRACT_NAME_SIZE];
        bool found = false;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(brace + 1, "}"), brace + 1);
        contract_kebab(name, kebab);
        for (size_t i = 0; i < seen->count; i++)
            found |= strcmp(seen->names[i], kebab) == 0;
        if (!found)
            fail_msg("%s: no flag --%s", method->name, kebab);
    }
    free(seen);
    ++*(size_t *)data;
}

static void add_example(void *data, const flag_t *flag)
{
    arguments_t *arguments = data;
    problem_t problem = {0};
    buf_t value;
    if (!flag_required(arguments->method, flag) && !flag_in_path(arguments->method, flag))
        return;
    buf_init(&value, 4096);
    example_value(flag, &value);
    if (arguments_set(arguments, flag, value.size > 0 ? value.data : NULL, &problem) != STATUS_OK)
        fail_msg("%s: %s: %s", arguments->method->name, problem.field, problem.detail);
    buf_deinit(&value);
}

static void try_example(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service, (void)data;
    arguments_t arguments;
    problem_t problem = {0};
    arena_t *arena = arena_new(1024 * 1024);
    buf_t target, text;
    buf_init(&target, 4096);
    buf_init(&text, 65536);
    assert_int_equal(arguments_init(&arguments, method, &problem), STATUS_OK);
    flag_walk(method, add_example, &arguments);
    if (arguments_check(&arguments, arena, &problem) != STATUS_OK)
        fail_msg("%s: its example is refused: %s: %s", method->name, problem.field, problem.detail);
    assert_int_equal(arguments_target(&arguments, &target, &problem), STATUS_OK);
    assert_null(strchr(target.data, '{'));
    // And its help tells all of it.
    help_call(method, &text);
    assert_true(buf_ok(&text));
    assert_non_null(strstr(text.data, "examples:"));
    assert_non_null(strstr(text.data, method->path));
    buf_deinit(&text);
    buf_deinit(&target);
    arguments_deinit(&arguments);
    arena_destroy(&arena);
}

static void every_call_has_flags_for_its_fields(void **state)
{
    (void)state;
    size_t count = 0;
    contract_walk(NULL, look_at_call, &count);
    assert_true(count > 40);
}

static void every_example_is_taken(void **state)
{
    (void)state;
    contract_walk(NULL, try_example, NULL);
}

static void assert_helped(const char *group, const char *name, const char *const *said)
{
    const pb_method_t *method = contract_find(group, name);
    buf_t text;
    assert_non_null(method);
    buf_init(&text, 65536);
    help_call(method, &text);
    for (; *said != NULL; said++) {
        if (strstr(text.data, *said) == NULL)
            fail_msg("%s is not in: %s", *said, text.data);
    }
    buf_deinit(&text);
}

#define HELPED(group, name, ...) assert_helped(group, name, (const char *const[]){__VA_ARGS__, NULL})

static void an_example_gives_one_of_what_is_needed(void **state)
{
    (void)state;
    HELPED("referral", "create-appointment", "create-appointment --hold 0190b2a0-0000-7000-8000-000000000001 --patient ");
    HELPED("referral", "reschedule-appointment", " --hold ");
    HELPED("referral", "list-slots", "list-slots --organisation pcn-rutland --from ");
    HELPED("referral", "create-schedule-template", " --sessions.minutes 10");
}

static void help_says_how_to_say_no(void **state)
{
    (void)state;
    HELPED("referral", "set-sensitive", "--sensitive=false says no.");
    HELPED("referral", "review-break-glass", "--justified=false says no.");
}

// What is about somebody goes by standard input first.
static void what_is_about_somebody_is_kept_off_the_command_line(void **state)
{
    (void)state;
    HELPED("referral", "find-patients", "(`ps`)", "\nexamples:\n  pcnctl referral find-patients --json-body - <body.json\n");
    HELPED("referral", "create-patient", "\nexamples:\n  pcnctl referral create-patient --json-body - <body.json\n");
    HELPED("referral", "create-service-kind", "\nexamples:\n  pcnctl referral create-service-kind --");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_and_not),           cmocka_unit_test(needed),
        cmocka_unit_test(problems_name_flags),     cmocka_unit_test(values),
        cmocka_unit_test(an_option_of_every_call), cmocka_unit_test(every_call_has_flags_for_its_fields),
        cmocka_unit_test(every_example_is_taken),  cmocka_unit_test(an_example_gives_one_of_what_is_needed),
        cmocka_unit_test(help_says_how_to_say_no), cmocka_unit_test(what_is_about_somebody_is_kept_off_the_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
