// An export that is imported into an empty registry: the next export is the same byte for byte, and so is what the registry answers.
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/exported.h"
#include "tests/integration/registry/imported.h"

typedef struct question {
    const char *method, *request;
} question_t;

static const question_t questions[] = {
    {"ListOrganisations", "{\"pageSize\":1000}"},
    {"ListOrganisations", "{\"pageSize\":1000,\"asOf\":\"2019-06-30\"}"},
    {"ListOrganisations", "{\"pageSize\":1000,\"asOf\":\"2019-07-01\"}"},
    {"ListOrganisations", "{\"pageSize\":1000,\"asOf\":\"2022-06-01\"}"},
    {"ListOrganisations", "{\"pageSize\":1000,\"asOf\":\"2025-04-01\"}"},
    {"ListOrganisations", "{\"pageSize\":1000,\"asOf\":\"2026-12-31\"}"},
    {"ListOrganisations", "{\"pageSize\":1000,\"asOf\":\"2028-01-01\"}"},
    {"ListOrganisations", "{\"q\":\"fosse\"}"},
    {"GetOrganisation", "{\"code\":\"trust-lpt\"}"},
    {"GetOrganisation", "{\"code\":\"pcn-fosseway\"}"},
    {"GetNetwork", "{\"code\":\"pcn-slam\"}"},
    {"GetNetwork", "{\"code\":\"pcn-slam\",\"asOf\":\"2019-08-01\"}"},
    {"GetNetwork", "{\"code\":\"pcn-slam\",\"asOf\":\"2023-12-31\"}"},
    {"GetNetwork", "{\"code\":\"pcn-ch4-beacon\",\"asOf\":\"2025-04-01\"}"},
    {"GetNetwork", "{\"code\":\"pcn-salutem-east\",\"asOf\":\"2026-05-01\"}"},
    {"GetTree", "{\"code\":\"ics-llr\"}"},
    {"GetTree", "{\"code\":\"ics-llr\",\"tree\":\"places\",\"asOf\":\"2020-01-01\"}"},
    {"GetTree", "{\"code\":\"ics-llr\",\"asOf\":\"2026-12-01\"}"},
    {"GetCoverage", "{\"level\":\"place\"}"},
    {"GetCoverage", "{\"level\":\"neighbourhood\",\"asOf\":\"2019-12-01\"}"},
    {"GetChecks", "{}"},
    {"GetChecks", "{\"asOf\":\"2020-06-01\"}"},
    {"ListListSizes", "{\"code\":\"pcn-slam\"}"},
    {"ListFacts", "{\"code\":\"ics-llr\",\"pageSize\":200}"},
    {"ListFacts", "{\"code\":\"ccg-elr\"}"},
    {"ListSystems", "{\"code\":\"gp-elr-county\"}"},
    {"GetSystemCoverage", "{}"},
    {"ListAlignments", "{\"service\":\"team-b\"}"},
    {"ListSites", "{}"},
    {"GetSite", "{\"code\":\"site-county\"}"},
    {"GetHistory", "{\"code\":\"pcn-fosseway\",\"superseded\":true}"},
    {"GetHistory", "{\"code\":\"pcn-rutland\",\"superseded\":true}"},
    {"GetHistory", "{\"code\":\"pcn-slam\",\"superseded\":true}"},
    {"GetHistory", "{\"code\":\"trust-lpt\",\"superseded\":true}"},
    {"GetHistory", "{\"code\":\"gp-elr-county\",\"superseded\":true}"},
};

#define QUESTIONS (sizeof questions / sizeof *questions)

typedef struct origin {
    exported_t archive, document;
    char *answers[QUESTIONS];
} origin_t;

