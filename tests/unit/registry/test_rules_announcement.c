// What verbs announce, read off their changes, and taken back from what they left.
#include "services/registry/rules_revoke.h"

#include <stdio.h>

#include "services/registry/rules_close.h"
#include "services/registry/rules_move.h"
#include "services/registry/rules_succession.h"
#include "tests/unit/registry/support.h"

#define TODAY "2020-06-15"
#define NOW "2020-06-15T12:00:00Z"
#define ON "2020-07-01"
#define ROWS 7

static void add_coming(arena_t *arena, aggregate_t *row, const char *from, const char *changes)
{
    coming_change_t *change = pb_new(&pcn__registry__v1__coming_change__type, arena);
    assert_non_null(change);
    change->from = text(arena, from);
    change->changes = text(arena, changes);
    change->recorded_at = text(arena, NOW);
    row->coming = appended(arena, row->coming, &row->n_coming, change);
}

static void add_membership(arena_t *arena, aggregate_t *practice, const char *network, const char *from, const char *to)
{
    Pcn__Registry__Store__V1__Membership *membership = pb_new(&pcn__registry__store__v1__membership__type, arena);
    assert_non_null(membership);
    membership->network = text(arena, network);
    membership->from = text(arena, from);
    membership->to = text(arena, to);
    practice->practice_memberships = appended(arena, practice->practice_memberships, &practice->n_practice_memberships, membership);
}

static aggregate_t *make(arena_t *arena, const char *code, organisation_kind_t kind, const char *parent)
{
    aggregate_t *row = make_network(arena, code);
    row->kind = kind;
    row->level = kind == KIND(NETWORK) ? LEVEL(NEIGHBOURHOOD) : kind == KIND(PRACTICE) ? LEVEL(PRACTICE) : LEVEL(PLACE);
    row->parent = text(arena, parent);
    row->commissioner = kind == KIND(NETWORK) ? row->parent : NULL;
    row->created_at = text(arena, NOW);
    return row;
}

// ccg; pcn-a (gp-a; gp-b until 2021; gp-c from August) and pcn-b, which is paid through pcn-a; gp-l lies below pcn-a.
static void make_rows(arena_t *arena, void *rows[ROWS])
{
    aggregate_t *ccg = make(arena, "ccg-elr", KIND(CCG), NULL), *a = make(arena, "pcn-a", KIND(NETWORK), "ccg-elr");
    aggregate_t *b = make(arena, "pcn-b", KIND(NETWORK), "ccg-elr"), *gp_a = make(arena, "gp-a", KIND(PRACTICE), "pcn-a");
    aggregate_t *gp_b = make(arena, "gp-b", KIND(PRACTICE), "pcn-a"), *gp_c = make(arena, "gp-c", KIND(PRACTICE), "ccg-elr");
    aggregate_t *gp_l = make(arena, "gp-l", KIND(PRACTICE), "pcn-a");
    add_member(arena, a, "gp-a", "2019-07-01", NULL, NULL);
    add_member(arena, a, "gp-b", "2019-07-01", "2021-03-31", "north");
    add_director(arena, a, "Dr A", "2019-07-01", NULL, NULL);
    add_director(arena, a, "Dr B", "2019-07-01", "2022-03-31", "0.5");
    add_membership(arena, gp_a, "pcn-a", "2019-07-01", NULL);
    add_membership(arena, gp_b, "pcn-a", "2019-07-01", "2021-03-31");
    add_coming(arena, gp_b, "2021-04-01", "{\"parent\":\"ccg-elr\"}");
    add_coming(arena, a, "2020-09-01", "{\"name\":\"Another\",\"formerNames\":[\"Network\"]}");
    b->payee = text(arena, "pcn-a");
    void *const made[ROWS] = {ccg, gp_a, gp_b, gp_c, gp_l, a, b};
    memcpy(rows, made, sizeof made);
}

