#include "common/rpc/share.h"

#include "tests/unit/rpc/world.h"

static const rpc_permission_t rows[] = {
    {.peer = "gateway", .method = "", .with_principal = true},
    {.peer = "*", .method = "pcn.events.v1.Events/", .in_flight_a_key = 3, .in_flight_max = 5},
    {.peer = NULL},
};

static void bounds_a_key_and_all(void **state)
{
    (void)state;
    rpc_shares_t shares;
    rpc_shares_init(&shares, rows);
    rpc_share_t *a = NULL, *b = NULL;
    for (int i = 0; i < 3; i++) {
        a = rpc_shares_take(&shares, 1, "a");
        assert_non_null(a);
    }
    assert_null(rpc_shares_take(&shares, 1, "a"));
    for (int i = 0; i < 2; i++) {
        b = rpc_shares_take(&shares, 1, "b");
        assert_non_null(b);
        assert_ptr_not_equal(a, b);
    }
    assert_null(rpc_shares_take(&shares, 1, "b")); // all together
    assert_null(rpc_shares_take(&shares, 1, "c"));
    rpc_share_give(b);
    rpc_share_t *c = rpc_shares_take(&shares, 1, "c");
    assert_non_null(c);
    assert_null(rpc_shares_take(&shares, 1, "b"));
    rpc_share_give(a);
    assert_ptr_equal(rpc_shares_take(&shares, 1, "a"), a);
    rpc_shares_deinit(&shares);
}

static void does_not_bound_another_row(void **state)
{
    (void)state;
    rpc_shares_t shares;
    rpc_shares_init(&shares, rows);
    for (int i = 0; i < 5000; i++) {
        assert_non_null(rpc_shares_take(&shares, 0, "gateway"));
    }
    assert_non_null(rpc_shares_take(&shares, 1, "a"));
    rpc_share_give(NULL);
    rpc_shares_deinit(&shares);
}

// In the server: refused at once and with advice, and room again after an answer.
static void refuses_a_key_beyond_its_share(void **state)
{
    (void)state;
    enum { CALLS = 8 };
    world_t world;
    world_call_t calls[CALLS], again;
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "follower", world.dir, 0);
    for (unsigned i = 0; i < CALLS; i++) {
        world_prepare(&calls[i], "held", WORLD_LONG_MS, false);
        calls[i].request.header.method = (char *)"pcn.events.v1.Events/Read";
        calls[i].request.header.principal = NULL;
        rpc_client_call(world.client, &calls[i].request);
    }
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, CALLS) == CALLS - 3));
    for (unsigned i = 0; i < CALLS; i++) {
        assert_true(calls[i].done == 0 || (calls[i].status == STATUS_RESOURCE_EXHAUSTED && calls[i].problem.retry_after_ms > 0));
    }
    assert_int_equal(rpc_server_in_flight(world.one.server), 3);
    assert_int_equal(world_count(&world, "pcn_rpc_calls_refused_total", NULL), CALLS - 3);
    world_answer_held(&world.one);
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, CALLS) == CALLS));
    world.one.mode = WORLD_ECHO;
    world_prepare(&again, "again", WORLD_LONG_MS, false);
    again.request.header.method = (char *)"pcn.events.v1.Events/Read";
    again.request.header.principal = NULL;
    rpc_client_call(world.client, &again.request);
    assert_true(WORLD_UNTIL(&world, again.done));
    assert_int_equal(again.status, STATUS_OK);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_a_key_and_all),
        cmocka_unit_test(does_not_bound_another_row),
        cmocka_unit_test(refuses_a_key_beyond_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
