// Page tokens of a list: the place to go on after, bound to the list's filters, so that one is not mistaken for another's. A token is
// base64url of "1.<hash of the filters>.<last code>", for a search followed by ".<distance>"; the statement takes them out with
// page_after() and page_after_distance(). It guards against mistakes, not against forgery: rows of the registry are public.
#ifndef PCN_REGISTRY_RULES_PAGING_H
#define PCN_REGISTRY_RULES_PAGING_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

// NULL without memory. `distance` counts where the request searches.
char *page_token_make(const Pcn__Registry__V1__ListOrganisationsRequest *request, const char *last_code, int64_t distance, arena_t *arena);
// OK for a request without a token. INVALID_ARGUMENT `pageToken` for one that is none, or belongs to a list with other filters.
MUST_CHECK status_t page_token_check(const Pcn__Registry__V1__ListOrganisationsRequest *request, arena_t *arena, problem_t *problem);

#endif
