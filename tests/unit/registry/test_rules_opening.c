#include "services/registry/rules_opening.h"

#include <stdio.h>

#include "tests/unit/registry/support.h"

#define TODAY "2026-11-26"
#define NOW "2026-11-26T08:00:00.000000Z"
#define NONE 0

// What one is today by its days; coming is "from changes; from changes".
static const struct {
    int said; // the status that the request names, NONE for none
    const char *opens, *closes;
    int today;             // the status of today
    const char *closed_on; // of today's facts
    const char *facts_from;
    const char *coming;
    const char *past_to; // the last day of what was before
} cases[] = {
    {NONE, NULL, NULL, STATUS_OF(ACTIVE), NULL, NULL, "", NULL},
    {STATUS_OF(ACTIVE), "2019-07-01", NULL, STATUS_OF(ACTIVE), NULL, NULL, "", NULL},
    {NONE, TODAY, NULL, STATUS_OF(ACTIVE), NULL, NULL, "", NULL},
    // Announced.
    {NONE, "2030-01-01", NULL, STATUS_OF(PROPOSED), NULL, TODAY, "2030-01-01 {\"status\":\"active\"}", NULL},
    {STATUS_OF(ACTIVE), "2026-11-27", NULL, STATUS_OF(PROPOSED), NULL, TODAY, "2026-11-27 {\"status\":\"active\"}", NULL},
    // Expressly proposed.
    {STATUS_OF(PROPOSED), "2030-01-01", NULL, STATUS_OF(PROPOSED), NULL, TODAY, "", NULL},
    {STATUS_OF(PROPOSED), NULL, NULL, STATUS_OF(PROPOSED), NULL, TODAY, "", NULL},
    {STATUS_OF(PROPOSED), "2019-07-01", NULL, STATUS_OF(PROPOSED), NULL, TODAY, "", NULL},
    // A close that is announced.
    {STATUS_OF(CLOSED), "2019-07-01", "2030-01-01", STATUS_OF(ACTIVE), NULL, NULL,
     "2030-01-01 {\"status\":\"closed\",\"closedOn\":\"2030-01-01\"}", NULL},
    {NONE, NULL, "2026-11-27", STATUS_OF(ACTIVE), NULL, NULL, "2026-11-27 {\"status\":\"closed\",\"closedOn\":\"2026-11-27\"}", NULL},
    {STATUS_OF(ACTIVE), "2028-01-01", "2030-01-01", STATUS_OF(PROPOSED), NULL, TODAY,
     "2028-01-01 {\"status\":\"active\"}; 2030-01-01 {\"status\":\"closed\",\"closedOn\":\"2030-01-01\"}", NULL},
    {STATUS_OF(CLOSED), "2030-01-01", "2030-01-01", STATUS_OF(PROPOSED), NULL, TODAY,
     "2030-01-01 {\"status\":\"closed\",\"closedOn\":\"2030-01-01\"}", NULL},
    // Closed.
    {STATUS_OF(CLOSED), "2019-07-01", "2022-04-01", STATUS_OF(CLOSED), "2022-04-01", "2022-04-01", "", "2022-03-31"},
    {NONE, NULL, TODAY, STATUS_OF(CLOSED), TODAY, TODAY, "", "2026-11-25"},
    {STATUS_OF(CLOSED), "2022-04-01", "2022-04-01", STATUS_OF(CLOSED), "2022-04-01", NULL, "", NULL},
};

static void assert_text(const char *is, const char *expected, size_t at)
{
    if ((is == NULL) != (expected == NULL) || (is != NULL && strcmp(is, expected) != 0))
        fail_msg("case %zu: %s instead of %s", at, is != NULL ? is : "nothing", expected != NULL ? expected : "nothing");
}

static organisation_t *made(arena_t *arena, int said, const char *opens, const char *closes)
{
    organisation_t *organisation = make_organisation(arena, "pcn-a", KIND(NETWORK), "ccg-a");
    organisation->has_status = said != NONE;
    organisation->status = said != NONE ? (Pcn__Registry__V1__OrganisationStatus)said : organisation->status;
    organisation->opened_on = text(arena, opens);
    organisation->closed_on = text(arena, closes);
    return organisation;
}

