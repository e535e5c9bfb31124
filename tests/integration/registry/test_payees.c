// Whom a network is paid through when that organisation merges, closes or splits: as of the day before, of and after.
#include "tests/integration/registry/verbs.h"

static void provider(world_t *world, const char *code)
{
    char json[256];
    (void)snprintf(json, sizeof json, "{'code':'%s','name':'Provider %s','kind':'federation','parent':'ics-a'}", code, code);
    create(world, json);
}

static void paid_through(world_t *world, const char *code, const char *payee)
{
    char json[256];
    (void)snprintf(json, sizeof json, "{'code':'%s','name':'Network %s','kind':'network','parent':'ccg-a','payee':'%s','source':'a form'}",
                   code, code, payee);
    create(world, json);
}

// The payee on the day, and whether that is found to be closed, by the network itself and by the checks.
static void assert_payee(world_t *world, const char *code, const char *day, const char *payee, bool closed)
{
    char json[256];
    (void)snprintf(json, sizeof json, "{'code':'%s','asOf':'%s'}", code, day);
    done(world, "GetNetwork", json);
    (void)snprintf(json, sizeof json, "'payee':'%s'", payee);
    says(world, json);
    if (closed)
        says(world, "'code':'payee-closed'");
    else
        lacks(world, "payee-closed");
    (void)snprintf(json, sizeof json, "{'asOf':'%s'}", day);
    done(world, "GetChecks", json);
    (void)snprintf(json, sizeof json,
                   "'code':'payee-closed','rule':'The payee of a network must be open','severity':'error',"
                   "'subject':'organisations/%s'",
                   code);
    if (closed)
        says(world, json);
    else
        lacks(world, json);
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

static void a_payee_that_merges_is_followed(void **state)
{
    world_t *world = *state;
    provider(world, "fed-a");
    provider(world, "fed-b");
    paid_through(world, "pcn-one", "fed-a");
    paid_through(world, "pcn-two", "fed-b");
    // It changes its payee later, and names the one that ends once more after that.
    paid_through(world, "pcn-three", "fed-a");
    done(world, "UpdateOrganisation", "{'code':'pcn-three','organisation':{'payee':'fed-b'},'effectiveFrom':'2027-01-01'}");
    done(world, "UpdateOrganisation", "{'code':'pcn-three','organisation':{'payee':'fed-a'},'effectiveFrom':'2028-01-01'}");
    const long one = version_of(world, "pcn-one"), two = version_of(world, "pcn-two"), three = version_of(world, "pcn-three");
    done(world, "MergeOrganisation", "{'code':'fed-a','into':'fed-b','on':'2026-04-01'}");
    assert_int_equal(version_of(world, "pcn-one"), one + 1);
    assert_int_equal(version_of(world, "pcn-two"), two);
    assert_int_equal(version_of(world, "pcn-three"), three + 1);
    assert_last_event(world, "pcn-one", "updated");
    assert_payee(world, "pcn-one", "2026-03-31", "fed-a", false);
    assert_payee(world, "pcn-one", "2026-04-01", "fed-b", false);
    assert_payee(world, "pcn-one", "2026-04-02", "fed-b", false);
    assert_payee(world, "pcn-three", "2026-03-31", "fed-a", false);
    assert_payee(world, "pcn-three", "2026-04-01", "fed-b", false);
    assert_payee(world, "pcn-three", "2028-01-01", "fed-b", false);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/pcn-one' "
                                                           "AND version = 2 AND data::jsonb ->> 'payee' = 'fed-b'"),
                     1);
    assert_events_complete(world, 0);
}

static void a_merger_to_come_is_announced_to_whom_it_paid(void **state)
{
    world_t *world = *state;
    provider(world, "fed-c");
    paid_through(world, "pcn-four", "fed-c");
    done(world, "MergeOrganisation", "{'code':'fed-c','into':'fed-b','on':'2026-12-01'}");
    assert_last_event(world, "pcn-four", "announced");
    assert_payee(world, "pcn-four", "2026-11-30", "fed-c", false);
    assert_payee(world, "pcn-four", "2026-12-01", "fed-b", false);
    done(world, "GetNetwork", "{'code':'pcn-four'}");
    says(world, "'payee':'fed-c'");
    says(world, "'coming':[{'from':'2026-12-01','changes':{'payee':'fed-b'}");
    world->today = "2026-12-01";
    done(world, "ComeIntoForce", "{'code':'pcn-four'}");
    says(world, "'payee':'fed-b'");
    assert_last_event(world, "pcn-four", "updated");
    world->today = "2026-11-25";
    assert_events_complete(world, 0);
}

