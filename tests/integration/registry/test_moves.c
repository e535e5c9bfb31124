// Practices that move, leave, and were recorded wrongly; waivers.
#include "tests/integration/registry/verbs.h"

// Today is 25 November 2026.
static int setup(void **state)
{
    const int failed = world_setup(state);
    if (failed != 0)
        return failed;
    world_t *world = *state;
    world_populate(world);
    create(world, "{'code':'pcn-b','name':'Network B','kind':'network','parent':'ccg-b'}");
    for (char letter = 'c'; letter <= 'h'; letter++) {
        char json[256];
        (void)snprintf(json, sizeof json, "{'code':'gp-%c','name':'Practice %c','kind':'practice','parent':'ccg-a'}", letter, letter);
        create(world, json);
        (void)snprintf(json, sizeof json, "gp-%c", letter);
        join(world, "pcn-a", json, "2019-07-01");
    }
    join(world, "pcn-a", "gp-a", "2019-07-01");
    return 0;
}

static void a_practice_moves_today(void **state)
{
    world_t *world = *state;
    const long a = version_of(world, "pcn-a"), b = version_of(world, "pcn-b"), gp = version_of(world, "gp-a");
    done(world, "MoveMember", "{'code':'pcn-a','practice':'gp-a','network':'pcn-b','on':'2026-11-25','source':'Letter'}");
    lacks(world, "gp-a");
    assert_int_equal(world->version, a + 1);
    assert_int_equal(version_of(world, "pcn-b"), b + 1);
    assert_int_equal(version_of(world, "gp-a"), gp + 1);
    assert_members(world, "pcn-a", "2026-11-24", "gp-a gp-c gp-d gp-e gp-f gp-g gp-h");
    assert_members(world, "pcn-b", "2026-11-24", "");
    assert_members(world, "pcn-a", "2026-11-25", "gp-c gp-d gp-e gp-f gp-g gp-h");
    assert_members(world, "pcn-b", "2026-11-25", "gp-a");
    says(world, "'name':'Practice A','from':'2026-11-25','source':'Letter'");
    assert_members(world, "pcn-b", "2026-11-26", "gp-a");
    assert_parent(world, "gp-a", "2026-11-24", "pcn-a");
    assert_parent(world, "gp-a", "2026-11-25", "pcn-b");
    assert_last_event(world, "gp-a", "updated");
    // Once more it is no member there.
    refused(world, STATUS_ALREADY_EXISTS, "practice", "MoveMember",
            "{'code':'pcn-a','practice':'gp-a','network':'pcn-b','on':'2026-11-25'}");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM membership WHERE practice = 'gp-a' "
                                                           "AND recorded_at IS NOT NULL AND (to_on IS NULL) = (end_recorded_at IS NULL)"),
                     2);
}

static void a_move_of_the_past_is_as_of_then(void **state)
{
    world_t *world = *state;
    done(world, "MoveMember", "{'code':'pcn-a','practice':'gp-c','network':'pcn-b','on':'2024-04-01'}");
    assert_members(world, "pcn-b", "2024-03-31", "");
    assert_members(world, "pcn-b", "2024-04-01", "gp-c");
    assert_parent(world, "gp-c", "2024-03-31", "pcn-a");
    assert_parent(world, "gp-c", "2024-04-01", "pcn-b");
    assert_parent(world, "gp-c", "2019-06-30", "ccg-a"); // before it ever joined
    // Back again two years later: the days between stay.
    done(world, "MoveMember", "{'code':'pcn-b','practice':'gp-c','network':'pcn-a','on':'2026-04-01'}");
    assert_parent(world, "gp-c", "2026-03-31", "pcn-b");
    assert_parent(world, "gp-c", "2026-04-01", "pcn-a");
    // And a leave inside the span that is over by then ends only that one.
    done(world, "LeaveMember", "{'code':'pcn-b','practice':'gp-c','on':'2025-04-01'}");
    assert_parent(world, "gp-c", "2025-03-31", "pcn-b");
    assert_parent(world, "gp-c", "2025-04-01", "ccg-b");
    assert_parent(world, "gp-c", "2026-03-31", "ccg-b");
    assert_parent(world, "gp-c", "2026-04-01", "pcn-a");
}

