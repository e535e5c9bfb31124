// Booking an appointment and moving it: what takes slots.
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/base/base64url.h"
#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/appointment_change.h"
#include "services/referral/handlers_waiting.h"
#include "services/referral/rules_taking.h"
#include "services/referral/rules_visibility.h"

typedef Pcn__Referral__V1__CreateAppointmentRequest create_t;
typedef Pcn__Referral__V1__RescheduleAppointmentRequest reschedule_t;
typedef Pcn__Referral__Store__V1__LoadedBooking booking_t;
typedef Pcn__Referral__V1__FormerTime former_t;

#define FORMER_TYPE (&pcn__referral__v1__former_time__type)
#define FORMER_MAX 20
#define VIDEO_TOKEN_BYTES 24
#define FIELD_SIZE 32

// What a request asks for.
typedef struct asked {
    const char *hold;
    char *const *slots;
    size_t count;
    bool beside; // may be put beside another appointment
} asked_t;

// ---- what is asked for ----

// One is named twice: the second's place; 0 for none.
static size_t named_twice(const asked_t *asked)
{
    for (size_t i = 1; i < asked->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcasecmp(asked->slots[i], asked->slots[k]) == 0)
                return i;
        }
    }
    return 0;
}

static status_t check_asked(service_call_t *call, const asked_t *asked)
{
    if ((asked->hold != NULL) == (asked->count > 0))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "slots", "Either `hold` or `slots` says what is booked");
    const size_t twice = named_twice(asked);
    if (twice > 0)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, arena_printf(call->arena, "slots[%zu]", twice),
                           "The slot is named twice");
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who books does so for an organisation: the token names none");
    return STATUS_OK;
}

static status_t check_hold(service_call_t *call, const asked_t *asked, const booking_t *booking)
{
    if (asked->hold == NULL)
        return STATUS_OK;
    if (booking->hold == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "hold", "There is no hold %s", asked->hold);
    if (strcmp(booking->hold_status, "held") != 0)
        return problem_set(call->problem, STATUS_ABORTED, "hold", "The hold is over: it was %s", booking->hold_status);
    if (booking->hold_over)
        return problem_set(call->problem, STATUS_ABORTED, "hold", "The hold is over: its time ran out");
    return STATUS_OK;
}

// The field that names the slot.
static const char *field_of(const asked_t *asked, const loaded_slot_t *slot, char field[FIELD_SIZE])
{
    for (size_t i = 0; i < asked->count; i++) {
        if (strcasecmp(asked->slots[i], slot->id) == 0) {
            (void)snprintf(field, FIELD_SIZE, "slots[%zu]", i);
            return field;
        }
    }
    return asked->hold != NULL ? "hold" : "slots";
}

// Whether the caller sees the slot, its being taken apart. What is hidden is as if it were not there; what is held for the caller was seen.
static status_t check_seen(service_call_t *call, const asked_t *asked, const loaded_slot_t *slot)
{
    reason_t *reasons[VISIBILITY_REASONS_MAX];
    char field[FIELD_SIZE];
    size_t count = 0;
    bool hidden = false;
    status_t status = visibility_reasons(slot, NULL, call->now_us, call->arena, reasons, &count, call->problem);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(reasons[i]->code, "past") == 0)
            return problem_set(call->problem, STATUS_FAILED_PRECONDITION, field_of(asked, slot, field), "The slot %s has begun already",
                               slot->id);
        if (asked->hold != NULL && !slot->own && visibility_ended(reasons[i]))
            return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "hold", "%s", reasons[i]->detail);
        hidden = hidden || strcmp(reasons[i]->code, "not-free") != 0;
    }
    if (hidden && asked->hold == NULL && !slot->own)
        return problem_set(call->problem, STATUS_NOT_FOUND, field_of(asked, slot, field), "There is no slot %s", slot->id);
    return STATUS_OK;
}

