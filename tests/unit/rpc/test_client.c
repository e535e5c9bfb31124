#include "tests/unit/rpc/world.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common/rpc/calls.h"

// Every replica has room and stands.
static bool all_connected(const world_t *world)
{
    for (unsigned i = 0; i < world->client->replica_count; i++) {
        if (!world->client->replicas[i].connection.connected) {
            return false;
        }
    }
    return true;
}

static void ends_at_the_deadline(void **state)
{
    (void)state;
    enum { SHORT_MS = 1000 };
    world_t world;
    world_call_t silent;
    world_call_t unreached;
    world_call_t later;
    world_init(&world);
    (void)snprintf(world.one.endpoint, sizeof world.one.endpoint, "ipc://%s/nobody", world.dir);
    world_client_start(&world, "gateway", world.dir, 0);
    int64_t before = clock_steady_us();
    world_call(&world, &later, "later", WORLD_LONG_MS, true);
    world_call(&world, &unreached, "x", 200, true);
    assert_true(WORLD_UNTIL(&world, unreached.done));
    assert_int_equal(unreached.status, STATUS_UNAVAILABLE); // never sent
    assert_true(clock_steady_us() - before >= 195000);
    assert_int_equal(later.done, 0); // each at its own
    assert_false(rpc_client_ready(world.client));
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "nobody", 0);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 1)); // found it by itself
    world_call(&world, &silent, "x", SHORT_MS, false);
    assert_true(WORLD_UNTIL(&world, silent.done));
    assert_int_equal(silent.status, STATUS_DEADLINE_EXCEEDED);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 2));
    int64_t left = world.one.held[1]->deadline_us - world.one.held[1]->received_us;
    assert_in_range(left, 1000, SHORT_MS * 1000); // what was left when it was sent, not a clock reading
    world_answer_held(&world.one);                // too late
    assert_true(WORLD_UNTIL(&world, world_count(&world, "pcn_rpc_client_late_total", "service=\"registry\"") == 1));
    assert_int_equal(silent.done, 1);
    assert_true(WORLD_UNTIL(&world, later.done));
    world_assert_echoed(&later, 1);
    world_call(&world, &silent, "past", -5, true); // its deadline is over before it starts
    assert_true(WORLD_UNTIL(&world, silent.done));
    assert_int_equal(silent.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(world.one.served, 2); // and is not sent
    world_deinit(&world);
}

// What is enough for a frame of its own is on its way before the turn ends; the rest goes at its end.
static void sends_a_frame_before_the_turn_ends(void **state)
{
    (void)state;
    enum { FRAME = 16, COUNT = 2 * FRAME + 1 };
    world_t world;
    world_call_t calls[COUNT];
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    for (unsigned i = 0; i < FRAME; i++) {
        world_call(&world, &calls[i], "x", WORLD_LONG_MS, true);
    }
    assert_int_equal(calls[FRAME - 1].request.attempts, 0); // nobody is connected yet
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    for (unsigned i = 0; i < COUNT; i++) {
        world_call(&world, &calls[i], "x", WORLD_LONG_MS, true);
        assert_int_equal(calls[0].request.attempts, i + 1 < FRAME ? 0 : 1);
    }
    assert_int_equal(calls[2 * FRAME - 1].request.attempts, 1);
    assert_int_equal(calls[COUNT - 1].request.attempts, 0);
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    world_assert_echoed(calls, COUNT);
    world_deinit(&world);
}

