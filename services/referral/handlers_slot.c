#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_taking.h"
#include "services/referral/rules_visibility.h"
#include "services/referral/settings.h"

typedef Pcn__Referral__V1__Slot slot_t;
typedef Pcn__Referral__V1__Hold hold_t;
typedef Pcn__Referral__V1__ListSlotsRequest request_t;
typedef Pcn__Referral__V1__ListSlotsReply reply_t;
typedef Pcn__Referral__Store__V1__SlotSearch slot_search_t;
typedef Pcn__Referral__Store__V1__Hold loaded_hold_t;

#define HIDDEN_TYPE (&pcn__referral__v1__hidden_slot__type)
#define HOLD_MINUTES_DEFAULT 5
#define US_PER_MINUTE INT64_C(60000000)
#define ALTERNATIVES_BYTES 16384
#define FIELD_SIZE 32

// ---- the search ----

// Beginning, id.
static const page_part_t parts_of_slot[] = {PAGE_INSTANT, PAGE_ID};
#define PARTS (sizeof parts_of_slot / sizeof *parts_of_slot)

status_t prepare_list_slots(service_call_t *call)
{
    const request_t *request = call->request;
    range_t range;
    const int meant = (request->organisation != NULL) + (request->network != NULL) + (request->service != NULL);
    const char *surplus = request->service != NULL ? "service" : "network";
    if (meant != 1)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, meant == 0 ? "organisation" : surplus,
                           "One of organisation, network and service is asked for");
    status_t status = visibility_range(request->from, request->to, &range, call->problem);
    if (status != STATUS_OK)
        return status;
    slot_search_t *search = pb_new(&pcn__referral__store__v1__slot_search__type, call->arena);
    char from[INSTANT_SIZE], to[INSTANT_SIZE];
    instant_format(range.from_us, from);
    instant_format(range.to_us, to);
    if (search == NULL || (search->from = arena_string(call->arena, from)) == NULL || (search->to = arena_string(call->arena, to)) == NULL)
        return refuse_memory(call);
    call->prepared = search;
    char *parts[PARTS];
    status = page_parts(call, parts_of_slot, PARTS, parts);
    search->after_start = parts[0];
    search->after_id = parts[1];
    return status;
}

bool list_slots_explains(const void *request)
{
    return ((const request_t *)request)->explain;
}

static bool keeps(const service_call_t *call, const loaded_slot_t *row)
{
    return row->within_reach || service_may(call, SCOPE_ANY);
}

// Field by field, since a search does so for each of its slots.
static slot_t *slot_of(service_call_t *call, const loaded_slot_t *row)
{
    slot_t *slot = pb_new(SLOT_TYPE, call->arena);
    if (slot == NULL)
        return NULL;
    slot->id = row->id;
    slot->service = row->service;
    slot->schedule = row->schedule;
    slot->organisation = row->organisation;
    slot->start = row->start;
    slot->end = row->end;
    slot->has_minutes = row->has_minutes;
    slot->minutes = row->minutes;
    slot->has_kind = row->has_kind;
    slot->kind = row->kind;
    slot->has_channel = row->has_channel;
    slot->channel = row->channel;
    slot->has_status = row->has_status;
    slot->status = row->status;
    slot->restrictions = row->restrictions;
    slot->block_reason = row->block_reason;
    slot->has_version = row->has_version;
    slot->version = row->version;
    // Somebody is ill: nothing for others.
    if (!keeps(call, row))
        slot->block_reason = NULL;
    return slot;
}

// Takes a row into the page. False where it has no room any more, or with the refusal in *status.
static bool take(service_call_t *call, reply_t *reply, const loaded_slot_t *row, const range_t *range, page_t *page, status_t *status)
{
    reason_t *reasons[VISIBILITY_REASONS_MAX];
    size_t count = 0;
    *status = visibility_reasons(row, range, call->now_us, call->arena, reasons, &count, call->problem);
    if (*status != STATUS_OK)
        return false;
    slot_t *slot = slot_of(call, row);
    Pcn__Referral__V1__HiddenSlot *hidden = count > 0 ? pb_new(HIDDEN_TYPE, call->arena) : NULL;
    reason_t **list = count > 0 ? arena_alloc(call->arena, count * sizeof *list) : NULL;
    if (slot == NULL || (count > 0 && (hidden == NULL || list == NULL))) {
        *status = refuse_memory(call);
        return false;
    }
    if (count == 0) {
        if (!page_take(page, SLOT_TYPE, slot))
            return false;
        reply->slots[reply->n_slots++] = slot;
        return true;
    }
    memcpy(list, reasons, count * sizeof *list);
    hidden->slot = slot;
    hidden->reasons = list;
    hidden->n_reasons = count;
    if (!page_take(page, HIDDEN_TYPE, hidden))
        return false;
    // What the statement found and the rule hides by now (an instant between them) is only shown where that is asked for.
    if (((const request_t *)call->request)->explain)
        reply->hidden[reply->n_hidden++] = hidden;
    return true;
}

