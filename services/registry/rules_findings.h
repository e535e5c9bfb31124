// What the rules notice about a network, and how a finding is made. Reported, never corrected. Codes are stable.
//
//   size-band-above              warning      more than 50,000 patients: may work in neighbourhood teams (no limit)
//   size-band-below              error        fewer than 30,000 and no waiver of the commissioner; with one, information
//   list-size-difference         information  a network's stated list against the sum of its parts
//   practice-count-difference    warning      practices as stated against those recorded
//   payee-closed                 error        the payee that it names is closed: nobody can be paid for it
//
// and, over the whole registry, those of rules_survey.h. The band's ends, both inside: domain.md, Registry, "Size band". Below is an error
// since the contract asks for something that is not there; above is a warning since nothing is asked.
#ifndef PCN_REGISTRY_RULES_FINDINGS_H
#define PCN_REGISTRY_RULES_FINDINGS_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

#define BAND_LEAST 30000
#define BAND_MOST 50000
// Where the band is stated; a finding about it names both this and where the list is counted.
#define BAND_SOURCE "band of 30,000 to 50,000: NHS England's network contract"

// Room for the findings of one network.
#define NETWORK_FINDINGS_MAX 5

typedef struct finding_kind {
    const char *code;
    const char *rule;
    Pcn__Registry__V1__FindingSeverity severity;
} finding_kind_t;

extern const finding_kind_t practice_count_difference;

// A finding about organisations/<code>. `source` may be NULL. NULL without memory, `detail` NULL among it.
finding_t *finding_new(const finding_kind_t *kind, const char *code, char *source, char *detail, arena_t *arena);
// With what is stated against what was computed, and the difference.
finding_t *finding_new_difference(const finding_kind_t *kind, const char *code, int64_t stated, int64_t computed, char *source,
                                  char *detail, arena_t *arena);

// Fills network->findings from its list size, waivers of the day, members and stated count, and its payee, which is closed from
// `payee_closed_from` on (NULL: it is not closed on the day). False without memory.
bool network_find(network_t *network, const char *payee_closed_from, arena_t *arena);

#endif
