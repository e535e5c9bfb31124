#include "services/registry/rules_beside.h"
#include "tests/unit/registry/support.h"

static aggregate_t *organisation_of(arena_t *arena, organisation_kind_t kind)
{
    aggregate_t *organisation = pb_new(AGGREGATE_TYPE, arena);
    assert_non_null(organisation);
    organisation->code = text(arena, "x-a");
    organisation->has_kind = 1;
    organisation->kind = kind;
    return organisation;
}

static void a_source_states_a_fact_once(void **state)
{
    problem_t problem = {0};
    aggregate_t *organisation = organisation_of(*state, KIND(ICS));
    stated_fact_t fact = PCN__REGISTRY__V1__STATED_FACT__INIT;
    fact.fact = text(*state, "pcns");
    assert_int_equal(fact_check(organisation, &fact, &problem), STATUS_OK);
    organisation->taken = 1;
    assert_refused(fact_check(organisation, &fact, &problem), STATUS_ALREADY_EXISTS, problem, "fact");
}

static void a_practice_has_one_system_at_a_time(void **state)
{
    problem_t problem = {0};
    aggregate_t *practice = organisation_of(*state, KIND(PRACTICE));
    system_profile_t system = PCN__REGISTRY__V1__SYSTEM_PROFILE__INIT;
    system.system = text(*state, "SystmOne");
    system.from = system.to = text(*state, "2019-07-01");
    assert_int_equal(system_check(practice, &system, &problem), STATUS_OK);
    practice->taken = 1;
    assert_refused(system_check(practice, &system, &problem), STATUS_ALREADY_EXISTS, problem, "from");
    system.to = text(*state, "2019-06-30");
    assert_refused(system_check(practice, &system, &problem), STATUS_INVALID_ARGUMENT, problem, "to");
    system.to = NULL;
    assert_refused(system_check(organisation_of(*state, KIND(NETWORK)), &system, &problem), STATUS_FAILED_PRECONDITION, problem, "code");
}

static void networks_and_practices_are_served(void **state)
{
    problem_t problem = {0};
    alignment_t alignment = PCN__REGISTRY__V1__ALIGNMENT__INIT;
    alignment.service = text(*state, "team-a");
    alignment.from = text(*state, "2019-07-01");
    assert_int_equal(alignment_check(organisation_of(*state, KIND(NETWORK)), &alignment, &problem), STATUS_OK);
    assert_int_equal(alignment_check(organisation_of(*state, KIND(PRACTICE)), &alignment, &problem), STATUS_OK);
    assert_refused(alignment_check(organisation_of(*state, KIND(CCG)), &alignment, &problem), STATUS_FAILED_PRECONDITION, problem, "code");
    aggregate_t *network = organisation_of(*state, KIND(NETWORK));
    alignment.provider = text(*state, "trust-a");
    assert_refused(alignment_check(network, &alignment, &problem), STATUS_FAILED_PRECONDITION, problem, "provider");
    network->has_named_kind = 1;
    network->named_kind = KIND(TRUST);
    assert_int_equal(alignment_check(network, &alignment, &problem), STATUS_OK);
    network->taken = 1;
    assert_refused(alignment_check(network, &alignment, &problem), STATUS_ALREADY_EXISTS, problem, "service");
    alignment.to = text(*state, "2019-01-01");
    assert_refused(alignment_check(network, &alignment, &problem), STATUS_INVALID_ARGUMENT, problem, "to");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_source_states_a_fact_once), TEST(a_practice_has_one_system_at_a_time),
                                       TEST(networks_and_practices_are_served)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
