// What the handlers of capacity and of access share: the organisation and the days that are asked for.
#ifndef PCN_REFERRAL_HANDLERS_CAPACITY_H
#define PCN_REFERRAL_HANDLERS_CAPACITY_H

#include "common/service/page.h"
#include "common/service/service.h"

typedef struct capacity_days {
    int32_t first, last;
    int32_t made_to; // last day on which slots are there
} capacity_days_t;

// What is prepared for both: the place of the page, by organisation. INVALID_ARGUMENT `to` where the range ends before it begins or has
// more than `most` days.
MUST_CHECK status_t capacity_prepare(service_call_t *call, const char *from, const char *to, int32_t most);
// The days of what was prepared so. NOT_FOUND `organisation` where no row was loaded.
MUST_CHECK status_t capacity_begin(service_call_t *call, const char *organisation, const char *from, const char *to, int32_t most,
                                   capacity_days_t *days);
// That slots are not made yet on the last of the days. NULL without memory.
char *capacity_beyond(service_call_t *call, const capacity_days_t *days);

#endif
