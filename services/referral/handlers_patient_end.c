// What ends with a patient's death, and what two records of one person wait for twice.
#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/consultations.h"
#include "services/referral/handlers_advice.h"
#include "services/referral/handlers_patient.h"
#include "services/referral/handlers_waiting.h"
#include "services/referral/prescriptions.h"
#include "services/referral/referrals.h"
#include "services/referral/urgent.h"

typedef Pcn__Referral__Store__V1__PendingCare pending_t;
typedef Pcn__Referral__V1__AppointmentState appointment_state_t;
typedef Pcn__Referral__V1__AdviceStanding standing_t;

#define STANDING_TYPE (&pcn__referral__v1__advice_standing__type)

static status_t tell_cancelled(service_call_t *call, const appointment_state_t *before)
{
    appointment_state_t *after = pb_new(APPOINTMENT_STATE_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "appointments/%s", before->id);
    if (after == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(APPOINTMENT_STATE_TYPE, after, APPOINTMENT_STATE_TYPE, before);
    after->status = APPOINTMENT_STATUS(CANCELLED);
    after->has_cancelled_by = 1;
    after->cancelled_by = CANCELLED_BY(PROVIDER);
    after->cancel_code = (char *)(uintptr_t) "patient-died";
    after->version++;
    after->updated_at = (char *)(uintptr_t)call->now;
    return service_event(call, "pcn.referral.appointment.cancelled", subject, after->version, APPOINTMENT_STATE_TYPE, after)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

static status_t tell_closed(service_call_t *call, const loaded_consultation_t *before)
{
    consultation_t *after = consultation_of(call, before);
    if (after == NULL)
        return refuse_memory(call);
    after->status = CONSULTATION_STATUS(CLOSED);
    after->version++;
    after->updated_at = (char *)(uintptr_t)call->now;
    return consultation_event(call, "pcn.referral.online-consultation.closed", after);
}

// Its clock stops with the patient.
static status_t tell_referral(service_call_t *call, const loaded_referral_t *before)
{
    referral_t *after = referral_of(call, before);
    if (after == NULL)
        return refuse_memory(call);
    after->state = REFERRAL_STATE(CANCELLED);
    after->version++;
    after->updated_at = (char *)(uintptr_t)call->now;
    if (after->clock != NULL && after->clock->stopped_on == NULL) {
        after->clock->stopped_on = referral_date(call, date_of_instant(call->now_us));
        after->clock->stop = (char *)(uintptr_t) "died";
        if (after->clock->stopped_on == NULL)
            return refuse_memory(call);
    }
    return referral_event(call, "pcn.referral.referral.cancelled", after);
}

static status_t tell_advice(service_call_t *call, const standing_t *before)
{
    standing_t *after = pb_new(STANDING_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "advice-requests/%s", before->id);
    if (after == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(STANDING_TYPE, after, STANDING_TYPE, before);
    after->state = ADVICE_STATE(CONVERSATION_ENDED);
    after->has_end = 1;
    after->end = ADVICE_END(CLOSED);
    after->version++;
    after->updated_at = (char *)(uintptr_t)call->now;
    return service_event(call, "pcn.referral.advice-request.closed", subject, after->version, STANDING_TYPE, after)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

static status_t tell_prescription(service_call_t *call, const prescription_state_t *before)
{
    prescription_state_t *after = pb_new(PRESCRIPTION_STATE_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "social-prescriptions/%s", before->id);
    if (after == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(PRESCRIPTION_STATE_TYPE, after, PRESCRIPTION_STATE_TYPE, before);
    after->state = PRESCRIPTION_STATUS(CLOSED);
    after->snomed = prescription_snomed(after->state);
    after->version++;
    after->ended_at = after->updated_at = (char *)(uintptr_t)call->now;
    return service_event(call, "pcn.referral.social-prescription.closed", subject, after->version, PRESCRIPTION_STATE_TYPE, after)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

static status_t tell_case(service_call_t *call, const urgent_state_t *before)
{
    urgent_state_t *after = pb_new(URGENT_STATE_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "urgent-cases/%s", before->id);
    if (after == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(URGENT_STATE_TYPE, after, URGENT_STATE_TYPE, before);
    after->state = URGENT_STATUS(CLOSED);
    after->outcome = (char *)(uintptr_t) "died";
    after->version++;
    after->closed_at = after->updated_at = (char *)(uintptr_t)call->now;
    return service_event(call, "pcn.referral.urgent-case.closed", subject, after->version, URGENT_STATE_TYPE, after)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

status_t tell_ended(service_call_t *call, const pending_t *pending)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < pending->n_appointments && status == STATUS_OK; i++)
        status = tell_cancelled(call, pending->appointments[i]);
    for (size_t i = 0; i < pending->n_waiting_entries && status == STATUS_OK; i++)
        status = waiting_tell_withdrawn(call, pending->waiting_entries[i], pending->waiting_entries[i]->patient);
    for (size_t i = 0; i < pending->n_consultations && status == STATUS_OK; i++)
        status = tell_closed(call, pending->consultations[i]);
    for (size_t i = 0; i < pending->n_referrals && status == STATUS_OK; i++)
        status = tell_referral(call, pending->referrals[i]);
    for (size_t i = 0; i < pending->n_advice && status == STATUS_OK; i++)
        status = tell_advice(call, pending->advice[i]);
    for (size_t i = 0; i < pending->n_social_prescriptions && status == STATUS_OK; i++)
        status = tell_prescription(call, pending->social_prescriptions[i]);
    for (size_t i = 0; i < pending->n_urgent_cases && status == STATUS_OK; i++)
        status = tell_case(call, pending->urgent_cases[i]);
    return status;
}

status_t withdraw_doubled(service_call_t *call, const pending_t *pending, const char *left, Pcn__Referral__Store__V1__PatientMerger *merger)
{
    status_t status = STATUS_OK;
    merger->withdrawn = arena_alloc(call->arena, (pending->n_waiting_entries + 1) * sizeof *merger->withdrawn);
    if (merger->withdrawn == NULL)
        return refuse_memory(call);
    for (size_t i = 1; i < pending->n_waiting_entries && status == STATUS_OK; i++) {
        const loaded_waiting_entry_t *entry = pending->waiting_entries[i];
        bool doubled = false;
        for (size_t k = 0; k < i; k++)
            doubled = doubled || waiting_same(pending->waiting_entries[k], entry);
        if (!doubled)
            continue;
        merger->withdrawn[merger->n_withdrawn++] = entry->id;
        status = waiting_tell_withdrawn(call, entry, left);
    }
    return status;
}
