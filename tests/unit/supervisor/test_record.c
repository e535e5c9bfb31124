#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/supervisor/process.h"
#include "services/supervisor/record.h"
#include "tests/unit/supervisor/folder.h"

static pid_t sleeper(void)
{
    char *const argv[] = {"/bin/sleep", "1000", NULL};
    char *const environment[] = {NULL};
    return process_start(&(process_spawn_t){
        .argv = argv, .environment = environment, .out_fd = STDERR_FILENO, .ready_fd = -1, .listen_fd = -1, .death_signal = SIGKILL});
}

static void test_what_is_saved_is_loaded(void **state)
{
    const folder_t *folder = *state;
    record_t record = {0};
    problem_t problem = {0};
    record_add(&record, RECORD_SUPERVISOR, getpid(), SIGTERM);
    record_add(&record, "nobody", 0x7fffff0, SIGTERM); // not there: not written down
    assert_int_equal(record.count, 1);
    assert_int_equal(record_save(&record, folder->path, &problem), STATUS_OK);
    record_t again;
    record_load(&again, folder->path);
    assert_int_equal(again.count, 1);
    assert_string_equal(again.entries[0].name, RECORD_SUPERVISOR);
    assert_int_equal(again.entries[0].pid, getpid());
    assert_int_equal(again.entries[0].start_time, process_start_time(getpid()));
    record_remove(folder->path);
    record_load(&again, folder->path);
    assert_int_equal(again.count, 0);
}

static void test_stops_exactly_what_it_names(void **state)
{
    (void)state;
    pid_t ours = sleeper();
    pid_t other = sleeper();
    record_t record = {0};
    problem_t problem = {0};
    bool stopped = false;
    record_add(&record, RECORD_SUPERVISOR, ours, SIGTERM);
    record_add(&record, "other", other, SIGTERM);
    // The pid was given to somebody else since: another start time.
    record.entries[1].start_time--;
    assert_int_equal(record_stop(&record, &stopped, &problem), STATUS_OK);
    assert_true(stopped);
    int status = 0;
    assert_int_equal(waitpid(ours, &status, WNOHANG), ours);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(waitpid(other, &status, WNOHANG), 0);
    kill(other, SIGKILL);
    waitpid(other, &status, 0);
}

static void test_nothing_to_stop(void **state)
{
    (void)state;
    record_t record = {0};
    problem_t problem = {0};
    bool stopped = true;
    assert_int_equal(record_stop(&record, &stopped, &problem), STATUS_OK);
    assert_false(stopped);
}

static void test_a_broken_file_names_nobody(void **state)
{
    folder_t *folder = *state;
    folder_write(folder, "run/supervisor.pids", "supervisor\nx y z w\na 1 5 15\na -1 5 15\n\n");
    record_t record;
    record_load(&record, folder->path);
    assert_int_equal(record.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_saved_is_loaded),
        cmocka_unit_test(test_stops_exactly_what_it_names),
        cmocka_unit_test(test_nothing_to_stop),
        cmocka_unit_test(test_a_broken_file_names_nobody),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
