#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <cmocka.h>

#include "tests/support/journal.h"

static const journal_request_t creation = {.operation = "create",
                                           .method = "POST",
                                           .path = "/v1/organisations",
                                           .body = "{\"code\":\"a\"}",
                                           .key = "key-1",
                                           .subjects = {"organisations/a"}};

static void test_first_success_counts(void **state)
{
    (void)state;
    journal_t *journal = journal_new(NULL, 7);
    journal_entry_t *entry = journal_open(journal, &creation);
    assert_int_equal(entry->number, 1);
    assert_int_equal(entry->status, 0);
    journal_sent(journal, entry);
    journal_answered(journal, entry, &(journal_answer_t){.status = 0});
    assert_int_equal(entry->answers, 0);
    journal_sent(journal, entry);
    journal_answered(journal, entry, &(journal_answer_t){.status = 503, .body = "x", .size = 1});
    assert_int_equal(entry->status, 503);
    journal_sent(journal, entry);
    journal_answered(journal, entry, &(journal_answer_t){.status = 201, .version = 1, .body = "{}", .size = 2});
    // Somebody who is away later takes nothing back, and the same answer again is no difference.
    journal_answered(journal, entry, &(journal_answer_t){.status = 503});
    journal_answered(journal, entry, &(journal_answer_t){.status = 201, .version = 1, .body = "{}", .size = 2, .replayed = true});
    assert_int_equal(entry->attempts, 3);
    assert_int_equal(entry->answers, 4);
    assert_int_equal(entry->status, 201);
    assert_int_equal(entry->version, 1);
    assert_false(entry->differing);
    journal_destroy(&journal);
    assert_null(journal);
}

static void test_another_answer_is_noticed(void **state)
{
    (void)state;
    const journal_answer_t others[] = {{.status = 201, .version = 2, .body = "{}", .size = 2},
                                       {.status = 201, .version = 1, .body = "[]", .size = 2},
                                       {.status = 200, .version = 1, .body = "{}", .size = 2},
                                       {.status = 409, .version = 0, .body = "{}", .size = 2}};
    journal_t *journal = journal_new(NULL, 7);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        journal_entry_t *entry = journal_open(journal, &creation);
        journal_answered(journal, entry, &(journal_answer_t){.status = 201, .version = 1, .body = "{}", .size = 2});
        assert_false(entry->differing);
        journal_answered(journal, entry, &others[i]);
        assert_true(entry->differing);
        assert_int_equal(entry->status, 201);
    }
    journal_destroy(&journal);
}

static void test_found_by_trace(void **state)
{
    (void)state;
    journal_t *journal = journal_new(NULL, 0xabc), *other = journal_new(NULL, 0xabd);
    for (unsigned i = 0; i < 3000; i++)
        (void)journal_open(journal, &creation);
    (void)journal_open(other, &creation);
    const journal_entry_t *entry = journal_at(journal, 2999);
    assert_int_equal(strlen(entry->traceparent), 55);
    assert_ptr_equal(journal_by_trace(journal, entry->traceparent), entry);
    assert_null(journal_by_trace(other, entry->traceparent));
    assert_null(journal_by_trace(journal, NULL));
    assert_null(journal_by_trace(journal, ""));
    assert_null(journal_by_trace(journal, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    assert_null(journal_by_trace(other, "00-0000000000000abd0000000000000002-0000000000000002-01"));
    assert_null(journal_at(journal, 3000));
    assert_null(journal_new(NULL, 0));
    journal_destroy(&journal);
    journal_destroy(&other);
}

static void test_file_has_a_line_each(void **state)
{
    (void)state;
    char folder[] = "/tmp/pcn-journal-test-XXXXXX", path[64], line[1024];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/journal", folder);
    journal_t *journal = journal_new(path, 1);
    assert_non_null(journal);
    assert_null(journal_new(path, 1)); // never over another one
    journal_entry_t *entry = journal_open(journal, &creation);
    journal_sent(journal, entry);
    journal_answered(journal, entry, &(journal_answer_t){.status = 409, .body = "no", .size = 2});
    journal_flush(journal);
    FILE *file = fopen(path, "r");
    assert_non_null(fgets(line, sizeof line, file));
    json_t *sent = json_loads(line, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(sent, "sent")), 1);
    assert_string_equal(json_string_value(json_object_get(sent, "key")), "key-1");
    assert_string_equal(json_string_value(json_object_get(sent, "traceparent")), entry->traceparent);
    assert_string_equal(json_string_value(json_object_get(sent, "body")), creation.body);
    assert_non_null(fgets(line, sizeof line, file));
    json_t *answered = json_loads(line, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(answered, "answered")), 1);
    assert_int_equal(json_integer_value(json_object_get(answered, "status")), 409);
    assert_string_equal(json_string_value(json_object_get(answered, "said")), "no");
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
    json_decref(sent);
    json_decref(answered);
    journal_destroy(&journal);
    unlink(path);
    rmdir(folder);
}

static void test_what_is_sent_again(void **state)
{
    (void)state;
    const long again[] = {0, 429, 502, 503, 504}, last[] = {200, 201, 400, 404, 409, 412, 422, 500};
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
        assert_true(journal_asks_again(again[i]));
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++)
        assert_false(journal_asks_again(last[i]));
    assert_true(journal_is_success(201));
    assert_false(journal_is_success(199));
    assert_false(journal_is_success(304));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first_success_counts), cmocka_unit_test(test_another_answer_is_noticed),
                                       cmocka_unit_test(test_found_by_trace), cmocka_unit_test(test_file_has_a_line_each),
                                       cmocka_unit_test(test_what_is_sent_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
