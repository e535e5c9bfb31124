// What is refused of an import: each check once, in the words that the job tells.
#include "tests/integration/registry/staged.h"

static void test_rows_beside_the_record(void **state)
{
    world_t *world = *state;
    staged_assert_refused(world, ROWS(NEW_NETWORK, NEW_NETWORK), "3 code: is on line 2 already");
    staged_assert_refused(world, ROWS("organisations|{'code':'ccg-a','name':'Other','kind':'ccg','statedPopulation':61000}"),
                          "2 name: is Commissioner A on record, not Other; 2 stated_population: is 60,000 on record, not 61,000");
    staged_assert_refused(world, ROWS("organisations|{'code':'pcn-a','name':'Network A','kind':'network','parent':'ccg-b','payee':'gp-a'}"),
                          "2 parent: is ccg-a on record, not ccg-b; 2 payee: is absent on record, not gp-a");
    staged_assert_refused(world, ROWS("organisation_parts|{'code':'pcn-a','place':'ccg-b','statedPracticeCount':2}"),
                          "2 place: ccg-b is of kind ccg, which is no place; 2 place: is la-a on record, not ccg-b");
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a','place':'la-a'}",
                               "organisation_parts|{'code':'new-pcn','place':'ics-a'}"),
                          "3 place: ics-a is of kind ics, which is no place; 3 place: is la-a on line 2 of rows.csv, not ics-a");
    staged_assert_refused(world, ROWS("past|{'code':'pcn-a','recordedAt':'2020-01-01T00:00:00Z','name':'Old','status':'active'}"),
                          "2 code: No such facts are on record of pcn-a, which is there already");
    staged_assert_refused(world,
                          ROWS("coming|{'code':'pcn-a','from':'2027-01-01','changes':{'name':'Next'},'recordedAt':'2020-01-01T00:00:00Z'}"),
                          "2 code: No such change is on record of pcn-a, which is there already");
    staged_assert_refused(world,
                          ROWS("superseded|{'code':'pcn-a','kind':'director','fact':{'name':'X'},'supersededAt':'2020-01-01T00:00:00Z'}"),
                          "2 code: No such record is superseded of pcn-a, which is there already");
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-a','name':'A','kind':'ccg','openedOn':'2020-01-02','closedOn':'2020-01-01'}",
             "organisations|{'code':'new-b','name':'B','kind':'ccg','status':'closed'}",
             "organisations|{'code':'new-c','name':'C','kind':'ccg','payee':'gp-a'}"),
        "2 closed_on: It cannot close before it opened, on 2020-01-02; "
        "3 closed_on: A closed organisation has the day on which it closed; 4 payee: Only a network has a nominated payee");
}

static void test_references(void **state)
{
    world_t *world = *state;
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'x1','place':'x2','payee':'x3'}",
             "memberships|{'network':'x4','practice':'x5'}",
             "list_sizes|{'organisation':'x6','kind':'registered','count':1,"
             "'asOf':'2020-01-01','source':'s'}",
             "waivers|{'network':'pcn-a','from':'2020-01-01','reason':'r','grantedBy':'x7'}",
             "alignments|{'service':'s1','organisation':'pcn-a','name':'n','kind':'federation','provider':'x8',"
             "'from':'2020-01-01'}",
             "successions|{'predecessor':'x9','successor':'pcn-a','on':'2020-01-01','manner':'merge'}",
             "sites|{'code':'site-1','organisation':'x10','name':'n','kind':'hub'}",
             "facts|{'organisation':'x11','fact':'f','qualifier':'eq','value':'1','source':'s'}"),
        "2 parent: There is no organisation x1; 2 payee: There is no organisation x3; 2 place: There is no organisation x2; "
        "3 network: There is no organisation x4; 3 practice: There is no organisation x5; "
        "4 organisation: There is no organisation x6; 5 granted_by: There is no organisation x7; "
        "6 provider: There is no organisation x8; 7 predecessor: There is no organisation x9; "
        "8 organisation: There is no organisation x10; 9 organisation: There is no organisation x11");
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'gp-a'}",
             "memberships|{'network':'ccg-a','practice':'la-a'}", "directors|{'network':'gp-a','name':'Dr A'}",
             "systems|{'practice':'ccg-a','system':'One','from':'2020-01-01'}",
             "alignments|{'service':'s1','organisation':'ccg-a','name':'n','kind':'federation','from':'2020-01-01'}",
             "waivers|{'network':'pcn-a','from':'2020-01-01','reason':'r','grantedBy':'la-a'}",
             "list_sizes|{'organisation':'gp-a','kind':'registered','subGroup':'north','count':1,'asOf':'2020-01-01','source':'s'}",
             "list_sizes|{'organisation':'gp-a','kind':'registered','count':1,'asOf':'2030-01-01','source':'s'}"),
        "2 parent: gp-a is of kind practice, which cannot be the parent of kind network; 3 network: ccg-a is no network; "
        "3 practice: la-a is no practice; 4 network: gp-a is no network; 5 practice: ccg-a is no practice; "
        "6 organisation: ccg-a is neither a network nor a practice; 7 granted_by: la-a is no commissioner; "
        "8 sub_group: Only a network has sub-groups; 9 as_of: A list cannot be counted in the future");
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-a','name':'A','kind':'ccg','parent':'new-b'}",
             "organisations|{'code':'new-b','name':'B','kind':'ccg','parent':'new-a'}",
             "organisations|{'code':'new-c','name':'C','kind':'ccg','parent':'new-b'}"),
        "2 parent: new-b lies below new-a: that would close a circle; 3 parent: new-a lies below new-b: that would close a circle");
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-gp','name':'A','kind':'practice','parent':'pcn-a'}", NEW_NETWORK,
                               "memberships|{'network':'new-pcn','practice':'new-gp'}"),
                          "2 parent: pcn-a is a network, but the practice is a member of new-pcn");
    staged_assert_refused(world, ROWS("list_sizes|{'organisation':'pcn-a','kind':'registered','subGroup':'north','count':1,'source':'s'}"),
                          "2 as_of: has no day: the network has no list size");
}

