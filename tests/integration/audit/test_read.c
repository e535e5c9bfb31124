// Audit/Read over a real trail: pages by number and by size, filters, and a place to go on after in every case.
#include "tests/integration/audit/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/session.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/service/plan.h"
#include "pcn/audit/v1/audit.pb-c.h"
#include "pcn/audit/v1/audit.meta.h"
#include "services/registry/service.h"

#define ARENA_CAP ((size_t)16 * 1024 * 1024)
#define FRAME (1024 * 1024)

static arena_t *new_arena(void)
{
    arena_t *arena = arena_new(ARENA_CAP);
    assert_non_null(arena);
    return arena;
}

// The handler's answer to a request in JSON, by the application role.
static const Pcn__Audit__V1__ReadReply *read_page(rig_t *rig, arena_t *arena, const char *json)
{
    problem_t problem = {0};
    plan_t *plan = NULL;
    db_session_t *session = NULL;
    void *request = NULL;
    assert_int_equal(plan_new(&registry_service, &plan, &problem), STATUS_OK);
    const plan_method_t *method = plan_find(plan, "pcn.audit.v1.Audit/Read");
    assert_non_null(method);
    assert_int_equal(pb_json_read(method->method->request, json, strlen(json), PB_JSON_REQUEST, arena, &request, NULL, NULL, &problem),
                     STATUS_OK);
    assert_int_equal(pb_validate_request(method->method, request, &problem), STATUS_OK);
    assert_int_equal(db_session_open(test_database_dsn(rig->database), "read", "registry", &session, &problem), STATUS_OK);
    char set[96];
    (void)snprintf(set, sizeof set, "SET ROLE %s", rig->app);
    PQclear(db_session_exec(session, set, &problem));
    const void *const roots[PLAN_ROOTS] = {[PLAN_ROOT_REQUEST] = request};
    PGresult *result = db_session_run(session, method->load, roots, arena, &problem);
    if (result == NULL)
        fail_msg("%s", problem.detail);
    const db_rows_t rows = {.result = result, .count = PQntuples(result), .statement = method->load};
    service_call_t call = {.method = method->method, .request = request, .arena = arena, .problem = &problem};
    void **messages = arena_alloc(arena, ((size_t)rows.count + 1) * sizeof *messages);
    for (int i = 0; i < rows.count; i++)
        assert_int_equal(db_row_message(&rows, i, method->handler->row, arena, &messages[i], &problem), STATUS_OK);
    call.rows = messages;
    call.row_count = (size_t)rows.count;
    assert_int_equal(method->handler->decide(&call), STATUS_OK);
    PQclear(result);
    db_session_close(&session);
    plan_destroy(&plan);
    return call.reply;
}

static void an_empty_trail(void **state)
{
    arena_t *arena = new_arena();
    const Pcn__Audit__V1__ReadReply *page = read_page(*state, arena, "{\"service\":\"registry\"}");
    assert_int_equal(page->n_entries, 0);
    assert_true(page->has_next && page->has_max);
    assert_int_equal(page->next, 0);
    assert_int_equal(page->max, 0);
    assert_string_equal(page->hash, "0000000000000000000000000000000000000000000000000000000000000000");
    // Beyond the end there is nothing, and nothing to go back to.
    page = read_page(*state, arena, "{\"service\":\"registry\",\"after\":7}");
    assert_int_equal(page->n_entries, 0);
    assert_int_equal(page->next, 7);
    arena_destroy(&arena);
}

static void pages_prove_the_trail(void **state)
{
    rig_t *rig = *state;
    arena_t *arena = new_arena();
    trail_t trail;
    problem_t problem = {0};
    int64_t after = 0;
    unsigned pages = 0;
    rig_write(rig, 250);
    rig_chain(rig, 250);
    trail_init(&trail, NULL, NULL, NULL);
    for (; after < 250; pages++) {
        char json[96];
        (void)snprintf(json, sizeof json, "{\"service\":\"registry\",\"after\":%d,\"limit\":60}", (int)after);
        const Pcn__Audit__V1__ReadReply *page = read_page(rig, arena, json);
        assert_int_equal(page->max, 250);
        assert_int_equal(page->n_entries, pages < 4 ? 60 : 10);
        for (size_t i = 0; i < page->n_entries; i++)
            assert_int_equal(trail_add(&trail, page->entries[i], &problem), STATUS_OK);
        assert_int_equal(page->next, page->entries[page->n_entries - 1]->place);
        after = page->next;
        if (after == 250)
            trail_end(&trail, page->max, page->hash);
    }
    assert_int_equal(pages, 5);
    assert_int_equal(trail.faults, 0);
    trail_deinit(&trail);
    // As a rule a hundred.
    assert_int_equal(read_page(rig, arena, "{\"service\":\"registry\"}")->n_entries, 100);
    arena_destroy(&arena);
}

