#include "tests/integration/registry/imported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/bytes.h"
#include "services/registry/errand_import.h"
#include "services/registry/rules_export.h"

#define PIECE ((size_t)64 * 1024)
#define ARENA_CAP ((size_t)64 * 1024 * 1024)

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

void imported_begin(world_t *world, sending_t *sending)
{
    *sending = (sending_t){.world = world};
    assert_call(world, "BeginImport", "{}");
    const char *id = strstr(world->reply, "\"id\":\"");
    assert_non_null(id);
    (void)snprintf(sending->id, sizeof sending->id, "%.*s", (int)strcspn(id + 6, "\""), id + 6);
}

static void put(sending_t *sending, const char *name, const char *data, size_t size)
{
    world_t *world = sending->world;
    buf_t request;
    buf_init(&request, 4 * PIECE);
    buf_printf(&request, "{\"id\":\"%s\",\"number\":%u,\"file\":\"%s\",\"data\":\"", sending->id, ++sending->pieces, name);
    pb_base64_write(&(ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)data}, &request);
    buf_add_string(&request, "\"}");
    buf_add(&request, "", 1);
    assert_true(buf_ok(&request));
    arena_reset(world->arena);
    must(world_race(world, NULL, "PutImportPart", request.data), &world->problem);
    buf_deinit(&request);
}

void imported_send(sending_t *sending, const char *name, const char *data, size_t size)
{
    for (size_t at = 0; at < size; at += PIECE)
        put(sending, name, data + at, size - at < PIECE ? size - at : PIECE);
}

void imported_send_archive(sending_t *sending, const char *data, size_t size)
{
    size_t at = 0;
    while (at + TAR_BLOCK <= size && data[at] != '\0') {
        const size_t length = strtoul(data + at + 124, NULL, 8);
        const size_t begins = at + TAR_BLOCK;
        assert_true(begins + length <= size);
        imported_send(sending, data + at, data + begins, length);
        at = begins + length + tar_padding(length);
    }
    assert_int_equal(at + TAR_END_SIZE, size);
}

static db_session_t *open_session(world_t *world)
{
    problem_t problem = {0};
    db_session_t *session;
    char sql[128];
    must(db_session_open(test_database_dsn(world->database), "errand", "registry", &session, &problem), &problem);
    (void)snprintf(sql, sizeof sql, "SET ROLE %s", world->app);
    PGresult *result = db_session_exec(session, sql, &problem);
    assert_non_null(result);
    PQclear(result);
    return session;
}

static void run_errand(world_t *world)
{
    problem_t problem = {0};
    atomic_bool ending = false;
    errand_step_t step = {.session = open_session(world),
                          .aside = open_session(world),
                          .now_us = clock_wall_us(),
                          .arena = arena_new(ARENA_CAP),
                          .ending = &ending,
                          .problem = &problem};
    assert_non_null(step.arena);
    instant_format(step.now_us, step.now);
    (void)snprintf(step.today, sizeof step.today, "%s", world->today);
    must(errand_import(&step), &problem);
    assert_true(step.did);
    db_session_close(&step.session);
    db_session_close(&step.aside);
    arena_destroy(&step.arena);
}

void imported_finish(sending_t *sending)
{
    world_t *world = sending->world;
    assert_call(world, "PutImportPart", "{\"id\":\"%s\",\"number\":%u,\"last\":true}", sending->id, sending->pieces + 1);
    run_errand(world);
    assert_call(world, "GetJob", "{\"id\":\"%s\"}", sending->id);
    if (strstr(world->reply, "\"succeeded\"") == NULL)
        fail_msg("%.4000s", world->reply);
}
