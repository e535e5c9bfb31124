// CSV: what a record and a cell are, wherever the file is cut.
#include "tests/unit/registry/import_support.h"

#define HEAD "network,code,source\n"
#define FILE_NAME "sub_groups.csv"

#define CSV(text, expected) assert_import(*state, FILE_NAME, text, expected)

static void rows_are_lines(void **state)
{
    CSV(HEAD "pcn-a,g1,letter\npcn-a,g2,\n", "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"letter\"}\n"
                                             "1,3,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\"}\n"
                                             "sub_groups.csv 2\n");
}

static void the_last_line_needs_no_end(void **state)
{
    CSV(HEAD "pcn-a,g1,", "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\nsub_groups.csv 1\n");
    CSV(HEAD "pcn-a,g1,\"x\"\r", "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"x\"}\nsub_groups.csv 1\n");
}

static void lines_may_end_as_windows_ends_them(void **state)
{
    CSV("\xEF\xBB\xBFnetwork,code,source\r\npcn-a,g1,a letter\r\n\r\n\"pcn-a\",\"g2\",\"x\"\r\n",
        "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"a letter\"}\n"
        "1,4,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\",\"source\":\"x\"}\n"
        "sub_groups.csv 2\n");
    // Within a cell too: it is a line end of the text.
    assert_import(
        *state, "sites.csv", "code,organisation,name,kind,notes\r\ns1,gp-a,Main,surgery,\"first\r\nsecond\"\r\n",
        "1,2,\"sites\",{\"code\":\"s1\",\"organisation\":\"gp-a\",\"name\":\"Main\",\"kind\":\"surgery\",\"notes\":\"first\\nsecond\"}\n"
        "sites.csv 1\n");
}

static void a_mark_may_stand_before_a_quoted_header(void **state)
{
    CSV("\xEF\xBB\xBF\"network\",\"code\"\npcn-a,g1\n", "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\nsub_groups.csv 1\n");
}

static void empty_lines_are_none(void **state)
{
    CSV("\n\r\n" HEAD "\n\n\npcn-a,g1,\n\n", "1,7,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\nsub_groups.csv 1\n");
}

static void quotes_hold_commas_quotes_and_lines(void **state)
{
    assert_import(*state, "sites.csv",
                  "code,organisation,name,kind,notes\n"
                  "s1,gp-a,\"Surgery, \"\"Main\"\"\",surgery,\"first\nsecond, \"\"third\"\"\n\"\n"
                  "s2,gp-a,\"\"\"Q\"\"\",surgery,\"\"\n",
                  "1,2,\"sites\",{\"code\":\"s1\",\"organisation\":\"gp-a\",\"name\":\"Surgery, \\\"Main\\\"\",\"kind\":\"surgery\","
                  "\"notes\":\"first\\nsecond, \\\"third\\\"\\n\"}\n"
                  "1,5,\"sites\",{\"code\":\"s2\",\"organisation\":\"gp-a\",\"name\":\"\\\"Q\\\"\",\"kind\":\"surgery\"}\n"
                  "sites.csv 2\n");
}

static void columns_may_stand_in_any_order(void **state)
{
    CSV("source,code,network\nx,g1,pcn-a\n",
        "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"x\"}\nsub_groups.csv 1\n");
}

static void broken_quotes_are_of_their_line(void **state)
{
    CSV(HEAD "pcn-a,g\"1,x\npcn-a,\"g2\"x,y\npcn-a,g3,\npcn-a,\"g4\"\r,x\npcn-a,g5,\n",
        "1,4,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g3\"}\n"
        "1,6,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g5\"}\n"
        "1:2 -: A quote stands within a cell that has none around it\n"
        "1:3 -: Text follows the quote that closes a cell\n"
        "1:5 -: Text follows the quote that closes a cell\n"
        "sub_groups.csv 5\n");
}

static void a_quote_that_is_never_closed_takes_the_rest(void **state)
{
    CSV(HEAD "pcn-a,g1,\npcn-a,\"g2,\npcn-a,g3,\n", "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\n"
                                                    "1:3 -: A quote that opens is never closed\n"
                                                    "sub_groups.csv 2\n");
    CSV(HEAD "pcn-a,\"", "1:2 -: A quote that opens is never closed\nsub_groups.csv 1\n");
}

