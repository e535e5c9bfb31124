#include "services/registry/rules_facts.h"
#include "services/registry/rules_organisation.h"
#include "tests/unit/registry/support.h"

static void completes_status_and_level(void **state)
{
    static const struct {
        organisation_kind_t kind;
        int level; // 0 for none
    } cases[] = {
        {KIND(ICS), LEVEL(SYSTEM)},
        {KIND(CCG), LEVEL(PLACE)},
        {KIND(SUB_ICB), LEVEL(PLACE)},
        {KIND(LOCAL_AUTHORITY), LEVEL(PLACE)},
        {KIND(TRUST), 0},
        {KIND(PROVIDER), 0},
        {KIND(AMBULANCE), 0},
        {KIND(FEDERATION), 0},
        {KIND(GOVERNANCE_GROUP), 0},
        {KIND(PARTNERSHIP), 0},
        {KIND(REPRESENTATIVE_BODY), 0},
        {KIND(LOCAL_SYSTEM), LEVEL(PLACE)},
        {KIND(NETWORK), LEVEL(NEIGHBOURHOOD)},
        {KIND(PRACTICE), LEVEL(PRACTICE)},
        {KIND(VOLUNTARY), 0},
        {KIND(SUPPLIER), 0},
    };
    // Every kind of the contract is here.
    assert_int_equal(sizeof cases / sizeof *cases + 1, pcn__registry__v1__organisation_kind__descriptor.n_values);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        organisation_t *organisation = make_organisation(*state, "x1", cases[i].kind, NULL);
        organisation_complete(organisation);
        assert_int_equal(organisation->status, STATUS_OF(ACTIVE));
        assert_int_equal(organisation->has_level, cases[i].level != 0);
        assert_int_equal(organisation->level, cases[i].level);
    }
}

static void keeps_what_is_given(void **state)
{
    organisation_t *organisation = make_organisation(*state, "x1", KIND(CCG), NULL);
    organisation->has_status = organisation->has_level = 1;
    organisation->status = STATUS_OF(PROPOSED);
    organisation->level = LEVEL(SYSTEM);
    organisation_complete(organisation);
    assert_int_equal(organisation->status, STATUS_OF(PROPOSED));
    assert_int_equal(organisation->level, LEVEL(SYSTEM));
}

static void checks_its_days(void **state)
{
    problem_t problem = {0};
    organisation_t *organisation = make_organisation(*state, "x1", KIND(TRUST), NULL);
    organisation_complete(organisation);
    organisation->opened_on = text(*state, "2019-07-01");
    organisation->closed_on = text(*state, "2019-07-01");
    assert_int_equal(organisation_check(organisation, &problem), STATUS_OK);
    organisation->closed_on = text(*state, "2019-06-30");
    assert_refused(organisation_check(organisation, &problem), STATUS_INVALID_ARGUMENT, problem, "closedOn");
    organisation->opened_on = NULL;
    assert_int_equal(organisation_check(organisation, &problem), STATUS_OK);
}

static void a_closed_one_has_its_day(void **state)
{
    problem_t problem = {0};
    organisation_t *organisation = make_organisation(*state, "x1", KIND(TRUST), NULL);
    organisation->has_status = 1;
    organisation->status = STATUS_OF(CLOSED);
    assert_refused(organisation_check(organisation, &problem), STATUS_INVALID_ARGUMENT, problem, "closedOn");
    organisation->closed_on = text(*state, "2020-01-01");
    assert_int_equal(organisation_check(organisation, &problem), STATUS_OK);
}

static void checks_identifiers(void **state)
{
    problem_t problem = {0};
    organisation_t *organisation = make_organisation(*state, "x1", KIND(TRUST), NULL);
    for (size_t i = 0; i < 2; i++) {
        Pcn__Registry__V1__Identifier *identifier = pb_new(&pcn__registry__v1__identifier__type, *state);
        identifier->to = text(*state, "2020-01-01");
        organisation->identifiers = appended(*state, organisation->identifiers, &organisation->n_identifiers, identifier);
    }
    assert_int_equal(organisation_check(organisation, &problem), STATUS_OK);
    organisation->identifiers[1]->from = text(*state, "2020-01-02");
    assert_refused(organisation_check(organisation, &problem), STATUS_INVALID_ARGUMENT, problem, "identifiers[1].to");
}

