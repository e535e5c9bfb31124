// Organisations that merge and split.
#include "common/rpc/server.h"
#include "tests/integration/registry/verbs.h"

// Today is 25 November 2026. pcn-a (gp-a, gp-b, and gp-c that has left), pcn-b (gp-d).
static int setup(void **state)
{
    const int failed = world_setup(state);
    if (failed != 0)
        return failed;
    world_t *world = *state;
    world_populate(world);
    create(world, "{'code':'pcn-b','name':'Network B','kind':'network','parent':'ccg-b'}");
    create(world, "{'code':'gp-c','name':'Practice C','kind':'practice','parent':'ccg-a'}");
    create(world, "{'code':'gp-d','name':'Practice D','kind':'practice','parent':'ccg-b'}");
    join(world, "pcn-a", "gp-a", "2019-07-01");
    join(world, "pcn-a", "gp-b", "2019-07-01");
    done(world, "AddMember", "{'code':'pcn-a','member':{'practice':'gp-c','from':'2019-07-01','to':'2021-03-31'}}");
    join(world, "pcn-b", "gp-d", "2019-07-01");
    done(world, "AddDirector", "{'code':'pcn-a','director':{'name':'Dr A','from':'2019-07-01'}}");
    return 0;
}

static void a_merger_is_refused(void **state)
{
    world_t *world = *state;
    refused(world, STATUS_NOT_FOUND, "code", "MergeOrganisation", "{'code':'pcn-z','into':'pcn-b','on':'2026-11-25'}");
    refused(world, STATUS_NOT_FOUND, "into", "MergeOrganisation", "{'code':'pcn-a','into':'pcn-z','on':'2026-11-25'}");
    refused(world, STATUS_FAILED_PRECONDITION, "into", "MergeOrganisation", "{'code':'pcn-a','into':'pcn-a','on':'2026-11-25'}");
    refused(world, STATUS_FAILED_PRECONDITION, "into", "MergeOrganisation", "{'code':'pcn-a','into':'ccg-b','on':'2026-11-25'}");
    create(world, "{'code':'fed-a','name':'Federation','kind':'federation','parent':'ics-a'}");
    create(world, "{'code':'fed-b','name':'Below','kind':'federation','parent':'fed-a'}");
    refused(world, STATUS_FAILED_PRECONDITION, "into", "MergeOrganisation", "{'code':'fed-a','into':'fed-b','on':'2026-11-25'}");
    create(world, "{'code':'pcn-late','name':'Late','kind':'network','parent':'ccg-b','openedOn':'2026-07-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "into", "MergeOrganisation", "{'code':'pcn-a','into':'pcn-late','on':'2026-06-30'}");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "MergeOrganisation", "{'code':'pcn-late','into':'pcn-b','on':'2026-07-01'}");
    world->unlimited = false;
    world->organisation = "ccg-a";
    refused(world, STATUS_NOT_FOUND, "into", "MergeOrganisation", "{'code':'pcn-a','into':'pcn-b','on':'2026-11-25'}");
    world->organisation = "ccg-b";
    refused(world, STATUS_NOT_FOUND, "code", "MergeOrganisation", "{'code':'pcn-a','into':'pcn-b','on':'2026-11-25'}");
    world->unlimited = true;
    world->organisation = NULL;
}

static void networks_merge_in_the_past(void **state)
{
    world_t *world = *state;
    const long a = version_of(world, "pcn-a"), b = version_of(world, "pcn-b"), c = version_of(world, "gp-c");
    done(world, "MergeOrganisation", "{'code':'pcn-a','into':'pcn-b','on':'2025-04-01','source':'Board paper'}");
    says(world, "'status':'closed'");
    says(world, "'closedOn':'2025-04-01'");
    says(world, "'successors':['pcn-b']");
    assert_int_equal(world->version, a + 1);
    assert_int_equal(version_of(world, "pcn-b"), b + 1);
    assert_int_equal(version_of(world, "gp-c"), c); // it had left
    assert_members(world, "pcn-a", "2025-03-31", "gp-a gp-b");
    says(world, "'status':'active'");
    says(world, "Dr A");
    assert_members(world, "pcn-a", "2025-04-01", "");
    says(world, "'status':'closed'");
    lacks(world, "Dr A");
    assert_members(world, "pcn-b", "2025-03-31", "gp-d");
    assert_members(world, "pcn-b", "2025-04-01", "gp-a gp-b gp-d");
    assert_members(world, "pcn-b", "2026-11-25", "gp-a gp-b gp-d");
    says(world, "'predecessors':['pcn-a']");
    assert_parent(world, "gp-b", "2025-03-31", "pcn-a");
    assert_parent(world, "gp-b", "2025-04-01", "pcn-b");
    assert_last_event(world, "gp-b", "updated");
    assert_last_event(world, "pcn-a", "updated");
    refused(world, STATUS_ALREADY_EXISTS, "code", "MergeOrganisation", "{'code':'pcn-a','into':'pcn-b','on':'2025-04-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "into", "MergeOrganisation", "{'code':'pcn-b','into':'pcn-a','on':'2026-11-25'}");
    assert_events_complete(world, 0);
}

static void networks_merge_on_a_day_to_come(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-c','name':'Network C','kind':'network','parent':'ccg-a'}");
    create(world, "{'code':'gp-e','name':'Practice E','kind':'practice','parent':'ccg-a'}");
    create(world, "{'code':'gp-f','name':'Practice F','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-c", "gp-e", "2020-01-01");
    join(world, "pcn-c", "gp-f", "2027-01-01");
    done(world, "MergeOrganisation", "{'code':'pcn-c','into':'pcn-b','on':'2026-12-01'}");
    says(world, "'status':'active'");
    says(world, "'coming':[{'from':'2026-12-01'");
    assert_last_event(world, "pcn-c", "announced");
    assert_last_event(world, "pcn-b", "announced");
    assert_members(world, "pcn-c", "2026-11-30", "gp-e");
    assert_members(world, "pcn-b", "2026-12-01", "gp-a gp-b gp-d gp-e");
    assert_members(world, "pcn-b", "2027-01-01", "gp-a gp-b gp-d gp-e gp-f");
    assert_last_event(world, "gp-e", "announced");
    assert_parent(world, "gp-e", "2026-11-30", "pcn-c");
    assert_parent(world, "gp-e", "2026-12-01", "pcn-b");
    assert_parent(world, "gp-f", "2026-12-31", "ccg-a");
    assert_parent(world, "gp-f", "2027-01-01", "pcn-b");
    refused(world, STATUS_ALREADY_EXISTS, "code", "MergeOrganisation", "{'code':'pcn-c','into':'pcn-b','on':'2026-12-01'}");
    world->today = "2026-12-01";
    done(world, "ComeIntoForce", "{'code':'pcn-c'}");
    says(world, "'status':'closed'");
    done(world, "ComeIntoForce", "{'code':'gp-e'}");
    assert_parent(world, "gp-e", "2026-12-01", "pcn-b");
    world->today = "2026-11-25";
    assert_events_complete(world, 0);
}

static void a_commissioner_merges_into_its_successor(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'sub-a','name':'Sub-ICB','kind':'sub-icb','parent':'ics-a'}");
    create(world, "{'code':'pcn-d','name':'Network D','kind':'network','parent':'ccg-a'}");
    create(world, "{'code':'gp-g','name':'Practice G','kind':'practice','parent':'ccg-a'}");
    create(world, "{'code':'gp-h','name':'Practice H','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-d", "gp-h", "2020-01-01");
    refused(world, STATUS_FAILED_PRECONDITION, "into", "MergeOrganisation", "{'code':'sub-a','into':'ccg-a','on':'2022-07-01'}");
    const long h = version_of(world, "gp-h");
    done(world, "MergeOrganisation", "{'code':'ccg-a','into':'sub-a','on':'2022-07-01'}");
    assert_parent(world, "pcn-d", "2022-06-30", "ccg-a");
    assert_parent(world, "pcn-d", "2022-07-01", "sub-a");
    done(world, "GetNetwork", "{'code':'pcn-d'}");
    says(world, "'commissioner':'sub-a'");
    assert_parent(world, "gp-g", "2022-07-01", "sub-a");
    // gp-h joined before: on its way below ccg-a it was over by then.
    assert_int_equal(version_of(world, "gp-h"), h);
    assert_parent(world, "gp-h", "2019-12-31", "ccg-a");
    // pcn-a was closed in 2025: until then it lay below the successor.
    assert_parent(world, "pcn-a", "2022-06-30", "ccg-a");
    assert_parent(world, "pcn-a", "2023-01-01", "sub-a");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/pcn-d' "
                                                           "AND data::jsonb ->> 'commissioner' = 'sub-a'"),
                     1);
    assert_events_complete(world, 0);
}

