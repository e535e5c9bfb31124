// Facts by day: PATCH at a day gone by, today and to come, as changes and corrections; reads as of a day; history; what a day brings by
// itself; closing. "Today" is the test's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcn/platform/v1/call.meta.h"
#include "tests/integration/registry/world.h"

static long number(world_t *world, const char *sql)
{
    return test_database_number(world->database, sql);
}

static long version_of(world_t *world, const char *code)
{
    assert_call(world, "GetOrganisation", "{\"code\":\"%s\"}", code);
    return (long)world->version;
}

// Events of the organisation since the test began, as "type type".
static void assert_events(world_t *world, const char *code, const char *expected)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SELECT coalesce(string_agg(replace(type, 'pcn.registry.organisation.', '') || version, ' ' ORDER BY version), '') FROM "
                   "event_queue WHERE subject = 'organisations/%s' AND version > 1",
                   code);
    char *events = test_database_query(world->database, sql);
    assert_string_equal(events != NULL ? events : "", expected);
    free(events);
}

static void patch(world_t *world, const char *code, const char *fields, const char *day, bool correction)
{
    char effective[64] = "";
    if (day != NULL)
        (void)snprintf(effective, sizeof effective, ",\"effectiveFrom\":\"%s\"", day);
    assert_call(world, "UpdateOrganisation", "{\"code\":\"%s\",\"organisation\":%s%s%s}", code, fields, effective,
                correction ? ",\"correction\":true" : "");
}

static void create(world_t *world, const char *fields)
{
    assert_call(world, "CreateOrganisation", "{\"organisation\":{%s}}", fields);
}

static void assert_on(world_t *world, const char *code, const char *day, const char *text)
{
    assert_call(world, "GetOrganisation", "{\"code\":\"%s\",\"asOf\":\"%s\"}", code, day);
    assert_reply_has(world, text);
    assert_reply_lacks(world, "coming");
}

static void a_change_holds_from_its_day(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-one\",\"name\":\"One\",\"kind\":\"trust\",\"parent\":\"ics-a\",\"openedOn\":\"2019-07-01\"");
    patch(world, "tl-one", "{\"name\":\"Two\"}", NULL, false);
    assert_reply_has(world, "\"factsFrom\":\"2026-11-25\"");
    assert_reply_has(world, "\"formerNames\":[\"One\"]");
    assert_int_equal(world->version, 2);
    assert_on(world, "tl-one", "2026-11-25", "\"name\":\"Two\"");
    assert_on(world, "tl-one", "2026-11-24", "\"name\":\"One\"");
    assert_reply_has(world, "\"factsTo\":\"2026-11-24\"");
    assert_reply_lacks(world, "factsFrom");
    assert_int_equal(world->version, 2);
    assert_on(world, "tl-one", "2019-07-01", "\"name\":\"One\"");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetOrganisation", "{\"code\":\"tl-one\",\"asOf\":\"2019-06-30\"}");
    // Again today: one change of the day.
    patch(world, "tl-one", "{\"statedPopulation\":5}", "2026-11-25", false);
    assert_int_equal(number(world, "SELECT count(*) FROM organisation_past WHERE code = 'tl-one'"), 1);
    // At a day gone by: carried on until the name changed anyway.
    patch(world, "tl-one", "{\"name\":\"Half\",\"notes\":\"noted\"}", "2022-04-01", false);
    assert_reply_has(world, "\"name\":\"Two\"");
    assert_reply_has(world, "\"notes\":\"noted\"");
    assert_reply_has(world, "\"formerNames\":[\"One\",\"Half\"]");
    assert_on(world, "tl-one", "2022-03-31", "\"name\":\"One\"");
    assert_reply_has(world, "\"factsTo\":\"2022-03-31\"");
    assert_on(world, "tl-one", "2022-04-01", "\"name\":\"Half\"");
    assert_reply_has(world, "\"factsFrom\":\"2022-04-01\"");
    assert_reply_has(world, "\"factsTo\":\"2026-11-24\"");
    assert_events(world, "tl-one", "updated2 updated3 updated4");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "effectiveFrom", "UpdateOrganisation",
                   "{\"code\":\"tl-one\",\"organisation\":{\"name\":\"X\"},\"effectiveFrom\":\"2019-06-30\"}");
    // Nothing new is nothing.
    patch(world, "tl-one", "{\"name\":\"Half\"}", "2023-01-01", false);
    assert_null(world->verdict);
    assert_int_equal(world->version, 4);
}

