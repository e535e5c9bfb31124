#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "common/service/patch.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_schedule.h"

typedef Pcn__Referral__Store__V1__LoadedTemplate loaded_t;
typedef Pcn__Referral__Store__V1__TemplateReferences references_t;
typedef Pcn__Referral__Store__V1__TemplateChange change_t;
typedef Pcn__Referral__Store__V1__FutureSlot future_t;
typedef Pcn__Referral__V1__ScheduleTemplateState state_t;

#define CHANGE_TYPE (&pcn__referral__store__v1__template_change__type)
#define EVENT_TEMPLATE_CREATED "pcn.referral.schedule-template.created"
#define EVENT_TEMPLATE_UPDATED "pcn.referral.schedule-template.updated"
// Most slots that a refusal names.
#define TOUCHED_MAX 20

// ---- slots of a template ----

static bool holidays_of(service_call_t *call, char *const *dates, size_t count, holidays_t *holidays)
{
    int32_t *days = arena_alloc(call->arena, (count + 1) * sizeof *days);
    if (days == NULL)
        return false;
    *holidays = (holidays_t){.days = days};
    for (size_t i = 0; i < count; i++)
        holidays->count += date_parse(dates[i], &days[holidays->count]) ? 1 : 0;
    return true;
}

// Room for so many slots more in the change.
static bool make_room(service_call_t *call, change_t *change, size_t count)
{
    change->slot_ids = arena_alloc(call->arena, (count + 1) * sizeof *change->slot_ids);
    change->slot_starts = arena_alloc(call->arena, (count + 1) * sizeof *change->slot_starts);
    change->slot_minutes = arena_alloc(call->arena, (count + 1) * sizeof *change->slot_minutes);
    change->slot_lanes = arena_alloc(call->arena, (count + 1) * sizeof *change->slot_lanes);
    return change->slot_ids != NULL && change->slot_starts != NULL && change->slot_minutes != NULL && change->slot_lanes != NULL;
}

static bool add_slot(service_call_t *call, change_t *change, const made_slot_t *slot)
{
    char start[INSTANT_SIZE];
    const size_t at = change->n_slot_ids;
    instant_format(slot->start_us, start);
    change->slot_ids[at] = new_id(call);
    change->slot_starts[at] = arena_string(call->arena, start);
    change->slot_minutes[at] = (uint32_t)slot->minutes;
    change->slot_lanes[at] = (uint32_t)slot->lane;
    change->n_slot_ids = change->n_slot_starts = change->n_slot_minutes = change->n_slot_lanes = at + 1;
    return change->slot_ids[at] != NULL && change->slot_starts[at] != NULL;
}

static char *date_text(service_call_t *call, int32_t day)
{
    char date[DATE_SIZE];
    date_format(day, date);
    return arena_string(call->arena, date);
}

// Slots of the days from `from` to the horizon, none of which has begun.
static status_t add_slots(service_call_t *call, change_t *change, int32_t from, const holidays_t *holidays)
{
    made_slot_t *slots;
    size_t count;
    int32_t last;
    status_t status = schedule_slots(change->template_, from, call->today + SCHEDULE_HORIZON_DAYS - 1, holidays, SCHEDULE_SLOTS_MAX,
                                     call->arena, &slots, &count, &last, call->problem);
    if (status != STATUS_OK)
        return status;
    if (!make_room(call, change, count))
        return refuse_memory(call);
    for (size_t i = 0; i < count; i++) {
        if (slots[i].start_us > call->now_us && !add_slot(call, change, &slots[i]))
            return refuse_memory(call);
    }
    change->template_->generated_to = date_text(call, last);
    return change->template_->generated_to != NULL ? STATUS_OK : refuse_memory(call);
}

// What an event tells of it; NULL at the cap.
static state_t *state_of(service_call_t *call, const template_t *schedule)
{
    state_t *state = pb_new(SCHEDULE_TEMPLATE_STATE_TYPE, call->arena);
    if (state == NULL || (state->exceptions = arena_alloc(call->arena, (schedule->n_exceptions + 1) * sizeof *state->exceptions)) == NULL)
        return NULL;
    pb_merge(SCHEDULE_TEMPLATE_STATE_TYPE, state, SCHEDULE_TEMPLATE_TYPE, schedule);
    for (size_t i = 0; i < schedule->n_exceptions; i++) {
        Pcn__Referral__V1__SessionExceptionState *exception = pb_new(SESSION_EXCEPTION_STATE_TYPE, call->arena);
        if (exception == NULL)
            return NULL;
        pb_merge(SESSION_EXCEPTION_STATE_TYPE, exception, SESSION_EXCEPTION_TYPE, schedule->exceptions[i]);
        state->exceptions[state->n_exceptions++] = exception;
    }
    return state;
}