static void a_move_to_come_waits(void **state)
{
    world_t *world = *state;
    const long gp = version_of(world, "gp-d");
    done(world, "MoveMember", "{'code':'pcn-a','practice':'gp-d','network':'pcn-b','on':'2026-12-01'}");
    lacks(world, "gp-d"); // as of the day
    assert_members(world, "pcn-a", "2026-11-30", "gp-c gp-d gp-e gp-f gp-g gp-h");
    assert_members(world, "pcn-b", "2026-12-01", "gp-a gp-d");
    assert_int_equal(version_of(world, "gp-d"), gp + 1);
    assert_last_event(world, "gp-d", "announced");
    assert_parent(world, "gp-d", "2026-11-30", "pcn-a");
    assert_parent(world, "gp-d", "2026-12-01", "pcn-b");
    world->today = "2026-12-01";
    done(world, "ComeIntoForce", "{'code':'gp-d'}");
    assert_parent(world, "gp-d", "2026-12-01", "pcn-b");
    assert_parent(world, "gp-d", "2026-11-30", "pcn-a");
    world->today = "2026-11-25";
    // Undone while still to come: the first day is the day of the move back, so it never was in between.
    done(world, "MoveMember", "{'code':'pcn-a','practice':'gp-e','network':'pcn-b','on':'2026-12-01'}");
    done(world, "MoveMember", "{'code':'pcn-b','practice':'gp-e','network':'pcn-a','on':'2026-12-01'}");
    assert_members(world, "pcn-b", "2026-12-01", "gp-a gp-d");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM superseded_fact WHERE code = 'pcn-b' "
                                                           "AND kind = 'membership' AND fact ->> 'practice' = 'gp-e'"),
                     1);
}

static void a_practice_changes_its_sub_group(void **state)
{
    world_t *world = *state;
    const long b = version_of(world, "pcn-b"), gp = version_of(world, "gp-a");
    refused(world, STATUS_FAILED_PRECONDITION, "network", "MoveMember",
            "{'code':'pcn-b','practice':'gp-a','network':'pcn-b','on':'2026-11-26'}");
    done(world, "MoveMember", "{'code':'pcn-b','practice':'gp-a','network':'pcn-b','on':'2026-11-26','subGroup':'team-1'}");
    says(world, "'subGroups':[{'code':'team-1','practices':['gp-a']}]");
    assert_int_equal(version_of(world, "pcn-b"), b + 1);
    assert_int_equal(version_of(world, "gp-a"), gp);
}

static void moves_are_refused(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-old','name':'Old','kind':'network','parent':'ccg-b','status':'closed','openedOn':'2019-07-01',"
                  "'closedOn':'2020-04-01'}");
    create(world, "{'code':'pcn-new','name':'New','kind':'network','parent':'ccg-b','openedOn':'2027-04-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "network", "MoveMember",
            "{'code':'pcn-a','practice':'gp-f','network':'pcn-old','on':'2026-11-25'}");
    refused(world, STATUS_FAILED_PRECONDITION, "network", "MoveMember",
            "{'code':'pcn-a','practice':'gp-f','network':'pcn-new','on':'2027-03-31'}");
    refused(world, STATUS_NOT_FOUND, "network", "MoveMember", "{'code':'pcn-a','practice':'gp-f','network':'pcn-z','on':'2026-11-25'}");
    refused(world, STATUS_NOT_FOUND, "network", "MoveMember", "{'code':'pcn-a','practice':'gp-f','network':'ccg-a','on':'2026-11-25'}");
    refused(world, STATUS_NOT_FOUND, "code", "MoveMember", "{'code':'ccg-a','practice':'gp-f','network':'pcn-b','on':'2026-11-25'}");
    refused(world, STATUS_NOT_FOUND, "practice", "MoveMember", "{'code':'pcn-a','practice':'gp-z','network':'pcn-b','on':'2026-11-25'}");
    refused(world, STATUS_NOT_FOUND, "practice", "LeaveMember", "{'code':'pcn-a','practice':'ccg-a','on':'2026-11-25'}");
    refused(world, STATUS_ALREADY_EXISTS, "practice", "LeaveMember", "{'code':'pcn-a','practice':'gp-b','on':'2026-11-25'}");
    refused(world, STATUS_ALREADY_EXISTS, "practice", "LeaveMember", "{'code':'pcn-a','practice':'gp-f','on':'2019-06-30'}");
    // A caller who reaches one of both does not move.
    world->unlimited = false;
    world->organisation = "pcn-a";
    refused(world, STATUS_NOT_FOUND, "network", "MoveMember", "{'code':'pcn-a','practice':'gp-f','network':'pcn-b','on':'2026-11-25'}");
    world->organisation = "ccg-b";
    refused(world, STATUS_NOT_FOUND, "code", "MoveMember", "{'code':'pcn-a','practice':'gp-f','network':'pcn-b','on':'2026-11-25'}");
    world->organisation = "ics-a";
    world->expected_version = 1;
    refused(world, STATUS_ABORTED, "", "MoveMember", "{'code':'pcn-a','practice':'gp-f','network':'pcn-b','on':'2026-11-25'}");
    world->expected_version = 0;
    done(world, "MoveMember", "{'code':'pcn-a','practice':'gp-f','network':'pcn-b','on':'2026-11-25'}");
    world->organisation = NULL;
    world->unlimited = true;
}

