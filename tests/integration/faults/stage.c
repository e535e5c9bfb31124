#include "tests/integration/faults/stage.h"

#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#include "common/base/clock.h"

enum {
    DRAIN_MS = 120000,
    DATABASE_STARTS_MOST = 10,
    PAGE = 1000,
    RESOURCES_MOST = 500,
    PATH_ROOM = 256,
    QUERY_ROOM = 2048,
    PASSES_MOST = 400,
    ANSWERS_BETWEEN = 20,
    KILL_MS = 120000
};

// What a stage changes of its own, to know how far a log has come: one resource more of those of `resources`.
static const struct {
    const char *service, *resources, *rest;
} marks[] = {
    {"registry", "organisations", "\"name\":\"Mark\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\""},
    {"referral", "service-kinds", "\"name\":\"Mark\""},
};

bool stage_open(stage_t *stage, const char *service)
{
    const char *seed = getenv("PCN_TEST_SEED");
    char path[PATH_ROOM];
    stage->service = service;
    stage->seed = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)clock_wall_us() % 1000000;
    stage->random.state = stage->seed;
    // Who watches a long run sees it as it goes.
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %" PRIu64 "\n", stage->seed);
    if (!platform_start(&stage->platform))
        return false;
    stage->manager = platform_token(&stage->platform, "system-manager", "ics-llr");
    snprintf(path, sizeof path, "%s/journal.jsonl", stage->platform.folder);
    stage->journal = journal_new(path, (uint64_t)clock_wall_us());
    if (stage->manager == NULL || stage->journal == NULL || !processes_look(&stage->platform, &stage->before))
        return false;
    for (size_t i = 0; i < stage->before.count; i++)
        stage->kills[i].name = stage->before.of[i].name;
    return true;
}

void stage_close(stage_t *stage)
{
    platform_stop(&stage->platform);
    journal_destroy(&stage->journal);
    table_clear(&stage->names);
    free(stage->manager);
}

int stage_start(void **state)
{
    stage_t *stage = calloc(1, sizeof *stage);
    *state = stage;
    return stage != NULL && stage_open(stage, "registry") ? 0 : -1;
}

int stage_stop(void **state)
{
    stage_t *stage = *state;
    stage_close(stage);
    free(stage);
    return 0;
}

load_t *stage_load(stage_t *stage, void *world, const load_operation_t *operations, unsigned clients, double rate, const char *socket)
{
    const load_options_t options = {.journal = stage->journal,
                                    .url = stage->platform.url,
                                    .socket = socket,
                                    .token = stage->manager,
                                    .clients = clients,
                                    .rate = rate,
                                    .seed = load_draw(&stage->random, UINT64_MAX),
                                    .again_percent = 2,
                                    .operations = operations,
                                    .world = world};
    load_t *load = load_start(&options);
    assert_non_null(load);
    return load;
}

load_counts_t stage_load_stop(load_t **load, const char *what)
{
    const load_counts_t counts = load_stop(load, DRAIN_MS);
    printf("%s: %zu requests in %zu attempts, %zu of them repeats: %zu changes acknowledged, %zu refused, %zu unanswered, %zu stale\n",
           what, counts.requests, counts.attempts, counts.repeats, counts.acknowledged, counts.refused, counts.unanswered, counts.stale);
    assert_int_equal(counts.unanswered, 0);
    assert_int_equal(counts.stale, 0);
    assert_true(counts.acknowledged > 0);
    return counts;
}

void stage_kill(stage_t *stage, const char *program, int number)
{
    for (invariants_kills_t *kill = stage->kills; kill->name != NULL; kill++) {
        if (strcmp(kill->name, program) != 0)
            continue;
        kill->restarts++;
        if (strcmp(program, "postgresql") == 0)
            kill->failed_starts_most += DATABASE_STARTS_MOST;
    }
    if (number == 0)
        return;
    const pid_t pid = platform_pid(&stage->platform, program);
    const int64_t until_us = clock_steady_us() + STAGE_READY_MS * INT64_C(1000);
    assert_true(pid > 1 && kill(pid, number) == 0);
    // Until its parent has noticed: before that it would say that all is ready.
    while (kill(pid, 0) == 0) {
        if (clock_steady_us() > until_us)
            fail_msg("%s does not end", program);
        (void)poll(NULL, 0, 1);
    }
}

long stage_await_ready(stage_t *stage)
{
    char command[2 * PATH_ROOM];
    const int64_t begin_us = clock_steady_us();
    snprintf(command, sizeof command, "'%s/bin/pcn-supervisor' wait '%s' %d", stage->platform.state_dir, stage->platform.state_dir,
             STAGE_READY_MS / 1000);
    if (system(command) != 0)
        fail_msg("not ready in time");
    if (platform_await(&stage->platform, "/readyz", NULL, 200, STAGE_READY_MS) < 0 ||
        platform_await(&stage->platform, "/v1/organisations/ics-llr", stage->manager, 200, STAGE_READY_MS) < 0)
        fail_msg("it does not answer in time");
    return (long)((clock_steady_us() - begin_us) / 1000);
}

