#include "services/referral/rules_visibility.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/rules_hours.h"

#define US_PER_MINUTE INT64_C(60000000)

// ---- the range ----

static bool bound(const char *text, bool end, int64_t *at_us)
{
    int32_t day;
    if (date_parse(text, &day)) {
        // Midnight is never skipped.
        (void)instant_of_local(end ? day + 1 : day, 0, at_us);
        return true;
    }
    return instant_parse(text, at_us);
}

status_t visibility_range(const char *from, const char *to, range_t *range, problem_t *problem)
{
    if (!bound(from, false, &range->from_us))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "from", "It is neither a date as in 2026-12-01 nor an instant");
    if (!bound(to, true, &range->to_us))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "It is neither a date as in 2026-12-01 nor an instant");
    if (range->to_us <= range->from_us)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "The range ends before it begins");
    int32_t first, last, minute;
    local_of_instant(range->from_us, &first, &minute);
    local_of_instant(range->to_us - 1, &last, &minute);
    if (last - first + 1 > VISIBILITY_RANGE_DAYS)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "A range is at most %d days", VISIBILITY_RANGE_DAYS);
    return STATUS_OK;
}

// ---- one slot ----

typedef struct judged {
    arena_t *arena;
    reason_t **reasons;
    size_t count;
    bool full; // no memory
} judged_t;

static void hide(judged_t *judged, const char *code, const char *detail)
{
    reason_t *reason = pb_new(REASON_TYPE, judged->arena);
    if (reason == NULL || detail == NULL) {
        judged->full = true;
        return;
    }
    reason->code = (char *)(uintptr_t)code;
    reason->detail = (char *)(uintptr_t)detail;
    judged->reasons[judged->count++] = reason;
}

static void judge_time(judged_t *judged, const loaded_slot_t *slot, int64_t start_us, int64_t now_us)
{
    const Pcn__Referral__V1__Restrictions *rules = slot->restrictions;
    int32_t today, minute, day, unused;
    local_of_instant(now_us, &today, &minute);
    local_of_instant(start_us, &day, &unused);
    if (start_us <= now_us)
        hide(judged, "past", "It has begun already");
    else if (rules != NULL && start_us < now_us + (int64_t)rules->notice_minutes * US_PER_MINUTE)
        hide(judged, "notice", arena_printf(judged->arena, "It is booked at least %u minutes before", rules->notice_minutes));
    if (rules != NULL && rules->has_window_days && day > today + (int32_t)rules->window_days)
        hide(judged, "before-window", arena_printf(judged->arena, "It is booked at most %u days before", rules->window_days));
    if (rules == NULL || rules->embargo_until == NULL)
        return;
    const int32_t released = day - (int32_t)rules->embargo_days;
    if (today < released || (today == released && minute < minute_of_time(rules->embargo_until)))
        hide(judged, "embargo",
             arena_printf(judged->arena, "It is released at %s, %u days before", rules->embargo_until, rules->embargo_days));
}

status_t visibility_reasons(const loaded_slot_t *slot, const range_t *range, int64_t now_us, arena_t *arena,
                            reason_t *reasons[VISIBILITY_REASONS_MAX], size_t *count, problem_t *problem)
{
    judged_t judged = {.arena = arena, .reasons = reasons};
    int64_t start_us = 0, end_us = 0, closes_us = 0;
    if (!instant_parse(slot->start, &start_us) || !instant_parse(slot->end, &end_us))
        return problem_set(problem, STATUS_INTERNAL, NULL, "A slot without times");
    // One that was taken back is free for its own organisation, and hidden from others by that.
    if (slot->status != SLOT_STATUS(FREE) && slot->status != SLOT_STATUS(RECLAIMED))
        hide(&judged, "not-free", "It is taken");
    if (!slot->type_allowed)
        hide(&judged, "organisation-type", "It is kept for organisations of another type");
    if (!slot->organisation_allowed)
        hide(&judged, "organisation", "It is kept for other organisations");
    if (!slot->service_active)
        hide(&judged, "service-suspended", "Its service takes nobody at the moment");
    if (slot->channel_withdrawn)
        hide(&judged, "channel-withdrawn", "Its service is not offered in that way any more");
    if (slot->closes_at != NULL && instant_parse(slot->closes_at, &closes_us) && start_us >= closes_us)
        hide(&judged, "organisation-closed", "Its organisation is closed on that day");
    judge_time(&judged, slot, start_us, now_us);
    if (range != NULL && (start_us < range->from_us || end_us > range->to_us))
        hide(&judged, "outside-range", "It does not lie wholly inside what is asked for");
    *count = judged.count;
    if (judged.full)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    return STATUS_OK;
}

bool visibility_ended(const reason_t *reason)
{
    static const char *const codes[] = {"service-suspended", "channel-withdrawn", "organisation-closed"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(reason->code, codes[i]) == 0)
            return true;
    }
    return false;
}

// ---- several ----

static int compare_starts(const void *a, const void *b)
{
    return strcmp((*(const loaded_slot_t *const *)a)->start, (*(const loaded_slot_t *const *)b)->start);
}

status_t slots_contiguous(const loaded_slot_t **slots, size_t count, problem_t *problem)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(slots[i]->schedule, slots[0]->schedule) != 0) {
            char field[32];
            (void)snprintf(field, sizeof field, "slots[%zu]", i);
            return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "Slots of one booking are of one schedule");
        }
    }
    // Instants as they are loaded are all in UTC, of one length, so that their texts are in order.
    qsort(slots, count, sizeof *slots, compare_starts);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(slots[i - 1]->end, slots[i]->start) != 0)
            return problem_set(problem, STATUS_FAILED_PRECONDITION, "slots", "Slots of one booking follow each other without a gap");
    }
    return STATUS_OK;
}
