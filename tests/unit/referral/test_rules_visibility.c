#include "services/referral/rules_visibility.h"
#include "tests/unit/referral/support.h"

static int64_t instant(const char *text)
{
    int64_t us = 0;
    assert_true(instant_parse(text, &us));
    return us;
}

#define OPEN "'status':'free','typeAllowed':true,'organisationAllowed':true,'serviceActive':true"
#define AT(start, end) "'start':'" start "','end':'" end "'"
#define MONDAY AT("2026-12-07T09:00:00.000000Z", "2026-12-07T09:15:00.000000Z")

static const char *reasons_of(arena_t *arena, const char *slot, const char *from, const char *to, const char *now)
{
    reason_t *reasons[VISIBILITY_REASONS_MAX];
    size_t count = 0;
    problem_t problem = {0};
    range_t range;
    if (from != NULL)
        assert_int_equal(visibility_range(from, to, &range, &problem), STATUS_OK);
    assert_int_equal(visibility_reasons(message(arena, LOADED_SLOT_TYPE, slot), from != NULL ? &range : NULL, instant(now), arena, reasons,
                                        &count, &problem),
                     STATUS_OK);
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        assert_true(reasons[i]->detail != NULL && reasons[i]->detail[0] != '\0');
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", reasons[i]->code);
    }
    return text;
}

