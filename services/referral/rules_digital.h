// Digital coverage: how many practices offer online and video consultations, and to what share of registered patients. Pure.
//
// A network's patients are the sum of its practices' list sizes where all are known, else what the network states. In that case how many of
// them are offered something is known only if all of its practices offer it, or none does: nothing is spread or guessed.
#ifndef PCN_REFERRAL_RULES_DIGITAL_H
#define PCN_REFERRAL_RULES_DIGITAL_H

#include "common/base/arena.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__Store__V1__DigitalRow digital_row_t;

enum { DIGITAL_ONLINE, DIGITAL_VIDEO, DIGITAL_BOTH, DIGITAL_OFFERS };

// What was counted so far; begins as {0}.
typedef struct digital_tally {
    int64_t practices, offering[DIGITAL_OFFERS];
    int64_t patients, offered[DIGITAL_OFFERS];
    bool unknown, offered_unknown[DIGITAL_OFFERS];
    // The first practice whose list size is missed, and of how many it is.
    const char *missing;
    int64_t missing_count;
    bool synthetic;
} digital_tally_t;

// Counts a practice.
void digital_count(digital_tally_t *tally, const digital_row_t *practice);
// Once a network's practices are counted: what it states stands in for what is missing.
void digital_state(digital_tally_t *tally, const digital_row_t *network);
void digital_add(digital_tally_t *tally, const digital_tally_t *part);

// The share of patients, in the arena: NULL where it is not known, which is never so where all practices offer it or none does.
char *digital_patient_share(const digital_tally_t *tally, int offer, arena_t *arena);
char *digital_practice_share(const digital_tally_t *tally, int offer, arena_t *arena);
// What is not known, in the arena; NULL where nothing is missed.
char *digital_detail(const digital_tally_t *tally, arena_t *arena);

typedef Pcn__Referral__V1__DigitalTarget digital_target_t;

// Fills computed, difference, met and detail of a target from its measure and what is stated, in thousandths. False without memory.
bool digital_compare(digital_target_t *target, int64_t stated_thousandths, const digital_tally_t *tally, const char *note, arena_t *arena);

#endif
