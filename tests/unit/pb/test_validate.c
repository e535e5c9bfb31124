#include "support.h"

static problem_t validate(const pb_type_t *type, const char *text, bool part, arena_t *arena)
{
    problem_t problem = {0};
    void *message = read_json(type, text, PB_JSON_TRUSTED, arena);
    status_t status = pb_validate(type, message, part, &problem);
    assert_int_equal(status, problem.status);
    assert_int_equal(pb_validate(type, message, part, NULL), status);
    return problem;
}

static void assert_good(const pb_type_t *type, const char *text, bool part, void **state)
{
    problem_t problem = validate(type, text, part, *state);
    if (problem.status != STATUS_OK)
        fail_msg("%s: %s: %s", text, problem.field, problem.detail);
}

static void assert_bad(const pb_type_t *type, const char *text, bool part, const char *field, const char *detail, void **state)
{
    problem_t problem = validate(type, text, part, *state);
    assert_int_equal(problem.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, field);
    if (strstr(problem.detail, detail) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, problem.detail, detail);
}

#define WHOLE "\"code\":\"pcn-a\",\"name\":\"A\",\"kind\":\"network\""

static void required_fields_must_be_there(void **state)
{
    assert_good(ORGANISATION, "{" WHOLE "}", false, state);
    assert_bad(ORGANISATION, "{}", false, "code", "required", state);
    assert_bad(ORGANISATION, "{\"code\":\"pcn-a\",\"name\":\"A\"}", false, "kind", "required", state);
    assert_bad(ORGANISATION, "{\"code\":\"pcn-a\",\"name\":\"\",\"kind\":\"network\"}", false, "name", "blank", state);
    assert_bad(ORGANISATION, "{\"code\":\"pcn-a\",\"name\":\" \\u00a0\",\"kind\":\"network\"}", false, "name", "blank", state);
    assert_bad(&pcn__registry__v1__create_organisation_request__type, "{}", false, "organisation", "required", state);
    // Zero is a value.
    assert_good(&pcn__registry__v1__list_size__type, "{\"kind\":\"weighted\",\"count\":0,\"asOf\":\"2019-07-01\",\"source\":\"s\"}", false,
                state);
}

static void a_part_relaxes_required_and_keeps_what_is_fixed(void **state)
{
    assert_good(ORGANISATION, "{}", true, state);
    assert_good(ORGANISATION, "{\"name\":\"B\"}", true, state);
    assert_bad(ORGANISATION, "{\"name\":\" \"}", true, "name", "blank", state);
    assert_bad(ORGANISATION, "{\"code\":\"pcn-b\"}", true, "code", "not change", state);
    assert_bad(ORGANISATION, "{\"kind\":\"trust\"}", true, "kind", "not change", state);
    // Items are whole even in a part.
    assert_bad(ORGANISATION, "{\"identifiers\":[{\"system\":\"s\"}]}", true, "identifiers[0].value", "required", state);
}

static void nested_messages_are_checked_with_their_path(void **state)
{
    assert_good(ORGANISATION, "{" WHOLE ",\"identifiers\":[{\"system\":\"s\",\"value\":\"v\",\"from\":\"2019-07-01\"}]}", false, state);
    assert_bad(ORGANISATION,
               "{" WHOLE ",\"identifiers\":[{\"system\":\"s\",\"value\":\"v\"},{\"system\":\"s\",\"value\":\"v\",\"to\":\"soon\"}]}", false,
               "identifiers[1].to", "date", state);
    assert_bad(&pcn__registry__v1__create_organisation_request__type, "{\"organisation\":{" WHOLE ",\"parent\":\"NO!\"}}", false,
               "organisation.parent", "code", state);
    assert_bad(&sample_type, "{\"nested\":{\"nesteds\":[{},{\"text\":\"a\"}]}}", false, "nested.nesteds[1].text", "at least 2", state);
}

static void lists_are_checked_item_by_item(void **state)
{
    assert_good(&sample_type, "{\"numbers\":[1,5,9]}", false, state);
    assert_bad(&sample_type, "{\"numbers\":[1,2,3,4]}", false, "numbers", "at most 3 items", state);
    assert_bad(&sample_type, "{\"numbers\":[1,10]}", false, "numbers[1]", "between 1 and 9", state);
    assert_bad(ORGANISATION, "{" WHOLE ",\"formerNames\":[\"ok\",\"a\\tb\"]}", false, "formerNames[1]", "one line", state);
}

static void numbers_stay_within_their_bounds(void **state)
{
    assert_good(&sample_type, "{\"i64\":-5,\"s64\":0}", false, state);
    assert_bad(&sample_type, "{\"i64\":-6}", false, "i64", "at least -5", state);
    assert_bad(&sample_type, "{\"s64\":1}", false, "s64", "at most 0", state);
    assert_bad(ORGANISATION, "{" WHOLE ",\"statedPopulation\":-1}", false, "statedPopulation", "between 0 and 100000000", state);
    assert_bad(ORGANISATION, "{" WHOLE ",\"statedPopulation\":100000001}", false, "statedPopulation", "between", state);
    assert_good(ORGANISATION, "{" WHOLE ",\"statedPopulation\":0}", false, state);
    assert_bad(&pcn__registry__v1__list_organisations_request__type, "{\"pageSize\":0}", false, "pageSize", "between 1 and 1000", state);
}