static changes_t *begin(arena_t *arena, void *const *rows, size_t count, problem_t *problem)
{
    changes_t *changes = NULL;
    const status_t status = changes_new(rows, count, 4, TODAY, NOW, arena, &changes, problem);
    return status == STATUS_OK ? changes : NULL;
}

// ---- what is on record ----

static void say(char *out, size_t room, const char *sentence, const char *a, const char *b, const char *c, const char *d)
{
    const size_t used = strlen(out);
    (void)snprintf(out + used, room - used, sentence, a, b, c != NULL ? c : "", d != NULL ? d : "");
}

static char *record_of(arena_t *arena, void *const *rows, size_t count)
{
    enum { ROOM = 8192 };
    char *out = arena_zero(arena, ROOM);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        const aggregate_t *row = rows[i];
        say(out, ROOM, "%s: %s %s %s\n", row->code, row->name, row->parent, row->payee);
        for (size_t j = 0; j < row->n_coming; j++)
            say(out, ROOM, "  %s %s%s%s\n", row->coming[j]->from, row->coming[j]->changes, NULL, NULL);
        for (size_t j = 0; j < row->n_all_members; j++)
            say(out, ROOM, "  %s %s %s %s\n", row->all_members[j]->practice, row->all_members[j]->from, row->all_members[j]->to,
                row->all_members[j]->sub_group);
        for (size_t j = 0; j < row->n_all_directors; j++)
            say(out, ROOM, "  %s %s %s %s\n", row->all_directors[j]->name, row->all_directors[j]->from, row->all_directors[j]->to,
                row->all_directors[j]->share);
        for (size_t j = 0; j < row->n_successors; j++)
            say(out, ROOM, "  then %s%s%s%s\n", row->successors[j], "", NULL, NULL);
        for (size_t j = 0; j < row->n_predecessors; j++)
            say(out, ROOM, "  after %s%s%s%s\n", row->predecessors[j], "", NULL, NULL);
    }
    return out;
}

// The rows as they would be loaded once the change is saved; those that it made come last.
static size_t saved(arena_t *arena, const changes_t *changes, void **rows)
{
    for (size_t i = 0; i < changes->count; i++) {
        const changed_t *changed = &changes->all[i];
        aggregate_t *row = arena_alloc(arena, sizeof *row);
        assert_non_null(row);
        *row = *changed->after;
        for (unsigned j = 0; changed->head != NULL && j < AGGREGATE_TYPE->descriptor->n_fields; j++) {
            if (pb_field_by_name(ORGANISATION_TYPE, AGGREGATE_TYPE->descriptor->fields[j].name) >= 0)
                pb_clear(AGGREGATE_TYPE, row, j);
        }
        if (changed->head != NULL)
            pb_merge(AGGREGATE_TYPE, row, ORGANISATION_TYPE, changed->head);
        rows[i] = row;
    }
    return changes->count;
}

// ---- verbs ----

typedef enum verb { CLOSE, CLOSE_WITH, MERGE, MOVE, LEAVE, VERBS } verb_t;

static const char *about(verb_t verb)
{
    return verb == MOVE ? "gp-b" : verb == LEAVE ? "gp-a" : NULL;
}

static status_t do_verb(arena_t *arena, changes_t *changes, verb_t verb, char *on)
{
    close_request_t *close = pb_new(&pcn__registry__v1__close_organisation_request__type, arena);
    merge_request_t *merge = pb_new(&pcn__registry__v1__merge_organisation_request__type, arena);
    move_request_t *move = pb_new(&pcn__registry__v1__move_member_request__type, arena);
    leave_request_t *leave = pb_new(&pcn__registry__v1__leave_member_request__type, arena);
    assert_true(close != NULL && merge != NULL && move != NULL && leave != NULL);
    close->code = merge->code = move->code = leave->code = text(arena, "pcn-a");
    close->on = merge->on = move->on = leave->on = on;
    merge->into = move->network = text(arena, "pcn-b");
    move->practice = text(arena, "gp-b");
    leave->practice = text(arena, "gp-a");
    switch (verb) {
    case CLOSE_WITH:
        close->successors = appended(arena, close->successors, &close->n_successors, text(arena, "pcn-b"));
        return close_organisation(changes, close);
    case MERGE:
        return succession_merge(changes, merge);
    case MOVE:
        return member_move(changes, move);
    case LEAVE:
        return member_leave(changes, leave);
    default:
        return close_organisation(changes, close);
    }
}

