// What stands beside an organisation ends and is corrected: every refusal, and the days around each end.
#include "services/registry/rules_beside_changes.h"
#include "services/registry/rules_waiver.h"
#include "tests/unit/registry/support.h"

static aggregate_t *organisation_of(arena_t *arena, const char *code, organisation_kind_t kind)
{
    aggregate_t *organisation = pb_new(AGGREGATE_TYPE, arena);
    assert_non_null(organisation);
    organisation->code = text(arena, code);
    organisation->has_kind = 1;
    organisation->kind = kind;
    return organisation;
}

// ---- clinical systems ----

static void add_system(arena_t *arena, aggregate_t *practice, const char *system, const char *from, const char *to)
{
    system_profile_t *profile = pb_new(&pcn__registry__v1__system_profile__type, arena);
    assert_non_null(profile);
    profile->practice = practice->code;
    profile->system = text(arena, system);
    profile->from = text(arena, from);
    profile->to = text(arena, to);
    profile->source = text(arena, "a list");
    practice->all_systems = appended(arena, practice->all_systems, &practice->n_all_systems, profile);
}

// EMIS from 2020 to the end of June, SystmOne since 2021.
static aggregate_t *equipped(arena_t *arena)
{
    aggregate_t *practice = organisation_of(arena, "gp-a", KIND(PRACTICE));
    add_system(arena, practice, "EMIS", "2020-01-01", "2020-06-30");
    add_system(arena, practice, "SystmOne", "2021-01-01", NULL);
    return practice;
}

