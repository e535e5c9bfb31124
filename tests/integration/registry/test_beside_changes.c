// Stated facts, clinical systems, alignments and waivers that end or were wrong, over the real schema: one event for each change, the wrong
// one kept, and what is read as of the day before, of and after.
#include "tests/integration/registry/verbs.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

static long count(world_t *world, const char *sql)
{
    return test_database_number(world->database, sql);
}

static void event_says(world_t *world, const char *code, const char *text)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "SELECT data FROM event_queue WHERE subject = 'organisations/%s' ORDER BY version DESC LIMIT 1", code);
    char *event = test_database_query(world->database, sql);
    assert_non_null(event);
    if (strstr(event, quoted(world, text)) == NULL)
        fail_msg("%s lacks %s", event, text);
    free(event);
}

static void event_lacks(world_t *world, const char *code, const char *text)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "SELECT data FROM event_queue WHERE subject = 'organisations/%s' ORDER BY version DESC LIMIT 1", code);
    char *event = test_database_query(world->database, sql);
    assert_non_null(event);
    if (strstr(event, quoted(world, text)) != NULL)
        fail_msg("%s has %s", event, text);
    free(event);
}

// ---- clinical systems ----

static void a_system_ends_the_day_before(void **state)
{
    world_t *world = *state;
    done(world, "AddSystem", "{'code':'gp-a','system':{'system':'EMIS Web','from':'2020-01-01','source':'s'}}");
    const long version = version_of(world, "gp-a");
    refused(world, STATUS_ALREADY_EXISTS, "on", "EndSystem", "{'code':'gp-a','on':'2019-12-31'}");
    done(world, "EndSystem", "{'code':'gp-a','on':'2021-04-01'}");
    assert_string_equal(world->reply, quoted(world, "{'systems':[{'practice':'gp-a','system':'EMIS Web','from':'2020-01-01',"
                                                    "'to':'2021-03-31','source':'s'}]}"));
    assert_int_equal(version_of(world, "gp-a"), version + 1);
    assert_int_equal(world->version, version + 1);
    assert_last_event(world, "gp-a", "updated");
    event_says(world, "gp-a", "'systems':[{'practice':'gp-a','system':'EMIS Web','from':'2020-01-01','to':'2021-03-31'");
    event_lacks(world, "gp-a", "supersededSystems");
    refused(world, STATUS_ALREADY_EXISTS, "on", "EndSystem", "{'code':'gp-a','on':'2021-04-01'}");
    refused(world, STATUS_NOT_FOUND, "code", "EndSystem", "{'code':'gp-none','on':'2021-04-01'}");
    refused(world, STATUS_ALREADY_EXISTS, "on", "EndSystem", "{'code':'pcn-a','on':'2021-04-01'}");
    // The day of the last day, the day after: it is there, and is not.
    done(world, "GetSystemCoverage", "{'asOf':'2021-03-31'}");
    says(world, "'system':'EMIS Web','practices':1");
    done(world, "GetSystemCoverage", "{'asOf':'2021-04-01'}");
    lacks(world, "EMIS Web");
    // Another may follow, and end on its first day: it was never used.
    done(world, "AddSystem", "{'code':'gp-a','system':{'system':'SystmOne','from':'2021-04-01'}}");
    done(world, "EndSystem", "{'code':'gp-a','on':'2021-04-01'}");
    assert_string_equal(world->reply, "{\"systems\":[]}");
    event_says(world, "gp-a", "'supersededSystems':[{'practice':'gp-a','system':'SystmOne','from':'2021-04-01'}]");
    event_lacks(world, "gp-a", "'systems'");
    assert_int_equal(count(world, "SELECT count(*) FROM superseded_fact WHERE kind = 'system' AND code = 'gp-a' AND superseded_at IS NOT "
                                  "NULL AND recorded_at IS NOT NULL AND fact ->> 'system' = 'SystmOne'"),
                     1);
    assert_events_complete(world, 0);
}