// The change, recorded; its announcement in *announcement.
static changes_t *announce(arena_t *arena, void *const *rows, verb_t verb, announcement_t **announcement)
{
    problem_t problem = {0};
    changes_t *changes = begin(arena, rows, ROWS, &problem);
    assert_non_null(changes);
    assert_int_equal(do_verb(arena, changes, verb, text(arena, ON)), STATUS_OK);
    assert_int_equal(announcement_make(changes, "pcn-a", about(verb), ON, "verb"), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    *announcement = changes->record->announced;
    assert_non_null(*announcement);
    return changes;
}

static void each_verb_is_taken_back(void **state)
{
    for (verb_t verb = CLOSE; verb < VERBS; verb++) {
        problem_t problem = {0};
        void *rows[ROWS], *after[ROWS + 4];
        announcement_t *announcement;
        make_rows(*state, rows);
        const char *before = record_of(*state, rows, ROWS);
        const size_t count = saved(*state, announce(*state, rows, verb, &announcement), after);
        assert_true(strcmp(before, record_of(*state, after, count)) != 0);
        changes_t *back = begin(*state, after, count, &problem);
        assert_non_null(back);
        if (announcement_revoke(back, "pcn-a", about(verb), ON, announcement) != STATUS_OK)
            fail_msg("verb %d: %s", (int)verb, problem.detail);
        assert_int_equal(changes_record(back), STATUS_OK);
        void *again[ROWS + 4];
        const char *is = record_of(*state, again, saved(*state, back, again));
        if (strcmp(is, before) != 0)
            fail_msg("verb %d:\n%s\ninstead of\n%s", (int)verb, is, before);
        assert_string_equal(back->record->revoked->on, ON);
        // Nothing of it differs before the day.
        for (size_t i = 0; i < back->count; i++) {
            if (back->all[i].head != NULL)
                assert_true(back->all[i].announced);
        }
        arena_reset(*state);
    }
}

static void today_announces_nothing(void **state)
{
    problem_t problem = {0};
    void *rows[ROWS];
    make_rows(*state, rows);
    changes_t *changes = begin(*state, rows, ROWS, &problem);
    assert_int_equal(do_verb(*state, changes, LEAVE, text(*state, TODAY)), STATUS_OK);
    assert_int_equal(announcement_make(changes, "pcn-a", "gp-a", TODAY, "leave"), STATUS_OK);
    assert_null(changes->record->announced);
}

static void what_is_there_stays(void **state)
{
    problem_t problem = {0};
    void *rows[ROWS], *after[ROWS + 4];
    announcement_t *announcement;
    make_rows(*state, rows);
    const size_t count = saved(*state, announce(*state, rows, MERGE, &announcement), after);
    assert_refused(announcement_revoke(begin(*state, after, count, &problem), "pcn-a", NULL, TODAY, announcement),
                   STATUS_FAILED_PRECONDITION, problem, "on");
    assert_refused(announcement_revoke(begin(*state, after, count, &problem), "pcn-a", NULL, ON, NULL), STATUS_NOT_FOUND, problem, "on");
}

// Each row of another end, each director, each field that somebody touched since is in the way.
static void what_changed_since_is_in_the_way(void **state)
{
    for (unsigned change = 0; change < 6; change++) {
        problem_t problem = {0};
        void *rows[ROWS], *after[ROWS + 4];
        announcement_t *announcement;
        make_rows(*state, rows);
        const size_t count = saved(*state, announce(*state, rows, MERGE, &announcement), after);
        aggregate_t *gp_a = after[1], *a = after[5], *b = after[6];
        switch (change) {
        case 0: // the membership that was carried over ended
            assert_string_equal(b->all_members[0]->practice, "gp-a");
            b->all_members[0]->to = text(*state, "2020-12-31");
            break;
        case 1: // that in the old network was corrected
            assert_string_equal(a->all_members[0]->practice, "gp-a");
            a->all_members[0]->to = text(*state, "2020-06-01");
            break;
        case 2: // a director's end
            a->all_directors[0]->to = NULL;
            break;
        case 3: // the close is no more
            a->n_coming = 0;
            break;
        case 4: // somebody came back in between
            add_membership(*state, gp_a, "pcn-z", "2021-01-01", NULL);
            break;
        default: // the same person again
            add_director(*state, a, "Dr A", "2021-01-01", NULL, NULL);
            break;
        }
        const status_t status = announcement_revoke(begin(*state, after, count, &problem), "pcn-a", NULL, ON, announcement);
        if (status != STATUS_FAILED_PRECONDITION || strcmp(problem.field, "on") != 0)
            fail_msg("change %u: %s %s", change, status_name(status), problem.detail);
        arena_reset(*state);
    }
}

static void what_is_by_now_on_the_eve_counts(void **state)
{
    problem_t problem = {0};
    void *rows[ROWS], *after[ROWS + 4], *again[ROWS + 4];
    announcement_t *announcement;
    make_rows(*state, rows);
    const size_t count = saved(*state, announce(*state, rows, MERGE, &announcement), after);
    // pcn-b is paid through another one since.
    ((aggregate_t *)after[6])->payee = text(*state, "ccg-elr");
    changes_t *back = begin(*state, after, count, &problem);
    assert_int_equal(announcement_revoke(back, "pcn-a", NULL, ON, announcement), STATUS_OK);
    assert_int_equal(changes_record(back), STATUS_OK);
    (void)saved(*state, back, again);
    assert_string_equal(((aggregate_t *)again[6])->payee, "ccg-elr");
    assert_int_equal(((aggregate_t *)again[6])->n_coming, 0);
}

// A change to come that could not be read for want of memory is INTERNAL.
static bool is_quiet(status_t status)
{
    return status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_INTERNAL;
}

static void memory_runs_out_quietly(void **state)
{
    (void)state;
    arena_t *arena = arena_new(ARENA_CAP);
    void *rows[ROWS], *after[ROWS + 4];
    announcement_t *announcement;
    make_rows(arena, rows);
    const size_t count = saved(arena, announce(arena, rows, MERGE, &announcement), after);
    bool made = false, revoked = false;
    for (size_t cap = 2048; !made || !revoked; cap += 2048) {
        arena_t *small = arena_new(cap);
        problem_t problem = {0};
        changes_t *changes = begin(small, rows, ROWS, &problem);
        status_t status = changes != NULL ? STATUS_OK : problem.status;
        merge_request_t *merge = pb_new(&pcn__registry__v1__merge_organisation_request__type, arena);
        merge->code = text(arena, "pcn-a");
        merge->into = text(arena, "pcn-b");
        merge->on = text(arena, ON);
        if (status == STATUS_OK)
            status = succession_merge(changes, merge);
        if (status == STATUS_OK)
            status = announcement_make(changes, "pcn-a", NULL, ON, "merge");
        assert_true(is_quiet(status));
        made = status == STATUS_OK;
        arena_destroy(&small);
        small = arena_new(cap);
        changes = begin(small, after, count, &problem);
        status = changes != NULL ? announcement_revoke(changes, "pcn-a", NULL, ON, announcement) : problem.status;
        assert_true(is_quiet(status));
        revoked = status == STATUS_OK;
        arena_destroy(&small);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_verb_is_taken_back),          TEST(today_announces_nothing),          TEST(what_is_there_stays),
        TEST(what_changed_since_is_in_the_way), TEST(what_is_by_now_on_the_eve_counts), cmocka_unit_test(memory_runs_out_quietly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
