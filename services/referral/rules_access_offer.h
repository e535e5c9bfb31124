// Where patients are offered less than every patient should be: what is missing on which days, as findings. Pure.
#ifndef PCN_REFERRAL_RULES_ACCESS_OFFER_H
#define PCN_REFERRAL_RULES_ACCESS_OFFER_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__Store__V1__AccessOf access_of_t;
typedef Pcn__Referral__Store__V1__OfferRule offer_rule_t;
typedef Pcn__Referral__V1__AccessFinding access_finding_t;

// Days of the range on which the offer is made at all: all of them, or working ones.
size_t access_days(const offer_rule_t *offer, int32_t first, int32_t last, char *const *holidays, size_t holiday_count);

// Whether nothing of the offer is missing for the organisation.
bool access_met(const access_of_t *of, const char *offer);

// The findings about one organisation and an offer that is made on so many days, in the order of days. Where a practice misses the whole of
// it on all of them, that is one finding without a day; a network's are told day by day. *count: how many; `findings` has room for one a
// missing day. False without memory.
MUST_CHECK bool access_findings(const access_of_t *of, const offer_rule_t *offer, size_t days, arena_t *arena, access_finding_t **findings,
                                size_t *count);

#endif
