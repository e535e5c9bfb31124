// Waivers of the size band's lower end: a commissioner's, never the network's own.
#ifndef PCN_REGISTRY_RULES_WAIVER_H
#define PCN_REGISTRY_RULES_WAIVER_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

typedef Pcn__Registry__V1__Waiver waiver_t;
typedef Pcn__Registry__V1__EndWaiverRequest end_waiver_request_t;
typedef Pcn__Registry__V1__CorrectWaiverRequest correct_waiver_request_t;
typedef Pcn__Registry__Store__V1__ChangedWaiver changed_waiver_t;
#define WAIVER_TYPE (&pcn__registry__v1__waiver__type)

// The network was loaded with what is `above` it. INVALID_ARGUMENT `to` before `from`; FAILED_PRECONDITION `from` outside of the network's
// life, `grantedBy` that is no commissioner above it, or not given where there is none; ALREADY_EXISTS `from` where one holds in those
// days.
MUST_CHECK status_t waiver_check(const aggregate_t *network, const waiver_t *waiver, problem_t *problem);

// With the waiver on record, by its commissioner unless it names another. NULL without memory.
aggregate_t *aggregate_with_waiver(const aggregate_t *network, waiver_t *waiver, arena_t *arena);

// As rules_beside_changes.h says. ALREADY_EXISTS `on`; NOT_FOUND `from`; as waiver_check for the right one, whose commissioner is looked at
// only where that was wrong: the one that gave it may be gone by now.
MUST_CHECK status_t waiver_end(const aggregate_t *network, const end_waiver_request_t *request, arena_t *arena, changed_waiver_t **changed,
                               problem_t *problem);
MUST_CHECK status_t waiver_correct(const aggregate_t *network, const correct_waiver_request_t *request, arena_t *arena,
                                   changed_waiver_t **changed, problem_t *problem);

// The network with its waivers as the change leaves them, by first day. NULL without memory.
aggregate_t *aggregate_with_changed_waiver(const aggregate_t *network, const changed_waiver_t *changed, arena_t *arena);

#endif