static void a_correction_replaces(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-two\",\"name\":\"Lathem\",\"kind\":\"trust\",\"parent\":\"ics-a\",\"statedPopulation\":10");
    patch(world, "tl-two", "{\"statedPopulation\":20}", "2025-01-01", false);
    patch(world, "tl-two", "{\"name\":\"Latham\"}", NULL, true);
    assert_reply_has(world, "\"name\":\"Latham\"");
    assert_reply_lacks(world, "formerNames");
    assert_on(world, "tl-two", "2024-12-31", "\"name\":\"Latham\"");
    assert_reply_has(world, "\"statedPopulation\":10");
    assert_on(world, "tl-two", "2025-01-01", "\"name\":\"Latham\"");
    assert_int_equal(
        number(world, "SELECT count(*) FROM organisation_past WHERE code = 'tl-two' AND superseded_at IS NOT NULL AND name = 'Lathem'"), 3);
    assert_call(world, "GetHistory", "{\"code\":\"tl-two\"}");
    assert_reply_has(world, "\"supersededAt\":");
    assert_reply_has(world, "\"name\":\"Lathem\"");
    // An expected version that is not it.
    world->expected_version = 2;
    assert_refusal(world, STATUS_ABORTED, "", "UpdateOrganisation",
                   "{\"code\":\"tl-two\",\"organisation\":{\"name\":\"X\"},\"correction\":true}");
    world->expected_version = 0;
}

static void what_is_to_come_comes(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-three\",\"name\":\"Now\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    patch(world, "tl-three", "{\"name\":\"Then\"}", "2026-12-01", false);
    assert_reply_has(world, "\"name\":\"Now\"");
    assert_reply_has(world, "\"factsTo\":\"2026-11-30\"");
    assert_reply_has(world, "\"coming\":[{\"from\":\"2026-12-01\",\"changes\":{");
    patch(world, "tl-three", "{\"statedPopulation\":7}", "2026-12-03", false);
    assert_events(world, "tl-three", "announced2 announced3");
    assert_on(world, "tl-three", "2026-11-30", "\"name\":\"Now\"");
    assert_on(world, "tl-three", "2026-12-01", "\"name\":\"Then\"");
    assert_reply_has(world, "\"factsTo\":\"2026-12-02\"");
    assert_on(world, "tl-three", "2027-12-01", "\"statedPopulation\":7");
    assert_call(world, "GetOrganisation", "{\"code\":\"tl-three\"}");
    assert_reply_has(world, "\"coming\":[");
    assert_call(world, "ListOrganisations", "{\"q\":\"tl-three\",\"asOf\":\"2026-12-01\"}");
    assert_reply_has(world, "\"name\":\"Then\"");
    // The day before nothing happens; the daemon may be down on the day itself.
    world->today = "2026-11-30";
    assert_call(world, "ComeIntoForce", "{\"code\":\"tl-three\"}");
    assert_null(world->verdict);
    world->today = "2026-12-05";
    assert_call(world, "ComeIntoForce", "{\"code\":\"tl-three\"}");
    assert_string_equal(world->verdict, "done");
    assert_reply_has(world, "\"name\":\"Then\"");
    assert_reply_has(world, "\"statedPopulation\":7");
    assert_reply_has(world, "\"factsFrom\":\"2026-12-03\"");
    assert_events(world, "tl-three", "announced2 announced3 updated4");
    assert_call(world, "ComeIntoForce", "{\"code\":\"tl-three\"}");
    assert_null(world->verdict);
    assert_on(world, "tl-three", "2026-12-02", "\"name\":\"Then\"");
    assert_reply_lacks(world, "statedPopulation");
    assert_on(world, "tl-three", "2026-11-30", "\"name\":\"Now\"");
    assert_int_equal(number(world, "SELECT count(*) FROM organisation_coming WHERE code = 'tl-three'"), 0);
    world->today = "2026-11-25";
    assert_refusal(world, STATUS_NOT_FOUND, "code", "ComeIntoForce", "{\"code\":\"tl-none\"}");
}

