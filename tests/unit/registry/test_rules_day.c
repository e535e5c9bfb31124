// What a day brings: recorded facts come into force, and what stands with its days is told once, however late it is looked at.
#include "services/registry/rules_day.h"
#include "tests/unit/registry/support.h"

#define NOW "2026-11-25T09:00:00.000000Z"

static aggregate_t *make_practice(arena_t *arena, const char *parent)
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
    practice->created_at = text(arena, NOW);
    return practice;
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

static void a_recorded_change_comes_into_force(void **state)
{
    aggregate_t *practice = make_practice(*state, "ccg-a");
    Pcn__Registry__V1__ComingChange *change = pb_new(&pcn__registry__v1__coming_change__type, *state);
    change->from = text(*state, "2026-11-20");
    change->changes = text(*state, "{\"parent\":\"pcn-a\"}");
    change->recorded_at = text(*state, NOW);
    practice->coming = appended(*state, practice->coming, &practice->n_coming, change);
    assert_int_equal(changes_count(come(*state, practice, "2026-11-19")), 0);
    const changes_t *changes = come(*state, practice, "2026-11-25");
    assert_int_equal(changes_count(changes), 1);
    assert_string_equal(changed_on(&changes->all[0], "2026-11-19")->parent, "ccg-a");
    assert_string_equal(changed_on(&changes->all[0], "2026-11-20")->parent, "pcn-a");
    assert_int_equal(changes->all[0].head->version, 5);
    assert_false(changes->all[0].announced);
}

static const char *const instants[] = {
    // The field's date is London's: an hour before UTC's in summer.
    "2026-06-09T22:59:59.999999Z", "2026-06-09T23:00:00.000000Z", "2026-06-10T22:59:59.999999Z", "2026-06-10T23:00:00.000000Z"};

static void a_day_is_told_by_what_happens_on_it(void **state)
{
    (void)state;
    // On the 9th, on the 10th, on the 10th, on the 11th.
    const bool untold[] = {true, false, false, false};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(day_is_untold("2026-06-10", instants[i], "2026-06-11"), untold[i]);
    assert_true(day_is_untold("2026-06-11", instants[2], "2026-06-11"));
    assert_false(day_is_untold("2026-06-11", instants[3], "2026-06-11"));
    assert_false(day_is_untold("2026-06-12", instants[0], "2026-06-11"));
    assert_false(day_is_untold(NULL, instants[0], "2026-06-11"));
    assert_false(day_is_untold("2026-06-10", NULL, "2026-06-11"));
    // The day after the last one.
    assert_true(span_is_untold(NULL, "2026-06-09", instants[0], "2026-06-10"));
    assert_false(span_is_untold(NULL, "2026-06-10", instants[0], "2026-06-10"));
    assert_false(span_is_untold("2020-01-01", "2026-06-08", instants[0], "2026-06-10"));
    assert_false(span_is_untold("2026-06-01", NULL, instants[0], "2026-06-10"));
    assert_false(span_is_untold("2020-01-01", "9999-12-31", instants[0], "2026-06-10"));
}

static void a_day_that_is_tried_out_has_its_own_instant(void **state)
{
    assert_string_equal(day_instant("2026-11-25", NOW, *state), NOW);
    assert_string_equal(day_instant("2026-11-20", NOW, *state), NOW);
    assert_string_equal(day_instant("2026-11-26", NOW, *state), "2026-11-26T00:00:00.000000Z");
    assert_string_equal(day_instant("2026-06-26", "2026-06-25T23:30:00.000000Z", *state), "2026-06-25T23:30:00.000000Z");
    assert_false(day_is_untold("2026-06-27", day_instant("2026-06-27", "2026-06-25T09:00:00.000000Z", *state), "2026-06-28"));
}

enum { CALENDAR = 7 };

static char *date_of(arena_t *arena, int day)
{
    return day >= 0 ? arena_printf(arena, "2027-03-%02d", day + 1) : NULL;
}

