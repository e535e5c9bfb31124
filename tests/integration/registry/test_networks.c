#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

static int setup(void **state)
{
    const int failed = world_setup(state);
    if (failed == 0)
        world_populate(*state);
    return failed;
}

static long version_of(world_t *world, const char *code)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT version FROM organisation WHERE code = '%s'", code);
    return test_database_number(world->database, sql);
}

static void an_empty_network_has_its_commissioner(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\"}");
    assert_reply_has(world, "\"commissioner\":\"ccg-a\"");
    assert_reply_has(world,
                     "\"missing\":[\"members\",\"list-size\",\"mapped-area\",\"clinical-director\",\"payee\",\"network-agreement\"]");
    assert_reply_has(world, "practice-count-difference");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetNetwork", "{\"code\":\"gp-a\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetNetwork", "{\"code\":\"pcn-z\"}");
}

static void a_member_joins(void **state)
{
    world_t *world = *state;
    const long version = version_of(world, "pcn-a");
    assert_call(
        world, "AddMember",
        "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2019-07-01\",\"source\":\"Appendix 3\",\"fromAssumed\":true}}");
    assert_int_equal(world->version, version + 1);
    assert_int_equal(version_of(world, "pcn-a"), version + 1);
    assert_reply_has(
        world, "{\"practice\":\"gp-a\",\"name\":\"Practice A\",\"from\":\"2019-07-01\",\"source\":\"Appendix 3\",\"fromAssumed\":true}");
    assert_int_equal(version_of(world, "gp-a"), 1); // below the network already
    char *reply = strdup(world->reply);
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\"}");
    assert_string_equal(world->reply, reply); // what was replied is what is read
    free(reply);
}

static void a_practice_moves_below_its_network(void **state)
{
    world_t *world = *state;
    const long version = version_of(world, "pcn-a");
    assert_call(world, "AddMember",
                "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-b\",\"from\":\"2019-07-01\",\"subGroup\":\"team-1\"}}");
    assert_int_equal(version_of(world, "gp-b"), 2);
    char *parent = test_database_query(world->database, "SELECT parent FROM organisation WHERE code = 'gp-b'");
    assert_string_equal(parent, "pcn-a");
    free(parent);
    assert_int_equal(test_database_number(world->database,
                                          "SELECT count(*) FROM event_queue WHERE subject = 'organisations/gp-b' AND version = 2 "
                                          "AND data::jsonb ->> 'parent' = 'pcn-a'"),
                     1);
    assert_int_equal(version_of(world, "pcn-a"), version + 1);
    assert_reply_has(world, "\"subGroups\":[{\"code\":\"team-1\",\"practices\":[\"gp-b\"]}]");
}

static void a_practice_has_one_network_at_a_time(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"pcn-b\",\"name\":\"Network B\",\"kind\":\"network\",\"parent\":\"ccg-b\"}}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "practice", "AddMember",
                   "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2030-01-01\"}}");
    assert_non_null(strstr(world->problem.detail, "pcn-a"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "practice", "AddMember",
                   "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"ccg-a\",\"from\":\"2030-01-01\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "practice", "AddMember",
                   "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"gp-z\",\"from\":\"2030-01-01\"}}");
    // Before its time in the other network, and over before today: its parent of those days follows, that of today stays.
    const long version = version_of(world, "gp-a");
    assert_call(world, "AddMember",
                "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2019-01-01\",\"to\":\"2019-06-30\"}}");
    assert_reply_has(world, "\"practice\":\"gp-a\""); // the reply shows the first day, since it does not hold today
    assert_int_equal(version_of(world, "gp-a"), version + 1);
    assert_call(world, "GetOrganisation", "{\"code\":\"gp-a\",\"asOf\":\"2019-06-30\"}");
    assert_reply_has(world, "\"parent\":\"pcn-b\"");
    assert_call(world, "GetOrganisation", "{\"code\":\"gp-a\",\"asOf\":\"2019-07-01\"}");
    assert_reply_has(world, "\"parent\":\"pcn-a\"");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-b\"}");
    assert_reply_lacks(world, "gp-a");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-b\",\"asOf\":\"2019-06-30\"}");
    assert_reply_has(world, "\"practice\":\"gp-a\"");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\",\"asOf\":\"2019-06-30\"}");
    assert_reply_lacks(world, "\"practice\":\"gp-a\"");
}