static void test_spans(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddMember",
                "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2020-01-01\",\"subGroup\":\"north\"}}");
    assert_call(world, "AddDirector", "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr A\",\"from\":\"2020-01-01\",\"share\":\"0.6\"}}");
    // A first day that is given contradicts none that was assumed, if it is the same.
    staged_assert_imported(world, ROWS("directors|{'network':'pcn-a','name':'Dr Z','to':'2019-07-31'}"));
    staged_assert_imported(world, ROWS("directors|{'network':'pcn-a','name':'Dr Z','from':'2019-07-01','to':'2019-07-31'}"));
    staged_assert_text(world, "SELECT concat_ws(' ', created, changed, added_rows, unchanged_rows) FROM import", "0 0 0 1");
    staged_assert_refused(world, ROWS("directors|{'network':'pcn-a','name':'Dr Z','from':'2019-07-01','fromAssumed':false}"),
                          "2 from_assumed: is true on record, not false");
    staged_assert_refused(
        world,
        ROWS(NEW_NETWORK, "memberships|{'network':'new-pcn','practice':'gp-a','from':'2021-01-01'}",
             "memberships|{'network':'new-pcn','practice':'gp-b','from':'2021-01-01','to':'2021-06-30'}",
             "memberships|{'network':'pcn-a','practice':'gp-b','from':'2021-06-30'}"),
        "3 practice: gp-a is a member of pcn-a from 2020-01-01 on; a practice has one core network at a time; "
        "5 practice: gp-b is a member of new-pcn from 2021-01-01 to 2021-06-30; a practice has one core network at a time");
    staged_assert_refused(world,
                          ROWS("directors|{'network':'pcn-a','name':'Dr A','from':'2021-01-01'}",
                               "directors|{'network':'pcn-a','name':'Dr B','from':'2021-01-01','share':'0.5'}"),
                          "2 name: That director has a term from 2020-01-01 on; 3 share: The shares of the post would pass 1");
    staged_assert_refused(world,
                          ROWS("waivers|{'network':'pcn-a','from':'2021-01-01','reason':'r'}",
                               "waivers|{'network':'pcn-a','from':'2022-01-01','reason':'r'}"),
                          "3 from: A waiver holds from 2021-01-01 on");
    staged_assert_refused(world,
                          ROWS("systems|{'practice':'gp-a','system':'One','from':'2021-01-01','to':'2021-12-31'}",
                               "systems|{'practice':'gp-a','system':'Two','from':'2021-12-31'}"),
                          "3 from: gp-a has a clinical system from 2021-01-01 to 2021-12-31");
    staged_assert_refused(world,
                          ROWS("alignments|{'service':'s1','organisation':'gp-a','name':'n','kind':'federation','from':'2021-01-01'}",
                               "alignments|{'service':'s1','organisation':'gp-a','name':'n','kind':'federation','from':'2022-01-01'}"),
                          "3 service: s1 serves gp-a from 2021-01-01 on");
    staged_assert_refused(world, ROWS("memberships|{'network':'pcn-a','practice':'gp-b','from':'2021-01-01','to':'2020-01-01'}"),
                          "2 to: It cannot end before it begins, on 2021-01-01");
    staged_assert_refused(world,
                          ROWS(NEW_NETWORK, "memberships|{'network':'new-pcn','practice':'gp-b','from':'2021-01-01','subGroup':'north'}"),
                          "3 sub_group: north is a sub-group of pcn-a");
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a','openedOn':'2020-01-01',"
                               "'status':'closed','closedOn':'2021-01-01'}",
                               "memberships|{'network':'new-pcn','practice':'gp-b','from':'2019-01-01'}",
                               "directors|{'network':'new-pcn','name':'Dr A','from':'2021-01-01'}"),
                          "3 from: The network opened on 2020-01-01; 3 to: It must end before 2021-01-01, when the network closes; "
                          "4 from: The network closes on 2021-01-01");
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-ccg','name':'New','kind':'network','parent':'la-a'}",
                               "waivers|{'network':'new-ccg','from':'2021-01-01','reason':'r'}"),
                          "2 parent: la-a is of kind local-authority, which cannot be the parent of kind network");
}

