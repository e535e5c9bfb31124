// What a service of the directory must meet to be found, and why one is not. Pure.
#ifndef PCN_REFERRAL_RULES_DIRECTORY_H
#define PCN_REFERRAL_RULES_DIRECTORY_H

#include "common/base/arena.h"
#include "services/referral/rules_hours.h"

typedef Pcn__Referral__V1__ListServicesRequest search_t;

// As many as there are kinds of reasons.
#define DIRECTORY_REASONS_MAX 12

// The search must make sense: both halves of a place, a distance only with one, one instant. INVALID_ARGUMENT names the parameter.
MUST_CHECK status_t directory_check_search(const search_t *search, problem_t *problem);

// Every reason for which the service does not meet the search at that moment; none where it does. The moment decides only where the search
// asks for one that is open. A service that is not active, or does not accept the caller, is never found. RESOURCE_EXHAUSTED without
// memory.
MUST_CHECK status_t directory_reasons(const search_t *search, const loaded_service_t *service, const local_moment_t *moment, arena_t *arena,
                                      reason_t *reasons[DIRECTORY_REASONS_MAX], size_t *count, problem_t *problem);

// Rules within one service. INVALID_ARGUMENT names the field: a channel twice, ages or hours the wrong way round, coordinates outside the
// world, more free places than there are, a need both accepted and excluded.
MUST_CHECK status_t directory_check_service(const directory_service_t *service, problem_t *problem);
// The same of the parts that a kind has too.
MUST_CHECK status_t directory_check_criteria(const criteria_t *criteria, problem_t *problem);

#endif
