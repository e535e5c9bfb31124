// Imports on their way in over the real schema: the documents' data set in pieces, pieces that are repeated, missing or late, and what
// becomes of an import that has had its time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/bytes.h"
#include "services/registry/service.h"
#include "tests/integration/registry/world.h"

#define FILE_MAX (256u * 1024u)

typedef struct upload {
    world_t *world;
    char id[40];
    unsigned number; // of the last piece
} upload_t;

static void take_id(upload_t *upload)
{
    const char *id = strstr(upload->world->reply, "\"id\":\"");
    assert_non_null(id);
    (void)snprintf(upload->id, sizeof upload->id, "%.36s", id + strlen("\"id\":\""));
}

static upload_t begin(world_t *world, const char *request)
{
    upload_t upload = {.world = world};
    assert_call(world, "BeginImport", "%s", request);
    take_id(&upload);
    return upload;
}

static status_t put(upload_t *upload, unsigned number, const char *file, const void *bytes, size_t size)
{
    buf_t request;
    buf_init(&request, FILE_MAX);
    buf_printf(&request, "{\"id\":\"%s\",\"number\":%u,\"file\":\"%s\",\"data\":\"", upload->id, number, file);
    const ProtobufCBinaryData data = {.len = size, .data = (uint8_t *)(uintptr_t)bytes};
    pb_base64_write(&data, &request);
    buf_add_string(&request, "\"}");
    assert_true(buf_ok(&request));
    arena_reset(upload->world->arena);
    const status_t status = world_race(upload->world, NULL, "PutImportPart", request.data);
    buf_deinit(&request);
    return status;
}

static void put_next(upload_t *upload, const char *file, const void *bytes, size_t size)
{
    const status_t status = put(upload, ++upload->number, file, bytes, size);
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), upload->world->problem.field, upload->world->problem.detail);
}

static void put_text(upload_t *upload, const char *file, const char *text)
{
    put_next(upload, file, text, strlen(text));
}

static void finish(upload_t *upload)
{
    assert_call(upload->world, "PutImportPart", "{\"id\":\"%s\",\"number\":%u,\"last\":true}", upload->id, ++upload->number);
}

static void put_file(upload_t *upload, const char *name, size_t step)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/llr/%s", PCN_TEST_DATA, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = malloc(FILE_MAX);
    assert_non_null(text);
    const size_t size = fread(text, 1, FILE_MAX, file);
    (void)fclose(file);
    assert_true(size > 0 && size < FILE_MAX);
    for (size_t at = 0; at < size; at += step)
        put_next(upload, name, text + at, size - at < step ? size - at : step);
    free(text);
}

static long count(const upload_t *upload, const char *what)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql, what, upload->id);
    return test_database_number(upload->world->database, sql);
}

static long staged(const upload_t *upload, const char *kind)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM import_row WHERE import = '%s' AND kind = '%s'", upload->id, kind);
    return test_database_number(upload->world->database, sql);
}

// Of an import that is over: nobody has to wait for it.
static void give_away(const upload_t *upload)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "DELETE FROM import_row WHERE import = '%s'; DELETE FROM import WHERE id = '%s'", upload->id,
                   upload->id);
    free(test_database_query(upload->world->database, sql));
}

// ---- reading ----