static void a_practice_leaves(void **state)
{
    world_t *world = *state;
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-g','on':'2026-11-25'}");
    lacks(world, "gp-g");
    assert_parent(world, "gp-g", "2026-11-24", "pcn-a");
    assert_parent(world, "gp-g", "2026-11-25", "ccg-a");
    refused(world, STATUS_ALREADY_EXISTS, "practice", "LeaveMember", "{'code':'pcn-a','practice':'gp-g','on':'2026-11-25'}");
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-h','on':'2026-12-01'}");
    assert_parent(world, "gp-h", "2026-11-30", "pcn-a");
    assert_parent(world, "gp-h", "2026-12-01", "ccg-a");
    refused(world, STATUS_ALREADY_EXISTS, "practice", "LeaveMember", "{'code':'pcn-a','practice':'gp-h','on':'2026-12-01'}");
    world->today = "2026-12-01";
    done(world, "ComeIntoForce", "{'code':'gp-h'}");
    assert_parent(world, "gp-h", "2026-12-01", "ccg-a");
    world->today = "2026-11-25";
    join(world, "pcn-a", "gp-g", "2026-11-28");
}

// What another's move does, as far as the rules look at it.
static void two_moves_race(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'gp-r','name':'Practice R','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-a", "gp-r", "2020-01-01");
    const long a = version_of(world, "pcn-a");
    const char *const request = "{\"code\":\"pcn-a\",\"practice\":\"gp-r\",\"network\":\"pcn-b\",\"on\":\"2026-11-25\"}";
    const status_t status = world_race(world,
                                       "UPDATE membership SET to_on = '2026-11-24' WHERE practice = 'gp-r';"
                                       "INSERT INTO membership (practice, network, from_on) VALUES ('gp-r', 'pcn-new', '2026-11-25');"
                                       "UPDATE organisation SET version = version + 1 WHERE code IN ('pcn-a', 'pcn-new')",
                                       "MoveMember", request);
    assert_int_equal(status, STATUS_ALREADY_EXISTS);
    assert_string_equal(world->problem.field, "practice");
    assert_int_equal(world->loads, 2);
    assert_int_equal(version_of(world, "pcn-a"), a + 1);
    // Where the other one has changed nothing that was loaded, the database's constraint decides, and nothing of the move stays.
    create(world, "{'code':'gp-s','name':'Practice S','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-a", "gp-s", "2020-01-01");
    const long b = version_of(world, "pcn-b");
    const status_t second =
        world_race(world,
                   "ALTER TABLE membership DISABLE TRIGGER ALL; UPDATE membership SET to_on = '2026-12-31' WHERE "
                   "practice = 'gp-s'; INSERT INTO membership (practice, network, from_on) VALUES ('gp-s', 'pcn-new', "
                   "'2027-01-01'); ALTER TABLE membership ENABLE TRIGGER ALL",
                   "MoveMember", "{\"code\":\"pcn-a\",\"practice\":\"gp-s\",\"network\":\"pcn-b\",\"on\":\"2026-11-25\"}");
    // The second look moves only what is left of the membership.
    assert_int_equal(second, STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_int_equal(version_of(world, "pcn-b"), b + 1);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM membership WHERE practice = 'gp-s' AND network = 'pcn-b' "
                                                           "AND from_on = '2026-11-25' AND to_on = '2026-12-31'"),
                     1);
}

static void a_repeated_move_is_replayed(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'gp-k','name':'Practice K','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-a", "gp-k", "2020-01-01");
    const long a = version_of(world, "pcn-a");
    world->key = "key-k";
    // The twin is done between the load and the save of this one.
    const status_t status = world_race(
        world,
        "INSERT INTO idempotency (organisation, subject, method, key, request_hash, answer, version, created_at) VALUES ('', 'tester', "
        "'pcn.registry.v1.Registry/MoveMember', 'key-k', convert_to('{\"code\":\"pcn-a\",\"practice\":\"gp-k\",\"network\":\"pcn-b\","
        "\"on\":\"2026-11-25\"}', 'UTF8'), '', 1, now())",
        "MoveMember", "{\"code\":\"pcn-a\",\"practice\":\"gp-k\",\"network\":\"pcn-b\",\"on\":\"2026-11-25\"}");
    world->key = NULL;
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(world->verdict, "replayed");
    assert_int_equal(version_of(world, "pcn-a"), a);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM membership WHERE practice = 'gp-k'"), 1);
}