static void practices_merge(void **state)
{
    world_t *world = *state;
    const long d = version_of(world, "gp-d");
    done(world, "MergeOrganisation", "{'code':'gp-b','into':'gp-d','on':'2026-10-01'}");
    assert_members(world, "pcn-b", "2026-09-30", "gp-a gp-b gp-d");
    assert_members(world, "pcn-b", "2026-10-01", "gp-a gp-d");
    assert_int_equal(version_of(world, "gp-d"), d + 1);
    assert_events_complete(world, 0);
}

static void a_network_splits(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-s','name':'Large','kind':'network','parent':'ccg-b','place':'la-a'}");
    for (char digit = '1'; digit <= '4'; digit++) {
        char json[256];
        (void)snprintf(json, sizeof json, "{'code':'gp-s%c','name':'Practice %c','kind':'practice','parent':'ccg-b'}", digit, digit);
        create(world, json);
        (void)snprintf(json, sizeof json, "gp-s%c", digit);
        join(world, "pcn-s", json, digit == '4' ? "2027-01-01" : "2020-01-01");
    }
    refused(world, STATUS_INVALID_ARGUMENT, "into", "SplitOrganisation",
            "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s1','name':'One'}]}");
    refused(
        world, STATUS_FAILED_PRECONDITION, "into", "SplitOrganisation",
        "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s1','name':'One','members':['gp-s1']},{'code':'pcn-s2','name':'Two'}]}");
    assert_non_null(strstr(world->problem.detail, "gp-s2, gp-s3, gp-s4"));
    refused(world, STATUS_FAILED_PRECONDITION, "into[1].members[0]", "SplitOrganisation",
            "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s1','name':'One','members':['gp-s1','gp-s2','gp-s3','gp-s4']},"
            "{'code':'pcn-s2','name':'Two','members':['gp-d']}]}");
    refused(world, STATUS_INVALID_ARGUMENT, "into[1].members[0]", "SplitOrganisation",
            "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s1','name':'One','members':['gp-s1','gp-s2','gp-s3','gp-s4']},"
            "{'code':'pcn-s2','name':'Two','members':['gp-s1']}]}");
    refused(world, STATUS_ALREADY_EXISTS, "into[1].code", "SplitOrganisation",
            "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s1','name':'One','members':['gp-s1','gp-s2','gp-s3','gp-s4']},"
            "{'code':'pcn-b','name':'Two'}]}");
    done(world, "SplitOrganisation",
         "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s1','name':'One','members':['gp-s1','gp-s4']},"
         "{'code':'pcn-s2','name':'Two','members':['gp-s2','gp-s3']}]}");
    says(world, "'successors':['pcn-s1','pcn-s2']");
    assert_members(world, "pcn-s", "2026-03-31", "gp-s1 gp-s2 gp-s3");
    assert_members(world, "pcn-s", "2026-04-01", "");
    assert_members(world, "pcn-s1", "2026-04-01", "gp-s1");
    assert_members(world, "pcn-s1", "2027-01-01", "gp-s1 gp-s4");
    assert_members(world, "pcn-s2", "2026-04-01", "gp-s2 gp-s3");
    says(world, "'parent':'ccg-b','place':'la-a'");
    says(world, "'predecessors':['pcn-s']");
    refused(world, STATUS_NOT_FOUND, "code", "GetNetwork", "{'code':'pcn-s1','asOf':'2026-03-31'}");
    assert_parent(world, "gp-s2", "2026-03-31", "pcn-s");
    assert_parent(world, "gp-s2", "2026-04-01", "pcn-s2");
    assert_last_event(world, "pcn-s1", "created");
    refused(world, STATUS_ALREADY_EXISTS, "code", "SplitOrganisation",
            "{'code':'pcn-s','on':'2026-04-01','into':[{'code':'pcn-s3','name':'One'},{'code':'pcn-s4','name':'Two'}]}");
    assert_events_complete(world, 0);
}

