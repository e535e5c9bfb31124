// What may be put on record beside an organisation.
#ifndef PCN_REGISTRY_RULES_BESIDE_H
#define PCN_REGISTRY_RULES_BESIDE_H

#include "common/base/status.h"
#include "services/registry/messages.h"

typedef Pcn__Registry__V1__StatedFact stated_fact_t;
typedef Pcn__Registry__V1__SystemProfile system_profile_t;
typedef Pcn__Registry__V1__Alignment alignment_t;

// ALREADY_EXISTS `fact`.
MUST_CHECK status_t fact_check(const aggregate_t *organisation, const stated_fact_t *fact, problem_t *problem);
// INVALID_ARGUMENT `to` before `from`; FAILED_PRECONDITION `code` of what is no practice; ALREADY_EXISTS `from`: it has a system in those
// days.
MUST_CHECK status_t system_check(const aggregate_t *organisation, const system_profile_t *system, problem_t *problem);
// INVALID_ARGUMENT `to` before `from`; FAILED_PRECONDITION `code` of what is neither network nor practice, `provider` that is not there;
// ALREADY_EXISTS `service` in those days.
MUST_CHECK status_t alignment_check(const aggregate_t *organisation, const alignment_t *alignment, problem_t *problem);

#endif
