// What stands beside an organisation that closes, over all spans and closing days of a small calendar, ended and taken back again.
#include "services/registry/rules_close_beside.h"
#include "tests/unit/registry/support.h"

#define TODAY "2026-11-03"
#define NOW TODAY "T09:00:00.000000Z"
enum { DAYS = 6, OPEN = DAYS + 1 };

typedef Pcn__Registry__V1__SystemProfile system_t;
typedef Pcn__Registry__V1__Alignment alignment_t;
typedef Pcn__Registry__V1__Waiver waiver_t;
typedef Pcn__Registry__Store__V1__Announcement announcement_t;

static char *day_of(arena_t *arena, int day)
{
    return day < OPEN ? arena_printf(arena, "2026-11-%02d", day) : NULL;
}

static aggregate_t *make(arena_t *arena, const char *code, organisation_kind_t kind)
{
    aggregate_t *row = make_network(arena, code);
    row->kind = kind;
    row->created_at = text(arena, "2026-01-01T09:00:00.000000Z");
    return row;
}

static void use(arena_t *arena, aggregate_t *practice, int from, int to)
{
    system_t *system = pb_new(&pcn__registry__v1__system_profile__type, arena);
    system->practice = practice->code;
    system->system = text(arena, "EMIS");
    system->from = day_of(arena, from);
    system->to = day_of(arena, to);
    practice->all_systems = appended(arena, practice->all_systems, &practice->n_all_systems, system);
}

static void serve(arena_t *arena, aggregate_t *served, const char *service, const char *provider, int from, int to)
{
    alignment_t *alignment = pb_new(&pcn__registry__v1__alignment__type, arena);
    alignment->service = text(arena, service);
    alignment->provider = text(arena, provider);
    alignment->organisation = served->code;
    alignment->has_kind = 1;
    alignment->kind = provider == NULL ? PCN__REGISTRY__V1__ALIGNMENT_KIND__ALIGNMENT_KIND_FEDERATION
                                       : PCN__REGISTRY__V1__ALIGNMENT_KIND__ALIGNMENT_KIND_LOCALITY_TEAM;
    alignment->from = day_of(arena, from);
    alignment->to = day_of(arena, to);
    served->all_alignments = appended(arena, served->all_alignments, &served->n_all_alignments, alignment);
}

static void waive(arena_t *arena, aggregate_t *network, int from, int to)
{
    waiver_t *waiver = pb_new(&pcn__registry__v1__waiver__type, arena);
    waiver->from = day_of(arena, from);
    waiver->to = day_of(arena, to);
    network->all_waivers = appended(arena, network->all_waivers, &network->n_all_waivers, waiver);
}

static changes_t *begin(arena_t *arena, void *const *rows, size_t count)
{
    static problem_t problem;
    changes_t *changes;
    problem = (problem_t){0};
    assert_int_equal(changes_new(rows, count, 0, TODAY, NOW, arena, &changes, &problem), STATUS_OK);
    return changes;
}

// The announcement of what was recorded.
static announcement_t *announced(arena_t *arena, const changes_t *changes)
{
    announcement_t *announcement = pb_new(&pcn__registry__store__v1__announcement__type, arena);
    const changes_record_t *record = changes->record;
    announcement->systems = record->systems;
    announcement->n_systems = record->n_systems;
    announcement->alignments = record->alignments;
    announcement->n_alignments = record->n_alignments;
    announcement->waivers = record->waivers;
    announcement->n_waivers = record->n_waivers;
    return announcement;
}

static void assert_day(const char *is, const char *expected)
{
    if (expected == NULL)
        assert_null(is);
    else
        assert_string_equal(is, expected);
}

static void every_span_ends_the_day_before(void **state)
{
    (void)state;
    for (int on = 2; on <= DAYS; on++) {
        arena_t *arena = arena_new(ARENA_CAP * 16);
        assert_non_null(arena);
        for (int from = 1; from <= DAYS; from++) {
            for (int to = from; to <= OPEN; to++) {
                aggregate_t *practice = make(arena, "gp-a", KIND(PRACTICE)), *network = make(arena, "pcn-a", KIND(NETWORK));
                use(arena, practice, from, to);
                serve(arena, practice, "team-a", "trust-a", from, to);
                waive(arena, network, from, to);
                void *rows[] = {practice, network};
                const bool over = to < OPEN && to < on, later = from >= on;
                changes_t *changes = begin(arena, rows, 2);
                const status_t status = close_beside(changes, &changes->all[0], day_of(arena, on), NULL, true);
                assert_int_equal(status, later && !over ? STATUS_FAILED_PRECONDITION : STATUS_OK);
                changes = begin(arena, rows, 2);
                assert_int_equal(close_beside(changes, &changes->all[0], day_of(arena, on), NULL, false), STATUS_OK);
                assert_int_equal(close_beside(changes, &changes->all[1], day_of(arena, on), NULL, false), STATUS_OK);
                assert_int_equal(changes->record->n_systems, !over);
                assert_int_equal(changes->record->n_alignments, !over);
                assert_int_equal(changes->record->n_waivers, !over);
                assert_int_equal(changes->all[1].after->n_all_waivers, later && !over ? 0 : 1);
                assert_int_equal(changes_record(changes), STATUS_OK);
                assert_int_equal(changes_count(changes), over ? 0 : 2);
                if (over)
                    continue;
                const system_t *after = changes->record->systems[0]->after;
                assert_int_equal(after == NULL, later);
                if (after != NULL)
                    assert_string_equal(after->to, day_of(arena, on - 1));
                const organisation_t *beside = changes->all[0].beside;
                assert_int_equal(beside->n_systems, !later);
                assert_int_equal(beside->n_superseded_systems, later);
                assert_int_equal(beside->n_alignments, !later);
                // Until the third all of it is so at once, unless it was to begin later.
                const int first = later ? from : on;
                assert_int_equal(changes->all[0].announced, first > 3);
                assert_int_equal(changes->all[1].announced, first > 3);
            }
        }
        arena_destroy(&arena);
    }
}