static void restarts_without_losing_a_call(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    world_t world;
    world_call_t *calls = calloc(COUNT, sizeof *calls);
    world_call_t once;
    assert_non_null(calls);
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &once, "not twice", WORLD_LONG_MS, false);
    for (unsigned i = 0; i < COUNT; i++) {
        char body[32];
        (void)snprintf(body, sizeof body, "call %u", i);
        world_call(&world, &calls[i], body, WORLD_LONG_MS, true);
    }
    assert_true(WORLD_UNTIL(&world, world.one.held_count == COUNT + 1));
    world_server_stop(&world.one); // with all of them
    assert_true(WORLD_UNTIL(&world, !rpc_client_ready(world.client)));
    (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(once.done, 1); // as soon as the loss is known
    assert_int_equal(once.status, STATUS_UNAVAILABLE);
    assert_int_equal(world_done_count(calls, COUNT), 0);
    world.one.mode = WORLD_ECHO;
    world.one.served = 0;
    world_serve_start(&world, &world.one, "one", 0);
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    world_assert_echoed(calls, COUNT);
    assert_int_equal(world.one.served, COUNT);
    world_deinit(&world);
    free(calls);
}

static void gives_up_on_a_call_that_kills(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &call, "poison", WORLD_LONG_MS, true);
    unsigned lives = 0;
    while (lives < 8 && WORLD_UNTIL(&world, world.one.held_count == 1 || call.done) && !call.done) {
        lives++;
        world_server_stop(&world.one);
        world_serve_start(&world, &world.one, "one", 0);
    }
    assert_int_equal(call.done, 1);
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_int_equal(lives, 4);
    world_deinit(&world);
}

// A server in a process of its own, in memory that the test sees as well.
typedef struct told {
    world_t world;
    uv_prepare_t prepare;
    _Atomic uint64_t handshakes;
} told_t;

static void tell(uv_prepare_t *prepare)
{
    told_t *told = prepare->data;
    told->handshakes = world_count(&told->world, "pcn_rpc_handshakes_total", "socket=\"calls\"");
}

// In the child, until it is killed.
static void serve_alone(told_t *told)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // also where its test fails
    world_t *own = &told->world;
    if (uv_loop_init(&own->loop) != 0) {
        _exit(1);
    }
    own->metrics = metrics_new();
    world_serve_start(own, &own->one, "one", 0);
    told->prepare.data = told;
    (void)uv_prepare_init(&own->loop, &told->prepare);
    (void)uv_prepare_start(&told->prepare, tell);
    _exit(uv_run(&own->loop, UV_RUN_DEFAULT));
}

static pid_t serve_in_child(world_t *world, told_t **told)
{
    (void)snprintf(world->one.endpoint, sizeof world->one.endpoint, "ipc://%s/one", world->dir);
    *told = mmap(NULL, sizeof **told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(*told, MAP_FAILED);
    memcpy((*told)->world.dir, world->dir, sizeof world->dir);
    pid_t server = fork();
    if (server == 0) {
        serve_alone(*told);
    }
    assert_true(server > 0);
    return server;
}

// Only then does it read no more.
static void stop_child(pid_t server)
{
    int state = 0;
    assert_int_equal(kill(server, SIGSTOP), 0);
    assert_int_equal(waitpid(server, &state, WUNTRACED), server);
    assert_true(WIFSTOPPED(state));
}

static void end_child(pid_t server, told_t *told)
{
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(waitpid(server, NULL, 0), server);
    assert_int_equal(munmap(told, sizeof *told), 0);
}

// A loop that is held up while it connects, as a process that is stopped is, finds its renewal due and the connection made.
static void keeps_a_connection_made_while_it_was_held_up(void **state)
{
    (void)state;
    enum { HELD_UP_MS = 2700, STEP_MS = 5 };
    world_t world;
    world_call_t call;
    told_t *told;
    world_init(&world);
    pid_t server = serve_in_child(&world, &told);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/one", world.dir);
    while (access(path, F_OK) != 0) {
        world_wait(&world, STEP_MS);
    }
    world_client_start(&world, "gateway", world.dir, 0);
    (void)poll(NULL, 0, HELD_UP_MS);
    for (unsigned waited = 0; told->handshakes == 0 && waited < WORLD_HANG_MS; waited += STEP_MS) {
        (void)poll(NULL, 0, STEP_MS);
    }
    assert_int_equal(told->handshakes, 1);
    for (unsigned i = 0; i < 2; i++) { // by the second answer, the server has told of what came with the first
        world_call(&world, &call, "held up", WORLD_LONG_MS, false);
        assert_true(WORLD_UNTIL(&world, call.done));
        world_assert_echoed(&call, 1);
    }
    assert_int_equal(told->handshakes, 1); // still by the same
    end_child(server, told);
    world_deinit(&world);
}

static void notices_a_process_that_stands_still(void **state)
{
    (void)state;
    world_t world;
    world_call_t first;
    world_call_t once;
    world_call_t again;
    told_t *told;
    world_init(&world);
    pid_t server = serve_in_child(&world, &told);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &first, "first", 10000, true);
    assert_true(WORLD_UNTIL(&world, first.done));
    world_assert_echoed(&first, 1);
    stop_child(server);
    world_call(&world, &once, "once", WORLD_LONG_MS, false);
    world_call(&world, &again, "again", WORLD_LONG_MS, true);
    assert_true(WORLD_UNTIL(&world, once.done));
    assert_int_equal(once.status, STATUS_UNAVAILABLE); // the heartbeat told, long before the deadline, which would say otherwise
    assert_false(rpc_client_ready(world.client));
    assert_int_equal(again.done, 0);
    assert_int_equal(kill(server, SIGCONT), 0);
    assert_true(WORLD_UNTIL(&world, again.done));
    world_assert_echoed(&again, 1);
    end_child(server, told);
    world_deinit(&world);
}

