// What dies under load loses nothing: each 2xx of the journal is there with exactly one event, and the log has no gap.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "common/base/clock.h"
#include "tests/integration/platform/rig.h"

#define WRITERS 4
#define SECOND_US 1000000
#define CODES_MAX 20000
#define RESTARTS 8

// Each writer's journal: the codes that were answered 201.
typedef struct writer {
    const rig_t *rig;
    const char *round;
    unsigned number;
    atomic_bool *stop;
    unsigned sent, created, refused, silent;
    unsigned *acknowledged; // serials
} writer_t;

static void *write_on(void *argument)
{
    writer_t *writer = argument;
    while (!atomic_load(writer->stop) && writer->sent < CODES_MAX) {
        char body[160], header[96];
        const unsigned serial = writer->sent++;
        snprintf(body, sizeof body, "{\"code\":\"f-%s-%u-%u\",\"name\":\"Fault\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\"}",
                 writer->round, writer->number, serial);
        snprintf(header, sizeof header, "Idempotency-Key: f-%s-%u-%u", writer->round, writer->number, serial);
        const char *const headers[] = {header, NULL};
        const http_call_t call = {.method = "POST",
                                  .url = writer->rig->platform.url,
                                  .path = "/v1/organisations",
                                  .token = writer->rig->manager,
                                  .body = body,
                                  .headers = headers,
                                  .timeout_ms = 15000};
        // A client repeats under its key what was not answered, or answered that the service is away.
        for (unsigned attempt = 0; attempt < 20; attempt++) {
            http_answer_t answer;
            const bool whole = http_send(&call, &answer);
            const long status = whole ? answer.status : 0;
            http_answer_clear(&answer);
            if (status == 201) {
                writer->acknowledged[writer->created++] = serial;
                break;
            }
            if (status != 0 && status != 503 && status != 504) {
                writer->refused++;
                break;
            }
            writer->silent++;
        }
    }
    return NULL;
}

static void kill_under_load(const rig_t *rig, const char *program, const char *round, int64_t every_us, unsigned times)
{
    const json_int_t before = rig_log_mark(rig);
    writer_t writers[WRITERS];
    pthread_t threads[WRITERS];
    atomic_bool stop = false;
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] =
            (writer_t){.rig = rig, .round = round, .number = i, .stop = &stop, .acknowledged = calloc(CODES_MAX, sizeof(unsigned))};
        assert_non_null(writers[i].acknowledged);
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    }
    unsigned killed = 0;
    while (killed < times) {
        // Not in step with anything: the writers keep time by their own answers.
        const int64_t pause_us = every_us + (clock_steady_us() % 97) * 1000;
        const struct timespec pause = {.tv_sec = pause_us / SECOND_US, .tv_nsec = (pause_us % SECOND_US) * 1000};
        nanosleep(&pause, NULL);
        killed += platform_kill(&rig->platform, program, SIGKILL);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(platform_await(&rig->platform, "/readyz", NULL, 200, 30000) >= 0);

    size_t acknowledged = 0;
    for (unsigned i = 0; i < WRITERS; i++)
        acknowledged += writers[i].created;
    assert_true(acknowledged > 0);
    assert_true(rig_log_mark(rig) > before + (json_int_t)acknowledged);
    json_t *events = rig_events_after(rig, before);
    json_t *by_subject = json_object();
    size_t k;
    json_t *event;
    json_array_foreach(events, k, event)
    {
        const char *subject = json_string_value(json_object_get(event, "subject"));
        // Exactly one event a created organisation.
        assert_null(json_object_get(by_subject, subject));
        json_object_set(by_subject, subject, event);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(writers[i].refused, 0);
        for (unsigned n = 0; n < writers[i].created; n++) {
            char subject[96], path[112];
            snprintf(subject, sizeof subject, "organisations/f-%s-%u-%u", round, i, writers[i].acknowledged[n]);
            if (json_object_get(by_subject, subject) == NULL)
                fail_msg("%s was acknowledged and has no event", subject);
            if (n % 50 == 0) {
                snprintf(path, sizeof path, "/v1/%s", subject);
                http_answer_t row = rig_get(rig, path);
                http_answer_clear(&row);
            }
        }
        print_message("writer %u: %u sent, %u created, %u repeats\n", i, writers[i].sent, writers[i].created, writers[i].silent);
        free(writers[i].acknowledged);
    }
    json_decref(by_subject);
    json_decref(events);
}

static void test_registry_killed(void **state)
{
    kill_under_load(*state, "registry", "registry", 700000, 5);
}

static void test_gateway_killed(void **state)
{
    kill_under_load(*state, "gateway", "gateway", 700000, 5);
}

// The server itself, as a power cut leaves it: it replays its log and goes on.
static void test_database_killed(void **state)
{
    kill_under_load(*state, "postgresql", "database", 3 * SECOND_US, 2);
}

typedef struct caller {
    const rig_t *rig;
    unsigned number;
    atomic_bool *stop;
    unsigned sent, failed;
    long last; // status of the last that failed, 0 for none at all
} caller_t;

// Reads and writes in turn, each once: what fails is not asked again.
static void *call_on(void *argument)
{
    caller_t *caller = argument;
    while (!atomic_load(caller->stop)) {
        char body[160], header[96];
        const char *const headers[] = {header, NULL};
        const unsigned serial = caller->sent++;
        const bool writes = serial % 4 == 0;
        snprintf(body, sizeof body, "{\"code\":\"r-%u-%u\",\"name\":\"Restart\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\"}",
                 caller->number, serial);
        snprintf(header, sizeof header, "Idempotency-Key: r-%u-%u", caller->number, serial);
        const http_call_t call = {.method = writes ? "POST" : "GET",
                                  .url = caller->rig->platform.url,
                                  .path = writes ? "/v1/organisations" : "/v1/organisations/pcn-rutland",
                                  .token = caller->rig->manager,
                                  .body = writes ? body : NULL,
                                  .headers = writes ? headers : NULL,
                                  .timeout_ms = 15000};
        http_answer_t answer;
        const bool whole = http_send(&call, &answer);
        if (!whole || answer.status != (writes ? 201 : 200)) {
            caller->failed++;
            caller->last = whole ? answer.status : 0;
        }
        http_answer_clear(&answer);
    }
    return NULL;
}

// Nobody notices: the socket outlives the gateway, and who connects meanwhile waits in it.
static void test_gateway_restarted_as_planned(void **state)
{
    const rig_t *rig = *state;
    caller_t callers[WRITERS];
    pthread_t threads[WRITERS];
    char command[320];
    atomic_bool stop = false;
    snprintf(command, sizeof command, "'%s/bin/pcn-supervisor' restart '%s' gateway", rig->platform.state_dir, rig->platform.state_dir);
    for (unsigned i = 0; i < WRITERS; i++) {
        callers[i] = (caller_t){.rig = rig, .number = i, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, &callers[i]), 0);
    }
    for (unsigned i = 0; i < RESTARTS; i++) {
        struct timespec pause = {.tv_nsec = (100 + 37 * i) * INT64_C(1000000)};
        nanosleep(&pause, NULL);
        assert_int_equal(system(command), 0);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < WRITERS; i++) {
        print_message("caller %u: %u sent, %u failed\n", i, callers[i].sent, callers[i].failed);
        assert_true(callers[i].sent > RESTARTS);
        if (callers[i].failed > 0)
            fail_msg("%u of %u failed, the last with %ld", callers[i].failed, callers[i].sent, callers[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gateway_restarted_as_planned), cmocka_unit_test(test_registry_killed),
                                       cmocka_unit_test(test_gateway_killed), cmocka_unit_test(test_database_killed)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
