// The registered list of a network on a day: as it states it and as its parts sum up (domain: the sum of the members' sizes where all are
// known, else its own stated size; where both exist and differ, both are shown). Synthetic figures are never loaded.
#ifndef PCN_REGISTRY_RULES_LIST_SIZE_H
#define PCN_REGISTRY_RULES_LIST_SIZE_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// The latest size on or before the day of an organisation (`sub_group` NULL: of the whole). NULL where none is known.
const list_size_t *list_size_on(const aggregate_t *facts, const char *organisation, const char *sub_group, const char *day);

// NULL without memory. Fields stay unset where nothing is known. `members` are those of the day.
Pcn__Registry__V1__NetworkListSize *list_size_of_network(const aggregate_t *facts, member_t *const *members, size_t member_count,
                                                         const char *day, arena_t *arena);

// The figure that rules go by: the computed one, else the stated one. False where neither is known.
bool list_size_effective(const Pcn__Registry__V1__NetworkListSize *size, int64_t *count);

#endif
