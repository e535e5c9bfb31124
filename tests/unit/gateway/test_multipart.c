#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/multipart.h"

#define TYPE "multipart/form-data; boundary=XX"
#define HEAD(rest) "Content-Disposition: form-data; " rest "\r\n"
#define PART(rest) HEAD(rest) "\r\n"

// What came out: "name{content}name{content}." with the dot for the form's end, or the fault.
static void read_all(const char *type, const char *bytes, size_t size, size_t step, size_t room, char *out, size_t out_room)
{
    multipart_t form;
    char piece[64];
    size_t used = 0, made = 0;
    assert_true(room <= sizeof(piece));
    out[0] = '\0';
    assert_true(multipart_init(&form, type));
    for (size_t from = 0; from < size; from += step) {
        const size_t until = size - from < step ? size - from : step;
        size_t at = 0;
        multipart_event_t event;
        do {
            event = multipart_read(&form, bytes + from, until, &at, piece, room, &used);
            assert_true(at <= until && used <= room && made + used + 1000 < out_room);
            if (event == MULTIPART_FULL)
                assert_int_equal(used, room);
            if (event == MULTIPART_FULL || event == MULTIPART_PART_END) {
                memcpy(out + made, piece, used);
                made += used;
                used = 0;
            }
            if (event == MULTIPART_PART)
                made += (size_t)sprintf(out + made, "%s{", form.name);
            if (event == MULTIPART_PART_END)
                out[made++] = '}';
            if (event == MULTIPART_END)
                out[made++] = '.';
            if (event == MULTIPART_BAD) {
                // It stays so.
                const multipart_event_t again = at < until ? MULTIPART_BAD : MULTIPART_MORE;
                assert_int_equal(multipart_read(&form, bytes + from, until, &at, piece, room, &used), again);
                assert_false(multipart_complete(&form));
                snprintf(out, out_room, "%s", form.fault);
                return;
            }
        } while (event != MULTIPART_MORE || at < until);
    }
    out[made] = '\0';
    if (!multipart_complete(&form))
        snprintf(out, out_room, "incomplete");
}

// However the bytes come, and whatever the room, the same comes out.
static void check(const char *type, const char *bytes, size_t size, const char *expected)
{
    char out[8192];
    for (size_t step = 1; step <= size + 1; step += step < 8 ? 1 : step) {
        for (size_t room = 1; room <= 64; room = room < 4 ? room + 1 : room * 4) {
            read_all(type, bytes, size, step, room, out, sizeof(out));
            assert_string_equal(out, expected);
        }
    }
}

static void check_text(const char *text, const char *expected)
{
    check(TYPE, text, strlen(text), expected);
}

static void reads(void **state)
{
    (void)state;
    check_text("--XX\r\n" PART("name=\"a\"; filename=\"x.csv\"") "one\r\n--XX--\r\n", "x.csv{one}.");
    check_text("--XX\r\n" PART("name=\"a\"; filename=\"x.csv\"") "one\r\n--XX--", "x.csv{one}.");
    check_text("--XX\r\n" PART("name=a") "one\r\n--XX\r\n" PART("filename=b; name=c") "two\r\n--XX--\r\n", "a{one}b{two}.");
    // Nothing in it: with a line's end before the boundary, and with the head's own alone.
    check_text("--XX\r\n" PART("name=\"a\"") "\r\n--XX\r\n" PART("name=\"b\"") "--XX--\r\n", "a{}b{}.");
    check_text("--XX--\r\n", ".");
    check_text("--XX--", ".");
    // Heads of any case, order and kind.
    check_text("--XX\r\ncontent-TYPE: text/csv; charset=x\r\nX-Y:z\r\nCONTENT-disposition:form-DATA;NAME=a;other=\"b\"\r\nContent-Transfer-"
               "Encoding: Binary\r\n\r\n1\r\n--XX--\r\n",
               "a{1}.");
    check_text("--XX\r\n" PART("name=\"q\\\"u\\\\o\\t\"; filename=\"a;b=\\\"c\\\" d\"") "1\r\n--XX--", "a;b=\"c\" d{1}.");
    check_text("--XX\r\n" PART("name=\"filename=\"; filename=\"z\xc3\xa4.csv\"") "1\r\n--XX--", "z\xc3\xa4.csv{1}.");
}

