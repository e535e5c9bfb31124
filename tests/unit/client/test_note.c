#include "common/client/note.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "common/base/log.h"

static void keeps_warnings(void **state)
{
    (void)state;
    char note[CLIENT_NOTE_SIZE] = "";
    log_warning("nobody asked", LOG_NUMBER("n", 1));
    client_note_into(note);
    assert_false(log_enabled(LOG_LEVEL_INFO));
    assert_true(log_enabled(LOG_LEVEL_WARNING));
    log_info("all is well", LOG_NUMBER("n", 1));
    assert_string_equal(note, "");
    log_warning("a key is not known", LOG_NUMBER("replica", 2), LOG_TEXT("service", "registry"));
    assert_string_equal(note, "a key is not known: replica 2, service registry");
    char large[2000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    log_error("large", LOG_TEXT("a", large), LOG_TEXT("b", large));
    assert_int_equal(strlen(note), CLIENT_NOTE_SIZE - 1); // cut
    client_note_into(NULL);
    log_error("nobody asked", LOG_NUMBER("n", 1));
    assert_int_equal(note[0], 'l');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_warnings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