status_t decide_list_slots(service_call_t *call)
{
    const request_t *request = call->request;
    range_t range;
    status_t status = visibility_range(request->from, request->to, &range, call->problem);
    if (status != STATUS_OK)
        return status;
    reply_t *reply = pb_new(&pcn__referral__v1__list_slots_reply__type, call->arena);
    if (reply == NULL || (reply->slots = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL ||
        (reply->hidden = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    page_t page = page_begin(call);
    while (page.rows < call->row_count && take(call, reply, call->rows[page.rows], &range, &page, &status)) {
    }
    if (status != STATUS_OK || page.rows == call->row_count)
        return status;
    const loaded_slot_t *last = call->rows[page.rows - 1];
    return page_end(call, (const char *const[PARTS]){last->start, last->id}, PARTS, &reply->next_page_token);
}

// ---- one ----

status_t decide_get_slot(service_call_t *call)
{
    const Pcn__Referral__V1__GetSlotRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no slot %s", request->id);
    slot_t *slot = slot_of(call, call->rows[0]);
    if (slot == NULL)
        return refuse_memory(call);
    call->reply = slot;
    call->version = slot->version;
    return STATUS_OK;
}

// The slot of who keeps the schedule. NULL with the refusal.
static const loaded_slot_t *kept_slot(service_call_t *call, const char *id)
{
    const loaded_slot_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && keeps(call, row))
        return row;
    (void)problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no slot %s", id);
    return NULL;
}

static status_t change_status(service_call_t *call, const loaded_slot_t *row, Pcn__Referral__V1__SlotStatus to, const char *reason,
                              const char *event)
{
    slot_t *slot = slot_of(call, row);
    Pcn__Referral__V1__SlotState *state = pb_new(SLOT_STATE_TYPE, call->arena);
    if (slot == NULL || state == NULL)
        return refuse_memory(call);
    slot->has_status = 1;
    slot->status = to;
    slot->block_reason = (char *)(uintptr_t)reason;
    // Its organisation's own has what the plan restricts no more.
    if (to == SLOT_STATUS(RECLAIMED))
        slot->restrictions = NULL;
    slot->version++;
    pb_merge(SLOT_STATE_TYPE, state, SLOT_TYPE, slot);
    status_t status = emit(call, event, "slots", slot->id, slot->version, SLOT_STATE_TYPE, state);
    call->after = call->reply = slot;
    return status;
}

status_t decide_block_slot(service_call_t *call)
{
    const Pcn__Referral__V1__BlockSlotRequest *request = call->request;
    const loaded_slot_t *row = kept_slot(call, request->id);
    if (row == NULL)
        return call->problem->status;
    if (row->status != SLOT_STATUS(FREE) && row->status != SLOT_STATUS(RECLAIMED))
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "id", "The slot is not free");
    return change_status(call, row, SLOT_STATUS(BLOCKED), request->reason, "pcn.referral.slot.blocked");
}

status_t decide_unblock_slot(service_call_t *call)
{
    const Pcn__Referral__V1__UnblockSlotRequest *request = call->request;
    const loaded_slot_t *row = kept_slot(call, request->id);
    if (row == NULL)
        return call->problem->status;
    if (row->status != SLOT_STATUS(BLOCKED))
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "id", "The slot is not blocked");
    if (row->off_plan)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "Its schedule has the slot no more");
    return change_status(call, row, row->reclaimed ? SLOT_STATUS(RECLAIMED) : SLOT_STATUS(FREE), NULL, "pcn.referral.slot.unblocked");
}

// ---- what went unused ----

