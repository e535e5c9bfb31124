// Where practices lie on every day, as it is read: below the network whose member they are on the day, else below what lies above the one
// that they left. What verbs do to it is in test_rules_settle.c; here it is what the database has, and what a day finds.
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
    create(world, "{'code':'pcn-c','name':'Network C','kind':'network','parent':'ccg-a'}");
    for (char letter = 'c'; letter <= 'l'; letter++) {
        char json[256];
        (void)snprintf(json, sizeof json, "{'code':'gp-%c','name':'Practice %c','kind':'practice','parent':'ccg-a'}", letter, letter);
        create(world, json);
    }
    return 0;
}

// Codes of those below it on the day, by code.
static void assert_below(world_t *world, const char *parent, const char *day, const char *expected)
{
    char json[256], list[512] = "";
    (void)snprintf(json, sizeof json, "{'parent':'%s','asOf':'%s'}", parent, day);
    done(world, "ListOrganisations", json);
    for (const char *at = world->reply; (at = strstr(at, "{\"code\":\"")) != NULL; at++) {
        const char *code = at + strlen("{\"code\":\"");
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.*s", list[0] != '\0' ? " " : "", (int)strcspn(code, "\""),
                       code);
    }
    if (strcmp(list, expected) != 0)
        fail_msg("below %s on %s: %s instead of %s", parent, day, list, expected);
}

static void days_to_come_are_known(void **state)
{
    world_t *world = *state;
    done(world, "AddMember", "{'code':'pcn-c','member':{'practice':'gp-c','from':'2026-12-01','to':'2026-12-31'}}");
    assert_last_event(world, "gp-c", "announced");
    done(world, "GetOrganisation", "{'code':'gp-c'}");
    says(world, "'coming':[{'from':'2026-12-01','changes':{'parent':'pcn-c'}");
    assert_parent(world, "gp-c", "2026-11-30", "ccg-a");
    assert_parent(world, "gp-c", "2026-12-01", "pcn-c");
    assert_parent(world, "gp-c", "2027-01-01", "ccg-a");
    assert_below(world, "pcn-c", "2026-11-30", "");
    assert_below(world, "pcn-c", "2026-12-31", "gp-c");
    assert_below(world, "pcn-c", "2027-01-01", "");
    // What is changed today does not reach beyond what is to come.
    done(world, "UpdateOrganisation", "{'code':'gp-c','organisation':{'parent':'ccg-b'}}");
    assert_parent(world, "gp-c", "2026-11-30", "ccg-b");
    assert_parent(world, "gp-c", "2026-12-01", "pcn-c");
    done(world, "MoveMember", "{'code':'pcn-c','practice':'gp-c','network':'pcn-b','on':'2026-12-15'}");
    assert_last_event(world, "gp-c", "announced");
    assert_below(world, "pcn-c", "2026-12-14", "gp-c");
    assert_below(world, "pcn-b", "2026-12-15", "gp-c");
    assert_parent(world, "gp-c", "2027-01-01", "ccg-b"); // it leaves pcn-b now
    done(world, "LeaveMember", "{'code':'pcn-b','practice':'gp-c','on':'2026-12-20'}");
    assert_parent(world, "gp-c", "2026-12-19", "pcn-b");
    assert_parent(world, "gp-c", "2026-12-20", "ccg-b");
}

// Changed by itself, a parent moves no day of a membership, though the network was named the day before, too.
static void a_parent_that_is_changed_leaves_memberships_alone(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'gp-z','name':'Practice Z','kind':'practice','parent':'pcn-c'}");
    done(world, "AddMember", "{'code':'pcn-c','member':{'practice':'gp-z','from':'2026-12-01','to':'2026-12-31'}}");
    assert_parent(world, "gp-z", "2026-11-30", "pcn-c");
    assert_parent(world, "gp-z", "2027-01-01", "ccg-a");
    done(world, "UpdateOrganisation", "{'code':'gp-z','organisation':{'parent':'ccg-a'}}");
    assert_parent(world, "gp-z", "2026-11-30", "ccg-a");
    assert_parent(world, "gp-z", "2026-12-01", "pcn-c");
    assert_parent(world, "gp-z", "2026-12-31", "pcn-c");
    assert_parent(world, "gp-z", "2027-01-01", "ccg-a");
    refused(world, STATUS_FAILED_PRECONDITION, "parent", "UpdateOrganisation",
            "{'code':'gp-z','organisation':{'parent':'ccg-b'},'effectiveFrom':'2026-12-05'}");
}