static void the_database_itself_holds_that(void **state)
{
    world_t *world = *state;
    const long members = test_database_number(world->database, "SELECT count(*) FROM membership WHERE practice = 'gp-a'");
    // Somebody else takes the practice between the load and the save: nothing is written, and the second look says why.
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"gp-c\",\"name\":\"Practice C\",\"kind\":\"practice\",\"parent\":\"ccg-a\"}}");
    const long version = version_of(world, "pcn-b");
    const status_t status =
        world_race(world, "INSERT INTO membership (practice, network, from_on) VALUES ('gp-c', 'pcn-a', '2020-01-01')", "AddMember",
                   "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"gp-c\",\"from\":\"2020-06-01\",\"subGroup\":\"team-9\"}}");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM sub_group WHERE code = 'team-9'"), 0);
    assert_int_equal(status, STATUS_ALREADY_EXISTS);
    assert_string_equal(world->problem.field, "practice");
    assert_int_equal(version_of(world, "pcn-b"), version);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM membership WHERE practice = 'gp-a'"), members);
    char *refused = test_database_query(world->database,
                                        "SELECT 'x' FROM membership a JOIN membership b ON a.practice = b.practice AND a.ctid < b.ctid "
                                        "AND daterange(a.from_on, a.to_on, '[]') && daterange(b.from_on, b.to_on, '[]')");
    assert_null(refused);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM pg_constraint WHERE contype = 'x'"), 6);
}

static void a_changed_practice_is_looked_at_again(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"gp-d\",\"name\":\"Practice D\",\"kind\":\"practice\",\"parent\":\"ccg-b\"}}");
    assert_int_equal(world_race(world, "UPDATE organisation SET name = 'Practice D2', version = 2 WHERE code = 'gp-d'", "AddMember",
                                "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"gp-d\",\"from\":\"2020-06-01\"}}"),
                     STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_reply_has(world, "Practice D2");
    assert_int_equal(version_of(world, "gp-d"), 3);
    assert_int_equal(
        test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/gp-d' AND version = 3"), 1);
}

static void directors_share_the_job(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddDirector",
                "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr V Bolarum\",\"from\":\"2019-07-01\",\"share\":\"0.50\"}}");
    assert_call(world, "AddDirector",
                "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr A Khalid\",\"from\":\"2019-07-01\",\"share\":\"0.5\"}}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "name", "AddDirector",
                   "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr A Khalid\",\"from\":\"2020-07-01\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "share", "AddDirector",
                   "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr C\",\"from\":\"2020-07-01\",\"share\":\"0.001\"}}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "AddDirector",
                   "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr C\",\"from\":\"2020-07-01\",\"to\":\"2020-06-30\"}}");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\"}");
    assert_reply_has(world, "{\"name\":\"Dr A Khalid\",\"from\":\"2019-07-01\",\"share\":\"0.5\"},{\"name\":\"Dr V "
                            "Bolarum\",\"from\":\"2019-07-01\",\"share\":\"0.5\"}");
    assert_reply_lacks(world, "\"clinical-director\"");
}

static void list_sizes_are_counted(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"pcn-nwl\",\"name\":\"North West\",\"kind\":\"network\",\"parent\":\"ccg-b\"}}");
    static const struct {
        const char *group;
        int count;
    } sizes[] = {{NULL, 107866}, {"nwl-1", 42823}, {"nwl-2", 37319}, {"nwl-3", 27724}};
    for (size_t i = 0; i < 4; i++) {
        char group[64] = "";
        if (sizes[i].group != NULL)
            (void)snprintf(group, sizeof group, ",\"subGroup\":\"%s\"", sizes[i].group);
        assert_call(
            world, "AddListSize",
            "{\"code\":\"pcn-nwl\",\"listSize\":{\"kind\":\"registered\",\"count\":%d,\"asOf\":\"2019-06-20\",\"source\":\"App 3\"%s}}",
            sizes[i].count, group);
        assert_int_equal(world->version, 2 + (int)i);
        assert_reply_has(world, "\"organisation\":\"pcn-nwl\"");
    }
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-nwl\"}");
    assert_reply_has(world,
                     "\"listSize\":{\"stated\":107866,\"computed\":107866,\"difference\":0,\"asOf\":\"2019-06-20\",\"source\":\"App 3\","
                     "\"computedFrom\":\"sub-groups\"}");
    assert_reply_has(world, "size-band-above");
    assert_reply_lacks(world, "list-size-difference");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "asOf", "AddListSize",
                   "{\"code\":\"pcn-nwl\",\"listSize\":{\"kind\":\"registered\",\"count\":1,\"asOf\":\"2019-06-20\",\"source\":\"x\"}}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "asOf", "AddListSize",
                   "{\"code\":\"pcn-nwl\",\"listSize\":{\"kind\":\"registered\",\"count\":1,\"asOf\":\"2026-11-26\",\"source\":\"x\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "subGroup", "AddListSize",
                   "{\"code\":\"gp-a\",\"listSize\":{\"kind\":\"registered\",\"count\":1,\"asOf\":\"2019-06-20\",\"source\":\"x\","
                   "\"subGroup\":\"g1\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddListSize",
                   "{\"code\":\"gp-z\",\"listSize\":{\"kind\":\"registered\",\"count\":1,\"asOf\":\"2019-06-20\",\"source\":\"x\"}}");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/pcn-nwl' "
                                                           "AND data::jsonb #>> '{listSizes,2,subGroup}' = 'nwl-2'"),
                     2); // when it was counted, and ever since
}

