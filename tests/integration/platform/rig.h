// What the tests of a running platform share: one started platform, callers with roles, and short ways to ask and to compare.
#ifndef PCN_TESTS_INTEGRATION_PLATFORM_RIG_H
#define PCN_TESTS_INTEGRATION_PLATFORM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/platform.h"

typedef struct rig {
    platform_t platform;
    char *manager; // token of a system-manager of ics-llr
} rig_t;

// cmocka's group set-up and tear-down; *state is the rig.
int rig_start(void **state);
int rig_stop(void **state);

// Sends and requires a whole answer. `key` is the Idempotency-Key, `match` the If-Match; either may be NULL.
http_answer_t rig_ask(const rig_t *rig, const char *token, const char *method, const char *path, const char *body, const char *key,
                      const char *match);
// GET by the manager, which must be 200.
http_answer_t rig_get(const rig_t *rig, const char *path);
// An integer below keys joined by dots ("listSize.stated"); fails the test where it is not there.
json_int_t rig_number(const http_answer_t *answer, const char *path);
// Requires the status and, where not NULL, the problem's field; releases the answer.
void rig_assert_problem(http_answer_t answer, long status, const char *field);
// The log from a place on, page by page, as one array; checks that sequences are gapless.
json_t *rig_events_after(const rig_t *rig, json_int_t after);
// How many events of the array are about the subject.
size_t rig_events_about(const json_t *events, const char *subject);
// Marks the log with a change of its own and returns that one's place. All that was committed before has a place by then, a lower one:
// an event comes into the log a moment after its change is answered.
json_int_t rig_log_mark(const rig_t *rig);
// Waits until the log has reached the place, at most two seconds: an event shows that soon.
void rig_await_log(const rig_t *rig, json_int_t place);

#endif