static status_t reclaim(service_call_t *call, const char *id)
{
    const loaded_slot_t *row = kept_slot(call, id);
    if (row == NULL)
        return call->problem->status;
    int64_t start_us;
    if (!instant_parse(row->start, &start_us))
        return problem_set(call->problem, STATUS_INTERNAL, "start", "A slot without a beginning");
    if (row->status == SLOT_STATUS(RECLAIMED)) {
        call->reply = slot_of(call, row);
        call->key = row->id;
        call->version = row->version;
        call->unchanged = true;
        return call->reply != NULL ? STATUS_OK : refuse_memory(call);
    }
    if (!row->has_reclaim_minutes)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "Only a slot that is kept for NHS 111 is taken back");
    if (start_us <= call->now_us)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "The slot %s has begun already", id);
    if (row->status != SLOT_STATUS(FREE))
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "id", "The slot is not free");
    return change_status(call, row, SLOT_STATUS(RECLAIMED), NULL, "pcn.referral.slot.reclaimed");
}

status_t decide_reclaim_slot(service_call_t *call)
{
    const Pcn__Referral__V1__ReclaimSlotRequest *request = call->request;
    return reclaim(call, request->id);
}

// By the service itself: what somebody else was faster with stays as it is.
status_t decide_reclaim_unused_slot(service_call_t *call)
{
    const Pcn__Referral__V1__ReclaimUnusedSlotRequest *request = call->request;
    const loaded_slot_t *row = kept_slot(call, request->id);
    if (row == NULL)
        return call->problem->status;
    int64_t start_us;
    const bool due = row->status == SLOT_STATUS(FREE) && row->has_reclaim_minutes && instant_parse(row->start, &start_us) &&
                     start_us <= call->now_us + row->reclaim_minutes * US_PER_MINUTE && start_us > call->now_us;
    if (due)
        return reclaim(call, request->id);
    call->reply = slot_of(call, row);
    call->key = row->id;
    call->version = row->version;
    call->unchanged = true;
    return call->reply != NULL ? STATUS_OK : refuse_memory(call);
}

// ---- holds ----

status_t refuse_taken(service_call_t *call, const char *field, const loaded_slot_t *slot)
{
    status_t status = problem_set(call->problem, STATUS_ALREADY_EXISTS, field, "The slot %s is taken", slot->id);
    buf_t text;
    buf_init(&text, ALTERNATIVES_BYTES);
    buf_add_string(&text, "\"alternatives\":[");
    for (size_t i = 0; i < slot->n_alternatives; i++) {
        if (i > 0)
            buf_add_char(&text, ',');
        pb_json_write(SLOT_TYPE, slot->alternatives[i], &text);
    }
    buf_add_char(&text, ']');
    call->problem->members = buf_ok(&text) ? arena_copy(call->arena, text.data, text.size) : NULL;
    buf_deinit(&text);
    return status;
}

// Whether the caller sees the slot, its service takes people from there, and it is free. What is hidden but for being taken is as if it
// were not there.
static status_t check_seen(service_call_t *call, const loaded_slot_t *slot)
{
    reason_t *reasons[VISIBILITY_REASONS_MAX];
    size_t count = 0;
    status_t status = visibility_reasons(slot, NULL, call->now_us, call->arena, reasons, &count, call->problem);
    if (status != STATUS_OK)
        return status;
    const bool taken = count == 1 && strcmp(reasons[0]->code, "not-free") == 0;
    if (count == 0 || taken)
        status = taking_check_patient(slot->taking, call->today, "id", call->problem);
    if (status != STATUS_OK || count == 0)
        return status;
    if (taken)
        return refuse_taken(call, "id", slot);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(reasons[i]->code, "past") == 0)
            return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "The slot %s has begun already", slot->id);
    }
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no slot %s", slot->id);
}

static hold_t *new_hold(service_call_t *call, const loaded_slot_t **slots, size_t count, int64_t minutes)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    char expires[INSTANT_SIZE];
    instant_format(call->now_us + minutes * US_PER_MINUTE, expires);
    hold_t *hold = pb_new(HOLD_TYPE, call->arena);
    if (hold == NULL || (hold->id = new_id(call)) == NULL || (hold->expires_at = arena_string(call->arena, expires)) == NULL ||
        (hold->slots = arena_alloc(call->arena, count * sizeof *hold->slots)) == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        hold->slots[hold->n_slots++] = slots[i]->id;
    hold->organisation = principal->organisations[0];
    hold->has_version = 1;
    hold->version = 1;
    return hold;
}

