// What the rules notice: reported, never corrected. Codes are stable.
//
//   size-band-above            warning      more than 50,000 patients: may work in neighbourhood teams (no limit)
//   size-band-below            error        fewer than 30,000: needs the commissioner's waiver, and none is recorded
//   list-size-difference       information  a network's stated list against the sum of its parts
//   practice-count-difference  warning      practices as stated against those recorded
//   population-difference      information  a population as stated against the lists of the networks below
//
// The band's ends, both inside: domain.md, Registry, "Size band". Below is an error since the contract asks for something that is not
// there; above is a warning since nothing is asked.
#ifndef PCN_REGISTRY_RULES_FINDINGS_H
#define PCN_REGISTRY_RULES_FINDINGS_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

#define BAND_LEAST 30000
#define BAND_MOST 50000

// Room for the findings of one network.
#define NETWORK_FINDINGS_MAX 4

// Fills network->findings from its list size, members and stated count. False without memory.
bool network_find(network_t *network, arena_t *arena);

// Findings about what the organisation states of those below it: `practices_below` and `population_below` (of networks whose size is known;
// `population_known` where that is all of them, and there is one). Appends to `findings`, at most two. False without memory.
bool organisation_find(const aggregate_t *organisation, int64_t population_below, bool population_known, finding_t **findings,
                       size_t *count, arena_t *arena);

#endif