static void the_data_set_is_staged(void **state)
{
    world_t *world = *state;
    static const size_t steps[] = {997, 65536};
    for (size_t i = 0; i < 2; i++) {
        upload_t upload = begin(world, "{\"dryRun\":true}");
        static const char *const files[] = {"organisations.csv", "pcns.csv",         "pcn_sub_groups.csv",
                                            "practices.csv",     "system_facts.csv", "demographics.csv"};
        for (size_t j = 0; j < sizeof files / sizeof *files; j++)
            put_file(&upload, files[j], steps[i]);
        assert_reply_has(world, "\"state\":\"queued\",\"phase\":\"receiving\"");
        finish(&upload);
        assert_reply_has(world, "\"kind\":\"import\",\"state\":\"queued\",\"phase\":\"waiting\"");
        assert_reply_has(world, "\"problems\":[],\"problemCount\":0");
        assert_reply_has(world, "\"dryRun\":true,\"start\":\"2019-07-01\"");
        assert_reply_has(world, "{\"name\":\"pcns.csv\",\"bytes\":5124,\"rows\":25}");
        assert_reply_has(world, "\"rows\":433");
        assert_int_equal(staged(&upload, "organisations"), 183);
        assert_int_equal(staged(&upload, "organisation_parts"), 25);
        assert_int_equal(staged(&upload, "list_sizes"), 28);
        assert_int_equal(staged(&upload, "directors"), 26);
        assert_int_equal(staged(&upload, "memberships"), 134);
        assert_int_equal(count(&upload, "SELECT count(*) FROM import_row WHERE import = '%s' AND line < 2"), 0);
        assert_int_equal(count(&upload, "SELECT count(DISTINCT file) FROM import_row WHERE import = '%s'"), 6);
        assert_int_equal(count(&upload, "SELECT sum((data ->> 'count')::bigint) FROM import_row WHERE import = '%s' "
                                        "AND kind = 'list_sizes' AND data ->> 'subGroup' IS NULL"),
                         1150930);
        give_away(&upload);
    }
}

static void problems_are_told_with_their_place(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{\"start\":\"2020-01-01\"}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,G 1\npcn-a,g2\n");
    put_text(&upload, "other.csv", "x");
    put_text(&upload, "practices.csv", "practice_code,pcn_code\n\"gp-a,pcn-a\n");
    assert_reply_has(world, "\"problems\":[],\"problemCount\":2");
    finish(&upload);
    // The others are still looked at.
    assert_reply_has(world, "\"phase\":\"waiting\"");
    const char *const expected =
        "\"problems\":[{\"file\":\"sub_groups.csv\",\"line\":2,\"field\":\"code\",\"detail\":\"\\\"G 1\\\" is not a code: 2 to 64 "
        "lower-case "
        "letters, digits and hyphens, or an ODS code\"},{\"file\":\"other.csv\",\"line\":0,\"detail\":\"Is no file of the registry, such "
        "as "
        "organisations.csv, nor a document (.json)\"},{\"file\":\"practices.csv\",\"line\":2,\"detail\":\"A quote that opens is never "
        "closed\"}],\"problemCount\":3";
    assert_reply_has(world, expected);
    assert_int_equal(staged(&upload, "sub_groups"), 1);
    assert_call(world, "GetJob", "{\"id\":\"%s\"}", upload.id);
    assert_reply_has(world, expected);
    assert_reply_has(world, "\"start\":\"2020-01-01\"");
    give_away(&upload);
}

static void the_first_thousand_problems_are_kept(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\n");
    char piece[6000];
    for (size_t i = 0; i < sizeof piece; i += 10)
        memcpy(piece + i, "pcn-a,G 1\n", 10);
    put_next(&upload, "sub_groups.csv", piece, sizeof piece);
    put_next(&upload, "sub_groups.csv", piece, sizeof piece);
    finish(&upload);
    assert_reply_has(world, "\"problemCount\":1200");
    assert_reply_has(world, "\"line\":1001,");
    assert_reply_lacks(world, "\"line\":1002,");
    assert_int_equal(count(&upload, "SELECT count(*) FROM import_problem WHERE import = '%s'"), 1000);
    give_away(&upload);
}

static void an_import_without_files_fails(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    finish(&upload);
    assert_reply_has(world, "\"state\":\"failed\",\"phase\":\"failed\"");
    assert_reply_has(world, "\"problems\":[{\"line\":0,\"detail\":\"No file was sent\"}],\"problemCount\":1");
    assert_reply_has(world, "\"finishedAt\":");
    assert_call(world, "GetJob", "{\"id\":\"%s\"}", upload.id);
    assert_reply_has(world, "\"problems\":[{\"line\":0,\"detail\":\"No file was sent\"}]");
    give_away(&upload);
}

