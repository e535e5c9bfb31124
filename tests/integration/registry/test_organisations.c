#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcn/registry/v1/registry.meta.h"
#include "tests/integration/registry/world.h"

static void creates_and_reads(void **state)
{
    world_t *world = *state;
    world_populate(world);
    assert_string_equal(world->verdict, "done");
    assert_int_equal(world->loads, 0); // the usual creation loads nothing
    assert_call(world, "GetOrganisation", "{\"code\":\"pcn-a\"}");
    assert_int_equal(world->version, 1);
    assert_reply_has(world, "\"kind\":\"network\"");
    assert_reply_has(world, "\"level\":\"neighbourhood\"");
    assert_reply_has(world, "\"status\":\"active\"");
    assert_reply_has(world, "\"place\":\"la-a\"");
    assert_reply_has(world, "\"createdAt\":\"20");
    assert_reply_lacks(world, "formerNames");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetOrganisation", "{\"code\":\"pcn-z\"}");
}

static void every_field_comes_back(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"x-all\",\"name\":\"Everything's \\\"name\\\" – "
                "{a,b}\",\"kind\":\"network\",\"level\":\"place\",\"parent\":\"ccg-a\","
                "\"place\":\"la-a\",\"status\":\"closed\",\"openedOn\":\"2019-07-01\",\"closedOn\":\"2020-02-29\",\"formerNames\":[\"One, "
                "two\",\"\\\"3\\\"\","
                "\"NULL\"],\"identifiers\":[{\"system\":\"https://fhir.nhs.uk/Id/"
                "ods-organization-code\",\"value\":\"U12345\",\"from\":\"2019-07-01\"}],"
                "\"statedPopulation\":1,\"statedPracticeCount\":0,\"source\":\"line 'one'\",\"notes\":\"a\\nb\\\\c\",\"payee\":\"x-all\","
                "\"mappedArea\":\"The map's \\\"sheet\\\" 7\",\"agreementOn\":\"2019-06-30\"}}");
    const char *created = strdup(world->reply);
    assert_call(world, "GetOrganisation", "{\"code\":\"x-all\"}");
    assert_string_equal(world->reply, created);
    free((void *)(uintptr_t)created);
    assert_reply_has(world, "\"formerNames\":[\"One, two\",\"\\\"3\\\"\",\"NULL\"]");
    assert_reply_has(world, "\"statedPracticeCount\":0");
    assert_reply_has(world, "\"payee\":\"x-all\"");
    // Whoever adds a field to the contract adds it here too.
    const pb_type_t *type = &pcn__registry__v1__organisation__type;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        char key[80];
        (void)snprintf(key, sizeof key, "\"%s\":", type->fields[i].json);
        if ((type->fields[i].flags & PB_OUTPUT_ONLY) == 0)
            assert_reply_has(world, key);
    }
}

static void says_why_not(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_ALREADY_EXISTS, "code", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"gp-a\",\"name\":\"x\",\"kind\":\"practice\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"gp-z\",\"name\":\"x\",\"kind\":\"practice\",\"parent\":\"pcn-z\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"pcn-z\",\"name\":\"x\",\"kind\":\"network\",\"parent\":\"gp-a\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "place", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"gp-z\",\"name\":\"x\",\"kind\":\"practice\",\"parent\":\"pcn-a\",\"place\":\"ccg-a\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "payee", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"pcn-z\",\"name\":\"x\",\"kind\":\"network\",\"parent\":\"ccg-a\",\"payee\":\"gp-z\"}}");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM organisation WHERE code IN ('gp-z', 'pcn-z')"), 0);
}

