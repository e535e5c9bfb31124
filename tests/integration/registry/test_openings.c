// What is not open yet and what is closed: made so, read on every day, and what a change of it may not leave behind.
#include "tests/integration/registry/verbs.h"

// Today is 25 November 2026.
static int setup(void **state)
{
    const int failed = world_setup(state);
    if (failed == 0)
        world_populate(*state);
    return failed;
}

// The organisation of the day (NULL: as it stands) has the text.
static void on_day(world_t *world, const char *code, const char *day, const char *expected)
{
    char json[256];
    (void)snprintf(json, sizeof json, day != NULL ? "{'code':'%s','asOf':'%s'}" : "{'code':'%s'}", code, day);
    done(world, "GetOrganisation", json);
    says(world, expected);
}

static void absent_on(world_t *world, const char *code, const char *day)
{
    char json[256];
    (void)snprintf(json, sizeof json, "{'code':'%s','asOf':'%s'}", code, day);
    refused(world, STATUS_NOT_FOUND, "code", "GetOrganisation", json);
}

static void what_opens_later_is_proposed_until_then(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-soon','name':'Soon','kind':'network','parent':'ccg-a','openedOn':'2030-01-01'}");
    says(world, "'status':'proposed'");
    says(world, "'factsFrom':'2026-11-25'");
    says(world, "'factsTo':'2029-12-31'");
    says(world, "'coming':[{'from':'2030-01-01','changes':{'status':'active'}");
    on_day(world, "pcn-soon", NULL, "'status':'proposed'");
    says(world, "'coming':[{'from':'2030-01-01','changes':{'status':'active'}");
    on_day(world, "pcn-soon", "2026-11-25", "'status':'proposed'");
    on_day(world, "pcn-soon", "2029-12-31", "'status':'proposed'");
    on_day(world, "pcn-soon", "2030-01-01", "'status':'active'");
    absent_on(world, "pcn-soon", "2026-11-24");
    // One that is expressly proposed waits for somebody's word.
    create(world, "{'code':'pcn-idea','name':'Idea','kind':'network','parent':'ccg-a','status':'proposed','openedOn':'2030-01-01'}");
    lacks(world, "coming");
    on_day(world, "pcn-idea", "2031-01-01", "'status':'proposed'");
    absent_on(world, "pcn-idea", "2026-11-24");
}

static void what_closes_later_is_announced(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-ends','name':'Ends','kind':'network','parent':'ccg-a','status':'closed','openedOn':'2019-07-01',"
                  "'closedOn':'2030-01-01'}");
    says(world, "'status':'active'");
    lacks(world, "'closedOn':'2030-01-01',"); // but in what is to come
    on_day(world, "pcn-ends", "2029-12-31", "'status':'active'");
    lacks(world, "closedOn");
    on_day(world, "pcn-ends", "2030-01-01", "'status':'closed'");
    says(world, "'closedOn':'2030-01-01'");
    refused(world, STATUS_ALREADY_EXISTS, "code", "CloseOrganisation", "{'code':'pcn-ends','on':'2029-01-01'}");
}

static void what_closed_was_open_before(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-gone','name':'Gone','kind':'network','parent':'ccg-a','openedOn':'2019-07-01','closedOn':'2022-04-01'}");
    says(world, "'status':'closed'");
    absent_on(world, "pcn-gone", "2019-06-30");
    on_day(world, "pcn-gone", "2019-07-01", "'status':'active'");
    on_day(world, "pcn-gone", "2022-03-31", "'status':'active'");
    lacks(world, "closedOn");
    on_day(world, "pcn-gone", "2022-04-01", "'status':'closed'");
    on_day(world, "pcn-gone", NULL, "'closedOn':'2022-04-01'");
    refused(world, STATUS_INVALID_ARGUMENT, "status", "CreateOrganisation",
            "{'organisation':{'code':'pcn-x','name':'X','kind':'network','parent':'ccg-a','status':'active','closedOn':'2022-04-01'}}");
}