// What is nearly a boundary is content.
static void keeps_content(void **state)
{
    static const char *const contents[] = {
        "\r",          "\n",           "\r\n",         "\r\r\n",       "\r\n\r\n",        "\r\n-",          "\r\n--",        "\r\n--X",
        "\r\n--X\r\n", "\r\n--XY",     "--X",          "-",            "--",              "\r\n--\r\n--X\r", "\r\r\n--Xx\r\n-", "\n--XX\n",
        "\r--XX--\r",  "\r\n-\r\n--X", "\r\n--xx--\r", "\r\n --XX--",  "a--XX--\r\nb",     "\r\n--X\r\n--Y", "x\r\n--X\r\n--X", "--X\r\n--X",
    };
    char text[512], expected[512];
    (void)state;
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        print_message("content %zu\n", i);
        snprintf(text, sizeof(text), "--XX\r\n" PART("name=a") "%s\r\n--XX--\r\n", contents[i]);
        snprintf(expected, sizeof(expected), "a{%s}.", contents[i]);
        check_text(text, expected);
    }
    // A NUL, and every other byte.
    char bytes[600];
    size_t size = (size_t)sprintf(bytes, "--XX\r\n" PART("name=a"));
    const size_t from = size;
    for (int i = 0; i < 256; i++)
        bytes[size++] = (char)i;
    memcpy(bytes + size, "\r\n--XX--", 8);
    char out[4096];
    read_all(TYPE, bytes, size + 8, 7, 64, out, sizeof(out));
    assert_memory_equal(out, "a{", 2);
    assert_memory_equal(out + 2, bytes + from, 256);
    assert_string_equal(out + 258, "}.");
}

