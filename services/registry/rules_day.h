// What a day brings to an organisation by itself: changes that were recorded for it come into force (a practice's parent among them, which
// follows its memberships), and what stands with its days (members, terms, waivers, systems, alignments, successions) begins or has ended.
// However many days went by since somebody looked, each counts from its own first day.
#ifndef PCN_REGISTRY_RULES_DAY_H
#define PCN_REGISTRY_RULES_DAY_H

#include "services/registry/rules_changes.h"

// Recorded facts whose day is there are in force in the timeline already. What began, or ended the day before, on a day later than that of
// the last change was told by no event: it is touched, so that it gets one, with the systems and alignments that it is about. Its next
// version is of today, so the same day is not told again.
MUST_CHECK status_t day_come(changes_t *changes, changed_t *changed);

// Whether the day lies after that of the last change, and is there: then it is still to be told.
bool day_is_untold(const char *day, const char *updated_at, const char *today);
// The same of what is there from a day (NULL: since ever) to another (NULL: until further notice): its first day, and the one after its
// last.
bool span_is_untold(const char *from, const char *to, const char *updated_at, const char *today);

// The instant of a change that a day brings: now, or the day's beginning where that is later, as it is while a day is tried out.
const char *day_instant(const char *today, const char *now, arena_t *arena);

#endif
