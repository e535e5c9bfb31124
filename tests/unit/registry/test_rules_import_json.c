// JSON documents: rows are found wherever the document is cut, and what is no document is told with its line.
#include "tests/unit/registry/import_support.h"

#define FILE_NAME "registry.json"
#define JSON(text, expected) assert_import(*state, FILE_NAME, text, expected)
#define G1 "{\"network\":\"pcn-a\",\"code\":\"g1\"}"
#define G2 "{\"network\":\"pcn-a\",\"code\":\"g2\"}"

static void rows_of_every_list_are_found(void **state)
{
    JSON("{\"subGroups\":[" G1 "," G2 "],\"systems\":[{\"practice\":\"gp-a\",\"system\":\"S\",\"from\":\"2019-07-01\"}]}",
         "1,1,\"sub_groups\"," G1 "\n1,1,\"sub_groups\"," G2 "\n"
         "1,1,\"systems\",{\"practice\":\"gp-a\",\"system\":\"S\",\"from\":\"2019-07-01\"}\n"
         "registry.json 3\n");
}

static void lines_are_counted(void **state)
{
    JSON("\xEF\xBB\xBF\n{\n \"subGroups\" :\r\n [\n  {\n\"network\":\n\"pcn-a\",\"code\":\"g1\"}\n,\n" G2 "\t]\n,\n\"sites\": [ ]\n}\n\n",
         "1,5,\"sub_groups\"," G1 "\n1,9,\"sub_groups\"," G2 "\nregistry.json 2\n");
}

static void strings_may_hold_what_looks_like_structure(void **state)
{
    JSON("{\"subGroups\":[{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"]}\\\",{[\\\\\"}," G2 "]}",
         "1,1,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"]}\\\",{[\\\\\"}\n"
         "1,1,\"sub_groups\"," G2 "\nregistry.json 2\n");
}

static void an_empty_document_has_no_rows(void **state)
{
    JSON("{}", "registry.json 0\n");
    JSON("{\"sites\":[],\"past\":[]}", "registry.json 0\n");
    JSON("", "1:1 -: The document is empty\nregistry.json 0\n");
    JSON(" \n ", "1:2 -: The document is empty\nregistry.json 0\n");
    JSON("\xEF\xBB\xBF", "1:1 -: The document is empty\nregistry.json 0\n");
}

static void it_may_not_end_early(void **state)
{
    static const char whole[] = "{\"subGroups\":[" G1 "]}";
    for (size_t size = 1; size < sizeof whole - 1; size++) {
        char *made = import_bytes(*state, FILE_NAME, whole, size, 0);
        assert_non_null(strstr(made, "1:1 -: The document ends too early\n"));
        assert_string_equal(import_bytes(*state, FILE_NAME, whole, size, 1), made);
    }
}

static void broken_rows_are_told_and_the_others_read(void **state)
{
    JSON("{\"subGroups\":[\n" G1
         ",\n{\"network\":\"pcn-a\",,},\n{\"network\":\"pcn-a\",\"kode\":\"g2\"},\n{\"network\":1,\"code\":\"g2\"},\n"
         "{\"network\":\"pcn-a\"},\n5,\nnull,\n\"x]\",\n[" G2
         "],\n{\"network\":\"PCN a\",\"code\":\"\"},\n{\"code\":\"g\",\"code\":\"g\"}\n," G2 "]}",
         "1,2,\"sub_groups\"," G1 "\n1,13,\"sub_groups\"," G2 "\n"
         "1:3 subGroups[1]: This is not JSON\n"
         "1:4 subGroups[2].kode: There is no such field\n"
         "1:5 subGroups[3].network: Must be text\n"
         "1:6 subGroups[4].code: Is missing\n"
         "1:7 subGroups[5]: Must be a JSON object\n"
         "1:8 subGroups[6]: Must be a JSON object\n"
         "1:9 subGroups[7]: Must be a JSON object\n"
         "1:10 subGroups[8]: Must be a JSON object\n"
         "1:11 subGroups[9].network: \"PCN a\" is not a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code\n"
         "1:11 subGroups[9].code: \"\" is not a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code\n"
         "1:12 subGroups[10].code: The key occurs twice\n"
         "registry.json 12\n");
}