// Whether the service takes the patient on the slot's day.
static status_t check_taken(service_call_t *call, const asked_t *asked, const loaded_slot_t *slot)
{
    char field[FIELD_SIZE];
    int64_t start_us;
    if (!instant_parse(slot->start, &start_us))
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "A slot without a beginning");
    return taking_check_patient(slot->taking, date_of_instant(start_us), field_of(asked, slot, field), call->problem);
}

static status_t check_fit(service_call_t *call, const asked_t *asked, const char *hold, const loaded_slot_t *slot, appointment_fit_t *fit)
{
    char field[FIELD_SIZE];
    status_t status = check_seen(call, asked, slot);
    if (status == STATUS_OK)
        status = check_taken(call, asked, slot);
    if (status != STATUS_OK)
        return status;
    *fit = appointment_fit(slot, hold, asked->beside);
    if (*fit == APPOINTMENT_FIT_TAKEN)
        return refuse_taken(call, field_of(asked, slot, field), slot);
    if (*fit != APPOINTMENT_FIT_BESIDE)
        return STATUS_OK;
    if (!service_may(call, SCOPE_OVERBOOK))
        return problem_set(call->problem, STATUS_PERMISSION_DENIED, "overbookReason", "The token lacks the scope %s", SCOPE_OVERBOOK);
    if (!slot->within_reach)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "overbookReason",
                           "Who keeps the schedule alone puts an appointment beside another");
    return STATUS_OK;
}

// The slots of the booking in the order of their beginning, and what becomes of each, into the change.
static status_t take_slots(service_call_t *call, const asked_t *asked, const booking_t *booking, change_t *change,
                           const loaded_slot_t **slots)
{
    const size_t wanted = asked->hold != NULL ? booking->n_hold_slots : asked->count;
    if (booking->n_wanted != wanted)
        return problem_set(call->problem, STATUS_NOT_FOUND, asked->hold != NULL ? "hold" : "slots", "One of the slots is not there");
    change->taken = arena_alloc(call->arena, wanted * sizeof *change->taken);
    change->overbooked = arena_alloc(call->arena, wanted * sizeof *change->overbooked);
    if (change->taken == NULL || change->overbooked == NULL)
        return refuse_memory(call);
    status_t status = STATUS_OK;
    for (size_t i = 0; i < wanted && status == STATUS_OK; i++) {
        appointment_fit_t fit = APPOINTMENT_FIT_TAKEN;
        slots[i] = booking->wanted[i];
        status = check_fit(call, asked, booking->hold, slots[i], &fit);
        if (fit != APPOINTMENT_FIT_OWN)
            change->taken[change->n_taken++] = slots[i]->id;
        if (fit == APPOINTMENT_FIT_BESIDE)
            change->overbooked[change->n_overbooked++] = slots[i]->id;
    }
    change->hold = booking->hold;
    return status == STATUS_OK ? slots_contiguous(slots, wanted, call->problem) : status;
}

// What an appointment has of its slots.
static status_t place(service_call_t *call, appointment_t *appointment, const loaded_slot_t *const *slots, size_t count)
{
    char **ids = arena_alloc(call->arena, count * sizeof *ids);
    if (ids == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < count; i++)
        ids[i] = slots[i]->id;
    appointment->slots = ids;
    appointment->n_slots = count;
    appointment->service = slots[0]->service;
    appointment->organisation = slots[0]->organisation;
    appointment->start = slots[0]->start;
    appointment->end = slots[count - 1]->end;
    appointment->has_channel = appointment->has_kind = 1;
    appointment->channel = slots[0]->channel;
    appointment->kind = slots[0]->kind;
    return STATUS_OK;
}

// By which a video appointment is joined: nobody can guess it.
static status_t give_token(service_call_t *call, change_t *change)
{
    unsigned char bytes[VIDEO_TOKEN_BYTES];
    char text[BASE64URL_SIZE(VIDEO_TOKEN_BYTES)];
    if (change->appointment->channel != CHANNEL(VIDEO) || change->video_token != NULL)
        return STATUS_OK;
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "No random numbers");
    base64url_encode(bytes, sizeof bytes, text);
    change->video_token = arena_string(call->arena, text);
    return change->video_token != NULL ? STATUS_OK : refuse_memory(call);
}