static void a_new_one_is_what_its_days_say(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        organisation_t *organisation = made(*state, cases[i].said, cases[i].opens, cases[i].closes);
        creation_t *creation = pb_new(&pcn__registry__store__v1__creation__type, *state);
        problem_t problem = {0};
        assert_int_equal(organisation_begin(organisation, TODAY, NOW, *state, creation, &problem), STATUS_OK);
        assert_ptr_equal(creation->organisation, organisation);
        if (organisation->status != (Pcn__Registry__V1__OrganisationStatus)cases[i].today)
            fail_msg("case %zu: status %d", i, (int)organisation->status);
        assert_text(organisation->opened_on, cases[i].opens, i);
        assert_text(organisation->closed_on, cases[i].closed_on, i);
        assert_text(organisation->facts_from, cases[i].facts_from, i);
        char coming[256] = "";
        for (size_t j = 0; j < organisation->n_coming; j++) {
            (void)snprintf(coming + strlen(coming), sizeof coming - strlen(coming), "%s%s %s", j > 0 ? "; " : "",
                           organisation->coming[j]->from, organisation->coming[j]->changes);
            assert_string_equal(organisation->coming[j]->recorded_at, NOW);
        }
        assert_text(coming, cases[i].coming, i);
        assert_text(creation->n_past > 0 ? creation->past[0]->to : NULL, cases[i].past_to, i);
        if (creation->n_past > 0) {
            const organisation_t *past = creation->past[0]->organisation;
            assert_null(creation->past[0]->from);
            assert_int_equal(past->status, STATUS_OF(ACTIVE));
            assert_null(past->closed_on);
            assert_string_equal(past->parent, "ccg-a");
        }
        assert_int_equal(organisation->level, LEVEL(NEIGHBOURHOOD));
    }
}

static void what_cannot_be_is_refused(void **state)
{
    creation_t *creation = pb_new(&pcn__registry__store__v1__creation__type, *state);
    problem_t problem = {0};
    assert_refused(organisation_begin(made(*state, STATUS_OF(ACTIVE), NULL, "2022-04-01"), TODAY, NOW, *state, creation, &problem),
                   STATUS_INVALID_ARGUMENT, problem, "status");
    assert_refused(organisation_begin(made(*state, STATUS_OF(PROPOSED), NULL, TODAY), TODAY, NOW, *state, creation, &problem),
                   STATUS_INVALID_ARGUMENT, problem, "status");
    assert_refused(organisation_begin(made(*state, STATUS_OF(CLOSED), NULL, NULL), TODAY, NOW, *state, creation, &problem),
                   STATUS_INVALID_ARGUMENT, problem, "closedOn");
    assert_refused(organisation_begin(made(*state, NONE, "2030-01-01", "2029-01-01"), TODAY, NOW, *state, creation, &problem),
                   STATUS_INVALID_ARGUMENT, problem, "closedOn");
}

static void days_of_a_span_agree_with_its_status(void **state)
{
    problem_t problem = {0};
    assert_refused(opening_check(made(*state, STATUS_OF(ACTIVE), "2030-01-01", NULL), NULL, TODAY, &problem), STATUS_FAILED_PRECONDITION,
                   problem, "openedOn");
    assert_int_equal(opening_check(made(*state, STATUS_OF(ACTIVE), "2020-01-01", NULL), "2020-01-01", TODAY, &problem), STATUS_OK);
    assert_int_equal(opening_check(made(*state, STATUS_OF(ACTIVE), "2020-01-02", NULL), "2020-01-01", TODAY, &problem), STATUS_OK);
    assert_int_equal(opening_check(made(*state, STATUS_OF(ACTIVE), "2030-01-01", NULL), "2030-01-01", TODAY, &problem), STATUS_OK);
    assert_refused(opening_check(made(*state, STATUS_OF(ACTIVE), "2030-01-01", NULL), "2020-01-01", TODAY, &problem),
                   STATUS_FAILED_PRECONDITION, problem, "openedOn");
    assert_int_equal(opening_check(made(*state, STATUS_OF(PROPOSED), "2030-01-01", NULL), "2020-01-01", TODAY, &problem), STATUS_OK);
    assert_refused(opening_check(made(*state, STATUS_OF(ACTIVE), NULL, "2030-01-01"), NULL, TODAY, &problem), STATUS_FAILED_PRECONDITION,
                   problem, "closedOn");
    assert_int_equal(opening_check(made(*state, STATUS_OF(CLOSED), NULL, "2020-01-01"), "2020-01-01", TODAY, &problem), STATUS_OK);
    assert_int_equal(opening_check(made(*state, STATUS_OF(CLOSED), NULL, "2020-01-01"), "2021-01-01", TODAY, &problem), STATUS_OK);
    assert_refused(opening_check(made(*state, STATUS_OF(CLOSED), NULL, "2020-01-02"), "2020-01-01", TODAY, &problem),
                   STATUS_FAILED_PRECONDITION, problem, "closedOn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_one_is_what_its_days_say),
        TEST(what_cannot_be_is_refused),
        TEST(days_of_a_span_agree_with_its_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