static void the_system_of_the_day_ends(void **state)
{
    static const struct {
        const char *on, *from, *to; // `to` NULL: it never held; `from` NULL: there is none
    } cases[] = {
        {"2019-12-31", NULL, NULL},
        {"2020-01-01", "2020-01-01", NULL},
        {"2020-01-02", "2020-01-01", "2020-01-01"},
        {"2020-06-30", "2020-01-01", "2020-06-29"},
        {"2020-07-01", NULL, NULL}, // it has ended
        {"2020-12-31", NULL, NULL},
        {"2021-01-01", "2021-01-01", NULL},
        {"2030-03-01", "2021-01-01", "2030-02-28"},
    };
    const aggregate_t *practice = equipped(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        changed_system_t *changed;
        end_system_request_t request = PCN__REGISTRY__V1__END_SYSTEM_REQUEST__INIT;
        request.on = text(*state, cases[i].on);
        const status_t status = system_end(practice, &request, *state, &changed, &problem);
        if (cases[i].from == NULL) {
            assert_refused(status, STATUS_ALREADY_EXISTS, problem, "on");
            assert_null(changed);
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        if (cases[i].to == NULL) {
            assert_string_equal(changed->wrong->from, cases[i].from);
            assert_null(changed->after);
        } else {
            assert_null(changed->wrong);
            assert_string_equal(changed->after->from, cases[i].from);
            assert_string_equal(changed->after->to, cases[i].to);
        }
    }
    assert_string_equal(practice->all_systems[0]->to, "2020-06-30"); // what was loaded stays
}

static correct_system_request_t *correction(arena_t *arena, const char *from)
{
    correct_system_request_t *request = pb_new(&pcn__registry__v1__correct_system_request__type, arena);
    assert_non_null(request);
    request->from = text(arena, from);
    return request;
}

static void a_system_is_corrected(void **state)
{
    const aggregate_t *practice = equipped(*state);
    problem_t problem = {0};
    changed_system_t *changed;
    correct_system_request_t *request = correction(*state, "2020-01-01");
    assert_refused(system_correct(practice, request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "never");
    request->never = 1;
    assert_int_equal(system_correct(practice, request, *state, &changed, &problem), STATUS_OK);
    assert_ptr_equal(changed->wrong, practice->all_systems[0]);
    assert_null(changed->after);
    request->new_system = text(*state, "Vision");
    assert_refused(system_correct(practice, request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "never");
    request->never = 0;
    request->source = text(*state, "a letter");
    assert_int_equal(system_correct(practice, request, *state, &changed, &problem), STATUS_OK);
    assert_string_equal(changed->after->system, "Vision");
    assert_string_equal(changed->after->source, "a letter");
    assert_string_equal(changed->after->to, "2020-06-30");
    request = correction(*state, "2020-01-02");
    request->never = 1;
    assert_refused(system_correct(practice, request, *state, &changed, &problem), STATUS_NOT_FOUND, problem, "from");
    request = correction(*state, "2020-01-01");
    request->new_system = text(*state, "EMIS");
    request->new_to = text(*state, "2020-06-30");
    assert_int_equal(system_correct(practice, request, *state, &changed, &problem), STATUS_OK);
    assert_null(changed);
}

static void corrected_days_are_nobody_elses(void **state)
{
    static const struct {
        const char *from, *new_from, *new_to;
        bool ongoing;
        status_t status;
        const char *field;
    } cases[] = {
        {"2020-01-01", NULL, "2020-12-31", false, STATUS_OK, ""},
        {"2020-01-01", NULL, "2021-01-01", false, STATUS_ALREADY_EXISTS, "newFrom"},
        {"2020-01-01", NULL, NULL, true, STATUS_ALREADY_EXISTS, "newFrom"},
        {"2020-01-01", NULL, "2019-12-31", false, STATUS_INVALID_ARGUMENT, "newTo"},
        {"2020-01-01", "2020-07-01", NULL, false, STATUS_INVALID_ARGUMENT, "newTo"},
        {"2021-01-01", "2020-07-01", NULL, false, STATUS_OK, ""},
        {"2021-01-01", "2020-06-30", NULL, false, STATUS_ALREADY_EXISTS, "newFrom"},
        {"2021-01-01", "2019-01-01", "2019-12-31", false, STATUS_OK, ""},
        {"2021-01-01", "2019-01-01", "2020-01-01", false, STATUS_ALREADY_EXISTS, "newFrom"},
    };
    const aggregate_t *practice = equipped(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        changed_system_t *changed;
        correct_system_request_t *request = correction(*state, cases[i].from);
        request->new_from = text(*state, cases[i].new_from);
        request->new_to = text(*state, cases[i].new_to);
        request->ongoing = cases[i].ongoing;
        const status_t status = system_correct(practice, request, *state, &changed, &problem);
        if (status != cases[i].status || strcmp(problem.field, cases[i].field) != 0)
            fail_msg("%zu: %s %s", i, status_name(status), problem.field);
    }
}

// ---- alignments ----

static void add_alignment(arena_t *arena, aggregate_t *organisation, const char *from, const char *to)
{
    alignment_t *alignment = pb_new(&pcn__registry__v1__alignment__type, arena);
    assert_non_null(alignment);
    alignment->service = text(arena, "team-a");
    alignment->name = text(arena, "Team A");
    alignment->has_kind = 1;
    alignment->kind = PCN__REGISTRY__V1__ALIGNMENT_KIND__ALIGNMENT_KIND_LOCALITY_TEAM;
    alignment->provider = text(arena, "trust-a");
    alignment->organisation = organisation->code;
    alignment->from = text(arena, from);
    alignment->to = text(arena, to);
    organisation->all_alignments = appended(arena, organisation->all_alignments, &organisation->n_all_alignments, alignment);
}

static aggregate_t *served(arena_t *arena)
{
    aggregate_t *network = organisation_of(arena, "pcn-a", KIND(NETWORK));
    add_alignment(arena, network, "2020-01-01", "2020-06-30");
    add_alignment(arena, network, "2021-01-01", NULL);
    return network;
}

static void the_alignment_of_the_day_ends(void **state)
{
    static const struct {
        const char *on;
        bool holds;
        const char *to;
    } cases[] = {{"2019-12-31", false, NULL}, {"2020-01-01", true, NULL},         {"2020-01-02", true, "2020-01-01"},
                 {"2020-07-01", false, NULL}, {"2022-01-01", true, "2021-12-31"}, {"2021-01-01", true, NULL}};
    const aggregate_t *network = served(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        changed_alignment_t *changed;
        end_alignment_request_t request = PCN__REGISTRY__V1__END_ALIGNMENT_REQUEST__INIT;
        request.service = text(*state, "team-a");
        request.on = text(*state, cases[i].on);
        const status_t status = alignment_end(network, &request, *state, &changed, &problem);
        if (!cases[i].holds) {
            assert_refused(status, STATUS_ALREADY_EXISTS, problem, "service");
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(changed->wrong != NULL, cases[i].to == NULL);
        if (cases[i].to != NULL)
            assert_string_equal(changed->after->to, cases[i].to);
    }
}

static void an_alignment_is_corrected(void **state)
{
    aggregate_t *network = served(*state);
    problem_t problem = {0};
    changed_alignment_t *changed;
    correct_alignment_request_t *request = pb_new(&pcn__registry__v1__correct_alignment_request__type, *state);
    assert_non_null(request);
    request->service = text(*state, "team-a");
    request->from = text(*state, "2021-01-01");
    assert_refused(alignment_correct(network, request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "never");
    request->new_name = text(*state, "Team of A");
    request->has_new_kind = 1;
    request->new_kind = PCN__REGISTRY__V1__ALIGNMENT_KIND__ALIGNMENT_KIND_FEDERATION;
    request->new_from = text(*state, "2020-07-01");
    request->new_to = text(*state, "2020-07-01");
    request->source = text(*state, "a letter");
    // The provider, which was right, may be gone by now.
    assert_int_equal(alignment_correct(network, request, *state, &changed, &problem), STATUS_OK);
    assert_string_equal(changed->after->name, "Team of A");
    assert_int_equal(changed->after->kind, request->new_kind);
    assert_string_equal(changed->after->from, "2020-07-01");
    assert_string_equal(changed->after->to, "2020-07-01");
    assert_string_equal(changed->after->provider, "trust-a");
    assert_string_equal(changed->wrong->from, "2021-01-01");
    request->new_from = text(*state, "2020-06-30");
    assert_refused(alignment_correct(network, request, *state, &changed, &problem), STATUS_ALREADY_EXISTS, problem, "newFrom");
    request->new_to = text(*state, "2020-06-29");
    assert_refused(alignment_correct(network, request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "newTo");
    request->new_from = request->new_to = NULL;
    request->new_provider = text(*state, "nobody");
    assert_refused(alignment_correct(network, request, *state, &changed, &problem), STATUS_FAILED_PRECONDITION, problem, "newProvider");
    network->has_named_kind = 1;
    assert_int_equal(alignment_correct(network, request, *state, &changed, &problem), STATUS_OK);
    assert_string_equal(changed->after->provider, "nobody");
    request->from = text(*state, "2021-01-02");
    assert_refused(alignment_correct(network, request, *state, &changed, &problem), STATUS_NOT_FOUND, problem, "from");
    correct_alignment_request_t same = PCN__REGISTRY__V1__CORRECT_ALIGNMENT_REQUEST__INIT;
    same.from = text(*state, "2021-01-01");
    same.has_ongoing = same.ongoing = 1;
    assert_int_equal(alignment_correct(network, &same, *state, &changed, &problem), STATUS_OK);
    assert_null(changed);
    same.ongoing = 0;
    same.never = 1;
    assert_int_equal(alignment_correct(network, &same, *state, &changed, &problem), STATUS_OK);
    assert_null(changed->after);
}

// ---- stated facts ----

static void a_fact_is_corrected(void **state)
{
    aggregate_t *organisation = organisation_of(*state, "ics-a", KIND(ICS));
    stated_fact_t stated = PCN__REGISTRY__V1__STATED_FACT__INIT;
    stated.fact = text(*state, "new_homes");
    stated.has_qualifier = 1;
    stated.qualifier = PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_EQ;
    stated.value = text(*state, "7");
    stated.source = text(*state, "a plan");
    problem_t problem = {0};
    changed_fact_t *changed;
    correct_fact_request_t request = PCN__REGISTRY__V1__CORRECT_FACT_REQUEST__INIT;
    request.fact = stated.fact;
    assert_refused(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "never");
    request.new_value = text(*state, "8");
    assert_refused(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_NOT_FOUND, problem, "fact");
    organisation->stated = &stated;
    // It stands in its own place, so that this one is taken says nothing.
    organisation->taken = 1;
    assert_int_equal(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_OK);
    assert_ptr_equal(changed->wrong, &stated);
    assert_string_equal(changed->after->value, "8");
    assert_string_equal(changed->after->source, "a plan");
    // Each part of the key.
    request.new_period = text(*state, "2020");
    assert_refused(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_ALREADY_EXISTS, problem, "fact");
    request.new_period = NULL;
    request.new_source = text(*state, "another plan");
    assert_refused(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_ALREADY_EXISTS, problem, "fact");
    request.new_source = NULL;
    request.has_new_qualifier = 1;
    request.new_qualifier = PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_GT;
    assert_refused(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_ALREADY_EXISTS, problem, "fact");
    organisation->taken = 0;
    request.new_unit = text(*state, "homes");
    request.new_notes = text(*state, "page 3");
    assert_int_equal(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_OK);
    assert_int_equal(changed->after->qualifier, request.new_qualifier);
    assert_string_equal(changed->after->unit, "homes");
    assert_string_equal(changed->after->notes, "page 3");
    request.never = 1;
    assert_refused(fact_correct(organisation, &request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "never");
    correct_fact_request_t never = PCN__REGISTRY__V1__CORRECT_FACT_REQUEST__INIT, same = never;
    never.never = 1;
    assert_int_equal(fact_correct(organisation, &never, *state, &changed, &problem), STATUS_OK);
    assert_null(changed->after);
    same.new_value = text(*state, "7");
    assert_int_equal(fact_correct(organisation, &same, *state, &changed, &problem), STATUS_OK);
    assert_null(changed);
}

// ---- waivers ----

static waiver_t *add_waiver(arena_t *arena, aggregate_t *network, const char *from, const char *to)
{
    waiver_t *waiver = pb_new(WAIVER_TYPE, arena);
    assert_non_null(waiver);
    waiver->from = text(arena, from);
    waiver->to = text(arena, to);
    waiver->reason = text(arena, "Rural");
    waiver->granted_by = text(arena, "ccg-gone");
    network->all_waivers = appended(arena, network->all_waivers, &network->n_all_waivers, waiver);
    return waiver;
}

static aggregate_t *waived(arena_t *arena)
{
    aggregate_t *network = make_network(arena, "pcn-a");
    network->above = appended(arena, network->above, &network->n_above, text(arena, "ccg-elr"));
    (void)add_waiver(arena, network, "2020-01-01", "2020-06-30");
    (void)add_waiver(arena, network, "2021-01-01", NULL);
    return network;
}

static void the_waiver_of_the_day_ends(void **state)
{
    static const struct {
        const char *on;
        bool holds;
        const char *to;
    } cases[] = {{"2019-12-31", false, NULL}, {"2020-01-01", true, NULL},         {"2020-06-30", true, "2020-06-29"},
                 {"2020-07-01", false, NULL}, {"2022-01-01", true, "2021-12-31"}, {"2021-01-01", true, NULL}};
    const aggregate_t *network = waived(*state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        changed_waiver_t *changed;
        end_waiver_request_t request = PCN__REGISTRY__V1__END_WAIVER_REQUEST__INIT;
        request.on = text(*state, cases[i].on);
        const status_t status = waiver_end(network, &request, *state, &changed, &problem);
        if (!cases[i].holds) {
            assert_refused(status, STATUS_ALREADY_EXISTS, problem, "on");
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        const aggregate_t *after = aggregate_with_changed_waiver(network, changed, *state);
        assert_int_equal(after->n_all_waivers, cases[i].to == NULL ? 1 : 2);
        if (cases[i].to != NULL)
            assert_string_equal(after->all_waivers[cases[i].on[3] == '0' ? 0 : 1]->to, cases[i].to);
    }
    assert_int_equal(network->n_all_waivers, 2);
}

static void a_waiver_is_corrected(void **state)
{
    aggregate_t *network = waived(*state);
    problem_t problem = {0};
    changed_waiver_t *changed;
    correct_waiver_request_t *request = pb_new(&pcn__registry__v1__correct_waiver_request__type, *state);
    assert_non_null(request);
    request->from = text(*state, "2021-01-01");
    assert_refused(waiver_correct(network, request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "never");
    request->new_from = text(*state, "2019-01-01");
    assert_refused(waiver_correct(network, request, *state, &changed, &problem), STATUS_ALREADY_EXISTS, problem, "newFrom");
    request->new_to = text(*state, "2018-12-31");
    assert_refused(waiver_correct(network, request, *state, &changed, &problem), STATUS_INVALID_ARGUMENT, problem, "newTo");
    request->new_to = text(*state, "2019-12-31");
    request->new_reason = text(*state, "Spread over hills");
    // The commissioner that gave it is gone, and was right.
    assert_int_equal(waiver_correct(network, request, *state, &changed, &problem), STATUS_OK);
    assert_string_equal(changed->after->granted_by, "ccg-gone");
    const aggregate_t *after = aggregate_with_changed_waiver(network, changed, *state);
    assert_int_equal(after->n_all_waivers, 2);
    assert_string_equal(after->all_waivers[0]->reason, "Spread over hills"); // by first day
    assert_string_equal(after->all_waivers[1]->from, "2020-01-01");
    request->new_granted_by = text(*state, "ccg-w");
    assert_refused(waiver_correct(network, request, *state, &changed, &problem), STATUS_FAILED_PRECONDITION, problem, "newGrantedBy");
    request->new_granted_by = text(*state, "ccg-elr");
    assert_int_equal(waiver_correct(network, request, *state, &changed, &problem), STATUS_OK);
    network->opened_on = text(*state, "2019-01-02");
    assert_refused(waiver_correct(network, request, *state, &changed, &problem), STATUS_FAILED_PRECONDITION, problem, "newFrom");
    network->opened_on = NULL;
    // Nobody commissions it now; somebody gave it.
    network->commissioner = NULL;
    request->new_granted_by = NULL;
    assert_int_equal(waiver_correct(network, request, *state, &changed, &problem), STATUS_OK);
    assert_null(network->commissioner);
    request->from = text(*state, "2021-01-02");
    assert_refused(waiver_correct(network, request, *state, &changed, &problem), STATUS_NOT_FOUND, problem, "from");
    correct_waiver_request_t same = PCN__REGISTRY__V1__CORRECT_WAIVER_REQUEST__INIT;
    same.from = text(*state, "2020-01-01");
    same.new_to = text(*state, "2020-06-30");
    assert_int_equal(waiver_correct(network, &same, *state, &changed, &problem), STATUS_OK);
    assert_null(changed);
    same.new_to = NULL;
    same.never = 1;
    assert_int_equal(waiver_correct(network, &same, *state, &changed, &problem), STATUS_OK);
    after = aggregate_with_changed_waiver(network, changed, *state);
    assert_int_equal(after->n_all_waivers, 1);
    assert_string_equal(after->all_waivers[0]->from, "2021-01-01");
}

// ---- memory ----

static status_t change_all(const aggregate_t *practice, const aggregate_t *network, arena_t *arena)
{
    problem_t problem = {0};
    end_system_request_t system = PCN__REGISTRY__V1__END_SYSTEM_REQUEST__INIT;
    correct_alignment_request_t alignment = PCN__REGISTRY__V1__CORRECT_ALIGNMENT_REQUEST__INIT;
    correct_waiver_request_t waiver = PCN__REGISTRY__V1__CORRECT_WAIVER_REQUEST__INIT;
    changed_system_t *changed_system;
    changed_alignment_t *changed_alignment;
    changed_waiver_t *changed_waiver;
    char on[] = "2020-02-01", from[] = "2021-01-01", name[] = "Team B", service[] = "team-a";
    system.on = on;
    alignment.service = service;
    alignment.from = waiver.from = from;
    alignment.new_name = waiver.new_reason = name;
    status_t status = system_end(practice, &system, arena, &changed_system, &problem);
    if (status == STATUS_OK)
        status = alignment_correct(network, &alignment, arena, &changed_alignment, &problem);
    if (status == STATUS_OK)
        status = waiver_correct(network, &waiver, arena, &changed_waiver, &problem);
    return status;
}

static void memory_ends(void **state)
{
    const aggregate_t *practice = equipped(*state);
    aggregate_t *network = waived(*state);
    add_alignment(*state, network, "2021-01-01", NULL);
    size_t refusals = 0, tries = 0;
    for (size_t cap = 16; cap <= 8192; cap += 16, tries++) {
        arena_t *arena = arena_new(cap);
        assert_non_null(arena);
        const status_t status = change_all(practice, network, arena);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
        refusals += status != STATUS_OK;
        arena_destroy(&arena);
    }
    assert_true(refusals > 0 && refusals < tries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_system_of_the_day_ends),    TEST(a_system_is_corrected),     TEST(corrected_days_are_nobody_elses),
        TEST(the_alignment_of_the_day_ends), TEST(an_alignment_is_corrected), TEST(a_fact_is_corrected),
        TEST(the_waiver_of_the_day_ends),    TEST(a_waiver_is_corrected),     TEST(memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