// What is closed takes in nobody, and is paid nothing.
static void nobody_begins_below_what_is_closed(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-shut','name':'Shut','kind':'network','parent':'ccg-a','closedOn':'2022-04-01'}");
    create(world, "{'code':'pcn-shuts','name':'Shuts','kind':'network','parent':'ccg-a','closedOn':'2028-04-01'}");
    create(world, "{'code':'la-shut','name':'Shut','kind':'local-authority','parent':'ics-a','closedOn':'2022-04-01'}");
    static const char *const refusals[][2] = {
        {"parent", "'parent':'pcn-shut'"},
        {"parent", "'parent':'pcn-shuts'"},
        {"parent", "'parent':'pcn-shuts','openedOn':'2029-01-01'"},
        {"parent", "'parent':'pcn-shut','closedOn':'2022-04-02'"},
        {"place", "'parent':'pcn-a','place':'la-shut'"},
    };
    char json[512];
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        (void)snprintf(json, sizeof json, "{'organisation':{'code':'gp-shut','name':'Practice','kind':'practice',%s}}", refusals[i][1]);
        refused(world, STATUS_FAILED_PRECONDITION, refusals[i][0], "CreateOrganisation", json);
    }
    refused(world, STATUS_FAILED_PRECONDITION, "payee", "CreateOrganisation",
            "{'organisation':{'code':'pcn-shut-p','name':'P','kind':'network','parent':'ccg-a','payee':'pcn-shuts'}}");
    // As long as it was open.
    create(world, "{'code':'gp-shut-a','name':'Practice','kind':'practice','parent':'pcn-shut','closedOn':'2022-04-01'}");
    create(world, "{'code':'gp-shut-b','name':'Practice','kind':'practice','parent':'pcn-shuts','closedOn':'2028-04-01'}");
}

// Codes of a list, in its order.
static void assert_listed(world_t *world, const char *json, char *codes, size_t size)
{
    codes[0] = '\0';
    done(world, "ListOrganisations", json);
    for (const char *at = world->reply; (at = strstr(at, "{\"code\":\"")) != NULL; at++) {
        const char *code = at + strlen("{\"code\":\"");
        (void)snprintf(codes + strlen(codes), size - strlen(codes), "%.*s ", (int)strcspn(code, "\""), code);
    }
}

static void without_a_day_and_today_say_the_same(void **state)
{
    world_t *world = *state;
    char stands[1024], today[1024];
    assert_listed(world, "{}", stands, sizeof stands);
    assert_listed(world, "{'asOf':'2026-11-25'}", today, sizeof today);
    assert_string_equal(stands, today);
    assert_non_null(strstr(today, "pcn-idea"));
    assert_listed(world, "{'status':'proposed'}", stands, sizeof stands);
    assert_string_equal(stands, "pcn-idea pcn-soon ");
    assert_listed(world, "{'asOf':'2026-11-25','status':'proposed'}", today, sizeof today);
    assert_string_equal(stands, today);
    assert_listed(world, "{'asOf':'2030-01-01','status':'proposed'}", today, sizeof today);
    assert_string_equal(today, "pcn-idea ");
    assert_listed(world, "{'asOf':'2026-11-24'}", today, sizeof today);
    assert_null(strstr(today, "pcn-idea"));
    assert_events_complete(world, 0);
}

// Found by the name that it will have, after all that have or had such a name.
static void a_name_to_come_is_found(void **state)
{
    world_t *world = *state;
    char found[256];
    create(world, "{'code':'pcn-w','name':'Willow Springs','kind':'network','parent':'ccg-a'}");
    create(world, "{'code':'pcn-v','name':'Plain','kind':'network','parent':'ccg-a'}");
    done(world, "UpdateOrganisation", "{'code':'pcn-v','organisation':{'name':'Willow'},'effectiveFrom':'2027-01-01'}");
    done(world, "UpdateOrganisation", "{'code':'pcn-w','organisation':{'name':'Springs'}}");
    assert_listed(world, "{'q':'willow'}", found, sizeof found);
    assert_string_equal(found, "pcn-w pcn-v ");
    assert_listed(world, "{'q':'wilow'}", found, sizeof found); // resembles
    assert_string_equal(found, "pcn-w pcn-v ");
    assert_listed(world, "{'q':'wi','kind':'network','asOf':'2026-11-25'}", found, sizeof found);
    assert_string_equal(found, "pcn-w pcn-v ");
    // Page by page, as all others.
    done(world, "ListOrganisations", "{'q':'willow','pageSize':1}");
    says(world, "'totalSize':2");
    char token[256] = "", json[512];
    assert_int_equal(sscanf(strstr(world->reply, "nextPageToken"), "nextPageToken\":\"%255[^\"]", token), 1);
    (void)snprintf(json, sizeof json, "{'q':'willow','pageSize':1,'pageToken':'%s'}", token);
    assert_listed(world, json, found, sizeof found);
    assert_string_equal(found, "pcn-v ");
}

