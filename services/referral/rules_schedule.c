#include "services/referral/rules_schedule.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/field.h"
#include "pcn/registry/v1/registry.meta.h"

// A role that restrictions name as they name kinds of organisations.
#define URGENT_CARE "urgent-care"
#define US_PER_MINUTE INT64_C(60000000)

// ---- what makes sense ----

static status_t refuse(problem_t *problem, const char *list, size_t index, const char *field, const char *sentence)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s[%zu].%s", list, index, field);
    return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "%s", sentence);
}

static bool overlap(const char *from_a, const char *to_a, const char *from_b, const char *to_b)
{
    return minute_of_time(from_a) < minute_of_time(to_b) && minute_of_time(from_b) < minute_of_time(to_a);
}

static status_t check_session(const template_t *schedule, size_t index, problem_t *problem)
{
    const session_t *session = schedule->sessions[index];
    const int32_t length = minute_of_time(session->to) - minute_of_time(session->from);
    if (length <= 0)
        return refuse(problem, "sessions", index, "to", "It does not end after it begins; a session past midnight is two of them");
    if (length < (int32_t)session->minutes)
        return refuse(problem, "sessions", index, "minutes", "No slot of that length fits in");
    for (size_t i = 0; i < index; i++) {
        const session_t *other = schedule->sessions[i];
        if (other->weekday == session->weekday && overlap(other->from, other->to, session->from, session->to))
            return refuse(problem, "sessions", index, "from", "It overlaps another session of that day; slots side by side are `parallel`");
    }
    return STATUS_OK;
}

static status_t check_exception(const template_t *schedule, size_t index, problem_t *problem)
{
    const session_exception_t *exception = schedule->exceptions[index];
    if ((exception->from == NULL) != (exception->to == NULL))
        return refuse(problem, "exceptions", index, exception->from == NULL ? "from" : "to", "Both times are given, or neither");
    if (exception->from != NULL && !exception->has_minutes)
        return refuse(problem, "exceptions", index, "minutes", "A session of a date has the length of its slots");
    if (exception->from != NULL && minute_of_time(exception->to) - minute_of_time(exception->from) < (int32_t)exception->minutes)
        return refuse(problem, "exceptions", index, "to", "No slot of that length fits in");
    for (size_t i = 0; i < index; i++) {
        const session_exception_t *other = schedule->exceptions[i];
        if (strcmp(other->date, exception->date) != 0)
            continue;
        if (other->from == NULL || exception->from == NULL)
            return refuse(problem, "exceptions", index, "date", "That date has no sessions, so it has no other exception");
        if (overlap(other->from, other->to, exception->from, exception->to))
            return refuse(problem, "exceptions", index, "from", "It overlaps another session of that date");
    }
    return STATUS_OK;
}

status_t schedule_check(const template_t *schedule, problem_t *problem)
{
    if (schedule->valid_to != NULL && strcmp(schedule->valid_to, schedule->valid_from) < 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "validTo", "The last day is before the first");
    if (schedule->restrictions != NULL && schedule->restrictions->has_embargo_days && schedule->restrictions->embargo_until == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "restrictions.embargoUntil", "An embargo ends at a time of day");
    status_t status = STATUS_OK;
    for (size_t i = 0; i < schedule->n_sessions && status == STATUS_OK; i++)
        status = check_session(schedule, i, problem);
    for (size_t i = 0; i < schedule->n_exceptions && status == STATUS_OK; i++)
        status = check_exception(schedule, i, problem);
    return status;
}

static bool type_known(const char *type)
{
    int value;
    return strcmp(type, URGENT_CARE) == 0 || pb_enum_by_json(&pcn__registry__v1__organisation_kind__enum, type, strlen(type), &value);
}

status_t schedule_check_restrictions(const Pcn__Referral__V1__Restrictions *restrictions, const char *missing, problem_t *problem)
{
    char field[64];
    for (size_t i = 0; restrictions != NULL && i < restrictions->n_organisation_types; i++) {
        (void)snprintf(field, sizeof field, "restrictions.organisationTypes[%zu]", i);
        if (!type_known(restrictions->organisation_types[i]))
            return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "There is no type of organisation %s",
                               restrictions->organisation_types[i]);
    }
    for (size_t i = 0; restrictions != NULL && missing != NULL && i < restrictions->n_organisations; i++) {
        (void)snprintf(field, sizeof field, "restrictions.organisations[%zu]", i);
        if (strcmp(restrictions->organisations[i], missing) == 0)
            return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "There is no organisation %s", missing);
    }
    return STATUS_OK;
}

