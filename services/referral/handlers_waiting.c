#include "services/referral/handlers_waiting.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"
#include "services/referral/rules_taking.h"

typedef Pcn__Referral__V1__ListWaitingEntriesRequest list_request_t;
typedef Pcn__Referral__V1__ListWaitingEntriesReply list_t;
typedef Pcn__Referral__V1__EndWaitingRequest end_request_t;
typedef Pcn__Referral__V1__WaitingOffer offer_t;
typedef Pcn__Referral__V1__Hold hold_t;

#define EVENT(name) "pcn.referral.waiting-entry." name

// ---- one entry ----

static waiting_entry_t *entry_of(service_call_t *call, const loaded_waiting_entry_t *row)
{
    waiting_entry_t *entry = pb_new(WAITING_ENTRY_TYPE, call->arena);
    if (entry != NULL)
        pb_merge(WAITING_ENTRY_TYPE, entry, LOADED_WAITING_ENTRY_TYPE, row);
    return entry;
}

waiting_entry_t *waiting_entry_after(service_call_t *call, const loaded_waiting_entry_t *row, waiting_step_t step, status_t *status)
{
    waiting_entry_t *entry = entry_of(call, row);
    if (entry == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    *status = waiting_go(row->status, step, &entry->status, call->problem);
    entry->version++;
    entry->updated_at = (char *)(uintptr_t)call->now;
    if (step != WAITING_OFFER)
        entry->offer = NULL;
    entry->has_place = entry->has_place && (entry->status == WAITING_STATUS(WAITING) || entry->status == WAITING_STATUS(OFFERED));
    return *status == STATUS_OK ? entry : NULL;
}

status_t waiting_event(service_call_t *call, const char *type, const waiting_entry_t *entry)
{
    Pcn__Referral__V1__WaitingEntryState *state = pb_new(WAITING_STATE_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "waiting-entries/%s", entry->id);
    if (state == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(WAITING_STATE_TYPE, state, WAITING_ENTRY_TYPE, entry);
    return service_event(call, type, subject, entry->version, WAITING_STATE_TYPE, state) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

waiting_entry_t *waiting_entry_booked(service_call_t *call, const loaded_waiting_entry_t *row,
                                      const Pcn__Referral__V1__Appointment *appointment, bool named, status_t *status)
{
    if (strcmp(row->patient, appointment->patient) != 0)
        *status = problem_set(call->problem, STATUS_FAILED_PRECONDITION, named ? "waitingEntry" : "hold", "It is another patient's");
    else if (strcmp(row->service, appointment->service) != 0)
        *status = problem_set(call->problem, STATUS_FAILED_PRECONDITION, "waitingEntry", "The patient waits for another service");
    else if (row->offer != NULL && (appointment->hold == NULL || strcmp(row->offer->hold, appointment->hold) != 0))
        *status = problem_set(call->problem, STATUS_ABORTED, "waitingEntry", "Another slot is offered: book that one, or decline it");
    else
        *status = STATUS_OK;
    waiting_entry_t *entry = *status == STATUS_OK ? waiting_entry_after(call, row, WAITING_BOOK, status) : NULL;
    if (entry != NULL)
        entry->appointment = appointment->id;
    return entry;
}

static status_t tell(service_call_t *call, const char *type, waiting_change_t *change)
{
    waiting_entry_t *entry = change->entry;
    call->after = change;
    call->reply = entry;
    call->key = entry->id;
    call->version = entry->version;
    return waiting_event(call, type, entry);
}

status_t waiting_hold_event(service_call_t *call, const char *type, const offer_t *offer, const char *holder, int64_t version)
{
    hold_t *hold = pb_new(HOLD_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "holds/%s", offer->hold);
    char **slots = arena_alloc(call->arena, sizeof *slots);
    if (hold == NULL || subject == NULL || slots == NULL)
        return refuse_memory(call);
    slots[0] = offer->slot;
    hold->id = offer->hold;
    hold->slots = slots;
    hold->n_slots = 1;
    hold->expires_at = offer->until;
    hold->organisation = (char *)(uintptr_t)holder;
    hold->has_version = 1;
    hold->version = version;
    return service_event(call, type, subject, version, HOLD_TYPE, hold) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

bool waiting_gives_up(const loaded_waiting_entry_t *row)
{
    return row->offer != NULL && row->hold_status != NULL && strcmp(row->hold_status, "held") == 0;
}

status_t waiting_tell_withdrawn(service_call_t *call, const loaded_waiting_entry_t *row, const char *patient)
{
    status_t status;
    waiting_entry_t *entry = waiting_entry_after(call, row, WAITING_WITHDRAW, &status);
    if (entry == NULL)
        return status;
    entry->patient = (char *)(uintptr_t)patient;
    status = waiting_event(call, EVENT("withdrawn"), entry);
    if (status == STATUS_OK && waiting_gives_up(row))
        status = waiting_hold_event(call, "pcn.referral.hold.released", row->offer, row->recorded_from, row->hold_version + 1);
    return status;
}

static status_t refuse_entry(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no waiting entry %s", id);
}

// ---- creation ----

static waiting_entry_t *new_entry(service_call_t *call, const taking_references_t *row, const waiting_entry_t *asked)
{
    waiting_entry_t *entry = pb_new(WAITING_ENTRY_TYPE, call->arena);
    if (entry == NULL || (entry->id = new_id(call)) == NULL)
        return NULL;
    char *const id = entry->id;
    pb_merge(WAITING_ENTRY_TYPE, entry, WAITING_ENTRY_TYPE, asked);
    entry->id = id;
    entry->organisation = row->provider;
    entry->has_status = 1;
    entry->status = WAITING_STATUS(WAITING);
    entry->recorded_by = call->header->principal->subject;
    entry->recorded_from = call->header->principal->organisations[0];
    entry->has_synthetic = entry->synthetic = row->patient_synthetic;
    entry->has_version = 1;
    entry->version = 1;
    entry->created_at = entry->updated_at = (char *)(uintptr_t)call->now;
    return entry;
}

// From which on somebody waits: their age of that day counts.
static int32_t first_day(const service_call_t *call, const waiting_entry_t *asked)
{
    int32_t from;
    return asked->from != NULL && date_parse(asked->from, &from) && from > call->today ? from : call->today;
}

status_t decide_create_waiting_entry(service_call_t *call)
{
    const Pcn__Referral__V1__CreateWaitingEntryRequest *request = call->request;
    const waiting_entry_t *asked = request->waiting_entry;
    const taking_references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (!about_patient(call, asked->patient))
        return refuse_memory(call);
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "Who puts somebody on a waiting list does so for an organisation: the token names none");
    status_t status = waiting_days(asked->from, asked->to, call->today, call->problem);
    if (status != STATUS_OK)
        return status;
    if (row == NULL || row->patient == NULL)
        return refuse_patient(call, "patient");
    status = taking_check(row, asked->service, "channel", first_day(call, asked), call->problem);
    if (status != STATUS_OK)
        return status;
    if (row->waits != NULL)
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, NULL, "The patient waits for it already: %s", row->waits);
    waiting_change_t *change = pb_new(WAITING_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->entry = new_entry(call, row, asked)) == NULL)
        return refuse_memory(call);
    return tell(call, EVENT("created"), change);
}

// ---- reads ----

// The row, with the patient whom the call is about; NULL with the refusal in *status.
static const loaded_waiting_entry_t *seen(service_call_t *call, const char *id, status_t *status)
{
    const loaded_waiting_entry_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    *status = STATUS_OK;
    if (row != NULL && !about_patient(call, row->about))
        *status = refuse_memory(call);
    else if (row == NULL || row->id == NULL)
        *status = refuse_entry(call, id);
    return *status == STATUS_OK ? row : NULL;
}

status_t decide_get_waiting_entry(service_call_t *call)
{
    const Pcn__Referral__V1__GetWaitingEntryRequest *request = call->request;
    status_t status;
    const loaded_waiting_entry_t *row = seen(call, request->id, &status);
    if (row == NULL)
        return status;
    waiting_entry_t *entry = entry_of(call, row);
    if (entry == NULL)
        return refuse_memory(call);
    call->reply = entry;
    call->version = entry->version;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_INSTANT, PAGE_ID};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

status_t prepare_list_waiting_entries(service_call_t *call)
{
    const list_request_t *request = call->request;
    if ((request->service != NULL) == (request->patient != NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->patient != NULL ? "patient" : "service",
                           "Those of a service or those of a patient are asked for");
    return page_prepare(call, parts_of_list, PARTS);
}

status_t decide_list_waiting_entries(service_call_t *call)
{
    const list_request_t *request = call->request;
    list_t *list = pb_new(&pcn__referral__v1__list_waiting_entries_reply__type, call->arena);
    if (list == NULL ||
        (list->waiting_entries = page_merge(call, WAITING_ENTRY_TYPE, LOADED_WAITING_ENTRY_TYPE, &list->n_waiting_entries)) == NULL)
        return refuse_memory(call);
    char **patients = arena_alloc(call->arena, (list->n_waiting_entries + 1) * sizeof *patients);
    if (patients == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < list->n_waiting_entries; i++)
        patients[i] = list->waiting_entries[i]->patient;
    if (!(list->n_waiting_entries > 0 ? about_patients(call, patients, list->n_waiting_entries) : about_patient(call, request->patient)))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_waiting_entries == call->row_count)
        return STATUS_OK;
    const waiting_entry_t *last = list->waiting_entries[list->n_waiting_entries - 1];
    const char *const parts[] = {last->created_at, last->id};
    return page_end(call, parts, PARTS, &list->next_page_token);
}

// ---- ends ----

// Ends the entry or its offer; a hold that still stands is given up with it.
static status_t end(service_call_t *call, waiting_step_t step, const char *type)
{
    const end_request_t *request = call->request;
    status_t status;
    const loaded_waiting_entry_t *row = seen(call, request->id, &status);
    if (row == NULL)
        return status;
    if (!row->keeps)
        return problem_set(call->problem, STATUS_PERMISSION_DENIED, NULL,
                           "It is changed by who recorded it, by whom it waits for, and by the patient's practice");
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    if (row->hold_status != NULL && strcmp(row->hold_status, "used") == 0)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "What was offered is booked");
    waiting_change_t *change = pb_new(WAITING_CHANGE_TYPE, call->arena);
    if (change == NULL)
        return refuse_memory(call);
    change->entry = waiting_entry_after(call, row, step, &status);
    if (change->entry == NULL)
        return status;
    const bool gives_up = waiting_gives_up(row);
    change->released = gives_up ? row->offer->hold : NULL;
    status = tell(call, type, change);
    if (status == STATUS_OK && gives_up)
        status = waiting_hold_event(call, "pcn.referral.hold.released", row->offer, row->recorded_from, row->hold_version + 1);
    return status;
}

