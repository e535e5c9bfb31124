// Pathways: versions that end one another, imports that are whole or not at all, and what a referral would lack.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

#define BODY(version, from, more)                                                                                                          \
    "\"code\":\"back-pain\",\"version\":" version ",\"title\":\"Back pain\",\"specialty\":\"orthopaedics\",\"effectiveFrom\":\"" from      \
    "\",\"prioritiesAllowed\":[\"routine\"],\"source\":\"A test\",\"confidence\":\"unconfirmed\"" more
#define PATHWAY(version, from, more) "{" BODY(version, from, more) "}"
#define CREATE(version, from, more) "{\"pathway\":" PATHWAY(version, from, more) "}"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->organisation = "ccg-a";
    world->today = "2026-11-25";
    return 0;
}

static void a_version_ends_the_one_before(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreatePathway",
                CREATE("1", "2026-01-01",
                       ",\"criteria\":[\"Pain\"],\"questions\":[{\"code\":\"weeks\",\"text\":\"How many?\","
                       "\"kind\":\"number\",\"required\":true}],\"ageFrom\":16"));
    assert_int_equal(world->version, 1);
    assert_call(world, "CreatePathway", CREATE("2", "2026-12-01", ",\"consultantLed\":true"));
    assert_call(world, "GetPathway", "{\"code\":\"back-pain\"}");
    assert_reply_has(world, "\"version\":1,");
    assert_reply_has(world, "\"effectiveTo\":\"2026-11-30\",\"consultantLed\":false,\"criteria\":[\"Pain\"]");
    assert_reply_has(world, "\"questions\":[{\"code\":\"weeks\",\"text\":\"How many?\",\"kind\":\"number\",\"required\":true}]");
    assert_reply_has(world, "\"requiredData\":[],\"tryFirst\":[],\"destinations\":[],\"prioritiesAllowed\":[\"routine\"],\"ageFrom\":16");
    assert_int_equal(world->version, 2);
    assert_call(world, "GetPathway", "{\"code\":\"back-pain\",\"asOf\":\"2026-12-01\"}");
    assert_reply_has(world, "\"version\":2,");
    assert_reply_has(world, "\"consultantLed\":true");
    assert_call(world, "GetPathway", "{\"code\":\"back-pain\",\"version\":2}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetPathway", "{\"code\":\"back-pain\",\"asOf\":\"2025-12-31\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetPathway", "{\"code\":\"back-pain\",\"version\":3}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "asOf", "GetPathway", "{\"code\":\"back-pain\",\"version\":1,\"asOf\":\"2026-12-01\"}");
    // The events tell of both, each under its own subject and without a gap.
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(type || ' ' || subject || ' ' || version, ', ' ORDER BY position) FROM event_queue "
                                    "WHERE type LIKE '%pathway%'"),
                        "pcn.referral.pathway.recorded pathways/back-pain/versions/1 1, pcn.referral.pathway.ended "
                        "pathways/back-pain/versions/1 2, pcn.referral.pathway.recorded pathways/back-pain/versions/2 1");
}

static void a_version_is_recorded_once(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreatePathway", CREATE("2", "2026-01-01", ""));
    assert_refusal(world, STATUS_ALREADY_EXISTS, "version", "CreatePathway", CREATE("2", "2026-01-01", ""));
    assert_refusal(world, STATUS_ALREADY_EXISTS, "version", "CreatePathway", CREATE("2", "2026-01-01", ",\"ageFrom\":3"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "version", "CreatePathway", CREATE("1", "2027-01-01", ""));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "effectiveFrom", "CreatePathway", CREATE("3", "2026-01-01", ""));
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "requiredData[1]", "CreatePathway",
                   CREATE("3", "2027-01-01", ",\"requiredData\":[\"bmi\",\"bmi\"]"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "destinations[0].kind", "CreatePathway",
                   CREATE("3", "2027-01-01", ",\"destinations\":[{\"kind\":\"moon\"}]"));
    assert_string_equal(world_query(world, "SELECT count(*) FROM pathway"), "1");
}

static void the_database_keeps_a_version_as_it_is(void **state)
{
    world_t *world = *state;
    problem_t problem = {0};
    assert_call(world, "CreatePathway", CREATE("1", "2026-01-01", ""));
    PGresult *result = db_session_exec(world->session, "UPDATE pathway SET title = 'Another'", &problem);
    assert_null(result);
    result = db_session_exec(world->session, "UPDATE pathway SET effective_to = '2026-12-31', revision = 2", &problem);
    assert_non_null(result);
    PQclear(result);
    assert_string_equal(world_query(world, "SELECT title || ' ' || effective_to FROM pathway"), "Back pain 2026-12-31");
}