// ---- a new one ----

static status_t check_patient(service_call_t *call, const booking_t *booking)
{
    if (booking->patient == NULL || !patient_shown(booking->reach))
        return refuse_patient(call, "patient");
    if (booking->merged_into != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient", "The patient is kept as %s now", booking->merged_into);
    if (booking->died_on != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient", "The patient has died");
    return STATUS_OK;
}

static status_t fill_new(service_call_t *call, const create_t *request, const booking_t *booking, appointment_t *appointment)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    appointment->id = new_id(call);
    appointment->booked_by = pb_new(&pcn__referral__v1__booked_by__type, call->arena);
    if (appointment->id == NULL || appointment->booked_by == NULL)
        return refuse_memory(call);
    appointment->patient = booking->patient;
    appointment->has_status = 1;
    appointment->status = APPOINTMENT_STATUS(BOOKED);
    appointment->booked_by->subject = principal->subject;
    appointment->booked_by->organisation = principal->organisations[0];
    appointment->description = request->description;
    appointment->comment = request->comment;
    appointment->hold = booking->hold;
    appointment->has_synthetic = appointment->synthetic = booking->patient_synthetic;
    appointment->has_version = 1;
    appointment->version = 1;
    appointment->created_at = appointment->updated_at = (char *)(uintptr_t)call->now;
    return STATUS_OK;
}

// The entry that the request names is there, and not over.
static status_t check_entry(service_call_t *call, const create_t *request, const booking_t *booking)
{
    waiting_status_t unused;
    if (request->waiting_entry == NULL)
        return STATUS_OK;
    if (booking->entry == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "waitingEntry", "There is no waiting entry %s", request->waiting_entry);
    return waiting_go(booking->entry->status, WAITING_BOOK, &unused, call->problem);
}

// The waiting entry that the booking settles, where there is one.
static status_t settle_entry(service_call_t *call, const create_t *request, const booking_t *booking, change_t *change)
{
    status_t status = STATUS_OK;
    if (booking->entry != NULL)
        change->entry = waiting_entry_booked(call, booking->entry, change->appointment, request->waiting_entry != NULL, &status);
    return status;
}

static status_t tell_booked(service_call_t *call, change_t *change)
{
    status_t status = appointment_tell(call, "pcn.referral.appointment.booked", change);
    return status == STATUS_OK && change->entry != NULL ? waiting_event(call, "pcn.referral.waiting-entry.booked", change->entry) : status;
}

status_t decide_create_appointment(service_call_t *call)
{
    const create_t *request = call->request;
    const booking_t *booking = call->rows[0];
    asked_t asked = {request->hold, request->slots, request->n_slots, request->overbook_reason != NULL};
    if (request->waiting_entry != NULL && request->hold == NULL && request->n_slots == 0)
        asked.hold = booking->hold;
    if (!about_patient(call, booking->asked))
        return refuse_memory(call);
    status_t status = check_entry(call, request, booking);
    if (status == STATUS_OK)
        status = check_asked(call, &asked);
    if (status == STATUS_OK)
        status = check_patient(call, booking);
    if (status == STATUS_OK)
        status = check_hold(call, &asked, booking);
    if (status != STATUS_OK)
        return status;
    change_t *change = pb_new(APPOINTMENT_CHANGE_TYPE, call->arena);
    appointment_t *appointment = pb_new(APPOINTMENT_TYPE, call->arena);
    const loaded_slot_t **slots = arena_alloc(call->arena, (booking->n_wanted + 1) * sizeof *slots);
    if (change == NULL || appointment == NULL || slots == NULL)
        return refuse_memory(call);
    change->appointment = appointment;
    status = take_slots(call, &asked, booking, change, slots);
    if (status == STATUS_OK)
        status = place(call, appointment, slots, booking->n_wanted);
    if (status == STATUS_OK)
        status = fill_new(call, request, booking, appointment);
    if (status == STATUS_OK)
        status = give_token(call, change);
    if (status == STATUS_OK && change->n_overbooked > 0)
        appointment->overbook_reason = request->overbook_reason;
    if (status == STATUS_OK)
        status = settle_entry(call, request, booking, change);
    return status == STATUS_OK ? tell_booked(call, change) : status;
}

// ---- another time ----

static status_t add_former(service_call_t *call, const appointment_t *before, appointment_t *after)
{
    former_t **all = arena_alloc(call->arena, (before->n_former + 1) * sizeof *all);
    former_t *former = pb_new(FORMER_TYPE, call->arena);
    if (all == NULL || former == NULL)
        return refuse_memory(call);
    const size_t forgotten = before->n_former >= FORMER_MAX ? before->n_former - FORMER_MAX + 1 : 0;
    former->slots = before->slots;
    former->n_slots = before->n_slots;
    former->start = before->start;
    former->end = before->end;
    former->until = (char *)(uintptr_t)call->now;
    after->n_former = 0;
    for (size_t i = forgotten; i < before->n_former; i++)
        all[after->n_former++] = before->former[i];
    all[after->n_former++] = former;
    after->former = all;
    return STATUS_OK;
}

static bool has_slot(char *const *slots, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(slots[i], id) == 0)
            return true;
    }
    return false;
}