static void writes_are_limited_by_reach(void **state)
{
    world_t *world = *state;
    world->unlimited = false;
    world->organisation = "pcn-a";
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"gp-r1\",\"name\":\"x\",\"kind\":\"practice\",\"parent\":\"pcn-a\",\"place\":\"la-a\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "parent", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"gp-r2\",\"name\":\"x\",\"kind\":\"practice\",\"parent\":\"ccg-b\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "CreateOrganisation",
                   "{\"organisation\":{\"code\":\"gp-r2\",\"name\":\"x\",\"kind\":\"practice\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "UpdateOrganisation", "{\"code\":\"ccg-a\",\"organisation\":{\"name\":\"mine\"}}");
    assert_call(world, "UpdateOrganisation", "{\"code\":\"gp-r1\",\"organisation\":{\"name\":\"mine\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "parent", "UpdateOrganisation", "{\"code\":\"gp-r1\",\"organisation\":{\"parent\":\"ccg-b\"}}");
    // A place and a commissioner reach their networks' practices too, over either tree.
    static const char *const above[] = {"la-a", "ccg-a", "ics-a", "gp-r1"};
    for (size_t i = 0; i < 4; i++) {
        world->organisation = above[i];
        assert_call(world, "UpdateOrganisation", "{\"code\":\"gp-r1\",\"organisation\":{\"notes\":\"by %s\"}}", above[i]);
    }
    static const char *const aside[] = {"ccg-b", "gp-a", "nowhere"};
    for (size_t i = 0; i < 3; i++) {
        world->organisation = aside[i];
        assert_refusal(world, STATUS_NOT_FOUND, "code", "UpdateOrganisation", "{\"code\":\"gp-r1\",\"organisation\":{\"notes\":\"no\"}}");
    }
    world->organisation = NULL;
    assert_refusal(world, STATUS_NOT_FOUND, "code", "UpdateOrganisation", "{\"code\":\"gp-r1\",\"organisation\":{\"notes\":\"no\"}}");
    world->unlimited = true;
}

static void a_change_raises_the_version_and_writes_its_event(void **state)
{
    world_t *world = *state;
    assert_call(world, "UpdateOrganisation", "{\"code\":\"pcn-a\",\"organisation\":{\"notes\":\"first\"}}");
    const int64_t version = world->version;
    assert_reply_has(world, "\"notes\":\"first\"");
    assert_int_equal(test_database_number(world->database, "SELECT version FROM organisation WHERE code = 'pcn-a'"), version);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/pcn-a'"),
                     version);
    assert_int_equal(test_database_number(world->database,
                                          "SELECT (data::jsonb ->> 'version')::int FROM event_queue WHERE subject = 'organisations/pcn-a' "
                                          "ORDER BY version DESC LIMIT 1"),
                     version);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/pcn-a' "
                                                           "AND data::jsonb ? 'registration'"),
                     version); // a network's event is the network
    // The same again changes nothing and writes nothing.
    assert_call(world, "UpdateOrganisation", "{\"code\":\"pcn-a\",\"organisation\":{\"notes\":\"first\"}}");
    assert_null(world->verdict);
    assert_int_equal(world->version, version);
    assert_call(world, "UpdateOrganisation", "{\"code\":\"pcn-a\",\"organisation\":{},\"clear\":[\"notes\"]}");
    assert_int_equal(world->version, version + 1);
    assert_reply_lacks(world, "notes");
}

static void a_stale_version_is_refused(void **state)
{
    world_t *world = *state;
    assert_call(world, "UpdateOrganisation", "{\"code\":\"ccg-b\",\"organisation\":{\"notes\":\"1\"}}");
    world->expected_version = world->version - 1;
    assert_refusal(world, STATUS_ABORTED, "", "UpdateOrganisation", "{\"code\":\"ccg-b\",\"organisation\":{\"notes\":\"2\"}}");
    world->expected_version++;
    assert_call(world, "UpdateOrganisation", "{\"code\":\"ccg-b\",\"organisation\":{\"notes\":\"2\"}}");
    world->expected_version = 0;
}

