// Looking at appointments, and what becomes of them once they are booked.
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "common/service/patch.h"
#include "services/referral/appointment_change.h"

typedef Pcn__Referral__V1__ListAppointmentsRequest list_t;
typedef Pcn__Referral__V1__ListAppointmentsReply list_reply_t;
typedef Pcn__Referral__V1__AmendAppointmentRequest amend_t;
typedef Pcn__Referral__V1__CancelAppointmentRequest cancel_t;
typedef Pcn__Referral__V1__AdvanceAppointmentRequest advance_t;
typedef Pcn__Referral__Store__V1__AppointmentList place_t;

// ---- looking ----

status_t decide_get_appointment(service_call_t *call)
{
    const Pcn__Referral__V1__GetAppointmentRequest *request = call->request;
    const loaded_appointment_t *row;
    status_t status = appointment_seen(call, request->id, &row);
    if (status != STATUS_OK)
        return status;
    appointment_t *appointment = appointment_of(call, row);
    if (appointment == NULL)
        return refuse_memory(call);
    appointment_join(call, row->video_token, appointment);
    call->reply = appointment;
    call->version = appointment->version;
    return STATUS_OK;
}

// Beginning, id.
static const page_part_t parts_of_list[] = {PAGE_INSTANT, PAGE_ID};
#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

static char *midnight(const service_call_t *call, int32_t day)
{
    int64_t at_us;
    char text[INSTANT_SIZE];
    // Midnight is never skipped.
    (void)instant_of_local(day, 0, &at_us);
    instant_format(at_us, text);
    return arena_string(call->arena, text);
}

status_t prepare_list_appointments(service_call_t *call)
{
    const list_t *request = call->request;
    int32_t day;
    if (request->patient != NULL && (request->organisation != NULL || request->day != NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->organisation != NULL ? "organisation" : "day",
                           "Appointments are listed by organisation and day, or by patient");
    if (request->patient == NULL && (request->organisation == NULL || request->day == NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->organisation == NULL ? "organisation" : "day",
                           "Appointments are listed by organisation and day, or by patient");
    place_t *place = pb_new(&pcn__referral__store__v1__appointment_list__type, call->arena);
    char *parts[PARTS];
    if (place == NULL)
        return refuse_memory(call);
    status_t status = page_parts(call, parts_of_list, PARTS, parts);
    if (status != STATUS_OK)
        return status;
    place->after_start = parts[0];
    place->after_id = parts[1];
    if (request->day != NULL && date_parse(request->day, &day) &&
        ((place->from = midnight(call, day)) == NULL || (place->to = midnight(call, day + 1)) == NULL))
        return refuse_memory(call);
    call->prepared = place;
    return STATUS_OK;
}

static int compare_patients(const void *a, const void *b)
{
    return strcmp((*(const appointment_t *const *)a)->patient, (*(const appointment_t *const *)b)->patient);
}

// Everybody who is in the list, each once; whom a list is asked of, also where it is empty.
static bool about_all(service_call_t *call, const char *asked, const list_reply_t *reply)
{
    if (asked != NULL)
        return about_patient(call, asked);
    const appointment_t **sorted = arena_alloc(call->arena, (reply->n_appointments + 1) * sizeof *sorted);
    if (sorted == NULL)
        return false;
    memcpy(sorted, reply->appointments, reply->n_appointments * sizeof *sorted);
    qsort(sorted, reply->n_appointments, sizeof *sorted, compare_patients);
    for (size_t i = 0; i < reply->n_appointments; i++) {
        if ((i == 0 || strcmp(sorted[i - 1]->patient, sorted[i]->patient) != 0) && !about_patient(call, sorted[i]->patient))
            return false;
    }
    return true;
}

// The rule that the database had already.
static bool keep_shown(service_call_t *call)
{
    void **kept = arena_alloc(call->arena, (call->row_count + 1) * sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; kept != NULL && i < call->row_count; i++) {
        if (appointment_row_shown(call->rows[i]))
            kept[count++] = call->rows[i];
    }
    call->rows = kept;
    call->row_count = count;
    return kept != NULL;
}

status_t decide_list_appointments(service_call_t *call)
{
    const list_t *request = call->request;
    if (!keep_shown(call))
        return refuse_memory(call);
    list_reply_t *reply = pb_new(&pcn__referral__v1__list_appointments_reply__type, call->arena);
    if (reply == NULL ||
        (reply->appointments = page_merge(call, APPOINTMENT_TYPE, LOADED_APPOINTMENT_TYPE, &reply->n_appointments)) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    for (size_t i = 0; i < reply->n_appointments; i++)
        appointment_join(call, ((const loaded_appointment_t *)call->rows[i])->video_token, reply->appointments[i]);
    if (!about_all(call, request->patient, reply))
        return refuse_memory(call);
    if (reply->n_appointments == call->row_count)
        return STATUS_OK;
    const appointment_t *last = reply->appointments[reply->n_appointments - 1];
    return page_end(call, (const char *const[PARTS]){last->start, last->id}, PARTS, &reply->next_page_token);
}

// ---- changes ----

status_t decide_amend_appointment(service_call_t *call)
{
    const amend_t *request = call->request;
    const appointment_t *before;
    change_t *change;
    void *patched;
    status_t status = appointment_change(call, request->id, APPOINTMENT_STEP_AMEND, &before, &change);
    if (status == STATUS_OK)
        status = message_patch(APPOINTMENT_TYPE, change->appointment, request->appointment, request->clear, request->n_clear, call->arena,
                               &patched, call->problem);
    if (status != STATUS_OK)
        return status;
    change->appointment = patched;
    return appointment_tell(call, "pcn.referral.appointment.amended", change);
}

status_t decide_cancel_appointment(service_call_t *call)
{
    const cancel_t *request = call->request;
    const appointment_t *before;
    change_t *change;
    status_t status = appointment_change(call, request->id, APPOINTMENT_STEP_CANCEL, &before, &change);
    if (status != STATUS_OK)
        return status;
    change->appointment->has_cancelled_by = 1;
    change->appointment->cancelled_by = request->has_by ? request->by : CANCELLED_BY(PROVIDER);
    change->appointment->cancel_reason = request->reason;
    change->freed = before->slots;
    change->n_freed = before->n_slots;
    return appointment_tell(call, "pcn.referral.appointment.cancelled", change);
}

static status_t advance(service_call_t *call, appointment_step_t step, const char *event)
{
    const advance_t *request = call->request;
    const appointment_t *before;
    change_t *change;
    status_t status = appointment_change(call, request->id, step, &before, &change);
    return status == STATUS_OK ? appointment_tell(call, event, change) : status;
}

status_t decide_arrive_appointment(service_call_t *call)
{
    return advance(call, APPOINTMENT_STEP_ARRIVE, "pcn.referral.appointment.arrived");
}

status_t decide_complete_appointment(service_call_t *call)
{
    return advance(call, APPOINTMENT_STEP_COMPLETE, "pcn.referral.appointment.completed");
}

status_t decide_miss_appointment(service_call_t *call)
{
    return advance(call, APPOINTMENT_STEP_MISS, "pcn.referral.appointment.did-not-attend");
}