static status_t emit_template(service_call_t *call, const char *type, change_t *change)
{
    template_t *schedule = change->template_;
    state_t *state = state_of(call, schedule);
    if (state == NULL)
        return refuse_memory(call);
    status_t status = emit(call, type, "schedule-templates", schedule->id, schedule->version, SCHEDULE_TEMPLATE_STATE_TYPE, state);
    call->after = change;
    call->reply = schedule;
    return status;
}

// ---- creation ----

static status_t check_new(service_call_t *call, const template_t *asked, const references_t *row)
{
    if (row == NULL || (!row->provider_within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "service", "There is no service %s", asked->service);
    for (size_t i = 0; i < row->n_channels; i++) {
        if (row->channels[i] == asked->channel)
            return STATUS_OK;
    }
    return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "channel", "The service is not offered in that way");
}

status_t decide_create_schedule_template(service_call_t *call)
{
    const Pcn__Referral__V1__CreateScheduleTemplateRequest *request = call->request;
    const references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    status_t status = schedule_check(request->schedule_template, call->problem);
    if (status == STATUS_OK)
        status = check_new(call, request->schedule_template, row);
    if (status == STATUS_OK)
        status = schedule_check_restrictions(request->schedule_template->restrictions, row->missing_organisation, call->problem);
    if (status != STATUS_OK)
        return status;
    change_t *change = pb_new(CHANGE_TYPE, call->arena);
    template_t *schedule = pb_new(SCHEDULE_TEMPLATE_TYPE, call->arena);
    holidays_t holidays;
    if (change == NULL || schedule == NULL || !holidays_of(call, row->bank_holidays_on, row->n_bank_holidays_on, &holidays))
        return refuse_memory(call);
    pb_merge(SCHEDULE_TEMPLATE_TYPE, schedule, SCHEDULE_TEMPLATE_TYPE, request->schedule_template);
    schedule->id = new_id(call);
    if (schedule->id == NULL)
        return refuse_memory(call);
    schedule->organisation = row->provider;
    schedule->has_version = 1;
    schedule->version = 1;
    schedule->created_at = schedule->updated_at = (char *)(uintptr_t)call->now;
    change->template_ = schedule;
    status = add_slots(call, change, call->today, &holidays);
    return status == STATUS_OK ? emit_template(call, EVENT_TEMPLATE_CREATED, change) : status;
}

// ---- reads ----

// Why a date differs is told to who keeps the plan alone: somebody is ill.
static void withhold(const service_call_t *call, const loaded_t *row)
{
    for (size_t i = 0; !row->within_reach && !service_may(call, SCOPE_ANY) && i < row->n_exceptions; i++)
        row->exceptions[i]->reason = NULL;
}

status_t decide_get_schedule_template(service_call_t *call)
{
    const Pcn__Referral__V1__GetScheduleTemplateRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no schedule template %s", request->id);
    template_t *schedule = pb_new(SCHEDULE_TEMPLATE_TYPE, call->arena);
    if (schedule == NULL)
        return refuse_memory(call);
    pb_merge(SCHEDULE_TEMPLATE_TYPE, schedule, LOADED_TEMPLATE_TYPE, call->rows[0]);
    withhold(call, call->rows[0]);
    call->reply = schedule;
    call->version = schedule->version;
    return STATUS_OK;
}

static const page_part_t parts_of_template[] = {PAGE_ID};

status_t prepare_list_schedule_templates(service_call_t *call)
{
    return page_prepare(call, parts_of_template, 1);
}