static void asks_another_when_one_is_silent(void **state)
{
    (void)state;
    enum { COUNT = 16, LEFT_OUT_MS = 600 };
    world_t world;
    world_call_t calls[COUNT];
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_serve_start(&world, &world.two, "two", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_true(WORLD_UNTIL(&world, all_connected(&world)));
    for (unsigned i = 0; i < COUNT; i++) {
        world_call(&world, &calls[i], "either", WORLD_LONG_MS, true);
    }
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, COUNT) == COUNT));
    world_assert_echoed(calls, COUNT);
    assert_true(world.one.held_count > 0);
    assert_int_equal(world_count(&world, "pcn_rpc_client_left_out_total", "service=\"registry\""), 1);
    unsigned before = world.one.held_count;
    for (unsigned i = 0; i < COUNT; i++) { // it is left out now
        world_call(&world, &calls[i], "the other", WORLD_LONG_MS, false);
    }
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, COUNT) == COUNT));
    world_assert_echoed(calls, COUNT);
    assert_int_equal(world.one.held_count, before);
    world_answer_held(&world.one); // late replies meet nobody
    assert_true(WORLD_UNTIL(&world, world_count(&world, "pcn_rpc_client_late_total", "service=\"registry\"") > 0));
    world_wait(&world, LEFT_OUT_MS);
    world.one.mode = WORLD_ECHO; // well again, and the next calls find out
    unsigned served = world.one.served;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            world_call(&world, &calls[i], "again", WORLD_LONG_MS, true);
        }
        assert_true(WORLD_UNTIL(&world, world_done_count(calls, COUNT) == COUNT));
        world_assert_echoed(calls, COUNT);
    }
    assert_true(world.one.served > served + COUNT / 2);
    world_deinit(&world);
}

