#include "services/referral/rules_appointment.h"
#include "tests/unit/referral/support.h"

#define BEFORE INT64_C(1796000000000000) // some day of November 2026
#define START "2026-12-07T09:00:00.000000Z"

static int64_t instant(const char *text)
{
    int64_t us = 0;
    assert_true(instant_parse(text, &us));
    return us;
}

static appointment_t appointment_of(appointment_status_t status, channel_t channel)
{
    appointment_t appointment = PCN__REFERRAL__V1__APPOINTMENT__INIT;
    appointment.has_status = appointment.has_channel = 1;
    appointment.status = status;
    appointment.channel = channel;
    appointment.start = (char *)(uintptr_t)START;
    return appointment;
}

// What becomes of it, or 0 with the refusal in *status.
static int after(appointment_status_t from, channel_t channel, appointment_step_t step, int64_t now_us, status_t *status)
{
    const appointment_t appointment = appointment_of(from, channel);
    problem_t problem = {0};
    appointment_status_t to = APPOINTMENT_STATUS(UNSPECIFIED);
    *status = appointment_step(&appointment, step, now_us, &to, &problem);
    assert_true((*status == STATUS_OK) == (problem.detail[0] == '\0'));
    return *status == STATUS_OK ? (int)to : 0;
}

#define S(name) ((int)APPOINTMENT_STATUS(name))

// Every pair of a state and a step, at its beginning: what it becomes, 0 for none.
static void every_pair_is_known(void **state)
{
    (void)state;
    static const int in_person[6][APPOINTMENT_STEPS] = {
        //                    amend      move    cancel        arrive      complete      miss
        [S(UNSPECIFIED)] = {0},
        [S(BOOKED)] = {S(BOOKED), S(BOOKED), S(CANCELLED), S(ARRIVED), 0, S(DID_NOT_ATTEND)},
        [S(ARRIVED)] = {S(ARRIVED), 0, S(CANCELLED), 0, S(COMPLETED), 0},
        [S(COMPLETED)] = {0},
        [S(CANCELLED)] = {0},
        [S(DID_NOT_ATTEND)] = {0},
    };
    for (int from = 0; from < 6; from++) {
        for (int step = 0; step < APPOINTMENT_STEPS; step++) {
            // One is moved before it begins, and missed after.
            const int64_t now = instant(START) - (step == APPOINTMENT_STEP_RESCHEDULE ? 1 : 0);
            for (int channel = CHANNEL(IN_PERSON); channel <= CHANNEL(ONLINE_MESSAGE); channel++) {
                status_t status;
                int expected = in_person[from][step];
                if (channel != CHANNEL(IN_PERSON) && from == S(BOOKED) && step == APPOINTMENT_STEP_COMPLETE)
                    expected = S(COMPLETED);
                const int to = after((appointment_status_t)from, (channel_t)channel, (appointment_step_t)step, now, &status);
                if (to != expected || (to == 0) != (status == STATUS_ABORTED))
                    fail_msg("%d by step %d over channel %d becomes %d: %s", from, step, channel, to, status_name(status));
            }
        }
    }
}

static void some_steps_have_their_time(void **state)
{
    (void)state;
    status_t status;
    const int64_t start = instant(START);
    assert_int_equal(after(APPOINTMENT_STATUS(BOOKED), CHANNEL(IN_PERSON), APPOINTMENT_STEP_MISS, start - 1, &status), 0);
    assert_int_equal(status, STATUS_FAILED_PRECONDITION);
    assert_int_equal(after(APPOINTMENT_STATUS(BOOKED), CHANNEL(IN_PERSON), APPOINTMENT_STEP_RESCHEDULE, start, &status), 0);
    assert_int_equal(status, STATUS_FAILED_PRECONDITION);
    // Of one that is over the state is what is told.
    (void)after(APPOINTMENT_STATUS(CANCELLED), CHANNEL(IN_PERSON), APPOINTMENT_STEP_MISS, start - 1, &status);
    assert_int_equal(status, STATUS_ABORTED);
    assert_int_equal(after(APPOINTMENT_STATUS(BOOKED), CHANNEL(IN_PERSON), APPOINTMENT_STEP_CANCEL, start + 1, &status), S(CANCELLED));
    appointment_t without = appointment_of(APPOINTMENT_STATUS(BOOKED), CHANNEL(IN_PERSON));
    without.start = (char *)(uintptr_t) "soon";
    problem_t problem = {0};
    appointment_status_t to;
    assert_int_equal(appointment_step(&without, APPOINTMENT_STEP_ARRIVE, BEFORE, &to, &problem), STATUS_INTERNAL);
}