static void who_leaves_before_it_closes_does_not_come_back(void **state)
{
    world_t *world = *state;
    join(world, "pcn-c", "gp-d", "2020-01-01");
    done(world, "CloseOrganisation", "{'code':'gp-d','on':'2027-04-01'}");
    assert_parent(world, "gp-d", "2027-03-31", "pcn-c");
    assert_parent(world, "gp-d", "2027-04-01", "ccg-a");
    done(world, "LeaveMember", "{'code':'pcn-c','practice':'gp-d','on':'2027-01-01'}");
    assert_parent(world, "gp-d", "2026-12-31", "pcn-c");
    assert_parent(world, "gp-d", "2027-01-01", "ccg-a");
    assert_parent(world, "gp-d", "2027-04-01", "ccg-a");
    done(world, "GetOrganisation", "{'code':'gp-d'}");
    says(world, "'changes':{'status':'closed','closedOn':'2027-04-01'}");
    // So does one that leaves at once.
    join(world, "pcn-c", "gp-e", "2020-01-01");
    done(world, "CloseOrganisation", "{'code':'gp-e','on':'2027-04-01'}");
    done(world, "LeaveMember", "{'code':'pcn-c','practice':'gp-e','on':'2026-11-25'}");
    assert_parent(world, "gp-e", "2026-11-24", "pcn-c");
    assert_parent(world, "gp-e", "2026-11-25", "ccg-a");
    assert_parent(world, "gp-e", "2027-04-01", "ccg-a");
}

static void what_is_closed_is_no_member(void **state)
{
    world_t *world = *state;
    join(world, "pcn-c", "gp-f", "2020-01-01");
    join(world, "pcn-c", "gp-g", "2020-01-01");
    done(world, "CloseOrganisation", "{'code':'gp-f','on':'2026-11-20'}");
    assert_parent(world, "gp-f", "2026-11-19", "pcn-c");
    assert_parent(world, "gp-f", "2026-11-20", "ccg-a");
    done(world, "MergeOrganisation", "{'code':'gp-g','into':'gp-h','on':'2026-12-20'}");
    assert_parent(world, "gp-g", "2026-12-19", "pcn-c");
    assert_parent(world, "gp-g", "2026-12-20", "ccg-a");
    assert_below(world, "pcn-c", "2026-11-25", "gp-d gp-g");
}