// A record as the close left it, and back again.
static void what_was_ended_is_taken_back(void **state)
{
    for (int from = 4; from <= DAYS; from++) {
        aggregate_t *practice = make(*state, "gp-a", KIND(PRACTICE)), *network = make(*state, "pcn-a", KIND(NETWORK));
        use(*state, practice, from, OPEN);
        serve(*state, practice, "team-a", "trust-a", from, DAYS);
        waive(*state, network, from, OPEN);
        void *rows[] = {practice, network};
        changes_t *changes = begin(*state, rows, 2);
        assert_int_equal(close_beside(changes, &changes->all[0], day_of(*state, 5), NULL, false), STATUS_OK);
        assert_int_equal(close_beside(changes, &changes->all[1], day_of(*state, 5), NULL, false), STATUS_OK);
        announcement_t *announcement = announced(*state, changes);
        aggregate_t *closed = make(*state, "gp-a", KIND(PRACTICE)), *ended = make(*state, "pcn-a", KIND(NETWORK));
        ended->all_waivers = changes->all[1].after->all_waivers;
        ended->n_all_waivers = changes->all[1].after->n_all_waivers;
        if (from < 5) {
            use(*state, closed, from, 4);
            serve(*state, closed, "team-a", "trust-a", from, 4);
        }
        void *left[] = {closed, ended};
        changes = begin(*state, left, 2);
        assert_int_equal(close_beside_revoke(changes, announcement), STATUS_OK);
        assert_day(changes->record->systems[0]->after->from, day_of(*state, from));
        assert_null(changes->record->systems[0]->after->to);
        assert_string_equal(changes->record->alignments[0]->after->to, day_of(*state, DAYS));
        assert_int_equal(changes->all[1].after->n_all_waivers, 1);
        assert_null(changes->all[1].after->all_waivers[0]->to);
        // Something else began meanwhile, or it ended on another day.
        use(*state, closed, 6, OPEN);
        assert_int_equal(close_beside_revoke(begin(*state, left, 2), announcement), STATUS_FAILED_PRECONDITION);
        closed->n_all_systems--;
        assert_int_equal(close_beside_revoke(begin(*state, left, 2), announcement), STATUS_OK);
        if (from < 5)
            closed->all_alignments[0]->to = day_of(*state, 5);
        else
            serve(*state, closed, "team-a", "trust-b", 6, OPEN);
        assert_int_equal(close_beside_revoke(begin(*state, left, 2), announcement), STATUS_FAILED_PRECONDITION);
    }
}

static void what_it_provides_goes_on_by_its_heir(void **state)
{
    aggregate_t *trust = make(*state, "trust-a", KIND(TRUST)), *practice = make(*state, "gp-a", KIND(PRACTICE));
    serve(*state, practice, "team-a", "trust-a", 1, OPEN);
    serve(*state, practice, "team-b", "trust-b", 1, OPEN);
    serve(*state, practice, "team-c", "trust-a", 6, OPEN);
    serve(*state, practice, "team-d", "trust-a", 1, 3);
    serve(*state, practice, "trust-a", NULL, 1, OPEN);
    void *rows[] = {trust, practice};
    changes_t *changes = begin(*state, rows, 2);
    assert_int_equal(close_beside(changes, &changes->all[0], day_of(*state, 5), "heir-a", true), STATUS_OK);
    const changes_record_t *record = changes->record;
    assert_int_equal(record->n_alignments, 5);
    assert_string_equal(record->alignments[0]->after->to, "2026-11-04");
    assert_null(record->alignments[1]->before);
    assert_string_equal(record->alignments[1]->after->provider, "heir-a");
    assert_string_equal(record->alignments[1]->after->from, "2026-11-05");
    assert_null(record->alignments[2]->after);
    assert_string_equal(record->alignments[2]->before->service, "team-c");
    assert_string_equal(record->alignments[3]->after->from, "2026-11-06");
    // It is the service itself: nobody goes on with it.
    assert_string_equal(record->alignments[4]->after->service, "trust-a");
    assert_string_equal(record->alignments[4]->after->to, "2026-11-04");
    assert_int_equal(changes_record(changes), STATUS_OK);
    assert_int_equal(changes_count(changes), 1); // of the trust itself nothing does
    assert_true(changes->all[1].announced);
    // Without an heir what is to begin later is in the way.
    changes = begin(*state, rows, 2);
    assert_int_equal(close_beside(changes, &changes->all[0], day_of(*state, 5), NULL, true), STATUS_FAILED_PRECONDITION);
    assert_string_equal(changes->problem->field, "code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_span_ends_the_day_before), TEST(what_was_ended_is_taken_back),
                                       TEST(what_it_provides_goes_on_by_its_heir)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
