// What is owed against what is published and used, by day and week of Europe/London; and where patients are offered less than they should
// be.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/plans.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    // A Friday. The clocks go forward on the Sunday of the week after; Good Friday is 3 April, Easter Monday 6 April.
    world->today = "2026-03-20";
    world->noon = true;
    plans_sql(world, "INSERT INTO list_size VALUES ('gp-a1', '2025-01-01', false, 2750, 'count of 2025'), "
                     "('gp-a1', '2026-04-01', false, 5823, 'count of 2026'), ('gp-a2', '2025-01-01', false, 9027, 'count of 2025'), "
                     "('gp-a2', '2025-01-01', true, 1, 'made up'), ('gp-b1', '2025-01-01', true, 5823, 'made up'), "
                     "('pcn-b', '2019-06-20', false, 39920, 'Appendix 3'), ('pcn-a', '2019-06-20', false, 1, 'Appendix 3')");
    plans_sql(world, "INSERT INTO membership VALUES ('pcn-a', 'gp-a1', '2019-07-01'), ('pcn-a', 'gp-a2', '2019-07-01'), "
                     "('pcn-b', 'gp-b1', '2019-07-01')");
    plans_begin(world);
    return 0;
}

// The members of a row in the order of the contract, from its day on.
#define ROW(obligation, rest) "\"obligation\":\"" obligation "\"," rest

