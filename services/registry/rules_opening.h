// What a new organisation is today, was before and will be, by the days that it names: the one place that says what a status means beside
// openedOn and closedOn.
//
// - A day to come is announced: it is proposed until it opens, and open until it closes. Both are changes to come (`coming`), and today's
//   facts do not name the day on which it closes, as where it is closed by the verb.
// - One that is expressly proposed stays so, whatever the day on which it is meant to open, until somebody says that it has.
// - A proposal is there from the day on which it is recorded (`factsFrom`), before which nobody knew of it.
// - One that closed before was open until then: that is its past.
#ifndef PCN_REGISTRY_RULES_OPENING_H
#define PCN_REGISTRY_RULES_OPENING_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

typedef Pcn__Registry__Store__V1__Creation creation_t;

// Completes `organisation` (status, level, factsFrom, coming) as it is on the day `today`, and fills `creation` with it and its past.
// INVALID_ARGUMENT and FAILED_PRECONDITION as organisation_check says; INVALID_ARGUMENT `status` of one that closed and is said not to be
// closed.
MUST_CHECK status_t organisation_begin(organisation_t *organisation, const char *today, const char *now, arena_t *arena,
                                       creation_t *creation, problem_t *problem);

// Whether the days of the facts of a span agree with its status: `from` is its first day, NULL for "since ever". FAILED_PRECONDITION
// `closedOn` of one that is not closed, or closed before that day; `openedOn` to come of one that is active before.
MUST_CHECK status_t opening_check(const organisation_t *facts, const char *from, const char *today, problem_t *problem);

#endif
