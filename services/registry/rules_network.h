// A network as it is on a day, put together from everything on record of it.
#ifndef PCN_REGISTRY_RULES_NETWORK_H
#define PCN_REGISTRY_RULES_NETWORK_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// The network on the day: its members, directors, waivers, sub-groups with their practices, list size, what it lacks for registration,
// findings and assumptions. NULL without memory. Strings are the facts'.
network_t *network_on(const aggregate_t *facts, const char *day, arena_t *arena);

// The same for an event: figures and findings are the day's, members, directors and waivers are all on record, so that a follower can
// answer for any day. `recorded` (or NULL) is the list size that the change recorded.
network_t *network_for_event(const aggregate_t *facts, const char *day, arena_t *arena);

#endif
