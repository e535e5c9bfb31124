// Social prescriptions: every step from every state, who may take it, plans and scores.
#include "services/referral/rules_prescription.h"
#include "tests/unit/referral/support.h"

#define S(name) PRESCRIPTION_STATUS(name)
#define NO S(UNSPECIFIED)

static void every_step_from_every_state(void **state)
{
    (void)state;
    static const struct {
        prescription_status_t from, to[PRESCRIPTION_STEPS];
    } wanted[] = {
        // accept, decline, plan, contact, score, complete, close, redirect
        {NO, {NO, NO, NO, NO, NO, NO, NO, NO}},
        {S(OFFERED), {S(ACCEPTED), S(DECLINED), NO, S(OFFERED), NO, NO, S(CLOSED), S(OFFERED)}},
        {S(ACCEPTED), {NO, NO, S(IN_PLAN), S(ACCEPTED), S(ACCEPTED), NO, S(CLOSED), S(OFFERED)}},
        {S(IN_PLAN), {NO, NO, S(IN_PLAN), S(IN_PLAN), S(IN_PLAN), S(COMPLETED), S(CLOSED), S(OFFERED)}},
        {S(COMPLETED), {NO, NO, NO, NO, NO, NO, NO, NO}},
        {S(DECLINED), {NO, NO, NO, NO, NO, NO, NO, NO}},
        {S(CLOSED), {NO, NO, NO, NO, NO, NO, NO, NO}},
        {(prescription_status_t)77, {NO, NO, NO, NO, NO, NO, NO, NO}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (int step = 0; step < PRESCRIPTION_STEPS; step++) {
            prescription_status_t to;
            problem_t problem = {0};
            const status_t status = prescription_go(wanted[i].from, (prescription_step_t)step, &to, &problem);
            if (to != wanted[i].to[step])
                fail_msg("step %d from %d leads to %d", step, (int)wanted[i].from, (int)to);
            assert_int_equal(status, to != NO ? STATUS_OK : STATUS_ABORTED);
            assert_true(status == STATUS_OK || strlen(problem.detail) > 0);
        }
    }
}

static void the_practice_ends_it_alone(void **state)
{
    (void)state;
    for (int step = 0; step < PRESCRIPTION_STEPS; step++) {
        assert_true(prescription_may((prescription_step_t)step, true, false));
        assert_int_equal(prescription_may((prescription_step_t)step, false, true),
                         step == PRESCRIPTION_DECLINE || step == PRESCRIPTION_CLOSE);
        assert_false(prescription_may((prescription_step_t)step, false, false));
    }
}

static void a_plan_holds_together(void **state)
{
    static const struct {
        const char *plan, *field;
    } cases[] = {
        {"{'goals':[{'code':'a','text':'A'}]}", NULL},
        {"{'goals':[{'code':'a','text':'A'},{'code':'b','text':'B'}],'actions':[{'goal':'b','text':'X'},{'goal':'a','text':'Y'},{'goal':'b'"
         ","
         "'text':'Z'}]}",
         NULL},
        {"{'goals':[{'code':'a','text':'A'},{'code':'b','text':'B'},{'code':'a','text':'C'}]}", "goals[2].code"},
        {"{'goals':[{'code':'a','text':'A'}],'actions':[{'goal':'a','text':'X'},{'goal':'c','text':'Y'}]}", "actions[1].goal"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        const prescription_plan_t *plan = message(*state, &pcn__referral__v1__plan_prescription_request__type, cases[i].plan);
        assert_int_equal(prescription_check_plan(plan, &problem), cases[i].field == NULL ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (cases[i].field != NULL)
            assert_string_equal(problem.field, cases[i].field);
    }
}

static void scores_are_of_a_measure(void **state)
{
    static const struct {
        const char *scores, *field;
        status_t status;
    } cases[] = {
        {"{'scores':[{'measure':'m','item':'i','before':0,'after':10},{'measure':'m','item':'k','after':3},{'measure':'n','item':'i','"
         "before':1}]}",
         NULL, STATUS_OK},
        {"{'scores':[{'measure':'x','item':'i','before':0}]}", "scores[0].measure", STATUS_FAILED_PRECONDITION},
        {"{'scores':[{'measure':'m','item':'i','before':0},{'measure':'n','item':'k','before':1}]}", "scores[1].item",
         STATUS_FAILED_PRECONDITION},
        {"{'scores':[{'measure':'m','item':'i'}]}", "scores[0].before", STATUS_INVALID_ARGUMENT},
        {"{'scores':[{'measure':'m','item':'i','before':-1}]}", "scores[0].before", STATUS_INVALID_ARGUMENT},
        {"{'scores':[{'measure':'m','item':'i','before':11}]}", "scores[0].before", STATUS_INVALID_ARGUMENT},
        {"{'scores':[{'measure':'m','item':'i','before':1,'after':11}]}", "scores[0].after", STATUS_INVALID_ARGUMENT},
        {"{'scores':[{'measure':'n','item':'i','after':0}]}", "scores[0].after", STATUS_INVALID_ARGUMENT},
        {"{'scores':[{'measure':'m','item':'i','before':1},{'measure':'m','item':'i','after':1}]}", "scores[1].item",
         STATUS_INVALID_ARGUMENT},
    };
    outcome_measure_t *measures[] = {
        message(*state, &pcn__referral__v1__outcome_measure__type,
                "{'code':'m','lowest':0,'highest':10,'items':[{'code':'i'},{'code':'k'}]}"),
        message(*state, &pcn__referral__v1__outcome_measure__type, "{'code':'n','lowest':1,'highest':5,'items':[{'code':'i'}]}")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        const Pcn__Referral__V1__ScorePrescriptionRequest *request =
            message(*state, &pcn__referral__v1__score_prescription_request__type, cases[i].scores);
        const status_t status = prescription_check_scores(request->scores, request->n_scores, measures, 2, &problem);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].scores, problem.detail);
        if (cases[i].field != NULL)
            assert_string_equal(problem.field, cases[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_from_every_state),
        cmocka_unit_test(the_practice_ends_it_alone),
        cmocka_unit_test_setup_teardown(a_plan_holds_together, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(scores_are_of_a_measure, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