static void a_change_after_midnight_brings_the_day_with_it(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-four\",\"name\":\"Now\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    patch(world, "tl-four", "{\"name\":\"Then\"}", "2026-12-01", false);
    world->today = "2026-12-02";
    patch(world, "tl-four", "{\"notes\":\"noted\"}", NULL, false);
    assert_reply_has(world, "\"name\":\"Then\"");
    assert_events(world, "tl-four", "announced2 updated3");
    assert_call(world, "ComeIntoForce", "{\"code\":\"tl-four\"}");
    assert_null(world->verdict);
    assert_on(world, "tl-four", "2026-12-01", "\"name\":\"Then\"");
    assert_reply_lacks(world, "noted");
    world->today = "2026-11-25";
}

static void history_tells_all(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-five\",\"name\":\"A\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    patch(world, "tl-five", "{\"name\":\"B\"}", "2026-01-01", false);
    patch(world, "tl-five", "{\"name\":\"C\"}", "2027-01-01", false);
    assert_call(world, "GetHistory", "{\"code\":\"tl-five\"}");
    // Since ever, from January (and what was thought of it before), and to come.
    const char *a = strstr(world->reply, "\"to\":\"2025-12-31\"");
    const char *b = strstr(world->reply, "\"name\":\"B\"");
    const char *c = strstr(world->reply, "\"name\":\"C\"");
    assert_true(a != NULL && b != NULL && c != NULL && a < b && b < c);
    assert_reply_has(world, "\"supersededAt\"");
    assert_int_equal(world->version, 3);
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetHistory", "{\"code\":\"tl-none\"}");
}

static void parents_follow_memberships(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"pcn-t\",\"name\":\"Network T\",\"kind\":\"network\",\"parent\":\"ccg-b\"");
    create(world, "\"code\":\"gp-t\",\"name\":\"Practice T\",\"kind\":\"practice\",\"parent\":\"ccg-a\"");
    assert_call(world, "AddMember",
                "{\"code\":\"pcn-t\",\"member\":{\"practice\":\"gp-t\",\"from\":\"2026-12-01\",\"to\":\"2026-12-20\"}}");
    assert_events(world, "gp-t", "announced2");
    world->today = "2026-12-04";
    assert_call(world, "ComeIntoForce", "{\"code\":\"gp-t\"}");
    assert_reply_has(world, "\"parent\":\"pcn-t\"");
    assert_reply_has(world, "\"factsFrom\":\"2026-12-01\"");
    assert_events(world, "gp-t", "announced2 updated3");
    world->today = "2027-01-10";
    assert_call(world, "ComeIntoForce", "{\"code\":\"gp-t\"}");
    assert_reply_has(world, "\"parent\":\"ccg-b\"");
    assert_reply_has(world, "\"factsFrom\":\"2026-12-21\"");
    assert_events(world, "gp-t", "announced2 updated3 updated4");
    assert_call(world, "ComeIntoForce", "{\"code\":\"gp-t\"}");
    assert_null(world->verdict);
    world->today = "2026-11-25";
}

