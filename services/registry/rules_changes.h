// A change of several aggregates at once: which they are, what becomes of each, and what a save writes of it. Verbs (rules_succession.h,
// rules_move.h, rules_correction.h) are made of these steps. Every changed aggregate gets its next version once, whatever happens to it.
//
// Pure. Everything is in one arena; what was loaded is left as it is. Days are the contract's dates; a verb's day is the first of the new
// state.
#ifndef PCN_REGISTRY_RULES_CHANGES_H
#define PCN_REGISTRY_RULES_CHANGES_H

#include "services/registry/rules_timeline.h"

typedef Pcn__Registry__Store__V1__Changes changes_record_t;

// An aggregate of the change.
typedef struct changed {
    const aggregate_t *before;  // as it was loaded; NULL for one that is created
    aggregate_t *after;         // its members, directors and successions as they will be; its facts are the timeline's
    timeline_t *timeline;       // of one that is created: from its first day on
    const struct changed *like; // of one that is created: whose days it goes on with, or NULL
    bool touched;               // besides its facts
    const char *since;          // where it is touched otherwise than in its members, directors and waivers: from which day on
    organisation_t *beside;     // what its event shows of systems and alignments: only those lists are set; NULL for nothing
    const organisation_t *head; // once recorded, where it changes: the organisation of today with its new version
    bool announced;             // nothing of it changes before a day to come
} changed_t;

typedef struct changes {
    const char *today, *now;
    arena_t *arena;
    problem_t *problem;
    changed_t *all;
    size_t count;
    changes_record_t *record;
    bool corrects; // what never held was wrong from the beginning
} changes_t;

// Of the rows that were loaded, with room for `more` that are created. Refusals go to `problem`, here and below.
MUST_CHECK status_t changes_new(void *const *rows, size_t row_count, size_t more, const char *today, const char *now, arena_t *arena,
                                changes_t **changes, problem_t *problem);
// NULL where it is not among them.
changed_t *changes_find(const changes_t *changes, const char *code);

// The facts of a day, and the value of `parent`, `place` or `payee` in them; NULL for none.
const organisation_t *changed_on(const changed_t *changed, const char *day);
const char *reference_of(const organisation_t *organisation, const char *field);

// The membership or term as it was loaded, by its key; NULL for none. And as a row of its table; NULL without memory.
const member_t *changed_member(const changed_t *network, const char *practice, const char *from);
const director_t *changed_director(const changed_t *network, const char *name, const char *from);
Pcn__Registry__Store__V1__MembershipRow *changes_membership_row(changes_t *changes, const changed_t *network, const member_t *member);
Pcn__Registry__Store__V1__DirectorRow *changes_director_row(changes_t *changes, const changed_t *network, const director_t *director);

// The membership ends on the day; without one, or with one before its first, it never held.
MUST_CHECK status_t changes_end_member(changes_t *changes, changed_t *network, const member_t *member, const char *to);
MUST_CHECK status_t changes_add_member(changes_t *changes, changed_t *network, member_t *member);
MUST_CHECK status_t changes_end_director(changes_t *changes, changed_t *network, const director_t *director, const char *to);
// They end on another day than was recorded, or not at all (NULL).
MUST_CHECK status_t changes_resume_member(changes_t *changes, changed_t *network, const member_t *member, const char *to);
MUST_CHECK status_t changes_resume_director(changes_t *changes, changed_t *network, const director_t *director, const char *to);
MUST_CHECK status_t changes_add_director(changes_t *changes, changed_t *network, director_t *director);

// Closes it from the day on.
MUST_CHECK status_t changes_close(changes_t *changes, changed_t *changed, const char *on);
// That one goes on after the other: shown by both.
MUST_CHECK status_t changes_succeed(changes_t *changes, changed_t *predecessor, changed_t *successor, const char *on, const char *manner,
                                    char *source);
// That it does not.
MUST_CHECK status_t changes_part(changes_t *changes, changed_t *predecessor, changed_t *successor,
                                 Pcn__Registry__Store__V1__Succession *gone);
// A new one; it has its version and times from here.
MUST_CHECK status_t changes_create(changes_t *changes, organisation_t *organisation, changed_t **changed);

// The day, or that of its opening where it opens later: nothing is said of days before. One that opens on a day to come is proposed until then, and
// what it lies below is said of it from today on.
const char *changed_first_day(const changed_t *changed, const char *from);
// `parent`, `place` or `payee` is `value` (NULL: none) from the day on, until it changes anyway.
MUST_CHECK status_t changes_set_reference(changes_t *changes, changed_t *changed, const char *day, const char *field, const char *value);
// The same, but only on those days from this one on, on which it was `before`.
MUST_CHECK status_t changes_redirect(changes_t *changes, changed_t *changed, const char *field, const char *from, const char *before,
                                     const char *value);
// Networks that were paid through the one that ends name another payee from the day on; the one itself is left as it is.
MUST_CHECK status_t changes_redirect_payees(changes_t *changes, const changed_t *ending, const char *from, const char *value);
// Whether it is that on some day from this one on, on which it is not closed.
bool changed_refers(const changed_t *changed, const char *field, const char *from, const char *value);
// Something of it besides facts, members, directors and waivers is another from the day on.
void changed_touch(changed_t *changed, const char *day);

// What the save writes; fills `head` and `announced` of each that changes.
MUST_CHECK status_t changes_record(changes_t *changes);
// How many aggregates change, once recorded.
size_t changes_count(const changes_t *changes);

#endif