// What the history could not read.
static void test_superseded(void **state)
{
    world_t *world = *state;
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-a','name':'A','kind':'network'}",
             "superseded|{'code':'new-a','kind':'membership','fact':{'from_on':'never'},'supersededAt':'2020-01-01T00:00:00Z'}",
             "superseded|{'code':'new-a','kind':'membership','fact':{'from_on':'2020-01-01'},'supersededAt':'2020-01-01T00:00:00Z'}",
             "superseded|{'code':'new-a','kind':'list-size','fact':{'count':'many'},'supersededAt':'2020-01-01T00:00:00Z'}"),
        "3 fact: Is no membership: invalid input syntax for type date: \"never\"; "
        "5 fact: Is no list-size: invalid input syntax for type bigint: \"many\"");
}

// ---- day by day ----

#define PAST(code, days) "past|{'code':'" code "'," days ",'recordedAt':'2020-01-01T00:00:00Z','name':'Old','status':'active'"
#define CLOSED_CCG "organisations|{'code':'new-ccg','name':'C','kind':'ccg','status':'closed','closedOn':'2022-04-01'}"

static void test_facts_follow_each_other(void **state)
{
    world_t *world = *state;
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-a','name':'A','kind':'ccg'}", PAST("new-a", "'to':'2020-12-31'") "}",
                               "organisations|{'code':'new-b','name':'B','kind':'ccg','factsFrom':'2022-01-01'}",
                               PAST("new-b", "'to':'2020-12-31'") "}", PAST("new-b", "'from':'2020-12-31','to':'2021-12-31'") "}",
                               PAST("new-b", "'from':'2022-01-01'") "}",
                               "coming|{'code':'new-b','from':'2022-01-01','changes':{'name':'X'},'recordedAt':'2020-01-01T00:00:00Z'}"),
                          "3 to: The facts in the file organisations hold since ever: their facts_from is missing; "
                          "6 from: new-b has other facts from ever to 2020-12-31; "
                          "7 to: is empty: what holds until further notice belongs in the file organisations; "
                          "8 from: The facts in the file organisations hold from 2022-01-01 on");
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-a','name':'A','kind':'ccg','status':'active','closedOn':'2022-04-01'}",
             "organisations|{'code':'new-b','name':'B','kind':'ccg','openedOn':'2020-01-01'}",
             "coming|{'code':'new-b','from':'2027-01-01','changes':{'status':'closed'},'recordedAt':'2020-01-01T00:00:00Z'}",
             "organisations|{'code':'new-c','name':'C','kind':'ccg'}",
             "coming|{'code':'new-c','from':'2027-01-01','changes':{'closedOn':'2027-01-01'},'recordedAt':'2020-01-01T00:00:00Z'}",
             "organisations|{'code':'new-d','name':'D','kind':'ccg'}",
             "coming|{'code':'new-d','from':'2027-01-01','changes':{'payee':'gp-a'},'recordedAt':'2020-01-01T00:00:00Z'}"),
        "2 status: It closed on 2022-04-01; 4 changes: A closed organisation has the day on which it closed; "
        "6 changes: Only what is closed has a day on which it closed; 8 changes: Only a network has a nominated payee");
}

