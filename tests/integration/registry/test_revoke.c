// What was announced is taken back: everything is as it was, on every day.
#include "tests/integration/registry/verbs.h"

// Today is 25 November 2026. ccg-a: pcn-a (gp-a, gp-b, gp-c that leaves in 2028, gp-j that joins in 2028), pcn-n (gp-n); ccg-b: pcn-b
// (gp-d). fed-p is paid for pcn-b.
static int setup(void **state)
{
    const int failed = world_setup(state);
    if (failed != 0)
        return failed;
    world_t *world = *state;
    world_populate(world);
    create(world, "{'code':'pcn-n','name':'Network N','kind':'network','parent':'ccg-a'}");
    create(world, "{'code':'pcn-b','name':'Network B','kind':'network','parent':'ccg-b','payee':'pcn-a'}");
    create(world, "{'code':'gp-c','name':'Practice C','kind':'practice','parent':'ccg-a'}");
    create(world, "{'code':'gp-d','name':'Practice D','kind':'practice','parent':'ccg-b'}");
    create(world, "{'code':'gp-j','name':'Practice J','kind':'practice','parent':'ccg-b'}");
    create(world, "{'code':'gp-n','name':'Practice N','kind':'practice','parent':'ccg-a'}");
    create(world, "{'code':'gp-l','name':'Below','kind':'practice','parent':'pcn-a'}");
    join(world, "pcn-a", "gp-a", "2019-07-01");
    join(world, "pcn-a", "gp-b", "2019-07-01");
    done(world, "AddMember", "{'code':'pcn-a','member':{'practice':'gp-c','from':'2019-07-01','to':'2028-06-30','subGroup':'north'}}");
    join(world, "pcn-b", "gp-d", "2019-07-01");
    join(world, "pcn-n", "gp-n", "2019-07-01");
    done(world, "AddDirector", "{'code':'pcn-a','director':{'name':'Dr A','from':'2019-07-01'}}");
    done(world, "AddDirector", "{'code':'pcn-a','director':{'name':'Dr B','from':'2019-07-01','to':'2029-12-31'}}");
    // A change to come that has nothing to do with it.
    done(world, "UpdateOrganisation", "{'code':'pcn-a','organisation':{'name':'Network A anew'},'effectiveFrom':'2027-10-01'}");
    return 0;
}

#define ROWS(columns, relation)                                                                                                            \
    "(SELECT coalesce(string_agg(concat_ws('|', " columns "), E'\\n' ORDER BY " columns "), '') FROM " relation ")"

// All that is on record, but for versions and instants, and what turned out never to have held.
// clang-format off
static const char record[] =
    "SELECT concat_ws(E'\\n--\\n', "
    ROWS("o.code, o.name, o.parent, o.place, o.status, o.opened_on, o.closed_on, o.payee, o.facts_from",
         "organisation o WHERE o.code NOT LIKE 'made-%'") ", "
    ROWS("p.code, p.from_on, p.to_on, p.name, p.parent, p.status, p.payee",
         "organisation_past p WHERE p.superseded_at IS NULL AND p.code NOT LIKE 'made-%'") ", "
    ROWS("c.code, c.from_on, c.changes::text", "organisation_coming c WHERE c.code NOT LIKE 'made-%'") ", "
    ROWS("s.predecessor, s.successor, s.on_day, s.manner", "succession s") ", "
    ROWS("m.practice, m.network, m.sub_group, m.from_on, m.to_on, m.source, m.from_assumed", "membership m") ", "
    ROWS("d.network, d.name, d.from_on, d.to_on, d.share, d.source", "director_term d") ")";
// clang-format on

static char *record_of(world_t *world)
{
    char *text = test_database_query(world->database, record);
    assert_non_null(text);
    return text;
}

