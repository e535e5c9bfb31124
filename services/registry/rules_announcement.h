// What a verb announces for a day to come, kept so that it can be taken back until then: practices' mergers are put off all the time.
//
// Every verb is a change of several aggregates (rules_changes.h), and what it changed can be read off it: rows that end otherwise, are gone
// or were added, successions, new organisations, and for each day to come the fields that become something else than they did. That is the
// announcement. Taking it back looks whether all of this still is as the verb left it, whatever else was recorded since, and then makes it
// what it was: a field that did not change on that day is again what it is on the day before, whatever that is by now.
//
// Pure.
#ifndef PCN_REGISTRY_RULES_ANNOUNCEMENT_H
#define PCN_REGISTRY_RULES_ANNOUNCEMENT_H

#include "services/registry/rules_changes.h"

typedef Pcn__Registry__Store__V1__Announcement announcement_t;

// Of all that was done so far, where the day is to come; else nothing. `about` is the practice that moves or leaves, NULL for the
// organisation itself.
MUST_CHECK status_t announcement_make(changes_t *changes, const char *code, const char *about, const char *on, const char *verb);

// `announcement` was loaded with all that it changed; it is NULL where there is none. Those that were to be made are closed without having
// opened. NOT_FOUND `on` without one; FAILED_PRECONDITION `on` where the day is there, or something of it was changed since.
MUST_CHECK status_t announcement_revoke(changes_t *changes, const char *code, const char *about, const char *on,
                                        const announcement_t *announcement);

#endif
