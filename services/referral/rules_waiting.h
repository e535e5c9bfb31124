// How an entry of a waiting list goes on, and how long an offer stands. Pure. Who is the first to be offered a slot is decided where the
// entries are: first_waiting() in 1070_waiting.sql.
#ifndef PCN_REFERRAL_RULES_WAITING_H
#define PCN_REFERRAL_RULES_WAITING_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__WaitingStatus waiting_status_t;

typedef enum waiting_step {
    WAITING_OFFER,
    WAITING_DECLINE,
    WAITING_RUN_OUT,
    WAITING_WITHDRAW,
    WAITING_BOOK,
    WAITING_LAPSE,
    WAITING_STEPS
} waiting_step_t;

// Where a step leads from a status; ABORTED with the reason where it leads nowhere.
MUST_CHECK status_t waiting_go(waiting_status_t from, waiting_step_t step, waiting_status_t *to, problem_t *problem);

// Until when an offer stands: so many minutes, but no longer than the slot can be booked.
int64_t waiting_offer_until(int64_t now_us, uint32_t minutes, int64_t bookable_us);

// The days of a new entry. INVALID_ARGUMENT `to` where it is before `from`, or over. Either may be NULL.
MUST_CHECK status_t waiting_days(const char *from, const char *to, int32_t today, problem_t *problem);

// Whether two entries wait for the same: of one service, for one kind and one channel, or for any both.
bool waiting_same(const Pcn__Referral__Store__V1__LoadedWaitingEntry *a, const Pcn__Referral__Store__V1__LoadedWaitingEntry *b);

#endif
