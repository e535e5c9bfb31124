// Every subcommand of pcnctl against a running platform: each call of the contract at least once, as a table and as JSON, with what its
// exit code says. A call without a row here is run with the example of its own help, which must be answered: so none is forgotten.
#include "tests/integration/platform/rig.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "services/ctl/contract.h"
#include "services/ctl/example.h"

#define NOBODY "0190b2a0-0000-7000-8000-000000000001"

#define AWAITED_US 30000000

enum { SAID_SIZE = 1024 * 1024 };

typedef struct world {
    rig_t *rig;
    char folder[64], job[64];
    char *said;
} world_t;

// What is said on standard output; both streams where `both`.
static int run(world_t *world, const char *arguments, bool both)
{
    char command[2048];
    const int length = snprintf(command, sizeof command, "cd '%s' && XDG_CONFIG_HOME='%s' '%s/bin/pcnctl' %s %s </dev/null", world->folder,
                                world->folder, world->rig->platform.state_dir, arguments, both ? "2>&1" : "2>said");
    assert_true(length > 0 && (size_t)length < sizeof command);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    world->said[fread(world->said, 1, SAID_SIZE - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void must(world_t *world, int code, const char *arguments)
{
    const int found = run(world, arguments, true);
    if (found != code)
        fail_msg("pcnctl %s: %d instead of %d: %s", arguments, found, code, world->said);
}

// Each line of it.
static void assert_json_lines(const world_t *world, const char *arguments)
{
    for (const char *line = world->said; *line != '\0';) {
        const size_t size = strcspn(line, "\n");
        json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(json))
            fail_msg("pcnctl %s: no JSON: %.*s", arguments, (int)size, line);
        json_decref(json);
        line += size + (line[size] == '\n');
    }
}

// ---- the calls ----

typedef struct row {
    const char *call, *arguments;
    int code;
    const char *words; // of a table
} row_t;

// In the order in which they can be made. {job} is the import's.
static const row_t rows[] = {
    {"registry create-organisation",
     "--code pcn-ctl --name 'Control – ü' --kind network --parent ccg-elr --place la-rutland --identifiers.system urn:a "
     "--identifiers.value 1 --identifiers.system urn:b --identifiers.value 2",
     0, "identifiers (2)"},
    {"registry create-organisation", "--code gp-ctl --name Surgery --kind practice --parent ccg-elr --idempotency-key ctl-1", 0, "gp-ctl"},
    {"registry create-organisation", "--code gp-ctl --name Surgery --kind practice --parent ccg-elr --idempotency-key ctl-1", 0,
     "version    1"},
    {"registry create-organisation", "--code gp-ctl --name Surgery --kind practice --parent ccg-elr", 4, "--code: "},
    {"registry update-organisation", "--code pcn-ctl --if-match 1 --notes 'a note' --former-names Before --clear identifiers", 0, "Before"},
    {"registry update-organisation", "--code pcn-ctl --if-match 1 --notes 'another'", 4, "HTTP 412"},
    {"registry get-organisation", "--code pcn-ctl", 0, "Control – ü"},
    {"registry get-organisation", "--code pcn-nowhere", 3, "There is no organisation pcn-nowhere"},
    {"registry list-organisations", "--kind network --all --columns code,name", 0, "pcn-ctl"},
    {"registry list-organisations", "--q rutland --page-size 2", 0, "CODE"},
    {"registry get-network", "--code pcn-ctl", 0, "registration.complete"},
    {"registry add-member", "--code pcn-ctl --practice gp-ctl --from 2026-04-01", 0, "members (1)"},
    {"registry correct-member", "--code pcn-ctl --practice gp-ctl --from 2026-04-01 --new-from 2026-05-01", 0, "2026-05-01"},
    {"registry add-director", "--code pcn-ctl --name 'Dr A' --from 2026-04-01", 0, "Dr A"},
    {"registry correct-director", "--code pcn-ctl --name 'Dr A' --from 2026-04-01 --new-name 'Dr B'", 0, "Dr B"},
    {"registry add-waiver", "--code pcn-ctl --from 2026-04-01 --reason rural", 0, "rural"},
    {"registry correct-waiver", "--code pcn-ctl --from 2026-04-01 --new-reason 'more rural'", 0, "more rural"},
    {"registry end-waiver", "--code pcn-ctl --on 2026-10-01", 0, "pcn-ctl"},
    {"registry add-list-size", "--code pcn-ctl --kind registered --count 31000 --as-of 2026-04-01 --source letter", 0, "31000"},
    {"registry list-list-sizes", "--code pcn-ctl", 0, "31000"},
    {"registry add-fact", "--code pcn-ctl --fact new_homes --qualifier eq --value 7 --source letter", 0, "new_homes"},
    {"registry correct-fact", "--code pcn-ctl --fact new_homes --qualifier eq --source letter --new-value 8", 0, "8"},
    {"registry list-facts", "--code pcn-ctl", 0, "new_homes"},
    {"registry add-system", "--code gp-ctl --system SystmOne --from 2026-04-01", 0, "SystmOne"},
    {"registry correct-system", "--code gp-ctl --from 2026-04-01 --new-system 'EMIS Web'", 0, "EMIS Web"},
    {"registry end-system", "--code gp-ctl --on 2026-10-01", 0, "2026-09-30"},
    {"registry list-systems", "--code gp-ctl", 0, "EMIS Web"},
    {"registry get-system-coverage", "", 0, "PRACTICES"},
    {"registry add-alignment", "--code pcn-ctl --service svc-ctl --name Nursing --kind community-service --from 2026-04-01", 0, "Nursing"},
    {"registry correct-alignment", "--code pcn-ctl --service svc-ctl --from 2026-04-01 --new-name 'Night nursing'", 0, "Night nursing"},
    {"registry end-alignment", "--code pcn-ctl --service svc-ctl --on 2026-10-01", 0, "2026-09-30"},
    {"registry list-organisation-alignments", "--code pcn-ctl", 0, "Night nursing"},
    {"registry list-alignments", "--service svc-ctl", 0, "Night nursing"},
    {"registry create-site", "--code site-ctl --organisation gp-ctl --name Site --kind surgery", 0, "site-ctl"},
    {"registry update-site", "--code site-ctl --if-match 1 --name 'Another' --clear address", 0, "Another"},
    {"registry get-site", "--code site-ctl", 0, "Another"},
    {"registry list-sites", "--organisation gp-ctl", 0, "site-ctl"},
    {"registry get-history", "--code pcn-ctl --all", 0, "RECORDED-AT"},
    {"registry get-tree", "--code ics-llr --depth 2", 0, "    pcn-"},
    {"registry get-coverage", "--level place", 0, "AREA"},
    {"registry get-checks", "", 0, "SEVERITY"},
    {"registry leave-member", "--code pcn-ctl --practice gp-ctl --on 2300-04-01", 0, "pcn-ctl"},
    {"registry revoke-member", "--code pcn-ctl --practice gp-ctl --on 2300-04-01", 0, "pcn-ctl"},
    {"registry close-organisation", "--code pcn-ctl --on 2300-04-01", 0, "2300-04-01"},
    {"registry revoke-organisation", "--code pcn-ctl --on 2300-04-01", 0, "active"},
    {"registry move-member", "--code pcn-ctl --practice gp-ctl --network pcn-rutland --on 2026-11-01", 0, "pcn-ctl"},
    {"registry leave-member", "--code pcn-rutland --practice gp-ctl --on 2026-11-20", 0, "pcn-rutland"},
    {"registry split-organisation",
     "--code pcn-ctl --into.code pcn-ctl-a --into.name A --into.code pcn-ctl-b --into.name B --on 2026-11-10", 0, "closed"},
    {"registry merge-organisation", "--code pcn-ctl-a --into pcn-ctl-b --on 2026-11-15", 0, "pcn-ctl-b"},
    {"registry close-organisation", "--code pcn-ctl-b --on 2026-11-20", 0, "2026-11-20"},
    {"registry begin-import", "--file organisations.csv --dry-run", 0, "id"},
    {"registry get-job", "--id {job}", 0, "result.dryRun"},
    {"registry cancel-job", "--id {job}", 4, "HTTP 409"},
    {"registry export", "--format csv --output registry.tar", 0, ""},
    {"registry export", "--format json --output registry.json", 0, ""},
    {"events read", "--service registry --after 0 --limit 2", 0, "there is more"},
    {"events snapshot", "--service registry --all --columns subject,type", 0, "organisations/pcn-ctl"},
    {"audit read", "--service registry --limit 3 --context auditor", 0, "PLACE"},
    {"audit read", "--service registry", 4, "HTTP 403"},
    {"followers list-followers", "--service registry --context operations", 0, "nothing"},
    {"followers list-dead-letters", "--service registry --context operations", 0, "nothing"},
    {"followers skip-dead-letter", "--service registry --context operations --reason x --id " NOBODY, 3, "--id: There is no dead letter"},
    {"followers retry-dead-letter", "--service registry --context operations --reason x --id " NOBODY, 3, "HTTP 404"},
};

static const char *fill(const world_t *world, const char *text, char *out, size_t room)
{
    const char *mark = strstr(text, "{job}");
    if (mark == NULL)
        return text;
    snprintf(out, room, "%.*s%s%s", (int)(mark - text), text, world->job, mark + 5);
    return out;
}

// A change takes place once: the second time under the key of the first.
static void run_row(world_t *world, const row_t *row, const pb_method_t *method, size_t number)
{
    char arguments[1400], filled[1024], key[64] = "";
    const char *given = fill(world, row->arguments, filled, sizeof filled);
    const bool file = (method->flags & PB_DOWNLOAD) != 0;
    if ((method->flags & PB_CHANGES) && strstr(given, "--idempotency-key") == NULL)
        snprintf(key, sizeof key, " --idempotency-key row-%zu", number);
    snprintf(arguments, sizeof arguments, "%s %s%s%s", row->call, given, key, file ? "" : " --table");
    must(world, row->code, arguments);
    if (strstr(world->said, row->words) == NULL)
        fail_msg("pcnctl %s: no \"%s\" in: %s", arguments, row->words, world->said);
    if (row->code != 0 || file || strstr(given, "--columns") != NULL)
        return;
    snprintf(arguments, sizeof arguments, "%s %s%s", row->call, given, key);
    if (run(world, arguments, false) != 0)
        fail_msg("pcnctl %s, again: %s", arguments, world->said);
    assert_json_lines(world, arguments);
}

static void remember_job(world_t *world)
{
    json_t *job = json_loads(world->said, 0, NULL);
    snprintf(world->job, sizeof world->job, "%s", json_string_value(json_object_get(job, "id")));
    json_decref(job);
    char path[128];
    snprintf(path, sizeof path, "/v1/jobs/%s", world->job);
    for (bool ended = false; !ended;) {
        http_answer_t answer = rig_get(world->rig, path);
        const char *state = http_text(&answer, "state");
        ended = strcmp(state, "succeeded") == 0 || strcmp(state, "failed") == 0;
        http_answer_clear(&answer);
    }
}

static void every_call_with_a_row(void **state)
{
    world_t *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char group[64];
        const char *name = strchr(rows[i].call, ' ') + 1;
        snprintf(group, sizeof group, "%.*s", (int)(name - rows[i].call - 1), rows[i].call);
        const pb_method_t *method = contract_find(group, name);
        if (method == NULL)
            fail_msg("there is no call %s any more", rows[i].call);
        run_row(world, &rows[i], method, i);
        if (method->upload != NULL)
            remember_job(world);
    }
    struct stat found;
    char path[128];
    snprintf(path, sizeof path, "%s/registry.tar", world->folder);
    assert_int_equal(stat(path, &found), 0);
    assert_true(found.st_size > 10240);
}

static void run_example(void *data, const pb_service_t *service, const pb_method_t *method)
{
    world_t *world = data;
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE], call[2 * CONTRACT_NAME_SIZE];
    contract_group(service->name, group);
    contract_kebab(method->short_name, name);
    snprintf(call, sizeof call, "%s %s", group, name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].call, call) == 0)
            return;
    }
    buf_t line;
    buf_init(&line, 65536);
    example_call(method, &line);
    assert_true(buf_ok(&line));
    const int code = run(world, line.data + strlen("pcnctl "), true);
    if (code != 0 && code != 3 && code != 4)
        fail_msg("%s: %d: %s", line.data, code, world->said);
    print_message("%s has no row here; its example ended with %d\n", call, code);
    buf_deinit(&line);
}