// Each day falls to who commissioned on that day; a commissioner that went on in another after the network was gone counts as that one.
static void each_day_falls_to_its_own_commissioner(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'ccg-d','name':'CCG D','kind':'ccg','parent':'ics-a'}");
    create(world, "{'code':'sub-d','name':'Sub-ICB D','kind':'sub-icb','parent':'ics-a'}");
    create(world, "{'code':'sub-e','name':'Sub-ICB E','kind':'sub-icb','parent':'ics-a'}");
    create(world, "{'code':'pcn-d','name':'Network D','kind':'network','parent':'ccg-d'}");
    create(world, "{'code':'pcn-e','name':'Network E','kind':'network','parent':'ccg-d'}");
    join(world, "pcn-d", "gp-i", "2020-01-01");
    join(world, "pcn-e", "gp-j", "2020-01-01");
    done(world, "CloseOrganisation", "{'code':'pcn-e','on':'2021-04-01'}");
    assert_parent(world, "gp-j", "2021-04-01", "ccg-d");
    done(world, "MergeOrganisation", "{'code':'ccg-d','into':'sub-d','on':'2022-07-01'}");
    assert_parent(world, "gp-j", "2022-07-01", "sub-d");
    done(world, "MergeOrganisation", "{'code':'sub-d','into':'sub-e','on':'2027-07-01'}");
    done(world, "LeaveMember", "{'code':'pcn-d','practice':'gp-i','on':'2021-01-01'}");
    assert_parent(world, "gp-i", "2020-12-31", "pcn-d");
    assert_parent(world, "gp-i", "2021-01-01", "ccg-d");
    assert_parent(world, "gp-i", "2022-06-30", "ccg-d");
    assert_parent(world, "gp-i", "2022-07-01", "sub-d");
    assert_parent(world, "gp-i", "2026-11-25", "sub-d");
    assert_parent(world, "gp-i", "2027-07-01", "sub-e");
    // pcn-e names ccg-d to this day, being closed.
    done(world, "CorrectMember", "{'code':'pcn-e','practice':'gp-j','from':'2020-01-01','newTo':'2020-06-30'}");
    assert_parent(world, "gp-j", "2020-07-01", "ccg-d");
    assert_parent(world, "gp-j", "2022-06-30", "ccg-d");
    assert_parent(world, "gp-j", "2022-07-01", "sub-d");
    assert_parent(world, "gp-j", "2027-07-01", "sub-e");
    assert_events_complete(world, 0);
}

// ---- by chance ----

#define NETWORKS 4
#define PRACTICES 4
#define LAP 40
#define LAPS 4

// The same numbers each time.
static unsigned chance(unsigned *state, unsigned below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % below;
}

static void day_near(char *text, size_t size, unsigned *state)
{
    const char *month = chance(state, 3) == 0 ? "12" : "11";
    (void)snprintf(text, size, "2026-%s-%02u", month, 15 + chance(state, 15));
}

// A network whose member the practice was or is to be, and a day from the first one of it on: as they were given where there is none.
static void find_membership(world_t *world, unsigned *state, const char *practice, char n[static 16], char day[static 16])
{
    char sql[256];
    const unsigned later = chance(state, 3);
    const unsigned which = chance(state, 2);
    (void)snprintf(sql, sizeof sql,
                   "SELECT network || ' ' || from_on + %u FROM membership WHERE practice = '%s' ORDER BY from_on OFFSET %u LIMIT 1", later,
                   practice, which);
    char *found = test_database_query(world->database, sql);
    if (found != NULL)
        (void)sscanf(found, "%15s %15s", n, day);
    free(found);
}

// A verb that may be refused for whatever reason; what it did if not has to be right.
static void try_verb(world_t *world, unsigned *state, int round)
{
    char json[512], day[16], until[64] = "", n[16], m[16], p[32];
    const int lap = round / LAP;
    (void)snprintf(n, sizeof n, "net-%d-%u", lap, chance(state, NETWORKS));
    (void)snprintf(m, sizeof m, "net-%d-%u", lap, chance(state, NETWORKS));
    (void)snprintf(p, sizeof p, "prac-%d-%u", lap, chance(state, PRACTICES));
    day_near(day, sizeof day, state);
    if (chance(state, 2) == 0) {
        char to[16];
        day_near(to, sizeof to, state);
        (void)snprintf(until, sizeof until, ",'to':'%s'", to);
    }
    const unsigned kind = chance(state, 4) == 0 ? chance(state, 4) : 4 + chance(state, 16);
    if (kind >= 4 && kind < 12)
        find_membership(world, state, p, n, day);
    if (kind == 0)
        (void)snprintf(json, sizeof json, "{'code':'%s','on':'%s'}", n, day);
    else if (kind == 1)
        (void)snprintf(json, sizeof json, "{'code':'%s','on':'%s'}", p, day);
    else if (kind == 2)
        (void)snprintf(json, sizeof json, "{'code':'%s','into':'%s','on':'%s'}", n, m, day);
    else if (kind == 3)
        (void)snprintf(json, sizeof json, "{'code':'%s','organisation':{'parent':'ccg-b'},'effectiveFrom':'%s'}", p, day);
    else if (kind == 4)
        (void)snprintf(json, sizeof json, "{'code':'%s','practice':'%s','from':'%s','never':true}", n, p, day);
    else if (kind < 8)
        (void)snprintf(json, sizeof json, "{'code':'%s','practice':'%s','on':'%s'}", n, p, day);
    else if (kind < 12)
        (void)snprintf(json, sizeof json, "{'code':'%s','practice':'%s','network':'%s','on':'%s'}", n, p, m, day);
    else
        (void)snprintf(json, sizeof json, "{'code':'%s','member':{'practice':'%s','from':'%s'%s}}", n, p, day, until);
    (void)verb(world,
               kind < 2    ? "CloseOrganisation"
               : kind == 2 ? "MergeOrganisation"
               : kind == 3 ? "UpdateOrganisation"
               : kind == 4 ? "CorrectMember"
               : kind < 8  ? "LeaveMember"
               : kind < 12 ? "MoveMember"
                           : "AddMember",
               json);
}

