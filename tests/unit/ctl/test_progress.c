// What stands on a terminal, what in a log.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "services/ctl/progress.h"

static void say(bool terminal, char *said, size_t size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    progress_t progress = {.out = out, .terminal = terminal};
    progress_show(&progress, "sending", 0, 2048, true);
    progress_show(&progress, "sending", 1024, 2048, true);
    progress_show(&progress, "sending", 1024, 2048, true);
    progress_show(&progress, "checking", 30, 100, false);
    progress_show(&progress, "receiving", 5 * 1024 * 1024, 0, true);
    progress_clear(&progress);
    progress_clear(&progress);
    fclose(out);
    snprintf(said, size, "%s", text);
    free(text);
}

static void on_a_terminal(void **state)
{
    (void)state;
    char said[1024];
    say(true, said, sizeof said);
    assert_string_equal(said, "\r\033[Ksending  [........................]   0%  0 B of 2.0 KiB"
                              "\r\033[Ksending  [############............]  50%  1.0 KiB of 2.0 KiB"
                              "\r\033[Kchecking  [#######.................]  30%"
                              "\r\033[Kreceiving  5.0 MiB\r\033[K");
}

static void elsewhere(void **state)
{
    (void)state;
    char said[1024];
    say(false, said, sizeof said);
    assert_string_equal(said, "sending\nchecking\nreceiving\n");
    progress_t silent = {.terminal = true};
    progress_show(&silent, "x", 1, 2, true);
    progress_clear(&silent);
}

static void amounts(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"}, {67108864, "64.0 MiB"}, {INT64_C(3) << 30, "3.0 GiB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[PROGRESS_AMOUNT_SIZE];
        progress_amount(cases[i].bytes, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_a_terminal), cmocka_unit_test(elsewhere), cmocka_unit_test(amounts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