// A pipe that takes few messages, to one who reads none of them: the rest waits for room, and nothing is lost or answered twice.
static void waits_for_room(void **state)
{
    (void)state;
    enum { COUNT = 4000, WORDS = 2000 }; // far more than a kernel holds for a connection
    world_t world;
    told_t *told;
    world_call_t *calls = calloc(COUNT, sizeof *calls);
    assert_non_null(calls);
    world_init(&world);
    pid_t server = serve_in_child(&world, &told);
    world_client_start(&world, "gateway", world.dir, COUNT);
    assert_true(WORLD_UNTIL(&world, rpc_client_ready(world.client)));
    char words[WORDS + 1];
    memset(words, 'w', WORDS);
    words[WORDS] = '\0';
    char *roles[] = {words};
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    principal.subject = (char *)"somebody";
    principal.roles = roles;
    principal.n_roles = 1;
    const rpc_replica_t *replica = &world.client->replicas[0];
    // libzmq's thread hears of it some time later, and until then says of no message that its place is free again: there is a second one for
    // that, and once a call was answered it has heard.
    int small = 2;
    assert_int_equal(zmq_setsockopt(rpc_socket_zmq(replica->connection.socket), ZMQ_SNDHWM, &small, sizeof small), 0);
    world_call_t first;
    world_prepare(&first, "first", WORLD_LONG_MS, false);
    rpc_client_call(world.client, &first.request);
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    world_assert_echoed(&first, 1);
    for (unsigned i = 0; i < COUNT; i++) {
        char body[32];
        (void)snprintf(body, sizeof body, "call %u", i);
        world_prepare(&calls[i], body, WORLD_LONG_MS, false);
        calls[i].request.header.principal = &principal;
        rpc_client_call(world.client, &calls[i].request);
    }
    stop_child(server);
    const bool met = WORLD_UNTIL(&world, replica->full);
    assert_int_equal(kill(server, SIGCONT), 0);
    assert_true(met);
    assert_int_equal(world_done_count(calls, COUNT), 0);
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    world_assert_echoed(calls, COUNT);
    assert_int_equal(told->world.one.served, COUNT + 1);
    assert_false(replica->full);
    end_child(server, told);
    world_deinit(&world);
    free(calls);
}

static void goes_to_the_other_when_one_drains(void **state)
{
    (void)state;
    world_t world;
    world_call_t calls[6];
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_serve_start(&world, &world.two, "two", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_true(WORLD_UNTIL(&world, all_connected(&world)));
    rpc_server_drain(world.one.server);
    for (unsigned i = 0; i < 6; i++) {
        world_call(&world, &calls[i], "any", WORLD_LONG_MS, true);
    }
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, 6) == 6));
    world_assert_echoed(calls, 6);
    assert_int_equal(world.two.served, 6);
    assert_int_equal(world.one.served, 0);
    world_deinit(&world);
}

static void repeats_within_its_budget(void **state)
{
    (void)state;
    enum { COUNT = 200, LASTS_MS = 2000 };
    world_t world;
    world_call_t *calls = calloc(COUNT, sizeof *calls);
    assert_non_null(calls);
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world.two.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_serve_start(&world, &world.two, "two", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_true(WORLD_UNTIL(&world, all_connected(&world)));
    for (unsigned i = 0; i < COUNT; i++) {
        world_call(&world, &calls[i], "x", LASTS_MS, true);
    }
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, COUNT) == COUNT));
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(calls[i].status, STATUS_DEADLINE_EXCEEDED);
    }
    // Ten to begin with, a tenth of the calls, five a second: not one for each.
    assert_in_range(world_count(&world, "pcn_rpc_client_repeated_total", "service=\"registry\""), 1, 10 + COUNT / 10 + 5 * LASTS_MS / 1000);
    world_deinit(&world);
    free(calls);
}

static void refuses_what_it_cannot_send(void **state)
{
    (void)state;
    world_t world;
    world_call_t calls[4];
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 2);
    for (unsigned i = 0; i < 3; i++) {
        world_call(&world, &calls[i], "x", WORLD_LONG_MS, false);
    }
    assert_true(WORLD_UNTIL(&world, calls[2].done));
    assert_int_equal(calls[2].status, STATUS_RESOURCE_EXHAUSTED);
    assert_true(calls[2].problem.retry_after_ms > 0);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 2));
    world_prepare(&calls[3], "", WORLD_LONG_MS, false);
    void *big = calloc(1, 1024 * 1024 + 1);
    calls[3].request.body = big;
    calls[3].request.body_size = 1024 * 1024 + 1;
    rpc_client_call(world.client, &calls[3].request);
    assert_int_equal(calls[3].done, 0);
    assert_true(WORLD_UNTIL(&world, calls[3].done));
    assert_int_equal(calls[3].status, STATUS_INVALID_ARGUMENT);
    free(big);
    world_answer_held(&world.one);
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, 4) == 4));
    world_assert_echoed(calls, 2);
    world_deinit(&world);
}