static void what_the_service_sets_is_refused(void **state)
{
    assert_bad(ORGANISATION, "{" WHOLE ",\"version\":1}", false, "version", "set by the service", state);
    assert_bad(ORGANISATION, "{\"successors\":[\"x\"]}", true, "successors", "set by the service", state);
}

static void an_unspecified_enum_is_no_value(void **state)
{
    Pcn__Registry__V1__Organisation *message = read_json(ORGANISATION, "{" WHOLE "}", PB_JSON_REQUEST, *state);
    message->kind = 0;
    problem_t problem;
    assert_int_equal(pb_validate(ORGANISATION, message, false, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "kind");
}

static problem_t validate_request(const char *method_name, const char *text, void **state)
{
    const pb_method_t *method = pb_method_by_name(method_name);
    assert_non_null(method);
    problem_t problem = {0};
    void *request = read_json(method->request, text, PB_JSON_TRUSTED, *state);
    status_t status = pb_validate_request(method, request, &problem);
    assert_int_equal(status, problem.status);
    return problem;
}

static void assert_request(const char *method, const char *text, const char *field, const char *detail, void **state)
{
    problem_t problem = validate_request(method, text, state);
    if (detail == NULL) {
        if (problem.status != STATUS_OK)
            fail_msg("%s: %s: %s", text, problem.field, problem.detail);
        return;
    }
    assert_int_equal(problem.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, field);
    if (strstr(problem.detail, detail) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, problem.detail, detail);
}

#define CREATE "pcn.registry.v1.Registry/CreateOrganisation"
#define UPDATE "pcn.registry.v1.Registry/UpdateOrganisation"
#define MEMBER "pcn.registry.v1.Registry/AddMember"

static void fields_of_a_body_are_named_as_its_sender_sees_them(void **state)
{
    assert_request(CREATE, "{\"organisation\":{" WHOLE "}}", NULL, NULL, state);
    assert_request(CREATE, "{}", "", "body", state);
    assert_request(CREATE, "{\"organisation\":{\"code\":\"pcn-a\"}}", "name", "required", state);
    assert_request(CREATE, "{\"organisation\":{" WHOLE ",\"identifiers\":[{}]}}", "identifiers[0].system", "required", state);
    assert_request(MEMBER, "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"C82001\",\"from\":\"2019-07-01\"}}", NULL, NULL, state);
    assert_request(MEMBER, "{\"code\":\"?\",\"member\":{}}", "code", "code", state);
    assert_request(MEMBER, "{\"member\":{}}", "code", "required", state);
    assert_request(MEMBER, "{\"code\":\"pcn-a\",\"member\":{}}", "practice", "required", state);
    assert_request("pcn.registry.v1.Registry/ListOrganisations", "{\"q\":\"\"}", "q", "at least 1", state);
    assert_request("pcn.registry.v1.Registry/ListOrganisations", "{\"q\":\"  \"}", "q", "Must not be blank", state);
    assert_request("pcn.registry.v1.Registry/GetChecks", "{}", NULL, NULL, state);
}

static void the_body_of_a_patch_is_a_part(void **state)
{
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{}}", NULL, NULL, state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{\"notes\":\"x\"},\"clear\":[\"closed_on\",\"former_names\"]}", NULL, NULL,
                   state);
    assert_request(UPDATE, "{\"organisation\":{}}", "code", "required", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\"}", "", "body", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{\"code\":\"pcn-b\"}}", "code", "not change", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{\"name\":\"\"}}", "name", "blank", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{\"version\":2}}", "version", "set by", state);
}

static void what_a_patch_takes_away_may_be_absent(void **state)
{
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{},\"clear\":[\"name\"]}", "name", "required", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{},\"clear\":[\"created_at\"]}", "createdAt", "set by", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{},\"clear\":[\"closedOn\"]}", "closedOn", "no such field", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{},\"clear\":[\"\"]}", "", "no such field", state);
    assert_request(UPDATE, "{\"code\":\"pcn-a\",\"organisation\":{\"closedOn\":\"2019-07-01\"},\"clear\":[\"closed_on\"]}", "closedOn",
                   "at once", state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(required_fields_must_be_there),
                                       TEST(a_part_relaxes_required_and_keeps_what_is_fixed),
                                       TEST(nested_messages_are_checked_with_their_path),
                                       TEST(lists_are_checked_item_by_item),
                                       TEST(numbers_stay_within_their_bounds),
                                       TEST(what_the_service_sets_is_refused),
                                       TEST(an_unspecified_enum_is_no_value),
                                       TEST(fields_of_a_body_are_named_as_its_sender_sees_them),
                                       TEST(the_body_of_a_patch_is_a_part),
                                       TEST(what_a_patch_takes_away_may_be_absent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
