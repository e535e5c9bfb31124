// Pages of lists whose key has several parts (rules_cursor.h), between a call's request and its rows.
#ifndef PCN_REGISTRY_HANDLERS_PAGE_H
#define PCN_REGISTRY_HANDLERS_PAGE_H

#include "common/service/service.h"

// The place that a page goes on after, as call->prepared (store After); none where there is no token. `list` names the list with its
// filters.
MUST_CHECK status_t page_prepare(service_call_t *call, const char *token, const char *const *list, size_t list_count, size_t part_count);

// How many of the rows make the page: those that fit a frame, but one at least.
size_t page_length(const service_call_t *call, size_t size, size_t (*size_of)(const void *row));

#endif