static void boundaries(void **state)
{
    static const struct {
        const char *type, *boundary; // NULL: none
    } cases[] = {
        {"multipart/form-data; boundary=a", "a"},
        {"Multipart/Form-Data;BOUNDARY=\"a b\"", "a b"},
        {"multipart/form-data ; charset=utf-8; boundary=----=_Part_1:2", "----=_Part_1:2"},
        {"multipart/form-data; boundary=a; charset=\"utf-8\"", "a"},
        {"multipart/form-data; boundary=\"'()+_,-./:=?09azAZ\"", "'()+_,-./:=?09azAZ"},
        {"multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890",
         "1234567890123456789012345678901234567890123456789012345678901234567890"},
        {"multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", NULL},
        {"multipart/form-data; boundary=\"12345678901234567890123456789012345678901234567890123456789012345678901\"", NULL},
        {"multipart/form-data", NULL},
        {"multipart/form-data;", NULL},
        {"multipart/form-data; boundary", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary=\"a", NULL},
        {"multipart/form-data; boundary=\"a \"", NULL},
        {"multipart/form-data; boundary=a\"b", NULL},
        {"multipart/form-data; boundary=a b", NULL},
        {"multipart/form-data; boundary=a,b; x", NULL},
        {"multipart/form-data; boundary=a; boundary=a", NULL},
        {"multipart/form-data; boundary=a; boundary=b", NULL},
        {"multipart/form-data; boundary=\xc3\xa4", NULL},
        {"multipart/form-data; boundary=a@b", NULL},
        {"multipart/form-data; xboundary=a", NULL},
        {"multipart/form-data; x=\"boundary=a\"", NULL},
        {"multipart/mixed; boundary=a", NULL},
        {"multipart/form-datax; boundary=a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        multipart_t form;
        print_message("%s\n", cases[i].type);
        assert_int_equal(multipart_init(&form, cases[i].type), cases[i].boundary != NULL);
        if (cases[i].boundary == NULL)
            continue;
        assert_int_equal(form.delimiter_size, strlen(cases[i].boundary) + 4);
        assert_memory_equal(form.delimiter + 4, cases[i].boundary, strlen(cases[i].boundary));
        char text[256], expected[64] = "a{\r\n--}.";
        snprintf(text, sizeof(text), "--%s\r\n" PART("name=a") "\r\n--\r\n--%s--\r\n", cases[i].boundary, cases[i].boundary);
        check(cases[i].type, text, strlen(text), expected);
    }
    assert_true(multipart_is_form("multipart/form-data"));
    assert_true(multipart_is_form("MULTIPART/FORM-DATA\t;x"));
    assert_false(multipart_is_form("multipart/form-data2"));
    assert_false(multipart_is_form("application/json"));
    assert_false(multipart_is_form(""));
}

static void refuses(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"", "incomplete"},
        {"-", "incomplete"},
        {"--XX", "incomplete"},
        {"--XX-", "incomplete"},
        {"--XX\r\n", "incomplete"},
        {"--XX\r\n" PART("name=a"), "incomplete"},
        {"--XX\r\n" PART("name=a") "one", "incomplete"},
        {"--XX\r\n" PART("name=a") "one\r\n--XX", "incomplete"},
        {"--XX\r\n" PART("name=a") "one\r\n--XX\r\n", "incomplete"},
        {"--XX--\r", "incomplete"},
        {"x", "The form does not begin with its boundary"},
        {"\r\n--XX--", "The form does not begin with its boundary"},
        {"preamble\r\n--XX\r\n" PART("name=a") "\r\n--XX--", "The form does not begin with its boundary"},
        {"--XY\r\n", "The form does not begin with its boundary"},
        {"--XXY\r\n", "A boundary is followed by what is no line's end"},
        {"--XX \r\n", "A boundary is followed by what is no line's end"},
        {"--XX\n", "A boundary is followed by what is no line's end"},
        {"--XX\r\r\n", "A boundary is followed by what is no line's end"},
        {"--XX-\r\n", "A boundary is followed by what is no line's end"},
        {"--XX\r\n" PART("name=a") "one\r\n--XXtail\r\n", "A boundary is followed by what is no line's end"},
        {"--XX--x", "The form goes on after its last boundary"},
        {"--XX--\r\nx", "The form goes on after its last boundary"},
        {"--XX--\r\n--XX--", "The form goes on after its last boundary"},
        {"--XX--\n", "The form goes on after its last boundary"},
        {"--XX\r\n\r\none\r\n--XX--", "A part must have one Content-Disposition, form-data"},
        {"--XX\r\nContent-Type: text/csv\r\n\r\none\r\n--XX--", "A part must have one Content-Disposition, form-data"},
        {"--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n", "A part must have one Content-Disposition, form-data"},
        {"--XX\r\n" HEAD("name=a") PART("name=a"), "A part must have one Content-Disposition, form-data"},
        {"--XX\r\n" PART("filename=a"), "A part's Content-Disposition cannot be read"},
        {"--XX\r\n" PART("name=a; x"), "A part's Content-Disposition cannot be read"},
        {"--XX\r\n" PART("name=\"a"), "A part's Content-Disposition cannot be read"},
        {"--XX\r\n" PART("name=a b"), "A part's Content-Disposition cannot be read"},
        {"--XX\r\nContent-Disposition: form-data\r\n", "A part's Content-Disposition cannot be read"},
        {"--XX\r\n" PART("name=a; name=b"), "A part's Content-Disposition names it twice"},
        {"--XX\r\n" PART("name=a; filename=b; filename=b"), "A part's Content-Disposition names it twice"},
        {"--XX\r\n" PART("name=a; filename=b; filename*=UTF-8''c"), "A part's Content-Disposition names it twice"},
        {"--XX\r\n" PART("name=a; filename=\"\""), "A file has no name"},
        {"--XX\r\n" PART("name=\"\""), "A file has no name"},
        {"--XX\r\n" PART("name=a; filename=\"d/a.csv\""), "A file's name must be without a path"},
        {"--XX\r\n" PART("name=a; filename=\"../a.csv\""), "A file's name must be without a path"},
        {"--XX\r\n" PART("name=a; filename=\"C:\\\\a.csv\""), "A file's name must be without a path"},
        {"--XX\r\n" PART("name=a; filename=\"C:\\a.csv\""), "A file's name must be without a path"},
        {"--XX\r\n" PART("name=a; filename=\"..\""), "A file's name must be without a path"},
        {"--XX\r\n" PART("name=a; filename=\"\xff.csv\""), "A file's name is not UTF-8"},
        {"--XX\r\n" PART("name=a; filename=\"a\xc3\""), "A file's name is not UTF-8"},
        {"--XX\r\n" PART("name=a; filename=\"a\x01\""), "A part's head has control characters"},
        {"--XX\r\n" PART("name=a; filename=\"a\rb\""), "A part's head has control characters"},
        {"--XX\r\n" PART("name=a; filename=\"a\x7f\""), "A part's head has control characters"},
        {"--XX\r\nContent-Disposition: form-data; name=a\n\r\n", "A line of a part's head ends without a carriage return"},
        {"--XX\r\n\n", "A line of a part's head ends without a carriage return"},
        {"--XX\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n", "A part's Content-Disposition cannot be read"},
        {"--XX\r\n" HEAD("name=a") " folded\r\n\r\n", "A part's head has a line that is no header"},
        {"--XX\r\nno header\r\n\r\n", "A part's head has a line that is no header"},
        {"--XX\r\nContent-Disposition : form-data; name=a\r\n\r\n", "A part's head has a line that is no header"},
        {"--XX\r\n: x\r\n\r\n", "A part's head has a line that is no header"},
        {"--XX\r\n" HEAD("name=a") "Content-Transfer-Encoding: base64\r\n\r\n", "A part's content is encoded"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].text);
        check_text(cases[i].text, cases[i].fault);
    }
    const char nul[] = "--XX\r\nContent-Disposition: form-data; name=a\0b\r\n\r\n";
    check(TYPE, nul, sizeof(nul) - 1, "A part's head has control characters");
}

