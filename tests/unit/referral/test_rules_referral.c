// States and verbs of referrals, every pair; sides; words of e-RS; references; what may be the same; what stops a clock; where one may go.
#include "tests/unit/referral/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/referral/rules_referral.h"

#define S(name) REFERRAL_STATE(name)

// What the contract says, spelt again: verb, from, to.
typedef struct pair {
    referral_verb_t verb;
    referral_state_t from, to;
} pair_t;

static const pair_t allowed[] = {
    {REFERRAL_AMEND, S(DRAFT), S(DRAFT)},         {REFERRAL_AMEND, S(RETURNED), S(RETURNED)},    {REFERRAL_SUBMIT, S(DRAFT), S(TRIAGE)},
    {REFERRAL_RESUBMIT, S(RETURNED), S(TRIAGE)},  {REFERRAL_ACCEPT, S(TRIAGE), S(ACCEPTED)},     {REFERRAL_RETURN, S(TRIAGE), S(RETURNED)},
    {REFERRAL_REJECT, S(TRIAGE), S(REJECTED)},    {REFERRAL_REDIRECT, S(TRIAGE), S(REDIRECTED)}, {REFERRAL_DEFER, S(TRIAGE), S(DEFERRED)},
    {REFERRAL_DEFER, S(ACCEPTED), S(DEFERRED)},   {REFERRAL_BOOK, S(ACCEPTED), S(BOOKED)},       {REFERRAL_BOOK, S(DEFERRED), S(BOOKED)},
    {REFERRAL_COMPLETE, S(BOOKED), S(COMPLETED)}, {REFERRAL_CANCEL, S(DRAFT), S(CANCELLED)},     {REFERRAL_CANCEL, S(TRIAGE), S(CANCELLED)},
    {REFERRAL_CANCEL, S(ACCEPTED), S(CANCELLED)}, {REFERRAL_CANCEL, S(DEFERRED), S(CANCELLED)},  {REFERRAL_CANCEL, S(BOOKED), S(CANCELLED)},
    {REFERRAL_CANCEL, S(RETURNED), S(CANCELLED)},
};

static const pair_t *pair_of(referral_state_t from, referral_verb_t verb)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (allowed[i].verb == verb && allowed[i].from == from)
            return &allowed[i];
    }
    return NULL;
}

static void every_pair_of_state_and_verb(void **state)
{
    (void)state;
    size_t found = 0;
    // One state beyond the last, as a later version might send it.
    for (unsigned from = 0; from <= REFERRAL_STATES; from++) {
        for (unsigned verb = 0; verb < REFERRAL_VERBS; verb++) {
            problem_t problem = {0};
            referral_state_t to;
            const pair_t *pair = pair_of((referral_state_t)from, (referral_verb_t)verb);
            const status_t status = referral_go((referral_state_t)from, (referral_verb_t)verb, &to, &problem);
            assert_int_equal(status, pair != NULL ? STATUS_OK : STATUS_ABORTED);
            if (pair != NULL)
                assert_int_equal(to, pair->to);
            else
                assert_string_not_equal(problem.detail, "");
            found += pair != NULL;
        }
    }
    assert_int_equal(found, sizeof allowed / sizeof *allowed);
}

static void what_is_over_stays_over(void **state)
{
    (void)state;
    static const referral_state_t open[] = {S(DRAFT), S(TRIAGE), S(ACCEPTED), S(DEFERRED), S(BOOKED), S(RETURNED)};
    static const referral_state_t over[] = {S(COMPLETED), S(REJECTED), S(REDIRECTED), S(CANCELLED)};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_true(referral_open(open[i]));
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        assert_false(referral_open(over[i]));
}

