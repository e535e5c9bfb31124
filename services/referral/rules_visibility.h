// Who sees a slot, after GP Connect's rule: it is free and to come, its restrictions of organisation type and organisation are unset or
// hold for the searcher, it is inside its booking window and past its embargo, and lies wholly inside the range that is asked for. Pure.
// The search's statement says the same by sets (store_slot.c); a test holds both against each other.
#ifndef PCN_REFERRAL_RULES_VISIBILITY_H
#define PCN_REFERRAL_RULES_VISIBILITY_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/referral/messages.h"

// The longest range of a search, in local days.
#define VISIBILITY_RANGE_DAYS 14
#define VISIBILITY_REASONS_MAX 10

// Instants, in microseconds.
typedef struct range {
    int64_t from_us, to_us;
} range_t;

// What `from` and `to` of a search mean: local dates, both inclusive, or instants. INVALID_ARGUMENT names the one that is neither, `to`
// where it is before `from` or more than 14 local days are touched.
MUST_CHECK status_t visibility_range(const char *from, const char *to, range_t *range, problem_t *problem);

// Every clause that hides the slot from the searcher at `now_us`; none where it is seen. The range may be NULL: none is asked for.
MUST_CHECK status_t visibility_reasons(const loaded_slot_t *slot, const range_t *range, int64_t now_us, arena_t *arena,
                                       reason_t *reasons[VISIBILITY_REASONS_MAX], size_t *count, problem_t *problem);

// Whether the reason is one for who holds the slot already, too: what it is of is not offered any more.
bool visibility_ended(const reason_t *reason);

// Several slots are booked together only if they follow each other without a gap and are of one schedule (which is of one service and
// channel). FAILED_PRECONDITION names the first that does not fit, by its place in the list as it is given. Sorts the list by beginning.
MUST_CHECK status_t slots_contiguous(const loaded_slot_t **slots, size_t count, problem_t *problem);

#endif