static void what_is_due_is_listed(void **state)
{
    world_t *world = *state;
    problem_t problem = {0};
    Pcn__Platform__V1__Call call = PCN__PLATFORM__V1__CALL__INIT;
    create(world, "\"code\":\"tl-six\",\"name\":\"A\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    patch(world, "tl-six", "{\"name\":\"B\"}", "2028-02-01", false);
    static const char *const days[] = {"2028-01-31", "2028-02-01", "2028-02-09"};
    for (size_t i = 0; i < 3; i++) {
        const void *const roots[] = {NULL, NULL, &call};
        call.today = (char *)(uintptr_t)days[i];
        PGresult *result = db_session_run(world->session, world->plan->jobs[0].due, roots, world->arena, &problem);
        assert_non_null(result);
        bool listed = false;
        for (int row = 0; row < PQntuples(result); row++)
            listed = listed || strcmp(PQgetvalue(result, row, 0), "tl-six") == 0;
        assert_int_equal(listed, i > 0);
        PQclear(result);
    }
}

static void closing_a_network(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"pcn-c\",\"name\":\"Network C\",\"kind\":\"network\",\"parent\":\"ccg-b\",\"openedOn\":\"2019-07-01\"");
    create(world, "\"code\":\"pcn-d\",\"name\":\"Network D\",\"kind\":\"network\",\"parent\":\"ccg-b\",\"openedOn\":\"2019-07-01\"");
    create(world, "\"code\":\"gp-m\",\"name\":\"Practice M\",\"kind\":\"practice\",\"parent\":\"ccg-a\"");
    create(world, "\"code\":\"gp-o\",\"name\":\"Practice O\",\"kind\":\"practice\",\"parent\":\"pcn-c\"");
    assert_call(world, "AddMember", "{\"code\":\"pcn-c\",\"member\":{\"practice\":\"gp-m\",\"from\":\"2020-01-01\"}}");
    assert_call(world, "AddDirector", "{\"code\":\"pcn-c\",\"director\":{\"name\":\"Dr C\",\"from\":\"2020-01-01\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "successors[0]", "CloseOrganisation",
                   "{\"code\":\"pcn-c\",\"on\":\"2026-04-01\",\"successors\":[\"pcn-none\"]}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "successors[0]", "CloseOrganisation",
                   "{\"code\":\"pcn-c\",\"on\":\"2026-04-01\",\"successors\":[\"pcn-c\"]}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "successors[1]", "CloseOrganisation",
                   "{\"code\":\"pcn-c\",\"on\":\"2026-04-01\",\"successors\":[\"pcn-d\",\"pcn-d\"]}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "CloseOrganisation", "{\"code\":\"pcn-c\",\"on\":\"2019-07-01\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "CloseOrganisation", "{\"code\":\"pcn-none\",\"on\":\"2019-07-01\"}");
    const long before = version_of(world, "pcn-c"), successor = version_of(world, "pcn-d");
    assert_call(world, "CloseOrganisation", "{\"code\":\"pcn-c\",\"on\":\"2026-04-01\",\"successors\":[\"pcn-d\"],\"source\":\"letter\"}");
    assert_reply_has(world, "\"status\":\"closed\"");
    assert_reply_has(world, "\"closedOn\":\"2026-04-01\"");
    assert_reply_has(world, "\"successors\":[\"pcn-d\"]");
    assert_int_equal(world->version, before + 1);
    assert_int_equal(version_of(world, "pcn-d"), successor + 1);
    assert_reply_has(world, "\"predecessors\":[\"pcn-c\"]");
    // The day before, everything is as it was.
    assert_on(world, "pcn-c", "2026-03-31", "\"status\":\"active\"");
    assert_reply_lacks(world, "closedOn");
    assert_reply_lacks(world, "successors");
    assert_on(world, "pcn-c", "2026-04-01", "\"status\":\"closed\"");
    assert_reply_has(world, "\"successors\":[\"pcn-d\"]");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-c\",\"asOf\":\"2026-03-31\"}");
    assert_reply_has(world, "\"practice\":\"gp-m\"");
    assert_reply_has(world, "Dr C");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-c\"}");
    assert_reply_lacks(world, "gp-m");
    assert_reply_lacks(world, "Dr C");
    assert_on(world, "gp-m", "2026-03-31", "\"parent\":\"pcn-c\"");
    assert_on(world, "gp-m", "2026-04-01", "\"parent\":\"ccg-b\"");
    assert_on(world, "gp-o", "2026-04-01", "\"parent\":\"ccg-b\"");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "code", "CloseOrganisation", "{\"code\":\"pcn-c\",\"on\":\"2026-05-01\"}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "successors[0]", "CloseOrganisation",
                   "{\"code\":\"pcn-d\",\"on\":\"2026-05-01\",\"successors\":[\"pcn-c\"]}");
}

