// What was wrong on record of a membership or a term, and is replaced. The wrong row stays as what was thought to hold.
#ifndef PCN_REGISTRY_RULES_CORRECTION_H
#define PCN_REGISTRY_RULES_CORRECTION_H

#include "services/registry/rules_changes.h"

typedef Pcn__Registry__V1__CorrectMemberRequest correct_member_request_t;
typedef Pcn__Registry__V1__CorrectDirectorRequest correct_director_request_t;

// Both are loaded, the practice with all its memberships. INVALID_ARGUMENT `never` beside what would be right, `newTo` beside `ongoing` or
// before the first day; NOT_FOUND `from` for a membership that is not on record; as member_check, with `newFrom` and `newTo`, for days that
// it cannot have. Nothing changes (changes_count is 0) where all is right already. The practice's parent follows: on days that are none
// any more it is what the network lies below.
MUST_CHECK status_t member_correct(changes_t *changes, const correct_member_request_t *request);
// The same of a director's term; as director_check.
MUST_CHECK status_t director_correct(changes_t *changes, const correct_director_request_t *request);

#endif
