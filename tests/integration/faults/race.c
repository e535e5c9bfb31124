#include "tests/integration/faults/race.h"

#include <time.h>

enum { CALLERS = 200, KILL_MS = 120000, ATTEMPTS_MOST = 200, AGAIN_MS = 20 };

typedef struct caller {
    race_t *race;
    http_answer_t answer;
    bool whole;
} caller_t;

static void *call_once(void *data)
{
    caller_t *caller = data;
    (void)pthread_barrier_wait(&caller->race->begin);
    for (unsigned attempt = 0; attempt < ATTEMPTS_MOST; attempt++) {
        caller->whole = http_send(&caller->race->call, &caller->answer);
        if (!caller->race->repeats || (caller->whole && !journal_asks_again(caller->answer.status)))
            break;
        http_answer_clear(&caller->answer);
        // As the answer says: somebody is away for now.
        const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

// All the same answer of that status; all but `firsts` at most say that they are a repeat's.
static void check_answers(caller_t callers[CALLERS], long status, bool one_is_first)
{
    unsigned firsts = 0;
    char etag[32], first_etag[32] = "", value[16];
    for (unsigned i = 0; i < CALLERS; i++) {
        const http_answer_t *answer = &callers[i].answer;
        if (!callers[i].whole || answer->status != status)
            fail_msg("caller %u: %ld %s", i, answer->status, answer->body != NULL ? answer->body : "");
        assert_true(http_header(answer, "ETag", etag, sizeof etag));
        if (i == 0)
            snprintf(first_etag, sizeof first_etag, "%s", etag);
        assert_string_equal(etag, first_etag);
        assert_string_equal(answer->body, callers[0].answer.body);
        firsts += !http_header(answer, "Idempotent-Replayed", value, sizeof value);
    }
    if (one_is_first)
        assert_int_equal(firsts, 1);
    else
        assert_true(firsts <= 1);
}

void race_run(race_t *race, long status, killer_t *killer, unsigned fired)
{
    static caller_t callers[CALLERS];
    pthread_t threads[CALLERS];
    assert_int_equal(pthread_barrier_init(&race->begin, NULL, CALLERS), 0);
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (caller_t){.race = race};
        assert_int_equal(pthread_create(&threads[i], NULL, call_once, &callers[i]), 0);
    }
    if (killer != NULL)
        assert_true(killer_await(killer, fired + 1, KILL_MS));
    for (unsigned i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&race->begin);
    check_answers(callers, status, killer == NULL);
    for (unsigned i = 0; i < CALLERS; i++)
        http_answer_clear(&callers[i].answer);
}

size_t race_events_about(stage_t *stage, int64_t after, const char *subject)
{
    replay_t replay;
    size_t count = 0;
    const int64_t mark = stage_mark(stage);
    replay_init(&replay, after);
    assert_true(replay_read(&replay, stage->platform.url, stage->service, stage->manager, 1000, mark));
    for (size_t i = 0; i < replay.count; i++)
        count += strcmp(replay.subjects.texts[replay.events[i].subject], subject) == 0;
    replay_clear(&replay);
    return count;
}

race_t race_of(const stage_t *stage, const char *method, const char *path, const char *body, const char *const *headers)
{
    return (race_t){.call = {.method = method,
                             .url = stage->platform.url,
                             .path = path,
                             .token = stage->manager,
                             .body = body,
                             .headers = headers,
                             .timeout_ms = 30000}};
}
