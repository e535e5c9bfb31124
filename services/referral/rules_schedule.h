// Weekly plans: what makes sense, and which slots come of them. Pure; times of day are those of Europe/London.
#ifndef PCN_REFERRAL_RULES_SCHEDULE_H
#define PCN_REFERRAL_RULES_SCHEDULE_H

#include "common/base/arena.h"
#include "services/referral/rules_hours.h"

typedef Pcn__Referral__V1__ScheduleTemplate template_t;
typedef Pcn__Referral__V1__Session session_t;
typedef Pcn__Referral__V1__SessionException session_exception_t;

// Slots are there for so many days from today on, today among them.
#define SCHEDULE_HORIZON_DAYS 42
// How many days after today the last of them is, as SQL says it.
#define SCHEDULE_LAST_DAY SCHEDULE_TEXT(SCHEDULE_HORIZON_DAYS) " - 1"
#define SCHEDULE_TEXT(number) SCHEDULE_TEXT_OF(number)
#define SCHEDULE_TEXT_OF(number) #number
// Most slots that one change of a template makes; what is beyond follows by the horizon's job.
#define SCHEDULE_SLOTS_MAX 4000

typedef struct made_slot {
    int64_t start_us;
    int32_t minutes, lane;
} made_slot_t;

// Days of bank holidays, in order.
typedef struct holidays {
    const int32_t *days;
    size_t count;
} holidays_t;

// INVALID_ARGUMENT names what is wrong (`sessions[1].to`): a session that does not hold a slot, two of one weekday that overlap, an
// exception with half of its times, of a date that is closed as well, or that overlaps; a last day before the first; an embargo without its
// time of day.
MUST_CHECK status_t schedule_check(const template_t *schedule, problem_t *problem);

// Whether what it is restricted to is there: kinds of organisations that the registry knows (and urgent-care, a role), and organisations,
// of which `missing` is the first that the registry does not have (NULL: all are there). FAILED_PRECONDITION names which, since a slip
// would hide all slots from everybody. NULL restricts nothing.
MUST_CHECK status_t schedule_check_restrictions(const Pcn__Referral__V1__Restrictions *restrictions, const char *missing,
                                                problem_t *problem);

// The slots of the days from the first to the last, in order, as far as the template is valid; whole days, up to `max` slots. *last: the
// last day that they cover. RESOURCE_EXHAUSTED without memory, or where one day has more than `max`.
MUST_CHECK status_t schedule_slots(const template_t *schedule, int32_t from, int32_t to, const holidays_t *holidays, size_t max,
                                   arena_t *arena, made_slot_t **slots, size_t *count, int32_t *last, problem_t *problem);

#endif
