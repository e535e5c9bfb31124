// From which day on a change makes a difference, by what stands on record with its days: members, terms of directors, waivers, clinical
// systems, alignments. What makes none before a day to come is announced; the day itself tells it again.
#ifndef PCN_REGISTRY_RULES_DIFFERENCE_H
#define PCN_REGISTRY_RULES_DIFFERENCE_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// The first day on which two states of one thing differ; either may be NULL: it is not there. Where they say the same but for the last
// day, the one after the earlier of both; else the earlier first day. NULL where nothing differs. `type` is one with `from` and `to`; a
// first day that is absent is "", before all others.
const char *dated_difference(const pb_type_t *type, const void *before, const void *after, arena_t *arena);

// The same over all members, directors and waivers of an aggregate.
const char *aggregate_difference(const aggregate_t *before, const aggregate_t *after, arena_t *arena);

// The text of one of its fields: `from`, `to`, `service`; NULL where it is absent, or there is no such field.
const char *dated_field(const pb_type_t *type, const void *message, const char *name);

// The earlier of two days; NULL is no day.
const char *earlier_day(const char *a, const char *b);

#endif