// ---- what a change may not leave behind ----

static void patch(world_t *world, const char *json)
{
    done(world, "UpdateOrganisation", json);
}

static void patch_refused(world_t *world, const char *field, const char *json)
{
    refused(world, STATUS_FAILED_PRECONDITION, field, "UpdateOrganisation", json);
}

static void a_plan_is_put_off(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-off','name':'Off','kind':'network','parent':'ccg-a','openedOn':'2027-04-01'}");
    patch(world, "{'code':'pcn-off','organisation':{'openedOn':'2027-07-01'}}");
    says(world, "'openedOn':'2027-07-01'");
    says(world, "'coming':[{'from':'2027-07-01','changes':{'status':'active'}");
    on_day(world, "pcn-off", "2027-06-30", "'status':'proposed'");
    on_day(world, "pcn-off", "2027-07-01", "'status':'active'");
    patch(world, "{'code':'pcn-off','organisation':{'openedOn':'2027-02-01'}}");
    on_day(world, "pcn-off", "2027-01-31", "'status':'proposed'");
    on_day(world, "pcn-off", "2027-02-01", "'status':'active'");
    // It opens before somebody joins it.
    create(world, "{'code':'gp-off','name':'Practice','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-off", "gp-off", "2027-03-01");
    patch_refused(world, "openedOn", "{'code':'pcn-off','organisation':{'openedOn':'2027-07-01'}}");
    assert_string_equal(world->problem.detail, "On 2027-03-01 it would not be open, but gp-off is a member");
    patch_refused(world, "status", "{'code':'pcn-off','organisation':{'status':'proposed'},'effectiveFrom':'2027-02-01'}");
    patch(world, "{'code':'pcn-off','organisation':{'openedOn':'2027-03-01'}}");
    // It has opened by now.
    patch(world, "{'code':'pcn-off','organisation':{'openedOn':'2026-11-01'}}");
    says(world, "'status':'active'");
    lacks(world, "coming");
    patch_refused(world, "openedOn", "{'code':'pcn-off','organisation':{'openedOn':'2027-01-01'}}");
}

static void a_patch_does_not_announce_a_close(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-stay','name':'Stay','kind':'network','parent':'ccg-a','openedOn':'2019-07-01'}");
    patch_refused(world, "closedOn", "{'code':'pcn-stay','organisation':{'closedOn':'2030-01-01'}}");
    patch_refused(world, "closedOn", "{'code':'pcn-stay','organisation':{'closedOn':'2020-01-01'},'correction':true}");
    patch_refused(world, "status", "{'code':'pcn-stay','organisation':{'status':'closed','closedOn':'2020-01-01'}}");
}

static void what_others_go_on_after_stays_closed(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-m','name':'M','kind':'network','parent':'ccg-a','openedOn':'2019-07-01'}");
    create(world, "{'code':'pcn-n','name':'N','kind':'network','parent':'ccg-a','openedOn':'2019-07-01'}");
    create(world, "{'code':'gp-m','name':'Practice','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-m", "gp-m", "2020-01-01");
    done(world, "MergeOrganisation", "{'code':'pcn-m','into':'pcn-n','on':'2027-04-01'}");
    // Half of what was announced cannot be taken away.
    patch_refused(world, "status",
                  "{'code':'pcn-m','organisation':{'status':'active'},'clear':['closed_on'],'effectiveFrom':'2027-04-01'}");
    assert_string_equal(world->problem.detail, "pcn-n goes on after it from 2027-04-01 on, so it stays closed then");
    patch_refused(world, "closedOn", "{'code':'pcn-m','organisation':{'closedOn':'2027-03-01'},'effectiveFrom':'2027-04-01'}");
    patch_refused(world, "openedOn", "{'code':'pcn-n','organisation':{'openedOn':'2027-05-01'}}");
    // Other facts of that day are free.
    patch(world, "{'code':'pcn-m','organisation':{'notes':'It merged'},'effectiveFrom':'2027-04-01'}");
    assert_members(world, "pcn-m", "2027-03-31", "gp-m");
    assert_members(world, "pcn-n", "2027-04-01", "gp-m");
}

