// What is done with an online consultation, step by step.
#include <string.h>

#include "common/pb/message.h"
#include "services/referral/consultations.h"

#define MESSAGE_TYPE (&pcn__referral__v1__consultation_message__type)

typedef Pcn__Referral__V1__ConsultationMessage message_t;

// The consultation to be changed by a step, with its next version and status; NULL with the refusal in *status. Who was only asked for
// advice may write.
static consultation_change_t *begin(service_call_t *call, const char *id, consultation_step_t step, status_t *status)
{
    const loaded_consultation_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL) {
        *status = row != NULL && !about_patient(call, row->about) ? refuse_memory(call) : refuse_consultation(call, id);
        return NULL;
    }
    consultation_change_t *change = pb_new(CONSULTATION_CHANGE_TYPE, call->arena);
    if (change == NULL || !about_patient(call, row->about) || (change->consultation = consultation_of(call, row)) == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    *status = STATUS_OK;
    if (!row->keeps && (step != CONSULTATION_MESSAGE || !row->advises))
        *status = problem_set(call->problem, STATUS_PERMISSION_DENIED, NULL,
                              row->advises ? "Who was asked for advice writes messages alone"
                                           : "It is changed by who takes it and by the patient's practice");
    else if (call->header->has_expected_version && call->header->expected_version != row->version)
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    else
        *status = consultation_go(row->status, step, &change->consultation->status, call->problem);
    change->consultation->version++;
    change->consultation->updated_at = (char *)(uintptr_t)call->now;
    change->closed_at = row->closed_at;
    change->overdue_at = row->overdue_at;
    return *status == STATUS_OK ? change : NULL;
}

status_t decide_triage_online_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__TriageOnlineConsultationRequest *request = call->request;
    status_t status;
    consultation_change_t *change = begin(call, request->id, CONSULTATION_TRIAGE, &status);
    if (change == NULL)
        return status;
    change->consultation->has_urgency = 1;
    change->consultation->urgency = request->urgency;
    if (change->consultation->triaged_at == NULL)
        change->consultation->triaged_at = (char *)(uintptr_t)call->now;
    return emit_consultation(call, "pcn.referral.online-consultation.triaged", change);
}

// Adds a message at the end of the thread.
static status_t write_message(service_call_t *call, consultation_change_t *change, const char *from, char *text)
{
    consultation_t *consultation = change->consultation;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    size_t bytes = 0;
    for (size_t i = 0; i < consultation->n_thread; i++)
        bytes += strlen(consultation->thread[i]->text);
    status_t status = consultation_room(consultation->n_thread, bytes, strlen(text), call->problem);
    if (status != STATUS_OK)
        return status;
    if (principal == NULL || principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who writes does so for an organisation: the token names none");
    message_t *message = pb_new(MESSAGE_TYPE, call->arena);
    message_t **thread = arena_alloc(call->arena, (consultation->n_thread + 1) * sizeof(void *));
    if (message == NULL || thread == NULL)
        return refuse_memory(call);
    message->at = (char *)(uintptr_t)call->now;
    message->from = (char *)(uintptr_t)from;
    message->text = text;
    message->subject = principal->subject;
    message->organisation = principal->organisations[0];
    if (consultation->n_thread > 0)
        memcpy(thread, consultation->thread, consultation->n_thread * sizeof(void *));
    thread[consultation->n_thread++] = message;
    consultation->thread = thread;
    change->message = message;
    change->has_number = 1;
    change->number = (uint32_t)consultation->n_thread;
    return STATUS_OK;
}

status_t decide_answer_online_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__AnswerOnlineConsultationRequest *request = call->request;
    status_t status;
    consultation_change_t *change = begin(call, request->id, CONSULTATION_ANSWER, &status);
    if (change == NULL)
        return status;
    status = write_message(call, change, "practice", request->text);
    if (status != STATUS_OK)
        return status;
    change->consultation->has_outcome = 1;
    change->consultation->outcome = CHANNEL(ONLINE_MESSAGE);
    return emit_consultation(call, "pcn.referral.online-consultation.answered", change);
}

status_t decide_add_consultation_message(service_call_t *call)
{
    const Pcn__Referral__V1__AddConsultationMessageRequest *request = call->request;
    status_t status;
    consultation_change_t *change = begin(call, request->id, CONSULTATION_MESSAGE, &status);
    if (change == NULL)
        return status;
    const loaded_consultation_t *row = call->rows[0];
    status = consultation_sender(request->message->from, row->keeps, row->advises, call->problem);
    if (status == STATUS_OK)
        status = write_message(call, change, request->message->from, request->message->text);
    return status == STATUS_OK ? emit_consultation(call, "pcn.referral.online-consultation.message-added", change) : status;
}

status_t decide_ask_specialist(service_call_t *call)
{
    const Pcn__Referral__V1__AskSpecialistRequest *request = call->request;
    status_t status;
    consultation_change_t *change = begin(call, request->id, CONSULTATION_ASK, &status);
    if (change == NULL)
        return status;
    const loaded_consultation_t *row = call->rows[0];
    if (row->asked_provider == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service", "There is no service %s", request->service);
    if (!row->asked_active || !row->asked_online)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service", "The service gives no advice online at the moment");
    change->consultation->specialist_service = request->service;
    change->consultation->specialist = row->asked_provider;
    return emit_consultation(call, "pcn.referral.online-consultation.specialist-asked", change);
}

status_t decide_convert_online_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__ConvertOnlineConsultationRequest *request = call->request;
    status_t status;
    consultation_change_t *change = begin(call, request->id, CONSULTATION_CONVERT, &status);
    if (change == NULL)
        return status;
    const loaded_consultation_t *row = call->rows[0];
    if (row->appointment_patient == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "There is no appointment %s", request->appointment);
    if (strcmp(row->appointment_patient, row->patient) != 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "It is another patient's");
    status = consultation_outcome(row->appointment_channel, row->appointment_live, call->problem);
    if (status != STATUS_OK)
        return status;
    change->consultation->appointment = request->appointment;
    change->consultation->has_outcome = 1;
    change->consultation->outcome = row->appointment_channel;
    return emit_consultation(call, "pcn.referral.online-consultation.converted", change);
}

status_t decide_close_online_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__CloseOnlineConsultationRequest *request = call->request;
    status_t status;
    consultation_change_t *change = begin(call, request->id, CONSULTATION_CLOSE, &status);
    if (change == NULL)
        return status;
    change->consultation->close_reason = request->reason;
    change->closed_at = (char *)(uintptr_t)call->now;
    return emit_consultation(call, "pcn.referral.online-consultation.closed", change);
}

status_t decide_tell_overdue_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__TellOverdueConsultationRequest *request = call->request;
    const loaded_consultation_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL)
        return refuse_consultation(call, request->id);
    consultation_change_t *change = pb_new(CONSULTATION_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->consultation = consultation_of(call, row)) == NULL)
        return refuse_memory(call);
    if (row->overdue_at != NULL || row->status != CONSULTATION_STATUS(REQUESTED) || !change->consultation->triage_late) {
        call->reply = change->consultation;
        call->unchanged = true;
        return STATUS_OK;
    }
    change->overdue_at = (char *)(uintptr_t)call->now;
    change->consultation->version++;
    change->consultation->updated_at = (char *)(uintptr_t)call->now;
    return emit_consultation(call, "pcn.referral.online-consultation.overdue", change);
}
