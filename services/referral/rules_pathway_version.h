// Whether a version of a pathway holds together, and where it stands among the others. Pure.
#ifndef PCN_REFERRAL_RULES_PATHWAY_VERSION_H
#define PCN_REFERRAL_RULES_PATHWAY_VERSION_H

#include "services/referral/rules_pathway.h"

typedef Pcn__Referral__Store__V1__LoadedPathways loaded_pathways_t;

// Everything that is wrong, place by place.
typedef struct pathway_fault {
    status_t status;
    const char *field, *detail;
    struct pathway_fault *next;
} pathway_fault_t;

typedef struct pathway_faults {
    arena_t *arena;
    pathway_fault_t *first, **last;
    size_t count;
    bool failed; // without memory
} pathway_faults_t;

void pathway_faults_init(pathway_faults_t *faults, arena_t *arena);

// What can be seen from the version alone: days, ages, codes, choices, conditions without a circle. `path` stands before each field:
// "pathways[2]." or "".
void pathway_validate(const pathway_t *pathway, const char *path, pathway_faults_t *faults);

typedef struct pathway_place {
    // What is there under that version already, the same (`same`) or not; NULL for none.
    const pathway_t *there;
    bool same;
    // What ends on the day before the new one begins; NULL for none.
    const pathway_t *ends;
} pathway_place_t;

// Where a version stands among those of its pathway. Faults: it is there as another one; it does not come behind all that are there, by
// number and by first day.
void pathway_find_place(const pathway_t *pathway, pathway_t *const *known, size_t count, const char *path, pathway_faults_t *faults,
                        pathway_place_t *place);
// Kinds of destinations that are not there.
void pathway_check_kinds(const pathway_t *pathway, char *const *kinds, size_t count, const char *path, pathway_faults_t *faults);

#endif
