// What the verbs say about things that stand on record for a span of days: that one ends on a day, or that its days were wrong.
#ifndef PCN_REGISTRY_RULES_SPAN_H
#define PCN_REGISTRY_RULES_SPAN_H

#include "common/base/arena.h"
#include "common/base/status.h"

// What is right of a span that is on record wrongly; what is not given was right.
typedef struct span_request {
    char *new_from, *new_to;
    bool ongoing, never, more; // more: something else of it was wrong
} span_request_t;

// INVALID_ARGUMENT `never` beside what would be right, or where nothing is said; `newTo` beside `ongoing`.
MUST_CHECK status_t span_request_check(const span_request_t *request, problem_t *problem);
// The right last day, NULL for none; `to` is the one on record.
char *span_right_to(const span_request_t *request, char *to);

// A refusal of the right thing names the request's fields: newFrom for from.
status_t span_refusal(status_t status, problem_t *problem);

// The last day of what ends on `on`, its first day without. False without memory. NULL for what began that day: it never held.
bool span_last(const char *from, const char *on, arena_t *arena, char **last);

bool span_same_text(const char *a, const char *b);

#endif
