// What a client outside the platform knows: each request that it sent and each answer that it got, in memory and as one JSON line each in
// a file that is only ever added to. The invariants (invariants.h) are checked against it, so it must know nothing that the platform
// says of itself.
//
// A request has a traceparent of its own, the same in all its attempts: by it an event is known again as this request's doing.
//
// Any thread may call; an entry is written by the one that opened it, and read by others after that one has ended.
#ifndef PCN_TESTS_SUPPORT_JOURNAL_H
#define PCN_TESTS_SUPPORT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_SUBJECTS_MAX 4
#define JOURNAL_TRACE_SIZE 56 // "00-" 32 "-" 16 "-01" and NUL

typedef struct journal journal_t;

// What is sent. The texts are copied.
typedef struct journal_request {
    const char *operation; // the caller's name for it
    const char *method;
    const char *path;
    const char *body;  // NULL: none
    const char *key;   // Idempotency-Key; NULL: none
    const char *match; // If-Match; NULL: none
    // Aggregates (event subjects) that a 2xx has changed, each with exactly one event; the first one's version is the answer's ETag. One
    // that the platform names itself ends with a slash ("appointments/") until it is known.
    const char *subjects[JOURNAL_SUBJECTS_MAX];
} journal_request_t;

typedef struct journal_answer {
    long status;     // 0: no whole answer came
    int64_t version; // of the ETag; 0: none
    bool replayed;   // Idempotent-Replayed
    const char *body;
    size_t size;
} journal_answer_t;

typedef struct journal_entry {
    uint64_t number; // 1, 2, 3 …
    char *operation, *method, *path, *body, *key, *match;
    char *subjects[JOURNAL_SUBJECTS_MAX]; // ended by NULL where there are fewer
    char traceparent[JOURNAL_TRACE_SIZE];
    unsigned attempts; // times it was sent
    unsigned answers;  // whole answers, whatever they say
    long status;       // of the first 2xx, else of the last answer; 0: never answered
    int64_t version;
    uint64_t body_hash; // of the first 2xx
    bool differing;     // another 2xx said something else than the first one
} journal_entry_t;

// `path` is the file, made anew; NULL for none. `run` tells this journal's traces from any other's and is not 0. NULL where it cannot be
// had.
journal_t *journal_new(const char *path, uint64_t run);
void journal_destroy(journal_t **journal);
// A request that will be sent; never NULL: without memory the test ends.
journal_entry_t *journal_open(journal_t *journal, const journal_request_t *request);
// The answer has named what the request changed: the subject of that number, which ended with a slash, becomes this one.
void journal_name(journal_t *journal, journal_entry_t *entry, size_t subject, const char *name);
// One attempt leaves.
void journal_sent(journal_t *journal, journal_entry_t *entry);
// One attempt has ended.
void journal_answered(journal_t *journal, journal_entry_t *entry, const journal_answer_t *answer);
size_t journal_count(const journal_t *journal);
const journal_entry_t *journal_at(const journal_t *journal, size_t index);
// Whose doing the event is; NULL where it is not of this journal.
const journal_entry_t *journal_by_trace(const journal_t *journal, const char *traceparent);
bool journal_is_success(long status);
// Nobody knows what became of the request, or nothing did for now: a correct client sends it again under its key.
bool journal_asks_again(long status);
// Everything that was written is in the file.
void journal_flush(journal_t *journal);
const char *journal_path(const journal_t *journal); // NULL: none

#endif
