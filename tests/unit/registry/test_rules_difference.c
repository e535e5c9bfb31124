// The first day on which two states of what stands with its days differ, held against a look at every day of a small calendar.
#include <stdio.h>

#include "services/registry/rules_difference.h"
#include "tests/unit/registry/support.h"

enum { DAYS = 4, SPANS = DAYS * (DAYS + 1) };

static const char *const days[] = {"2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"};

// All spans of the first days, the open ones too.
static member_t *span(arena_t *arena, unsigned number, const char *practice, const char *source)
{
    member_t *member = pb_new(MEMBER_TYPE, arena);
    const unsigned from = number % DAYS, length = number / DAYS;
    member->practice = text(arena, practice);
    member->from = text(arena, days[from]);
    member->to = length < DAYS ? text(arena, days[from + length < 6 ? from + length : 5]) : NULL;
    member->source = text(arena, source);
    return member;
}

static bool is_on(const member_t *member, const char *day)
{
    return member != NULL && strcmp(member->from, day) <= 0 && (member->to == NULL || strcmp(day, member->to) <= 0);
}

// What is there on the day: what a reader of that day is shown, but for the last day, which nobody knows that day by.
static bool same_on(const member_t *a, const member_t *b, const char *day)
{
    if (is_on(a, day) != is_on(b, day))
        return false;
    return !is_on(a, day) || (strcmp(a->from, b->from) == 0 && strcmp(a->source, b->source) == 0);
}

static const char *looked_up(const member_t *a, const member_t *b)
{
    for (unsigned i = 0; i < sizeof days / sizeof *days; i++) {
        if (!same_on(a, b, days[i]))
            return days[i];
    }
    return is_on(a, "2026-11-07") != is_on(b, "2026-11-07") ? "2026-11-07" : NULL;
}

static void assert_day(const char *found, const char *expected)
{
    if (expected == NULL)
        assert_null(found);
    else
        assert_string_equal(found, expected);
}

static void one_thing_differs_from_a_day_on(void **state)
{
    static const char *const sources[] = {"a list", "another"};
    for (unsigned i = 0; i < SPANS; i++) {
        const member_t *before = span(*state, i, "gp-a", "a list");
        assert_day(dated_difference(MEMBER_TYPE, before, NULL, *state), before->from);
        assert_day(dated_difference(MEMBER_TYPE, NULL, before, *state), before->from);
        for (unsigned j = 0; j < SPANS; j++) {
            for (unsigned k = 0; k < 2; k++) {
                const member_t *after = span(*state, j, "gp-a", sources[k]);
                assert_day(dated_difference(MEMBER_TYPE, before, after, *state), looked_up(before, after));
            }
        }
    }
    assert_null(dated_difference(MEMBER_TYPE, NULL, NULL, *state));
}

// Two of each side, in any order.
static void lists_differ_from_the_first_such_day(void **state)
{
    for (unsigned i = 0; i < SPANS; i++) {
        for (unsigned j = 0; j < SPANS; j++) {
            aggregate_t *before = make_network(*state, "pcn-a"), *after = make_network(*state, "pcn-a");
            member_t *first = span(*state, i, "gp-a", "a list"), *second = span(*state, j, "gp-a", "a list");
            member_t *other = span(*state, 6, "gp-b", "a list");
            before->all_members = appended(*state, before->all_members, &before->n_all_members, first);
            before->all_members = appended(*state, before->all_members, &before->n_all_members, other);
            after->all_members = appended(*state, after->all_members, &after->n_all_members, other);
            after->all_members = appended(*state, after->all_members, &after->n_all_members, second);
            assert_day(aggregate_difference(before, after, *state), looked_up(first, second));
            after->n_all_members = 1;
            assert_day(aggregate_difference(before, after, *state), first->from);
            assert_day(aggregate_difference(after, before, *state), first->from);
        }
    }
}

static void terms_and_waivers_count_too(void **state)
{
    aggregate_t *before = make_network(*state, "pcn-a"), *after = make_network(*state, "pcn-a");
    assert_null(aggregate_difference(before, after, *state));
    director_t *director = pb_new(DIRECTOR_TYPE, *state);
    director->name = text(*state, "Dr A");
    director->from = text(*state, "2027-02-01");
    after->all_directors = appended(*state, after->all_directors, &after->n_all_directors, director);
    assert_day(aggregate_difference(before, after, *state), "2027-02-01");
    Pcn__Registry__V1__Waiver *waiver = pb_new(&pcn__registry__v1__waiver__type, *state);
    waiver->from = text(*state, "2027-01-01");
    before->all_waivers = appended(*state, before->all_waivers, &before->n_all_waivers, waiver);
    assert_day(aggregate_difference(before, after, *state), "2027-01-01");
    Pcn__Registry__V1__Waiver *shorter = pb_new(&pcn__registry__v1__waiver__type, *state);
    shorter->from = text(*state, "2027-01-01");
    shorter->to = text(*state, "2027-12-31");
    after->all_waivers = appended(*state, after->all_waivers, &after->n_all_waivers, shorter);
    assert_day(aggregate_difference(before, after, *state), "2027-02-01");
    after->n_all_directors = 0;
    assert_day(aggregate_difference(before, after, *state), "2028-01-01");
    // The last day that can be written has none after it.
    shorter->to = text(*state, "9999-12-31");
    assert_day(aggregate_difference(before, after, *state), "9999-12-31");
}

static void the_earlier_day_is_one(void **state)
{
    (void)state;
    assert_null(earlier_day(NULL, NULL));
    assert_string_equal(earlier_day("2026-11-02", NULL), "2026-11-02");
    assert_string_equal(earlier_day(NULL, "2026-11-02"), "2026-11-02");
    assert_string_equal(earlier_day("2026-11-02", "2026-11-01"), "2026-11-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(one_thing_differs_from_a_day_on), TEST(lists_differ_from_the_first_such_day),
                                       TEST(terms_and_waivers_count_too), TEST(the_earlier_day_is_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
