// The checker must fail wherever something is wrong: faked journals and logs, each with one defect.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/invariants.h"

typedef struct fake {
    journal_t *journal;
    replay_t replay;
    invariants_t report;
} fake_t;

static int fake_open(void **state)
{
    fake_t *fake = calloc(1, sizeof *fake);
    *state = fake;
    fake->journal = journal_new(NULL, 99);
    replay_init(&fake->replay, 0);
    return 0;
}

static int fake_close(void **state)
{
    fake_t *fake = *state;
    journal_destroy(&fake->journal);
    replay_clear(&fake->replay);
    free(fake);
    return 0;
}

static journal_entry_t *request(fake_t *fake, const char *first, const char *second, long status, int64_t version)
{
    const journal_request_t asked = {.operation = "x", .method = "POST", .path = "/v1/x", .subjects = {first, second}};
    journal_entry_t *entry = journal_open(fake->journal, &asked);
    journal_sent(fake->journal, entry);
    journal_answered(fake->journal, entry, &(journal_answer_t){.status = status, .version = version, .body = "{}", .size = 2});
    return entry;
}

// The next event of the log, by that request (NULL: by somebody else).
static void event(fake_t *fake, const journal_entry_t *by, const char *subject, int64_t version)
{
    char id[32];
    snprintf(id, sizeof id, "id-%zu", fake->replay.count);
    replay_add(&fake->replay, fake->replay.place + 1, id, subject, version, by != NULL ? by->traceparent : NULL, NULL);
}

static const invariants_t *check(fake_t *fake)
{
    invariants_check_log(&fake->report, &fake->replay);
    invariants_check_journal(&fake->report, fake->journal, &fake->replay);
    return &fake->report;
}

static void test_holds(void **state)
{
    fake_t *fake = *state;
    event(fake, NULL, "organisations/of-another", 1);
    event(fake, request(fake, "organisations/a", NULL, 201, 1), "organisations/a", 1);
    const journal_entry_t *member = request(fake, "organisations/n", "organisations/a", 201, 1);
    event(fake, member, "organisations/n", 1);
    event(fake, member, "organisations/a", 2);
    (void)request(fake, "organisations/a", NULL, 412, 0);                            // refused, and nothing of it
    (void)request(fake, "organisations/b", NULL, 0, 0);                              // never answered, and nothing of it
    event(fake, request(fake, "organisations/c", NULL, 0, 0), "organisations/c", 1); // never answered, and done
    (void)request(fake, NULL, NULL, 200, 5);                                         // a read
    const invariants_t *report = check(fake);
    assert_true(invariants_hold(report));
    assert_int_equal(report->acknowledged, 2);
    assert_int_equal(report->finding_count, 0);
}

// Created, and named by the platform: by nobody where no answer came.
static void test_what_the_platform_named(void **state)
{
    fake_t *fake = *state;
    journal_entry_t *named = request(fake, "things/", NULL, 201, 1);
    journal_name(fake->journal, named, 0, "things/a");
    event(fake, named, "things/a", 1);
    event(fake, request(fake, "things/", NULL, 0, 0), "things/b", 1);
    assert_true(invariants_hold(check(fake)));
    // A second one of the same request is a second doing.
    event(fake, named, "things/c", 1);
    assert_int_equal(check(fake)->undone, 1);
}

static void test_an_unnamed_creation_is_made_once(void **state)
{
    fake_t *fake = *state;
    const journal_entry_t *unnamed = request(fake, "things/", NULL, 0, 0);
    event(fake, unnamed, "things/a", 1);
    event(fake, unnamed, "things/b", 1);
    assert_int_equal(check(fake)->doubled, 1);
}

static void test_lost_event(void **state)
{
    fake_t *fake = *state;
    event(fake, request(fake, "organisations/a", NULL, 201, 1), "organisations/a", 1);
    (void)request(fake, "organisations/b", NULL, 201, 1);
    const invariants_t *report = check(fake);
    assert_int_equal(report->lost, 1);
    assert_int_equal(report->doubled, 0);
    assert_int_equal(report->acknowledged, 2);
    assert_false(invariants_hold(report));
    assert_non_null(strstr(report->findings[0], "organisations/b"));
}

static void test_lost_second_event(void **state)
{
    fake_t *fake = *state;
    event(fake, request(fake, "organisations/n", "organisations/a", 201, 1), "organisations/n", 1);
    assert_int_equal(check(fake)->lost, 1);
}

