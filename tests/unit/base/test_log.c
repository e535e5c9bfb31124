#include "support.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/id.h"

// What a call wrote to stderr, which is a file meanwhile.
static char written[16384];

#define CAPTURE(call)                                                                                                                      \
    do {                                                                                                                                   \
        int saved_ = begin_capture();                                                                                                      \
        call;                                                                                                                              \
        end_capture(saved_);                                                                                                               \
    } while (0)

static FILE *capture;

static int begin_capture(void)
{
    capture = tmpfile();
    assert_non_null(capture);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(capture), STDERR_FILENO);
    return saved;
}

static void end_capture(int saved)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(capture);
    size_t size = fread(written, 1, sizeof written - 1, capture);
    written[size] = '\0';
    fclose(capture);
}

static void assert_one_line(void)
{
    size_t size = strlen(written);
    assert_true(size > 2 && size <= 4096);
    assert_ptr_equal(strchr(written, '\n'), written + size - 1);
    assert_int_equal(written[0], '{');
    assert_int_equal(written[size - 2], '}');
    assert_true(utf8_valid(written, size));
}

static void an_entry_is_one_object(void **state)
{
    (void)state;
    log_start("registry", LOG_LEVEL_INFO);
    CAPTURE(log_info("started", LOG_TEXT("code", "pcn-rutland"), LOG_NUMBER("count", -7), LOG_TEXT("none", (const char *)NULL)));
    assert_one_line();
    assert_memory_equal(written, "{\"time\":\"2", 10);
    const char *rest = strstr(written, "Z\",");
    assert_non_null(rest);
    assert_string_equal(rest + 3,
                        "\"level\":\"info\",\"daemon\":\"registry\",\"message\":\"started\",\"code\":\"pcn-rutland\",\"count\":-7,"
                        "\"none\":\"\"}\n");
}

static void an_entry_needs_no_fields(void **state)
{
    (void)state;
    log_start("registry", LOG_LEVEL_INFO);
    CAPTURE(log_error("broken"));
    assert_one_line();
    assert_non_null(strstr(written, "\"level\":\"error\",\"daemon\":\"registry\",\"message\":\"broken\"}\n"));
}

static void the_level_decides(void **state)
{
    (void)state;
    log_start("registry", LOG_LEVEL_WARNING);
    assert_false(log_enabled(LOG_LEVEL_INFO));
    assert_true(log_enabled(LOG_LEVEL_WARNING));
    CAPTURE(log_debug("no"); log_info("no"));
    assert_string_equal(written, "");
    CAPTURE(log_warning("yes"));
    assert_non_null(strstr(written, "yes"));
    log_level_t level = LOG_LEVEL_ERROR;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_true(log_level_parse("warning", &level));
    assert_false(log_level_parse("WARNING", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_LEVEL_WARNING);
}

static void a_line_stays_one_line(void **state)
{
    (void)state;
    log_start("registry", LOG_LEVEL_INFO);
    CAPTURE(log_info("a\nb", LOG_TEXT("x\r\n", "{\"level\":\"error\"}\n\x1b[31m")));
    assert_one_line();
    assert_non_null(strstr(written, "a\\nb"));
    assert_non_null(strstr(written, "\"x\\r\\n\":\"{\\\"level\\\":\\\"error\\\"}\\n\\u001b[31m\""));
}

static void a_long_line_is_cut_and_says_so(void **state)
{
    (void)state;
    log_start("registry", LOG_LEVEL_INFO);
    static char text[9001];
    const char *const fillings[] = {"x", "\xE2\x82\xAC", "\x01", "\"", "\xFF"};
    for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++) {
        size_t step = strlen(fillings[i]);
        for (size_t k = 0; k < 9000; k += step) {
            memcpy(text + k, fillings[i], step);
        }
        CAPTURE(log_info("long", LOG_TEXT("text", text), LOG_NUMBER("after", 5)));
        assert_one_line();
        assert_non_null(strstr(written, "\"cut\":true}\n"));
        CAPTURE(log_info(text, LOG_TEXT("text", text)));
        assert_one_line();
        assert_non_null(strstr(written, "\"cut\":true}\n"));
    }
}

static void many_fields_are_cut(void **state)
{
    (void)state;
    log_start("registry", LOG_LEVEL_INFO);
    log_field_t fields[600];
    for (size_t i = 0; i < 600; i++) {
        fields[i] = LOG_NUMBER("number", i);
    }
    CAPTURE(log_write(LOG_LEVEL_INFO, "many", fields, 600));
    assert_one_line();
    assert_non_null(strstr(written, ",\"cut\":true}\n"));
    assert_null(strstr(written, ",,"));
}

static void a_closed_log_is_ignored(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    log_info("nobody reads it");
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void says_once_a_period(void **state)
{
    (void)state;
    log_pause_t pause = {0};
    assert_true(log_pause_over(&pause, 1000, 500));
    assert_false(log_pause_over(&pause, 1001, 500));
    assert_false(log_pause_over(&pause, 1499, 500));
    assert_int_equal(pause.held, 2);
    assert_true(log_pause_over(&pause, 1500, 500));
    assert_int_equal(pause.held, 2);
    assert_false(log_pause_over(&pause, 1999, 500));
    assert_int_equal(pause.held, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_one_object),
        cmocka_unit_test(an_entry_needs_no_fields),
        cmocka_unit_test(the_level_decides),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(a_long_line_is_cut_and_says_so),
        cmocka_unit_test(many_fields_are_cut),
        cmocka_unit_test(a_closed_log_is_ignored),
        cmocka_unit_test(says_once_a_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