static void a_membership_was_wrong(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'gp-w','name':'Practice W','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-a", "gp-w", "2020-01-01");
    refused(world, STATUS_NOT_FOUND, "from", "CorrectMember",
            "{'code':'pcn-a','practice':'gp-w','from':'2020-01-02','newFrom':'2021-01-01'}");
    refused(world, STATUS_INVALID_ARGUMENT, "never", "CorrectMember", "{'code':'pcn-a','practice':'gp-w','from':'2020-01-01'}");
    refused(world, STATUS_INVALID_ARGUMENT, "never", "CorrectMember",
            "{'code':'pcn-a','practice':'gp-w','from':'2020-01-01','never':true,'newTo':'2021-01-01'}");
    refused(world, STATUS_INVALID_ARGUMENT, "newTo", "CorrectMember",
            "{'code':'pcn-a','practice':'gp-w','from':'2020-01-01','newTo':'2019-01-01'}");
    done(world, "CorrectMember", "{'code':'pcn-a','practice':'gp-w','from':'2020-01-01','newFrom':'2021-01-01','newTo':'2022-12-31'}");
    assert_parent(world, "gp-w", "2020-12-31", "ccg-a");
    assert_parent(world, "gp-w", "2021-01-01", "pcn-a");
    assert_parent(world, "gp-w", "2022-12-31", "pcn-a");
    assert_parent(world, "gp-w", "2023-01-01", "ccg-a");
    assert_int_equal(test_database_number(world->database,
                                          "SELECT count(*) FROM superseded_fact WHERE code = 'pcn-a' AND fact ->> 'practice' = 'gp-w' "
                                          "AND fact ->> 'from_on' = '2020-01-01' AND recorded_at < superseded_at"),
                     1);
    const long version = version_of(world, "pcn-a");
    done(world, "CorrectMember", "{'code':'pcn-a','practice':'gp-w','from':'2021-01-01','newTo':'2022-12-31'}");
    assert_int_equal(version_of(world, "pcn-a"), version); // right already
    join(world, "pcn-b", "gp-w", "2024-01-01");
    refused(world, STATUS_ALREADY_EXISTS, "practice", "CorrectMember",
            "{'code':'pcn-a','practice':'gp-w','from':'2021-01-01','ongoing':true}");
    done(world, "CorrectMember", "{'code':'pcn-a','practice':'gp-w','from':'2021-01-01','never':true}");
    assert_parent(world, "gp-w", "2022-01-01", "ccg-a");
    assert_parent(world, "gp-w", "2024-01-01", "pcn-b");
    done(world, "CorrectMember", "{'code':'pcn-b','practice':'gp-w','from':'2024-01-01','never':true}");
    assert_parent(world, "gp-w", "2026-11-25", "ccg-b");
}

static void a_term_was_wrong(void **state)
{
    world_t *world = *state;
    done(world, "AddDirector", "{'code':'pcn-a','director':{'name':'Dr A','from':'2019-07-01','share':'0.5'}}");
    done(world, "CorrectDirector", "{'code':'pcn-a','name':'Dr A','from':'2019-07-01','newName':'Dr B','newTo':'2026-12-31'}");
    says(world, "'directors':[{'name':'Dr B','from':'2019-07-01','to':'2026-12-31','share':'0.5'}]");
    done(world, "CorrectDirector", "{'code':'pcn-a','name':'Dr B','from':'2019-07-01','ongoing':true,'newShare':'1'}");
    says(world, "'directors':[{'name':'Dr B','from':'2019-07-01','share':'1'}]");
    refused(world, STATUS_NOT_FOUND, "from", "CorrectDirector", "{'code':'pcn-a','name':'Dr A','from':'2019-07-01','never':true}");
    done(world, "AddDirector", "{'code':'pcn-a','director':{'name':'Dr C','from':'2019-07-01'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "newShare", "CorrectDirector",
            "{'code':'pcn-a','name':'Dr C','from':'2019-07-01','newShare':'0.5'}");
    done(world, "CorrectDirector", "{'code':'pcn-a','name':'Dr C','from':'2019-07-01','never':true}");
    done(world, "CorrectDirector", "{'code':'pcn-a','name':'Dr B','from':'2019-07-01','never':true}");
    lacks(world, "Dr ");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM superseded_fact WHERE kind = 'director'"), 4);
}