static status_t give_up(service_call_t *call, const appointment_t *before, change_t *change)
{
    const appointment_t *after = change->appointment;
    change->freed = arena_alloc(call->arena, (before->n_slots + 1) * sizeof *change->freed);
    if (change->freed == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < before->n_slots; i++) {
        if (!has_slot(after->slots, after->n_slots, before->slots[i]))
            change->freed[change->n_freed++] = before->slots[i];
    }
    return STATUS_OK;
}

static status_t move(service_call_t *call, const asked_t *asked, const booking_t *booking, const appointment_t *before, change_t *change)
{
    const loaded_slot_t **slots = arena_alloc(call->arena, (booking->n_wanted + 1) * sizeof *slots);
    if (slots == NULL)
        return refuse_memory(call);
    status_t status = take_slots(call, asked, booking, change, slots);
    if (status != STATUS_OK)
        return status;
    if (strcmp(slots[0]->service, before->service) != 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, asked->hold != NULL ? "hold" : "slots",
                           "It moves within its service: for another one, cancel it and book anew");
    appointment_t *after = change->appointment;
    status = place(call, after, slots, booking->n_wanted);
    if (status == STATUS_OK)
        status = give_up(call, before, change);
    if (status == STATUS_OK)
        status = add_former(call, before, after);
    if (status == STATUS_OK)
        status = give_token(call, change);
    after->hold = booking->hold;
    return status;
}

status_t decide_reschedule_appointment(service_call_t *call)
{
    const reschedule_t *request = call->request;
    const asked_t asked = {request->hold, request->slots, request->n_slots, false};
    change_t *change;
    const appointment_t *before;
    status_t status = appointment_change(call, request->id, APPOINTMENT_STEP_RESCHEDULE, &before, &change);
    if (status == STATUS_OK)
        status = check_asked(call, &asked);
    if (status != STATUS_OK)
        return status;
    const loaded_appointment_t *row = call->rows[0];
    status = check_hold(call, &asked, row->booking);
    if (status == STATUS_OK)
        status = move(call, &asked, row->booking, before, change);
    if (status == STATUS_OK && change->n_taken == 0 && change->n_freed == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "slots", "It has that time already");
    return status == STATUS_OK ? appointment_tell(call, "pcn.referral.appointment.rescheduled", change) : status;
}
