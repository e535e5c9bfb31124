// What practices and networks owe in slots: the list that it rests on, the figure, and how it came about. Pure; rates and dates are data
// (obligation_rule).
#ifndef PCN_REFERRAL_RULES_OBLIGATION_H
#define PCN_REFERRAL_RULES_OBLIGATION_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__Store__V1__ObligationRule obligation_rule_t;
typedef Pcn__Referral__Store__V1__CapacityOf capacity_of_t;
typedef Pcn__Referral__Store__V1__CountedList counted_list_t;
typedef Pcn__Referral__V1__Explanation explanation_t;

// list ÷ per_patients × amount, rounded as the rule says, at least what it says; exact, whatever the size of the list.
int64_t obligation_required(const obligation_rule_t *rule, int64_t list);

// Whether the day is one of these dates.
bool obligation_holiday(char *const *holidays, size_t count, int32_t day);

// Whether the rule makes an obligation at that level (practice, network) in the period that begins on the day. `holiday`: of the day.
bool obligation_holds(const obligation_rule_t *rule, const char *level, int32_t day, bool holiday);

// An organisation's registered list on a day.
typedef struct obligation_list {
    bool known;
    int64_t count;
    const char *as_of; // of its oldest part
    bool synthetic;    // one of its parts is
    // What it is the sum of, or the one that it is.
    const counted_list_t **parts;
    size_t part_count;
    bool summed; // of the members
    // Members of the day whose lists are not known, and the first of them.
    size_t missing;
    const char *first_missing;
} obligation_list_t;

// A practice's is the newest that was counted by then. A network's is the sum of its members' of that day where all of them are known, else
// the one that it states itself. Lists that were made up count only where that leaves nothing, and only those that are loaded. False
// without memory.
MUST_CHECK bool obligation_list_on(const capacity_of_t *of, const char *day, arena_t *arena, obligation_list_t *list);
// Why it is not known, in a sentence. NULL without memory.
const char *obligation_unknown(const capacity_of_t *of, const char *day, const obligation_list_t *list, arena_t *arena);

// How the figure came about. NULL without memory.
explanation_t *obligation_explain(const obligation_rule_t *rule, const obligation_list_t *list, int64_t value, arena_t *arena);

#endif
