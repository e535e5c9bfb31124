// When something is open: weekly hours in Europe/London with exceptions by date. Pure.
#ifndef PCN_REFERRAL_RULES_HOURS_H
#define PCN_REFERRAL_RULES_HOURS_H

#include <stdbool.h>

#include "common/base/status.h"
#include "services/referral/messages.h"

// Minutes of the day of "08:30"; 1440 for "24:00". The text is one that the contract lets through.
int32_t minute_of_time(const char *time);

// A moment as hours see it.
typedef struct local_moment {
    int32_t day;    // days since 1970-01-01
    int32_t minute; // of the day
    bool bank_holiday;
} local_moment_t;

// INVALID_ARGUMENT names the opening (`hours.weekly[2].to`) that ends before it begins or overlaps one before it on the same day, and the
// exception that has only one of its times, overlaps another, or says of one date both that it is closed and open.
MUST_CHECK status_t hours_check(const hours_t *hours, problem_t *problem);
// Whether it is open at the moment: an exception of the date decides alone; else a bank holiday closes, unless the hours say otherwise;
// else the week. A closing time is not open any more. Without any opening it is not known, which counts as not open.
bool hours_open(const hours_t *hours, const local_moment_t *moment);

#endif