static void assert_record(world_t *world, const char *expected, const char *what)
{
    char *is = record_of(world);
    const char *line = is, *other = expected;
    for (; *line != '\0' && *other != '\0' && strcspn(line, "\n") == strcspn(other, "\n") &&
           strncmp(line, other, strcspn(line, "\n")) == 0;) {
        line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != '\0');
        other += strcspn(other, "\n") + (other[strcspn(other, "\n")] != '\0');
    }
    if (strcmp(line, other) != 0)
        fail_msg("%s: %.*s instead of %.*s", what, (int)strcspn(line, "\n"), line, (int)strcspn(other, "\n"), other);
    free(is);
}

// The verb for a day to come, and back.
static void there_and_back(world_t *world, const char *method, const char *json, const char *revoke, const char *back)
{
    char *before = record_of(world);
    done(world, method, json);
    char *after = record_of(world);
    assert_true(strcmp(before, after) != 0);
    const long events = test_database_number(world->database, "SELECT count(*) FROM event_queue");
    done(world, revoke, back);
    assert_record(world, before, json);
    assert_true(test_database_number(world->database, "SELECT count(*) FROM event_queue") > events);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM announcement"), 0);
    refused(world, STATUS_NOT_FOUND, "on", revoke, back);
    free(before);
    free(after);
    assert_events_complete(world, 0);
}

static void each_verb_is_taken_back(void **state)
{
    world_t *world = *state;
    static const char *const verbs[][4] = {
        {"CloseOrganisation", "{'code':'pcn-a','on':'2027-04-01'}", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}"},
        {"CloseOrganisation", "{'code':'pcn-a','on':'2027-04-01','successors':['pcn-n']}", "RevokeOrganisation",
         "{'code':'pcn-a','on':'2027-04-01'}"},
        {"CloseOrganisation", "{'code':'pcn-a','on':'2027-04-01','successors':['pcn-n','pcn-b']}", "RevokeOrganisation",
         "{'code':'pcn-a','on':'2027-04-01'}"},
        {"CloseOrganisation", "{'code':'gp-a','on':'2027-04-01'}", "RevokeOrganisation", "{'code':'gp-a','on':'2027-04-01'}"},
        {"CloseOrganisation", "{'code':'gp-c','on':'2028-07-01'}", "RevokeOrganisation", "{'code':'gp-c','on':'2028-07-01'}"},
        {"MergeOrganisation", "{'code':'pcn-a','into':'pcn-n','on':'2027-04-01'}", "RevokeOrganisation",
         "{'code':'pcn-a','on':'2027-04-01'}"},
        {"MergeOrganisation", "{'code':'pcn-a','into':'pcn-b','on':'2027-10-01'}", "RevokeOrganisation",
         "{'code':'pcn-a','on':'2027-10-01'}"},
        {"MergeOrganisation", "{'code':'pcn-a','into':'pcn-n','on':'2030-01-01'}", "RevokeOrganisation",
         "{'code':'pcn-a','on':'2030-01-01'}"},
        {"MergeOrganisation", "{'code':'gp-b','into':'gp-d','on':'2027-04-01'}", "RevokeOrganisation", "{'code':'gp-b','on':'2027-04-01'}"},
        {"MergeOrganisation", "{'code':'ccg-a','into':'ccg-b','on':'2027-04-01'}", "RevokeOrganisation",
         "{'code':'ccg-a','on':'2027-04-01'}"},
        {"MoveMember", "{'code':'pcn-a','practice':'gp-a','network':'pcn-n','on':'2027-04-01'}", "RevokeMember",
         "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}"},
        {"MoveMember", "{'code':'pcn-a','practice':'gp-c','network':'pcn-b','on':'2027-04-01'}", "RevokeMember",
         "{'code':'pcn-a','practice':'gp-c','on':'2027-04-01'}"},
        {"MoveMember", "{'code':'pcn-a','practice':'gp-b','network':'pcn-a','subGroup':'north','on':'2027-04-01'}", "RevokeMember",
         "{'code':'pcn-a','practice':'gp-b','on':'2027-04-01'}"},
        {"LeaveMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}", "RevokeMember",
         "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}"},
        {"LeaveMember", "{'code':'pcn-a','practice':'gp-c','on':'2027-04-01'}", "RevokeMember",
         "{'code':'pcn-a','practice':'gp-c','on':'2027-04-01'}"},
    };
    for (size_t round = 0; round < 2; round++) {
        // A network that somebody is to join does not close.
        for (size_t i = round == 0 ? 0 : 3; i < sizeof verbs / sizeof *verbs; i++)
            there_and_back(world, verbs[i][0], verbs[i][1], verbs[i][2], verbs[i][3]);
        // With members to come as well, whose memberships the verbs carry over.
        if (round == 0)
            join(world, "pcn-a", "gp-j", "2028-01-01");
    }
    done(world, "GetOrganisation", "{'code':'pcn-a'}");
    says(world, "'status':'active'");
    lacks(world, "successors");
    lacks(world, "closed");
    says(world, "Network A anew");
}

