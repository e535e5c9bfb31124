// What must hold after any fault (the fault cases' invariants I1, I2, I6, I7), checked from outside: a journal (journal.h) against the log
// as it was read (replay.h), the resources, the programs and their logs. Sums up over several checks; each adds to the report.
//
// I1: each 2xx is there with exactly one event for each aggregate that it changed, and what was refused changed nothing. I2: the log is
// 1..max with no gap and no double, and so is each aggregate's version. I6: nothing died unplanned, memory and descriptors stay. I7: no
// token, secret, name or NHS number in any log.
#ifndef PCN_TESTS_SUPPORT_INVARIANTS_H
#define PCN_TESTS_SUPPORT_INVARIANTS_H

#include "tests/support/journal.h"
#include "tests/support/leaks.h"
#include "tests/support/processes.h"
#include "tests/support/replay.h"

#define INVARIANTS_FINDINGS 12

typedef struct invariants {
    size_t acknowledged; // changes that were answered 2xx
    size_t killed;       // by the test
    size_t lost;         // acknowledged, and an event or the resource is missing or older; an answer older than what was acknowledged
    size_t doubled;      // more than one event of one request about one aggregate, an id or place twice
    size_t gaps;         // a place or a version that is missing
    size_t undone;       // refused, and there is an event of it; or only a part of a change; or of an aggregate nobody named
    size_t differing;    // a repeat was answered otherwise than the first time
    size_t unplanned;    // deaths that nobody caused; memory or descriptors beyond their bound
    size_t leaks;
    char findings[INVARIANTS_FINDINGS][256];
    size_t finding_count;
} invariants_t;

// I2.
void invariants_check_log(invariants_t *report, const replay_t *replay);
// I1 by events. The replay has all that the journal's requests did.
void invariants_check_journal(invariants_t *report, const journal_t *journal, const replay_t *replay);
// I1 by resources: GET /v1/<subject> of what was acknowledged, at most `most` of them, drawn by the seed. Where the replay keeps data and
// the version is the same, each key of the answer must be as the event has it.
void invariants_check_resources(invariants_t *report, const journal_t *journal, const replay_t *replay, const char *url, const char *token,
                                size_t most, uint64_t seed);
// Each key of the answer is the same in the event's data.
bool invariants_same(const json_t *answer, const json_t *data);

// I6: what may have changed between two looks. `kills` ends with name NULL.
typedef struct invariants_kills {
    const char *name;
    unsigned restarts; // by the test
    // Starts that may have failed after these, where what was killed leaves something that stands in the next one's way for a moment (a
    // killed PostgreSQL's own processes do).
    unsigned failed_starts_most;
} invariants_kills_t;
// `steady`: memory and descriptors of the daemons that were not restarted are within a tenth of `before`, which was taken after warm-up.
void invariants_check_processes(invariants_t *report, const processes_t *before, const processes_t *after, const invariants_kills_t *kills,
                                bool steady);
// I7. Of the instance's folder: secrets, keys, the issuer's key and all logs; `leaks` may hold words of the caller's (names, tokens).
void invariants_check_logs(invariants_t *report, leaks_t *leaks, const char *state_dir);

void invariants_note(invariants_t *report, size_t *kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool invariants_hold(const invariants_t *report);
// One line with acknowledged, killed, lost, doubled and what else was found; then the findings.
void invariants_print(const invariants_t *report, const char *what);

#endif
