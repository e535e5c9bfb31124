// An aggregate as it would be with one thing more on record, and its organisation taken out and put in. Everything is in one arena and
// shared; the facts that come in are left as they are.
#ifndef PCN_REGISTRY_RULES_AGGREGATE_H
#define PCN_REGISTRY_RULES_AGGREGATE_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// NULL without memory. A sub-group that is named for the first time appears with what names it.
aggregate_t *aggregate_with_member(const aggregate_t *facts, member_t *member, arena_t *arena);
aggregate_t *aggregate_with_director(const aggregate_t *facts, director_t *director, arena_t *arena);
// Every size is among the recorded ones; only a registered one that is not synthetic is computed with. It takes the place of one of that day.
aggregate_t *aggregate_with_list_size(const aggregate_t *facts, list_size_t *size, arena_t *arena);

// An organisation of which nothing else is on record. NULL without memory.
aggregate_t *aggregate_of_organisation(const organisation_t *organisation, arena_t *arena);
// The organisation within. NULL without memory.
organisation_t *organisation_of_aggregate(const aggregate_t *aggregate, arena_t *arena);
// The same with what only an event shows: its list sizes.
organisation_t *organisation_for_event(const aggregate_t *aggregate, arena_t *arena);

#endif
