// Tables: widths with any signs, empty columns, and lines that are too short.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "services/ctl/table.h"
#include "services/ctl/text.h"

static const table_column_t columns[] = {{"CODE", false, false}, {"NAME", false, false}, {"SIZE", true, false}, {"NOTES", false, false}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void add(table_t *table, const char *code, const char *name, const char *size, const char *notes)
{
    const char **row = table_add(table);
    assert_non_null(row);
    row[0] = code, row[1] = name, row[2] = size, row[3] = notes;
}

static void assert_table(const table_t *table, size_t width, size_t indent, const char *expected, const char *left_out)
{
    buf_t out, names;
    buf_init(&out, 65536);
    buf_init(&names, 4096);
    table_write(table, width, indent, &out, &names);
    assert_string_equal(out.data, expected);
    assert_string_equal(names.size > 0 ? names.data : "", left_out);
    for (const char *line = out.data; width > 0 && *line != '\0';) {
        char copy[512];
        const size_t size = strcspn(line, "\n");
        assert_true(size < sizeof copy);
        memcpy(copy, line, size);
        copy[size] = '\0';
        if (text_width(copy) > width)
            fail_msg("%zu columns: %s", text_width(copy), copy);
        // No blanks at a line's end.
        assert_true(size == 0 || copy[size - 1] != ' ');
        line += size + 1;
    }
    buf_deinit(&out);
    buf_deinit(&names);
}

static void as_wide_as_what_is_in_it(void **state)
{
    (void)state;
    table_t table;
    table_init(&table, columns, COLUMNS);
    add(&table, "pcn-a", "Café", "7", NULL);
    add(&table, "pcn-bcd", "東京 PCN", "41104", "");
    add(&table, "", "x\ny", NULL, "");
    assert_table(&table, 0, 0,
                 "CODE     NAME       SIZE\n"
                 "pcn-a    Café          7\n"
                 "pcn-bcd  東京 PCN  41104\n"
                 "         x y\n",
                 "");
    assert_table(&table, 0, 2,
                 "  CODE     NAME       SIZE\n"
                 "  pcn-a    Café          7\n"
                 "  pcn-bcd  東京 PCN  41104\n"
                 "           x y\n",
                 "");
    table_deinit(&table);
}

static void kept_columns_stay(void **state)
{
    (void)state;
    static const table_column_t kept[] = {{"A", false, true}, {"B", true, true}};
    table_t table;
    table_init(&table, kept, 2);
    const char **row = table_add(&table);
    row[0] = "x";
    assert_table(&table, 0, 0, "A  B\nx\n", "");
    table_deinit(&table);
    // Without rows all columns are named.
    table_init(&table, columns, COLUMNS);
    assert_table(&table, 0, 0, "CODE  NAME  SIZE  NOTES\n", "");
    table_deinit(&table);
}

static void lines_that_are_too_short(void **state)
{
    (void)state;
    table_t table;
    table_init(&table, columns, COLUMNS);
    add(&table, "pcn-aegis-healthcare", "Aegis Healthcare, the network of the city's north", "41104", "as the list says");
    // Wide columns are cut first,
    assert_table(&table, 80, 0,
                 "CODE                  NAME                                SIZE  NOTES\n"
                 "pcn-aegis-healthcare  Aegis Healthcare, the network of…  41104  as the list says\n",
                 "");
    // then the last ones left out,
    assert_table(&table, 60, 0,
                 "CODE                  NAME                              SIZE\n"
                 "pcn-aegis-healthcare  Aegis Healthcare, the network …  41104\n",
                 "NOTES");
    assert_table(&table, 47, 0,
                 "CODE                  NAME\n"
                 "pcn-aegis-healthcare  Aegis Healthcare, the ne…\n",
                 "SIZE NOTES");
    assert_table(&table, 30, 0, "CODE\npcn-aegis-healthcare\n", "NAME SIZE NOTES");
    // and at last what is left is cut.
    assert_table(&table, 10, 0, "CODE\npcn-aegis…\n", "NAME SIZE NOTES");
    table_deinit(&table);
}

static void what_says_the_same_goes_first(void **state)
{
    (void)state;
    table_t table;
    table_init(&table, columns, COLUMNS);
    add(&table, "pcn-a", "the same name in each", "1", "one");
    add(&table, "pcn-b", "the same name in each", "2", "two");
    assert_table(&table, 45, 0,
                 "CODE   NAME                   SIZE  NOTES\n"
                 "pcn-a  the same name in each     1  one\n"
                 "pcn-b  the same name in each     2  two\n",
                 "");
    assert_table(&table, 30, 0, "CODE   SIZE  NOTES\npcn-a     1  one\npcn-b     2  two\n", "NAME (the same name in each)");
    assert_table(&table, 12, 0, "CODE   SIZE\npcn-a     1\npcn-b     2\n", "NAME (the same name in each) NOTES");
    table_deinit(&table);
}

static void many_rows(void **state)
{
    (void)state;
    table_t table;
    buf_t out, names;
    table_init(&table, columns, COLUMNS);
    for (size_t i = 0; i < 1000; i++)
        add(&table, "code", "name", "1", "notes");
    buf_init(&out, 1024 * 1024);
    buf_init(&names, 64);
    table_write(&table, 0, 0, &out, &names);
    assert_true(buf_ok(&out));
    assert_int_equal(out.size, 1001 * strlen("CODE  NAME  SIZE  NOTES\n"));
    buf_deinit(&out);
    buf_deinit(&names);
    table_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_wide_as_what_is_in_it), cmocka_unit_test(kept_columns_stay),
                                       cmocka_unit_test(lines_that_are_too_short), cmocka_unit_test(what_says_the_same_goes_first),
                                       cmocka_unit_test(many_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
