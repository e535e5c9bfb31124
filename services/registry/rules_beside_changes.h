// How what stands beside an organisation ends, and how it is corrected. Each of these changes one row, and the wrong one stays on record as
// what was thought.
//
// *changed is NULL where all is right already. Of an end: ALREADY_EXISTS where nothing holds on the day, be it that it has ended; what
// began on the day never held. Of a correction: INVALID_ARGUMENT as span_request_check says, NOT_FOUND for what is not on record, and as
// the check of rules_beside.h and rules_waiver.h for the right one, with the request's names of fields.
#ifndef PCN_REGISTRY_RULES_BESIDE_CHANGES_H
#define PCN_REGISTRY_RULES_BESIDE_CHANGES_H

#include "common/base/arena.h"
#include "services/registry/rules_beside.h"

typedef Pcn__Registry__V1__CorrectFactRequest correct_fact_request_t;
typedef Pcn__Registry__V1__EndSystemRequest end_system_request_t;
typedef Pcn__Registry__V1__CorrectSystemRequest correct_system_request_t;
typedef Pcn__Registry__V1__EndAlignmentRequest end_alignment_request_t;
typedef Pcn__Registry__V1__CorrectAlignmentRequest correct_alignment_request_t;
typedef Pcn__Registry__Store__V1__ChangedFact changed_fact_t;
typedef Pcn__Registry__Store__V1__ChangedSystem changed_system_t;
typedef Pcn__Registry__Store__V1__ChangedAlignment changed_alignment_t;

// The organisation was loaded with the fact as `stated`, and `taken` where the right one is on record already.
MUST_CHECK status_t fact_correct(const aggregate_t *organisation, const correct_fact_request_t *request, arena_t *arena,
                                 changed_fact_t **changed, problem_t *problem);

// The practice was loaded with all its systems. ALREADY_EXISTS `on`, NOT_FOUND `from`, ALREADY_EXISTS `newFrom`.
MUST_CHECK status_t system_end(const aggregate_t *practice, const end_system_request_t *request, arena_t *arena, changed_system_t **changed,
                               problem_t *problem);
MUST_CHECK status_t system_correct(const aggregate_t *practice, const correct_system_request_t *request, arena_t *arena,
                                   changed_system_t **changed, problem_t *problem);

// Loaded with all alignments of the service with it, and the kind of the right provider. ALREADY_EXISTS `service`, NOT_FOUND `from`,
// ALREADY_EXISTS `newFrom`, FAILED_PRECONDITION `newProvider`.
MUST_CHECK status_t alignment_end(const aggregate_t *organisation, const end_alignment_request_t *request, arena_t *arena,
                                  changed_alignment_t **changed, problem_t *problem);
MUST_CHECK status_t alignment_correct(const aggregate_t *organisation, const correct_alignment_request_t *request, arena_t *arena,
                                      changed_alignment_t **changed, problem_t *problem);

#endif