static char *last_sizes(world_t *world, const char *code)
{
    char query[512];
    (void)snprintf(
        query, sizeof query,
        "SELECT string_agg(concat_ws(' ', s ->> 'kind', s ->> 'subGroup', s ->> 'asOf', s ->> 'count', s ->> 'synthetic'), ', ') "
        "FROM (SELECT data::jsonb AS data FROM event_queue WHERE subject = 'organisations/%s' ORDER BY version DESC LIMIT 1) e "
        "CROSS JOIN LATERAL jsonb_array_elements(e.data -> 'listSizes') s",
        code);
    return test_database_query(world->database, query);
}

static void assert_last_sizes(world_t *world, const char *code, const char *expected)
{
    char *sizes = last_sizes(world, code);
    assert_non_null(sizes);
    assert_string_equal(sizes, expected);
    free(sizes);
}

static void assert_size_added(world_t *world, const char *code, const char *kind, const char *as_of, int count, const char *more)
{
    assert_call(world, "AddListSize", "{\"code\":\"%s\",\"listSize\":{\"kind\":\"%s\",\"count\":%d,\"asOf\":\"%s\",\"source\":\"s\"%s}}",
                code, kind, count, as_of, more);
}

// Every event of an organisation has them, whatever it tells, so who begins with a snapshot does not miss them.
static void an_event_has_the_list_sizes_on_record(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"gp-sized\",\"name\":\"S\",\"kind\":\"practice\",\"parent\":\"ccg-b\"}}");
    assert_size_added(world, "gp-sized", "registered", "2020-01-01", 9000, "");
    assert_size_added(world, "gp-sized", "weighted", "2020-01-01", 9500, "");
    assert_size_added(world, "gp-sized", "registered", "2019-01-01", 8900, "");
    assert_size_added(world, "gp-sized", "registered", "2020-01-01", 7000, ",\"synthetic\":true");
    assert_call(world, "UpdateOrganisation", "{\"code\":\"gp-sized\",\"organisation\":{\"name\":\"Other\"}}");
    assert_reply_lacks(world, "listSizes");
    const char *all = "registered 2019-01-01 8900, registered 2020-01-01 9000, registered 2020-01-01 7000 true, weighted 2020-01-01 9500";
    assert_last_sizes(world, "gp-sized", all);
    assert_call(world, "AddFact", "{\"code\":\"gp-sized\",\"fact\":{\"fact\":\"f\",\"qualifier\":\"eq\",\"value\":\"1\",\"source\":\"s\"}}");
    assert_last_sizes(world, "gp-sized", all);
    assert_call(world, "CloseOrganisation", "{\"code\":\"gp-sized\",\"on\":\"2020-06-01\"}");
    assert_reply_lacks(world, "listSizes");
    assert_last_sizes(world, "gp-sized", all);
}

// Nobody's history makes each of its events long.
static void an_event_has_the_newest_of_a_long_history(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"gp-old\",\"name\":\"O\",\"kind\":\"practice\",\"parent\":\"ccg-b\"}}");
    for (int i = 0; i < 26; i++) {
        char day[16];
        (void)snprintf(day, sizeof day, "20%02d-%02d-01", 20 + i / 12, 1 + i % 12);
        assert_size_added(world, "gp-old", "registered", day, 9000 + i, "");
    }
    assert_size_added(world, "gp-old", "registered", "2010-01-01", 1, "");
    char *sizes = last_sizes(world, "gp-old");
    assert_non_null(strstr(sizes, "registered 2010-01-01 1, registered 2020-03-01 9002, ")); // what was recorded, whatever its day
    free(sizes);
    assert_call(world, "UpdateOrganisation", "{\"code\":\"gp-old\",\"organisation\":{\"name\":\"Other\"}}");
    sizes = last_sizes(world, "gp-old");
    assert_int_equal(strncmp(sizes, "registered 2020-03-01 9002, ", strlen("registered 2020-03-01 9002, ")), 0);
    free(sizes);
}