static void a_split_to_come_makes_proposed_ones(void **state)
{
    world_t *world = *state;
    done(world, "SplitOrganisation",
         "{'code':'pcn-s2','on':'2026-12-01','into':[{'code':'pcn-s3','name':'Three','members':['gp-s2']},"
         "{'code':'pcn-s4','name':'Four','members':['gp-s3']}]}");
    assert_last_event(world, "pcn-s2", "announced");
    assert_last_event(world, "pcn-s3", "created");
    done(world, "GetOrganisation", "{'code':'pcn-s3'}");
    says(world, "'status':'proposed'");
    assert_members(world, "pcn-s3", "2026-12-01", "gp-s2");
    says(world, "'status':'active'");
    world->today = "2026-12-01";
    done(world, "ComeIntoForce", "{'code':'pcn-s3'}");
    says(world, "'status':'active'");
    world->today = "2026-11-25";
    // It cannot be reached by one who reaches it alone: its successors would stand beside it.
    world->unlimited = false;
    world->organisation = "pcn-s1";
    refused(world, STATUS_NOT_FOUND, "code", "SplitOrganisation",
            "{'code':'pcn-s1','on':'2026-12-01','into':[{'code':'pcn-s5','name':'Five','members':['gp-s1']},"
            "{'code':'pcn-s6','name':'Six','members':['gp-s4']}]}");
    world->unlimited = true;
    world->organisation = NULL;
    assert_events_complete(world, 0);
}