static void closing_to_come(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"pcn-e\",\"name\":\"Network E\",\"kind\":\"network\",\"parent\":\"ccg-b\"");
    create(world, "\"code\":\"gp-e\",\"name\":\"Practice E\",\"kind\":\"practice\",\"parent\":\"ccg-a\"");
    assert_call(world, "AddMember", "{\"code\":\"pcn-e\",\"member\":{\"practice\":\"gp-e\",\"from\":\"2020-01-01\"}}");
    assert_call(world, "CloseOrganisation", "{\"code\":\"pcn-e\",\"on\":\"2027-04-01\"}");
    assert_reply_has(world, "\"status\":\"active\"");
    assert_reply_has(world, "\"coming\":[{\"from\":\"2027-04-01\"");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "code", "CloseOrganisation", "{\"code\":\"pcn-e\",\"on\":\"2027-05-01\"}");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-e\"}");
    assert_reply_has(world, "\"to\":\"2027-03-31\"");
    assert_on(world, "pcn-e", "2027-04-01", "\"status\":\"closed\"");
    // Nobody joins beyond that day.
    create(world, "\"code\":\"gp-f\",\"name\":\"Practice F\",\"kind\":\"practice\",\"parent\":\"ccg-a\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "to", "AddMember",
                   "{\"code\":\"pcn-e\",\"member\":{\"practice\":\"gp-f\",\"from\":\"2026-12-01\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "from", "AddDirector",
                   "{\"code\":\"pcn-e\",\"director\":{\"name\":\"Dr F\",\"from\":\"2027-04-01\"}}");
    assert_call(world, "AddDirector",
                "{\"code\":\"pcn-e\",\"director\":{\"name\":\"Dr F\",\"from\":\"2026-12-01\",\"to\":\"2027-03-31\"}}");
    world->today = "2027-04-02";
    assert_call(world, "ComeIntoForce", "{\"code\":\"pcn-e\"}");
    assert_reply_has(world, "\"status\":\"closed\"");
    assert_call(world, "ComeIntoForce", "{\"code\":\"gp-e\"}");
    assert_reply_has(world, "\"parent\":\"ccg-b\"");
    assert_reply_has(world, "\"factsFrom\":\"2027-04-01\"");
    world->today = "2026-11-25";
}

static void what_is_in_the_way_of_closing(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "code", "CloseOrganisation", "{\"code\":\"ccg-b\",\"on\":\"2026-12-01\"}");
    assert_non_null(strstr(world->problem.detail, "pcn-d"));
    create(world, "\"code\":\"gp-l\",\"name\":\"Practice L\",\"kind\":\"practice\",\"parent\":\"ccg-a\"");
    assert_call(world, "AddMember", "{\"code\":\"pcn-d\",\"member\":{\"practice\":\"gp-l\",\"from\":\"2027-06-01\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "code", "CloseOrganisation", "{\"code\":\"pcn-d\",\"on\":\"2027-01-01\"}");
    assert_non_null(strstr(world->problem.detail, "gp-l"));
    // A practice that closes leaves its network, which tells so.
    const long network = version_of(world, "pcn-d");
    assert_call(world, "CloseOrganisation", "{\"code\":\"gp-l\",\"on\":\"2027-07-01\"}");
    assert_int_equal(version_of(world, "pcn-d"), network + 1);
    assert_int_equal(number(world, "SELECT count(*) FROM membership WHERE practice = 'gp-l' AND to_on = '2027-06-30'"), 1);
    // Out of reach.
    world->unlimited = false;
    world->organisation = "ccg-a";
    assert_refusal(world, STATUS_NOT_FOUND, "code", "CloseOrganisation", "{\"code\":\"pcn-d\",\"on\":\"2026-12-01\"}");
    world->unlimited = true;
    world->organisation = NULL;
}

