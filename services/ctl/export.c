// The export command: the whole registry at one moment, as files that an import takes.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/ctl/archive.h"
#include "services/ctl/ask.h"
#include "services/ctl/bundle.h"
#include "services/ctl/command.h"
#include "services/ctl/folder.h"
#include "services/ctl/progress.h"
#include "services/ctl/target.h"

enum { PATIENCE_US = 30 * 1000 * 1000 };
#define DOCUMENT "registry.json"

typedef struct export
{
    const command_t *command;
    target_options_t target;
    const char *format;
    bool force;
    int positionals;
    const char *folder;
    http_t *http;
    progress_t progress;
    bundle_t bundle;
    archive_t archive;
    int64_t received;
    // What ended the taking of it; the next attempt says it.
    status_t status;
    problem_t problem;
}
export_t;

static status_t open_known(void *data, const char *name, problem_t *problem)
{
    if (!folder_takes(name, true))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the server sends a file that is none of the registry's");
    return bundle_open(data, name, problem);
}

static status_t add(void *data, const void *bytes, size_t size, problem_t *problem)
{
    return bundle_add(data, bytes, size, problem);
}

static status_t close_file(void *data, problem_t *problem)
{
    return bundle_close(data, problem);
}

static const archive_sink_t into_bundle = {open_known, add, close_file};

static bool is_document(const export_t *export)
{
    return strcmp(export->format, "json") == 0;
}

// Each attempt begins at the beginning: it is another moment's registry.
static status_t begin(void *stream, problem_t *problem)
{
    export_t *export = stream;
    if (export->status != STATUS_OK) {
        *problem = export->problem;
        return export->status;
    }
    bundle_clear(&export->bundle);
    archive_init(&export->archive, &into_bundle, &export->bundle);
    export->received = 0;
    return is_document(export) ? bundle_open(&export->bundle, DOCUMENT, problem) : STATUS_OK;
}

static bool take(void *stream, const void *bytes, size_t size)
{
    export_t *export = stream;
    export->received += (int64_t)size;
    progress_show(&export->progress, "receiving", export->received, 0, true);
    export->status = is_document(export) ? bundle_add(&export->bundle, bytes, size, &export->problem)
                                         : archive_add(&export->archive, bytes, size, &export->problem);
    return export->status == STATUS_OK;
}

// Whether nothing is there that an import of the folder would take beside what is to come.
static status_t check_empty(const char *path, problem_t *problem)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT ? STATUS_OK : problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot read %s: %s", path, strerror(errno));
    status_t status = STATUS_OK;
    for (const struct dirent *entry = readdir(folder); entry != NULL && status == STATUS_OK; entry = readdir(folder)) {
        if (folder_takes(entry->d_name, false))
            status = problem_set(problem, STATUS_ALREADY_EXISTS, NULL, "%s/%s is there already: another folder, or --force", path,
                                 entry->d_name);
    }
    closedir(folder);
    return status;
}

static status_t receive(export_t *export, problem_t *problem)
{
    const http_request_t request = {.path = is_document(export) ? "/v1/exports/json" : "/v1/exports/csv", .take = take, .stream = export};
    status_t status = ask_for(export->http, &request, begin, PATIENCE_US, NULL, NULL, NULL, problem);
    // A refusal of ours may have met the end of patience instead of the next attempt.
    if (export->status != STATUS_OK) {
        *problem = export->problem;
        return export->status;
    }
    if (status == STATUS_OK)
        status = is_document(export) ? bundle_close(&export->bundle, problem) : archive_finish(&export->archive, problem);
    return status;
}

static status_t export_to(export_t *export, size_t *files, int64_t *bytes, problem_t *problem)
{
    status_t status = export->force ? STATUS_OK : check_empty(export->folder, problem);
    if (status == STATUS_OK)
        status = bundle_begin(&export->bundle, export->folder, problem);
    if (status == STATUS_OK)
        status = receive(export, problem);
    progress_clear(&export->progress);
    *files = export->bundle.count;
    *bytes = export->bundle.bytes;
    if (status == STATUS_OK)
        status = bundle_keep(&export->bundle, problem);
    bundle_end(&export->bundle);
    return status;
}

static int run(export_t *export)
{
    problem_t problem = {0};
    size_t files = 0;
    int64_t bytes = 0;
    int code = target_open(export->command, &export->target, false, &export->http);
    if (code != COMMAND_OK)
        return code;
    export->bundle.dir = -1;
    const status_t status = export_to(export, &files, &bytes, &problem);
    // What was refused here, for a file's name say, is no word of the platform's.
    if (status != STATUS_OK)
        code =
            export->status != STATUS_OK ? command_failed(export->command, &problem) : ask_failed(export->command, export->http, &problem);
    http_destroy(&export->http);
    if (status != STATUS_OK)
        return code;
    char amount[PROGRESS_AMOUNT_SIZE];
    progress_amount(bytes, amount);
    printf("%s: %zu %s, %s\n", export->folder, files, files == 1 ? "file" : "files", amount);
    return COMMAND_OK;
}

int export_command(const command_t *command, int argc, char **argv)
{
    export_t export = {.command = command};
    const command_option_t options[] = {
        TARGET_OPTIONS(export.target),
        {"--format", &export.format, NULL, false},
        {"--force", NULL, &export.force, false},
        {0},
    };
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &export.positionals, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (export.positionals != 1)
        return command_usage_error(command, "one folder to write to");
    if (export.format == NULL)
        export.format = "csv";
    if (strcmp(export.format, "csv") != 0 && strcmp(export.format, "json") != 0)
        return command_usage_error(command, "--format is csv or json");
    export.folder = argv[1];
    export.progress = (progress_t){.out = isatty(STDERR_FILENO) == 1 ? stderr : NULL, .terminal = true};
    return run(&export);
}