static void synthetic_and_weighted_sizes_stand_aside(void **state)
{
    world_t *world = *state;
    static const char *const practices[] = {"gp-a", "gp-b", "gp-c"};
    for (size_t i = 0; i < 3; i++)
        assert_call(world, "AddListSize",
                    "{\"code\":\"%s\",\"listSize\":{\"kind\":\"registered\",\"count\":1,\"asOf\":\"2020-01-01\",\"source\":\"made "
                    "up\",\"synthetic\":true}}",
                    practices[i]);
    assert_call(world, "AddListSize",
                "{\"code\":\"pcn-a\",\"listSize\":{\"kind\":\"weighted\",\"count\":1,\"asOf\":\"2020-01-01\",\"source\":\"x\"}}");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\",\"asOf\":\"2020-01-01\"}");
    assert_reply_has(world, "\"listSize\":{\"asOf\":\"2020-01-01\"}");
    // The real ones of the same day are not in the way of the synthetic ones.
    for (size_t i = 0; i < 3; i++)
        assert_call(world, "AddListSize",
                    "{\"code\":\"%s\",\"listSize\":{\"kind\":\"registered\",\"count\":10000,\"asOf\":\"2020-01-01\",\"source\":\"real\"}}",
                    practices[i]);
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\"}");
    assert_reply_has(world, "\"computed\":30000,\"asOf\":\"2020-01-01\",\"computedFrom\":\"members\"");
    assert_call(world, "GetOrganisation", "{\"code\":\"gp-a\"}");
    assert_int_equal(world->version, version_of(world, "gp-a"));
}

static void networks_are_changed_within_reach(void **state)
{
    world_t *world = *state;
    world->unlimited = false;
    world->organisation = "pcn-a";
    assert_call(world, "AddDirector",
                "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr Own\",\"from\":\"2019-01-01\",\"to\":\"2019-01-31\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddDirector",
                   "{\"code\":\"pcn-b\",\"director\":{\"name\":\"Dr Other\",\"from\":\"2019-01-01\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddMember",
                   "{\"code\":\"pcn-b\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2018-01-01\",\"to\":\"2018-01-01\"}}");
    // A practice lies below its network by its membership of today, whatever its parent.
    assert_call(world, "AddListSize",
                "{\"code\":\"gp-c\",\"listSize\":{\"kind\":\"adjusted\",\"count\":5,\"asOf\":\"2020-01-01\",\"source\":\"x\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddListSize",
                   "{\"code\":\"gp-d\",\"listSize\":{\"kind\":\"adjusted\",\"count\":5,\"asOf\":\"2020-01-01\",\"source\":\"x\"}}");
    world->organisation = NULL;
    world->unlimited = true;
}

static void a_patched_network_keeps_what_hangs_on_it(void **state)
{
    world_t *world = *state;
    assert_call(world, "UpdateOrganisation", "{\"code\":\"pcn-a\",\"organisation\":{\"payee\":\"gp-a\",\"parent\":\"ccg-b\"}}");
    assert_int_equal(test_database_number(world->database, "SELECT jsonb_array_length(data::jsonb -> 'members') FROM event_queue "
                                                           "WHERE subject = 'organisations/pcn-a' ORDER BY version DESC LIMIT 1"),
                     3);
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-a\"}");
    assert_reply_has(world, "\"commissioner\":\"ccg-b\"");
    assert_reply_has(world, "\"payee\":\"gp-a\"");
    assert_reply_lacks(world, "No payee");
}

static void every_change_has_exactly_its_event(void **state)
{
    world_t *world = *state;
    assert_int_equal(
        test_database_number(world->database,
                             "SELECT count(*) FROM (SELECT subject FROM event_queue GROUP BY subject, version HAVING count(*) > 1) twice"),
        0);
    // gp-d was changed behind the registry's back, once.
    assert_int_equal(
        test_database_number(world->database,
                             "SELECT count(*) FROM organisation o CROSS JOIN LATERAL generate_series(1, o.version) v "
                             "LEFT JOIN event_queue e ON e.subject = 'organisations/' || o.code AND e.version = v WHERE e.id IS NULL"),
        1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_network_has_its_commissioner),
        cmocka_unit_test(a_member_joins),
        cmocka_unit_test(a_practice_moves_below_its_network),
        cmocka_unit_test(a_practice_has_one_network_at_a_time),
        cmocka_unit_test(the_database_itself_holds_that),
        cmocka_unit_test(a_changed_practice_is_looked_at_again),
        cmocka_unit_test(directors_share_the_job),
        cmocka_unit_test(list_sizes_are_counted),
        cmocka_unit_test(an_event_has_the_list_sizes_on_record),
        cmocka_unit_test(an_event_has_the_newest_of_a_long_history),
        cmocka_unit_test(synthetic_and_weighted_sizes_stand_aside),
        cmocka_unit_test(networks_are_changed_within_reach),
        cmocka_unit_test(a_patched_network_keeps_what_hangs_on_it),
        cmocka_unit_test(every_change_has_exactly_its_event),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