static status_t emit_hold(service_call_t *call, const char *event, hold_t *hold, const char *slots_of)
{
    loaded_hold_t *after = pb_new(&pcn__referral__store__v1__hold__type, call->arena);
    if (after == NULL)
        return refuse_memory(call);
    pb_merge(&pcn__referral__store__v1__hold__type, after, HOLD_TYPE, hold);
    after->slots_of = (char *)(uintptr_t)slots_of;
    status_t status = emit(call, event, "holds", hold->id, hold->version, HOLD_TYPE, hold);
    call->after = after;
    return status;
}

// No slot twice.
static status_t check_with(service_call_t *call)
{
    const Pcn__Referral__V1__HoldSlotRequest *request = call->request;
    for (size_t i = 0; i < request->n_with; i++) {
        bool twice = strcasecmp(request->with[i], request->id) == 0;
        for (size_t k = 0; k < i; k++)
            twice = twice || strcasecmp(request->with[i], request->with[k]) == 0;
        char field[FIELD_SIZE];
        (void)snprintf(field, sizeof field, "with[%zu]", i);
        if (twice)
            return problem_set(call->problem, STATUS_INVALID_ARGUMENT, field, "The slot is named twice");
    }
    return STATUS_OK;
}

// What one organisation holds of another is bounded: nobody keeps a practice's whole day from everybody else, thirty minutes at a time. An
// organisation's own slots are its own affair.
static status_t check_bound(service_call_t *call, const loaded_slot_t *first, size_t count)
{
    const int64_t most = referral_holds_max(call->settings);
    if (!first->has_held_slots || first->held_slots + (int64_t)count <= most)
        return STATUS_OK;
    return problem_set(call->problem, STATUS_ABORTED, NULL,
                       "%s holds %lld slots of %s, and no more than %lld at a time: book what is held, or release it",
                       call->header->principal->organisations[0], (long long)first->held_slots, first->organisation, (long long)most);
}

status_t decide_hold_slot(service_call_t *call)
{
    const Pcn__Referral__V1__HoldSlotRequest *request = call->request;
    status_t status = check_with(call);
    if (status != STATUS_OK)
        return status;
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "Who holds a slot does so for an organisation: the token names none");
    const loaded_slot_t **slots = arena_alloc(call->arena, (call->row_count + 1) * sizeof *slots);
    if (slots == NULL)
        return refuse_memory(call);
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no slot %s", request->id);
    if (call->row_count != 1 + request->n_with)
        return problem_set(call->problem, STATUS_NOT_FOUND, "with", "One of the slots is not there");
    for (size_t i = 0; i < call->row_count && status == STATUS_OK; i++) {
        slots[i] = call->rows[i];
        status = check_seen(call, slots[i]);
    }
    if (status == STATUS_OK)
        status = slots_contiguous(slots, call->row_count, call->problem);
    if (status == STATUS_OK)
        status = check_bound(call, slots[0], call->row_count);
    if (status != STATUS_OK)
        return status;
    hold_t *hold = new_hold(call, slots, call->row_count, request->has_minutes ? request->minutes : HOLD_MINUTES_DEFAULT);
    if (hold == NULL)
        return refuse_memory(call);
    status = emit_hold(call, "pcn.referral.hold.created", hold, slots[0]->organisation);
    loaded_hold_t *after = call->after;
    if (status == STATUS_OK && slots[0]->has_held_slots) {
        after->has_slots_most = 1;
        after->slots_most = referral_holds_max(call->settings);
    }
    // Those who want one slot stand in one queue, as those who book it.
    call->key = hold->slots[0];
    return status;
}

status_t decide_release_hold(service_call_t *call)
{
    const Pcn__Referral__V1__ReleaseHoldRequest *request = call->request;
    const loaded_hold_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no hold %s", request->id);
    if (row->over || strcmp(row->status, "held") != 0)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "The hold is over: it was %s", row->over ? "let run out" : row->status);
    hold_t *hold = pb_new(HOLD_TYPE, call->arena);
    if (hold == NULL)
        return refuse_memory(call);
    pb_merge(HOLD_TYPE, hold, &pcn__referral__store__v1__hold__type, row);
    hold->version++;
    return emit_hold(call, "pcn.referral.hold.released", hold, row->slots_of);
}