static void each_verb_is_of_a_side(void **state)
{
    (void)state;
    for (unsigned verb = 0; verb < REFERRAL_VERBS; verb++) {
        problem_t problem = {0};
        const bool referrers = verb == REFERRAL_AMEND || verb == REFERRAL_SUBMIT || verb == REFERRAL_RESUBMIT;
        const bool both = verb == REFERRAL_BOOK || verb == REFERRAL_COMPLETE || verb == REFERRAL_CANCEL;
        assert_int_equal(referral_permits((referral_verb_t)verb, false, false, true, &problem), STATUS_PERMISSION_DENIED);
        assert_int_equal(referral_permits((referral_verb_t)verb, true, true, true, &problem), STATUS_OK);
        assert_int_equal(referral_permits((referral_verb_t)verb, true, false, true, &problem),
                         referrers || both ? STATUS_OK : STATUS_PERMISSION_DENIED);
        assert_int_equal(referral_permits((referral_verb_t)verb, false, true, true, &problem),
                         !referrers ? STATUS_OK : STATUS_PERMISSION_DENIED);
        // Who refers and sees the record no more: what sends the patient on is no longer theirs.
        assert_int_equal(referral_permits((referral_verb_t)verb, true, false, false, &problem),
                         both ? STATUS_OK : STATUS_PERMISSION_DENIED);
    }
}

