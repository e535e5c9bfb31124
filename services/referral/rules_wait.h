// Clocks of referrals: the wait from referral to treatment (18 weeks), the two-week wait, contact by so many working days, responses within
// hours. Pure: days are local days of Europe/London since 1970-01-01, and today, now, standards and bank holidays come in as arguments.
//
// What starts and stops the clock from referral to treatment is one table, by the national rules (Referral to treatment consultant-led
// waiting times: rules suite, October 2022, rules 1 to 5). Nothing pauses it: pauses ended on 1 October 2015.
#ifndef PCN_REFERRAL_RULES_WAIT_H
#define PCN_REFERRAL_RULES_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "services/referral/rules_schedule.h"

// What happens to a patient, as the clock sees it.
#define WAIT_EVENTS(X)                                                                                                                     \
    X(RECEIVED, "received")                     /* by a consultant-led service, or by a triage service on a way to one */                  \
    X(ADVICE, "advice")                         /* asked for or given: alone it is no referral */                                          \
    X(FIRST_TREATMENT, "first-treatment")       /* the first definitive one */                                                             \
    X(NOT_TREATED, "decision-not-to-treat")     /* told to the patient */                                                                  \
    X(DECLINED, "patient-declined")             /* treatment that was offered */                                                           \
    X(MONITORING, "active-monitoring")          /* begins */                                                                               \
    X(RETURNED, "returned-to-primary-care")     /* for care that no consultant leads */                                                    \
    X(REDIRECTED, "redirected")                 /* it belongs elsewhere: the wait goes on there, if it is referred there */                \
    X(MISSED_FIRST, "first-appointment-missed") /* did not attend the first one: as if it had never begun */                               \
    X(MISSED, "later-appointment-missed")       /* alone it changes nothing: a return to primary care is told by itself */                 \
    X(REBOOKED, "rebooked")                     /* a new appointment is agreed after the first was missed */                               \
    X(DECIDED_TO_TREAT, "decision-to-treat")    /* after active monitoring it starts a new clock */                                        \
    X(NEW_TREATMENT, "new-treatment")           /* substantively new or different, or the second side of a bilateral procedure */          \
    X(WITHDRAWN, "withdrawn")                   /* the referral was made in error: there never was a wait */

typedef enum wait_event_kind {
#define X(name, text) WAIT_EVENT_##name,
    WAIT_EVENTS(X)
#undef X
        WAIT_EVENT_KINDS
} wait_event_kind_t;

typedef enum wait_state {
    WAIT_NONE,      // no clock has started
    WAIT_RUNNING,   // an incomplete pathway
    WAIT_MONITORED, // stopped by active monitoring
    WAIT_STOPPED,   // for any other reason that ends the wait
    WAIT_MISSED,    // nullified by a first appointment that was missed: a new one, once agreed, starts anew
    WAIT_VOID,      // nullified: it counts for nothing
    WAIT_STATES
} wait_state_t;

typedef struct wait_event {
    wait_event_kind_t kind;
    int32_t day;
} wait_event_t;

// The last clock of a pathway; earlier ones are over.
typedef struct wait_clock {
    wait_state_t state;
    int32_t started; // where the state is another than WAIT_NONE
    int32_t stopped; // where it does not run
    wait_event_kind_t stopped_by;
    size_t clocks; // that were started so far, those that were nullified among them
} wait_clock_t;

// The text of a kind.
const char *wait_event_text(wait_event_kind_t kind);
// False where no kind has the text.
bool wait_event_of(const char *text, wait_event_kind_t *kind);

// What an event makes of a state. One that changes nothing leaves it as it is.
wait_state_t wait_state_after(wait_state_t state, wait_event_kind_t kind);
// The clock at the end of the day, by events in the order in which they happened; those of later days do not count yet.
wait_clock_t wait_clock_on(const wait_event_t *events, size_t count, int32_t day);
// Days waited by the end of that day: 0 on the first one. Of a clock that is stopped, until then; of none or a nullified one, 0.
int32_t wait_days(const wait_clock_t *clock, int32_t day);
// Whole weeks of so many days.
int32_t wait_weeks(int32_t days);

// A standard, as data: within how many days, and for which share of all (thousandths).
typedef struct wait_standard {
    int32_t days;
    int64_t share;
} wait_standard_t;

// The last day that is still within, and the first that is not: the breach date. 18 weeks are 126 days, and the 126th is within; of the
// two-week wait the 14th. Calendar days: holidays change neither.
int32_t wait_last_day(int32_t started, const wait_standard_t *standard);
int32_t wait_breach_day(int32_t started, const wait_standard_t *standard);
bool wait_is_within(int32_t days, const wait_standard_t *standard);

// Incomplete pathways of one row (a specialty, an organisation); begins as {0}.
typedef struct wait_tally {
    int64_t incomplete, within, beyond_long;
    int32_t longest; // days
} wait_tally_t;

// Counts so many pathways that wait for so many days. `longer`: the standard that none should be beyond (52 weeks).
void wait_tally_count(wait_tally_t *tally, int32_t days, int64_t pathways, const wait_standard_t *standard, const wait_standard_t *longer);
void wait_tally_add(wait_tally_t *tally, const wait_tally_t *part);
// Whether the share within reaches the standard's; by counts, without rounding. Where nobody waits there is nothing to reach: true.
bool wait_tally_is_met(const wait_tally_t *tally, const wait_standard_t *standard);
// The share within, of 1, with three decimals that are cut off: what is not met never looks as if it were. NULL where nobody waits, or
// without memory.
char *wait_tally_share(const wait_tally_t *tally, arena_t *arena);

// A day of the week that is no bank holiday. What is not in the list of holidays (they are known some years ahead) counts as none.
bool wait_is_working_day(int32_t day, const holidays_t *holidays);
// The day that is so many working days after another: that day itself does not count. 0: the day, or the next working one if it is none.
int32_t wait_working_day_after(int32_t day, int32_t working_days, const holidays_t *holidays);
// How many working days come after the one day, up to and with the other.
int32_t wait_working_days_between(int32_t after, int32_t until, const holidays_t *holidays);
// Until which day somebody who was referred at that instant is to be contacted.
int32_t wait_contact_by(int64_t created_us, int32_t working_days, const holidays_t *holidays);

// A response within so many minutes that really pass, whatever the clocks on the wall do.
typedef enum wait_response_state {
    WAIT_RESPONSE_DUE,     // still to come, in time
    WAIT_RESPONSE_OVERDUE, // still to come, and too late
    WAIT_RESPONSE_MET,
    WAIT_RESPONSE_BREACHED // it came too late
} wait_response_state_t;

int64_t wait_response_due_us(int64_t begun_us, int32_t minutes);
// `responded_us`: NULL where nobody responded so far. The instant at which it is due is in time.
wait_response_state_t wait_response_on(int64_t begun_us, int32_t minutes, const int64_t *responded_us, int64_t now_us);

#endif