// Whether the job, run on the day, makes an event of it; the aggregate goes on with what that left.
static bool told_on(arena_t *arena, aggregate_t *row, int day)
{
    static problem_t problem;
    changes_t *changes;
    void *rows[] = {row};
    const char *today = date_of(arena, day);
    const char *now = arena_printf(arena, "%sT06:00:00.000000Z", today);
    assert_int_equal(changes_new(rows, 1, 0, today, now, arena, &changes, &problem), STATUS_OK);
    assert_int_equal(day_come(changes, &changes->all[0]), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    const changed_t *changed = &changes->all[0];
    if (changed->head == NULL)
        return false;
    assert_false(changed->announced);
    assert_int_equal(changed->head->version, row->version + 1);
    row->version++;
    row->updated_at = changed->head->updated_at;
    return true;
}

// Recorded on one day, from one to another (or on), and the job runs on every day, or on some: each first day and each day after a last
// one that comes after the recording is told once, on the first run from then on.
static void every_day_to_come_is_told_once(void **state)
{
    (void)state;
    for (unsigned runs = 0; runs < 1 << CALENDAR; runs++) {
        arena_t *arena = arena_new(ARENA_CAP * 8);
        assert_non_null(arena);
        for (int recorded = 0; recorded < CALENDAR; recorded += 2) {
            for (int from = 0; from < CALENDAR; from++) {
                for (int to = from - 1; to < CALENDAR; to += 2) {
                    aggregate_t *network = make_network(arena, "pcn-a");
                    network->created_at = text(arena, NOW);
                    network->updated_at = arena_printf(arena, "%sT12:00:00.000000Z", date_of(arena, recorded));
                    (void)add_member(arena, network, "gp-a", date_of(arena, from), to >= from ? date_of(arena, to) : NULL, NULL);
                    int told = recorded;
                    for (int day = recorded; day < CALENDAR; day++) {
                        if ((runs >> day & 1) == 0)
                            continue;
                        const bool due = (from > told && from <= day) || (to >= from && to + 1 > told && to + 1 <= day);
                        assert_int_equal(told_on(arena, network, day), due);
                        told = due ? day : told;
                    }
                }
            }
        }
        arena_destroy(&arena);
    }
}

static void what_begins_beside_it_is_shown(void **state)
{
    aggregate_t *practice = make_practice(*state, "ccg-a");
    practice->updated_at = text(*state, "2026-11-20T09:00:00.000000Z");
    static const char *const days[][2] = {
        {"2020-01-01", "2026-11-22"}, {"2026-11-23", NULL}, {"2026-11-26", NULL}, {"2019-01-01", "2019-12-31"}};
    for (size_t i = 0; i < 4; i++) {
        Pcn__Registry__V1__SystemProfile *system = pb_new(&pcn__registry__v1__system_profile__type, *state);
        system->from = text(*state, days[i][0]);
        system->to = text(*state, days[i][1]);
        practice->all_systems = appended(*state, practice->all_systems, &practice->n_all_systems, system);
    }
    const changes_t *changes = come(*state, practice, "2026-11-25");
    assert_int_equal(changes_count(changes), 1);
    const organisation_t *beside = changes->all[0].beside;
    assert_int_equal(beside->n_systems, 2);
    assert_ptr_equal(beside->systems[0], practice->all_systems[0]);
    assert_ptr_equal(beside->systems[1], practice->all_systems[1]);
    practice->n_all_systems = 0;
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 0);
    Pcn__Registry__V1__Alignment *alignment = pb_new(&pcn__registry__v1__alignment__type, *state);
    alignment->from = text(*state, "2026-11-21");
    practice->all_alignments = appended(*state, practice->all_alignments, &practice->n_all_alignments, alignment);
    assert_int_equal(come(*state, practice, "2026-11-25")->all[0].beside->n_alignments, 1);
    practice->n_all_alignments = 0;
    practice->succession_days = appended(*state, practice->succession_days, &practice->n_succession_days, text(*state, "2026-11-25"));
    assert_int_equal(changes_count(come(*state, practice, "2026-11-24")), 0);
    assert_int_equal(changes_count(come(*state, practice, "2026-11-25")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_recorded_change_comes_into_force), TEST(a_day_is_told_by_what_happens_on_it),
                                       TEST(a_day_that_is_tried_out_has_its_own_instant), TEST(every_day_to_come_is_told_once),
                                       TEST(what_begins_beside_it_is_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