static void a_system_is_corrected(void **state)
{
    world_t *world = *state;
    done(world, "AddSystem", "{'code':'gp-a','system':{'system':'Vision','from':'2022-01-01'}}");
    const long version = version_of(world, "gp-a");
    refused(world, STATUS_NOT_FOUND, "from", "CorrectSystem", "{'code':'gp-a','from':'2022-01-02','newSystem':'SystmOne'}");
    refused(world, STATUS_INVALID_ARGUMENT, "never", "CorrectSystem", "{'code':'gp-a','from':'2022-01-01'}");
    refused(world, STATUS_INVALID_ARGUMENT, "never", "CorrectSystem",
            "{'code':'gp-a','from':'2022-01-01','never':true,'newSystem':'SystmOne'}");
    refused(world, STATUS_INVALID_ARGUMENT, "newTo", "CorrectSystem",
            "{'code':'gp-a','from':'2022-01-01','newTo':'2022-02-01','ongoing':true}");
    refused(world, STATUS_INVALID_ARGUMENT, "newTo", "CorrectSystem", "{'code':'gp-a','from':'2022-01-01','newTo':'2021-12-31'}");
    // EMIS Web was there until March 2021.
    refused(world, STATUS_ALREADY_EXISTS, "newFrom", "CorrectSystem", "{'code':'gp-a','from':'2022-01-01','newFrom':'2021-03-31'}");
    assert_int_equal(version_of(world, "gp-a"), version);
    done(world, "CorrectSystem", "{'code':'gp-a','from':'2022-01-01','newFrom':'2021-04-01','newSystem':'SystmOne','source':'a letter'}");
    assert_string_equal(world->reply, quoted(world, "{'systems':[{'practice':'gp-a','system':'SystmOne','from':'2021-04-01',"
                                                    "'source':'a letter'}]}"));
    assert_int_equal(version_of(world, "gp-a"), version + 1);
    event_says(world, "gp-a", "'supersededSystems':[{'practice':'gp-a','system':'Vision','from':'2022-01-01'}]");
    event_says(world, "gp-a", "'systems':[{'practice':'gp-a','system':'SystmOne','from':'2021-04-01'");
    // All is right already: nothing changes.
    done(world, "CorrectSystem", "{'code':'gp-a','from':'2021-04-01','newSystem':'SystmOne'}");
    says(world, "'from':'2021-04-01'");
    assert_null(world->verdict);
    assert_int_equal(version_of(world, "gp-a"), version + 1);
    done(world, "CorrectSystem", "{'code':'gp-a','from':'2021-04-01','never':true}");
    assert_string_equal(world->reply, "{\"systems\":[]}");
    done(world, "ListSystems", "{'code':'gp-a'}");
    lacks(world, "SystmOne");
    says(world, "EMIS Web");
    assert_int_equal(count(world, "SELECT count(*) FROM superseded_fact WHERE kind = 'system' AND code = 'gp-a'"), 3);
    assert_events_complete(world, 0);
}

// ---- alignments ----