static void test_what_is_closed_takes_in_nobody(void **state)
{
    world_t *world = *state;
    staged_assert_refused(world,
                          ROWS(CLOSED_CCG, "organisations|{'code':'new-pcn','name':'N','kind':'network','parent':'new-ccg'}",
                               "organisations|{'code':'new-gp','name':'G','kind':'practice','parent':'new-ccg'}"),
                          "3 parent: new-ccg is closed from 2022-04-01 on; 4 parent: new-ccg is closed from 2022-04-01 on");
    // Who was below it until it closed, and whom it pays nothing any more.
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-p','name':'P','kind':'provider','status':'closed','closedOn':'2022-04-01'}",
             "organisations|{'code':'new-pcn','name':'N','kind':'network','parent':'ccg-a','payee':'new-p'}",
             "organisations|{'code':'new-la','name':'L','kind':'local-authority','status':'closed','closedOn':'2022-04-01'}",
             "organisations|{'code':'new-b','name':'B','kind':'network','parent':'ccg-a','place':'new-la'}",
             "organisations|{'code':'new-c','name':'C','kind':'network','parent':'ccg-a'}",
             "organisation_parts|{'code':'new-c','place':'new-la'}"),
        "3 payee: new-p is closed from 2022-04-01 on; 5 place: new-la is closed from 2022-04-01 on; "
        "7 place: new-la is closed from 2022-04-01 on");
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-ccg','name':'C','kind':'ccg'}",
             "coming|{'code':'new-ccg','from':'2027-04-01','changes':{'status':'closed','closedOn':'2027-04-01'},"
             "'recordedAt':'2020-01-01T00:00:00Z'}",
             "organisations|{'code':'new-pcn','name':'N','kind':'network','parent':'ccg-a'}",
             "coming|{'code':'new-pcn','from':'2027-01-01','changes':{'parent':'new-ccg'},'recordedAt':'2020-01-01T00:00:00Z'}",
             "coming|{'code':'new-pcn','from':'2027-02-01','changes':{'name':'Later'},'recordedAt':'2020-01-01T00:00:00Z'}",
             "organisations|{'code':'new-b','name':'B','kind':'network','parent':'ccg-a'}",
             "coming|{'code':'new-b','from':'2027-01-01','changes':{'parent':'gp-a'},'recordedAt':'2020-01-01T00:00:00Z'}",
             "organisations|{'code':'new-c','name':'C','kind':'network','parent':'ccg-a','factsFrom':'2022-01-01'}",
             PAST("new-c", "'to':'2021-12-31'") ",'parent':'gp-a','place':'ccg-a'}"),
        "5 changes: new-ccg is closed from 2027-04-01 on; "
        "8 changes: gp-a is of kind practice, which cannot be the parent of kind network; "
        "10 parent: gp-a is of kind practice, which cannot be the parent of kind network; "
        "10 place: ccg-a is of kind ccg, which is no place");
}

static void test_circles_of_other_days(void **state)
{
    world_t *world = *state;
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-a','name':'A','kind':'trust','factsFrom':'2022-01-01'}",
                               PAST("new-a", "'from':'2020-01-01','to':'2021-12-31'") ",'parent':'new-b'}",
                               "organisations|{'code':'new-b','name':'B','kind':'trust','parent':'new-a'}"),
                          "3 parent: new-b lies below new-a on 2020-01-01: that would close a circle; "
                          "4 parent: new-a lies below new-b on 2020-01-01: that would close a circle");
    staged_assert_refused(
        world,
        ROWS("organisations|{'code':'new-a','name':'A','kind':'trust'}",
             "coming|{'code':'new-a','from':'2027-01-01','changes':{'parent':'new-b'},'recordedAt':'2020-01-01T00:00:00Z'}",
             "organisations|{'code':'new-b','name':'B','kind':'trust','parent':'new-a'}"),
        "3 changes: new-b lies below new-a on 2027-01-01: that would close a circle; "
        "4 parent: new-a lies below new-b on 2027-01-01: that would close a circle");
    // By a membership, which puts the practice below its network.
    staged_assert_refused(world,
                          ROWS("organisations|{'code':'new-ccg','name':'C','kind':'ccg','parent':'gp-b'}",
                               "organisations|{'code':'new-pcn','name':'N','kind':'network','parent':'new-ccg'}",
                               "memberships|{'network':'new-pcn','practice':'gp-b','from':'2021-01-01'}"),
                          "2 parent: gp-b lies below new-ccg on 2021-01-01: that would close a circle; "
                          "3 parent: new-ccg lies below new-pcn on 2021-01-01: that would close a circle; "
                          "4 practice: new-pcn lies below gp-b on 2021-01-01: that would close a circle");
}

