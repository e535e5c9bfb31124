// Facts of an organisation over time: what becomes of today's, past and coming ones where some of them change.
//
// A timeline gives each day the facts that hold on it: spans of days, one after the other without a gap, the first without a first day and
// the last without a last one. Every field has a value on every day; where it has another one than on the day before, it changes. The
// facts are the fields of Organisation that may be changed (neither immutable nor output-only).
//
// - A change at a day holds from that day until the next day on which the same field changes anyway, be that past or to come. All other
//   fields and days stay. So a change in the past splits the span that contains its day and is carried on field by field into later
//   spans; several changes on one day are one; a change to come that thereby says nothing new is no change any more.
// - A correction at a day replaces the value for all the days, before and after, on which the field has had the value that it has on that
//   day: from the day on which it changed to that value until the day before it changes again.
// - Facts of days before today that are replaced stay on record as superseded: they turned out never to have held. A correction leaves
//   them also for today and for days to come. A change from today on replaces nothing: what held until yesterday becomes the past.
// - A name that changes joins the former names of that day and all later ones, unless the change says what the former names are; one that
//   is the name again leaves them. A corrected name replaces the wrong one among them.
// - Changes to come whose day is there take effect with whatever happens next, first of all with the registry's job of the day.
//
// Pure. Everything is in one arena, and strings are shared. Days are the contract's dates as text, NULL stands for "since ever".
#ifndef PCN_REGISTRY_RULES_TIMELINE_H
#define PCN_REGISTRY_RULES_TIMELINE_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

typedef Pcn__Registry__V1__HistoryEntry history_entry_t;
typedef Pcn__Registry__V1__ComingChange coming_change_t;
typedef Pcn__Registry__Store__V1__Timeline timeline_record_t;
typedef Pcn__Registry__Store__V1__PastEnd past_end_t;

typedef struct timeline timeline_t;

// The timeline as it was loaded: the row's own facts, `coming`, and `past` (needed for a day before facts_from, and for any correction).
// Changes whose day is there are in force in it already. `now` is the instant of what is recorded from here on.
// INTERNAL for a coming change that cannot be read; RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t timeline_new(const aggregate_t *row, const char *today, const char *now, arena_t *arena, timeline_t **timeline,
                                 problem_t *problem);

// Sets the fields of `patch` and takes those in `clear` away (proto names), as a change or a correction at the day; may be done several
// times, one after the other. Cleared status and level fall back to their defaults. INVALID_ARGUMENT and FAILED_PRECONDITION as
// organisation_patch and organisation_check say, for any day whose facts change, and `effectiveFrom` for the first day of all;
// FAILED_PRECONDITION `effectiveFrom` for a change at a day gone by on which the organisation was not open yet. After a refusal the
// timeline is not usable.
MUST_CHECK status_t timeline_change(timeline_t *timeline, const char *day, const organisation_t *patch, char *const *clear,
                                    size_t clear_count, bool correction, problem_t *problem);

// Whether anything differs from what was loaded, a change that came into force included.
bool timeline_changed(const timeline_t *timeline);
// Whether only days to come differ: then the change is announced, not in force.
bool timeline_only_coming(const timeline_t *timeline);

// The facts of a day: code, kind and what may be changed. Never NULL.
const organisation_t *timeline_on(const timeline_t *timeline, const char *day);
// The day that it was loaded for.
const char *timeline_today(const timeline_t *timeline);
// The first day after this one from which other facts may hold; NULL for none.
const char *timeline_next(const timeline_t *timeline, const char *day);
// The day from which the organisation is closed by what is on record, NULL for none.
const char *timeline_closed_from(const timeline_t *timeline);

// What the save writes and the event shows: the head is the whole organisation of today with its next version, `updatedAt` and what is to
// come. NULL without memory.
timeline_record_t *timeline_record(timeline_t *timeline);

// Several of them as one save takes them (`after` of TIMELINES_SAVE). NULL without memory.
Pcn__Registry__Store__V1__Timelines *timelines_of(timeline_record_t *const *records, size_t count, arena_t *arena);

// Fills `factsTo` of an organisation that shows what is to come.
void organisation_end_facts(organisation_t *organisation, arena_t *arena);

#endif