static void words_of_ers(void **state)
{
    (void)state;
    static const struct {
        referral_state_t state;
        const char *word;
    } words[] = {
        {S(DRAFT), "NOT_BOOKED"},           {S(TRIAGE), "AWAITING_TRIAGE"},
        {S(ACCEPTED), "NOT_BOOKED"},        {S(BOOKED), "BOOKED"},
        {S(COMPLETED), "BOOKED"},           {S(DEFERRED), "DEFERRED_TO_PROVIDER"},
        {S(REJECTED), "REJECTED"},          {S(RETURNED), "TRIAGE_RESPONSE"},
        {S(REDIRECTED), "TRIAGE_RESPONSE"}, {S(CANCELLED), "CANCELLED_REFERRAL"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_string_equal(referral_ers_state(words[i].state, 0, 0), words[i].word);
    assert_string_equal(referral_ers_state(S(BOOKED), APPOINTMENT_STATUS(BOOKED), 0), "BOOKED");
    assert_string_equal(referral_ers_state(S(BOOKED), APPOINTMENT_STATUS(COMPLETED), 0), "BOOKED");
    assert_string_equal(referral_ers_state(S(BOOKED), APPOINTMENT_STATUS(DID_NOT_ATTEND), 0), "DID_NOT_ATTEND");
    assert_string_equal(referral_ers_state(S(BOOKED), APPOINTMENT_STATUS(CANCELLED), CANCELLED_BY(PATIENT)), "APPT_CANCELLED_BY_PATIENT");
    assert_string_equal(referral_ers_state(S(BOOKED), APPOINTMENT_STATUS(CANCELLED), CANCELLED_BY(PROVIDER)), "APPT_CANCELLED_BY_PROVIDER");
    // What became of it afterwards says nothing of a referral that is over.
    assert_string_equal(referral_ers_state(S(COMPLETED), APPOINTMENT_STATUS(CANCELLED), CANCELLED_BY(PATIENT)), "BOOKED");
    assert_string_equal(referral_ers_state(S(CANCELLED), APPOINTMENT_STATUS(DID_NOT_ATTEND), 0), "CANCELLED_REFERRAL");
}

// ---- references ----

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void a_number_has_a_reference_of_its_own(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    char(*all)[REFERENCE_SIZE] = calloc(COUNT, sizeof *all);
    assert_non_null(all);
    for (int i = 0; i < COUNT; i++) {
        // The first and the last that there can be.
        referral_reference(i < COUNT / 2 ? i : INT64_C(100000000000) - COUNT + i, all[i]);
        assert_true(referral_reference_holds(all[i]));
        assert_int_equal(strlen(all[i]), REFERENCE_SIZE - 1);
        assert_int_equal(all[i][4], ' ');
        assert_int_equal(all[i][9], ' ');
    }
    qsort(all, COUNT, sizeof *all, compare);
    for (int i = 1; i < COUNT; i++)
        assert_string_not_equal(all[i - 1], all[i]);
    free(all);
}

// Every wrong digit, and every two neighbours that changed places.
static void a_slip_of_the_pen_shows(void **state)
{
    (void)state;
    for (int64_t number = 1; number < 400; number++) {
        char text[REFERENCE_SIZE], digits[13];
        referral_reference(number * 7919, text);
        (void)snprintf(digits, sizeof digits, "%.4s%.4s%.4s", text, text + 5, text + 10);
        assert_true(referral_reference_holds(digits));
        for (size_t at = 0; at < 12; at++) {
            const char was = digits[at];
            for (int wrong = '0'; wrong <= '9'; wrong++) {
                digits[at] = (char)wrong;
                assert_true(referral_reference_holds(digits) == (wrong == was));
            }
            digits[at] = was;
            if (at == 0 || digits[at - 1] == was)
                continue;
            digits[at] = digits[at - 1];
            digits[at - 1] = was;
            assert_false(referral_reference_holds(digits));
            digits[at - 1] = digits[at];
            digits[at] = was;
        }
    }
    // Damm's own example: 572 has the check digit 4.
    assert_true(referral_reference_holds("000000005724"));
    assert_false(referral_reference_holds("00000000572"));
    assert_false(referral_reference_holds("0000000057240"));
    assert_false(referral_reference_holds("00000000572x"));
    assert_false(referral_reference_holds(""));
}

// ---- the rest ----

static void what_may_be_the_same(void **state)
{
    (void)state;
    assert_true(referral_duplicate(S(DRAFT), 0, 20000, 90));
    assert_true(referral_duplicate(S(BOOKED), 0, 20000, 90));
    assert_true(referral_duplicate(S(COMPLETED), 19910, 20000, 90));
    assert_false(referral_duplicate(S(COMPLETED), 19909, 20000, 90));
    assert_true(referral_duplicate(S(REJECTED), 20000, 20000, 90));
    assert_false(referral_duplicate(S(CANCELLED), 0, 20000, 90));
}

static void what_stops_a_clock(void **state)
{
    (void)state;
    wait_event_kind_t stop;
    static const struct {
        referral_outcome_t outcome;
        const char *text;
    } outcomes[] = {
        {REFERRAL_OUTCOME(TREATED), "first-treatment"},
        {REFERRAL_OUTCOME(NOT_TO_TREAT), "decision-not-to-treat"},
        {REFERRAL_OUTCOME(PATIENT_DECLINED), "patient-declined"},
        {REFERRAL_OUTCOME(ACTIVE_MONITORING), "active-monitoring"},
        {REFERRAL_OUTCOME(RETURNED_TO_PRIMARY_CARE), "returned-to-primary-care"},
    };
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        assert_true(referral_stop(REFERRAL_COMPLETE, outcomes[i].outcome, &stop));
        assert_string_equal(wait_event_text(stop), outcomes[i].text);
        // What ends a clock that runs, by the table of the clocks themselves.
        assert_int_not_equal(wait_state_after(WAIT_RUNNING, stop), WAIT_RUNNING);
    }
    static const referral_verb_t back[] = {REFERRAL_RETURN, REFERRAL_REJECT};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        assert_true(referral_stop(back[i], 0, &stop));
        assert_string_equal(wait_event_text(stop), "returned-to-primary-care");
    }
    assert_true(referral_stop(REFERRAL_REDIRECT, 0, &stop));
    assert_string_equal(wait_event_text(stop), "redirected");
    assert_int_equal(wait_state_after(WAIT_RUNNING, stop), WAIT_STOPPED);
    assert_true(referral_stop(REFERRAL_CANCEL, 0, &stop));
    assert_string_equal(wait_event_text(stop), "patient-declined");
    static const referral_verb_t none[] = {REFERRAL_AMEND,  REFERRAL_SUBMIT, REFERRAL_RESUBMIT,
                                           REFERRAL_ACCEPT, REFERRAL_DEFER,  REFERRAL_BOOK};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(referral_stop(none[i], REFERRAL_OUTCOME(TREATED), &stop));
}