static void a_race_is_decided_again(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetOrganisation", "{\"code\":\"ccg-b\"}");
    const int64_t version = world->version;
    assert_int_equal(world_race(world, "UPDATE organisation SET version = version + 1, source = 'theirs' WHERE code = 'ccg-b'",
                                "UpdateOrganisation", "{\"code\":\"ccg-b\",\"organisation\":{\"notes\":\"ours\"}}"),
                     STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_int_equal(world->version, version + 2);
    assert_reply_has(world, "\"source\":\"theirs\"");
    assert_reply_has(world, "\"notes\":\"ours\"");
}

static void circles_and_memberships_are_guarded(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
                   "{\"code\":\"ics-a\",\"organisation\":{\"parent\":\"ccg-a\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
                   "{\"code\":\"ics-a\",\"organisation\":{\"parent\":\"ics-a\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
                   "{\"code\":\"ccg-a\",\"organisation\":{\"parent\":\"zz\"}}");
    assert_call(world, "AddMember", "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2019-07-01\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
                   "{\"code\":\"gp-a\",\"organisation\":{\"parent\":\"ccg-a\"}}");
}

static void a_repeated_key_finds_its_answer(void **state)
{
    world_t *world = *state;
    world->key = "key-1";
    assert_call(world, "CreateOrganisation", "{\"organisation\":{\"code\":\"x-key\",\"name\":\"x\",\"kind\":\"trust\"}}");
    assert_string_equal(world->verdict, "done");
    assert_call(world, "CreateOrganisation", "{\"organisation\":{\"code\":\"x-key\",\"name\":\"x\",\"kind\":\"trust\"}}");
    assert_string_equal(world->verdict, "replayed");
    assert_call(world, "CreateOrganisation", "{\"organisation\":{\"code\":\"x-key2\",\"name\":\"x\",\"kind\":\"trust\"}}");
    assert_string_equal(world->verdict, "mismatch");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject LIKE 'organisations/x-key%'"),
                     1);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM organisation WHERE code = 'x-key2'"), 0);
    world->key = NULL;
}

// The schema's rule is written for speed; what it says is the contract's pattern.
static void the_schema_holds_codes_to_the_pattern(void **state)
{
    world_t *world = *state;
    free(test_database_query(
        world->database,
        "DO $$ DECLARE code text; held boolean; BEGIN "
        "FOREACH code IN ARRAY ARRAY['', 'a', 'A', '1', '-', 'ab', 'AB', '12', 'a-', '1-', '-a', '--', 'aB', 'Ab', 'abc', 'ABC', '123', "
        "'A1C', "
        "    'A-C', 'a_b', 'a.b', 'a b', ' ab', 'ab ', 'é1', 'aé', 'ÉÉÉ', E'ab\\n', E'\\nab', E'AB1\\n', E'ab\\ncd', repeat('a', 63), "
        "    repeat('a', 64), repeat('a', 65), repeat('1', 12), repeat('1', 64), repeat('1', 65), repeat('A', 12), repeat('A', 13), "
        "    'a' || repeat('-', 63), 'a' || repeat('-', 64)] LOOP "
        "  BEGIN held := code::organisation_code IS NOT NULL; EXCEPTION WHEN check_violation THEN held := false; END; "
        "  IF held IS DISTINCT FROM (code ~ '^([a-z0-9][a-z0-9-]{1,63}|[A-Z0-9]{3,12})$') THEN RAISE EXCEPTION 'code %', code; END IF; "
        "END LOOP; END $$"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_and_reads),
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(says_why_not),
        cmocka_unit_test(writes_are_limited_by_reach),
        cmocka_unit_test(a_change_raises_the_version_and_writes_its_event),
        cmocka_unit_test(a_stale_version_is_refused),
        cmocka_unit_test(a_race_is_decided_again),
        cmocka_unit_test(circles_and_memberships_are_guarded),
        cmocka_unit_test(a_repeated_key_finds_its_answer),
        cmocka_unit_test(the_schema_holds_codes_to_the_pattern),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
