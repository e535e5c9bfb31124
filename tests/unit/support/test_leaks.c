#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/leaks.h"

static size_t found_in(const char *line)
{
    leaks_t leaks = {0};
    leaks_add_word(&leaks, "Dr Hilary Example");
    leaks_add_word(&leaks, "short"); // too short to look for
    leaks_scan(&leaks, "test.log", line, strlen(line));
    const size_t found = leaks.found;
    leaks_clear(&leaks);
    return found;
}

static void test_nhs_numbers(void **state)
{
    (void)state;
    // Test numbers of the NHS's own range 999.
    assert_true(leaks_is_nhs_number("9434765919"));
    assert_false(leaks_is_nhs_number("9434765918"));
    assert_true(leaks_is_nhs_number("9990000018") == (found_in("patient 9990000018") == 1));
    assert_false(leaks_is_nhs_number("0000000000"));
    assert_int_equal(found_in("patient 9434765919 seen"), 1);
    assert_int_equal(found_in("{\"patient\":\"9434765919\"}"), 1);
    assert_int_equal(found_in("943 476 5919"), 1);
    assert_int_equal(found_in("943-476-5919"), 1);
    assert_int_equal(found_in("9434765918"), 0);
    // Part of something longer, or of a fraction, is none.
    assert_int_equal(found_in("19434765919"), 0);
    assert_int_equal(found_in("94347659190"), 0);
    assert_int_equal(found_in("0.9434765919"), 0);
    assert_int_equal(found_in("id-9434765919-x"), 0);
    assert_int_equal(found_in("a9434765919"), 0);
    assert_int_equal(found_in("943 476-5919"), 0);
}

static void test_tokens(void **state)
{
    (void)state;
    assert_int_equal(found_in("Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzb21lb25lIn0.c2lnbmF0dXJl"), 1);
    assert_int_equal(found_in("{\"x\":\"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzb21lb25lIn0\"}"), 1);
    assert_int_equal(found_in("eyJ is how they begin"), 0);
    assert_int_equal(found_in("eyJhbGciOiJFZERTQSJ9 alone"), 0);
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(found_in("director Dr Hilary Example joined"), 1);
    assert_int_equal(found_in("a short line"), 0);
    assert_int_equal(found_in("nothing\nto\nsee\n"), 0);
    assert_int_equal(found_in("one\nDr Hilary Example\n9434765919\n"), 2);
}

static void test_folders(void **state)
{
    (void)state;
    char folder[] = "/tmp/pcn-leaks-test-XXXXXX", path[64];
    leaks_t leaks = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.secret", folder);
    FILE *file = fopen(path, "w");
    fputs("-----BEGIN KEY-----\nsecret-of-a-daemon\n", file);
    fclose(file);
    assert_true(leaks_add_files(&leaks, folder, ".secret"));
    assert_false(leaks_add_files(&leaks, "/nonexistent", ""));
    assert_int_equal(leaks.words.count, 1);
    // The log that says it is found, with its line and without the secret.
    assert_true(leaks_scan_folder(&leaks, folder));
    assert_int_equal(leaks.found, 1);
    assert_non_null(strstr(leaks.first, "a.secret, line 2"));
    assert_null(strstr(leaks.first, "secret-of-a-daemon"));
    assert_false(leaks_scan_folder(&leaks, "/nonexistent"));
    leaks_clear(&leaks);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nhs_numbers), cmocka_unit_test(test_tokens), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