// ---- which slots come of it ----

typedef struct making {
    made_slot_t *slots;
    size_t count, max;
    bool full;
} making_t;

// The instant of a time of day; of one that the clocks skip, that at which they go on.
static int64_t instant_from(int32_t day, int32_t minute)
{
    int64_t at_us;
    while (!instant_of_local(day, minute, &at_us))
        minute++;
    return at_us;
}

static void make_session(making_t *making, int32_t day, const char *from, const char *to, int32_t minutes, int32_t parallel)
{
    const int64_t end_us = instant_from(day, minute_of_time(to));
    int64_t free_us = INT64_MIN;
    for (int32_t at = minute_of_time(from); at + minutes <= minute_of_time(to); at += minutes) {
        int64_t start_us;
        // The hour that the clocks skip has no slots; one that lasts over it takes the place of those behind it, and ends in its session.
        if (!instant_of_local(day, at, &start_us) || start_us < free_us || start_us + minutes * US_PER_MINUTE > end_us)
            continue;
        free_us = start_us + minutes * US_PER_MINUTE;
        for (int32_t lane = 1; lane <= parallel; lane++) {
            if (making->count == making->max) {
                making->full = true;
                return;
            }
            making->slots[making->count++] = (made_slot_t){.start_us = start_us, .minutes = minutes, .lane = lane};
        }
    }
}

static bool is_holiday(const holidays_t *holidays, int32_t day)
{
    for (size_t i = 0; i < holidays->count; i++) {
        if (holidays->days[i] == day)
            return true;
    }
    return false;
}

static void make_day(making_t *making, const template_t *schedule, int32_t day, const holidays_t *holidays)
{
    char date[DATE_SIZE];
    date_format(day, date);
    bool special = false;
    for (size_t i = 0; i < schedule->n_exceptions; i++) {
        const session_exception_t *exception = schedule->exceptions[i];
        if (strcmp(exception->date, date) != 0)
            continue;
        special = true;
        if (exception->from != NULL)
            make_session(making, day, exception->from, exception->to, (int32_t)exception->minutes,
                         exception->has_parallel ? (int32_t)exception->parallel : 1);
    }
    if (special || (is_holiday(holidays, day) && !schedule->bank_holidays))
        return;
    const int weekday = weekday_of_date(day) + 1;
    for (size_t i = 0; i < schedule->n_sessions; i++) {
        const session_t *session = schedule->sessions[i];
        if ((int)session->weekday == weekday)
            make_session(making, day, session->from, session->to, (int32_t)session->minutes,
                         session->has_parallel ? (int32_t)session->parallel : 1);
    }
}

status_t schedule_slots(const template_t *schedule, int32_t from, int32_t to, const holidays_t *holidays, size_t max, arena_t *arena,
                        made_slot_t **slots, size_t *count, int32_t *last, problem_t *problem)
{
    making_t making = {.slots = arena_alloc(arena, (max + 1) * sizeof *making.slots), .max = max};
    int32_t first_valid, last_valid = to;
    if (making.slots == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    if (!date_parse(schedule->valid_from, &first_valid) || (schedule->valid_to != NULL && !date_parse(schedule->valid_to, &last_valid)))
        return problem_set(problem, STATUS_INTERNAL, NULL, "A template without days");
    *last = from - 1;
    for (int32_t day = from; day <= to; day++) {
        const size_t before = making.count;
        if (day >= first_valid && day <= last_valid)
            make_day(&making, schedule, day, holidays);
        if (making.full) {
            if (before == 0)
                return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, "sessions", "One day of it has more than %zu slots", max);
            making.count = before;
            break;
        }
        *last = day;
    }
    *slots = making.slots;
    *count = making.count;
    return STATUS_OK;
}
