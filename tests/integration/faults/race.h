// Two hundred clients who send the same request at the same moment.
#ifndef PCN_TESTS_INTEGRATION_FAULTS_RACE_H
#define PCN_TESTS_INTEGRATION_FAULTS_RACE_H

#include <pthread.h>

#include "tests/integration/faults/stage.h"

typedef struct race {
    http_call_t call;
    pthread_barrier_t begin;
    bool repeats; // a caller repeats what was not answered
} race_t;

// By the stage's manager; the texts are borrowed.
race_t race_of(const stage_t *stage, const char *method, const char *path, const char *body, const char *const *headers);
// All get the same answer, of that status, and none or one as the first. With a killer that was armed before, which has fired so many
// times, its program dies meanwhile; without one exactly one is the first.
void race_run(race_t *race, long status, killer_t *killer, unsigned fired);
// Events about the subject after the place, in the log of the stage's service.
size_t race_events_about(stage_t *stage, int64_t after, const char *subject);

#endif