static void test_event_of_another_request_does_not_count(void **state)
{
    fake_t *fake = *state;
    (void)request(fake, "organisations/a", NULL, 201, 1);
    event(fake, NULL, "organisations/a", 1);
    assert_int_equal(check(fake)->lost, 1);
}

static void test_other_version_than_was_told(void **state)
{
    fake_t *fake = *state;
    event(fake, request(fake, "organisations/a", NULL, 201, 2), "organisations/a", 1);
    assert_int_equal(check(fake)->lost, 1);
}

static void test_doubled_event(void **state)
{
    fake_t *fake = *state;
    const journal_entry_t *entry = request(fake, "organisations/a", NULL, 201, 1);
    event(fake, entry, "organisations/a", 1);
    event(fake, entry, "organisations/a", 2);
    const invariants_t *report = check(fake);
    assert_int_equal(report->doubled, 1);
    assert_false(invariants_hold(report));
}

static void test_doubled_by_an_unanswered_request(void **state)
{
    fake_t *fake = *state;
    const journal_entry_t *entry = request(fake, "organisations/a", NULL, 0, 0);
    event(fake, entry, "organisations/a", 1);
    event(fake, entry, "organisations/a", 2);
    assert_int_equal(check(fake)->doubled, 1);
}

static void test_refused_and_done(void **state)
{
    fake_t *fake = *state;
    event(fake, request(fake, "organisations/a", NULL, 409, 0), "organisations/a", 1);
    assert_int_equal(check(fake)->undone, 1);
}

static void test_done_in_part(void **state)
{
    fake_t *fake = *state;
    event(fake, request(fake, "organisations/n", "organisations/a", 0, 0), "organisations/n", 1);
    assert_int_equal(check(fake)->undone, 1);
}

static void test_changed_what_it_does_not_name(void **state)
{
    fake_t *fake = *state;
    const journal_entry_t *entry = request(fake, "organisations/a", NULL, 201, 1);
    event(fake, entry, "organisations/a", 1);
    event(fake, entry, "organisations/b", 1);
    assert_int_equal(check(fake)->undone, 1);
}

static void test_differing_repeat(void **state)
{
    fake_t *fake = *state;
    journal_entry_t *entry = request(fake, "organisations/a", NULL, 201, 1);
    event(fake, entry, "organisations/a", 1);
    journal_answered(fake->journal, entry, &(journal_answer_t){.status = 201, .version = 2, .body = "{}", .size = 2});
    assert_int_equal(check(fake)->differing, 1);
}

static void test_gap_and_double_of_the_log(void **state)
{
    fake_t *fake = *state;
    replay_add(&fake->replay, 1, "1", "organisations/a", 1, NULL, NULL);
    replay_add(&fake->replay, 3, "3", "organisations/b", 1, NULL, NULL);
    replay_add(&fake->replay, 3, "3", "organisations/c", 1, NULL, NULL);
    const invariants_t *report = check(fake);
    assert_int_equal(report->gaps, 1);
    assert_int_equal(report->doubled, 2);
    assert_false(invariants_hold(report));
}

static void test_gap_of_versions(void **state)
{
    fake_t *fake = *state;
    event(fake, NULL, "organisations/a", 1);
    event(fake, NULL, "organisations/a", 3);
    assert_int_equal(check(fake)->gaps, 1);
}

static void test_resources_compared(void **state)
{
    (void)state;
    json_t *answer = json_pack("{s:s, s:i}", "name", "A", "version", 2);
    json_t *data = json_pack("{s:s, s:i, s:[]}", "name", "A", "version", 2, "listSizes");
    json_t *other = json_pack("{s:s, s:i}", "name", "B", "version", 2);
    json_t *less = json_pack("{s:s}", "name", "A");
    assert_true(invariants_same(answer, data));
    assert_false(invariants_same(answer, other));
    assert_false(invariants_same(answer, less));
    assert_false(invariants_same(json_null(), data));
    json_decref(answer);
    json_decref(data);
    json_decref(other);
    json_decref(less);
}

// One program, as the kernel saw it.
static processes_t programs(pid_t pid, unsigned restarts, long memory_kib, long descriptors)
{
    processes_t look = {.count = 1};
    look.of[0] = (process_t){
        .name = "registry", .pid = pid, .ours = true, .restarts = restarts, .memory_kib = memory_kib, .descriptors = descriptors};
    return look;
}

