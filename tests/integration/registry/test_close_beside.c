// What stands beside an organisation ends with it: clinical systems, waivers, alignments with it, and alignments that it provides, which go
// on by its heir where there is one. What was announced is taken back whole.
#include "tests/integration/registry/verbs.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

// A practice, a provider, a federation and what they have to do with each other; codes end in a letter of the test's own.
static void make(world_t *world, char letter)
{
    static const char *const calls[][2] = {
        {"CreateOrganisation", "{'organisation':{'code':'gp-@','name':'Practice','kind':'practice','parent':'ccg-a'}}"},
        {"CreateOrganisation", "{'organisation':{'code':'pcn-@','name':'Network','kind':'network','parent':'ccg-a'}}"},
        {"CreateOrganisation", "{'organisation':{'code':'trust-@','name':'Trust','kind':'trust','parent':'ics-a'}}"},
        {"CreateOrganisation", "{'organisation':{'code':'heir-@','name':'Heir','kind':'trust','parent':'ics-a'}}"},
        {"CreateOrganisation", "{'organisation':{'code':'fed-@','name':'Federation','kind':'federation','parent':'ics-a'}}"},
        {"AddSystem", "{'code':'gp-@','system':{'system':'Vision','from':'2019-01-01','to':'2020-12-31'}}"},
        {"AddSystem", "{'code':'gp-@','system':{'system':'EMIS','from':'2021-01-01','source':'a list'}}"},
        {"AddAlignment", "{'code':'gp-@','alignment':{'service':'nurses-@','name':'Nurses','kind':'community-service',"
                         "'provider':'trust-@','from':'2020-01-01'}}"},
        {"AddAlignment", "{'code':'gp-@','alignment':{'service':'fed-@','name':'Federation','kind':'federation','from':'2020-01-01'}}"},
        {"AddAlignment", "{'code':'pcn-@','alignment':{'service':'team-@','name':'Team','kind':'locality-team','provider':'trust-@',"
                         "'from':'2020-01-01','to':'2029-12-31'}}"},
        {"AddAlignment", "{'code':'pcn-@','alignment':{'service':'nurses-@','name':'Nurses','kind':'community-service','from':'2018-01-01',"
                         "'to':'2018-12-31','provider':'trust-@'}}"},
        {"AddWaiver", "{'code':'pcn-@','waiver':{'from':'2020-01-01','reason':'Rural'}}"},
        {"CreateSite", "{'site':{'code':'site-@','organisation':'gp-@','name':'Surgery','kind':'surgery'}}"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char json[512];
        (void)snprintf(json, sizeof json, "%s", calls[i][1]);
        for (char *at = json; *at != '\0'; at++)
            *at = *at == '@' ? letter : *at;
        done(world, calls[i][0], json);
    }
}

static void assert_text(world_t *world, const char *sql, const char *expected)
{
    char *text = test_database_query(world->database, sql);
    assert_non_null(text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: %s instead of %s", sql, text, expected);
    free(text);
}

#define SYSTEMS(code)                                                                                                                      \
    "SELECT coalesce(string_agg(concat_ws(' ', system, from_on, to_on, CASE WHEN end_recorded_at IS NOT NULL THEN 'late' END), ', ' "      \
    "ORDER BY from_on), '') FROM system_profile WHERE practice = '" code "'"
#define ALIGNMENTS(code)                                                                                                                   \
    "SELECT coalesce(string_agg(concat_ws(' ', service, provider, from_on, to_on), ', ' ORDER BY service, from_on), '') FROM alignment "   \
    "WHERE organisation = '" code "'"
#define WAIVERS(code) "SELECT coalesce(string_agg(concat_ws(' ', from_on, to_on), ', '), '') FROM waiver WHERE network = '" code "'"
#define LAST_EVENT(code) "SELECT data FROM event_queue WHERE subject = 'organisations/" code "' ORDER BY version DESC LIMIT 1"

static void assert_event(world_t *world, const char *sql, const char *has)
{
    char *data = test_database_query(world->database, sql);
    assert_non_null(data);
    if (strstr(data, quoted(world, has)) == NULL)
        fail_msg("%s lacks %s", data, has);
    free(data);
}

static void a_practice_closes(void **state)
{
    world_t *world = *state;
    make(world, 'p');
    done(world, "CloseOrganisation", "{'code':'gp-p','on':'2026-04-01'}");
    lacks(world, "'systems'");
    assert_text(world, SYSTEMS("gp-p"), "Vision 2019-01-01 2020-12-31, EMIS 2021-01-01 2026-03-31 late");
    assert_text(world, ALIGNMENTS("gp-p"), "fed-p 2020-01-01 2026-03-31, nurses-p trust-p 2020-01-01 2026-03-31");
    assert_text(world, "SELECT coalesce(to_on::text, 'open') FROM site WHERE code = 'site-p'", "open");
    assert_event(world, LAST_EVENT("gp-p"), "'systems':[{'practice':'gp-p','system':'EMIS','from':'2021-01-01','to':'2026-03-31',");
    assert_event(world, LAST_EVENT("gp-p"), "'to':'2026-03-31'}]");
    assert_last_event(world, "gp-p", "updated");
    // Nobody else's.
    assert_text(world, ALIGNMENTS("pcn-p"), "nurses-p trust-p 2018-01-01 2018-12-31, team-p trust-p 2020-01-01 2029-12-31");
    assert_events_complete(world, 0);
}

static void a_network_closes_on_a_day_to_come_and_does_not(void **state)
{
    world_t *world = *state;
    make(world, 'n');
    done(world, "CloseOrganisation", "{'code':'pcn-n','on':'2027-04-01'}");
    assert_last_event(world, "pcn-n", "announced");
    assert_text(world, WAIVERS("pcn-n"), "2020-01-01 2027-03-31");
    assert_text(world, ALIGNMENTS("pcn-n"), "nurses-n trust-n 2018-01-01 2018-12-31, team-n trust-n 2020-01-01 2027-03-31");
    assert_event(world, LAST_EVENT("pcn-n"), "'waivers':[{'from':'2020-01-01','to':'2027-03-31'");
    done(world, "RevokeOrganisation", "{'code':'pcn-n','on':'2027-04-01'}");
    assert_text(world, WAIVERS("pcn-n"), "2020-01-01");
    assert_text(world, ALIGNMENTS("pcn-n"), "nurses-n trust-n 2018-01-01 2018-12-31, team-n trust-n 2020-01-01 2029-12-31");
    assert_last_event(world, "pcn-n", "announced");
    assert_event(world, LAST_EVENT("pcn-n"), "'to':'2029-12-31'");
    // What was changed since is in the way.
    done(world, "CloseOrganisation", "{'code':'pcn-n','on':'2027-04-01'}");
    done(world, "EndWaiver", "{'code':'pcn-n','on':'2026-12-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeOrganisation", "{'code':'pcn-n','on':'2027-04-01'}");
    assert_text(world, ALIGNMENTS("pcn-n"), "nurses-n trust-n 2018-01-01 2018-12-31, team-n trust-n 2020-01-01 2027-03-31");
    assert_events_complete(world, 0);
}

static void what_is_to_begin_later_is_in_the_way_of_a_close(void **state)
{
    world_t *world = *state;
    make(world, 'l');
    done(world, "EndSystem", "{'code':'gp-l','on':'2027-01-01'}");
    done(world, "AddSystem", "{'code':'gp-l','system':{'system':'SystmOne','from':'2027-01-01'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "code", "CloseOrganisation", "{'code':'gp-l','on':'2026-12-01'}");
    done(world, "CloseOrganisation", "{'code':'gp-l','on':'2027-02-01'}");
    assert_text(world, SYSTEMS("gp-l"),
                "Vision 2019-01-01 2020-12-31, EMIS 2021-01-01 2026-12-31 late, SystmOne 2027-01-01 2027-01-31 late");
}

static void a_provider_closes(void **state)
{
    world_t *world = *state;
    make(world, 't');
    done(world, "AddAlignment",
         "{'code':'pcn-t','alignment':{'service':'later-t','name':'Later','kind':'locality-team','provider':'trust-t',"
         "'from':'2027-01-01'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "code", "CloseOrganisation", "{'code':'trust-t','on':'2026-04-01'}");
    done(world, "CorrectAlignment", "{'code':'pcn-t','service':'later-t','from':'2027-01-01','never':true}");
    const long before = version_of(world, "gp-t");
    done(world, "CloseOrganisation", "{'code':'trust-t','on':'2026-04-01'}");
    assert_text(world, ALIGNMENTS("gp-t"), "fed-t 2020-01-01, nurses-t trust-t 2020-01-01 2026-03-31");
    assert_text(world, ALIGNMENTS("pcn-t"), "nurses-t trust-t 2018-01-01 2018-12-31, team-t trust-t 2020-01-01 2026-03-31");
    assert_int_equal(version_of(world, "gp-t"), before + 1);
    assert_last_event(world, "gp-t", "updated");
    assert_event(world, LAST_EVENT("gp-t"), "'alignments':[{'service':'nurses-t'");
    done(world, "CloseOrganisation", "{'code':'fed-t','on':'2027-04-01'}");
    assert_text(world, ALIGNMENTS("gp-t"), "fed-t 2020-01-01 2027-03-31, nurses-t trust-t 2020-01-01 2026-03-31");
    assert_last_event(world, "gp-t", "announced");
    assert_events_complete(world, 0);
}

static void a_provider_merges_on_a_day_to_come_and_does_not(void **state)
{
    world_t *world = *state;
    make(world, 'm');
    done(world, "AddAlignment",
         "{'code':'pcn-m','alignment':{'service':'later-m','name':'Later','kind':'locality-team','provider':'trust-m',"
         "'from':'2028-01-01'}}");
    done(world, "MergeOrganisation", "{'code':'trust-m','into':'heir-m','on':'2027-04-01'}");
    assert_text(world, ALIGNMENTS("gp-m"), "fed-m 2020-01-01, nurses-m trust-m 2020-01-01 2027-03-31, nurses-m heir-m 2027-04-01");
    assert_text(world, ALIGNMENTS("pcn-m"),
                "later-m heir-m 2028-01-01, nurses-m trust-m 2018-01-01 2018-12-31, "
                "team-m trust-m 2020-01-01 2027-03-31, team-m heir-m 2027-04-01 2029-12-31");
    assert_last_event(world, "gp-m", "announced");
    assert_last_event(world, "pcn-m", "announced");
    assert_event(world, LAST_EVENT("pcn-m"),
                 "'supersededAlignments':[{'service':'later-m','name':'Later','kind':'locality-team','provider':"
                 "'trust-m'");
    done(world, "GetHistory", "{'code':'pcn-m'}");
    says(world, "'supersededBy':'change'");
    done(world, "RevokeOrganisation", "{'code':'trust-m','on':'2027-04-01'}");
    assert_text(world, ALIGNMENTS("gp-m"), "fed-m 2020-01-01, nurses-m trust-m 2020-01-01");
    assert_text(world, ALIGNMENTS("pcn-m"),
                "later-m trust-m 2028-01-01, nurses-m trust-m 2018-01-01 2018-12-31, "
                "team-m trust-m 2020-01-01 2029-12-31");
    // In the way: one that took its place, and one that ended meanwhile.
    done(world, "MergeOrganisation", "{'code':'trust-m','into':'heir-m','on':'2027-04-01'}");
    done(world, "EndAlignment", "{'code':'gp-m','service':'nurses-m','on':'2027-06-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "on", "RevokeOrganisation", "{'code':'trust-m','on':'2027-04-01'}");
    done(world, "MergeOrganisation", "{'code':'gp-m','into':'gp-b','on':'2026-11-01'}");
    assert_text(world, SYSTEMS("gp-m"), "Vision 2019-01-01 2020-12-31, EMIS 2021-01-01 2026-10-31 late");
    assert_text(world, ALIGNMENTS("gp-m"), "fed-m 2020-01-01 2026-10-31, nurses-m trust-m 2020-01-01 2026-10-31");
    assert_events_complete(world, 0);
}

// Two announce the same at once, or a system is added while one closes: one of them loses.
static void a_close_loses_a_race(void **state)
{
    world_t *world = *state;
    make(world, 'r');
    (void)world_race(world,
                     "UPDATE system_profile SET to_on = '2025-12-31' WHERE practice = 'gp-r' AND to_on IS NULL; "
                     "UPDATE organisation SET version = version + 1 WHERE code = 'gp-r'",
                     "CloseOrganisation", "{\"code\":\"gp-r\",\"on\":\"2026-04-01\"}");
    assert_text(world, SYSTEMS("gp-r"), "Vision 2019-01-01 2020-12-31, EMIS 2021-01-01 2025-12-31");
    assert_text(world, "SELECT status || ' ' || closed_on FROM organisation WHERE code = 'gp-r'", "closed 2026-04-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_practice_closes),
        cmocka_unit_test(a_network_closes_on_a_day_to_come_and_does_not),
        cmocka_unit_test(what_is_to_begin_later_is_in_the_way_of_a_close),
        cmocka_unit_test(a_provider_closes),
        cmocka_unit_test(a_provider_merges_on_a_day_to_come_and_does_not),
        cmocka_unit_test(a_close_loses_a_race),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