// ---- pieces ----

static void a_piece_counts_once(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\npcn-");
    put_text(&upload, "sub_groups.csv", "a,g2\n");
    assert_int_equal(put(&upload, 1, "sub_groups.csv", "pcn-a,g3\n", 9), STATUS_OK);
    assert_null(world->verdict);
    assert_int_equal(put(&upload, 2, "sub_groups.csv", "a,g2\n", 5), STATUS_OK);
    finish(&upload);
    upload.number--;
    finish(&upload);
    assert_reply_has(world, "\"phase\":\"waiting\"");
    assert_int_equal(staged(&upload, "sub_groups"), 2);
    assert_int_equal(count(&upload, "SELECT pieces FROM import WHERE id = '%s' AND reading IS NULL"), 3);
    give_away(&upload);
}

static void two_of_one_number_race(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    char meanwhile[256], request[256];
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE import SET pieces = 1, state = 'receiving' WHERE id = '%s'", upload.id);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"number\":1,\"file\":\"sub_groups.csv\",\"data\":\"bmV0d29yaw==\"}",
                   upload.id);
    assert_int_equal(world_race(world, meanwhile, "PutImportPart", request), STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_reply_has(world, "\"files\":[]");
    give_away(&upload);
}

static void pieces_come_in_order(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "number", "PutImportPart", "{\"id\":\"%s\",\"number\":2,\"last\":true}", upload.id);
    assert_non_null(strstr(world->problem.detail, "Piece 1 is missing"));
    put_text(&upload, "sub_groups.csv", "network,code\n");
    assert_int_equal(put(&upload, 3, "sub_groups.csv", "x", 1), STATUS_FAILED_PRECONDITION);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "file", "PutImportPart", "{\"id\":\"%s\",\"number\":2,\"data\":\"eA==\"}", upload.id);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "file", "PutImportPart", "{\"id\":\"%s\",\"number\":2}", upload.id);
    char *big = calloc(1, 64 * 1024 + 1);
    assert_non_null(big);
    assert_int_equal(put(&upload, 2, "sub_groups.csv", big, 64 * 1024 + 1), STATUS_INVALID_ARGUMENT);
    assert_string_equal(world->problem.field, "data");
    free(big);
    finish(&upload);
    assert_int_equal(put(&upload, 3, "sub_groups.csv", "x", 1), STATUS_FAILED_PRECONDITION);
    assert_string_equal(world->problem.field, "id");
    give_away(&upload);
}

static void there_must_be_an_import(void **state)
{
    world_t *world = *state;
    const char *const none = "{\"id\":\"00000000-0000-7000-8000-000000000000\",\"number\":1,\"last\":true}";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "PutImportPart", "%s", none);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetJob", "{\"id\":\"00000000-0000-7000-8000-000000000000\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CleanImport", "{\"id\":\"00000000-0000-7000-8000-000000000000\"}");
}

static void only_so_many_are_on_their_way(void **state)
{
    world_t *world = *state;
    free(test_database_query(
        world->database, "INSERT INTO import (id, state, dry_run, start, created_at, received_at) SELECT gen_random_uuid(), 'receiving', "
                         "false, '2019-07-01', now(), now() FROM generate_series(1, 16)"));
    assert_refusal(world, STATUS_RESOURCE_EXHAUSTED, "", "BeginImport", "{}");
    free(test_database_query(world->database, "DELETE FROM import"));
}

// ---- cleaning ----

static void set_back(const upload_t *upload, const char *what)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "UPDATE import SET %s WHERE id = '%s'", what, upload->id);
    free(test_database_query(upload->world->database, sql));
}

