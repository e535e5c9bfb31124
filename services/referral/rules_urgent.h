// How an urgent case goes on, and its clock. Pure.
#ifndef PCN_REFERRAL_RULES_URGENT_H
#define PCN_REFERRAL_RULES_URGENT_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/referral/messages.h"
#include "services/referral/rules_directory.h"

typedef Pcn__Referral__V1__UrgentCaseStatus urgent_status_t;

// Services of one answer of the directory, shown or hidden.
#define URGENT_SERVICES_MAX 200
// Steps of a case; one that has as many can only be closed.
#define URGENT_STEPS_MAX 100

typedef enum urgent_step {
    URGENT_DISPOSE,
    URGENT_ASSIGN,
    URGENT_ACCEPT,
    URGENT_BOOK,
    URGENT_RESPOND, // arrive and respond alike
    URGENT_CLOSE,
    URGENT_STEPS
} urgent_step_t;

// Where a step leads from a status; ABORTED with the reason where it leads nowhere.
MUST_CHECK status_t urgent_go(urgent_status_t from, urgent_step_t step, urgent_status_t *to, problem_t *problem);

// Who may take a step: `keeps`, who is on the side that opened the case, any; `provides`, the service's provider, those that are its own.
bool urgent_may(urgent_step_t step, bool keeps, bool provides);

// The clock's minutes: the shorter of what the disposition and the service say; 0 where neither does.
uint32_t urgent_target(uint32_t disposition_minutes, uint32_t service_minutes);
// When it is over: elapsed time, whatever clocks on the wall do.
int64_t urgent_due(int64_t disposed_us, uint32_t target_minutes);
// Whether the patient was seen after that, or waits still and it is over. `stopped_us`: 0 while the clock runs.
bool urgent_breached(int64_t due_us, int64_t stopped_us, int64_t now_us);
// Whole minutes until then, rounded down: -1 from the first microsecond after it.
int64_t urgent_minutes_left(int64_t due_us, int64_t now_us);

// Whether a service may be given the case: it answers the disposition, is active, takes people from the caller and this patient by age,
// sex, area and need. Whether it is open and has room is not asked: they say so when they accept. FAILED_PRECONDITION `service` with the
// first reason.
MUST_CHECK status_t urgent_check_service(const search_t *search, const loaded_service_t *service, char *const *kinds, size_t kind_count,
                                         arena_t *arena, problem_t *problem);

#endif
