// Who may become a member or director of a network, and which list sizes may be recorded.
#ifndef PCN_REGISTRY_RULES_MEMBERSHIP_H
#define PCN_REGISTRY_RULES_MEMBERSHIP_H

#include "common/base/status.h"
#include "services/registry/messages.h"

// `closed_on` of a network here is the first day without it by all that is on record: a closing to come counts too.

// `network` was loaded with the practice that the member names and that practice's memberships.
// INVALID_ARGUMENT `to` before `from`; FAILED_PRECONDITION `practice` that is not there or no practice, `from` or `to` outside of the
// network's life; ALREADY_EXISTS `practice` with a core network in those days (domain: at most one at a time).
MUST_CHECK status_t member_check(const aggregate_t *network, const member_t *member, problem_t *problem);

// INVALID_ARGUMENT `to` before `from`, or a `share` of nothing; FAILED_PRECONDITION `from` or `to` outside of the network's life, `share`
// where those known on some day pass 1 (domain: a job share is allowed); ALREADY_EXISTS `name` whose term overlaps.
MUST_CHECK status_t director_check(const aggregate_t *network, const director_t *director, problem_t *problem);

// INVALID_ARGUMENT `asOf` in the future; FAILED_PRECONDITION `subGroup` of anything but a network; ALREADY_EXISTS `asOf` counted already,
// or, for a correction, FAILED_PRECONDITION `asOf` not counted.
MUST_CHECK status_t list_size_check(const aggregate_t *organisation, const list_size_t *size, bool correction, const char *today,
                                    problem_t *problem);

#endif