static long due(const upload_t *upload)
{
    char sql[1024];
    // As the job asks for it, with what the daemon fills in.
    (void)snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM import m WHERE m.id = '%s' AND ((m.state = 'receiving' AND m.received_at < now() - interval '15 minutes')"
        " OR m.finished_at < now() - interval '30 days' OR (m.state IN ('succeeded', 'failed', 'cancelled') AND EXISTS "
        "(SELECT FROM import_row r WHERE r.import = m.id)))",
        upload->id);
    return test_database_number(upload->world->database, sql);
}

static void clean(upload_t *upload)
{
    assert_call(upload->world, "CleanImport", "{\"id\":\"%s\"}", upload->id);
}

static void one_that_is_not_sent_to_its_end_is_given_up(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\n");
    set_back(&upload, "received_at = now() - interval '14 minutes'");
    clean(&upload);
    assert_null(upload.world->verdict);
    assert_int_equal(due(&upload), 0);
    set_back(&upload, "received_at = now() - interval '16 minutes'");
    assert_int_equal(due(&upload), 1);
    clean(&upload);
    assert_string_equal(upload.world->verdict, "done");
    assert_int_equal(staged(&upload, "sub_groups"), 0);
    assert_call(world, "GetJob", "{\"id\":\"%s\"}", upload.id);
    assert_reply_has(world, "\"state\":\"failed\"");
    assert_reply_has(world, "{\"line\":0,\"detail\":\"It was not sent to its end: no piece came for 15 minutes\"}],\"problemCount\":1");
    assert_int_equal(put(&upload, 2, "sub_groups.csv", "x", 1), STATUS_FAILED_PRECONDITION);
    assert_int_equal(due(&upload), 0);
    give_away(&upload);
}

static void one_that_waits_is_left_alone(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\n");
    finish(&upload);
    set_back(&upload, "received_at = now() - interval '61 minutes'");
    clean(&upload);
    assert_null(upload.world->verdict);
    assert_int_equal(staged(&upload, "sub_groups"), 1);
    give_away(&upload);
}

static void a_finished_one_loses_its_rows_and_is_forgotten(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\nx\n");
    finish(&upload);
    set_back(&upload, "state = 'failed', finished_at = now()");
    assert_int_equal(due(&upload), 1);
    clean(&upload);
    assert_string_equal(upload.world->verdict, "done");
    assert_int_equal(staged(&upload, "sub_groups"), 0);
    assert_int_equal(due(&upload), 0);
    clean(&upload);
    assert_null(upload.world->verdict);
    // Its problems stay as long as it.
    assert_call(world, "GetJob", "{\"id\":\"%s\"}", upload.id);
    assert_reply_has(world, "\"line\":3");
    set_back(&upload, "finished_at = now() - interval '29 days'");
    clean(&upload);
    assert_null(upload.world->verdict);
    set_back(&upload, "finished_at = now() - interval '31 days'");
    assert_int_equal(due(&upload), 1);
    clean(&upload);
    assert_string_equal(upload.world->verdict, "done");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetJob", "{\"id\":\"%s\"}", upload.id);
    assert_int_equal(count(&upload, "SELECT count(*) FROM import_problem WHERE import = '%s'"), 0);
}

static void rows_go_in_slices(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    finish(&upload);
    char sql[256];
    (void)snprintf(sql, sizeof sql, "INSERT INTO import_row SELECT '%s', 1, g, 'facts', '{}', g FROM generate_series(1, 20001) g",
                   upload.id);
    free(test_database_query(upload.world->database, sql));
    clean(&upload);
    assert_int_equal(staged(&upload, "facts"), 1);
    clean(&upload);
    assert_int_equal(staged(&upload, "facts"), 0);
    clean(&upload);
    assert_null(upload.world->verdict);
    give_away(&upload);
}

// ---- cancelling ----