// What stands before the body can be too large as well: it is refused here, where the service would only see a bad frame.
static void refuses_a_header_that_is_too_large(void **state)
{
    (void)state;
    world_t world;
    world_call_t calls[3];
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_true(WORLD_UNTIL(&world, rpc_client_ready(world.client)));
    char *words = calloc(1, RPC_HEADER_MAX + 1);
    assert_non_null(words);
    memset(words, 'w', RPC_HEADER_MAX);
    world_call(&world, &calls[0], "before", WORLD_LONG_MS, false);
    world_prepare(&calls[1], "x", WORLD_LONG_MS, false);
    calls[1].request.header.traceparent = words;
    rpc_client_call(world.client, &calls[1].request);
    world_call(&world, &calls[2], "after", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, 3) == 3));
    assert_int_equal(calls[1].status, STATUS_INVALID_ARGUMENT);
    world_assert_echoed(&calls[0], 1);
    world_assert_echoed(&calls[2], 1);
    assert_int_equal(world_count(&world, "pcn_rpc_bad_frames_total", NULL), 0);
    free(words);
    world_deinit(&world);
}

// Answers with what is not made of whole pairs, and once with one that is, but of no call.
static void answer_badly(void *data, void *socket)
{
    unsigned *answered = data;
    zmq_msg_t identity;
    zmq_msg_t frame;
    assert_int_equal(zmq_msg_init(&identity), 0);
    if (zmq_msg_recv(&identity, socket, ZMQ_DONTWAIT) < 0) {
        return;
    }
    assert_int_equal(zmq_msg_init(&frame), 0);
    assert_true(zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) > 0);
    assert_false(zmq_msg_more(&frame)); // a call is one frame
    const char *answers[] = {"", "\3\0\0\0ab", "\0\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0", "\11\0\0\0\11late----\0\0\0\0"};
    const size_t sizes[] = {0, 6, 9, 8, 17};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(zmq_send(socket, zmq_msg_data(&identity), zmq_msg_size(&identity), ZMQ_SNDMORE) > 0);
        assert_int_equal(zmq_send(socket, answers[i], sizes[i], 0), (int)sizes[i]);
    }
    assert_true(zmq_send(socket, zmq_msg_data(&identity), zmq_msg_size(&identity), ZMQ_SNDMORE) > 0);
    assert_int_equal(zmq_send(socket, answers[3], sizes[3], ZMQ_SNDMORE), (int)sizes[3]); // more than one frame
    assert_int_equal(zmq_send(socket, answers[3], sizes[3], 0), (int)sizes[3]);
    (*answered)++;
    (void)zmq_msg_close(&identity);
    (void)zmq_msg_close(&frame);
}

static void survives_bad_answers(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    unsigned answered = 0;
    rpc_socket_t *raw = NULL;
    problem_t problem = {.status = STATUS_OK};
    const char *labels = "service=\"registry\"";
    world_init(&world);
    (void)snprintf(world.one.endpoint, sizeof world.one.endpoint, "ipc://%s/one", world.dir);
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "registry", world.metrics, &world.one.context, &problem), STATUS_OK);
    assert_int_equal(rpc_socket_new(world.one.context, ZMQ_ROUTER, RPC_ROLE_SERVER, NULL, answer_badly, &answered, &raw, &problem),
                     STATUS_OK);
    assert_int_equal(zmq_bind(rpc_socket_zmq(raw), world.one.endpoint), 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &call, "x", WORLD_LONG_MS, false);
    // Nothing, cut, one byte too many, no correlation, two frames.
    assert_true(WORLD_UNTIL(&world, world_count(&world, "pcn_rpc_client_bad_frames_total", labels) == 5));
    assert_int_equal(world_count(&world, "pcn_rpc_client_late_total", labels), 1);
    assert_int_equal(answered, 1);
    assert_int_equal(call.done, 0); // none of it was an answer
    rpc_client_destroy(&world.client);
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    rpc_socket_destroy(&raw);
    world_deinit(&world);
}