status_t decide_list_schedule_templates(service_call_t *call)
{
    Pcn__Referral__V1__ListScheduleTemplatesReply *reply = pb_new(&pcn__referral__v1__list_schedule_templates_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    for (size_t i = 0; i < call->row_count; i++)
        withhold(call, call->rows[i]);
    reply->schedule_templates = page_merge(call, SCHEDULE_TEMPLATE_TYPE, LOADED_TEMPLATE_TYPE, &reply->n_schedule_templates);
    if (reply->schedule_templates == NULL)
        return refuse_memory(call);
    if (reply->n_schedule_templates == call->row_count)
        return STATUS_OK;
    return page_end(call, (const char *const[]){reply->schedule_templates[reply->n_schedule_templates - 1]->id}, 1,
                    &reply->next_page_token);
}

// ---- a change ----

// What a changed plan makes of the slots that are there, both in the order of their beginning and lane: what is in both stays.
typedef struct diff {
    const made_slot_t *wanted;
    size_t wanted_count;
    future_t *const *there;
    size_t there_count;
    bool keep_booked;
    future_t *touched[TOUCHED_MAX];
    size_t touched_count;
} diff_t;

static int compare_places(int64_t start_a, int32_t lane_a, int64_t start_b, int32_t lane_b)
{
    if (start_a != start_b)
        return start_a < start_b ? -1 : 1;
    return (lane_a > lane_b) - (lane_a < lane_b);
}

static int compare_made(const void *a, const void *b)
{
    const made_slot_t *left = a, *right = b;
    return compare_places(left->start_us, left->lane, right->start_us, right->lane);
}

// A slot that is not wanted any more, or not of that length. One that stayed before stays until what stands in it is over.
static void let_go(diff_t *diff, change_t *change, future_t *slot)
{
    if (slot->status == SLOT_STATUS(FREE)) {
        change->gone[change->n_gone++] = slot->id;
    } else if (slot->off_plan) {
        return;
    } else if (diff->keep_booked) {
        change->kept[change->n_kept++] = slot->id;
    } else {
        if (diff->touched_count < TOUCHED_MAX)
            diff->touched[diff->touched_count] = slot;
        diff->touched_count++;
    }
}

// A slot that begins where the plan has one. What stands in it keeps its length.
static void stay(diff_t *diff, change_t *change, future_t *slot, const made_slot_t *wanted)
{
    if ((int32_t)slot->minutes == wanted->minutes) {
        if (slot->off_plan)
            change->regained[change->n_regained++] = slot->id;
    } else if (slot->status == SLOT_STATUS(FREE)) {
        change->resized[change->n_resized++] = slot->id;
        change->resized_minutes[change->n_resized_minutes++] = (uint32_t)wanted->minutes;
    } else {
        let_go(diff, change, slot);
    }
}

static status_t apply_diff(service_call_t *call, diff_t *diff, change_t *change)
{
    change->gone = arena_alloc(call->arena, (diff->there_count + 1) * sizeof *change->gone);
    change->kept = arena_alloc(call->arena, (diff->there_count + 1) * sizeof *change->kept);
    change->regained = arena_alloc(call->arena, (diff->there_count + 1) * sizeof *change->regained);
    change->resized = arena_alloc(call->arena, (diff->there_count + 1) * sizeof *change->resized);
    change->resized_minutes = arena_alloc(call->arena, (diff->there_count + 1) * sizeof *change->resized_minutes);
    if (change->gone == NULL || change->kept == NULL || change->regained == NULL || change->resized == NULL ||
        change->resized_minutes == NULL || !make_room(call, change, diff->wanted_count))
        return refuse_memory(call);
    size_t at = 0;
    for (size_t i = 0; i < diff->wanted_count; i++) {
        const made_slot_t *wanted = &diff->wanted[i];
        int order = 1;
        int64_t start_us = 0;
        for (; at < diff->there_count; at++) {
            future_t *slot = diff->there[at];
            if (!instant_parse(slot->start, &start_us))
                return problem_set(call->problem, STATUS_INTERNAL, NULL, "A slot without a beginning");
            order = compare_places(start_us, (int32_t)slot->lane, wanted->start_us, wanted->lane);
            if (order >= 0)
                break;
            let_go(diff, change, slot);
        }
        if (at < diff->there_count && order == 0) {
            future_t *slot = diff->there[at++];
            stay(diff, change, slot, wanted);
            continue;
        }
        if (wanted->start_us > call->now_us && !add_slot(call, change, wanted))
            return refuse_memory(call);
    }
    for (; at < diff->there_count; at++)
        let_go(diff, change, diff->there[at]);
    return STATUS_OK;
}

static status_t refuse_diff(service_call_t *call, const diff_t *diff)
{
    const size_t told = diff->touched_count < TOUCHED_MAX ? diff->touched_count : TOUCHED_MAX;
    (void)problem_set(call->problem, STATUS_ALREADY_EXISTS, "sessions",
                      "%zu slots that are booked, held or blocked would go; `keepBooked=true` leaves them as they are",
                      diff->touched_count);
    return refuse_touched(call, diff->touched, told);
}

// Slots from today to where they reached, anew.
static status_t change_slots(service_call_t *call, const loaded_t *row, bool keep_booked, change_t *change)
{
    holidays_t holidays;
    made_slot_t *slots;
    size_t count;
    int32_t reached = call->today + SCHEDULE_HORIZON_DAYS - 1, last;
    if (!holidays_of(call, row->bank_holidays_on, row->n_bank_holidays_on, &holidays))
        return refuse_memory(call);
    status_t status = schedule_slots(change->template_, call->today, reached, &holidays, SCHEDULE_SLOTS_MAX, call->arena, &slots, &count,
                                     &last, call->problem);
    if (status != STATUS_OK)
        return status;
    qsort(slots, count, sizeof *slots, compare_made);
    diff_t diff = {.wanted = slots, .wanted_count = count, .there = row->slots, .there_count = row->n_slots, .keep_booked = keep_booked};
    status = apply_diff(call, &diff, change);
    if (status == STATUS_OK && diff.touched_count > 0)
        status = refuse_diff(call, &diff);
    if (status != STATUS_OK)
        return status;
    change->template_->generated_to = date_text(call, last);
    return change->template_->generated_to != NULL ? STATUS_OK : refuse_memory(call);
}

status_t decide_update_schedule_template(service_call_t *call)
{
    const Pcn__Referral__V1__UpdateScheduleTemplateRequest *request = call->request;
    const loaded_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || (!row->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no schedule template %s", request->id);
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "The template is at version %lld now", (long long)row->version);
    template_t *before = pb_new(SCHEDULE_TEMPLATE_TYPE, call->arena);
    change_t *change = pb_new(CHANGE_TYPE, call->arena);
    if (before == NULL || change == NULL)
        return refuse_memory(call);
    pb_merge(SCHEDULE_TEMPLATE_TYPE, before, LOADED_TEMPLATE_TYPE, row);
    void *patched;
    status_t status = message_patch(SCHEDULE_TEMPLATE_TYPE, before, request->schedule_template, request->clear, request->n_clear,
                                    call->arena, &patched, call->problem);
    if (status != STATUS_OK)
        return status;
    template_t *after = change->template_ = patched;
    status = schedule_check(after, call->problem);
    // What a plan was restricted to before may be gone by now: only what is said anew is looked at.
    if (status == STATUS_OK)
        status = schedule_check_restrictions(request->schedule_template->restrictions, row->missing_organisation, call->problem);
    if (status == STATUS_OK)
        status = change_slots(call, row, request->keep_booked, change);
    if (status != STATUS_OK)
        return status;
    after->version = row->version + 1;
    after->updated_at = (char *)(uintptr_t)call->now;
    return emit_template(call, EVENT_TEMPLATE_UPDATED, change);
}

// ---- the horizon ----

status_t decide_generate_slots(service_call_t *call)
{
    const Pcn__Referral__V1__GenerateSlotsRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no schedule template %s", request->id);
    const loaded_t *row = call->rows[0];
    change_t *change = pb_new(CHANGE_TYPE, call->arena);
    template_t *schedule = pb_new(SCHEDULE_TEMPLATE_TYPE, call->arena);
    holidays_t holidays;
    int32_t from = call->today, reached;
    if (change == NULL || schedule == NULL || !holidays_of(call, row->bank_holidays_on, row->n_bank_holidays_on, &holidays))
        return refuse_memory(call);
    pb_merge(SCHEDULE_TEMPLATE_TYPE, schedule, LOADED_TEMPLATE_TYPE, row);
    change->template_ = schedule;
    if (row->generated_to != NULL && date_parse(row->generated_to, &reached) && reached >= from)
        from = reached + 1;
    if (from > call->today + SCHEDULE_HORIZON_DAYS - 1) {
        call->after = change;
        call->reply = schedule;
        call->key = schedule->id;
        call->version = row->version;
        call->unchanged = true;
        return STATUS_OK;
    }
    status_t status = add_slots(call, change, from, &holidays);
    if (status != STATUS_OK)
        return status;
    schedule->version = row->version + 1;
    schedule->updated_at = (char *)(uintptr_t)call->now;
    return emit_template(call, EVENT_TEMPLATE_UPDATED, change);
}
