#include "services/referral/rules_appointment.h"

#include <string.h>

#include "common/base/clock.h"

#define STATUS_OF(name) APPOINTMENT_STATUS(name)

// ---- the states ----

static const struct {
    appointment_status_t from;
    appointment_step_t step;
    appointment_status_t to;
} moves[] = {
    {STATUS_OF(BOOKED), APPOINTMENT_STEP_AMEND, STATUS_OF(BOOKED)},
    {STATUS_OF(BOOKED), APPOINTMENT_STEP_RESCHEDULE, STATUS_OF(BOOKED)},
    {STATUS_OF(BOOKED), APPOINTMENT_STEP_CANCEL, STATUS_OF(CANCELLED)},
    {STATUS_OF(BOOKED), APPOINTMENT_STEP_ARRIVE, STATUS_OF(ARRIVED)},
    {STATUS_OF(BOOKED), APPOINTMENT_STEP_COMPLETE, STATUS_OF(COMPLETED)}, // unless in person
    {STATUS_OF(BOOKED), APPOINTMENT_STEP_MISS, STATUS_OF(DID_NOT_ATTEND)},
    {STATUS_OF(ARRIVED), APPOINTMENT_STEP_AMEND, STATUS_OF(ARRIVED)},
    {STATUS_OF(ARRIVED), APPOINTMENT_STEP_CANCEL, STATUS_OF(CANCELLED)},
    {STATUS_OF(ARRIVED), APPOINTMENT_STEP_COMPLETE, STATUS_OF(COMPLETED)},
};

static const char *state_words(appointment_status_t status)
{
    switch (status) {
    case STATUS_OF(BOOKED):
        return "booked";
    case STATUS_OF(ARRIVED):
        return "one that the patient has arrived for";
    case STATUS_OF(COMPLETED):
        return "completed";
    case STATUS_OF(CANCELLED):
        return "cancelled";
    case STATUS_OF(DID_NOT_ATTEND):
        return "one that the patient did not attend";
    default:
        return "of no known state";
    }
}

// Nobody arrives at a telephone.
static bool guarded(const appointment_t *appointment, appointment_step_t step)
{
    return step == APPOINTMENT_STEP_COMPLETE && appointment->status == STATUS_OF(BOOKED) && appointment->channel == CHANNEL(IN_PERSON);
}

static status_t check_time(const appointment_t *appointment, appointment_step_t step, int64_t now_us, problem_t *problem)
{
    int64_t start_us;
    if (!instant_parse(appointment->start, &start_us))
        return problem_set(problem, STATUS_INTERNAL, NULL, "An appointment without a beginning");
    if (step == APPOINTMENT_STEP_MISS && now_us < start_us)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "It has not begun yet: who does not want to come cancels it");
    if (step == APPOINTMENT_STEP_COMPLETE && date_of_instant(now_us) < date_of_instant(start_us))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "Its day has not come yet");
    if (step == APPOINTMENT_STEP_ARRIVE && date_of_instant(now_us) != date_of_instant(start_us))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL,
                           "It is on another day: a patient arrives on the day of the appointment");
    if (step == APPOINTMENT_STEP_RESCHEDULE && now_us >= start_us)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "It has begun already: record how it ended, and book another");
    return STATUS_OK;
}

status_t appointment_step(const appointment_t *appointment, appointment_step_t step, int64_t now_us, appointment_status_t *to,
                          problem_t *problem)
{
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        if (moves[i].from != appointment->status || moves[i].step != step)
            continue;
        if (guarded(appointment, step))
            return problem_set(problem, STATUS_ABORTED, NULL, "The patient has not arrived yet");
        *to = moves[i].to;
        return check_time(appointment, step, now_us, problem);
    }
    return problem_set(problem, STATUS_ABORTED, NULL, "The appointment is %s", state_words(appointment->status));
}

// ---- who ----

bool appointment_shown(const appointment_caller_t *caller)
{
    return caller->performs || caller->booked || patient_cared_for(caller->reach);
}

status_t appointment_permits(const appointment_caller_t *caller, appointment_step_t step, problem_t *problem)
{
    const bool here = step == APPOINTMENT_STEP_ARRIVE || step == APPOINTMENT_STEP_COMPLETE || step == APPOINTMENT_STEP_MISS;
    if (caller->performs || (!here && (caller->booked || patient_kept(caller->reach))))
        return STATUS_OK;
    return problem_set(problem, STATUS_PERMISSION_DENIED, NULL,
                       here ? "That is recorded by who sees the patient"
                            : "It is changed by the patient's practice, by who sees the patient, and by who booked");
}

// ---- slots ----

appointment_fit_t appointment_fit(const loaded_slot_t *slot, const char *hold, bool beside)
{
    if (slot->own)
        return APPOINTMENT_FIT_OWN;
    switch (slot->status) {
    case SLOT_STATUS(FREE):
    case SLOT_STATUS(RECLAIMED):
        return APPOINTMENT_FIT_FREE;
    case SLOT_STATUS(HELD):
        return hold != NULL && slot->hold != NULL && strcmp(slot->hold, hold) == 0 ? APPOINTMENT_FIT_FREE : APPOINTMENT_FIT_TAKEN;
    case SLOT_STATUS(BOOKED):
        return beside && !slot->overbooked ? APPOINTMENT_FIT_BESIDE : APPOINTMENT_FIT_TAKEN;
    default:
        return APPOINTMENT_FIT_TAKEN;
    }
}
