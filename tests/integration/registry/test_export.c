// Exports: every row in either format, one moment, the same bytes each time; and what is refused.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/pb/json.h"
#include "pcn/registry/v1/files.meta.h"
#include "tests/integration/registry/exported.h"
#include "tests/integration/registry/verbs.h"

#define FILES 14
#define FILES_TYPE (&pcn__registry__v1__registry_files__type)

static const char *const tables[FILES] = {
    "organisation", "organisation_past", "organisation_coming", "succession",     "sub_group", "membership", "director_term",
    "waiver",       "list_size",         "stated_fact",         "system_profile", "alignment", "site",       "superseded_fact"};

static char *ask(world_t *world, const char *format, const char *name)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql, format, name);
    char *text = test_database_query(world->database, sql);
    assert_non_null(text);
    return text;
}

// A view's columns are the fields of its row, in their order; files are members 1 to 14, in theirs.
static void views_are_the_contract(void **state)
{
    world_t *world = *state;
    for (unsigned i = 0; i < FILES; i++) {
        const ProtobufCFieldDescriptor *member = &FILES_TYPE->descriptor->fields[i];
        assert_int_equal(member->id, i + 1);
        char number[16];
        (void)snprintf(number, sizeof number, "%u", member->id);
        char *file = ask(world, "SELECT file FROM export_files() WHERE number = %s", number);
        assert_string_equal(file, member->name);
        free(file);
        const ProtobufCMessageDescriptor *row = FILES_TYPE->fields[i].type->descriptor;
        char fields[1024] = "";
        for (unsigned f = 0; f < row->n_fields; f++)
            (void)snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "%s%s", f > 0 ? "," : "", row->fields[f].name);
        char *columns = ask(world, "SELECT string_agg(name, ',' ORDER BY place) FROM export_columns('%s')", member->name);
        assert_string_equal(columns, fields);
        free(columns);
    }
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM export_files()"), FILES);
}

// What is on record is in a file: nothing of a table that an import writes is left to itself, but for what the platform makes.
static void columns_are_all_there(void **state)
{
    world_t *world = *state;
    char *left = test_database_query(
        world->database,
        "SELECT coalesce(string_agg(c.table_name || '.' || c.column_name, ' ' ORDER BY c.table_name, c.ordinal_position), '') "
        "FROM information_schema.columns c LEFT JOIN information_schema.view_column_usage u ON u.table_schema = c.table_schema "
        "  AND u.table_name = c.table_name AND u.column_name = c.column_name AND u.view_name LIKE 'export\\_%' "
        "WHERE c.table_schema = 'registry' AND u.view_name IS NULL AND c.table_name IN ('organisation', 'organisation_past', "
        "  'organisation_coming', 'succession', 'sub_group', 'membership', 'director_term', 'waiver', 'list_size', 'stated_fact', "
        "  'system_profile', 'alignment', 'site', 'superseded_fact')");
    assert_non_null(left);
    assert_string_equal(left, "organisation.version organisation.updated_at organisation.linked site.version "
                              "site.created_at site.updated_at superseded_fact.id");
    free(left);
}

static void save(const char *path, const exported_t *exported)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(exported->data, 1, exported->size, file), exported->size);
    assert_int_equal(fclose(file), 0);
}

static void another_reader_understands(void **state)
{
    world_t *world = *state;
    exported_t archive, document;
    exported_get(world, "csv", NULL, &archive);
    exported_get(world, "json", NULL, &document);
    assert_string_equal(archive.content_type, "application/x-tar");
    assert_string_equal(archive.file_name, "registry.tar");
    assert_string_equal(document.content_type, "application/json");
    assert_string_equal(document.file_name, "registry.json");
    assert_int_equal(archive.size % 512, 0);
    char folder[] = "/tmp/pcn-export-XXXXXX", tar[128], json[128], command[1024];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(tar, sizeof tar, "%s/%s", folder, archive.file_name);
    (void)snprintf(json, sizeof json, "%s/%s", folder, document.file_name);
    save(tar, &archive);
    save(json, &document);
    (void)snprintf(command, sizeof command, "python3 '%s' %s %s", PCN_TEST_EXPORT_READER, tar, json);
    const int status = system(command);
    (void)unlink(tar);
    (void)unlink(json);
    (void)rmdir(folder);
    assert_int_equal(status, 0);
    exported_free(&archive);
    exported_free(&document);
}

// Each row of the document is, byte by byte, what the contract's own writer writes of it.
static const char *check_rows(world_t *world, const pb_type_t *type, const char *at, long *rows)
{
    for (*rows = 0; *at == '{'; ++*rows) {
        const size_t line = strcspn(at, "\n");
        const size_t size = line - (at[line - 1] == ',');
        void *row = NULL;
        problem_t problem = {0};
        if (pb_json_read(type, at, size, PB_JSON_REQUEST, world->arena, &row, NULL, NULL, &problem) != STATUS_OK)
            fail_msg("%.*s: %s: %s", (int)size, at, problem.field, problem.detail);
        buf_t again;
        buf_init(&again, 1024 * 1024);
        pb_json_write(type, row, &again);
        assert_true(buf_ok(&again));
        if (again.size != size || memcmp(again.data, at, size) != 0)
            fail_msg("%.*s is not %.*s", (int)size, at, (int)again.size, again.data);
        buf_deinit(&again);
        at += line + 1;
    }
    return at;
}