static void only_a_network_has_a_payee(void **state)
{
    problem_t problem = {0};
    organisation_t *organisation = make_organisation(*state, "x1", KIND(PRACTICE), "pcn-rutland");
    organisation->payee = text(*state, "gp-a");
    assert_refused(organisation_check(organisation, &problem), STATUS_FAILED_PRECONDITION, problem, "payee");
    organisation->kind = KIND(NETWORK);
    assert_int_equal(organisation_check(organisation, &problem), STATUS_OK);
}

static void a_code_is_taken_once(void **state)
{
    problem_t problem = {0};
    organisation_t *organisation = make_organisation(*state, "x1", KIND(TRUST), NULL);
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    references.code_taken = 1;
    assert_refused(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_ALREADY_EXISTS, problem, "code");
    assert_int_equal(organisation_check_references(organisation, organisation, &references, true, &problem), STATUS_OK);
}

static void needs_a_parent_within_reach(void **state)
{
    problem_t problem = {0};
    organisation_t *organisation = make_organisation(*state, "gp-a", KIND(PRACTICE), NULL);
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    assert_int_equal(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_OK);
    assert_refused(organisation_check_references(NULL, organisation, &references, false, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "parent");
    organisation->parent = text(*state, "pcn-rutland");
    assert_refused(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "parent");
    references.has_parent_kind = 1;
    references.parent_kind = KIND(NETWORK);
    assert_refused(organisation_check_references(NULL, organisation, &references, false, &problem), STATUS_NOT_FOUND, problem, "parent");
    assert_int_equal(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_OK);
    references.parent_within_reach = 1;
    assert_int_equal(organisation_check_references(NULL, organisation, &references, false, &problem), STATUS_OK);
}

static void every_kind_under_every_parent(void **state)
{
    problem_t problem = {0};
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    references.has_parent_kind = 1;
    for (int kind = KIND(ICS); kind <= KIND(SUPPLIER); kind++) {
        for (int parent = KIND(ICS); parent <= KIND(SUPPLIER); parent++) {
            const bool commissions = parent == KIND(ICS) || parent == KIND(CCG) || parent == KIND(SUB_ICB);
            const bool good = kind == KIND(NETWORK) ? commissions : kind != KIND(PRACTICE) || commissions || parent == KIND(NETWORK);
            organisation_t *organisation = make_organisation(*state, "x1", (organisation_kind_t)kind, "x2");
            references.parent_kind = (organisation_kind_t)parent;
            const status_t status = organisation_check_references(NULL, organisation, &references, true, &problem);
            assert_int_equal(status, good ? STATUS_OK : STATUS_FAILED_PRECONDITION);
            if (!good)
                assert_string_equal(problem.field, "parent");
            assert_int_equal(organisation_kind_commissions((organisation_kind_t)parent), commissions);
        }
    }
}

static void closes_no_circle(void **state)
{
    problem_t problem = {0};
    organisation_t *before = make_organisation(*state, "ccg-a", KIND(CCG), NULL);
    organisation_t *after = make_organisation(*state, "ccg-a", KIND(CCG), "ccg-a");
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    references.has_parent_kind = references.has_place_kind = 1;
    references.parent_kind = KIND(CCG);
    references.place_kind = KIND(LOCAL_AUTHORITY);
    assert_refused(organisation_check_references(before, after, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "parent");
    after->parent = text(*state, "ccg-b");
    references.parent_circle = 1;
    assert_refused(organisation_check_references(before, after, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "parent");
    references.parent_circle = 0;
    after->place = text(*state, "la-a");
    assert_int_equal(organisation_check_references(before, after, &references, true, &problem), STATUS_OK);
    references.place_circle = 1;
    assert_refused(organisation_check_references(before, after, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem, "place");
    after->place = text(*state, "ccg-a");
    references.place_circle = 0;
    assert_refused(organisation_check_references(before, after, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem, "place");
}

static void a_place_is_a_council_area_or_local_system(void **state)
{
    problem_t problem = {0};
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    organisation_t *organisation = make_organisation(*state, "x1", KIND(TRUST), NULL);
    organisation->place = text(*state, "la-rutland");
    assert_refused(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "place");
    references.has_place_kind = 1;
    for (int kind = KIND(ICS); kind <= KIND(SUPPLIER); kind++) {
        references.place_kind = (organisation_kind_t)kind;
        const bool good = kind == KIND(LOCAL_AUTHORITY) || kind == KIND(LOCAL_SYSTEM);
        assert_int_equal(organisation_check_references(NULL, organisation, &references, true, &problem),
                         good ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    }
}

static void a_payee_is_there(void **state)
{
    problem_t problem = {0};
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    organisation_t *organisation = make_organisation(*state, "pcn-a", KIND(NETWORK), NULL);
    organisation->payee = text(*state, "pcn-a");
    assert_int_equal(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_OK);
    organisation->payee = text(*state, "gp-a");
    assert_refused(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "payee");
    references.has_payee_kind = 1;
    references.payee_kind = KIND(PRACTICE);
    assert_int_equal(organisation_check_references(NULL, organisation, &references, true, &problem), STATUS_OK);
    // A new network is not paid through one that is closed, unless it is closed itself.
    references.payee_closed_from = text(*state, "2020-04-01");
    assert_refused(organisation_check_above(organisation, &references, NULL, &problem), STATUS_FAILED_PRECONDITION, problem, "payee");
    organisation->status = STATUS_OF(CLOSED);
    assert_int_equal(organisation_check_above(organisation, &references, "2021-01-01", &problem), STATUS_OK);
}

static void nobody_begins_below_what_is_closed(void **state)
{
    problem_t problem = {0};
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    organisation_t *organisation = make_organisation(*state, "gp-a", KIND(PRACTICE), "pcn-a");
    organisation->place = text(*state, "la-a");
    assert_int_equal(organisation_check_above(organisation, &references, NULL, &problem), STATUS_OK);
    references.parent_closed_from = text(*state, "2020-04-01");
    assert_refused(organisation_check_above(organisation, &references, NULL, &problem), STATUS_FAILED_PRECONDITION, problem, "parent");
    assert_refused(organisation_check_above(organisation, &references, "2020-04-02", &problem), STATUS_FAILED_PRECONDITION, problem,
                   "parent");
    assert_int_equal(organisation_check_above(organisation, &references, "2020-04-01", &problem), STATUS_OK);
    references.place_closed_from = text(*state, "2020-03-31");
    assert_refused(organisation_check_above(organisation, &references, "2020-04-01", &problem), STATUS_FAILED_PRECONDITION, problem,
                   "place");
}

static void what_does_not_change_is_not_questioned(void **state)
{
    problem_t problem = {0};
    const references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    organisation_t *before = make_organisation(*state, "gp-a", KIND(PRACTICE), "pcn-a");
    organisation_t *after = make_organisation(*state, "gp-a", KIND(PRACTICE), "pcn-a");
    before->place = text(*state, "la-a");
    after->place = text(*state, "la-a");
    assert_int_equal(organisation_check_references(before, after, &references, false, &problem), STATUS_OK);
}

static void a_member_moves_by_its_membership(void **state)
{
    problem_t problem = {0};
    aggregate_t *row = pb_new(AGGREGATE_TYPE, *state);
    organisation_t *before = make_organisation(*state, "gp-a", KIND(PRACTICE), "pcn-a");
    organisation_t *after = make_organisation(*state, "gp-a", KIND(PRACTICE), "pcn-b");
    assert_int_equal(organisation_check_membership(row, before, after, &problem), STATUS_OK);
    row->member_of = text(*state, "pcn-a");
    assert_refused(organisation_check_membership(row, before, after, &problem), STATUS_FAILED_PRECONDITION, problem, "parent");
    after->parent = NULL;
    assert_refused(organisation_check_membership(row, before, after, &problem), STATUS_FAILED_PRECONDITION, problem, "parent");
    after->parent = text(*state, "pcn-a");
    assert_int_equal(organisation_check_membership(row, before, after, &problem), STATUS_OK);
    before->parent = text(*state, "ccg-a");
    assert_int_equal(organisation_check_membership(row, before, after, &problem), STATUS_OK);
}

static void a_patch_merges_and_clears(void **state)
{
    problem_t problem = {0};
    organisation_t *before = make_organisation(*state, "pcn-a", KIND(NETWORK), "ccg-a");
    organisation_complete(before);
    before->notes = text(*state, "old");
    before->place = text(*state, "la-a");
    before->has_version = 1;
    before->version = 3;
    organisation_t *patch = pb_new(ORGANISATION_TYPE, *state);
    patch->name = text(*state, "New name");
    char notes[] = "notes", level[] = "level", status[] = "status";
    char *clear[] = {notes, level, status};
    organisation_t *after;
    assert_int_equal(organisation_patch(before, patch, clear, 3, *state, &after, &problem), STATUS_OK);
    assert_string_equal(after->name, "New name");
    assert_null(after->notes);
    assert_string_equal(after->place, "la-a");
    assert_int_equal(after->level, LEVEL(NEIGHBOURHOOD));
    assert_int_equal(after->status, STATUS_OF(ACTIVE));
    assert_int_equal(after->version, 3);
    assert_string_equal(before->notes, "old");
    assert_false(facts_same(before, after));
}

static void a_patch_leaves_some_alone(void **state)
{
    problem_t problem = {0};
    organisation_t *before = make_organisation(*state, "pcn-a", KIND(NETWORK), "ccg-a");
    organisation_t *patch = pb_new(ORGANISATION_TYPE, *state);
    organisation_t *after;
    static const struct {
        const char *clear, *field;
    } cases[] = {{"name", "name"},
                 {"code", "code"},
                 {"kind", "kind"},
                 {"version", "version"},
                 {"created_at", "createdAt"},
                 {"list_sizes", "listSizes"},
                 {"colour", "colour"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clear[] = {text(*state, cases[i].clear)};
        assert_refused(organisation_patch(before, patch, clear, 1, *state, &after, &problem), STATUS_INVALID_ARGUMENT, problem,
                       cases[i].field);
    }
    patch->code = text(*state, "pcn-b");
    assert_refused(organisation_patch(before, patch, NULL, 0, *state, &after, &problem), STATUS_INVALID_ARGUMENT, problem, "code");
    patch->code = NULL;
    patch->has_kind = 1;
    assert_refused(organisation_patch(before, patch, NULL, 0, *state, &after, &problem), STATUS_INVALID_ARGUMENT, problem, "kind");
}

static void an_empty_patch_changes_nothing(void **state)
{
    problem_t problem = {0};
    organisation_t *before = make_organisation(*state, "pcn-a", KIND(NETWORK), "ccg-a");
    organisation_complete(before);
    organisation_t *patch = pb_new(ORGANISATION_TYPE, *state);
    patch->name = text(*state, "pcn-a");
    organisation_t *after;
    assert_int_equal(organisation_patch(before, patch, NULL, 0, *state, &after, &problem), STATUS_OK);
    assert_true(facts_same(before, after));
    after->has_stated_population = 1;
    assert_false(facts_same(before, after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(completes_status_and_level),
        TEST(keeps_what_is_given),
        TEST(checks_its_days),
        TEST(a_closed_one_has_its_day),
        TEST(checks_identifiers),
        TEST(only_a_network_has_a_payee),
        TEST(a_code_is_taken_once),
        TEST(needs_a_parent_within_reach),
        TEST(every_kind_under_every_parent),
        TEST(closes_no_circle),
        TEST(a_place_is_a_council_area_or_local_system),
        TEST(a_payee_is_there),
        TEST(nobody_begins_below_what_is_closed),
        TEST(what_does_not_change_is_not_questioned),
        TEST(a_member_moves_by_its_membership),
        TEST(a_patch_merges_and_clears),
        TEST(a_patch_leaves_some_alone),
        TEST(an_empty_patch_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