static void a_practice_splits_within_its_network(void **state)
{
    world_t *world = *state;
    done(world, "SplitOrganisation",
         "{'code':'gp-s1','on':'2026-11-25','into':[{'code':'gp-t1','name':'T One'},{'code':'gp-t2','name':'T Two'}]}");
    assert_members(world, "pcn-s1", "2026-11-24", "gp-s1");
    assert_members(world, "pcn-s1", "2026-11-25", "gp-t1 gp-t2");
    assert_parent(world, "gp-t1", "2026-11-25", "pcn-s1");
    assert_events_complete(world, 0);
}

static void a_merger_loses_a_race(void **state)
{
    world_t *world = *state;
    const long b = version_of(world, "pcn-b");
    const status_t status = world_race(
        world, "UPDATE organisation SET status = 'closed', closed_on = '2026-11-25', version = version + 1 WHERE code = 'pcn-s1'",
        "MergeOrganisation", "{\"code\":\"pcn-s1\",\"into\":\"pcn-b\",\"on\":\"2026-11-25\"}");
    assert_int_equal(status, STATUS_ALREADY_EXISTS);
    assert_string_equal(world->problem.field, "code");
    assert_int_equal(version_of(world, "pcn-b"), b);
    assert_events_complete(world, 1);
}

static void too_many_would_change(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'ccg-big','name':'Big','kind':'ccg','parent':'ics-a'}");
    free(test_database_query(world->database,
                             "INSERT INTO organisation (code, name, kind, parent, status, version, created_at, updated_at) "
                             "SELECT 'gp-big-' || n, 'Practice', 'practice', 'ccg-big', 'active', 1, now(), now() "
                             "FROM generate_series(1, 1000) n"));
    refused(world, STATUS_FAILED_PRECONDITION, "", "MergeOrganisation", "{'code':'ccg-big','into':'ccg-b','on':'2026-11-25'}");
    // As many as one request may change, and what lies further below is not touched.
    create(world, "{'code':'ccg-most','name':'Most','kind':'ccg','parent':'ics-a'}");
    free(test_database_query(
        world->database, "INSERT INTO organisation (code, name, kind, parent, status, version, created_at, updated_at) "
                         "SELECT 'pcn-most-' || n, 'Network', 'network', 'ccg-most', 'active', 1, now(), now() "
                         "FROM generate_series(1, 62) n;"
                         "UPDATE organisation SET parent = 'pcn-most-1' WHERE code LIKE 'gp-big-%';"
                         "INSERT INTO membership (practice, network, from_on, source) SELECT 'gp-big-' || n, 'pcn-most-' || 1 + n % 62, "
                         "'2019-07-01', 'A table of a document with a name' FROM generate_series(1, 1000) n;"
                         "INSERT INTO list_size (organisation, kind, as_of, count, source) SELECT 'gp-big-' || n, 'registered', "
                         "date '2021-01-01' + 90 * q, 8000 + q, 'A table of a document with a name' "
                         "FROM generate_series(1, 1000) n, generate_series(1, 20) q"));
    done(world, "MergeOrganisation", "{'code':'ccg-most','into':'ccg-b','on':'2026-11-25'}");
    assert_true(arena_used(world->arena) < RPC_ARENA_CAP);
    assert_int_equal(test_database_number(world->database,
                                          "SELECT count(*) FROM organisation WHERE code LIKE 'pcn-most-%' AND parent = 'ccg-b' "
                                          "AND version = 2"),
                     62);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merger_is_refused),
        cmocka_unit_test(networks_merge_in_the_past),
        cmocka_unit_test(networks_merge_on_a_day_to_come),
        cmocka_unit_test(a_commissioner_merges_into_its_successor),
        cmocka_unit_test(practices_merge),
        cmocka_unit_test(a_network_splits),
        cmocka_unit_test(a_split_to_come_makes_proposed_ones),
        cmocka_unit_test(a_practice_splits_within_its_network),
        cmocka_unit_test(a_merger_loses_a_race),
        cmocka_unit_test(too_many_would_change),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
