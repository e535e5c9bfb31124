// The operator's book on backup and restore, run as it is printed: what was written after the backup is gone, and whoever followed the log
// is told so instead of being given other events under places that it knows.
#include <unistd.h>

#include "tests/integration/platform/rig.h"

#define BOOK_MAX (256u * 1024u)

// The code block that begins with the text, as a string of its own; to be freed.
static char *block_of_the_book(const char *beginning)
{
    FILE *file = fopen(PCN_CLONE "/docs/operations.md", "r");
    char *book = calloc(1, BOOK_MAX);
    assert_non_null(file);
    assert_non_null(book);
    assert_true(fread(book, 1, BOOK_MAX - 1, file) > 0);
    (void)fclose(file);
    char mark[160];
    (void)snprintf(mark, sizeof mark, "```\n%s", beginning);
    char *start = strstr(book, mark);
    if (start == NULL)
        fail_msg("docs/operations.md has no block that begins with \"%s\"", beginning);
    start += strlen("```\n");
    char *end = strstr(start, "```");
    assert_non_null(end);
    char *block = strndup(start, (size_t)(end - start));
    free(book);
    return block;
}

// In a folder where ./pcn is the clone's.
static void run_as_printed(const rig_t *rig, const char *block)
{
    char path[160], command[640];
    (void)snprintf(path, sizeof path, "%s/block.sh", rig->platform.folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(block, file) >= 0);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(command, sizeof command,
                   "cd '%s' && ln -sfn '%s/pcn' pcn && PCN_DEMO=no PCN_STATE='%s' PCN_HTTP_PORT=%d bash block.sh >block.log 2>&1 || { cat "
                   "block.log; exit 1; }",
                   rig->platform.folder, PCN_CLONE, rig->platform.state, rig->platform.port);
    if (system(command) != 0)
        fail_msg("did not run as it is printed:\n%s", block);
}

static long status_of(const rig_t *rig, const char *path)
{
    http_answer_t answer = rig_ask(rig, rig->manager, "GET", path, NULL, NULL, NULL);
    const long status = answer.status;
    http_answer_clear(&answer);
    return status;
}

static void create(const rig_t *rig, const char *code)
{
    char body[160];
    (void)snprintf(body, sizeof body, "{\"code\":\"%s\",\"name\":\"Restored\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\"}", code);
    http_answer_t answer = rig_ask(rig, rig->manager, "POST", "/v1/organisations", body, code, NULL);
    assert_int_equal(answer.status, 201);
    http_answer_clear(&answer);
}

static void a_restored_log_has_another_epoch(void **state)
{
    const rig_t *rig = *state;
    char *dump = block_of_the_book("pg_dump"), *restore = block_of_the_book("set -e\nexport PGHOST"), path[160];
    create(rig, "r-before");
    (void)rig_log_mark(rig);
    run_as_printed(rig, dump);
    create(rig, "r-after");
    const json_int_t seen = rig_log_mark(rig);
    http_answer_t page = rig_get(rig, "/v1/events/registry?limit=1");
    char *epoch = strdup(http_text(&page, "epoch"));
    http_answer_clear(&page);

    run_as_printed(rig, restore);

    assert_int_equal(status_of(rig, "/v1/organisations/r-before"), 200);
    assert_int_equal(status_of(rig, "/v1/organisations/r-after"), 404);
    page = rig_get(rig, "/v1/events/registry?limit=1");
    const json_int_t end = rig_number(&page, "max");
    assert_true(end < seen);
    assert_string_not_equal(http_text(&page, "epoch"), epoch);
    http_answer_clear(&page);
    // The log grows past the place that the reader knows: only the epoch tells that these are other events.
    for (json_int_t place = end; place <= seen; place++) {
        char code[32];
        (void)snprintf(code, sizeof code, "r-new-%lld", (long long)place);
        create(rig, code);
    }
    (void)rig_log_mark(rig);
    (void)snprintf(path, sizeof path, "/v1/events/registry?after=%lld&epoch=%s", (long long)seen, epoch);
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", path, NULL, NULL, NULL), 410, "epoch");
    free(epoch);
    free(restore);
    free(dump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_restored_log_has_another_epoch)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
