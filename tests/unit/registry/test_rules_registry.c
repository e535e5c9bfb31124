#include "services/registry/rules_registry.h"
#include "tests/unit/registry/support.h"

#define TODAY "2026-11-25"

static aggregate_t *below(arena_t *arena, const char *code, const char *above, int64_t size)
{
    aggregate_t *network = make_network(arena, code);
    network->above = appended(arena, network->above, &network->n_above, text(arena, above));
    network->above = appended(arena, network->above, &network->n_above, text(arena, "ics-llr"));
    if (size > 0)
        add_size(arena, network, code, NULL, "2019-06-20", size);
    return network;
}

static aggregate_t *stating(arena_t *arena, const char *code, int64_t population)
{
    aggregate_t *organisation = pb_new(AGGREGATE_TYPE, arena);
    organisation->code = text(arena, code);
    organisation->has_kind = organisation->has_stated_population = 1;
    organisation->kind = KIND(CCG);
    organisation->stated_population = population;
    return organisation;
}

static size_t count_of(finding_t *const *findings, size_t count, const char *code)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(findings[i]->code, code) == 0;
    return found;
}

static void the_registry_adds_up(void **state)
{
    aggregate_t *all[] = {
        below(*state, "pcn-a", "ccg-a", 60000), below(*state, "pcn-b", "ccg-a", 28445), below(*state, "pcn-c", "ccg-b", 40000),
        stating(*state, "ccg-a", 88000),        stating(*state, "ccg-b", 40000),        stating(*state, "ics-llr", 128445),
        stating(*state, "ics-nel", 2000000),
    };
    finding_t **findings;
    size_t count;
    assert_true(registry_find(all, 7, TODAY, *state, &findings, &count));
    assert_int_equal(count_of(findings, count, "size-band-above"), 1);
    assert_int_equal(count_of(findings, count, "size-band-below"), 1);
    assert_int_equal(count_of(findings, count, "population-difference"), 1); // only ccg-a; of ics-nel nothing is known
    assert_int_equal(count, 3);
    assert_string_equal(findings[2]->subject, "organisations/ccg-a");
    assert_int_equal(findings[2]->computed, 88445);
    assert_int_equal(findings[2]->difference, 445);
}

static void what_is_not_known_is_not_added_up(void **state)
{
    aggregate_t *all[] = {below(*state, "pcn-a", "ccg-a", 40000), below(*state, "pcn-b", "ccg-a", 0), stating(*state, "ccg-a", 1)};
    finding_t **findings;
    size_t count;
    assert_true(registry_find(all, 3, TODAY, *state, &findings, &count));
    assert_int_equal(count, 0);
    // A closed network no longer counts.
    all[1]->status = STATUS_OF(CLOSED);
    assert_true(registry_find(all, 3, TODAY, *state, &findings, &count));
    assert_int_equal(count, 1);
    assert_int_equal(findings[0]->computed, 40000);
    assert_true(registry_find(all, 0, TODAY, *state, &findings, &count));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(the_registry_adds_up), TEST(what_is_not_known_is_not_added_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
