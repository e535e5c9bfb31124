// How one organisation ends in favour of another or of several. What lies below it goes to them day by day as it was: a network's members
// by their memberships, all else by its parent or place. Terms of a network's directors end; sub-groups, waivers, list sizes and its own
// payee are not carried over. A practice's own membership ends. Networks that are paid through it are paid through the one that it merges
// into; after a split their payee is closed, which is a finding (payee-closed).
#ifndef PCN_REGISTRY_RULES_SUCCESSION_H
#define PCN_REGISTRY_RULES_SUCCESSION_H

#include "services/registry/rules_changes.h"

typedef Pcn__Registry__V1__MergeOrganisationRequest merge_request_t;
typedef Pcn__Registry__V1__SplitOrganisationRequest split_request_t;

// Both are loaded. ALREADY_EXISTS `code` where it is closed by what is on record; FAILED_PRECONDITION `into`: itself, of another kind (but
// a ccg may merge into a sub-icb, which took the place of ccgs), below it, or not open; `on` where it was not open before.
MUST_CHECK status_t succession_merge(changes_t *changes, const merge_request_t *request);

// Those whose codes are taken are loaded. INVALID_ARGUMENT `into` for fewer than two, for a code or member named twice; ALREADY_EXISTS
// `code` as above, `into[i].code` taken; FAILED_PRECONDITION `into[i].members` for one that is none, `into` names those left out.
MUST_CHECK status_t succession_split(changes_t *changes, const split_request_t *request);

#endif
