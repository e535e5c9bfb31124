// What may become of an appointment, and what may be booked. Pure.
#ifndef PCN_REFERRAL_RULES_APPOINTMENT_H
#define PCN_REFERRAL_RULES_APPOINTMENT_H

#include "common/base/status.h"
#include "services/referral/rules_patient.h"

typedef enum appointment_step {
    APPOINTMENT_STEP_AMEND,
    APPOINTMENT_STEP_RESCHEDULE,
    APPOINTMENT_STEP_CANCEL,
    APPOINTMENT_STEP_ARRIVE,
    APPOINTMENT_STEP_COMPLETE,
    APPOINTMENT_STEP_MISS,
    APPOINTMENT_STEPS,
} appointment_step_t;

// What the step makes of an appointment of that state at `now_us`. ABORTED where it does not fit its state; FAILED_PRECONDITION where one
// is moved that has begun, missed that has not, arrived for on another day (of Europe/London) than its own, or completed
// before that day.
MUST_CHECK status_t appointment_step(const appointment_t *appointment, appointment_step_t step, int64_t now_us, appointment_status_t *to,
                                     problem_t *problem);

// Who the caller is to an appointment.
typedef struct appointment_caller {
    bool performs;                // sees the patient
    bool booked;                  // or booked it, or lies above who did
    const patient_reach_t *reach; // how the caller stands to the patient; NULL: neither keeps nor sees the record
} appointment_caller_t;

// Whether the caller sees it: performs, booked, keeps the patient's record or treats them. Who sees them at another appointment does not.
bool appointment_shown(const appointment_caller_t *caller);
// PERMISSION_DENIED where the step is not the caller's, who sees the appointment: what happens in the surgery is told by who is there; the
// others are for who performs, who booked, and who keeps the patient's record.
MUST_CHECK status_t appointment_permits(const appointment_caller_t *caller, appointment_step_t step, problem_t *problem);

// One slot of those that a booking asks for.
typedef enum appointment_fit {
    APPOINTMENT_FIT_FREE,
    APPOINTMENT_FIT_BESIDE, // booked, and an appointment may be put beside
    APPOINTMENT_FIT_OWN,    // the appointment's own, which is moved
    APPOINTMENT_FIT_TAKEN,
} appointment_fit_t;

// `hold` is the caller's that is booked from (NULL: none), `beside` whether the booking may be put beside another.
appointment_fit_t appointment_fit(const loaded_slot_t *slot, const char *hold, bool beside);

#endif