static void calls_again_from_an_answer(void **state)
{
    (void)state;
    world_t world;
    world_call_t first;
    world_call_t second;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_prepare(&second, "second", WORLD_LONG_MS, false);
    world_call(&world, &first, "first", WORLD_LONG_MS, false);
    first.again = &second;
    assert_true(WORLD_UNTIL(&world, second.done));
    world_assert_echoed(&first, 1);
    world_assert_echoed(&second, 1);
    world_deinit(&world);
}

static void answers_all_when_destroyed(void **state)
{
    (void)state;
    world_t world;
    world_call_t calls[3];
    world_call_t more;
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &calls[0], "sent", WORLD_LONG_MS, true);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 1));
    world_call(&world, &calls[1], "waiting", WORLD_LONG_MS, true);
    world_call(&world, &calls[2], "waiting", WORLD_LONG_MS, false);
    world_prepare(&more, "more", WORLD_LONG_MS, true);
    rpc_client_t *client = world.client;
    calls[0].again = &more; // a caller that tries again at once
    calls[0].world = &world;
    rpc_client_destroy(&client);
    world.client = NULL;
    assert_int_equal(world_done_count(calls, 3), 3);
    assert_int_equal(calls[0].status, STATUS_UNAVAILABLE);
    assert_int_equal(calls[2].status, STATUS_UNAVAILABLE);
    assert_int_equal(more.done, 1);
    assert_int_equal(more.status, STATUS_UNAVAILABLE);
    world_deinit(&world);
}

static void needs_an_endpoint(void **state)
{
    (void)state;
    world_t world;
    problem_t problem = {.status = STATUS_OK};
    rpc_client_t *client = NULL;
    world_init(&world);
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "gateway", world.metrics, &world.context, &problem), STATUS_OK);
    const char *none[] = {NULL};
    const char *bad[] = {"nonsense", NULL};
    rpc_client_options_t options = {"registry", none, world.key, 0};
    assert_int_equal(rpc_client_new(world.context, &options, world.metrics, &client, &problem), STATUS_INVALID_ARGUMENT);
    options.endpoints = bad;
    assert_int_equal(rpc_client_new(world.context, &options, world.metrics, &client, &problem), STATUS_UNAVAILABLE);
    options.server_key = "not a key";
    assert_int_equal(rpc_client_new(world.context, &options, world.metrics, &client, &problem), STATUS_UNAVAILABLE);
    assert_null(client);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_at_the_deadline),
        cmocka_unit_test(sends_a_frame_before_the_turn_ends),
        cmocka_unit_test(restarts_without_losing_a_call),
        cmocka_unit_test(gives_up_on_a_call_that_kills),
        cmocka_unit_test(notices_a_process_that_stands_still),
        cmocka_unit_test(keeps_a_connection_made_while_it_was_held_up),
        cmocka_unit_test(asks_another_when_one_is_silent),
        cmocka_unit_test(waits_for_room),
        cmocka_unit_test(goes_to_the_other_when_one_drains),
        cmocka_unit_test(repeats_within_its_budget),
        cmocka_unit_test(refuses_what_it_cannot_send),
        cmocka_unit_test(refuses_a_header_that_is_too_large),
        cmocka_unit_test(survives_bad_answers),
        cmocka_unit_test(calls_again_from_an_answer),
        cmocka_unit_test(answers_all_when_destroyed),
        cmocka_unit_test(needs_an_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