static void lengths(void **state)
{
    char text[16384], name[1024], out[8192];
    (void)state;
    // 200 characters of four bytes each fit, 201 do not.
    for (int count = 200; count <= 201; count++) {
        name[0] = '\0';
        for (int i = 0; i < count; i++)
            strcat(name, "\xf0\x9f\x8f\xa5");
        snprintf(text, sizeof(text), "--XX\r\n" PART("name=a; filename=\"%s\"") "1\r\n--XX--", name);
        read_all(TYPE, text, strlen(text), 100, 8, out, sizeof(out));
        assert_int_equal(strcmp(out, "A file's name may have at most 200 characters") == 0, count == 201);
    }
    for (int count = 200; count <= 201; count++) {
        memset(name, 'n', (size_t)count);
        name[count] = '\0';
        snprintf(text, sizeof(text), "--XX\r\n" PART("name=a; filename=\"%s\"") "1\r\n--XX--", name);
        read_all(TYPE, text, strlen(text), 100, 8, out, sizeof(out));
        assert_int_equal(strcmp(out, "A file's name may have at most 200 characters") == 0, count == 201);
    }
    // A line, and many.
    char line[MULTIPART_LINE_MAX + 8];
    memset(line, 'x', sizeof(line));
    for (size_t size = MULTIPART_LINE_MAX - 4; size <= MULTIPART_LINE_MAX; size++) {
        const size_t value = size - 3; // with "X: "; the carriage return is of the line too
        snprintf(text, sizeof(text), "--XX\r\n" HEAD("name=a") "X: %.*s\r\n\r\n1\r\n--XX--", (int)value, line);
        read_all(TYPE, text, strlen(text), 1000, 8, out, sizeof(out));
        assert_string_equal(out, size < MULTIPART_LINE_MAX ? "a{1}." : "A part's head is too long");
    }
    size_t used = (size_t)sprintf(text, "--XX\r\n" HEAD("name=a"));
    while (used < MULTIPART_HEAD_MAX + 100)
        used += (size_t)sprintf(text + used, "X: %.*s\r\n", 1000, line);
    memcpy(text + used, "\r\n1\r\n--XX--", sizeof("\r\n1\r\n--XX--"));
    read_all(TYPE, text, strlen(text), 1000, 8, out, sizeof(out));
    assert_string_equal(out, "A part's head is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),   cmocka_unit_test(keeps_content), cmocka_unit_test(boundaries),
        cmocka_unit_test(refuses), cmocka_unit_test(lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