http_answer_t stage_ask(const stage_t *stage, const http_call_t *call, long status)
{
    http_call_t full = *call;
    http_answer_t answer;
    full.url = stage->platform.url;
    full.token = call->token != NULL ? call->token : stage->manager;
    if (!http_send(&full, &answer) || answer.status != status)
        fail_msg("%s: %ld instead of %ld: %s", call->path, answer.status, status, answer.body != NULL ? answer.body : "");
    return answer;
}

static int64_t log_end(const stage_t *stage)
{
    // A snapshot is of the latest place, also where the log's beginning is pruned.
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "/v1/events/%s/snapshot?pageSize=1", stage->service);
    http_answer_t page = stage_ask(stage, &(http_call_t){.path = path}, 200);
    const int64_t end = json_integer_value(json_object_get(page.json, "sequence"));
    http_answer_clear(&page);
    return end;
}

int64_t stage_mark(stage_t *stage)
{
    char body[160], subject[64], path[64];
    const int64_t end = log_end(stage);
    size_t mark = 0;
    while (strcmp(marks[mark].service, stage->service) != 0)
        mark++;
    snprintf(path, sizeof path, "/v1/%s", marks[mark].resources);
    snprintf(subject, sizeof subject, "%s/mark-%" PRId64 "-%zu", marks[mark].resources, end, journal_count(stage->journal));
    snprintf(body, sizeof body, "{\"code\":\"%s\",%s}", strchr(subject, '/') + 1, marks[mark].rest);
    http_answer_t made = stage_ask(stage, &(http_call_t){.method = "POST", .path = path, .body = body}, 201);
    http_answer_clear(&made);
    replay_t replay;
    const replay_subject_t *found = NULL;
    replay_init(&replay, end);
    while (found == NULL) {
        if (!replay_read(&replay, stage->platform.url, stage->service, stage->manager, PAGE, replay.place + 1))
            fail_msg("%s does not come into the log: %s", subject, replay.first);
        found = replay_state(&replay, subject);
    }
    const int64_t place = found->sequence;
    replay_clear(&replay);
    return place;
}

int64_t stage_replay(stage_t *stage, replay_t *replay, unsigned limit)
{
    const int64_t mark = stage_mark(stage);
    replay_init(replay, 0);
    replay->keep_data = true;
    if (!replay_read(replay, stage->platform.url, stage->service, stage->manager, limit, mark))
        fail_msg("the log cannot be read: %s", replay->first);
    return mark;
}

// Names of persons that the data set has told the platform.
static void add_names(const stage_t *stage, leaks_t *leaks)
{
    http_answer_t list = stage_ask(stage, &(http_call_t){.path = "/v1/organisations?kind=network&pageSize=200"}, 200);
    size_t i, k;
    json_t *one, *director;
    json_array_foreach(json_object_get(list.json, "organisations"), i, one)
    {
        char path[PATH_ROOM];
        snprintf(path, sizeof path, "/v1/networks/%s", json_string_value(json_object_get(one, "code")));
        http_answer_t network = stage_ask(stage, &(http_call_t){.path = path}, 200);
        json_array_foreach(json_object_get(network.json, "directors"), k, director)
        {
            leaks_add_word(leaks, json_string_value(json_object_get(director, "name")));
        }
        http_answer_clear(&network);
    }
    http_answer_clear(&list);
    assert_true(leaks->words.count > 0);
    for (i = 0; i < stage->names.count; i++)
        leaks_add_word(leaks, stage->names.texts[i]);
    leaks_add_word(leaks, stage->manager);
}

// The journal of a test that failed outlives the platform's folder.
static void keep_journal(const stage_t *stage)
{
    char command[2 * PATH_ROOM];
    journal_flush(stage->journal);
    snprintf(command, sizeof command, "cp '%s' /tmp/pcn-journal-%" PRIu64 ".jsonl", journal_path(stage->journal), stage->seed);
    if (system(command) == 0)
        printf("the journal is kept: /tmp/pcn-journal-%" PRIu64 ".jsonl\n", stage->seed);
}

