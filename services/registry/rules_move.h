// How a practice goes from one network to another, or leaves one. Days before stay as they were; what was to end its membership anyway
// still does. Its parent follows: the network, or what the network lies below.
#ifndef PCN_REGISTRY_RULES_MOVE_H
#define PCN_REGISTRY_RULES_MOVE_H

#include "services/registry/rules_changes.h"

typedef Pcn__Registry__V1__MoveMemberRequest move_request_t;
typedef Pcn__Registry__V1__LeaveMemberRequest leave_request_t;

// Whether the practice (NULL: there is none) may have the membership in the network as it was loaded: as member_check says, beside all of
// the practice's memberships but the one in this network that begins on `except` (NULL: beside all).
MUST_CHECK status_t member_check_beside(changes_t *changes, const aggregate_t *network, const aggregate_t *practice, const char *except,
                                        const member_t *member);

// A further membership. Both are loaded, the practice (which may be missing) with its memberships. Refuses as member_check does.
MUST_CHECK status_t member_add(changes_t *changes, const char *network, const member_t *member);

// All three are loaded. ALREADY_EXISTS `practice` where it is no member on that day, be it that it has left; FAILED_PRECONDITION `practice`
// that is closed then, `network` that is not open for the whole membership, or that it is in already with that sub-group.
MUST_CHECK status_t member_move(changes_t *changes, const move_request_t *request);
// Both are loaded. ALREADY_EXISTS as above.
MUST_CHECK status_t member_leave(changes_t *changes, const leave_request_t *request);

#endif
