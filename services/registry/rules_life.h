// The days on which an organisation is open, held against what is on record about it on those days: a PATCH of its status, openedOn or
// closedOn changes nothing but facts, and must leave nothing that contradicts them. What ends or begins with such a day is the verbs'
// business.
#ifndef PCN_REGISTRY_RULES_LIFE_H
#define PCN_REGISTRY_RULES_LIFE_H

#include "services/registry/rules_timeline.h"

typedef Pcn__Registry__Store__V1__DatedFact dated_fact_t;

// Whether the request is about those days.
bool life_touched(const Pcn__Registry__V1__UpdateOrganisationRequest *request);

// timeline_change by the request, at the day, with what a changed day of opening or closing brings along. One that is to open by what is on
// record opens on the day that the request names instead. A correction closes from the day on which it says that it closed, and one that is
// closed was closed from the other day on. FAILED_PRECONDITION `status` for a correction that closes on a day to come.
MUST_CHECK status_t life_change(timeline_t *timeline, const Pcn__Registry__V1__UpdateOrganisationRequest *request, const char *day,
                                const organisation_t *before, const char *today, arena_t *arena, problem_t *problem);

// `stood` is the timeline as it was loaded, `row->dated` all that is on record with its days. FAILED_PRECONDITION `status` where it would
// be open again although others went on after it, or what belonged to it ended with it; `closedOn`, `openedOn` or `status` where it would
// not be open any more on a day on which something is on record about it (the first such day and what it is are named), or where these
// three do not agree. What disagreed before is left as it was.
MUST_CHECK status_t life_check(const aggregate_t *row, const timeline_t *stood, const timeline_t *timeline, const organisation_t *asked,
                               const char *today, arena_t *arena, problem_t *problem);

// What is closed takes in nobody and is paid nothing: no day on which it is open by the timeline may find it below `above` (or paid through
// it) from `closed_from` on, unless it stood so already. `field` is "parent", "place" or "payee"; FAILED_PRECONDITION that field.
MUST_CHECK status_t life_check_above(const timeline_t *stood, const timeline_t *timeline, const char *field, const char *above,
                                     const char *closed_from, problem_t *problem);

#endif
