// How an organisation closes, with or without others that go on after it.
#ifndef PCN_REGISTRY_RULES_CLOSE_H
#define PCN_REGISTRY_RULES_CLOSE_H

#include "services/registry/rules_changes.h"

typedef Pcn__Registry__V1__CloseOrganisationRequest close_request_t;

// Loaded are the one that closes, what lies below it or belongs to it from the day on, networks that are paid through it, and its
// successors. From the day on it is closed; its memberships, as a network or as a practice, and the terms of its directors end the day
// before. A closing network's practices fall to its commissioner; a closing organisation must have nothing else below it, and nothing that
// is to join it later: that is never taken back silently. Successors may be of any kind, since a sub-icb followed ccgs. Networks that are
// paid through it are paid through its successor where that is one; else their payee is closed, which is a finding (payee-closed).
// ALREADY_EXISTS `code` where it is closed by what is on record; FAILED_PRECONDITION `code` where something that is open lies below it or
// is to join it, `on` where it was not open the day before, `successors[i]` that is not there, not open, or itself; INVALID_ARGUMENT one
// that is named twice.
MUST_CHECK status_t close_organisation(changes_t *changes, const close_request_t *request);

#endif
