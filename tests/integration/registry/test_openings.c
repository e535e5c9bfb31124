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
        cmocka_unit_test(without_a_day_and_today_say_the_same),
        cmocka_unit_test(the_day_opens_it),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