static void test_members_are_there(void **state)
{
    world_t *world = *state;
    staged_assert_refused(
        world,
        ROWS(NEW_NETWORK,
             "organisations|{'code':'new-1','name':'1','kind':'practice','parent':'ccg-a','status':'closed','closedOn':'2022-04-01'}",
             "organisations|{'code':'new-2','name':'2','kind':'practice','parent':'ccg-a','openedOn':'2020-01-01'}",
             "organisations|{'code':'new-3','name':'3','kind':'practice','parent':'ccg-a','status':'closed','closedOn':'2027-04-01'}",
             "memberships|{'network':'new-pcn','practice':'new-1','from':'2021-01-01'}",
             "memberships|{'network':'new-pcn','practice':'new-2','from':'2019-12-31'}",
             "memberships|{'network':'new-pcn','practice':'new-3','from':'2027-04-01'}"),
        "6 to: It must end before 2022-04-01, when the practice closes; 7 from: The practice opened on 2020-01-01; "
        "8 from: The practice closes on 2027-04-01");
}

static void test_successions(void **state)
{
    world_t *world = *state;
    staged_assert_refused(
        world,
        ROWS(CLOSED_CCG, "organisations|{'code':'new-b','name':'B','kind':'ccg','openedOn':'2023-01-01'}",
             "successions|{'predecessor':'ccg-a','successor':'ccg-b','on':'2022-04-01','manner':'merge'}",
             "successions|{'predecessor':'new-ccg','successor':'ccg-b','on':'2022-04-02','manner':'close'}",
             "successions|{'predecessor':'new-ccg','successor':'new-b','on':'2022-04-01','manner':'close'}"),
        "4 predecessor: ccg-a is open on 2022-04-01: nobody goes on after it; 5 on: new-ccg is closed from 2022-04-01 on; "
        "6 successor: new-b opened on 2023-01-01");
    staged_assert_refused(world,
                          ROWS(CLOSED_CCG,
                               "organisations|{'code':'new-b','name':'B','kind':'ccg','status':'closed','closedOn':'2022-04-01'}",
                               "successions|{'predecessor':'new-ccg','successor':'new-b','on':'2022-04-01','manner':'close'}",
                               "successions|{'predecessor':'new-b','successor':'new-ccg','on':'2022-04-01','manner':'close'}"),
                          "4 successor: new-ccg goes on after new-b by what else is said: that would close a circle; "
                          "5 successor: new-b goes on after new-ccg by what else is said: that would close a circle");
}

static void test_dry_run(void **state)
{
    world_t *world = *state;
    const long events = staged_number(world, "SELECT count(*) FROM event_queue");
    staged_stage(world, STAGED_JOB, true, ROWS(NEW_NETWORK, "directors|{'network':'pcn-a','name':'Dr A'}"));
    staged_work(world);
    staged_assert_text(world, "SELECT concat_ws(' ', state, created, changed, unchanged_rows) FROM import", "succeeded 1 1 0");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation WHERE code = 'new-pcn'"), 0);
    assert_int_equal(staged_number(world, "SELECT version FROM organisation WHERE code = 'pcn-a'"), 1);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM event_queue"), events);
}

// A rule of the tables that no check knows of is still a problem of the import.
static void test_constraint(void **state)
{
    world_t *world = *state;
    staged_assert_refused(world, ROWS("organisations|{'code':'new-pcn','name':'','kind':'network','parent':'ccg-a'}"),
                          "0 -: The database refused it by its rule some_text_check");
}

// Rows that could not be read: those that could are looked at by themselves, and nothing goes in.
static void test_problems_of_reading(void **state)
{
    world_t *world = *state;
    staged_stage(world, STAGED_JOB, false, ROWS(NEW_PRACTICE, NEW_PRACTICE, "memberships|{'network':'unread','practice':'new-gp'}"));
    staged_sql(world, "UPDATE import SET problem_count = 1");
    staged_work(world);
    staged_assert_text(world, "SELECT string_agg(reason, ';') FROM import_problem", "is on line 2 already");
    staged_assert_text(world, "SELECT concat_ws(' ', state, problem_count) FROM import", "failed 2");
}

static int setup_populated(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

int main(void)
{
    // In one registry: all but the last leave it as it was.
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_beside_the_record),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_constraint),
        cmocka_unit_test(test_problems_of_reading),
        cmocka_unit_test(test_superseded),
        cmocka_unit_test(test_facts_follow_each_other),
        cmocka_unit_test(test_what_is_closed_takes_in_nobody),
        cmocka_unit_test(test_circles_of_other_days),
        cmocka_unit_test(test_members_are_there),
        cmocka_unit_test(test_successions),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_spans),
    };
    return cmocka_run_group_tests(tests, setup_populated, world_teardown);
}