static void every_row_is_there(void **state)
{
    world_t *world = *state;
    exported_t document;
    exported_get(world, "json", NULL, &document);
    arena_reset(world->arena);
    const char *at = document.data;
    for (unsigned i = 0; i < FILES; i++) {
        char head[64];
        const int size = snprintf(head, sizeof head, "%s\"%s\":[\n", i == 0 ? "{" : "", FILES_TYPE->fields[i].json);
        assert_memory_equal(at, head, (size_t)size);
        long rows;
        at = check_rows(world, FILES_TYPE->fields[i].type, at + size, &rows);
        char *count = ask(world, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(rows, atol(count));
        assert_true(rows > 0);
        free(count);
        const char *tail = i + 1 < FILES ? "],\n" : "]}\n";
        assert_memory_equal(at, tail, 3);
        at += 3;
    }
    assert_int_equal(*at, '\0');
    assert_int_equal((size_t)(at - document.data), document.size);
    exported_free(&document);
}

static void twice_is_the_same(void **state)
{
    world_t *world = *state;
    static const char *const formats[] = {"csv", "json"};
    for (size_t i = 0; i < 2; i++) {
        exported_t first, second;
        exported_get(world, formats[i], NULL, &first);
        exported_get(world, formats[i], NULL, &second);
        assert_true(first.pieces >= FILES);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, first.size);
        exported_free(&first);
        exported_free(&second);
    }
}

// What is written while it is fetched is not in it, and is in the next.
static void it_is_of_one_moment(void **state)
{
    world_t *world = *state;
    exported_t before, during, after;
    exported_get(world, "json", NULL, &before);
    exported_get(world, "json", "UPDATE site SET notes = 'meanwhile' WHERE code = 'site-branch'", &during);
    exported_get(world, "json", "UPDATE site SET notes = NULL WHERE code = 'site-branch'", &after);
    assert_int_equal(during.size, before.size);
    assert_memory_equal(during.data, before.data, before.size);
    assert_null(strstr(during.data, "meanwhile"));
    assert_non_null(strstr(after.data, "\"notes\":\"meanwhile\"}"));
    exported_free(&before);
    exported_free(&during);
    exported_free(&after);
}

// Rows that are larger than a piece, and a file of many pieces, come whole.
static void long_files_come_in_pieces(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database,
                             "INSERT INTO site (code, organisation, name, kind, notes, version, created_at, updated_at) "
                             "SELECT 'long-' || i, 'gp-elr-county', 'Long', 'other', repeat(U&'\\00e9\\FF1A\"', i * 500), 1, now(), now() "
                             "FROM generate_series(1, 40) i"));
    exported_t archive;
    exported_get(world, "csv", NULL, &archive);
    assert_true(archive.pieces > FILES + 20);
    every_row_is_there(state);
    another_reader_understands(state);
    exported_free(&archive);
    free(test_database_query(world->database, "DELETE FROM site WHERE code LIKE 'long-%'"));
}

static void what_is_not_kept_is_not_found(void **state)
{
    world_t *world = *state;
    char token[256];
    assert_call(world, "Export", "{\"format\":\"csv\"}");
    exported_next(world, token, sizeof token);
    assert_call(world, "Export", "{\"format\":\"csv\",\"pageToken\":\"%s\"}", token);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "Export", "{\"format\":\"json\",\"pageToken\":\"%s\"}", token);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "Export", "{\"format\":\"csv\",\"pageToken\":\"x\"}");
    free(test_database_query(world->database, "UPDATE export_piece SET made_at = made_at - interval '14 minutes'"));
    assert_call(world, "Export", "{\"format\":\"csv\",\"pageToken\":\"%s\"}", token);
    free(test_database_query(world->database, "UPDATE export_piece SET made_at = made_at - interval '1 minute'"));
    assert_refusal(world, STATUS_NOT_FOUND, "pageToken", "Export", "{\"format\":\"csv\",\"pageToken\":\"%s\"}", token);
    // The next export takes it away.
    assert_call(world, "Export", "{\"format\":\"json\"}");
    assert_int_equal(test_database_number(world->database, "SELECT count(DISTINCT export) FROM export_piece"), 1);
    assert_refusal(world, STATUS_NOT_FOUND, "pageToken", "Export", "{\"format\":\"csv\",\"pageToken\":\"%s\"}", token);
}

static void too_many_are_refused(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database, "TRUNCATE export_piece"));
    for (int i = 0; i < 16; i++)
        assert_call(world, "Export", "{\"format\":\"json\"}");
    assert_int_equal(world_call(world, "Export", "{\"format\":\"json\"}"), STATUS_RESOURCE_EXHAUSTED);
    assert_true(world->problem.retry_after_ms > 0);
    free(test_database_query(world->database, "UPDATE export_piece SET made_at = made_at - interval '1 hour'"));
    assert_call(world, "Export", "{\"format\":\"json\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_the_contract),     cmocka_unit_test(columns_are_all_there),
        cmocka_unit_test(another_reader_understands), cmocka_unit_test(every_row_is_there),
        cmocka_unit_test(twice_is_the_same),          cmocka_unit_test(it_is_of_one_moment),
        cmocka_unit_test(long_files_come_in_pieces),  cmocka_unit_test(what_is_not_kept_is_not_found),
        cmocka_unit_test(too_many_are_refused),
    };
    return cmocka_run_group_tests(tests, eventful_setup, world_teardown);
}