// A patient is here on the day of the appointment: that of Europe/London, whatever the day is in UTC.
static void a_patient_arrives_on_the_day(void **state)
{
    (void)state;
    static const struct {
        const char *start, *now;
        bool arrives, completes;
    } cases[] = {
        {"2026-12-07T09:00:00Z", "2026-12-07T00:00:00Z", true, true},   {"2026-12-07T09:00:00Z", "2026-12-07T23:59:59Z", true, true},
        {"2026-12-07T09:00:00Z", "2026-12-06T23:59:59Z", false, false}, {"2026-12-07T09:00:00Z", "2026-12-08T00:00:00Z", false, true},
        {"2026-12-07T09:00:00Z", "2026-12-04T09:00:00Z", false, false}, {"2026-07-07T08:00:00Z", "2026-07-06T23:00:00Z", true, true},
        {"2026-07-07T08:00:00Z", "2026-07-06T22:59:59Z", false, false}, {"2026-07-07T08:00:00Z", "2026-07-07T23:00:00Z", false, true},
        {"2026-07-06T23:00:00Z", "2026-07-07T08:00:00Z", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        appointment_t appointment = appointment_of(APPOINTMENT_STATUS(BOOKED), CHANNEL(IN_PERSON));
        appointment_status_t to = APPOINTMENT_STATUS(UNSPECIFIED);
        problem_t problem = {0};
        appointment.start = (char *)(uintptr_t)cases[i].start;
        const status_t status = appointment_step(&appointment, APPOINTMENT_STEP_ARRIVE, instant(cases[i].now), &to, &problem);
        if (status != (cases[i].arrives ? STATUS_OK : STATUS_FAILED_PRECONDITION))
            fail_msg("at %s for %s: %s", cases[i].now, cases[i].start, status_name(status));
        appointment.status = APPOINTMENT_STATUS(ARRIVED);
        assert_int_equal(appointment_step(&appointment, APPOINTMENT_STEP_COMPLETE, instant(cases[i].now), &to, &problem),
                         cases[i].completes ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    }
    // Of one that is over the state is what is told.
    status_t status;
    (void)after(APPOINTMENT_STATUS(CANCELLED), CHANNEL(IN_PERSON), APPOINTMENT_STEP_ARRIVE, BEFORE, &status);
    assert_int_equal(status, STATUS_ABORTED);
}

// Who performs, who booked, who keeps the record, who only sees it by a case, and nobody.
static void every_step_has_its_people(void **state)
{
    static const struct {
        const char *reach;
        bool performs, booked, shown, changes, advances;
    } cases[] = {
        {NULL, true, false, true, true, true},
        {NULL, true, true, true, true, true},
        {NULL, false, true, true, true, false},
        {"{'ownPractice':true,'withinReach':true}", false, false, true, true, false},
        {"{'ownPractice':true,'withinReach':true,'sensitive':true}", false, false, true, true, false},
        {"{'withinReach':true}", false, false, true, true, false},
        {"{'withinReach':true,'sensitive':true}", false, false, false, false, false},
        {"{'granted':['case']}", false, false, true, false, false},
        {"{'granted':['appointment']}", false, false, false, false, false},
        {"{'granted':['break-glass'],'sensitive':true}", false, false, true, false, false},
        {"{'granted':['case'],'sensitive':true}", false, false, false, false, false},
        {"{}", false, false, false, false, false},
        {NULL, false, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const appointment_caller_t caller = {
            .performs = cases[i].performs,
            .booked = cases[i].booked,
            .reach = cases[i].reach != NULL ? message(*state, &pcn__referral__store__v1__patient_reach__type, cases[i].reach) : NULL,
        };
        assert_int_equal(appointment_shown(&caller), cases[i].shown);
        for (int step = 0; step < APPOINTMENT_STEPS; step++) {
            problem_t problem = {0};
            const bool here = step >= APPOINTMENT_STEP_ARRIVE;
            const status_t status = appointment_permits(&caller, (appointment_step_t)step, &problem);
            assert_int_equal(status, (here ? cases[i].advances : cases[i].changes) ? STATUS_OK : STATUS_PERMISSION_DENIED);
        }
    }
}

static void a_slot_fits_or_not(void **state)
{
    static const struct {
        const char *slot, *hold;
        bool beside;
        appointment_fit_t fit;
    } cases[] = {
        {"{'status':'free'}", NULL, false, APPOINTMENT_FIT_FREE},
        {"{'status':'free'}", "h1", true, APPOINTMENT_FIT_FREE},
        {"{'status':'free','overbooked':true}", NULL, false, APPOINTMENT_FIT_FREE},
        {"{'status':'held','hold':'h1'}", NULL, false, APPOINTMENT_FIT_TAKEN},
        {"{'status':'held','hold':'h1'}", NULL, true, APPOINTMENT_FIT_TAKEN},
        {"{'status':'held','hold':'h1'}", "h1", false, APPOINTMENT_FIT_FREE},
        {"{'status':'held','hold':'h1'}", "h2", false, APPOINTMENT_FIT_TAKEN},
        {"{'status':'booked'}", NULL, false, APPOINTMENT_FIT_TAKEN},
        {"{'status':'booked'}", "h1", false, APPOINTMENT_FIT_TAKEN},
        {"{'status':'booked'}", NULL, true, APPOINTMENT_FIT_BESIDE},
        {"{'status':'booked','overbooked':true}", NULL, true, APPOINTMENT_FIT_TAKEN},
        {"{'status':'booked','own':true}", NULL, false, APPOINTMENT_FIT_OWN},
        {"{'status':'blocked'}", NULL, true, APPOINTMENT_FIT_TAKEN},
        // Who sees one that was taken back may have it.
        {"{'status':'reclaimed'}", NULL, true, APPOINTMENT_FIT_FREE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(appointment_fit(message(*state, LOADED_SLOT_TYPE, cases[i].slot), cases[i].hold, cases[i].beside), cases[i].fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_known),
        cmocka_unit_test(some_steps_have_their_time),
        cmocka_unit_test(a_patient_arrives_on_the_day),
        cmocka_unit_test_setup_teardown(every_step_has_its_people, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(a_slot_fits_or_not, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
