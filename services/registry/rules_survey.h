// What does not agree, over the whole registry: rules over what is stated of an organisation and what its record comes to. Besides the
// findings about networks (rules_findings.h):
//
//   missing-director             error        a network without a clinical director
//   coverage-count               warning      practices of a network, place or system that are members of no network
//   network-count-difference     warning      networks as stated against those recorded
//   practice-count-difference    warning      practices as stated against those recorded
//   director-count-difference    information  clinical directors as stated against those named
//   population-difference        information  a population as stated against the lists of the networks below
//   population-parts-difference  information  a population as stated against the sum of what the commissioners below state
//   network-size-smallest        information  the smallest and the largest network as stated
//   network-size-largest         information
#ifndef PCN_REGISTRY_RULES_SURVEY_H
#define PCN_REGISTRY_RULES_SURVEY_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// Most findings of an answer; it also tells how many there are.
#define FINDINGS_MAX 1000

typedef Pcn__Registry__Store__V1__Surveyed surveyed_t;

// The findings about everything in the survey: errors first, then warnings, then by subject and code. The first FINDINGS_MAX of
// them; *total counts all. False without memory.
bool survey_judge(surveyed_t *const *rows, size_t count, arena_t *arena, finding_t ***findings, size_t *finding_count, size_t *total);

#endif