// Days on which a practice does not lie below the network whose member it is, or below a network whose member it is not.
static long astray(const world_t *world)
{
    return test_database_number(world->database,
                                "SELECT count(*) FROM generate_series(date '2026-11-14', date '2026-12-31', '1 day') d "
                                "CROSS JOIN LATERAL organisations_on(d::date) o LEFT JOIN membership m ON m.practice = o.code "
                                "    AND m.from_on <= d AND coalesce(m.to_on, 'infinity') >= d WHERE o.code LIKE 'prac-%' "
                                "AND CASE WHEN m.network IS NOT NULL THEN o.parent IS DISTINCT FROM m.network "
                                "    ELSE EXISTS (SELECT FROM organisation n WHERE n.code = o.parent AND n.kind = 'network') END");
}

static void whatever_is_done_every_day_is_right(void **state)
{
    world_t *world = *state;
    unsigned seed = 7;
    for (int round = 0; round < LAPS * LAP; round++) {
        char json[256];
        for (int i = 0; i < NETWORKS && round % LAP == 0; i++) {
            (void)snprintf(json, sizeof json, "{'code':'net-%d-%d','name':'N','kind':'network','parent':'ccg-%c'}", round / LAP, i,
                           i % 2 == 0 ? 'a' : 'b');
            create(world, json);
        }
        for (int i = 0; i < PRACTICES && round % LAP == 0; i++) {
            (void)snprintf(json, sizeof json, "{'code':'prac-%d-%d','name':'P','kind':'practice','parent':'ccg-a'}", round / LAP, i);
            create(world, json);
        }
        try_verb(world, &seed, round);
        if (round % 8 == 7 && astray(world) != 0)
            fail_msg("after verb %d", round);
    }
    assert_true(test_database_number(world->database, "SELECT count(*) FROM organisation_coming WHERE code LIKE 'prac-%'") > LAPS);
    assert_true(test_database_number(world->database, "SELECT count(*) FROM membership WHERE practice LIKE 'prac-%'") > 2 * LAPS);
    // As each day comes, nothing but what is on record of it comes into force.
    for (int day = 26; day <= 30; day++) {
        char today[16];
        (void)snprintf(today, sizeof today, "2026-11-%d", day);
        world->today = today;
        for (int i = 0; i < LAPS * PRACTICES; i++) {
            char json[64];
            (void)snprintf(json, sizeof json, "{'code':'prac-%d-%d'}", i / PRACTICES, i % PRACTICES);
            done(world, "ComeIntoForce", json);
        }
        assert_int_equal(astray(world), 0);
        world->today = "2026-11-25";
    }
    assert_events_complete(world, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_to_come_are_known),
        cmocka_unit_test(a_parent_that_is_changed_leaves_memberships_alone),
        cmocka_unit_test(who_leaves_before_it_closes_does_not_come_back),
        cmocka_unit_test(what_is_closed_is_no_member),
        cmocka_unit_test(each_day_falls_to_its_own_commissioner),
        cmocka_unit_test(whatever_is_done_every_day_is_right),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
