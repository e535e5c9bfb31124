#include "services/referral/rules_wait.h"

#include <string.h>

#include "common/base/clock.h"

#define DAYS_A_WEEK 7
#define SATURDAY 5
#define US_A_MINUTE INT64_C(60000000)
#define WHOLE 1000 // a share of all, in thousandths

static const char *const texts[WAIT_EVENT_KINDS] = {
#define X(name, text) [WAIT_EVENT_##name] = (text),
    WAIT_EVENTS(X)
#undef X
};

// What each event makes of each state. A row that says nothing of a state leaves it: WAIT_NONE is 0 and never made of another.
static const wait_state_t after[WAIT_EVENT_KINDS][WAIT_STATES] = {
    // A re-referral after the wait is over is a new one; while it runs (handed on, received once more) it runs on.
    [WAIT_EVENT_RECEIVED] = {[WAIT_NONE] = WAIT_RUNNING,
                             [WAIT_MONITORED] = WAIT_RUNNING,
                             [WAIT_STOPPED] = WAIT_RUNNING,
                             [WAIT_MISSED] = WAIT_RUNNING,
                             [WAIT_VOID] = WAIT_RUNNING},
    [WAIT_EVENT_FIRST_TREATMENT] = {[WAIT_RUNNING] = WAIT_STOPPED, [WAIT_MISSED] = WAIT_VOID},
    [WAIT_EVENT_NOT_TREATED] = {[WAIT_RUNNING] = WAIT_STOPPED, [WAIT_MISSED] = WAIT_VOID},
    [WAIT_EVENT_DECLINED] = {[WAIT_RUNNING] = WAIT_STOPPED, [WAIT_MISSED] = WAIT_VOID},
    [WAIT_EVENT_MONITORING] = {[WAIT_RUNNING] = WAIT_MONITORED},
    // Whoever is monitored and then returned is monitored no more: treatment later needs a new referral.
    [WAIT_EVENT_RETURNED] = {[WAIT_RUNNING] = WAIT_STOPPED, [WAIT_MONITORED] = WAIT_STOPPED, [WAIT_MISSED] = WAIT_VOID},
    [WAIT_EVENT_REDIRECTED] = {[WAIT_RUNNING] = WAIT_STOPPED, [WAIT_MISSED] = WAIT_VOID},
    [WAIT_EVENT_MISSED_FIRST] = {[WAIT_RUNNING] = WAIT_MISSED},
    [WAIT_EVENT_REBOOKED] = {[WAIT_MISSED] = WAIT_RUNNING},
    [WAIT_EVENT_DECIDED_TO_TREAT] = {[WAIT_MONITORED] = WAIT_RUNNING},
    [WAIT_EVENT_NEW_TREATMENT] = {[WAIT_MONITORED] = WAIT_RUNNING, [WAIT_STOPPED] = WAIT_RUNNING},
    [WAIT_EVENT_WITHDRAWN] = {[WAIT_RUNNING] = WAIT_VOID, [WAIT_MISSED] = WAIT_VOID},
};

const char *wait_event_text(wait_event_kind_t kind)
{
    return texts[kind];
}

bool wait_event_of(const char *text, wait_event_kind_t *kind)
{
    for (int i = 0; i < WAIT_EVENT_KINDS; i++) {
        if (strcmp(texts[i], text) == 0) {
            *kind = (wait_event_kind_t)i;
            return true;
        }
    }
    return false;
}

wait_state_t wait_state_after(wait_state_t state, wait_event_kind_t kind)
{
    const wait_state_t made = after[kind][state];
    return made != WAIT_NONE ? made : state;
}

wait_clock_t wait_clock_on(const wait_event_t *events, size_t count, int32_t day)
{
    wait_clock_t clock = {0};
    for (size_t i = 0; i < count && events[i].day <= day; i++) {
        const wait_state_t made = wait_state_after(clock.state, events[i].kind);
        if (made == clock.state)
            continue;
        if (made == WAIT_RUNNING) {
            clock.started = events[i].day;
            clock.clocks++;
        } else if (clock.state == WAIT_RUNNING) {
            clock.stopped = events[i].day;
            clock.stopped_by = events[i].kind;
        }
        clock.state = made;
    }
    return clock;
}

