#include "services/referral/rules_hours.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

typedef Pcn__Referral__V1__Opening opening_t;
typedef Pcn__Referral__V1__OpeningException exception_t;

int32_t minute_of_time(const char *time)
{
    return ((time[0] - '0') * 10 + time[1] - '0') * 60 + (time[3] - '0') * 10 + time[4] - '0';
}

static bool overlap(const char *from_a, const char *to_a, const char *from_b, const char *to_b)
{
    return minute_of_time(from_a) < minute_of_time(to_b) && minute_of_time(from_b) < minute_of_time(to_a);
}

static status_t refuse(problem_t *problem, const char *list, size_t index, const char *field, const char *sentence)
{
    char path[64];
    (void)snprintf(path, sizeof path, "hours.%s[%zu].%s", list, index, field);
    return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "%s", sentence);
}

static status_t check_opening(const hours_t *hours, size_t index, problem_t *problem)
{
    const opening_t *opening = hours->weekly[index];
    if (minute_of_time(opening->to) <= minute_of_time(opening->from))
        return refuse(problem, "weekly", index, "to", "It does not end after it begins; hours past midnight are two openings");
    for (size_t i = 0; i < index; i++) {
        const opening_t *other = hours->weekly[i];
        if (other->weekday == opening->weekday && overlap(other->from, other->to, opening->from, opening->to))
            return refuse(problem, "weekly", index, "from", "It overlaps another opening of that day");
    }
    return STATUS_OK;
}

static status_t check_exception(const hours_t *hours, size_t index, problem_t *problem)
{
    const exception_t *exception = hours->exceptions[index];
    if ((exception->from == NULL) != (exception->to == NULL))
        return refuse(problem, "exceptions", index, exception->from == NULL ? "from" : "to", "Both times are given, or neither");
    if (exception->from != NULL && minute_of_time(exception->to) <= minute_of_time(exception->from))
        return refuse(problem, "exceptions", index, "to", "It does not end after it begins");
    for (size_t i = 0; i < index; i++) {
        const exception_t *other = hours->exceptions[i];
        if (strcmp(other->date, exception->date) != 0)
            continue;
        if (other->from == NULL || exception->from == NULL)
            return refuse(problem, "exceptions", index, "date", "That date is closed, so it has no other exception");
        if (overlap(other->from, other->to, exception->from, exception->to))
            return refuse(problem, "exceptions", index, "from", "It overlaps another exception of that date");
    }
    return STATUS_OK;
}

status_t hours_check(const hours_t *hours, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; hours != NULL && i < hours->n_weekly && status == STATUS_OK; i++)
        status = check_opening(hours, i, problem);
    for (size_t i = 0; hours != NULL && i < hours->n_exceptions && status == STATUS_OK; i++)
        status = check_exception(hours, i, problem);
    return status;
}

static bool holds(const char *from, const char *to, int32_t minute)
{
    return minute_of_time(from) <= minute && minute < minute_of_time(to);
}

bool hours_open(const hours_t *hours, const local_moment_t *moment)
{
    if (hours == NULL)
        return false;
    char date[DATE_SIZE];
    date_format(moment->day, date);
    bool special = false;
    for (size_t i = 0; i < hours->n_exceptions; i++) {
        const exception_t *exception = hours->exceptions[i];
        if (strcmp(exception->date, date) != 0)
            continue;
        if (exception->from != NULL && holds(exception->from, exception->to, moment->minute))
            return true;
        special = true;
    }
    if (special || (moment->bank_holiday && !hours->bank_holidays))
        return false;
    const int weekday = weekday_of_date(moment->day) + 1;
    for (size_t i = 0; i < hours->n_weekly; i++) {
        const opening_t *opening = hours->weekly[i];
        if ((int)opening->weekday == weekday && holds(opening->from, opening->to, moment->minute))
            return true;
    }
    return false;
}