static void trees_of_other_days(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-up\",\"name\":\"Up\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    create(world, "\"code\":\"tl-down\",\"name\":\"Down\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    patch(world, "tl-up", "{\"parent\":\"tl-down\"}", "2027-06-01", false);
    // Each would do by itself, but from June they would lie above each other.
    static const char *const days[] = {"2026-11-25", "2027-01-01", "2027-06-01", "2027-07-01", "2025-01-01"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
                       "{\"code\":\"tl-down\",\"organisation\":{\"parent\":\"tl-up\"},\"effectiveFrom\":\"%s\"}", days[i]);
    // Once the other goes elsewhere on the way, it may.
    patch(world, "tl-up", "{\"parent\":\"ccg-a\"}", "2027-09-01", false);
    patch(world, "tl-down", "{\"parent\":\"tl-up\"}", "2027-09-01", false);
    assert_on(world, "tl-down", "2027-09-01", "\"parent\":\"tl-up\"");
}

static void a_closed_one_takes_in_nobody(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-shut\",\"name\":\"Shut\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    create(world, "\"code\":\"tl-kid\",\"name\":\"Kid\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    assert_call(world, "CloseOrganisation", "{\"code\":\"tl-shut\",\"on\":\"2027-04-01\"}");
    static const char *const days[] = {"2025-01-01", "2026-11-25", "2027-04-01", "2028-01-01"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        assert_refusal(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
                       "{\"code\":\"tl-kid\",\"organisation\":{\"parent\":\"tl-shut\"},\"effectiveFrom\":\"%s\"}", days[i]);
    // Below it until it goes elsewhere in time.
    patch(world, "tl-kid", "{\"parent\":\"ccg-a\"}", "2027-03-01", false);
    patch(world, "tl-kid", "{\"parent\":\"tl-shut\"}", "2026-12-01", false);
    assert_on(world, "tl-kid", "2027-02-28", "\"parent\":\"tl-shut\"");
    assert_on(world, "tl-kid", "2027-03-01", "\"parent\":\"ccg-a\"");
}

static void a_patch_does_not_close(void **state)
{
    world_t *world = *state;
    create(world, "\"code\":\"tl-open\",\"name\":\"Open\",\"kind\":\"trust\",\"parent\":\"ics-a\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "status", "UpdateOrganisation",
                   "{\"code\":\"tl-open\",\"organisation\":{\"status\":\"closed\",\"closedOn\":\"2026-11-01\"}}");
    // That it has been closed is a correction.
    patch(world, "tl-open", "{\"status\":\"closed\",\"closedOn\":\"2026-11-01\"}", NULL, true);
    assert_reply_has(world, "\"status\":\"closed\"");
    assert_on(world, "tl-open", "2026-10-31", "\"status\":\"active\"");
    assert_on(world, "tl-open", "2026-11-01", "\"closedOn\":\"2026-11-01\"");
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_holds_from_its_day),
        cmocka_unit_test(a_correction_replaces),
        cmocka_unit_test(what_is_to_come_comes),
        cmocka_unit_test(a_change_after_midnight_brings_the_day_with_it),
        cmocka_unit_test(history_tells_all),
        cmocka_unit_test(parents_follow_memberships),
        cmocka_unit_test(what_is_due_is_listed),
        cmocka_unit_test(closing_a_network),
        cmocka_unit_test(closing_to_come),
        cmocka_unit_test(what_is_in_the_way_of_closing),
        cmocka_unit_test(trees_of_other_days),
        cmocka_unit_test(a_closed_one_takes_in_nobody),
        cmocka_unit_test(a_patch_does_not_close),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