void stage_check(stage_t *stage, const char *what)
{
    invariants_t report = {0};
    replay_t replay;
    processes_t after;
    leaks_t leaks = {0};
    for (const invariants_kills_t *kill = stage->kills; kill->name != NULL; kill++)
        report.killed += kill->restarts;
    stage_await_ready(stage);
    stage_replay(stage, &replay, PAGE);
    invariants_check_log(&report, &replay);
    invariants_check_journal(&report, stage->journal, &replay);
    // What booking holds of somebody is not for a manager to read.
    if (strcmp(stage->service, "registry") == 0)
        invariants_check_resources(&report, stage->journal, &replay, stage->platform.url, stage->manager, RESOURCES_MOST, stage->seed);
    assert_true(processes_look(&stage->platform, &after));
    invariants_check_processes(&report, &stage->before, &after, stage->kills, false);
    add_names(stage, &leaks);
    invariants_check_logs(&report, &leaks, stage->platform.state_dir);
    invariants_print(&report, what);
    stage->report = report;
    stage->place = replay.place;
    stage->digest = replay.digest;
    printf("  the log has %" PRId64 " events; %zu lines of %zu logs\n", replay.place, leaks.lines, leaks.files);
    replay_clear(&replay);
    leaks_clear(&leaks);
    if (!invariants_hold(&report)) {
        keep_journal(stage);
        fail_msg("invariants broken (seed %" PRIu64 ")", stage->seed);
    }
}

void stage_check_follower(const stage_t *stage, const follower_t *follower, const char *what)
{
    const follower_seen_t *seen = follower->seen;
    if (!follower_await(follower, stage->place, STAGE_READY_MS))
        fail_msg("%s: the subscriber is at %" PRId64 " of %" PRId64, what, atomic_load(&seen->place), stage->place);
    printf("  the subscriber saw %" PRIu64 " events, %" PRIu64 " gaps, %" PRIu64 " doubles\n", atomic_load(&seen->events),
           atomic_load(&seen->gaps), atomic_load(&seen->doubles));
    assert_int_equal(atomic_load(&seen->gaps) + atomic_load(&seen->doubles), 0);
    assert_int_equal(atomic_load(&seen->events), (uint64_t)stage->place);
    assert_true(atomic_load(&seen->digest) == stage->digest);
}

void stage_check_tables(const stage_t *stage, const stage_wrong_t *wrongs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char command[PATH_ROOM + QUERY_ROOM], line[32] = "";
        assert_true(strlen(wrongs[i].sql) < QUERY_ROOM - PATH_ROOM);
        snprintf(command, sizeof command,
                 "psql -X -q -A -t -v ON_ERROR_STOP=1 -h '%s/run' -U pcn_admin -d pcn -c 'SET search_path = %s' -c \"%s\"",
                 stage->platform.state_dir, stage->service, wrongs[i].sql);
        FILE *answer = popen(command, "r");
        assert_non_null(answer);
        const bool read = fgets(line, sizeof line, answer) != NULL;
        assert_int_equal(pclose(answer), 0);
        assert_true(read);
        if (strcmp(line, "0\n") != 0)
            fail_msg("%.16s %s (seed %" PRIu64 ")", line, wrongs[i].what, stage->seed);
    }
}

void stage_kill_at_points(stage_t *stage, load_t *load, killer_t *killer, const char *program, const killer_point_t *points, size_t count,
                          unsigned kills)
{
    for (unsigned i = 0; i < kills; i++) {
        const killer_point_t point = points[i % count];
        const int64_t pass = 1 + (int64_t)load_draw(&stage->random, PASSES_MOST);
        const size_t acknowledged = load_count(load).acknowledged;
        killer_arm(killer, point, pass);
        if (!killer_await(killer, i + 1, KILL_MS))
            fail_msg("pass %" PRId64 " of %s was not reached", pass, killer_point_name(point));
        stage_kill(stage, program, 0);
        if (!load_await(load, acknowledged + ANSWERS_BETWEEN, STAGE_READY_MS))
            fail_msg("nothing is acknowledged after kill %u (%s, pass %" PRId64 ")", i + 1, killer_point_name(point), pass);
    }
}

void stage_baseline(stage_t *stage)
{
    processes_t now;
    assert_true(processes_look(&stage->platform, &now));
    // A planned restart changes pids and is no restart of the supervisor's; a death that nobody caused is not to be forgotten here.
    for (size_t i = 0; i < stage->before.count; i++) {
        const process_t *is = processes_find(&now, stage->before.of[i].name);
        const unsigned restarts = is != NULL ? is->restarts - stage->before.of[i].restarts : 0;
        if (is == NULL || restarts < stage->kills[i].restarts || restarts > stage->kills[i].restarts + stage->kills[i].failed_starts_most)
            fail_msg("%s died by itself", stage->before.of[i].name);
    }
    stage->before = now;
    for (invariants_kills_t *kill = stage->kills; kill->name != NULL; kill++)
        kill->restarts = kill->failed_starts_most = 0;
}