static void an_alignment_ends_and_is_corrected(void **state)
{
    world_t *world = *state;
    done(world, "AddAlignment",
         "{'code':'pcn-a','alignment':{'service':'team-a','name':'Team A','kind':'locality-team','from':'2019-07-01'}}");
    done(world, "AddAlignment",
         "{'code':'pcn-a','alignment':{'service':'team-b','name':'Team B','kind':'locality-team','from':'2019-07-01'}}");
    const long version = version_of(world, "pcn-a");
    refused(world, STATUS_ALREADY_EXISTS, "service", "EndAlignment", "{'code':'pcn-a','service':'team-a','on':'2019-06-30'}");
    refused(world, STATUS_ALREADY_EXISTS, "service", "EndAlignment", "{'code':'gp-a','service':'team-a','on':'2020-06-30'}");
    done(world, "EndAlignment", "{'code':'pcn-a','service':'team-a','on':'2020-04-01'}");
    says(world, "{'alignments':[{'service':'team-a','name':'Team A','kind':'locality-team','organisation':'pcn-a','from':'2019-07-01',"
                "'to':'2020-03-31'}]}");
    assert_int_equal(version_of(world, "pcn-a"), version + 1);
    // A network's event is the network.
    event_says(world, "pcn-a", "'registration'");
    event_says(world, "pcn-a", "'alignments':[{'service':'team-a'");
    done(world, "ListOrganisationAlignments", "{'code':'pcn-a','asOf':'2020-03-31'}");
    says(world, "team-a");
    done(world, "ListOrganisationAlignments", "{'code':'pcn-a','asOf':'2020-04-01'}");
    lacks(world, "team-a");
    says(world, "team-b");
    done(world, "AddAlignment",
         "{'code':'pcn-a','alignment':{'service':'team-a','name':'Team A','kind':'locality-team','from':'2021-01-01'}}");
    refused(world, STATUS_ALREADY_EXISTS, "newFrom", "CorrectAlignment",
            "{'code':'pcn-a','service':'team-a','from':'2021-01-01','newFrom':'2020-03-31'}");
    refused(world, STATUS_FAILED_PRECONDITION, "newProvider", "CorrectAlignment",
            "{'code':'pcn-a','service':'team-a','from':'2021-01-01','newProvider':'nobody'}");
    refused(world, STATUS_NOT_FOUND, "from", "CorrectAlignment", "{'code':'pcn-a','service':'team-c','from':'2021-01-01','never':true}");
    done(world, "CorrectAlignment",
         "{'code':'pcn-a','service':'team-a','from':'2021-01-01','newFrom':'2020-04-01','newProvider':'ccg-a',"
         "'newKind':'community-service','newName':'Team of A','newTo':'2022-01-01'}");
    says(world, "{'alignments':[{'service':'team-a','name':'Team of A','kind':'community-service','provider':'ccg-a',"
                "'organisation':'pcn-a','from':'2020-04-01','to':'2022-01-01'}]}");
    event_says(world, "pcn-a", "'supersededAlignments':[{'service':'team-a','name':'Team A','kind':'locality-team'");
    done(world, "CorrectAlignment", "{'code':'pcn-a','service':'team-a','from':'2020-04-01','ongoing':true}");
    lacks(world, "'to'");
    done(world, "EndAlignment", "{'code':'pcn-a','service':'team-a','on':'2020-04-01'}");
    assert_string_equal(world->reply, "{\"alignments\":[]}");
    assert_int_equal(count(world, "SELECT count(*) FROM superseded_fact WHERE kind = 'alignment' AND code = 'pcn-a'"), 3);
    world->unlimited = false;
    world->organisation = "ccg-b";
    refused(world, STATUS_NOT_FOUND, "code", "EndAlignment", "{'code':'pcn-a','service':'team-b','on':'2020-04-01'}");
    refused(world, STATUS_NOT_FOUND, "code", "CorrectAlignment", "{'code':'pcn-a','service':'team-b','from':'2019-07-01','never':true}");
    world->unlimited = true;
    world->organisation = NULL;
    assert_events_complete(world, 0);
}

// ---- stated facts ----

