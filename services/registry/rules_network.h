// A network as it is on a day, put together from everything on record of it.
#ifndef PCN_REGISTRY_RULES_NETWORK_H
#define PCN_REGISTRY_RULES_NETWORK_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// The network on the day: its members, directors, sub-groups with their practices, list size, what it lacks for registration, findings and
// assumptions. NULL without memory. Strings are the facts'.
network_t *network_on(const aggregate_t *facts, const char *day, arena_t *arena);

// The same for an event: figures and findings are the day's, members and directors are all on record, so that a follower can answer
// for any day. `recorded` (or NULL) is the list size that the change recorded.
network_t *network_for_event(const aggregate_t *facts, const char *day, list_size_t *recorded, arena_t *arena);

// What is on record with one more; the rest is shared. NULL without memory.
aggregate_t *aggregate_with_member(const aggregate_t *facts, member_t *member, arena_t *arena);
aggregate_t *aggregate_with_director(const aggregate_t *facts, director_t *director, arena_t *arena);
// Only a registered size that is not synthetic counts; another one leaves the facts as they are. A new sub-group appears with it.
aggregate_t *aggregate_with_list_size(const aggregate_t *facts, list_size_t *size, arena_t *arena);

// A network that has only been created: the facts of its organisation alone. NULL without memory.
aggregate_t *aggregate_of_organisation(const organisation_t *organisation, arena_t *arena);
// The organisation within. NULL without memory.
organisation_t *organisation_of_aggregate(const aggregate_t *aggregate, arena_t *arena);

// Findings over the whole registry, from an aggregate a network and an organisation that states something. NULL in *findings where there is
// none. False without memory.
bool registry_find(aggregate_t *const *aggregates, size_t count, const char *day, arena_t *arena, finding_t ***findings, size_t *finding_count);

#endif
