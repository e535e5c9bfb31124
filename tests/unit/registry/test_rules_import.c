// An import as a whole: its files, how much it may have, and how many problems are kept.
#include "tests/unit/registry/import_support.h"

#define HEAD "network,code\n"

static void put(import_state_t *state, const char *file, const char *text)
{
    assert_int_equal(state_piece(state, file, text, strlen(text)), STATUS_OK);
}

static void files_follow_each_other(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "sub_groups.csv", HEAD "pcn-a,g");
    put(&state, "sub_groups.csv", "1\npcn-a,g2");
    put(&state, "registry.json", "{\"subGroups\":[{\"network\":\"pcn-a\",\"code\":\"g3\"}]}");
    put(&state, "practices.csv", "practice_code,pcn_code\ngp-a,pcn-a");
    put(&state, NULL, "");
    assert_string_equal(state_text(&state, *arena),
                        "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\n"
                        "1,3,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\"}\n"
                        "2,1,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g3\"}\n"
                        "3,2,\"memberships\",{\"network\":\"pcn-a\",\"practice\":\"gp-a\",\"from\":\"2019-07-01\",\"fromAssumed\":true}\n"
                        "sub_groups.csv 2\nregistry.json 1\npractices.csv 1\n");
    assert_int_equal(state.loaded.rows, 4);
    assert_int_equal(state.loaded.files[0]->bytes, 30);
    state_end(&state);
}

static void folders_say_nothing(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "data/llr/sub_groups.csv", HEAD "pcn-a,g1\n");
    put(&state, NULL, "");
    assert_string_equal(state_text(&state, *arena),
                        "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\ndata/llr/sub_groups.csv 1\n");
    state_end(&state);
}

static void unknown_files_are_told_and_not_read(void **arena)
{
    static const char *const names[] = {"budgets.csv",   "organisations.txt", "organisations",      ".csv",  "Organisations.csv",
                                        "listSizes.csv", "list_sizes.CSV",    "registry_files.csv", ".json", "x.json.csv"};
    import_state_t state;
    state_begin(&state);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put(&state, names[i], "\"broken");
        put(&state, names[i], "\xFF\0");
    }
    put(&state, NULL, "");
    const char *text = state_text(&state, *arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char expected[160];
        (void)snprintf(expected, sizeof expected,
                       "%zu:0 -: Is no file of the registry, such as organisations.csv, nor a document (.json)\n", i + 1);
        assert_non_null(strstr(text, expected));
    }
    assert_int_equal(state.loaded.problem_count, sizeof names / sizeof *names);
    assert_int_equal(state.loaded.rows, 0);
    state_end(&state);
}

static void a_file_is_sent_once(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "sub_groups.csv", HEAD "pcn-a,g1\n");
    put(&state, "sites.csv", "code,organisation,name,kind\n");
    put(&state, "sub_groups.csv", HEAD "pcn-a,g2\n");
    put(&state, NULL, "");
    assert_string_equal(state_text(&state, *arena), "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\n3:0 -: Was sent already\n"
                                                    "sub_groups.csv 1\nsites.csv 0\nsub_groups.csv 0\n");
    state_end(&state);
}

static void an_import_has_a_file(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, NULL, "");
    assert_string_equal(state_text(&state, *arena), "0:0 -: No file was sent\n");
    state_end(&state);
}

static void files_without_a_byte_are_told(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "sub_groups.csv", "");
    put(&state, "registry.json", "");
    put(&state, NULL, "");
    assert_string_equal(state_text(&state, *arena), "1:1 -: The file is empty: it has no header\n2:1 -: The document is empty\n"
                                                    "sub_groups.csv 0\nregistry.json 0\n");
    state_end(&state);
}

static void there_are_at_most_64_files(void **arena)
{
    (void)arena;
    import_state_t state;
    state_begin(&state);
    char name[32];
    for (int i = 0; i < IMPORT_FILES_MAX; i++) {
        (void)snprintf(name, sizeof name, "%d.json", i);
        put(&state, name, "{}");
    }
    assert_int_equal(state_piece(&state, "more.json", "{}", 2), STATUS_FAILED_PRECONDITION);
    assert_string_equal(state.problem.field, "file");
    put(&state, "63.json", " ");
    put(&state, NULL, "");
    assert_int_equal(state.loaded.problem_count, 0);
    state_end(&state);
}