static void a_fact_is_corrected(void **state)
{
    world_t *world = *state;
    done(world, "AddFact", "{'code':'ccg-a','fact':{'fact':'new_homes','qualifier':'eq','value':'7','period':'2020','source':'a plan'}}");
    done(world, "AddFact", "{'code':'ccg-a','fact':{'fact':'new_homes','qualifier':'eq','value':'8','source':'a plan'}}");
    const long version = version_of(world, "ccg-a");
#define THE_FACT "'code':'ccg-a','fact':'new_homes','qualifier':'eq','period':'2020','source':'a plan'"
    refused(world, STATUS_NOT_FOUND, "fact", "CorrectFact",
            "{'code':'ccg-a','fact':'new_homes','qualifier':'gt','period':'2020','source':'a plan','newValue':'9'}");
    refused(world, STATUS_NOT_FOUND, "fact", "CorrectFact",
            "{'code':'ccg-b','fact':'new_homes','qualifier':'eq','period':'2020','source':'a plan','newValue':'9'}");
    refused(world, STATUS_INVALID_ARGUMENT, "never", "CorrectFact", "{" THE_FACT "}");
    refused(world, STATUS_INVALID_ARGUMENT, "never", "CorrectFact", "{" THE_FACT ",'never':true,'newValue':'9'}");
    refused(world, STATUS_ALREADY_EXISTS, "fact", "CorrectFact",
            "{'code':'ccg-a','fact':'new_homes','qualifier':'eq','source':'a plan','newPeriod':'2020'}");
    world->expected_version = version - 1;
    refused(world, STATUS_ABORTED, "", "CorrectFact", "{" THE_FACT ",'newValue':'9'}");
    world->expected_version = version;
    done(world, "CorrectFact", "{" THE_FACT ",'newValue':'9','newUnit':'homes'}");
    world->expected_version = 0;
    assert_string_equal(world->reply, quoted(world, "{'facts':[{'organisation':'ccg-a','fact':'new_homes','qualifier':'eq','value':'9',"
                                                    "'unit':'homes','period':'2020','source':'a plan'}]}"));
    assert_int_equal(version_of(world, "ccg-a"), version + 1);
    event_says(world, "ccg-a", "'supersededFacts':[{'organisation':'ccg-a','fact':'new_homes','qualifier':'eq','value':'7'");
    event_says(world, "ccg-a", "'statedFacts':[{'organisation':'ccg-a','fact':'new_homes','qualifier':'eq','value':'9'");
    done(world, "CorrectFact", "{" THE_FACT ",'newValue':'9'}");
    assert_null(world->verdict);
    // Its key may be what was wrong.
    done(world, "CorrectFact", "{" THE_FACT ",'newQualifier':'gt','newPeriod':'2021','newSource':'another plan','newNotes':'p. 3'}");
    says(world, "'qualifier':'gt','value':'9','unit':'homes','period':'2021','notes':'p. 3','source':'another plan'");
    done(world, "ListFacts", "{'code':'ccg-a'}");
    lacks(world, "'2020'");
    says(world, "'value':'8'");
    done(world, "CorrectFact", "{'code':'ccg-a','fact':'new_homes','qualifier':'gt','period':'2021','source':'another plan','never':true}");
    assert_string_equal(world->reply, "{\"facts\":[]}");
    assert_int_equal(count(world, "SELECT count(*) FROM stated_fact WHERE organisation = 'ccg-a'"), 1);
    assert_int_equal(count(world, "SELECT count(*) FROM superseded_fact WHERE kind = 'fact' AND code = 'ccg-a'"), 3);
    assert_events_complete(world, 0);
}

// The same under one key: the first answer again, and nothing twice.
static void a_repeat_changes_nothing(void **state)
{
    world_t *world = *state;
    world->key = "repeat-1";
    done(world, "CorrectFact", "{'code':'ccg-a','fact':'new_homes','qualifier':'eq','source':'a plan','newValue':'10'}");
    const long version = version_of(world, "ccg-a");
    world->key = "repeat-1";
    done(world, "CorrectFact", "{'code':'ccg-a','fact':'new_homes','qualifier':'eq','source':'a plan','newValue':'10'}");
    world->key = NULL;
    assert_int_equal(version_of(world, "ccg-a"), version);
    assert_int_equal(count(world, "SELECT count(*) FROM superseded_fact WHERE kind = 'fact' AND code = 'ccg-a'"), 4);
    assert_events_complete(world, 0);
}

// Somebody else ended it in between: decided again on what is there then.
static void a_race_is_lost(void **state)
{
    world_t *world = *state;
    done(world, "AddSystem", "{'code':'gp-b','system':{'system':'EMIS Web','from':'2020-01-01'}}");
    const status_t status = world_race(world,
                                       "WITH e AS (UPDATE system_profile SET to_on = '2020-06-30' WHERE practice = 'gp-b') "
                                       "UPDATE organisation SET version = version + 1 WHERE code = 'gp-b'",
                                       "EndSystem", "{\"code\":\"gp-b\",\"on\":\"2021-01-01\"}");
    assert_int_equal(status, STATUS_ALREADY_EXISTS);
    assert_string_equal(world->problem.field, "on");
    assert_events_complete(world, 1);
}

