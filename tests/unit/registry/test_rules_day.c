// What a day brings to a practice: its parent follows memberships that began and ended, each from its own day, however late it is looked
// at.
#include "services/registry/rules_day.h"
#include "tests/unit/registry/support.h"

#define NOW "2026-11-25T09:00:00.000000Z"

static aggregate_t *make_practice(arena_t *arena, const char *parent, const char *falls_to)
{
    aggregate_t *practice = pb_new(AGGREGATE_TYPE, arena);
    practice->code = text(arena, "gp-a");
    practice->name = text(arena, "Practice");
    practice->has_kind = practice->has_status = practice->has_level = practice->has_version = 1;
    practice->kind = KIND(PRACTICE);
    practice->status = STATUS_OF(ACTIVE);
    practice->level = LEVEL(PRACTICE);
    practice->version = 4;
    practice->parent = text(arena, parent);
    practice->falls_to = text(arena, falls_to);
    practice->created_at = text(arena, NOW);
    return practice;
}

static void belongs(arena_t *arena, aggregate_t *practice, const char *network, const char *from, const char *to)
{
    Pcn__Registry__Store__V1__Membership *membership = pb_new(&pcn__registry__store__v1__membership__type, arena);
    membership->network = text(arena, network);
    membership->from = text(arena, from);
    membership->to = text(arena, to);
    practice->practice_memberships = appended(arena, practice->practice_memberships, &practice->n_practice_memberships, membership);
}

static changes_t *come(arena_t *arena, aggregate_t *practice, const char *today)
{
    static problem_t problem;
    changes_t *changes;
    void *rows[] = {practice};
    assert_int_equal(changes_new(rows, 1, 0, today, NOW, arena, &changes, &problem), STATUS_OK);
    assert_int_equal(day_come(changes, &changes->all[0]), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    return changes;
}

static void assert_parent(const changes_t *changes, const char *day, const char *parent)
{
    assert_string_equal(changed_on(&changes->all[0], day)->parent, parent);
}

static void nothing_where_all_is_well(void **state)
{
    aggregate_t *practice = make_practice(*state, "pcn-a", "ccg-a");
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
    belongs(*state, practice, "pcn-a", "2020-01-01", NULL);
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
    // What is to come is left to its day.
    practice = make_practice(*state, "ccg-a", NULL);
    belongs(*state, practice, "pcn-a", "2026-11-26", NULL);
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
}

static void a_membership_begins(void **state)
{
    aggregate_t *practice = make_practice(*state, "ccg-a", NULL);
    belongs(*state, practice, "pcn-a", "2026-11-20", NULL);
    const changes_t *changes = come(*state, practice, "2026-11-25");
    assert_int_equal(changes_count(changes), 1);
    assert_parent(changes, "2026-11-19", "ccg-a");
    assert_parent(changes, "2026-11-20", "pcn-a");
    assert_int_equal(changes->all[0].head->version, 5);
    assert_false(changes->all[0].announced);
}

static void a_membership_ends(void **state)
{
    aggregate_t *practice = make_practice(*state, "pcn-a", "ccg-a");
    belongs(*state, practice, "pcn-a", "2020-01-01", "2026-11-24");
    const changes_t *changes = come(*state, practice, "2026-11-25");
    assert_parent(changes, "2026-11-24", "pcn-a");
    assert_parent(changes, "2026-11-25", "ccg-a");
    // The last day is still one of it.
    practice = make_practice(*state, "pcn-a", "ccg-a");
    belongs(*state, practice, "pcn-a", "2020-01-01", "2026-11-25");
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
}

static void one_ended_and_another_began_meanwhile(void **state)
{
    aggregate_t *practice = make_practice(*state, "pcn-a", "ccg-a");
    belongs(*state, practice, "pcn-a", "2020-01-01", "2026-11-10");
    belongs(*state, practice, "pcn-b", "2026-11-20", NULL);
    const changes_t *changes = come(*state, practice, "2026-11-25");
    assert_int_equal(changes_count(changes), 1);
    assert_parent(changes, "2026-11-10", "pcn-a");
    assert_parent(changes, "2026-11-11", "ccg-a");
    assert_parent(changes, "2026-11-19", "ccg-a");
    assert_parent(changes, "2026-11-20", "pcn-b");
    // Without a gap.
    practice = make_practice(*state, "pcn-a", "ccg-a");
    belongs(*state, practice, "pcn-a", "2020-01-01", "2026-11-19");
    belongs(*state, practice, "pcn-b", "2026-11-20", NULL);
    changes = come(*state, practice, "2026-11-25");
    assert_parent(changes, "2026-11-19", "pcn-a");
    assert_parent(changes, "2026-11-20", "pcn-b");
}

static void what_closed_or_never_belonged_stays(void **state)
{
    aggregate_t *practice = make_practice(*state, "pcn-a", "ccg-a");
    practice->status = STATUS_OF(CLOSED);
    practice->closed_on = text(*state, "2026-11-20");
    belongs(*state, practice, "pcn-a", "2020-01-01", "2026-11-19");
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
    // Below a network that it was never a member of, or that is not the one that it left.
    practice = make_practice(*state, "pcn-c", "ccg-a");
    belongs(*state, practice, "pcn-a", "2020-01-01", "2026-11-19");
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(nothing_where_all_is_well), TEST(a_membership_begins), TEST(a_membership_ends),
                                       TEST(one_ended_and_another_began_meanwhile), TEST(what_closed_or_never_belonged_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
