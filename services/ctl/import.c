// The import command: the data set's folders into a running platform, through the same calls that anybody may make.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "services/ctl/command.h"
#include "services/ctl/credential.h"
#include "services/ctl/file.h"
#include "services/ctl/load.h"

enum {
    FOLDERS_MAX = 64,
    CSV_CAP = 256 * 1024 * 1024,
    IN_FLIGHT_DEFAULT = 16,
    IN_FLIGHT_MAX = 64,
    PATIENCE_DEFAULT_S = 30,
    PATIENCE_MAX_S = 3600,
};

typedef struct import {
    const command_t *command;
    const char *url, *token, *token_file, *start, *in_flight, *patience;
    load_options_t load;
    int folders;
    char **folder;
    report_t *report;
    plan_t *plan;
} import_t;

static int parse(import_t *import, int argc, char **argv)
{
    const command_option_t options[] = {
        {"--url", &import->url, NULL, true},
        {"--token", &import->token, NULL, false},
        {"--token-file", &import->token_file, NULL, false},
        {"--from", &import->start, NULL, false},
        {"--in-flight", &import->in_flight, NULL, false},
        {"--patience", &import->patience, NULL, false},
        {0},
    };
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &import->folders, &problem) != STATUS_OK)
        return command_usage_error(import->command, "%s", problem.detail);
    import->folder = argv + 1;
    if (import->folders < 1 || import->folders > FOLDERS_MAX)
        return command_usage_error(import->command, "1 to %d folders can be imported at a time", FOLDERS_MAX);
    // The start of the documents' networks.
    if (import->start == NULL)
        import->start = "2019-07-01";
    int32_t days;
    if (!date_parse(import->start, &days))
        return command_usage_error(import->command, "--from is a date as in 2019-07-01");
    long long in_flight = IN_FLIGHT_DEFAULT, patience_s = PATIENCE_DEFAULT_S;
    if (import->in_flight != NULL && !command_number(import->in_flight, 1, IN_FLIGHT_MAX, &in_flight))
        return command_usage_error(import->command, "--in-flight is a number from 1 to %d", IN_FLIGHT_MAX);
    if (import->patience != NULL && !command_number(import->patience, 0, PATIENCE_MAX_S, &patience_s))
        return command_usage_error(import->command, "--patience is a number of seconds, 0 to %d", PATIENCE_MAX_S);
    import->load = (load_options_t){(unsigned)in_flight, patience_s * 1000000};
    return COMMAND_OK;
}

// One file of a folder, where it is there.
static status_t read_table(import_t *import, const char *folder, plan_table_t table, bool *found, problem_t *problem)
{
    char path[FILE_PATH_SIZE];
    buf_t text;
    status_t status = file_path(folder, plan_table_file(table), path, problem);
    if (status != STATUS_OK)
        return status;
    buf_init(&text, CSV_CAP);
    status = file_read(path, &text, problem);
    if (status != STATUS_OK) {
        buf_deinit(&text);
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    *found = true;
    report_file_t *file = report_file_new(import->report, path);
    csv_t *csv = NULL;
    if (file == NULL) {
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    } else {
        status = csv_parse(text.data != NULL ? text.data : "", text.size, &csv, problem);
        if (status == STATUS_INVALID_ARGUMENT) {
            report_problem(file, 0, problem->field, "%s", problem->detail);
            status = STATUS_OK;
        } else if (status == STATUS_OK) {
            status = plan_add(import->plan, table, csv, file, problem);
        }
    }
    csv_destroy(&csv);
    buf_deinit(&text);
    return status;
}

static status_t read_folders(import_t *import, problem_t *problem)
{
    for (int i = 0; i < import->folders; i++) {
        bool found = false;
        for (plan_table_t table = 0; table < PLAN_TABLES; table++) {
            status_t status = read_table(import, import->folder[i], table, &found, problem);
            if (status != STATUS_OK)
                return status;
        }
        // A mistyped folder would otherwise look like one that is imported already.
        if (!found)
            return problem_set(problem, STATUS_NOT_FOUND, NULL, "%s holds none of the files that can be imported", import->folder[i]);
    }
    return plan_finish(import->plan, problem);
}

static int run(import_t *import, const char *token)
{
    problem_t problem = {0};
    http_t *http = NULL;
    status_t status = http_new(import->url, token, import->load.in_flight, &http, &problem);
    if (status == STATUS_INVALID_ARGUMENT)
        return command_usage_error(import->command, "%s", problem.detail);
    if (status == STATUS_OK)
        status = read_folders(import, &problem);
    if (status == STATUS_OK)
        status = load_run(import->plan, http, &import->load, import->report, &problem);
    report_summary(import->report, stdout);
    http_destroy(&http);
    if (status != STATUS_OK)
        return command_failed(import->command, &problem);
    return report_failed(import->report) == 0 ? COMMAND_OK : COMMAND_FAILED;
}

int import_command(const command_t *command, int argc, char **argv)
{
    import_t import = {.command = command};
    int code = parse(&import, argc, argv);
    if (code != COMMAND_OK)
        return code;
    buf_t token;
    buf_init(&token, CREDENTIAL_CAP);
    code = credential_take(command, import.token, import.token_file, &token);
    if (code == COMMAND_OK) {
        import.report = report_new(stderr, isatty(STDERR_FILENO) == 1);
        import.plan = plan_new(import.start);
        code = COMMAND_FAILED;
        if (import.report != NULL && import.plan != NULL)
            code = run(&import, token.data);
    }
    buf_deinit(&token);
    plan_destroy(&import.plan);
    report_destroy(&import.report);
    return code;
}