// ---- waivers ----

static void waiver_counts(world_t *world, const char *day, bool waived)
{
    char json[128];
    (void)snprintf(json, sizeof json, "{'code':'pcn-a','asOf':'%s'}", day);
    done(world, "GetNetwork", json);
    if (waived)
        says(world, "'waivers':[{");
    else
        lacks(world, "'waivers':[{");
}

static void a_waiver_ends_and_is_corrected(void **state)
{
    world_t *world = *state;
    done(world, "AddWaiver", "{'code':'pcn-a','waiver':{'from':'2020-01-01','reason':'Rural'}}");
    const long version = version_of(world, "pcn-a");
    world->unlimited = false;
    world->organisation = "pcn-a"; // The commissioner's, not the network's.
    refused(world, STATUS_NOT_FOUND, "code", "EndWaiver", "{'code':'pcn-a','on':'2021-01-01'}");
    refused(world, STATUS_NOT_FOUND, "code", "CorrectWaiver", "{'code':'pcn-a','from':'2020-01-01','never':true}");
    world->organisation = "ccg-a";
    refused(world, STATUS_ALREADY_EXISTS, "on", "EndWaiver", "{'code':'pcn-a','on':'2019-12-31'}");
    done(world, "EndWaiver", "{'code':'pcn-a','on':'2021-01-01'}");
    world->unlimited = true;
    world->organisation = NULL;
    assert_int_equal(version_of(world, "pcn-a"), version + 1);
    event_says(world, "pcn-a", "'waivers':[{'from':'2020-01-01','to':'2020-12-31','reason':'Rural','grantedBy':'ccg-a'}]");
    waiver_counts(world, "2020-12-31", true);
    waiver_counts(world, "2021-01-01", false);
    refused(world, STATUS_ALREADY_EXISTS, "on", "EndWaiver", "{'code':'pcn-a','on':'2021-01-01'}");
    done(world, "AddWaiver", "{'code':'pcn-a','waiver':{'from':'2022-01-01','reason':'Still rural'}}");
    refused(world, STATUS_NOT_FOUND, "from", "CorrectWaiver", "{'code':'pcn-a','from':'2022-01-02','never':true}");
    refused(world, STATUS_ALREADY_EXISTS, "newFrom", "CorrectWaiver", "{'code':'pcn-a','from':'2022-01-01','newFrom':'2020-12-31'}");
    refused(world, STATUS_FAILED_PRECONDITION, "newGrantedBy", "CorrectWaiver",
            "{'code':'pcn-a','from':'2022-01-01','newGrantedBy':'ccg-b'}");
    done(world, "CorrectWaiver",
         "{'code':'pcn-a','from':'2022-01-01','newFrom':'2021-01-01','newTo':'2021-12-31','newReason':'Rural "
         "still','newGrantedBy':'ics-a'}");
    event_says(world, "pcn-a", "{'from':'2021-01-01','to':'2021-12-31','reason':'Rural still','grantedBy':'ics-a'}]");
    waiver_counts(world, "2021-01-01", true);
    waiver_counts(world, "2022-01-01", false);
    done(world, "CorrectWaiver", "{'code':'pcn-a','from':'2021-01-01','newReason':'Rural still'}");
    assert_null(world->verdict);
    done(world, "CorrectWaiver", "{'code':'pcn-a','from':'2021-01-01','never':true}");
    waiver_counts(world, "2021-01-01", false);
    assert_int_equal(count(world, "SELECT count(*) FROM superseded_fact WHERE kind = 'waiver' AND code = 'pcn-a'"), 2);
    assert_events_complete(world, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_ends_the_day_before),       cmocka_unit_test(a_system_is_corrected),
        cmocka_unit_test(an_alignment_ends_and_is_corrected), cmocka_unit_test(a_fact_is_corrected),
        cmocka_unit_test(a_repeat_changes_nothing),           cmocka_unit_test(a_race_is_lost),
        cmocka_unit_test(a_waiver_ends_and_is_corrected),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