static void each_clause_hides_by_itself(void **state)
{
    static const struct {
        const char *slot, *from, *to, *now, *reasons;
    } cases[] = {
        {"{" OPEN "," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z", ""},
        {"{" OPEN "," MONDAY "}", NULL, NULL, "2026-12-01T12:00:00Z", ""},
        {"{'status':'booked','typeAllowed':true,'organisationAllowed':true,'serviceActive':true," MONDAY "}", "2026-12-07", "2026-12-07",
         "2026-12-01T12:00:00Z", "not-free"},
        {"{'status':'held','typeAllowed':true,'organisationAllowed':true,'serviceActive':true," MONDAY "}", "2026-12-07", "2026-12-07",
         "2026-12-01T12:00:00Z", "not-free"},
        {"{'status':'free','organisationAllowed':true,'serviceActive':true," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z",
         "organisation-type"},
        {"{'status':'free','typeAllowed':true,'serviceActive':true," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z",
         "organisation"},
        {"{'status':'free','typeAllowed':true,'organisationAllowed':true," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z",
         "service-suspended"},
        {"{" OPEN ",'channelWithdrawn':true," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z", "channel-withdrawn"},
        // Up to the local day on which its organisation is closed: in summer time that begins at 23:00Z.
        {"{" OPEN ",'closesAt':'2026-12-07T00:00:00Z'," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z",
         "organisation-closed"},
        {"{" OPEN ",'closesAt':'2026-12-08T00:00:00Z'," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-01T12:00:00Z", ""},
        {"{" OPEN ",'closesAt':'2027-07-05T23:00:00Z'," AT("2027-07-05T22:45:00.000000Z", "2027-07-05T23:00:00.000000Z") "}", "2027-07-05",
         "2027-07-05", "2027-07-05T06:59:59Z", ""},
        {"{" OPEN ",'closesAt':'2027-07-05T23:00:00Z'," AT("2027-07-05T23:00:00.000000Z", "2027-07-05T23:15:00.000000Z") "}", "2027-07-06",
         "2027-07-06", "2027-07-05T06:59:59Z", "organisation-closed"},
        // The future alone.
        {"{" OPEN "," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T08:59:59Z", ""},
        {"{" OPEN "," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T09:00:00Z", "past"},
        // Notice.
        {"{" OPEN ",'restrictions':{'noticeMinutes':60}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T08:00:00Z", ""},
        {"{" OPEN ",'restrictions':{'noticeMinutes':60}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T08:00:01Z", "notice"},
        {"{" OPEN ",'restrictions':{'noticeMinutes':60}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T09:30:00Z", "past"},
        // The booking window, in local days.
        {"{" OPEN ",'restrictions':{'windowDays':3}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-03T23:59:59Z", "before-window"},
        {"{" OPEN ",'restrictions':{'windowDays':3}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-04T00:00:00Z", ""},
        {"{" OPEN ",'restrictions':{'windowDays':0}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-06T23:59:59Z", "before-window"},
        {"{" OPEN ",'restrictions':{'windowDays':0}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T00:00:00Z", ""},
        // The embargo: until 08:00 on the day, and on the day before.
        {"{" OPEN ",'restrictions':{'embargoUntil':'08:00'}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T07:59:59Z", "embargo"},
        {"{" OPEN ",'restrictions':{'embargoUntil':'08:00'}," MONDAY "}", "2026-12-07", "2026-12-07", "2026-12-07T08:00:00Z", ""},
        {"{" OPEN ",'restrictions':{'embargoUntil':'08:00','embargoDays':1}," MONDAY "}", "2026-12-07", "2026-12-07",
         "2026-12-06T07:59:59Z", "embargo"},
        {"{" OPEN ",'restrictions':{'embargoUntil':'08:00','embargoDays':1}," MONDAY "}", "2026-12-07", "2026-12-07",
         "2026-12-06T08:00:00Z", ""},
        // In summer time 08:00 is 07:00Z.
        {"{" OPEN ",'restrictions':{'embargoUntil':'08:00'}," AT("2027-07-05T09:00:00.000000Z", "2027-07-05T09:15:00.000000Z") "}",
         "2027-07-05", "2027-07-05", "2027-07-05T06:59:59Z", "embargo"},
        {"{" OPEN ",'restrictions':{'embargoUntil':'08:00'}," AT("2027-07-05T09:00:00.000000Z", "2027-07-05T09:15:00.000000Z") "}",
         "2027-07-05", "2027-07-05", "2027-07-05T07:00:00Z", ""},
        // Wholly inside the range.
        {"{" OPEN "," MONDAY "}", "2026-12-07T09:00:00Z", "2026-12-07T09:15:00Z", "2026-12-01T12:00:00Z", ""},
        {"{" OPEN "," MONDAY "}", "2026-12-07T09:00:01Z", "2026-12-07T09:15:00Z", "2026-12-01T12:00:00Z", "outside-range"},
        {"{" OPEN "," MONDAY "}", "2026-12-07T09:00:00Z", "2026-12-07T09:14:59Z", "2026-12-01T12:00:00Z", "outside-range"},
        {"{" OPEN "," MONDAY "}", "2026-12-08", "2026-12-09", "2026-12-01T12:00:00Z", "outside-range"},
        // A slot over midnight lies in no single day.
        {"{" OPEN "," AT("2026-12-07T23:50:00.000000Z", "2026-12-08T00:10:00.000000Z") "}", "2026-12-07", "2026-12-07",
         "2026-12-01T12:00:00Z", "outside-range"},
        {"{" OPEN "," AT("2026-12-07T23:50:00.000000Z", "2026-12-08T00:10:00.000000Z") "}", "2026-12-07", "2026-12-08",
         "2026-12-01T12:00:00Z", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = reasons_of(*state, cases[i].slot, cases[i].from, cases[i].to, cases[i].now);
        if (strcmp(found, cases[i].reasons) != 0)
            fail_msg("case %zu (%s at %s): \"%s\", not \"%s\"", i, cases[i].slot, cases[i].now, found, cases[i].reasons);
    }
}

static void every_clause_is_told_at_once(void **state)
{
    assert_string_equal(
        reasons_of(*state, "{'status':'blocked','restrictions':{'windowDays':1,'embargoUntil':'23:59','noticeMinutes':40000},"
                           "'channelWithdrawn':true,'closesAt':'2026-11-01T00:00:00Z'," MONDAY "}",
                   "2026-12-08", "2026-12-08", "2026-12-01T12:00:00Z"),
        "not-free organisation-type organisation service-suspended channel-withdrawn organisation-closed notice before-window embargo outside-range");
}

static void assert_range(const char *from, const char *to, const char *field)
{
    problem_t problem = {0};
    range_t range;
    const status_t status = visibility_range(from, to, &range, &problem);
    assert_int_equal(status, field != NULL ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    if (field != NULL)
        assert_string_equal(problem.field, field);
}

static void a_range_is_of_fourteen_local_days(void **state)
{
    (void)state;
    assert_range("2026-12-01", "2026-12-01", NULL);
    assert_range("2026-12-01", "2026-12-14", NULL);
    assert_range("2026-12-01", "2026-12-15", "to");
    assert_range("2026-12-02", "2026-12-01", "to");
    assert_range("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z", "to");
    assert_range("2026-12-01T09:00:00Z", "2026-12-14T23:59:59Z", NULL);
    assert_range("2026-12-01T09:00:00Z", "2026-12-15T00:00:00Z", NULL);
    assert_range("2026-12-01T09:00:00Z", "2026-12-15T00:00:01Z", "to");
    // Over both clock changes a day is a day, be it 23 hours or 25.
    assert_range("2027-03-20", "2027-04-02", NULL);
    assert_range("2027-10-25", "2027-11-07", NULL);
    assert_range("2027-10-25", "2027-11-08", "to");
    assert_range("tomorrow", "2026-12-01", "from");
    assert_range("2026-12-01", "2026-13-01", "to");
    range_t range;
    problem_t problem;
    assert_int_equal(visibility_range("2027-03-28", "2027-03-28", &range, &problem), STATUS_OK);
    assert_int_equal((range.to_us - range.from_us) / INT64_C(3600000000), 23);
    assert_int_equal(visibility_range("2027-10-31", "2027-10-31", &range, &problem), STATUS_OK);
    assert_int_equal((range.to_us - range.from_us) / INT64_C(3600000000), 25);
}

static loaded_slot_t *slot_at(arena_t *arena, const char *schedule, const char *start, const char *end)
{
    return message(
        arena, LOADED_SLOT_TYPE,
        arena_printf(arena, "{'schedule':'%s','start':'2026-12-07T%s:00.000000Z','end':'2026-12-07T%s:00.000000Z'}", schedule, start, end));
}

static void several_follow_each_other(void **state)
{
    problem_t problem = {0};
    const loaded_slot_t *slots[] = {slot_at(*state, "a", "09:15", "09:30"), slot_at(*state, "a", "09:00", "09:15"),
                                    slot_at(*state, "a", "09:30", "09:40")};
    assert_int_equal(slots_contiguous(slots, 3, &problem), STATUS_OK);
    assert_string_equal(slots[0]->start, "2026-12-07T09:00:00.000000Z");
    assert_int_equal(slots_contiguous(slots, 1, &problem), STATUS_OK);
    const loaded_slot_t *gap[] = {slots[0], slots[2]};
    assert_int_equal(slots_contiguous(gap, 2, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "slots");
    const loaded_slot_t *side[] = {slots[0], slot_at(*state, "a", "09:00", "09:15")};
    assert_int_equal(slots_contiguous(side, 2, &problem), STATUS_FAILED_PRECONDITION);
    const loaded_slot_t *other[] = {slots[0], slot_at(*state, "b", "09:15", "09:30")};
    assert_int_equal(slots_contiguous(other, 2, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "slots[1]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_clause_hides_by_itself),
        TEST(every_clause_is_told_at_once),
        TEST(a_range_is_of_fourteen_local_days),
        TEST(several_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
