#include "common/event/call.h"

#include "pcn/events/v1/events.meta.h"
#include "tests/unit/event/reader.h"

typedef struct asked {
    event_call_t *call;
    unsigned done;
    status_t status;
    size_t events;
} asked_t;

static void done(void *data, event_call_t *call, const void *answer, const problem_t *problem)
{
    asked_t *asked = data;
    const Pcn__Events__V1__ReadReply *reply = answer;
    asked->done++;
    asked->status = problem->status;
    asked->events = reply != NULL ? reply->n_events : 0;
    assert_ptr_equal(call, asked->call);
    assert_int_equal(reply != NULL, problem->status == STATUS_OK);
}

static void ask(reader_t *reader, asked_t *asked)
{
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    request.service = (char *)(uintptr_t) "registry";
    *asked = (asked_t){0};
    asked->call =
        event_call_new(reader->client, "pcn.events.v1.Events/Read", &request.base, &pcn__events__v1__read_reply__type, done, asked);
    assert_non_null(asked->call);
    assert_int_equal(asked->done, 0); // never from inside
}

static void is_answered_once(void **state)
{
    (void)state;
    reader_t reader;
    asked_t asked;
    reader_init(&reader);
    reader.log.head = 3;
    ask(&reader, &asked);
    assert_true(READER_UNTIL(&reader, asked.done > 0));
    assert_int_equal(asked.status, STATUS_OK);
    assert_int_equal(asked.events, 3);
    event_call_destroy(&asked.call);
    assert_null(asked.call);
    reader.log.refuse = STATUS_OUT_OF_RANGE;
    ask(&reader, &asked);
    assert_true(READER_UNTIL(&reader, asked.done > 0));
    assert_int_equal(asked.status, STATUS_OUT_OF_RANGE);
    event_call_destroy(&asked.call);
    reader_deinit(&reader);
}

static void may_be_let_go(void **state)
{
    (void)state;
    reader_t reader;
    asked_t asked;
    reader_init(&reader);
    ask(&reader, &asked);
    event_call_destroy(&asked.call); // before it is sent
    reader_wait(&reader, 100);
    assert_int_equal(asked.done, 0);
    reader.log.faults.silent = 1000;
    ask(&reader, &asked);
    reader_wait(&reader, 100);
    event_call_destroy(&asked.call); // while it is waited for
    reader_deinit(&reader);
    assert_int_equal(asked.done, 0);
}

static void refuses_what_is_too_large(void **state)
{
    (void)state;
    reader_t reader;
    char large[EVENT_CALL_REQUEST_MAX + 1];
    reader_init(&reader);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    request.service = large;
    assert_null(event_call_new(reader.client, "pcn.events.v1.Events/Read", &request.base, &pcn__events__v1__read_reply__type, done, NULL));
    reader_deinit(&reader);
}

static void waits_longer_and_longer(void **state)
{
    (void)state;
    event_retry_t retry = {.service = "registry"};
    problem_t problem = {.status = STATUS_UNAVAILABLE};
    uint64_t before = 0;
    for (int i = 0; i < 20; i++) {
        uint64_t delay_ms = event_retry_after(&retry, &problem);
        assert_true(delay_ms >= 100 && delay_ms >= before && delay_ms <= 5000);
        before = delay_ms;
    }
    assert_int_equal(before, 5000);
    event_retry_over(&retry);
    assert_int_equal(event_retry_after(&retry, &problem), 100);
    problem.retry_after_ms = 700; // the service knows better
    assert_int_equal(event_retry_after(&retry, &problem), 700);
    problem.retry_after_ms = UINT32_MAX; // but not everything
    assert_int_equal(event_retry_after(&retry, &problem), 5000);
    problem = (problem_t){.status = STATUS_PERMISSION_DENIED};
    assert_int_equal(event_retry_after(&retry, &problem), 10000);
    problem.status = STATUS_UNAUTHENTICATED;
    assert_int_equal(event_retry_after(&retry, &problem), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_answered_once),
        cmocka_unit_test(may_be_let_go),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(waits_longer_and_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
