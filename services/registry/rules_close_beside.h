// What stands beside an organisation that closes ends the day before, as its memberships and the terms of its directors do: a practice's
// clinical system, a network's waivers, alignments with either, and alignments that it provides, or is the federation of, wherever they
// are. Sites stay: premises outlive organisations.
//
// Pure.
#ifndef PCN_REGISTRY_RULES_CLOSE_BESIDE_H
#define PCN_REGISTRY_RULES_CLOSE_BESIDE_H

#include "services/registry/rules_changes.h"

// All of it was loaded that holds on the day or later, with those that the organisation works for. What it provides goes on from the day on
// by its `heir` (NULL: there is none, or there are several). What was to begin on the day or later never holds; with `refuse` that is
// refused instead: FAILED_PRECONDITION `code`.
MUST_CHECK status_t close_beside(changes_t *changes, changed_t *ending, const char *on, const char *heir, bool refuse);

// Takes back what a close, merge or split announced of these. FAILED_PRECONDITION `on` where any of it was changed since, or something else
// is on record in those days.
MUST_CHECK status_t close_beside_revoke(changes_t *changes, const Pcn__Registry__Store__V1__Announcement *announcement);

#endif