static void expect_cancelled(upload_t *upload, const char *verdict)
{
    if (verdict != NULL)
        assert_string_equal(upload->world->verdict, verdict);
    else
        assert_null(upload->world->verdict);
    assert_reply_has(upload->world, "\"state\":\"cancelled\",\"phase\":\"cancelled\"");
    assert_reply_has(upload->world, "\"finishedAt\":");
    assert_int_equal(count(upload, "SELECT count(*) FROM import WHERE id = '%s' AND state = 'cancelled' AND reading IS NULL"), 1);
}

static void cancel(upload_t *upload)
{
    assert_call(upload->world, "CancelJob", "{\"id\":\"%s\"}", upload->id);
}

static void break_off(upload_t *upload)
{
    assert_call(upload->world, "PutImportPart", "{\"id\":\"%s\",\"number\":%u,\"cancel\":true}", upload->id, upload->number + 1);
}

static void refuse_cancelling(upload_t *upload, const char *reason)
{
    assert_refusal(upload->world, STATUS_ABORTED, "id", "CancelJob", "{\"id\":\"%s\"}", upload->id);
    assert_string_equal(upload->world->problem.detail, reason);
    assert_refusal(upload->world, STATUS_FAILED_PRECONDITION, "id", "PutImportPart", "{\"id\":\"%s\",\"number\":9,\"cancel\":true}",
                   upload->id);
}

// As others are: its rows go first, the rest of it after 30 days.
static void forget_cancelled(upload_t *upload)
{
    assert_int_equal(due(upload), 1);
    clean(upload);
    assert_string_equal(upload->world->verdict, "done");
    assert_int_equal(staged(upload, "sub_groups"), 0);
    assert_int_equal(due(upload), 0);
    assert_call(upload->world, "GetJob", "{\"id\":\"%s\"}", upload->id);
    assert_reply_has(upload->world, "\"line\":3,\"field\":\"code\"");
    set_back(upload, "finished_at = now() - interval '31 days'");
    assert_int_equal(due(upload), 1);
    clean(upload);
    assert_refusal(upload->world, STATUS_NOT_FOUND, "id", "GetJob", "{\"id\":\"%s\"}", upload->id);
    assert_int_equal(count(upload, "SELECT count(*) FROM import_problem WHERE import = '%s'"), 0);
}

static void one_that_is_received_can_be_cancelled(void **state)
{
    for (int by_piece = 0; by_piece < 2; by_piece++) {
        upload_t upload = begin(*state, "{}");
        put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\npcn-a,G 1\npcn");
        if (by_piece)
            break_off(&upload);
        else
            cancel(&upload);
        expect_cancelled(&upload, "done");
        assert_reply_has(upload.world, "{\"name\":\"sub_groups.csv\",\"bytes\":35,\"rows\":2}");
        assert_reply_has(upload.world, "\"problemCount\":1");
        assert_int_equal(count(&upload, "SELECT pieces FROM import WHERE id = '%s'"), 1);
        cancel(&upload);
        expect_cancelled(&upload, NULL);
        break_off(&upload);
        expect_cancelled(&upload, NULL);
        // Nothing more is taken.
        assert_int_equal(put(&upload, 2, "sub_groups.csv", "x", 1), STATUS_FAILED_PRECONDITION);
        assert_refusal(upload.world, STATUS_FAILED_PRECONDITION, "id", "PutImportPart", "{\"id\":\"%s\",\"number\":2,\"last\":true}",
                       upload.id);
        forget_cancelled(&upload);
    }
}