static void what_ended_with_it_stays_ended(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-q','name':'Q','kind':'network','parent':'ccg-a','openedOn':'2019-07-01'}");
    done(world, "AddDirector", "{'code':'pcn-q','director':{'name':'Dr Q','from':'2020-01-01'}}");
    done(world, "CloseOrganisation", "{'code':'pcn-q','on':'2026-04-01'}");
    patch_refused(world, "status", "{'code':'pcn-q','organisation':{'status':'active'},'clear':['closed_on']}");
    patch_refused(world, "status", "{'code':'pcn-q','organisation':{'status':'active'},'clear':['closed_on'],'correction':true}");
    // The days of what is on record are in the way of another day of closing.
    patch_refused(world, "closedOn", "{'code':'pcn-q','organisation':{'closedOn':'2026-03-01'},'correction':true}");
    assert_string_equal(world->problem.detail, "On 2026-03-01 it would not be open, but Dr Q is its director");
    patch_refused(world, "status", "{'code':'pcn-q','organisation':{'closedOn':'2026-05-01'},'correction':true}");
    patch_refused(world, "openedOn", "{'code':'pcn-q','organisation':{'openedOn':'2021-01-01'},'correction':true}");
    patch(world, "{'code':'pcn-q','organisation':{'openedOn':'2019-08-01'},'correction':true}");
    absent_on(world, "pcn-q", "2019-07-31");
}

static void a_close_that_was_wrong_is_corrected(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'trust-q','name':'Q','kind':'trust','parent':'ics-a','openedOn':'2019-07-01'}");
    done(world, "CloseOrganisation", "{'code':'trust-q','on':'2026-04-01'}");
    patch(world, "{'code':'trust-q','organisation':{'closedOn':'2026-05-01'},'correction':true}");
    on_day(world, "trust-q", "2026-04-30", "'status':'active'");
    lacks(world, "closedOn");
    on_day(world, "trust-q", "2026-05-01", "'closedOn':'2026-05-01'");
    patch(world, "{'code':'trust-q','organisation':{'closedOn':'2026-03-01'},'correction':true}");
    on_day(world, "trust-q", "2026-02-28", "'status':'active'");
    on_day(world, "trust-q", "2026-03-01", "'status':'closed'");
    on_day(world, "trust-q", "2026-11-25", "'closedOn':'2026-03-01'");
    patch(world, "{'code':'trust-q','organisation':{'status':'active'},'clear':['closed_on'],'correction':true}");
    on_day(world, "trust-q", "2026-06-01", "'status':'active'");
    lacks(world, "closedOn");
    on_day(world, "trust-q", NULL, "'status':'active'");
    // What lies below is in the way.
    create(world, "{'code':'trust-r','name':'R','kind':'trust','parent':'trust-q','openedOn':'2026-02-01'}");
    patch_refused(world, "closedOn", "{'code':'trust-q','organisation':{'status':'closed','closedOn':'2026-04-01'},'correction':true}");
    assert_events_complete(world, 0);
}