static size_t unplanned(processes_t before, processes_t after, unsigned kills)
{
    invariants_t report = {0};
    const invariants_kills_t killed[] = {{"registry", kills, 0}, {NULL, 0, 0}};
    invariants_check_processes(&report, &before, &after, killed, true);
    return report.unplanned;
}

static void test_deaths_and_growth(void **state)
{
    (void)state;
    const processes_t before = programs(10, 1, 20000, 30);
    assert_int_equal(unplanned(before, programs(10, 1, 21900, 33), 0), 0);
    assert_int_equal(unplanned(before, programs(10, 1, 22100, 30), 0), 1); // memory
    assert_int_equal(unplanned(before, programs(10, 1, 20000, 34), 0), 1); // descriptors
    assert_int_equal(unplanned(before, programs(11, 2, 20000, 30), 0), 1); // died by itself
    assert_int_equal(unplanned(before, programs(11, 2, 20000, 30), 1), 0);
    assert_int_equal(unplanned(before, programs(11, 3, 20000, 30), 1), 1); // once more than it was killed
    assert_int_equal(unplanned(before, programs(10, 1, 20000, 30), 1), 1); // a kill that did nothing
    assert_int_equal(unplanned(before, programs(11, 1, 20000, 30), 0), 1); // started anew behind the supervisor's back
    assert_int_equal(unplanned(before, programs(0, 1, 0, 0), 0), 1);       // does not run
    const invariants_kills_t stubborn[] = {{"registry", 1, 2}, {NULL, 0, 0}};
    invariants_t report = {0};
    for (unsigned restarts = 2; restarts <= 5; restarts++) {
        const processes_t after = programs(11, restarts, 20000, 30);
        invariants_check_processes(&report, &before, &after, stubborn, true);
        // One kill is one start at least, and here three at most.
        assert_int_equal(report.unplanned, restarts > 4);
        report.unplanned = 0;
    }
    const processes_t none = {0};
    assert_int_equal(unplanned(before, none, 0), 1);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

// An instance's folders with one line in a log.
static size_t leaks_of(const char *line)
{
    char folder[] = "/tmp/pcn-invariants-XXXXXX", path[128], command[64];
    invariants_t report = {0};
    leaks_t leaks = {0};
    assert_non_null(mkdtemp(folder));
    for (const char *const *name = (const char *const[]){"keys", "secrets", "issuer", "log", NULL}; *name != NULL; name++) {
        snprintf(path, sizeof path, "%s/%s", folder, *name);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put(folder, "keys/registry.secret", "a-curve-secret-of-the-registry");
    put(folder, "secrets/registry_app", "a-password-of-a-role\n");
    put(folder, "issuer/private.pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIN\n-----END PRIVATE KEY-----\n");
    put(folder, "log/registry.log", line);
    leaks_add_word(&leaks, "Dr Hilary Example");
    invariants_check_logs(&report, &leaks, folder);
    leaks_clear(&leaks);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    return report.leaks;
}

static void test_leaks(void **state)
{
    (void)state;
    assert_int_equal(leaks_of("{\"level\":\"info\",\"message\":\"ready\"}\n"), 0);
    assert_int_equal(leaks_of("x\nwith a-curve-secret-of-the-registry in it\n"), 1);
    assert_int_equal(leaks_of("password=a-password-of-a-role\n"), 1);
    assert_int_equal(leaks_of("MC4CAQAwBQYDK2VwBCIEIN\n"), 1);
    assert_int_equal(leaks_of("Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzb21lb25lIn0.c2ln\n"), 1);
    assert_int_equal(leaks_of("of patient 9434765919\nand of Dr Hilary Example\n"), 2);
    // Logs that are not there prove nothing.
    assert_int_equal(leaks_of(""), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {CASE(test_holds),
                                       CASE(test_what_the_platform_named),
                                       CASE(test_an_unnamed_creation_is_made_once),
                                       CASE(test_lost_event),
                                       CASE(test_lost_second_event),
                                       CASE(test_event_of_another_request_does_not_count),
                                       CASE(test_other_version_than_was_told),
                                       CASE(test_doubled_event),
                                       CASE(test_doubled_by_an_unanswered_request),
                                       CASE(test_refused_and_done),
                                       CASE(test_done_in_part),
                                       CASE(test_changed_what_it_does_not_name),
                                       CASE(test_differing_repeat),
                                       CASE(test_gap_and_double_of_the_log),
                                       CASE(test_gap_of_versions),
                                       cmocka_unit_test(test_resources_compared),
                                       cmocka_unit_test(test_deaths_and_growth),
                                       cmocka_unit_test(test_leaks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