static void one_that_waits_can_be_cancelled_but_is_not_broken_off(void **state)
{
    upload_t upload = begin(*state, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\npcn-a,G 1\n");
    finish(&upload);
    assert_refusal(upload.world, STATUS_FAILED_PRECONDITION, "id", "PutImportPart", "{\"id\":\"%s\",\"number\":3,\"cancel\":true}",
                   upload.id);
    cancel(&upload);
    expect_cancelled(&upload, "done");
    assert_reply_has(upload.world, "\"problems\":[{\"file\":\"sub_groups.csv\",\"line\":3");
    forget_cancelled(&upload);
}

static void one_that_runs_or_has_ended_is_not_cancelled(void **state)
{
    upload_t upload = begin(*state, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\n");
    finish(&upload);
    set_back(&upload, "state = 'checking'");
    refuse_cancelling(&upload, "The import runs already");
    set_back(&upload, "state = 'applying'");
    refuse_cancelling(&upload, "The import runs already");
    set_back(&upload, "state = 'succeeded', finished_at = now()");
    refuse_cancelling(&upload, "The import has ended already");
    set_back(&upload, "state = 'failed'");
    refuse_cancelling(&upload, "The import has ended already");
    give_away(&upload);
    assert_refusal(upload.world, STATUS_NOT_FOUND, "id", "CancelJob", "{\"id\":\"%s\"}", upload.id);
    assert_refusal(upload.world, STATUS_NOT_FOUND, "id", "PutImportPart", "{\"id\":\"%s\",\"number\":1,\"cancel\":true}", upload.id);
}

static void a_turn_that_begins_meanwhile_wins(void **state)
{
    world_t *world = *state;
    upload_t upload = begin(world, "{}");
    put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\n");
    finish(&upload);
    char meanwhile[256], request[128];
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE import SET state = 'checking' WHERE id = '%s'", upload.id);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", upload.id);
    arena_reset(world->arena);
    assert_int_equal(world_race(world, meanwhile, "CancelJob", request), STATUS_ABORTED);
    assert_int_equal(world->loads, 2);
    assert_int_equal(count(&upload, "SELECT count(*) FROM import WHERE id = '%s' AND state = 'checking' AND finished_at IS NULL"), 1);
    // The other way round no turn begins: whoever has looked before is refused.
    set_back(&upload, "state = 'waiting'");
    cancel(&upload);
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "DO $$ BEGIN UPDATE import SET state = 'checking' WHERE id = '%s'; EXCEPTION WHEN check_violation THEN NULL; END $$",
                   upload.id);
    free(test_database_query(world->database, sql));
    assert_call(world, "GetJob", "{\"id\":\"%s\"}", upload.id);
    assert_reply_has(world, "\"state\":\"cancelled\"");
    give_away(&upload);
}

static void broken_uploads_do_not_block(void **state)
{
    world_t *world = *state;
    for (int i = 0; i < 17; i++) {
        upload_t upload = begin(world, "{}");
        put_text(&upload, "sub_groups.csv", "network,code\npcn-a,g1\n");
        break_off(&upload);
    }
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM import WHERE state = 'cancelled'"), 17);
    free(test_database_query(world->database, "DELETE FROM import_row; DELETE FROM import"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_data_set_is_staged),
        cmocka_unit_test(problems_are_told_with_their_place),
        cmocka_unit_test(the_first_thousand_problems_are_kept),
        cmocka_unit_test(an_import_without_files_fails),
        cmocka_unit_test(a_piece_counts_once),
        cmocka_unit_test(two_of_one_number_race),
        cmocka_unit_test(pieces_come_in_order),
        cmocka_unit_test(there_must_be_an_import),
        cmocka_unit_test(only_so_many_are_on_their_way),
        cmocka_unit_test(one_that_is_not_sent_to_its_end_is_given_up),
        cmocka_unit_test(one_that_waits_is_left_alone),
        cmocka_unit_test(a_finished_one_loses_its_rows_and_is_forgotten),
        cmocka_unit_test(rows_go_in_slices),
        cmocka_unit_test(one_that_is_received_can_be_cancelled),
        cmocka_unit_test(one_that_waits_can_be_cancelled_but_is_not_broken_off),
        cmocka_unit_test(one_that_runs_or_has_ended_is_not_cancelled),
        cmocka_unit_test(a_turn_that_begins_meanwhile_wins),
        cmocka_unit_test(broken_uploads_do_not_block),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