static void one_without_a_successor_ends_on_a_day(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_NOT_FOUND, "code", "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-12-31\"}");
    assert_call(world, "CreatePathway", CREATE("1", "2026-01-01", ""));
    assert_call(world, "CreatePathway", CREATE("2", "2026-11-01", ""));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-11-24\"}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-10-24\"}");
    assert_call(world, "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-12-31\"}");
    assert_reply_has(world, "\"version\":2,");
    assert_reply_has(world, "\"effectiveTo\":\"2026-12-31\"");
    assert_refusal(world, STATUS_ABORTED, "", "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-12-31\"}");
    // Until it is over its end may move.
    assert_call(world, "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-11-25\"}");
    assert_int_equal(world->version, 3);
    world->today = "2026-11-26";
    assert_refusal(world, STATUS_ABORTED, "", "EndPathway", "{\"code\":\"back-pain\",\"on\":\"2026-12-31\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetPathway", "{\"code\":\"back-pain\"}");
    assert_call(world, "GetPathway", "{\"code\":\"back-pain\",\"version\":1}");
    assert_reply_has(world, "\"effectiveTo\":\"2026-10-31\"");
}

static void an_import_is_whole_or_not_at_all(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pathways[1].questions[0].choices", "ImportPathways",
                   "{\"pathways\":[" PATHWAY("1", "2026-01-01",
                                             "") "," PATHWAY("2", "2026-02-01",
                                                             ",\"questions\":[{\"code\":\"a1\",\"text\":\"?\",\"kind\":\"choice\"}],"
                                                             "\"destinations\":[{\"kind\":\"moon\"}]") "]}");
    // Every problem is named.
    assert_string_equal(world->problem.members,
                        "\"problems\":[{\"field\":\"pathways[1].questions[0].choices\",\"detail\":\"A question of kind choice has two at "
                        "least\"},{\"field\":\"pathways[1].destinations[0].kind\",\"detail\":\"There is no such kind of service\"}]");
    assert_string_equal(world_query(world, "SELECT count(*) FROM pathway"), "0");
    // In whatever order they come, one ends the other.
    static const char three[] =
        "{\"pathways\":[" PATHWAY("3", "2026-05-01", "") "," PATHWAY("1", "2026-01-01", "") "," PATHWAY("2", "2026-02-01", "") "]}";
    assert_call(world, "ImportPathways", "%s", three);
    assert_string_equal(world->reply, "{\"recorded\":3,\"unchanged\":0}");
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(version || ' ' || effective_from || ' ' || coalesce(effective_to::text, '-') || ' ' "
                                    "|| revision, ', ' ORDER BY version) FROM pathway"),
                        "1 2026-01-01 2026-01-31 1, 2 2026-02-01 2026-04-30 1, 3 2026-05-01 - 1");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%pathway%'"), "3");
    assert_call(world, "ImportPathways", "%s", three);
    assert_string_equal(world->reply, "{\"recorded\":0,\"unchanged\":3}");
    assert_null(world->verdict);
    assert_call(world, "ImportPathways", "{\"pathways\":[" PATHWAY("4", "2026-12-01", "") "," PATHWAY("3", "2026-05-01", "") "]}");
    assert_string_equal(world->reply, "{\"recorded\":1,\"unchanged\":1}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "pathways[0].version", "ImportPathways",
                   "{\"pathways\":[" PATHWAY("3", "2026-05-01", ",\"ageTo\":80") "]}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "pathways[1].version", "ImportPathways",
                   "{\"pathways\":[" PATHWAY("5", "2027-05-01", "") "," PATHWAY("5", "2027-05-01", ",\"ageTo\":80") "]}");
}

static void who_came_second_looks_again(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreatePathway", CREATE("1", "2026-01-01", ""));
    assert_int_equal(world_race(world, "UPDATE pathway_state SET revision = revision + 1", "CreatePathway", CREATE("2", "2026-12-01", "")),
                     STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(version || ' ' || coalesce(effective_to::text, '-'), ', ' ORDER BY version) FROM "
                                    "pathway"),
                        "1 2026-11-30, 2 -");
}

static void a_list_is_of_a_day(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreatePathway", CREATE("1", "2026-01-01", ""));
    assert_call(world, "CreatePathway", CREATE("2", "2026-12-01", ""));
    for (int i = 0; i < 3; i++)
        assert_call(world, "CreatePathway",
                    "{\"pathway\":{\"code\":\"skin-%d\",\"version\":1,\"title\":\"Skin\",\"specialty\":\"dermatology\",\"effectiveFrom\":"
                    "\"2026-0%d-01\",\"prioritiesAllowed\":[\"routine\"],\"source\":\"x\",\"confidence\":\"derived\"}}",
                    i, i + 1);
    assert_call(world, "ListPathways", "{}");
    assert_reply_has(world, "\"version\":1,\"title\":\"Back pain\"");
    assert_reply_lacks(world, "\"version\":2,");
    assert_reply_has(world, "skin-2");
    assert_call(world, "ListPathways", "{\"asOf\":\"2026-02-15\",\"specialty\":\"dermatology\"}");
    assert_reply_has(world, "skin-1");
    assert_reply_lacks(world, "skin-2");
    assert_reply_lacks(world, "back-pain");
    char token[300] = "";
    static const char *const order[] = {"\"back-pain\"", "\"skin-0\"", "\"skin-1\"", "\"skin-2\""};
    for (size_t i = 0; i < 4; i++) {
        assert_call(world, "ListPathways", "{\"pageSize\":1%s}", token);
        assert_reply_has(world, order[i]);
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i < 3));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
}