// What is beside a network holds on days on which the network is open by what is on record of those days, be that another opening than
// today's, or a close that is to come.
static void what_is_beside_a_network_keeps_to_its_days(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-days','name':'Days','kind':'network','parent':'ccg-a','openedOn':'2020-01-01'}");
    create(world, "{'code':'gp-days','name':'Practice','kind':'practice','parent':'ccg-a'}");
    // From today on it is said to have opened earlier; of the days before today that was not said.
    patch(world, "{'code':'pcn-days','organisation':{'openedOn':'2019-07-01'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddDirector", "{'code':'pcn-days','director':{'name':'Dr A','from':'2019-12-31'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddWaiver", "{'code':'pcn-days','waiver':{'from':'2019-12-31','reason':'Rural'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddMember",
            "{'code':'pcn-days','member':{'practice':'gp-days','from':'2019-12-31'}}");
    done(world, "AddDirector", "{'code':'pcn-days','director':{'name':'Dr A','from':'2020-01-01'}}");
    done(world, "AddWaiver", "{'code':'pcn-days','waiver':{'from':'2020-01-01','to':'2020-12-31','reason':'Rural'}}");
    join(world, "pcn-days", "gp-days", "2020-01-01");
    refused(world, STATUS_FAILED_PRECONDITION, "newFrom", "CorrectDirector",
            "{'code':'pcn-days','name':'Dr A','from':'2020-01-01','newFrom':'2019-12-31'}");
    refused(world, STATUS_FAILED_PRECONDITION, "newFrom", "CorrectWaiver",
            "{'code':'pcn-days','from':'2020-01-01','newFrom':'2019-12-31'}");
    refused(world, STATUS_FAILED_PRECONDITION, "newFrom", "CorrectMember",
            "{'code':'pcn-days','practice':'gp-days','from':'2020-01-01','newFrom':'2019-12-31'}");
    // The other way round, as far as it says so.
    patch(world, "{'code':'pcn-days','organisation':{'openedOn':'2020-01-01'}}");
    done(world, "CloseOrganisation", "{'code':'pcn-days','on':'2027-04-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "from", "AddWaiver", "{'code':'pcn-days','waiver':{'from':'2027-04-01','reason':'Rural'}}");
    refused(world, STATUS_FAILED_PRECONDITION, "newFrom", "CorrectWaiver",
            "{'code':'pcn-days','from':'2020-01-01','newFrom':'2027-04-01','ongoing':true}");
}

// A correction reaches back to all the days on which the field had that value: on each of them what is above must be open, be the day of
// the correction one on which nothing is.
static void a_correction_puts_nobody_below_what_was_closed(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'ccg-gone','name':'Gone','kind':'ccg','parent':'ics-a','status':'closed','closedOn':'2021-03-11'}");
    create(world, "{'code':'trust-old','name':'Old','kind':'trust','parent':'ics-a','status':'closed','closedOn':'2019-07-01'}");
    create(world, "{'code':'trust-new','name':'New','kind':'trust','parent':'ics-a','status':'closed','closedOn':'2021-03-11'}");
    patch_refused(world, "parent",
                  "{'code':'ccg-gone','organisation':{'parent':'trust-old'},'effectiveFrom':'2022-04-01','correction':true}");
    // Open as long as it is itself, and longer.
    patch(world, "{'code':'ccg-gone','organisation':{'parent':'trust-new'},'effectiveFrom':'2022-04-01','correction':true}");
    patch(world, "{'code':'ccg-gone','organisation':{'parent':'trust-old'},'effectiveFrom':'2022-04-01'}");
}

static void the_day_opens_it(void **state)
{
    world_t *world = *state;
    world->today = "2030-01-01";
    done(world, "ComeIntoForce", "{'code':'pcn-soon'}");
    says(world, "'status':'active'");
    assert_last_event(world, "pcn-soon", "updated");
    assert_events_complete(world, 0);
    world->today = "2026-11-25";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_opens_later_is_proposed_until_then),
        cmocka_unit_test(what_closes_later_is_announced),
        cmocka_unit_test(what_closed_was_open_before),
        cmocka_unit_test(nobody_begins_below_what_is_closed),
        cmocka_unit_test(without_a_day_and_today_say_the_same),
        cmocka_unit_test(a_name_to_come_is_found),
        cmocka_unit_test(a_plan_is_put_off),
        cmocka_unit_test(a_patch_does_not_announce_a_close),
        cmocka_unit_test(what_others_go_on_after_stays_closed),
        cmocka_unit_test(what_ended_with_it_stays_ended),
        cmocka_unit_test(a_close_that_was_wrong_is_corrected),
        cmocka_unit_test(what_is_beside_a_network_keeps_to_its_days),
        cmocka_unit_test(a_correction_puts_nobody_below_what_was_closed),
        cmocka_unit_test(the_day_opens_it),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