status_t decide_withdraw_waiting_entry(service_call_t *call)
{
    return end(call, WAITING_WITHDRAW, EVENT("withdrawn"));
}

status_t decide_decline_offer(service_call_t *call)
{
    return end(call, WAITING_DECLINE, EVENT("offer-declined"));
}

// ---- what the service does by itself ----

static status_t nothing_to_do(service_call_t *call)
{
    call->reply = pb_new(WAITING_ENTRY_TYPE, call->arena);
    call->unchanged = true;
    return call->reply != NULL ? STATUS_OK : refuse_memory(call);
}

static offer_t *new_offer(service_call_t *call, const loaded_waiting_entry_t *row)
{
    int64_t bookable_us = 0;
    char until[INSTANT_SIZE];
    offer_t *offer = pb_new(&pcn__referral__v1__waiting_offer__type, call->arena);
    if (offer == NULL || !instant_parse(row->bookable_until, &bookable_us))
        return NULL;
    instant_format(waiting_offer_until(call->now_us, row->offer_minutes, bookable_us), until);
    offer->hold = new_id(call);
    offer->slot = row->slot;
    offer->start = row->slot_start;
    offer->end = row->slot_end;
    offer->has_channel = 1;
    offer->channel = row->slot_channel;
    offer->until = arena_string(call->arena, until);
    return offer->hold != NULL && offer->until != NULL ? offer : NULL;
}