static void a_check_tells_what_a_referral_lacks(void **state)
{
    world_t *world = *state;
    char patient[40], clinic[40];
    world->unlimited = true;
    world->scopes[0] = "services.clinical";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Skin clinic\",\"kind\":\"specialist-clinic\",\"specialty\":\"dermatology\","
                "\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, clinic);
    world->unlimited = false;
    assert_call(world, "CreatePathway",
                CREATE("1", "2026-01-01",
                       ",\"questions\":[{\"code\":\"weeks\",\"text\":\"How many?\",\"kind\":\"number\",\"required\":true}],\"tryFirst\":["
                       "{\"code\":\"exercise\",\"text\":\"Exercise\",\"kind\":\"community\",\"days\":42}],\"requiredData\":[\"reason\"],"
                       "\"destinations\":[{\"kind\":\"specialist-clinic\",\"specialty\":\"orthopaedics\"}],\"ageFrom\":80"));
    world->organisation = "gp-a1";
    assert_registered(world, "gp-a1", NUMBER_ADA, "Zebedee Quill", patient);
    assert_call(world, "CheckPathway",
                "{\"code\":\"back-pain\",\"patient\":\"%s\",\"priority\":\"urgent\",\"specialty\":\"dermatology\",\"service\":\"%s\","
                "\"answers\":[{\"question\":\"weeks\",\"answer\":\"secretly\"}]}",
                patient, clinic);
    assert_reply_has(world, "{\"pathway\":\"back-pain\",\"version\":1,\"missing\":[{\"field\":\"specialty\"");
    static const char *const missing[] = {
        "{\"field\":\"priority\"",
        "{\"field\":\"patient\",\"what\":\"The pathway is for those of 80 and older\"}",
        "{\"field\":\"service\"",
        "{\"field\":\"reason\"",
        "{\"field\":\"answers\",\"question\":\"weeks\",\"what\":\"Must be a number\"}",
        "{\"field\":\"answers\",\"question\":\"exercise\"",
        "\"tryFirst\":[{\"code\":\"exercise\",\"text\":\"Exercise\",\"kind\":\"community\",\"days\":42}]"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        assert_reply_has(world, missing[i]);
    assert_reply_lacks(world, "secretly");
    assert_call(world, "CreatePathway", CREATE("2", "2026-11-25", ""));
    assert_call(world, "CheckPathway",
                "{\"code\":\"back-pain\",\"patient\":\"%s\",\"priority\":\"routine\",\"specialty\":\"orthopaedics\"}", patient);
    assert_string_equal(world->reply, "{\"pathway\":\"back-pain\",\"version\":2,\"missing\":[],\"tryFirst\":[]}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "CheckPathway",
                   "{\"code\":\"no-pain\",\"patient\":\"%s\",\"priority\":\"routine\",\"specialty\":\"orthopaedics\"}", patient);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CheckPathway",
                   "{\"code\":\"back-pain\",\"patient\":\"%s\",\"priority\":\"routine\",\"specialty\":\"orthopaedics\",\"service\":\"%s\"}",
                   patient, patient);
    // Nothing was recorded.
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'secretly'"), "0");
    // Nobody checks for a patient whom they do not see.
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CheckPathway",
                   "{\"code\":\"back-pain\",\"patient\":\"%s\",\"priority\":\"routine\",\"specialty\":\"orthopaedics\"}", patient);
}

// The six that come with it are taken as they are, by this version's own rules and kinds of services.
static void those_that_come_with_it(void **state)
{
    world_t *world = *state;
    static const char *const names[] = {
        "back-pain", "suspected-cancer-colorectal", "diabetes-type-2", "hip-or-knee-replacement", "skin-lesion", "hearing-loss"};
    static char text[8192];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[400];
        (void)snprintf(path, sizeof path, PCN_PATHWAYS_DIR "/%s.json", names[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        const size_t size = fread(text, 1, sizeof text - 1, file);
        assert_true(size > 0 && size < sizeof text - 1);
        text[size] = '\0';
        (void)fclose(file);
        assert_call(world, "ImportPathways", "{\"pathways\":[%s]}", text);
        assert_string_equal(world->reply, "{\"recorded\":1,\"unchanged\":0}");
        assert_call(world, "ImportPathways", "{\"pathways\":[%s]}", text);
        assert_string_equal(world->reply, "{\"recorded\":0,\"unchanged\":1}");
        assert_call(world, "GetPathway", "{\"code\":\"%s\"}", names[i]);
        assert_reply_has(world, "\"confidence\":\"unconfirmed\"");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_version_ends_the_one_before),
        TEST(a_version_is_recorded_once),
        TEST(the_database_keeps_a_version_as_it_is),
        TEST(one_without_a_successor_ends_on_a_day),
        TEST(an_import_is_whole_or_not_at_all),
        TEST(who_came_second_looks_again),
        TEST(a_list_is_of_a_day),
        TEST(a_check_tells_what_a_referral_lacks),
        TEST(those_that_come_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