int32_t wait_days(const wait_clock_t *clock, int32_t day)
{
    if (clock->state == WAIT_NONE || clock->state == WAIT_MISSED || clock->state == WAIT_VOID)
        return 0;
    return (clock->state == WAIT_RUNNING ? day : clock->stopped) - clock->started;
}

int32_t wait_weeks(int32_t days)
{
    return days / DAYS_A_WEEK;
}

// ---- standards ----

int32_t wait_last_day(int32_t started, const wait_standard_t *standard)
{
    return started + standard->days;
}

int32_t wait_breach_day(int32_t started, const wait_standard_t *standard)
{
    return wait_last_day(started, standard) + 1;
}

bool wait_is_within(int32_t days, const wait_standard_t *standard)
{
    return days <= standard->days;
}

void wait_tally_count(wait_tally_t *tally, int32_t days, int64_t pathways, const wait_standard_t *standard, const wait_standard_t *longer)
{
    tally->incomplete += pathways;
    tally->within += wait_is_within(days, standard) ? pathways : 0;
    tally->beyond_long += wait_is_within(days, longer) ? 0 : pathways;
    tally->longest = pathways > 0 && days > tally->longest ? days : tally->longest;
}

void wait_tally_add(wait_tally_t *tally, const wait_tally_t *part)
{
    tally->incomplete += part->incomplete;
    tally->within += part->within;
    tally->beyond_long += part->beyond_long;
    tally->longest = part->longest > tally->longest ? part->longest : tally->longest;
}

bool wait_tally_is_met(const wait_tally_t *tally, const wait_standard_t *standard)
{
    return tally->within * WHOLE >= standard->share * tally->incomplete;
}

char *wait_tally_share(const wait_tally_t *tally, arena_t *arena)
{
    if (tally->incomplete == 0)
        return NULL;
    const int64_t share = tally->within * WHOLE / tally->incomplete;
    return arena_printf(arena, "%lld.%03lld", (long long)(share / WHOLE), (long long)(share % WHOLE));
}

// ---- working days ----

bool wait_is_working_day(int32_t day, const holidays_t *holidays)
{
    if (weekday_of_date(day) >= SATURDAY)
        return false;
    for (size_t i = 0; i < holidays->count && holidays->days[i] <= day; i++) {
        if (holidays->days[i] == day)
            return false;
    }
    return true;
}

int32_t wait_working_day_after(int32_t day, int32_t working_days, const holidays_t *holidays)
{
    while (working_days > 0)
        working_days -= wait_is_working_day(++day, holidays) ? 1 : 0;
    while (!wait_is_working_day(day, holidays))
        day++;
    return day;
}

int32_t wait_working_days_between(int32_t after_day, int32_t until, const holidays_t *holidays)
{
    int32_t days = 0;
    for (int32_t day = after_day + 1; day <= until; day++)
        days += wait_is_working_day(day, holidays) ? 1 : 0;
    return days;
}

int32_t wait_contact_by(int64_t created_us, int32_t working_days, const holidays_t *holidays)
{
    return wait_working_day_after(date_of_instant(created_us), working_days, holidays);
}

// ---- responses ----

int64_t wait_response_due_us(int64_t begun_us, int32_t minutes)
{
    return begun_us + minutes * US_A_MINUTE;
}

wait_response_state_t wait_response_on(int64_t begun_us, int32_t minutes, const int64_t *responded_us, int64_t now_us)
{
    const int64_t due_us = wait_response_due_us(begun_us, minutes);
    if (responded_us != NULL)
        return *responded_us <= due_us ? WAIT_RESPONSE_MET : WAIT_RESPONSE_BREACHED;
    return now_us <= due_us ? WAIT_RESPONSE_DUE : WAIT_RESPONSE_OVERDUE;
}