status_t decide_offer_slot(service_call_t *call)
{
    const loaded_waiting_entry_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    status_t status;
    if (row == NULL || row->id == NULL)
        return nothing_to_do(call);
    waiting_change_t *change = pb_new(WAITING_CHANGE_TYPE, call->arena);
    if (change == NULL)
        return refuse_memory(call);
    change->entry = waiting_entry_after(call, row, WAITING_OFFER, &status);
    if (change->entry == NULL)
        return status;
    change->entry->offer = new_offer(call, row);
    if (change->entry->offer == NULL)
        return refuse_memory(call);
    change->entry->has_offers = 1;
    change->entry->offers++;
    status = tell(call, EVENT("offered"), change);
    return status == STATUS_OK ? waiting_hold_event(call, "pcn.referral.hold.created", change->entry->offer, row->recorded_from, 1)
                               : status;
}

status_t decide_settle_waiting_entry(service_call_t *call)
{
    const loaded_waiting_entry_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    status_t status;
    int32_t last;
    if (row == NULL || row->id == NULL)
        return nothing_to_do(call);
    const bool booked = row->booked != NULL;
    waiting_step_t step = booked ? WAITING_BOOK : WAITING_RUN_OUT;
    const char *type = booked ? EVENT("booked") : EVENT("offer-over");
    if (row->status == WAITING_STATUS(OFFERED)) {
        if (row->hold_status != NULL && strcmp(row->hold_status, "held") == 0 && !row->hold_over)
            return nothing_to_do(call);
    } else if (row->status == WAITING_STATUS(WAITING) &&
               (row->left_behind || (row->to != NULL && date_parse(row->to, &last) && last < call->today))) {
        step = WAITING_LAPSE;
        type = EVENT("lapsed");
    } else {
        return nothing_to_do(call);
    }
    waiting_change_t *change = pb_new(WAITING_CHANGE_TYPE, call->arena);
    if (change == NULL)
        return refuse_memory(call);
    change->entry = waiting_entry_after(call, row, step, &status);
    if (change->entry == NULL)
        return status;
    change->entry->appointment = row->booked;
    return tell(call, type, change);
}