static void a_list_size_was_wrong(void **state)
{
    world_t *world = *state;
    const char *const size = "{'code':'pcn-a','listSize':{'kind':'registered','count':28000,'asOf':'2026-01-01','source':'NHS'}}";
    done(world, "AddListSize", size);
    refused(world, STATUS_ALREADY_EXISTS, "asOf", "AddListSize", size);
    refused(world, STATUS_FAILED_PRECONDITION, "asOf", "AddListSize",
            "{'code':'pcn-a','correction':true,'listSize':{'kind':'weighted','count':1,'asOf':'2026-01-01','source':'NHS'}}");
    const long version = version_of(world, "pcn-a");
    done(world, "AddListSize",
         "{'code':'pcn-a','correction':true,'listSize':{'kind':'registered','count':28500,'asOf':'2026-01-01','source':'Erratum'}}");
    assert_int_equal(version_of(world, "pcn-a"), version + 1);
    done(world, "GetNetwork", "{'code':'pcn-a'}");
    says(world, "'stated':28500");
    assert_int_equal(test_database_number(world->database, "SELECT (fact ->> 'count')::int FROM superseded_fact WHERE kind = 'list-size'"),
                     28000);
    done(world, "AddListSize",
         "{'code':'pcn-a','correction':true,'listSize':{'kind':'registered','count':28500,'asOf':'2026-01-01','source':'Erratum'}}");
    assert_int_equal(version_of(world, "pcn-a"), version + 1); // right already
}

static void a_commissioner_waives_the_band(void **state)
{
    world_t *world = *state;
    const char *const waiver = "{'code':'pcn-a','waiver':{'from':'2026-04-01','to':'2027-03-31','reason':'Rural'}}";
    world->unlimited = false;
    world->organisation = "pcn-a";
    refused(world, STATUS_NOT_FOUND, "code", "AddWaiver", waiver); // not its own
    world->organisation = "ccg-b";
    refused(world, STATUS_NOT_FOUND, "code", "AddWaiver", waiver);
    world->organisation = "ccg-a";
    done(world, "AddWaiver", waiver);
    says(world, "'waivers':[{'from':'2026-04-01','to':'2027-03-31','reason':'Rural','grantedBy':'ccg-a'}]");
    refused(world, STATUS_ALREADY_EXISTS, "from", "AddWaiver", "{'code':'pcn-a','waiver':{'from':'2027-03-31','reason':'Rural'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "grantedBy", "AddWaiver",
            "{'code':'pcn-a','waiver':{'from':'2027-04-01','reason':'Rural','grantedBy':'ccg-b'}}");
    refused(world, STATUS_INVALID_ARGUMENT, "to", "AddWaiver",
            "{'code':'pcn-a','waiver':{'from':'2027-04-01','to':'2027-03-31','reason':'Rural'}}");
    done(world, "AddWaiver", "{'code':'pcn-a','waiver':{'from':'2027-04-01','reason':'Rural','grantedBy':'ics-a'}}");
    world->organisation = NULL;
    world->unlimited = true;
    done(world, "GetNetwork", "{'code':'pcn-a','asOf':'2026-03-31'}");
    lacks(world, "Rural");
    done(world, "GetNetwork", "{'code':'pcn-a','asOf':'2028-03-31'}");
    says(world, "'grantedBy':'ics-a'");
    lacks(world, "ccg-a','source");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/pcn-a' "
                                                           "AND json_array_length(data::json -> 'waivers') = 2"),
                     1);
}

static void every_change_has_exactly_its_event(void **state)
{
    // pcn-a and pcn-new were changed behind the registry's back, once each.
    assert_events_complete(*state, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_practice_moves_today),
        cmocka_unit_test(a_move_of_the_past_is_as_of_then),
        cmocka_unit_test(a_move_to_come_waits),
        cmocka_unit_test(a_practice_changes_its_sub_group),
        cmocka_unit_test(moves_are_refused),
        cmocka_unit_test(a_practice_leaves),
        cmocka_unit_test(two_moves_race),
        cmocka_unit_test(a_repeated_move_is_replayed),
        cmocka_unit_test(a_membership_was_wrong),
        cmocka_unit_test(a_term_was_wrong),
        cmocka_unit_test(a_list_size_was_wrong),
        cmocka_unit_test(a_commissioner_waives_the_band),
        cmocka_unit_test(every_change_has_exactly_its_event),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