static void where_one_may_go(void **state)
{
    (void)state;
    problem_t problem = {0};
    referral_target_t target = PCN__REFERRAL__STORE__V1__REFERRAL_TARGET__INIT;
    Pcn__Referral__Store__V1__Taking taking = PCN__REFERRAL__STORE__V1__TAKING__INIT;
    assert_int_equal(referral_check_target(NULL, "x", 20000, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "service");
    target.status = SERVICE_STATUS(ACTIVE);
    target.taking = &taking;
    taking.accepts_caller = taking.serves = true;
    assert_int_equal(referral_check_target(&target, "x", 20000, &problem), STATUS_OK);
    taking.accepts_caller = false;
    assert_int_equal(referral_check_target(&target, "x", 20000, &problem), STATUS_FAILED_PRECONDITION);
    taking.accepts_caller = true;
    taking.serves = false;
    assert_int_equal(referral_check_target(&target, "x", 20000, &problem), STATUS_FAILED_PRECONDITION);
    taking.serves = true;
    target.status = SERVICE_STATUS(SUSPENDED);
    assert_int_equal(referral_check_target(&target, "x", 20000, &problem), STATUS_FAILED_PRECONDITION);
}

// The count of what is missing, and the fields of it.
static void assert_lacks(arena_t *arena, const Pcn__Referral__V1__PatientReferral *referral, const referral_ground_t *ground,
                         bool sensitive, const char *support, const char *fields)
{
    referral_missing_t **missing;
    size_t count;
    char found[100] = "";
    assert_true(referral_lacks(referral, ground, sensitive, support, 20000, arena, &missing, &count));
    for (size_t i = 0; i < count; i++) {
        assert_non_null(missing[i]->what);
        (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i > 0 ? " " : "", missing[i]->field);
    }
    assert_string_equal(found, fields);
}

static void what_one_lacks(void **state)
{
    Pcn__Referral__V1__PatientReferral referral = PCN__REFERRAL__V1__PATIENT_REFERRAL__INIT;
    referral_ground_t ground = PCN__REFERRAL__STORE__V1__REFERRAL_GROUND__INIT;
    pathway_t pathway = PCN__REFERRAL__V1__PATHWAY__INIT;
    referral_priority_t priorities[] = {PCN__REFERRAL__V1__REFERRAL_PRIORITY__REFERRAL_PRIORITY_ROUTINE};
    assert_lacks(*state, &referral, NULL, false, NULL, "");
    // Nobody above sees a sensitive patient's.
    assert_lacks(*state, &referral, NULL, true, NULL, "service");
    assert_lacks(*state, &referral, NULL, true, "rss", "");
    referral.performer = (char *)(uintptr_t) "provider-a";
    assert_lacks(*state, &referral, NULL, true, NULL, "");
    // A pathway that is not in force, and one that is.
    referral.pathway = (char *)(uintptr_t) "moles";
    ground.birth_date = (char *)(uintptr_t) "1990-01-01";
    assert_lacks(*state, &referral, &ground, false, NULL, "pathway");
    ground.pathway = &pathway;
    pathway.specialty = referral.specialty = (char *)(uintptr_t) "dermatology";
    pathway.priorities_allowed = priorities;
    pathway.n_priorities_allowed = 1;
    referral.priority = PCN__REFERRAL__V1__REFERRAL_PRIORITY__REFERRAL_PRIORITY_ROUTINE;
    assert_lacks(*state, &referral, &ground, false, NULL, "");
    referral.priority = PCN__REFERRAL__V1__REFERRAL_PRIORITY__REFERRAL_PRIORITY_URGENT;
    assert_lacks(*state, &referral, &ground, false, NULL, "priority");
    referral.performer = NULL;
    assert_lacks(*state, &referral, &ground, true, NULL, "priority service");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_state_and_verb),
        cmocka_unit_test(what_is_over_stays_over),
        cmocka_unit_test(each_verb_is_of_a_side),
        cmocka_unit_test(words_of_ers),
        cmocka_unit_test(a_number_has_a_reference_of_its_own),
        cmocka_unit_test(a_slip_of_the_pen_shows),
        cmocka_unit_test(what_may_be_the_same),
        cmocka_unit_test(what_stops_a_clock),
        cmocka_unit_test(where_one_may_go),
        cmocka_unit_test_setup_teardown(what_one_lacks, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