static void one_that_closes_has_one_successor_or_is_found(void **state)
{
    world_t *world = *state;
    provider(world, "fed-d");
    provider(world, "fed-e");
    provider(world, "fed-f");
    paid_through(world, "pcn-five", "fed-d");
    paid_through(world, "pcn-six", "fed-e");
    paid_through(world, "pcn-seven", "fed-f");
    const long six = version_of(world, "pcn-six");
    done(world, "CloseOrganisation", "{'code':'fed-d','on':'2026-04-01','successors':['fed-b']}");
    assert_payee(world, "pcn-five", "2026-03-31", "fed-d", false);
    assert_payee(world, "pcn-five", "2026-04-01", "fed-b", false);
    done(world, "CloseOrganisation", "{'code':'fed-e','on':'2026-04-01'}");
    assert_int_equal(version_of(world, "pcn-six"), six);
    assert_payee(world, "pcn-six", "2026-03-31", "fed-e", false);
    assert_payee(world, "pcn-six", "2026-04-01", "fed-e", true);
    says(world, "'detail':'Network pcn-six is paid through fed-e, which is closed from 2026-04-01 on','source':'a form'");
    assert_payee(world, "pcn-six", "2026-11-25", "fed-e", true);
    done(world, "CloseOrganisation", "{'code':'fed-f','on':'2026-04-01','successors':['fed-b','ics-a']}");
    assert_payee(world, "pcn-seven", "2026-03-31", "fed-f", false);
    assert_payee(world, "pcn-seven", "2026-04-01", "fed-f", true);
    // Naming another ends it, from the day on; one that is closed cannot be named.
    refused(world, STATUS_FAILED_PRECONDITION, "payee", "UpdateOrganisation", "{'code':'pcn-six','organisation':{'payee':'fed-f'}}");
    done(world, "UpdateOrganisation", "{'code':'pcn-six','organisation':{'payee':'fed-b'},'effectiveFrom':'2026-05-01'}");
    assert_payee(world, "pcn-six", "2026-04-30", "fed-e", true);
    assert_payee(world, "pcn-six", "2026-05-01", "fed-b", false);
    refused(world, STATUS_FAILED_PRECONDITION, "payee", "CreateOrganisation",
            "{'organisation':{'code':'pcn-late','name':'Late','kind':'network','parent':'ccg-a','payee':'fed-f'}}");
    create(world, "{'code':'pcn-late','name':'Late','kind':'network','parent':'ccg-a','payee':'fed-f','status':'closed',"
                  "'closedOn':'2026-03-01'}");
    // What is to close later is not named either: it would be closed one day.
    provider(world, "fed-g");
    done(world, "CloseOrganisation", "{'code':'fed-g','on':'2027-04-01'}");
    refused(world, STATUS_FAILED_PRECONDITION, "payee", "UpdateOrganisation", "{'code':'pcn-six','organisation':{'payee':'fed-g'}}");
    assert_events_complete(world, 0);
}

static void after_a_split_nobody_is_chosen(void **state)
{
    world_t *world = *state;
    provider(world, "fed-h");
    paid_through(world, "pcn-eight", "fed-h");
    done(world, "SplitOrganisation",
         "{'code':'fed-h','on':'2026-04-01','into':[{'code':'fed-h1','name':'One'},{'code':'fed-h2','name':'Two'}]}");
    assert_payee(world, "pcn-eight", "2026-03-31", "fed-h", false);
    assert_payee(world, "pcn-eight", "2026-04-01", "fed-h", true);
    assert_payee(world, "pcn-eight", "2026-04-02", "fed-h", true);
    assert_events_complete(world, 0);
}

// A network is paid through itself or through another: where these merge, the payee follows; the one that ended keeps what it said.
static void networks_pay_one_another(void **state)
{
    world_t *world = *state;
    paid_through(world, "pcn-self", "pcn-self");
    paid_through(world, "pcn-other", "pcn-self");
    done(world, "MergeOrganisation", "{'code':'pcn-self','into':'pcn-other','on':'2026-04-01'}");
    assert_payee(world, "pcn-other", "2026-03-31", "pcn-self", false);
    assert_payee(world, "pcn-other", "2026-04-01", "pcn-other", false);
    done(world, "GetNetwork", "{'code':'pcn-self'}");
    says(world, "'status':'closed'");
    says(world, "'payee':'pcn-self'");
    lacks(world, "payee-closed");
    assert_events_complete(world, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payee_that_merges_is_followed),
        cmocka_unit_test(a_merger_to_come_is_announced_to_whom_it_paid),
        cmocka_unit_test(one_that_closes_has_one_successor_or_is_found),
        cmocka_unit_test(after_a_split_nobody_is_chosen),
        cmocka_unit_test(networks_pay_one_another),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