static void filters(void **state)
{
    rig_t *rig = *state;
    arena_t *arena = new_arena();
    rig_exec(rig, "INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict) VALUES "
                  "(now(), '00000000-0000-7000-8000-000000000001', 'a', '', 'm', 'networks/pcn-a', 'done'), "
                  "(now(), '00000000-0000-7000-8000-000000000002', 'b', '', 'm', 'networks/pcn-a/members', 'done'), "
                  "(now(), '00000000-0000-7000-8000-000000000002', 'a', '', 'm', 'networks/pcn-ab', 'done'), "
                  "(now(), '00000000-0000-7000-8000-000000000003', 'b', '', 'm', 'networks/pcn_a', 'done')");
    rig_chain(rig, 4);
    static const struct {
        const char *json;
        size_t count;
        int64_t first, next;
    } cases[] = {
        {"{\"service\":\"registry\",\"subject\":\"b\"}", 2, 2, 4},
        {"{\"service\":\"registry\",\"subject\":\"b\",\"limit\":1}", 1, 2, 2},
        {"{\"service\":\"registry\",\"subject\":\"b\",\"after\":2,\"limit\":1}", 1, 4, 4},
        {"{\"service\":\"registry\",\"subject\":\"c\"}", 0, 0, 4},
        // A resource and what lies below it, not what begins alike.
        {"{\"service\":\"registry\",\"resource\":\"networks/pcn-a\"}", 2, 1, 4},
        {"{\"service\":\"registry\",\"resource\":\"networks/pcn-a/members\"}", 1, 2, 4},
        {"{\"service\":\"registry\",\"resource\":\"networks\"}", 4, 1, 4},
        {"{\"service\":\"registry\",\"resource\":\"networks/pcn_a\"}", 1, 4, 4},
        {"{\"service\":\"registry\",\"requestId\":\"00000000-0000-7000-8000-000000000002\"}", 2, 2, 4},
        {"{\"service\":\"registry\",\"requestId\":\"00000000-0000-7000-8000-000000000002\",\"subject\":\"a\"}", 1, 3, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Pcn__Audit__V1__ReadReply *page = read_page(rig, arena, cases[i].json);
        if (page->n_entries != cases[i].count || page->next != cases[i].next)
            fail_msg("%s: %zu entries, next %lld", cases[i].json, page->n_entries, (long long)page->next);
        if (cases[i].count > 0)
            assert_int_equal(page->entries[0]->place, cases[i].first);
    }
    arena_destroy(&arena);
}

static void a_filter_without_a_match_moves_on(void **state)
{
    rig_t *rig = *state;
    arena_t *arena = new_arena();
    rig_exec(rig, "INSERT INTO audit (place, at, request_id, subject, organisation, method, resource, verdict, hash) "
                  "SELECT i, now(), gen_random_uuid(), 's' || i, '', 'm', 'r', 'done', '' FROM generate_series(1, 45000) i; "
                  "UPDATE audit_head SET place = 45000");
    static const int64_t expected[] = {20000, 40000, 45000};
    int64_t after = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char json[96];
        (void)snprintf(json, sizeof json, "{\"service\":\"registry\",\"after\":%d,\"subject\":\"s44999\"}", (int)after);
        const Pcn__Audit__V1__ReadReply *page = read_page(rig, arena, json);
        assert_int_equal(page->n_entries, i == 2 ? 1 : 0);
        assert_int_equal(page->next, expected[i]);
        after = page->next;
    }
    arena_destroy(&arena);
}

static void a_page_fits_a_frame(void **state)
{
    rig_t *rig = *state;
    arena_t *arena = new_arena();
    int64_t after = 0;
    unsigned pages = 0;
    rig_exec(rig, "INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict) "
                  "SELECT now(), gen_random_uuid(), repeat('\xc3\xa9', 256), repeat('o', 4096), 'm', repeat('r', 300), 'done' "
                  "FROM generate_series(1, 500)");
    rig_chain(rig, 500);
    while (after < 500) {
        char json[96];
        uint8_t *bytes = NULL;
        size_t size = 0;
        (void)snprintf(json, sizeof json, "{\"service\":\"registry\",\"after\":%d,\"limit\":1000}", (int)after);
        const Pcn__Audit__V1__ReadReply *page = read_page(rig, arena, json);
        assert_true(page->n_entries > 0);
        assert_int_equal(page->entries[0]->place, after + 1);
        assert_int_equal(page->next, page->entries[page->n_entries - 1]->place);
        assert_true(pb_pack(page, arena, &bytes, &size));
        assert_true(size < FRAME / 2 + 100000);
        after = page->next;
        pages++;
        arena_reset(arena);
    }
    assert_true(pages > 4 && pages < 8);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_trail, rig_reset),
        cmocka_unit_test_setup(pages_prove_the_trail, rig_reset),
        cmocka_unit_test_setup(filters, rig_reset),
        cmocka_unit_test_setup(a_filter_without_a_match_moves_on, rig_reset),
        cmocka_unit_test_setup(a_page_fits_a_frame, rig_reset),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