static void every_other_call_by_its_example(void **state)
{
    contract_walk(NULL, run_example, *state);
}

// ---- the commands ----

// Waits until the file has the words; the test is over where they do not come.
static void await_words(const world_t *world, const char *name, const char *words)
{
    char path[128];
    static char text[65536];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    const int64_t until_us = clock_steady_us() + AWAITED_US;
    for (;;) {
        FILE *file = fopen(path, "re");
        text[file != NULL ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
        if (file != NULL)
            fclose(file);
        if (text[0] != '\0' && strstr(text, words) != NULL)
            return;
        if (clock_steady_us() > until_us)
            fail_msg("%s does not get \"%s\": %s", name, words, text);
        (void)poll(NULL, 0, 20);
    }
}

static pid_t start_following(const world_t *world)
{
    char program[256];
    snprintf(program, sizeof program, "%s/bin/pcnctl", world->rig->platform.state_dir);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    if (chdir(world->folder) != 0 || setenv("XDG_CONFIG_HOME", world->folder, 1) != 0 || freopen("live.out", "w", stdout) == NULL)
        _exit(127);
    execl(program, "pcnctl", "events", "follow", "--service", "registry", "--resume", "live", (char *)NULL);
    _exit(127);
}

// What happens while it follows is printed; told to end, it has kept its place.
static void follow_live(world_t *world)
{
    int status = 0;
    const pid_t pid = start_following(world);
    await_words(world, "live", "\n");
    must(world, 0, "registry create-site --code site-live --organisation pcn-rutland --name Live --kind hub");
    await_words(world, "live.out", "sites/site-live");
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    must(world, 0, "registry update-site --code site-live --if-match 1 --name More");
    must(world, 0, "events follow --service registry --resume live --count 1");
    assert_non_null(strstr(world->said, "pcn.registry.site.updated"));
    assert_non_null(strstr(world->said, "sites/site-live"));
}

static void events_live(void **state)
{
    world_t *world = *state;
    must(world, 0, "events follow --service registry --after 0 --count 3 --resume place");
    assert_json_lines(world, "events follow");
    must(world, 0, "events follow --service registry --count 1 --resume place");
    json_t *event = json_loads(world->said, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(event, "sequence")), 4);
    json_decref(event);
    must(world, 4, "events follow --service registry --after 99999999");
    follow_live(world);
}

