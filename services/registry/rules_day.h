// What a day brings to an organisation by itself: changes that were recorded for it come into force, and a practice's parent follows its
// memberships as they begin and end. However many days went by since somebody looked, each counts from its own first day.
#ifndef PCN_REGISTRY_RULES_DAY_H
#define PCN_REGISTRY_RULES_DAY_H

#include "services/registry/rules_changes.h"

// A practice whose membership holds today lies below that network from the membership's first day on; one that left the network below
// which it still lies, and is in none, below that network's commissioner (`falls_to`) from the day after its last. A closed practice stays
// where it was. Recorded facts that came into force are so in the timeline already. Nothing is touched where today is as it should be.
MUST_CHECK status_t day_come(changes_t *changes, changed_t *changed);

#endif