// Takes out what a registry makes by itself.
static char *plain(const char *json)
{
    char *text = strdup(json);
    regex_t own;
    assert_non_null(text);
    assert_int_equal(regcomp(&own, "\"(version\":[0-9]+|(createdAt|updatedAt)\":\"[^\"]*\"),?", REG_EXTENDED), 0);
    regmatch_t match;
    for (char *at = text; regexec(&own, at, 1, &match, 0) == 0; at += match.rm_so)
        memmove(at + match.rm_so, at + match.rm_eo, strlen(at + match.rm_eo) + 1);
    regfree(&own);
    return text;
}

static int origin_setup(void **state)
{
    void *world = NULL;
    origin_t *origin = calloc(1, sizeof *origin);
    if (origin == NULL || eventful_setup(&world) != 0)
        return 1;
    exported_get(world, "csv", NULL, &origin->archive);
    exported_get(world, "json", NULL, &origin->document);
    for (size_t i = 0; i < QUESTIONS; i++) {
        assert_call((world_t *)world, questions[i].method, "%s", questions[i].request);
        origin->answers[i] = plain(((world_t *)world)->reply);
    }
    *state = origin;
    return world_teardown(&world);
}

static int origin_teardown(void **state)
{
    origin_t *origin = *state;
    exported_free(&origin->archive);
    exported_free(&origin->document);
    for (size_t i = 0; i < QUESTIONS; i++)
        free(origin->answers[i]);
    free(origin);
    return 0;
}

// Where two texts part, with what stands around it.
static void assert_same(const char *what, const char *one, size_t one_size, const char *other, size_t other_size)
{
    size_t at = 0;
    while (at < one_size && at < other_size && one[at] == other[at])
        at++;
    if (at == one_size && at == other_size)
        return;
    const size_t from = at > 200 ? at - 200 : 0;
    fail_msg("%s: from byte %zu\n%.*s\n instead of\n%.*s", what, at, (int)(other_size - from < 400 ? other_size - from : 400), other + from,
             (int)(one_size - from < 400 ? one_size - from : 400), one + from);
}

static void assert_the_same_registry(const origin_t *origin, world_t *world)
{
    exported_t archive, document;
    exported_get(world, "json", NULL, &document);
    assert_same("json", origin->document.data, origin->document.size, document.data, document.size);
    exported_get(world, "csv", NULL, &archive);
    assert_same("csv", origin->archive.data, origin->archive.size, archive.data, archive.size);
    exported_free(&document);
    exported_free(&archive);
    for (size_t i = 0; i < QUESTIONS; i++) {
        assert_call(world, questions[i].method, "%s", questions[i].request);
        char *answer = plain(world->reply);
        char what[256];
        (void)snprintf(what, sizeof what, "%s %s", questions[i].method, questions[i].request);
        assert_same(what, origin->answers[i], strlen(origin->answers[i]), answer, strlen(answer));
        free(answer);
    }
}

static void import_into(world_t *world, const origin_t *origin, bool archive)
{
    sending_t sending;
    imported_begin(world, &sending);
    if (archive)
        imported_send_archive(&sending, origin->archive.data, origin->archive.size);
    else
        imported_send(&sending, "registry.json", origin->document.data, origin->document.size);
    imported_finish(&sending);
}

// By one format, and then by the other, which finds everything on record.
static void go_round(const origin_t *origin, bool archive)
{
    void *state = NULL;
    assert_int_equal(world_setup(&state), 0);
    world_t *world = state;
    import_into(world, origin, archive);
    assert_the_same_registry(origin, world);
    const long events = test_database_number(world->database, "SELECT count(*) FROM event_queue");
    import_into(world, origin, !archive);
    assert_reply_has(world, "\"created\":0,\"changed\":0");
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM event_queue"), events);
    assert_the_same_registry(origin, world);
    assert_int_equal(world_teardown(&state), 0);
}

static void an_archive_comes_back(void **state)
{
    go_round(*state, true);
}

static void a_document_comes_back(void **state)
{
    go_round(*state, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_archive_comes_back), cmocka_unit_test(a_document_comes_back)};
    return cmocka_run_group_tests(tests, origin_setup, origin_teardown);
}