static void status_of_both_kinds(void **state)
{
    world_t *world = *state;
    char arguments[256];
    must(world, 0, "status --context operations --table");
    assert_non_null(strstr(world->said, ": ready, version "));
    assert_non_null(strstr(world->said, "registry  ready"));
    must(world, 0, "status --context operations");
    assert_json_lines(world, "status");
    snprintf(arguments, sizeof arguments, "status --state '%s' --table", world->rig->platform.state_dir);
    must(world, 0, arguments);
    static const char *const programs[] = {"postgresql", "database", "registry", "referral", "gateway", "haproxy"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        assert_non_null(strstr(world->said, programs[i]));
    snprintf(arguments, sizeof arguments, "status --state '%s'", world->rig->platform.state_dir);
    must(world, 0, arguments);
    json_t *said = json_loads(world->said, 0, NULL);
    size_t i, versions = 0, daemons = 1; // the gateway
    for (const char *const *name = pcn_service_names; *name != NULL; name++)
        daemons++;
    const json_t *program;
    json_array_foreach(json_object_get(said, "programs"), i, program)
    {
        versions += json_object_get(program, "version") != NULL;
    }
    assert_int_equal(versions, daemons);
    json_decref(said);
    assert_true(platform_kill(&world->rig->platform, "gateway", SIGSTOP));
    must(world, 5, arguments);
    assert_true(platform_kill(&world->rig->platform, "gateway", SIGCONT));
}

static void commands_on_this_machine(void **state)
{
    world_t *world = *state;
    char arguments[512];
    const char *dir = world->rig->platform.state_dir;
    snprintf(arguments, sizeof arguments, "keys list --dir '%s/keys' --table", dir);
    must(world, 0, arguments);
    assert_non_null(strstr(world->said, "gateway"));
    must(world, 0, "keys add --dir keys reporting");
    must(world, 0, "keys list --dir keys");
    assert_json_lines(world, "keys list");
    must(world, 0, "keys ensure --dir keys another");
    must(world, 0, "keys revoke --dir keys reporting");
    must(world, 0, "issuer init --dir issuer");
    must(world, 0, "token --issuer-dir issuer --role auditor --org ics-llr");
    // A token of another issuer is none.
    must(world, 4, "registry get-organisation --code pcn-rutland --token x.y.z");
    assert_non_null(strstr(world->said, "HTTP 401"));
    must(world, 0, "context list --table");
    assert_non_null(strstr(world->said, "auditor"));
    must(world, 0, "completion bash");
    must(world, 0, "help --man");
}

static void commands_over_http(void **state)
{
    world_t *world = *state;
    must(world, 0, "import files --dry-run");
    must(world, 0, "export out");
    must(world, 1, "export out");
    must(world, 0, "audit list --service registry --limit 3 --table --context auditor");
    assert_non_null(strstr(world->said, "VERDICT"));
    must(world, 0, "audit verify --service registry --context auditor");
    must(world, 0, "followers --service registry --context operations");
    must(world, 0, "dead-letter list --service registry --context operations");
    must(world, 3, "dead-letter skip " NOBODY " --reason x --service registry --context operations");
    must(world, 5, "registry get-organisation --code pcn-rutland --url http://127.0.0.1:1 --token x --patience 0");
}

// ---- the world ----

static void write_file(const world_t *world, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int start(void **state)
{
    static const char *const roles[] = {"system-manager", "auditor", "operations"};
    world_t *world = calloc(1, sizeof *world);
    char arguments[512];
    *state = world;
    if (world == NULL || rig_start((void **)&world->rig) != 0)
        return -1;
    world->said = calloc(1, SAID_SIZE);
    snprintf(world->folder, sizeof world->folder, "/tmp/pcn-ctl-XXXXXX");
    if (world->said == NULL || mkdtemp(world->folder) == NULL)
        return -1;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        char *token = platform_token(&world->rig->platform, roles[i], "ics-llr");
        if (token == NULL)
            return -1;
        write_file(world, roles[i], token);
        free(token);
        snprintf(arguments, sizeof arguments, "context add %s --url %s --token-file %s/%s", roles[i], world->rig->platform.url,
                 world->folder, roles[i]);
        must(world, 0, arguments);
    }
    snprintf(arguments, sizeof arguments, "%s/files", world->folder);
    mkdir(arguments, 0700);
    write_file(world, "organisations.csv", "code,name,kind,parent\ngp-new,New Surgery,practice,ccg-elr\n");
    write_file(world, "files/organisations.csv", "code,name,kind,parent\ngp-new,New Surgery,practice,ccg-elr\n");
    return 0;
}

static int stop(void **state)
{
    world_t *world = *state;
    char command[128];
    if (world == NULL)
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", world->folder);
    const int removed = world->folder[0] != '\0' ? system(command) : 0;
    if (world->rig != NULL)
        rig_stop((void **)&world->rig);
    free(world->said);
    free(world);
    return removed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_with_a_row), cmocka_unit_test(every_other_call_by_its_example), cmocka_unit_test(events_live),
        cmocka_unit_test(status_of_both_kinds),  cmocka_unit_test(commands_on_this_machine),        cmocka_unit_test(commands_over_http),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
