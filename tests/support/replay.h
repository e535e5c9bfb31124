// A change log as it was read, from a place on: each event, what of it is missing or twice, and the state that it leaves.
//
// One thread. Without memory the test ends.
#ifndef PCN_TESTS_SUPPORT_REPLAY_H
#define PCN_TESTS_SUPPORT_REPLAY_H

#include <jansson.h>
#include <stdint.h>

#include "tests/support/table.h"

typedef struct replay_event {
    int64_t sequence;
    int64_t version;
    size_t subject;       // number in `subjects`
    char traceparent[56]; // "": none
} replay_event_t;

// What the log leaves of one subject.
typedef struct replay_subject {
    int64_t version, sequence;
    json_t *data; // NULL unless kept
} replay_subject_t;

typedef struct replay {
    int64_t after;          // the place that it begins after; from 0 each subject must begin with version 1
    int64_t place;          // the last event's
    bool keep_data;         // set before the first event
    replay_event_t *events; // in the order in which they came
    size_t count, room;
    table_t subjects, ids;
    replay_subject_t *states; // by number in `subjects`
    size_t state_room;
    // Defects. A gap is a place or a version that was left out; a double is a place, version or id that came again, or went back.
    size_t gaps, doubles;
    char first[256]; // what the first one was
    uint64_t digest; // of places and ids, in order: two readings of the same log have the same
} replay_t;

void replay_init(replay_t *replay, int64_t after);
void replay_add(replay_t *replay, int64_t sequence, const char *id, const char *subject, int64_t version, const char *traceparent,
                json_t *data);
// NULL where the log has nothing of it.
const replay_subject_t *replay_state(const replay_t *replay, const char *subject);
// Continues a digest; begin with 0.
uint64_t replay_digest(uint64_t digest, int64_t sequence, const char *id);
// Reads on by pages of `limit` until the log's end, and `until` at least where that is greater: then it waits for the events. False where
// an answer is not a page, with the reason in replay->first.
bool replay_read(replay_t *replay, const char *url, const char *service, const char *token, unsigned limit, int64_t until);
void replay_clear(replay_t *replay);

#endif
