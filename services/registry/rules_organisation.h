// What makes an organisation a good one: its defaults, the rules within it, the rules about what it refers to, and how a merge patch
// changes it. Pure: what other rows say comes in as `references_t`.
#ifndef PCN_REGISTRY_RULES_ORGANISATION_H
#define PCN_REGISTRY_RULES_ORGANISATION_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

// Fills the status (active) and the level that goes with the kind: ics is system; ccg, sub-icb, local-authority and local-system are
// place; network is neighbourhood; practice is practice. Other kinds work at several levels and get none.
void organisation_complete(organisation_t *organisation);

// Rules within one organisation. INVALID_ARGUMENT names `closedOn` before `openedOn` or missing from a closed one, and an
// identifier's span that ends before it begins; FAILED_PRECONDITION names `payee` of anything but a network.
MUST_CHECK status_t organisation_check(const organisation_t *organisation, problem_t *problem);

// JSON names of the kinds that the parent of a kind may be of, ended by NULL; NULL where any will do. A network belongs to a
// commissioner (domain: practices belong to networks, networks to a commissioner); a practice to a network or, outside of
// one, to a commissioner.
const char *const *organisation_parent_kinds(organisation_kind_t kind);
// The same of the tree of places.
const char *const *organisation_place_kinds(void);

// Rules about what it refers to. `before` is NULL for a new one; a reference that does not change is not questioned again.
// `unlimited`: the caller's writes are not limited by reach, nor does it need a parent.
// ALREADY_EXISTS `code`; FAILED_PRECONDITION `parent`, `place`, `payee`: not there, of a wrong kind, missing, closed, or closing a circle;
// NOT_FOUND `parent` where that is out of the caller's reach.
MUST_CHECK status_t organisation_check_references(const organisation_t *before, const organisation_t *organisation,
                                                  const references_t *references, bool unlimited, problem_t *problem);

// What is closed takes in nobody and is paid nothing: a new one that is open until a day (NULL: until further notice) may not find what it
// refers to closed before. FAILED_PRECONDITION `parent`, `place`, `payee`. Of one that is there the days are known, and looked at by who
// changes it.
MUST_CHECK status_t organisation_check_above(const organisation_t *organisation, const references_t *references, const char *open_until,
                                             problem_t *problem);

// A practice with a core network on the day of the change moves by its membership, not by its parent. `row` says which network that is,
// `before` and `after` are the facts of that day. FAILED_PRECONDITION `parent`.
MUST_CHECK status_t organisation_check_membership(const aggregate_t *row, const organisation_t *before, const organisation_t *after,
                                                  problem_t *problem);

// The organisation that a merge patch makes of `before`; strings are shared, so all live in one arena. INVALID_ARGUMENT names what may not
// be cleared or changed. A cleared status or level falls back to its default.
MUST_CHECK status_t organisation_patch(const organisation_t *before, const organisation_t *patch, char *const *clear, size_t clear_count,
                                       arena_t *arena, organisation_t **after, problem_t *problem);

bool organisation_kind_commissions(organisation_kind_t kind);

#endif