static void there_are_at_most_64_mebibytes(void **arena)
{
    (void)arena;
    import_state_t state;
    state_begin(&state);
    put(&state, "x.txt", "x");
    state.loaded.files[0]->bytes = IMPORT_BYTES_MAX - 3;
    put(&state, "sub_groups.csv", "ne");
    assert_int_equal(state_piece(&state, "sub_groups.csv", "tw", 2), STATUS_FAILED_PRECONDITION);
    assert_string_equal(state.problem.field, "data");
    state_end(&state);
}

static void a_thousand_problems_are_kept_and_all_counted(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "sub_groups.csv", HEAD);
    for (int i = 0; i < 15; i++) {
        char piece[1000];
        for (size_t j = 0; j < 1000; j += 10)
            memcpy(piece + j, "pcn-a,G 1\n", 10);
        assert_int_equal(state_piece(&state, "sub_groups.csv", piece, sizeof piece), STATUS_OK);
    }
    put(&state, NULL, "");
    assert_int_equal(state.loaded.problem_count, 1500);
    assert_int_equal(state.loaded.rows, 1500);
    const char *text = state_text(&state, *arena);
    assert_non_null(strstr(text, "1:1001 code"));
    assert_null(strstr(text, "1:1002 code"));
    state_end(&state);
}

static void a_full_piece_of_problems_is_borne(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "sub_groups.csv", HEAD);
    char *piece = malloc(IMPORT_PIECE_MAX);
    assert_non_null(piece);
    for (size_t i = 0; i < IMPORT_PIECE_MAX; i++)
        piece[i] = i % 2 == 0 ? 'x' : '\n';
    assert_int_equal(state_piece(&state, "sub_groups.csv", piece, IMPORT_PIECE_MAX), STATUS_OK);
    free(piece);
    assert_int_equal(state.loaded.problem_count, IMPORT_PIECE_MAX / 2);
    state_end(&state);
    (void)arena;
}

static void a_full_piece_of_the_shortest_rows_is_borne(void **arena)
{
    import_state_t state;
    state_begin(&state);
    put(&state, "sub_groups.csv", HEAD);
    char *piece = malloc(IMPORT_PIECE_MAX);
    assert_non_null(piece);
    const size_t count = IMPORT_PIECE_MAX / 6;
    for (size_t i = 0; i < count; i++)
        memcpy(piece + 6 * i, "aa,bb\n", 6);
    assert_int_equal(state_piece(&state, "sub_groups.csv", piece, 6 * count), STATUS_OK);
    free(piece);
    assert_int_equal(state.loaded.rows, count);
    assert_int_equal(state.loaded.problem_count, 0);
    state_end(&state);
    (void)arena;
}

static void a_foreign_reading_is_refused(void **arena)
{
    import_t import;
    Pcn__Registry__Store__V1__LoadedImport loaded = PCN__REGISTRY__STORE__V1__LOADED_IMPORT__INIT;
    loaded.reading = (ProtobufCBinaryData){.len = 3, .data = (uint8_t *)"\xFF\xFF\xFF"};
    assert_false(import_take_up(&import, &loaded, 18000, *arena));
    import_end(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_follow_each_other),
        TEST(folders_say_nothing),
        TEST(unknown_files_are_told_and_not_read),
        TEST(a_file_is_sent_once),
        TEST(an_import_has_a_file),
        TEST(files_without_a_byte_are_told),
        TEST(there_are_at_most_64_files),
        TEST(there_are_at_most_64_mebibytes),
        TEST(a_thousand_problems_are_kept_and_all_counted),
        TEST(a_full_piece_of_problems_is_borne),
        TEST(a_full_piece_of_the_shortest_rows_is_borne),
        TEST(a_foreign_reading_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
