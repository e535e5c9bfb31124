#include "services/referral/rules_prescription.h"

#include <stdio.h>
#include <string.h>

#define STATUSES 7
#define S(name) PRESCRIPTION_STATUS(name)

static const prescription_status_t steps[STATUSES][PRESCRIPTION_STEPS] = {
    [S(OFFERED)] =
        {
            [PRESCRIPTION_ACCEPT] = S(ACCEPTED),
            [PRESCRIPTION_DECLINE] = S(DECLINED),
            [PRESCRIPTION_CONTACT] = S(OFFERED),
            [PRESCRIPTION_CLOSE] = S(CLOSED),
            [PRESCRIPTION_REDIRECT] = S(OFFERED),
        },
    [S(ACCEPTED)] =
        {
            [PRESCRIPTION_PLAN] = S(IN_PLAN),
            [PRESCRIPTION_CONTACT] = S(ACCEPTED),
            [PRESCRIPTION_SCORE] = S(ACCEPTED),
            [PRESCRIPTION_CLOSE] = S(CLOSED),
            [PRESCRIPTION_REDIRECT] = S(OFFERED),
        },
    [S(IN_PLAN)] =
        {
            [PRESCRIPTION_PLAN] = S(IN_PLAN),
            [PRESCRIPTION_CONTACT] = S(IN_PLAN),
            [PRESCRIPTION_SCORE] = S(IN_PLAN),
            [PRESCRIPTION_COMPLETE] = S(COMPLETED),
            [PRESCRIPTION_CLOSE] = S(CLOSED),
            [PRESCRIPTION_REDIRECT] = S(OFFERED),
        },
};

static const char *const names[STATUSES] = {
    "of no state", "offered and not accepted yet", "accepted and without a plan yet", "in its plan", "completed", "declined", "closed"};

status_t prescription_go(prescription_status_t from, prescription_step_t step, prescription_status_t *to, problem_t *problem)
{
    const unsigned at = (unsigned)from < STATUSES ? (unsigned)from : 0;
    *to = steps[at][step];
    return *to != S(UNSPECIFIED) ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The prescription is %s", names[at]);
}

bool prescription_may(prescription_step_t step, bool takes, bool refers)
{
    return takes || (refers && (step == PRESCRIPTION_DECLINE || step == PRESCRIPTION_CLOSE));
}

static bool has_goal(const prescription_plan_t *plan, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(plan->goals[i]->code, code) == 0)
            return true;
    }
    return false;
}

static status_t refuse_at(problem_t *problem, status_t status, const char *list, size_t index, const char *field, const char *sentence)
{
    char path[48];
    (void)snprintf(path, sizeof path, "%s[%zu].%s", list, index, field);
    return problem_set(problem, status, path, "%s", sentence);
}

status_t prescription_check_plan(const prescription_plan_t *plan, problem_t *problem)
{
    for (size_t i = 0; i < plan->n_goals; i++) {
        if (has_goal(plan, i, plan->goals[i]->code))
            return refuse_at(problem, STATUS_INVALID_ARGUMENT, "goals", i, "code", "Another goal has this code");
    }
    for (size_t i = 0; i < plan->n_actions; i++) {
        if (!has_goal(plan, plan->n_goals, plan->actions[i]->goal))
            return refuse_at(problem, STATUS_INVALID_ARGUMENT, "actions", i, "goal", "The plan has no such goal");
    }
    return STATUS_OK;
}

static const outcome_measure_t *measure_of(outcome_measure_t *const *measures, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(measures[i]->code, code) == 0)
            return measures[i];
    }
    return NULL;
}

static bool has_item(const outcome_measure_t *measure, const char *code)
{
    for (size_t i = 0; i < measure->n_items; i++) {
        if (strcmp(measure->items[i]->code, code) == 0)
            return true;
    }
    return false;
}

static bool lies_in(const outcome_measure_t *measure, bool given, int32_t score)
{
    return !given || (score >= measure->lowest && score <= measure->highest);
}

status_t prescription_check_scores(prescription_score_t *const *scores, size_t count, outcome_measure_t *const *measures,
                                   size_t measure_count, problem_t *problem)
{
    for (size_t i = 0; i < count; i++) {
        const prescription_score_t *score = scores[i];
        const outcome_measure_t *measure = measure_of(measures, measure_count, score->measure);
        if (measure == NULL)
            return refuse_at(problem, STATUS_FAILED_PRECONDITION, "scores", i, "measure", "There is no such measure");
        if (!has_item(measure, score->item))
            return refuse_at(problem, STATUS_FAILED_PRECONDITION, "scores", i, "item", "The measure has no such item");
        if (!score->has_before && !score->has_after)
            return refuse_at(problem, STATUS_INVALID_ARGUMENT, "scores", i, "before", "A score is one before, one after, or both");
        if (!lies_in(measure, score->has_before, score->before))
            return refuse_at(problem, STATUS_INVALID_ARGUMENT, "scores", i, "before", "It lies outside of the measure");
        if (!lies_in(measure, score->has_after, score->after))
            return refuse_at(problem, STATUS_INVALID_ARGUMENT, "scores", i, "after", "It lies outside of the measure");
        for (size_t k = 0; k < i; k++) {
            if (strcmp(scores[k]->measure, score->measure) == 0 && strcmp(scores[k]->item, score->item) == 0)
                return refuse_at(problem, STATUS_INVALID_ARGUMENT, "scores", i, "item", "Another score is of this item");
        }
    }
    return STATUS_OK;
}