static void cells_are_counted(void **state)
{
    CSV(HEAD "pcn-a,g1\npcn-a,g2,x,y\npcn-a\n,,\n", "1:2 -: Has 2 cells; the header has 3\n"
                                                    "1:3 -: Has 4 cells; the header has 3\n"
                                                    "1:4 -: Has 1 cell; the header has 3\n"
                                                    "1:5 network: Is empty\n"
                                                    "1:5 code: Is empty\n"
                                                    "sub_groups.csv 4\n");
}

static void text_is_utf8_without_nul(void **state)
{
    CSV(HEAD "pcn-a,g1,caf\xE9\npcn-a,g2,caf\xC3\xA9\npcn-a,g3,a\0b\n",
        "1,3,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\",\"source\":\"caf\xC3\xA9\"}\n"
        "1:2 -: Is not UTF-8\n"
        "1:4 -: Holds the character U+0000\n"
        "sub_groups.csv 3\n");
    CSV("\xFF\xFEn\0e\0t\0\n\0x", "1:1 -: Is UTF-16, not UTF-8\nsub_groups.csv 0\n");
    CSV("\xFE\xFF\0n", "1:1 -: Is UTF-16, not UTF-8\nsub_groups.csv 0\n");
    CSV("n\xE9t,code\nx,y\n", "1:1 -: Is not UTF-8\nsub_groups.csv 0\n");
}

static void a_header_is_needed(void **state)
{
    CSV("", "1:1 -: The file is empty: it has no header\nsub_groups.csv 0\n");
    CSV("\n\r\n", "1:1 -: The file is empty: it has no header\nsub_groups.csv 0\n");
    CSV("network,code\rpcn-a,g1\r", "1:1 -: Lines must end in a line feed, not in a carriage return alone\nsub_groups.csv 0\n");
    CSV("\xEF\xBB\xBF", "1:1 -: The file is empty: it has no header\nsub_groups.csv 0\n");
    CSV("\xEF\xBB", "1:1 -: Is not UTF-8\nsub_groups.csv 0\n");
    CSV("network,\"code\nx,y\n", "1:1 -: A quote that opens is never closed\nsub_groups.csv 0\n");
    CSV(HEAD, "sub_groups.csv 0\n");
    CSV("network,code", "sub_groups.csv 0\n");
}

static void a_missing_column_is_told_once(void **state)
{
    CSV("network,source\npcn-a,x\npcn-b,y\n", "1:1 code: The column is missing\nsub_groups.csv 0\n");
    CSV("source\nx\n", "1:1 network: The column is missing\n1:1 code: The column is missing\nsub_groups.csv 0\n");
    assert_import(*state, "list_sizes.csv", "organisation,kind,count,source\ngp-a,registered,1,x\n",
                  "1:1 as_of: The column is missing\nlist_sizes.csv 0\n");
}

static void a_column_is_there_once(void **state)
{
    CSV("network,code,code\npcn-a,g1,g1\n", "1:1 code: The column is there twice\nsub_groups.csv 0\n");
    assert_import(*state, "organisations.csv", "code,name,kind,parent,parent_code\nx,y,ccg,,\n",
                  "1:1 parent_code: The column is there twice\norganisations.csv 0\n");
}

static void an_unknown_column_is_none_of_ours(void **state)
{
    CSV("network,code,sourec\npcn-a,g1,x\npcn-a,G 1,x\n",
        "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\n"
        "1:1 sourec: There is no such column\n"
        "1:3 code: \"G 1\" is not a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code\n"
        "sub_groups.csv 2\n");
    CSV("network,code,\npcn-a,g1,\n",
        "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\n1:1 -: Column 3 has no name\nsub_groups.csv 1\n");
}

static void columns_are_separated_by_commas(void **state)
{
    CSV("network;code;source\npcn-a;g1;x\n", "1:1 -: Columns are separated by commas\nsub_groups.csv 0\n");
    CSV("network\tcode\npcn-a\tg1\n", "1:1 -: Columns are separated by commas\nsub_groups.csv 0\n");
}