static size_t rows_of(const world_t *world, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(world->reply, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}

static void the_rules_make_the_figures(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-23\",\"to\":\"2026-03-29\"}");
    assert_int_equal(rows_of(world, "\"obligation\":\"reserved-111\""), 5); // no week-end
    assert_reply_has(world,
                     ROW("reserved-111", "\"day\":\"2026-03-23\",\"period\":\"day\",\"unit\":\"slots\",\"required\":1,\"published\":0,"
                                         "\"used\":0,\"difference\":-1,\"listSize\":2750,\"listSizeAsOf\":\"2025-01-01\""));
    assert_reply_has(world, ROW("extended-hours", "\"day\":\"2026-03-23\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":90,"));
    assert_reply_lacks(world, "extended-access");
    assert_reply_lacks(world, "explanation");
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a2\",\"from\":\"2026-03-23\",\"to\":\"2026-03-29\"}");
    assert_reply_has(world, "\"unit\":\"slots\",\"required\":3,");
    assert_reply_has(world, "\"unit\":\"minutes\",\"required\":270,");
    assert_reply_lacks(world, "\"synthetic\":true");
    // A list counts from the day on which it was counted.
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-30\",\"to\":\"2026-04-12\"}");
    assert_int_equal(rows_of(world, "\"listSize\":2750"), 3); // two days, and the week
    assert_int_equal(rows_of(world, "\"listSize\":5823"), 7);
    assert_int_equal(rows_of(world, "\"obligation\":\"reserved-111\""), 8); // no bank holiday
    assert_reply_has(world, ROW("extended-hours", "\"day\":\"2026-04-06\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":180,"));
}

static void a_network_is_its_members_or_what_it_states(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetCapacity", "{\"organisation\":\"pcn-a\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\"}");
    assert_int_equal(rows_of(world, "\"organisation\":\"gp-a1\""), 2); // those below come along
    assert_reply_has(world, ROW("extended-hours", "\"day\":\"2026-03-23\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":360,"));
    assert_reply_has(world, "\"listSize\":11777,\"listSizeAsOf\":\"2025-01-01\"");
    assert_reply_has(world, ROW("extended-access", "\"day\":\"2026-03-23\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":530,"));
    assert_reply_has(world,
                     ROW("extended-access-evening", "\"day\":\"2026-03-23\",\"period\":\"day\",\"unit\":\"minutes\",\"required\":90,"));
    assert_call(world, "GetCapacity", "{\"organisation\":\"pcn-b\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\"}");
    assert_reply_has(world, "\"required\":1200,");
    assert_reply_has(world, "\"listSize\":39920,\"listSizeAsOf\":\"2019-06-20\"");
    // Its practice's is not known, and nothing is made of that.
    assert_reply_has(world,
                     "\"reason\":{\"code\":\"list-size-unknown\",\"detail\":\"No registered list of gp-b1 that was counted by 2026-03-23 "
                     "is known\"}");
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-b1\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\",\"synthetic\":true}");
    assert_reply_has(world, "\"required\":1,");
    assert_reply_has(world, "\"listSize\":5823,\"listSizeAsOf\":\"2025-01-01\",\"synthetic\":true");
    assert_reply_has(world, "made up for a demonstration");
    // Somebody moves: from that day on the sum is another.
    plans_sql(world, "UPDATE membership SET to_on = '2026-03-29' WHERE practice = 'gp-a2'");
    assert_call(world, "GetCapacity", "{\"organisation\":\"pcn-a\",\"from\":\"2026-03-23\",\"to\":\"2026-03-30\"}");
    assert_reply_has(world, "\"listSize\":11777");
    assert_reply_has(world, "\"day\":\"2026-03-30\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":90,");
}

static void slots_of_the_kind_are_counted(void **state)
{
    world_t *world = *state;
    plans_add(world, 1, "gp-a1", "reserved-111");
    (void)plans_slot(world, 1, "2026-03-24 10:00", 10, "booked");
    (void)plans_slot(world, 1, "2026-03-24 10:10", 10, "free");
    (void)plans_slot(world, 1, "2026-03-24 10:20", 10, "blocked");
    (void)plans_slot(world, 1, "2026-03-24 18:25", 10, "free"); // not wholly in core hours
    (void)plans_slot(world, 1, "2026-03-28 10:00", 10, "free"); // a Saturday
    (void)plans_slot(world, 1, "2026-04-03 10:00", 10, "free"); // Good Friday
    plans_add(world, 2, "gp-a1", "core");
    (void)plans_slot(world, 2, "2026-03-24 11:00", 10, "free");
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-24\",\"to\":\"2026-03-28\"}");
    assert_reply_has(world, "\"day\":\"2026-03-24\",\"period\":\"day\",\"unit\":\"slots\",\"required\":1,\"published\":2,\"used\":1,"
                            "\"difference\":1");
    assert_int_equal(rows_of(world, "\"published\":0"), 3);
}

static void a_week_is_one_of_london(void **state)
{
    world_t *world = *state;
    plans_add(world, 1, "gp-a1", "extended-hours");
    (void)plans_slot(world, 1, "2026-03-23 00:00", 30, "free");
    (void)plans_slot(world, 1, "2026-03-25 18:30", 15, "free"); // two quarters of an hour without a gap are a block
    (void)plans_slot(world, 1, "2026-03-25 18:45", 15, "booked");
    (void)plans_slot(world, 1, "2026-03-26 18:30", 15, "free"); // alone
    (void)plans_slot(world, 1, "2026-03-26 19:00", 15, "free");
    (void)plans_slot(world, 1, "2026-03-29 23:30", 30, "free"); // in summer time: still Sunday
    (void)plans_slot(world, 1, "2026-03-30 00:00", 60, "free"); // Monday, 23:00 of Sunday in UTC
    (void)plans_slot(world, 1, "2026-04-05 18:00", 40, "booked");
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-23\",\"to\":\"2026-03-30\"}");
    assert_reply_has(world,
                     "\"day\":\"2026-03-23\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":90,\"published\":90,\"used\":15,");
    // The week goes on after the last day that is asked for.
    assert_reply_has(world,
                     "\"day\":\"2026-03-30\",\"period\":\"week\",\"unit\":\"minutes\",\"required\":90,\"published\":100,\"used\":40,");
}

static void a_network_has_what_lies_below_it(void **state)
{
    world_t *world = *state;
    plans_add(world, 1, "gp-a1", "extended-access");
    plans_add(world, 2, "pcn-a", "enhanced-access");
    plans_add(world, 3, "gp-b1", "extended-access");
    (void)plans_slot(world, 1, "2026-03-23 18:30", 30, "free");
    (void)plans_slot(world, 2, "2026-03-23 19:00", 60, "booked");
    (void)plans_slot(world, 2, "2026-03-28 09:00", 120, "free");
    (void)plans_slot(world, 3, "2026-03-23 18:30", 30, "free");
    assert_call(world, "GetCapacity", "{\"organisation\":\"pcn-a\",\"from\":\"2026-03-23\",\"to\":\"2026-03-24\"}");
    assert_reply_has(world, "\"required\":530,\"published\":210,\"used\":60,\"difference\":-320");
    assert_reply_has(world, ROW("extended-access-evening", "\"day\":\"2026-03-23\",\"period\":\"day\",\"unit\":\"minutes\",\"required\":90,"
                                                           "\"published\":90,\"used\":60,\"difference\":0"));
    assert_reply_has(world, ROW("extended-access-evening", "\"day\":\"2026-03-24\",\"period\":\"day\",\"unit\":\"minutes\",\"required\":90,"
                                                           "\"published\":0,"));
}

static void figures_explain_themselves(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a2\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\",\"explain\":true}");
    assert_reply_has(world, "\"explanation\":{\"value\":3,\"unit\":\"slots\",\"formula\":\"max(1, floor(list ÷ 3000))\",");
    assert_reply_has(world, "{\"name\":\"registered list of gp-a2\",\"value\":9027,\"unit\":\"patients\",\"source\":\"count of 2025\","
                            "\"asOf\":\"2025-01-01\"");
    assert_reply_has(world, "\"formula\":\"round(list ÷ 1000 × 30 ÷ 15) × 15\",\"rounding\":\"to the nearest 15, halves up\"");
    assert_reply_has(world, "\"confidence\":\"verified\"");
    assert_call(world, "GetCapacity", "{\"organisation\":\"pcn-a\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\",\"explain\":true}");
    assert_reply_has(world, "round(sum of the members' lists ÷ 1000 × 45 ÷ 1) × 1");
}

static void what_is_not_made_yet_is_not_known(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a1\",\"from\":\"2026-04-27\",\"to\":\"2026-05-01\"}");
    assert_reply_has(world, "\"day\":\"2026-04-30\",\"period\":\"day\",\"unit\":\"slots\",\"required\":1,\"published\":0,");
    assert_reply_has(world, "\"day\":\"2026-05-01\",\"period\":\"day\",\"unit\":\"slots\",\"required\":1,\"listSize\":5823");
    assert_reply_has(world, "\"period\":\"week\",\"unit\":\"minutes\",\"required\":180,\"listSize\":5823");
    assert_reply_has(world, "Slots are made up to 2026-04-30");
}

static void pages_are_of_organisations(void **state)
{
    world_t *world = *state;
    char token[600] = "";
    size_t rows = 0, pages = 0;
    do {
        assert_call(world, "GetCapacity", "{\"organisation\":\"ccg-a\",\"from\":\"2026-03-23\",\"to\":\"2026-03-29\",\"pageSize\":2%s%s%s}",
                    token[0] != '\0' ? ",\"pageToken\":\"" : "", token, token[0] != '\0' ? "\"" : "");
        rows += rows_of(world, "\"obligation\":");
        pages++;
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        token[0] = '\0';
        if (next != NULL)
            assert_int_equal(sscanf(next + strlen("\"nextPageToken\":\""), "%599[^\"]", token), 1);
    } while (token[0] != '\0');
    assert_int_equal(pages, 3);
    assert_int_equal(rows, 3 * 6 + 2 * 7);
}

static void what_makes_no_sense_is_refused(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "GetCapacity",
                   "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-23\",\"to\":\"2026-03-22\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "GetCapacity",
                   "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-01\",\"to\":\"2026-04-05\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "GetAccess",
                   "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-01\",\"to\":\"2026-03-15\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetCapacity",
                   "{\"organisation\":\"gp-z\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\"}");
    assert_call(world, "GetCapacity", "{\"organisation\":\"vol-a\",\"from\":\"2026-03-23\",\"to\":\"2026-03-23\"}");
    assert_reply_has(world, "\"rows\":[]");
}

// ---- access ----

static void a_half_day_shows(void **state)
{
    world_t *world = *state;
    plans_add(world, 1, "gp-a1", "core");
    (void)plans_slot(world, 1, "2026-03-23 12:50", 10, "free");
    (void)plans_slot(world, 1, "2026-03-23 13:00", 10, "booked");
    (void)plans_slot(world, 1, "2026-03-24 09:00", 10, "free");
    (void)plans_slot(world, 1, "2026-03-24 14:00", 10, "blocked");
    (void)plans_slot(world, 1, "2026-03-25 18:20", 10, "free");
    (void)plans_slot(world, 1, "2026-03-30 08:00", 10, "free"); // 07:00 in UTC
    (void)plans_slot(world, 1, "2026-03-30 18:20", 10, "free");
    assert_call(world, "GetAccess", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-23\",\"to\":\"2026-03-26\"}");
    assert_reply_lacks(world, "\"day\":\"2026-03-23\",\"half\"");
    assert_reply_has(world,
                     "{\"code\":\"half-day-closed\",\"offer\":\"core-hours-open\",\"subject\":\"organisations/gp-a1\",\"organisation\":"
                     "\"gp-a1\",\"name\":\"Practice A1\",\"day\":\"2026-03-24\",\"half\":\"afternoon\",");
    assert_reply_has(world, "\"day\":\"2026-03-25\",\"half\":\"morning\"");
    assert_reply_has(
        world, "{\"code\":\"day-closed\",\"offer\":\"core-hours-open\",\"subject\":\"organisations/gp-a1\",\"organisation\":\"gp-a1\","
               "\"name\":\"Practice A1\",\"day\":\"2026-03-26\"");
    assert_reply_has(world, "\"code\":\"core-hours-open\",\"level\":\"practice\"");
    assert_reply_has(world, "\"lookedAt\":1,\"met\":0");
    assert_call(world, "GetAccess", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-28\",\"to\":\"2026-03-30\"}");
    assert_reply_lacks(world, "closed\",\"offer");
    // Good Friday and the days around it have no core hours.
    assert_call(world, "GetAccess", "{\"organisation\":\"gp-a1\",\"from\":\"2026-04-03\",\"to\":\"2026-04-06\"}");
    assert_reply_has(world, "\"findings\":[]");
    assert_call(world, "GetAccess", "{\"organisation\":\"gp-a2\",\"from\":\"2026-03-23\",\"to\":\"2026-03-26\"}");
    assert_reply_has(world, "\"code\":\"no-slots\"");
    assert_int_equal(rows_of(world, "\"subject\":"), 2); // and no urgent ones
}

static void a_day_without_urgent_slots_shows(void **state)
{
    world_t *world = *state;
    plans_add(world, 1, "gp-a1", "urgent");
    plans_add(world, 2, "pcn-a", "urgent");
    (void)plans_slot(world, 1, "2026-03-27 09:00", 10, "free");
    (void)plans_slot(world, 2, "2026-03-28 00:30", 10, "booked");
    (void)plans_slot(world, 2, "2026-03-30 00:30", 10, "free"); // not Sunday, whatever it is in UTC
    assert_call(world, "GetAccess", "{\"organisation\":\"pcn-a\",\"from\":\"2026-03-27\",\"to\":\"2026-03-30\"}");
    assert_int_equal(rows_of(world, "\"offer\":\"seven-day-urgent\""), 1);
    assert_reply_has(world,
                     "{\"code\":\"no-urgent-slots\",\"offer\":\"seven-day-urgent\",\"subject\":\"organisations/pcn-a\",\"organisation\":"
                     "\"pcn-a\",\"name\":\"Network A\",\"day\":\"2026-03-29\",\"detail\":\"Network A has no urgent slot on 2026-03-29\"}");
    // The network's own are also its practices'.
    assert_reply_lacks(world, "\"offer\":\"on-the-day-urgent\",\"subject\":\"organisations/gp-a1\"");
    assert_reply_has(world,
                     "\"offer\":\"on-the-day-urgent\",\"subject\":\"organisations/gp-a2\",\"organisation\":\"gp-a2\",\"name\":\"Practice "
                     "A2\",\"day\":\"2026-03-27\"");
    // Days on which slots are not made yet tell nothing.
    assert_call(world, "GetAccess", "{\"organisation\":\"pcn-a\",\"from\":\"2026-05-01\",\"to\":\"2026-05-02\"}");
    assert_reply_has(world, "\"findings\":[]");
    assert_reply_has(world, "Slots are made up to 2026-04-30");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_rules_make_the_figures),        TEST(a_network_is_its_members_or_what_it_states),
        TEST(slots_of_the_kind_are_counted),     TEST(a_week_is_one_of_london),
        TEST(a_network_has_what_lies_below_it),  TEST(figures_explain_themselves),
        TEST(what_is_not_made_yet_is_not_known), TEST(pages_are_of_organisations),
        TEST(what_makes_no_sense_is_refused),    TEST(a_half_day_shows),
        TEST(a_day_without_urgent_slots_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
