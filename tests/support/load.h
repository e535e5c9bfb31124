// A load of many clients at once against a platform, that behaves as a correct client does: what was not answered, or answered that
// somebody is away (429, 502, 503, 504), is sent again under the same Idempotency-Key until an answer comes. Everything goes into a
// journal.
//
// libcurl itself sends once more, unnoticed, what a kept connection lost before any byte of an answer came: the same request under the same
// key, as a correct client may. So `attempts` is the least that was sent.
//
// What is sent is drawn by a seeded generator from the caller's table of operations; each service brings its own table (mix_registry.h is
// the registry's). One thread of its own drives all clients and calls the table's functions, so these need no locks; the caller may
// look at their world once load_stop has returned.
#ifndef PCN_TESTS_SUPPORT_LOAD_H
#define PCN_TESTS_SUPPORT_LOAD_H

#include "tests/support/journal.h"

#define LOAD_PATH_SIZE 160
#define LOAD_BODY_SIZE 3072
#define LOAD_SUBJECT_SIZE 96

// The seeded generator (SplitMix64): a value in 0 … below-1.
typedef struct load_random {
    uint64_t state;
} load_random_t;
uint64_t load_draw(load_random_t *random, uint64_t below);

// What an operation wants to send. Method, path and, for what changes something, subjects are needed; the key is the driver's. A subject
// that ends with a slash is one that the platform will name: the `id` of the answer is put behind it.
typedef struct load_request {
    const char *method;
    char path[LOAD_PATH_SIZE];
    char body[LOAD_BODY_SIZE]; // "": none
    int64_t match;             // version for If-Match; 0: none
    const char *token;         // whose request it is; NULL: the load's own
    char subjects[JOURNAL_SUBJECTS_MAX][LOAD_SUBJECT_SIZE];
    const char *named_by[JOURNAL_SUBJECTS_MAX]; // by which member of the answer such a one is named; NULL: `id`
    size_t subject_count;
    void *about;   // the operation's own
    int64_t floor; // the operation's own: the version that was acknowledged before this left
} load_request_t;

typedef struct load_answer {
    long status;
    int64_t version;
    const char *body; // ended by NUL
    size_t size;
} load_answer_t;

typedef struct load_operation {
    const char *name; // NULL ends the table
    unsigned weight;
    // Writes the request (zeroed before); false: not possible now, another one is drawn.
    bool (*make)(void *world, load_random_t *random, load_request_t *request);
    // The request has its last answer, or was given up with status 0. False: the answer is wrong by itself (a read that is older than
    // what was acknowledged before it was sent); it is counted as lost. May be NULL.
    bool (*answered)(void *world, const load_request_t *request, const load_answer_t *answer);
} load_operation_t;

typedef struct load_options {
    journal_t *journal;
    const char *url;
    const char *socket; // unix socket to speak to instead of the url's host; NULL: none
    const char *token;
    unsigned clients;
    double rate; // requests a second; 0: as fast as they are answered
    uint64_t seed;
    size_t requests_max;    // ends by itself after so many; 0: only load_stop ends it
    unsigned again_percent; // of the acknowledged changes, how many are sent once more: the answer must be the first one
    const load_operation_t *operations;
    void *world;
} load_options_t;

typedef struct load_counts {
    size_t requests, attempts, acknowledged, refused, unanswered;
    size_t repeats; // attempts because the one before was not answered, or answered that somebody is away
    size_t stale;   // answers that an operation called wrong
    size_t in_flight;
} load_counts_t;

typedef struct load load_t;

// NULL where it cannot start. The strings are borrowed until load_stop.
load_t *load_start(const load_options_t *options);
// What it has done so far; any time.
load_counts_t load_count(load_t *load);
// Waits until so many changes are acknowledged, at most limit_ms. False where they are not.
bool load_await(load_t *load, size_t acknowledged, long limit_ms);
// Sends nothing new, waits until all that was sent is answered (at most limit_ms; what is still open then is given up), and frees it.
load_counts_t load_stop(load_t **load, long limit_ms);
// The same for a load with requests_max, which is first let come to its end.
load_counts_t load_finish(load_t **load, long limit_ms);

#endif