static void the_header_again_is_no_row(void **state)
{
    CSV(HEAD "pcn-a,g1,\n" HEAD "pcn-a,g2,\n", "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\"}\n"
                                               "1,4,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\"}\n"
                                               "1:3 -: The header is there again: was the file sent twice?\n"
                                               "sub_groups.csv 3\n");
}

static void too_many_columns_are_refused(void **state)
{
    buf_t text;
    buf_init(&text, 64 * 1024);
    buf_add_string(&text, "network,code");
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++)
        buf_printf(&text, ",x%d", i);
    buf_add_string(&text, "\npcn-a,g1\n");
    assert_string_equal(import_bytes(*state, FILE_NAME, text.data, text.size, 0),
                        "1:1 -: Has 258 columns; 256 at most\nsub_groups.csv 0\n");
    buf_deinit(&text);
}

// ---- rows of any length ----

static void add_many(buf_t *text, const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_string(text, part);
}

static void assert_cut_by(arena_t *arena, const buf_t *text, const char *expected)
{
    static const size_t cuts[] = {0, 1024, 4099, 61439, 61440, 61441, 65535};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_string_equal(import_bytes(arena, FILE_NAME, text->data, text->size, cuts[i]), expected);
}

static void a_row_is_too_long(void **state)
{
    buf_t text;
    buf_init(&text, IMPORT_TEXT_CAP);
    buf_add_string(&text, HEAD "pcn-a,g1,");
    add_many(&text, "x", IMPORT_ROW_MAX);
    buf_add_string(&text, "\npcn-a,g2,\n\"pcn-a\",g3,\"");
    add_many(&text, "x\n\"\"", 50000);
    buf_add_string(&text, "\"\npcn-a,g4,\n");
    assert_cut_by(*state, &text,
                  "1,3,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\"}\n"
                  "1,50005,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g4\"}\n"
                  "1:2 -: Is longer than 60 KiB\n"
                  "1:4 -: Is longer than 60 KiB: is a quote that opens never closed?\n"
                  "sub_groups.csv 4\n");
    buf_deinit(&text);
}

static void a_row_of_just_that_length_is_read(void **state)
{
    buf_t text;
    buf_init(&text, IMPORT_TEXT_CAP);
    for (size_t longer = 0; longer < 2; longer++) {
        buf_clear(&text);
        buf_add_string(&text, HEAD "pcn-a,g1,");
        add_many(&text, "x", IMPORT_ROW_MAX - strlen("pcn-a,g1,") + longer);
        buf_add_string(&text, "\npcn-a,g2,\n");
        assert_cut_by(*state, &text,
                      longer == 0 ? "1,3,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\"}\n"
                                    "1:2 source: Has 61431 characters; 400 at most\nsub_groups.csv 2\n"
                                  : "1,3,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g2\"}\n"
                                    "1:2 -: Is longer than 60 KiB\nsub_groups.csv 2\n");
    }
    buf_deinit(&text);
}

static void a_header_is_too_long(void **state)
{
    buf_t text;
    buf_init(&text, IMPORT_TEXT_CAP);
    add_many(&text, "x", 3 * IMPORT_ROW_MAX);
    buf_add_string(&text, "\npcn-a,g2,\n");
    assert_cut_by(*state, &text, "1:1 -: Is longer than 60 KiB\nsub_groups.csv 0\n");
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_lines),
        TEST(the_last_line_needs_no_end),
        TEST(lines_may_end_as_windows_ends_them),
        TEST(a_mark_may_stand_before_a_quoted_header),
        TEST(empty_lines_are_none),
        TEST(quotes_hold_commas_quotes_and_lines),
        TEST(columns_may_stand_in_any_order),
        TEST(broken_quotes_are_of_their_line),
        TEST(a_quote_that_is_never_closed_takes_the_rest),
        TEST(cells_are_counted),
        TEST(text_is_utf8_without_nul),
        TEST(a_header_is_needed),
        TEST(a_missing_column_is_told_once),
        TEST(a_column_is_there_once),
        TEST(an_unknown_column_is_none_of_ours),
        TEST(columns_are_separated_by_commas),
        TEST(the_header_again_is_no_row),
        TEST(too_many_columns_are_refused),
        TEST(a_row_is_too_long),
        TEST(a_row_of_just_that_length_is_read),
        TEST(a_header_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
