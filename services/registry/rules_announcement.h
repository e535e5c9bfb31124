// What a verb announces for a day to come, kept so that it can be taken back until then: practices' mergers are put off all the time.
//
// Every verb is a change of several aggregates (rules_changes.h), and what it changed can be read off it: rows that end otherwise, are gone
// or were added, successions, new organisations, and for each day to come the fields that become something else than they did. That is the
// announcement. rules_revoke.h takes it back.
//
// Pure.
#ifndef PCN_REGISTRY_RULES_ANNOUNCEMENT_H
#define PCN_REGISTRY_RULES_ANNOUNCEMENT_H

#include "services/registry/rules_changes.h"

typedef Pcn__Registry__Store__V1__Announcement announcement_t;

// Of all that was done so far, where the day is to come; else nothing. `about` is the practice that moves or leaves, NULL for the
// organisation itself.
MUST_CHECK status_t announcement_make(changes_t *changes, const char *code, const char *about, const char *on, const char *verb);

// What the field becomes on the day, as JSON of an object with it alone; NULL in *text where it is what it was the day before. False
// without memory.
MUST_CHECK bool announcement_becomes(changes_t *changes, const timeline_t *timeline, const char *day, unsigned field, char **text);

#endif