static void those_that_a_split_was_to_make_close(void **state)
{
    world_t *world = *state;
    there_and_back(world, "SplitOrganisation",
                   "{'code':'pcn-a','on':'2027-04-01','into':[{'code':'made-east','name':'East','members':['gp-a','gp-c','gp-l']},"
                   "{'code':'made-west','name':'West','members':['gp-b','gp-j']}]}",
                   "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    done(world, "GetOrganisation", "{'code':'made-east'}");
    says(world, "'status':'closed'");
    says(world, "'closedOn':'2026-11-25'");
    lacks(world, "openedOn");
    lacks(world, "coming");
    lacks(world, "predecessors");
    there_and_back(world, "SplitOrganisation",
                   "{'code':'gp-a','on':'2027-04-01','into':[{'code':'made-one','name':'One'},{'code':'made-two','name':'Two'}]}",
                   "RevokeOrganisation", "{'code':'gp-a','on':'2027-04-01'}");
    // What one got of its own is in the way.
    done(world, "SplitOrganisation",
         "{'code':'pcn-a','on':'2027-04-01','into':[{'code':'made-x','name':'X','members':['gp-a','gp-c','gp-l']},"
         "{'code':'made-y','name':'Y','members':['gp-b','gp-j']}]}");
    done(world, "AddDirector", "{'code':'made-x','director':{'name':'Dr X','from':'2027-04-01'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    assert_non_null(strstr(world->problem.detail, "made-x got something on record (director Dr X)"));
    done(world, "CorrectDirector", "{'code':'made-x','name':'Dr X','from':'2027-04-01','never':true}");
    done(world, "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    assert_events_complete(world, 0);
}

// It was proposed for a while, and nobody was with it then: the days on which it would have opened never came.
static void what_never_opened_takes_nobody_in(void **state)
{
    world_t *world = *state;
    const char *today = world->today;
    done(world, "SplitOrganisation",
         "{'code':'pcn-a','on':'2027-04-01','into':[{'code':'made-v','name':'V','members':['gp-a','gp-c','gp-l']},"
         "{'code':'made-w','name':'W','members':['gp-b','gp-j']}]}");
    world->today = "2026-11-28";
    done(world, "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    create(world, "{'code':'gp-free','name':'Free','kind':'practice','parent':'ccg-a'}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddMember",
            "{'code':'made-v','member':{'practice':'gp-free','from':'2026-11-26','to':'2026-11-26'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddDirector",
            "{'code':'made-v','director':{'name':'Dr V','from':'2026-11-26','to':'2026-11-26'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddWaiver",
            "{'code':'made-v','waiver':{'from':'2026-11-26','to':'2026-11-26','reason':'Rural'}}");
    world->today = today;
}

static void what_changed_since_is_in_the_way(void **state)
{
    world_t *world = *state;
    done(world, "UpdateOrganisation", "{'code':'pcn-a','organisation':{'notes':'Planned'}}");
    char *before = record_of(world);
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}");
    join(world, "pcn-b", "gp-a", "2027-06-01");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}");
    done(world, "CorrectMember", "{'code':'pcn-b','practice':'gp-a','from':'2027-06-01','never':true}");
    done(world, "RevokeMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}");
    assert_record(world, before, "leaving, joining and back");
    // Leaving earlier, after it was announced for later.
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}");
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-02-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}");
    done(world, "RevokeMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-02-01'}");
    done(world, "RevokeMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-04-01'}");
    assert_record(world, before, "twice and back");
    // A member that moves on from where it was carried.
    done(world, "MergeOrganisation", "{'code':'pcn-a','into':'pcn-n','on':'2027-04-01'}");
    done(world, "MoveMember", "{'code':'pcn-n','practice':'gp-a','network':'pcn-b','on':'2027-06-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    done(world, "RevokeMember", "{'code':'pcn-n','practice':'gp-a','on':'2027-06-01'}");
    // What has nothing to do with it stays.
    done(world, "UpdateOrganisation", "{'code':'pcn-a','organisation':{'notes':'Put off'}}");
    done(world, "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    assert_record(world, before, "merged, moved and back");
    done(world, "GetOrganisation", "{'code':'pcn-a'}");
    says(world, "'notes':'Put off'");
    free(before);
    assert_events_complete(world, 0);
}

static void what_may_not_be_taken_back(void **state)
{
    world_t *world = *state;
    refused(world, STATUS_NOT_FOUND, "on", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-10-01'}"); // a change, no verb
    refused(world, STATUS_NOT_FOUND, "code", "RevokeOrganisation", "{'code':'pcn-zz','on':'2027-10-01'}");
    refused(world, STATUS_NOT_FOUND, "code", "RevokeMember", "{'code':'gp-a','practice':'gp-a','on':'2027-10-01'}");
    done(world, "MergeOrganisation", "{'code':'pcn-a','into':'pcn-n','on':'2027-04-01'}");
    refused(world, STATUS_NOT_FOUND, "on", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-02'}");
    world->unlimited = false;
    world->organisation = "ccg-b";
    refused(world, STATUS_NOT_FOUND, "code", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    world->organisation = "ccg-a";
    world->expected_version = 1;
    refused(world, STATUS_ABORTED, "", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    world->expected_version = 0;
    world->today = "2027-04-01";
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    world->today = "2027-03-31";
    done(world, "RevokeOrganisation", "{'code':'pcn-a','on':'2027-04-01'}");
    assert_last_event(world, "pcn-a", "announced");
    says(world, "'status':'active'");
    world->today = "2026-11-25";
    world->unlimited = true;
    world->organisation = NULL;
    // Two at once: the second finds nothing any more.
    done(world, "CloseOrganisation", "{'code':'pcn-n','on':'2027-04-01'}");
    const status_t second = world_race(
        world,
        "WITH gone AS (DELETE FROM announcement WHERE code = 'pcn-n') UPDATE organisation SET version = version + 1 WHERE code = 'pcn-n'",
        "RevokeOrganisation", quoted(world, "{'code':'pcn-n','on':'2027-04-01'}"));
    assert_int_equal(second, STATUS_NOT_FOUND);
}

static void the_day_makes_it_good(void **state)
{
    world_t *world = *state;
    world->today = "2027-04-01";
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-a','on':'2027-06-01'}");
    // Rows whose day is there go with the next.
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM announcement"), 1);
    // Of a verb for today or before nothing is kept.
    done(world, "LeaveMember", "{'code':'pcn-a','practice':'gp-b','on':'2027-04-01'}");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM announcement"), 1);
    world->today = "2026-11-25";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_is_taken_back),           cmocka_unit_test(those_that_a_split_was_to_make_close),
        cmocka_unit_test(what_never_opened_takes_nobody_in), cmocka_unit_test(what_changed_since_is_in_the_way),
        cmocka_unit_test(what_may_not_be_taken_back),        cmocka_unit_test(the_day_makes_it_good),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