static void lists_must_be_known_and_there_once(void **state)
{
    JSON("{\n\"sub_groups\":[" G1 ", {\"x\":[{}]}, 5],\n\"subGroups\":[" G2 "],\n\"subGroups\":[]}",
         "1,3,\"sub_groups\"," G2 "\n"
         "1:2 sub_groups: There is no such list\n"
         "1:4 subGroups: The list is there twice\n"
         "registry.json 1\n");
    JSON("{\"\\u0073ites\":[]}", "1:1 \\u0073ites: There is no such list\nregistry.json 0\n");
    JSON("{\"\xFF\":[]}", "1:1 -: There is no such list\nregistry.json 0\n");
}

static void what_is_no_document_is_given_up(void **state)
{
    static const struct {
        const char *text, *problem;
    } broken[] = {
        {"[" G1 "]", "1:1 -: A document is an object of lists of rows"},
        {"code,name\n", "1:1 -: A document is an object of lists of rows"},
        {"\xEF\xBB{}", "1:1 -: A document is an object of lists of rows"},
        {"{subGroups:[]}", "1:1 -: The name of a list is missing here"},
        {"{\n,\"sites\":[]}", "1:2 -: The name of a list is missing here"},
        {"{\"sites\":[],}", "1:1 -: The name of a list is missing here"},
        {"{\"sites\"[]}", "1:1 -: A colon is missing here"},
        {"{\"sites\":{}}", "1:1 -: A list of rows is missing here"},
        {"{\"sites\":null}", "1:1 -: A list of rows is missing here"},
        {"{\"sites\":[,]}", "1:1 -: A row is missing here"},
        {"{\"sites\":[}", "1:1 -: A row is missing here"},
        {"{\"subGroups\":[" G1 ",]}", "1:1 -: A row is missing here"},
        {"{\"subGroups\":[" G1 "\n" G1 "]}", "1:2 -: A comma or the list's end is missing here"},
        {"{\"subGroups\":[" G1 "\n}", "1:2 -: A comma or the list's end is missing here"},
        {"{\"sites\":[] \"past\":[]}", "1:1 -: A comma or the document's end is missing here"},
        {"{\"sites\":[]]", "1:1 -: A comma or the document's end is missing here"},
        {"{}\n{}", "1:2 -: Something follows the document's end"},
        {"{}x", "1:1 -: Something follows the document's end"},
        {"{\"sites\":[{]}", "1:1 sites[0]: This is not JSON"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        for (size_t cut = 0; cut < 4; cut++) {
            const char *made = import_bytes(*state, FILE_NAME, broken[i].text, strlen(broken[i].text), cut);
            if (strstr(made, broken[i].problem) == NULL)
                fail_msg("%s: %s", broken[i].text, made);
        }
    }
}

static void rows_of_the_data_set_are_read_too(void **state)
{
    JSON("{\"pcnSubGroups\":[{\"subGroup\":\"n1\",\"pcnCode\":\"pcn-a\",\"listSize\":5,\"source\":\"x\"}]}",
         "1,1,\"list_sizes\",{\"organisation\":\"pcn-a\",\"kind\":\"registered\",\"subGroup\":\"n1\",\"count\":5,\"source\":\"x\"}\n"
         "registry.json 1\n");
}

static void fields_in_depth_are_named(void **state)
{
    JSON("{\"organisations\":[{\"code\":\"ccg-a\",\"name\":\"A\",\"kind\":\"ccg\",\"identifiers\":[{\"system\":\"x\"}]},\n"
         "{\"code\":\"ccg-b\",\"name\":\"B\",\"kind\":\"ccg\",\"identifiers\":[{\"valu\":\"x\"}]},\n"
         "{\"code\":\"ccg-c\",\"name\":\"C\",\"kind\":\"ccg\",\"openedOn\":\"2020-02-30\",\"statedPopulation\":-1},\n"
         "{\"code\":\"ccg-d\",\"name\":\"D\",\"kind\":\"ccg\",\"openedOn\":\"2020-02-03\",\"closedOn\":\"2020-02-02\"}]}",
         "1:1 organisations[0].identifiers[0].value: Is required\n"
         "1:2 organisations[1].identifiers[0].valu: There is no such field\n"
         "1:3 organisations[2].openedOn: \"2020-02-30\" is not a date as in 2019-07-01\n"
         "1:3 organisations[2].statedPopulation: -1 is not between 0 and 100000000\n"
         "1:4 organisations[3].closedOn: It cannot close before it opened, on 2020-02-03\n"
         "registry.json 4\n");
}

static void json_within_rows_is_json(void **state)
{
    JSON("{\"coming\":[\n{\"code\":\"gp-a\",\"from\":\"2030-01-01\",\"changes\":{\"formerNames\":[\"x\"],\"notes\":null},"
         "\"recordedAt\":\"2019-07-03T10:00:00Z\"},\n{\"code\":\"gp-a\",\"from\":\"2030-01-01\",\"changes\":{\"statedPopulation\":-1},"
         "\"recordedAt\":\"2019-07-03T10:00:00Z\"}],\n"
         "\"superseded\":[{\"code\":\"pcn-a\",\"kind\":\"director\",\"fact\" : {\"share\":0.50} ,"
         "\"supersededAt\":\"2019-07-03T10:00:00Z\" } ]}",
         "1,2,\"coming\",{\"code\":\"gp-a\",\"from\":\"2030-01-01\",\"changes\":{\"formerNames\":[\"x\"],\"notes\":null},"
         "\"recordedAt\":\"2019-07-03T10:00:00Z\"}\n"
         "1,4,\"superseded\",{\"code\":\"pcn-a\",\"kind\":\"director\",\"fact\":{\"share\":0.50},"
         "\"supersededAt\":\"2019-07-03T10:00:00Z\"}\n"
         "1:3 coming[1].changes.statedPopulation: Must be between 0 and 100000000\n"
         "registry.json 3\n");
}

static void a_row_or_name_is_too_long(void **state)
{
    static const size_t cuts[] = {0, 1024, 4099, 61439, 61440, 61441, 65535};
    buf_t text;
    buf_init(&text, IMPORT_TEXT_CAP);
    buf_add_string(&text, "{\"subGroups\":[\n{\"network\":\"pcn-a\",\"x\":[\"");
    for (size_t i = 0; i < 40000; i++)
        buf_add_string(&text, "}]\\\"\n");
    buf_add_string(&text, "\",[{}]]},\n" G2 "],\"unknown\":[\"");
    for (size_t i = 0; i < 100000; i++)
        buf_add_char(&text, 'x');
    buf_add_string(&text, "\"]}");
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_string_equal(import_bytes(*state, FILE_NAME, text.data, text.size, cuts[i]),
                            "1,40003,\"sub_groups\"," G2
                            "\n1:2 subGroups[0]: Is longer than 60 KiB\n1:40003 unknown: There is no such list\n"
                            "registry.json 2\n");
    buf_clear(&text);
    buf_add_string(&text, "{\"");
    for (size_t i = 0; i < 100000; i++)
        buf_add_char(&text, 'x');
    buf_add_string(&text, "\":[]}");
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_string_equal(import_bytes(*state, FILE_NAME, text.data, text.size, cuts[i]),
                            "1:1 -: A name is longer than any list's\nregistry.json 0\n");
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_every_list_are_found),
        TEST(lines_are_counted),
        TEST(strings_may_hold_what_looks_like_structure),
        TEST(an_empty_document_has_no_rows),
        TEST(it_may_not_end_early),
        TEST(broken_rows_are_told_and_the_others_read),
        TEST(lists_must_be_known_and_there_once),
        TEST(what_is_no_document_is_given_up),
        TEST(rows_of_the_data_set_are_read_too),
        TEST(fields_in_depth_are_named),
        TEST(json_within_rows_is_json),
        TEST(a_row_or_name_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
