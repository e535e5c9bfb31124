#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "services/supervisor/spec.h"
#include "tests/unit/supervisor/folder.h"

static void test_reads_every_key(void **state) {
    const char *path = folder_write(*state, "spec", "# comment\n\n[database]\narg = /bin/true\nready = exit\n"
                                                    "[registry]\n  arg = /bin/registry  \narg = two words\nenv = A=b = c\nenv=D=\n"
                                                    "after = database\nready = fd\nstop = INT\nreload = HUP\ngrace = 250\nlisten = unix:/run/http\n"
                                                    "[edge]\narg = /bin/edge\nafter = registry\nafter = database\nready = connect\n"
                                                    "address = unix:/run/x\n"
                                                    "[probed]\narg = /bin/p\nready = probe\nprobe = /bin/true\nprobe = -x\n");
    spec_t *spec = NULL;
    problem_t problem = {0};
    assert_int_equal(spec_load(path, &spec, &problem), STATUS_OK);
    assert_int_equal(spec->count, 4);
    const spec_program_t *registry = &spec->programs[1];
    assert_string_equal(registry->name, "registry");
    assert_int_equal(registry->argv.count, 2);
    assert_string_equal(registry->argv.items[0], "/bin/registry");
    assert_string_equal(registry->argv.items[1], "two words");
    assert_null(registry->argv.items[2]);
    assert_string_equal(registry->environment.items[0], "A=b = c");
    assert_string_equal(registry->environment.items[1], "D=");
    assert_int_equal(registry->ready, SPEC_READY_FD);
    assert_int_equal(registry->stop_signal, SIGINT);
    assert_int_equal(registry->reload_signal, SIGHUP);
    assert_int_equal(registry->grace_ms, 250);
    assert_string_equal(registry->listen, "/run/http");
    assert_null(spec->programs[2].listen);
    assert_int_equal(spec->programs[0].ready, SPEC_READY_EXIT);
    assert_int_equal(spec->programs[0].stop_signal, SIGTERM);
    assert_int_equal(spec->programs[0].grace_ms, 15000);
    assert_int_equal(spec->programs[2].after.count, 2);
    assert_int_equal(spec->programs[2].after_index[0], 1);
    assert_int_equal(spec->programs[2].after_index[1], 0);
    assert_string_equal(spec->programs[3].probe.items[1], "-x");
    assert_int_equal(spec_find(spec, "edge"), 2);
    assert_int_equal(spec_find(spec, "nobody"), -1);
    spec_destroy(&spec);
    assert_null(spec);
}

#define LONG "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdef"

static void test_refuses(void **state) {
    static const char *const bad[] = {
        "",                                                            // no program
        "arg = /bin/true\n",                                           // outside a section
        "[a]\n",                                                       // no command
        "[a]\narg = true\n",                                           // not a path
        "[a\narg = /bin/true\n",                                       // broken section
        "[A]\narg = /bin/true\n",                                      // name
        "[]\narg = /bin/true\n",                                       // name
        "[abcdefghijklmnopqrstuvwxyzabcdef]\narg = /bin/true\n",       // name of 32
        "[a]\narg = /bin/true\n[a]\narg = /bin/true\n",                // twice
        "[a]\narg = /bin/true\nafter = b\n[b]\narg = /bin/true\n",     // below
        "[a]\narg = /bin/true\nafter = a\n",                           // itself
        "[a]\narg = /bin/true\nready = soon\n",                        // word
        "[a]\narg = /bin/true\nstop = KILL\n",                         // word
        "[a]\narg = /bin/true\ngrace = 5s\n",                          // number
        "[a]\narg = /bin/true\ngrace = -1\n",                          // bounds
        "[a]\narg = /bin/true\nready = connect\n",                     // no address
        "[a]\narg = /bin/true\naddress = 127.0.0.1:1\n",               // for nothing
        "[a]\narg = /bin/true\nlisten = /run/x\n",                     // no unix:
        "[a]\narg = /bin/true\nlisten = unix:run/x\n",                 // relative
        "[a]\narg = /bin/true\nlisten = unix:/" LONG LONG "\n",         // too long
        "[a]\narg = /bin/true\nready = probe\n",                       // no probe
        "[a]\narg = /bin/true\ncolour = red\n",                        // key
        "[a]\narg /bin/true\n",                                        // no =
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        spec_t *spec = NULL;
        problem_t problem = {0};
        assert_int_equal(spec_load(folder_write(*state, "spec", bad[i]), &spec, &problem), STATUS_INVALID_ARGUMENT);
        assert_null(spec);
        assert_true(problem.detail[0] != '\0');
    }
}

static void test_says_the_line(void **state) {
    spec_t *spec = NULL;
    problem_t problem = {0};
    assert_int_equal(spec_load(folder_write(*state, "spec", "[a]\narg = /bin/true\n\nready = soon\n"), &spec, &problem),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(problem.detail, "line 4"));
    assert_string_equal(problem.field, "ready");
}

static void test_too_many_programs(void **state) {
    char *text = calloc(1, 64 * 1024);
    assert_non_null(text);
    size_t size = 0;
    for (int i = 0; i <= SPEC_PROGRAMS_MAX; i++) {
        size += (size_t)snprintf(text + size, 64, "[p%d]\narg = /bin/true\n", i);
    }
    spec_t *spec = NULL;
    problem_t problem = {0};
    assert_int_equal(spec_load(folder_write(*state, "spec", text), &spec, &problem), STATUS_INVALID_ARGUMENT);
    free(text);
}

static void test_no_file(void **state) {
    (void)state;
    spec_t *spec = NULL;
    problem_t problem = {0};
    assert_int_equal(spec_load("/nonexistent/spec", &spec, &problem), STATUS_UNAVAILABLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_key),   cmocka_unit_test(test_refuses), cmocka_unit_test(test_says_the_line),
        cmocka_unit_test(test_too_many_programs), cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
