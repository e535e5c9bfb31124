// The import command: folders of files into the registry, each as one import that is applied whole or not at all.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/json.h"
#include "pcn/registry/v1/registry.meta.h"
#include "services/ctl/command.h"
#include "services/ctl/folder.h"
#include "services/ctl/job.h"
#include "services/ctl/target.h"

enum { FOLDERS_MAX = 64, PATIENCE_DEFAULT_S = 30, PATIENCE_MAX_S = 3600, PATH_SIZE = 128, KEY_SIZE = 64, STEP_SIZE = 64 };
// A job shows a thousand problems at most.
#define ARENA_CAP (16u * 1024u * 1024u)

typedef struct import {
    const command_t *command;
    target_options_t target;
    const char *start, *from, *patience;
    bool dry_run, json, verbose;
    int64_t patience_us;
    int folders;
    char **folder;
    http_t *http;
    arena_t *arena;
    progress_t progress;
} import_t;

// What is being sent: the stream of its request.
typedef struct sending {
    import_t *import;
    const folder_t *folder;
    char step[STEP_SIZE];
} sending_t;

static int parse(import_t *import, int argc, char **argv)
{
    const command_option_t options[] = {
        TARGET_OPTIONS(import->target),
        {"--start", &import->start, NULL, false},
        {"--from", &import->from, NULL, false},
        {"--dry-run", NULL, &import->dry_run, false},
        {"--json", NULL, &import->json, false},
        {"--verbose", NULL, &import->verbose, false},
        {"--patience", &import->patience, NULL, false},
        {0},
    };
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &import->folders, &problem) != STATUS_OK)
        return command_usage_error(import->command, "%s", problem.detail);
    import->folder = argv + 1;
    if (import->folders < 1 || import->folders > FOLDERS_MAX)
        return command_usage_error(import->command, "1 to %d folders can be imported at a time", FOLDERS_MAX);
    if (import->start != NULL && import->from != NULL)
        return command_usage_error(import->command, "--start or --from, which means the same");
    if (import->start == NULL)
        import->start = import->from;
    int32_t days;
    if (import->start != NULL && !date_parse(import->start, &days))
        return command_usage_error(import->command, "--start is a date as in 2019-07-01");
    long long patience_s = PATIENCE_DEFAULT_S;
    if (import->patience != NULL && !command_number(import->patience, 0, PATIENCE_MAX_S, &patience_s))
        return command_usage_error(import->command, "--patience is a number of seconds, 0 to %d", PATIENCE_MAX_S);
    import->patience_us = patience_s * 1000000;
    return COMMAND_OK;
}

static status_t begin_sending(void *stream, problem_t *problem)
{
    const sending_t *sending = stream;
    progress_show(&sending->import->progress, sending->step, 0, sending->folder->bytes, true);
    return folder_unchanged(sending->folder, problem);
}

static bool show_sent(void *stream, int64_t bytes)
{
    const sending_t *sending = stream;
    progress_show(&sending->import->progress, sending->step, bytes, sending->folder->bytes, true);
    return true;
}

// A key for each run and folder: a connection that breaks is tried again under it, and the registry knows what it has of it. A later run is
// a new import, since the registry may have changed; what it has already counts as unchanged.
static status_t send_files(import_t *import, folder_t *folder, Pcn__Registry__V1__Job **job, problem_t *problem)
{
    char path[PATH_SIZE], id[ID_SIZE], key[KEY_SIZE];
    void *message = NULL;
    sending_t sending = {.import = import, .folder = folder};
    snprintf(path, sizeof path, "/v1/imports%s%s%s%s", import->dry_run || import->start != NULL ? "?" : "",
             import->dry_run ? "dryRun=true&" : "", import->start != NULL ? "start=" : "", import->start != NULL ? import->start : "");
    if (path[strlen(path) - 1] == '&')
        path[strlen(path) - 1] = '\0';
    id_make(clock_wall_us(), id);
    snprintf(key, sizeof key, "import:%s", id);
    snprintf(sending.step, sizeof sending.step, "sending %zu %s", folder->part_count, folder->part_count == 1 ? "file" : "files");
    const http_request_t request = {
        .path = path, .key = key, .parts = folder->parts, .part_count = folder->part_count, .moved = show_sent, .stream = &sending};
    status_t status = ask_for(import->http, &request, begin_sending, import->patience_us, &pcn__registry__v1__job__type, import->arena,
                              &message, problem);
    *job = message;
    return status;
}

static bool say_json(const Pcn__Registry__V1__Job *job)
{
    buf_t text;
    buf_init(&text, ARENA_CAP);
    pb_json_write(&pcn__registry__v1__job__type, job, &text);
    const bool written = buf_ok(&text) && printf("%s\n", text.data) > 0;
    buf_deinit(&text);
    return written && job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_SUCCEEDED;
}

static void say_ignored(import_t *import, const folder_t *folder)
{
    for (size_t i = 0; import->verbose && i < folder->ignored_count; i++)
        fprintf(stderr, "%s/%s is left out: no file of the registry has that name\n", folder->path, folder->ignored[i]);
}

// One folder, one import.
static int run_folder(import_t *import, const char *path)
{
    problem_t problem = {0};
    Pcn__Registry__V1__Job *job = NULL;
    folder_t folder;
    http_note_refusal(import->http, -1); // of the folder before
    status_t status = folder_open(path, &folder, &problem);
    say_ignored(import, &folder);
    arena_reset(import->arena);
    if (status == STATUS_OK)
        status = send_files(import, &folder, &job, &problem);
    if (status == STATUS_OK)
        status = job_follow(import->http, import->patience_us, &import->progress, import->arena, &job, &problem);
    progress_clear(&import->progress);
    folder_close(&folder);
    if (status != STATUS_OK)
        return ask_failed(import->command, import->http, &problem);
    const bool good = import->json ? say_json(job) : job_say_import(job, path, stdout, stderr);
    return good ? COMMAND_OK : COMMAND_FAILED;
}

static int run(import_t *import)
{
    int code = target_open(import->command, &import->target, false, &import->http);
    if (code != COMMAND_OK)
        return code;
    // What was found by a dry run is worth knowing of each folder; else one that fails may be what the next builds upon.
    for (int i = 0; i < import->folders && (code == COMMAND_OK || import->dry_run); i++) {
        const int result = run_folder(import, import->folder[i]);
        code = code == COMMAND_OK ? result : code;
    }
    http_destroy(&import->http);
    return code;
}

// "data/" is "data": a file's path is put together from it.
static void trim_folders(const import_t *import)
{
    for (int i = 0; i < import->folders; i++) {
        char *folder = import->folder[i];
        for (size_t size = strlen(folder); size > 1 && folder[size - 1] == '/'; size--)
            folder[size - 1] = '\0';
    }
}

int import_command(const command_t *command, int argc, char **argv)
{
    import_t import = {.command = command};
    int code = parse(&import, argc, argv);
    if (code != COMMAND_OK)
        return code;
    trim_folders(&import);
    import.progress = (progress_t){.out = import.json ? NULL : stderr, .terminal = isatty(STDERR_FILENO) == 1};
    import.arena = arena_new(ARENA_CAP);
    const problem_t problem = {.status = STATUS_RESOURCE_EXHAUSTED, .detail = "out of memory"};
    code = import.arena != NULL ? run(&import) : command_failed(command, &problem);
    arena_destroy(&import.arena);
    return code;
}
