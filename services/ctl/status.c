// The status command: whether a platform can serve, each of its programs and services, and how far behind those are that follow others.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/type.h"
#include "services/ctl/ask.h"
#include "services/ctl/programs.h"
#include "services/ctl/rows.h"
#include "services/ctl/target.h"

enum { PATH_SIZE = 256, PAGE_CAP = 64 * 1024 * 1024, OUT_CAP = 4 * 1024 * 1024 };
#define PATIENCE_US 0

typedef struct status_look {
    const command_t *command;
    target_options_t target;
    const char *state;
    bool json, table;
    show_t show;
    http_t *http;
    json_t *document; // url?, ready, problem?, version?, programs?, services, followers
    bool ready;
} status_look_t;

// ---- over HTTP ----

static status_t get_json(const status_look_t *look, const char *path, json_t **json, problem_t *problem)
{
    buf_t text;
    buf_init(&text, PAGE_CAP);
    *json = NULL;
    status_t status = ask_text(look->http, &(http_request_t){.path = path}, PATIENCE_US, &text, problem);
    if (status == STATUS_OK) {
        *json = json_loadb(text.data != NULL ? text.data : "", text.size, 0, NULL);
        if (*json == NULL)
            status = problem_set(problem, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
    }
    buf_deinit(&text);
    return status;
}

static void look_at_edge(status_look_t *look)
{
    problem_t problem = {0};
    json_t *reply = NULL;
    look->ready = get_json(look, "/readyz", &reply, &problem) == STATUS_OK;
    json_decref(reply);
    json_object_set_new(look->document, "ready", json_boolean(look->ready));
    if (!look->ready)
        json_object_set_new(look->document, "problem", json_string(problem.detail));
    if (get_json(look, "/openapi.json", &reply, &problem) == STATUS_OK) {
        json_t *version = json_object_get(json_object_get(reply, "info"), "version");
        if (json_is_string(version))
            json_object_set(look->document, "version", version);
    }
    json_decref(reply);
}

// Whether a service answers, and the end of its log. A token without the scope is answered by the gateway alone: then nothing is known.
static void look_at_service(status_look_t *look, const char *service, json_t *services)
{
    char path[PATH_SIZE];
    problem_t problem = {0};
    json_t *reply = NULL, *row = json_pack("{s:s}", "service", service);
    snprintf(path, sizeof path, "/v1/events/%s?limit=1", service);
    const status_t status = get_json(look, path, &reply, &problem);
    const long refusal = http_refusal(look->http);
    const bool answers = status == STATUS_OK || refusal == 410;
    json_object_set_new(row, "state", json_string(answers ? "ready" : refusal == 401 || refusal == 403 ? "not seen" : "away"));
    if (answers && json_object_get(reply, "max") != NULL)
        json_object_set(row, "place", json_object_get(reply, "max"));
    if (!answers)
        json_object_set_new(row, "problem", json_string(problem.detail));
    look->ready = look->ready && (answers || refusal == 401 || refusal == 403);
    json_array_append_new(services, row);
    json_decref(reply);
}

static json_int_t place_of(const json_t *services, const char *service)
{
    size_t i;
    const json_t *row;
    json_array_foreach(services, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "service")), service) == 0)
            return json_integer_value(json_object_get(row, "place"));
    }
    return 0;
}

static void look_at_followers(status_look_t *look, const char *service, const json_t *services, json_t *followers)
{
    char path[PATH_SIZE];
    problem_t problem = {0};
    json_t *reply = NULL;
    size_t i;
    const json_t *follower;
    snprintf(path, sizeof path, "/v1/followers/%s", service);
    if (get_json(look, path, &reply, &problem) != STATUS_OK)
        return;
    json_array_foreach(json_object_get(reply, "followers"), i, follower)
    {
        const char *source = json_string_value(json_object_get(follower, "source"));
        json_t *row = json_deep_copy(follower);
        const json_int_t end = source != NULL ? place_of(services, source) : 0;
        json_object_set_new(row, "service", json_string(service));
        if (end > 0)
            json_object_set_new(row, "lag", json_integer(end - json_integer_value(json_object_get(follower, "sequence"))));
        const char *state = json_string_value(json_object_get(follower, "state"));
        look->ready = look->ready && (state == NULL || strcmp(state, "stopped") != 0);
        json_array_append_new(followers, row);
    }
    json_decref(reply);
}

static void look_over_http(status_look_t *look)
{
    json_t *services = json_array(), *followers = json_array();
    look_at_edge(look);
    for (const char *const *service = pcn_service_names; *service != NULL; service++)
        look_at_service(look, *service, services);
    for (const char *const *service = pcn_service_names; *service != NULL; service++)
        look_at_followers(look, *service, services, followers);
    json_object_set_new(look->document, "services", services);
    json_object_set_new(look->document, "followers", followers);
}

// ---- on this machine ----

static status_t look_at_programs(status_look_t *look, problem_t *problem)
{
    json_t *programs = json_array(), *followers = json_array();
    size_t i;
    const json_t *row;
    status_t status = programs_look(look->http, look->state, programs, followers, problem);
    bool ready = json_array_size(programs) > 0;
    json_array_foreach(programs, i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state"));
        ready = ready && state != NULL && (strcmp(state, "ready") == 0 || strcmp(state, "done") == 0);
    }
    json_array_foreach(followers, i, row)
    {
        ready = ready && strcmp(json_string_value(json_object_get(row, "state")), "stopped") != 0;
    }
    look->ready = ready;
    json_object_set_new(look->document, "ready", json_boolean(ready));
    json_object_set_new(look->document, "programs", programs);
    json_object_set_new(look->document, "followers", followers);
    return status;
}

// ---- what is shown ----

static void add_head(const status_look_t *look, buf_t *out)
{
    const char *url = json_string_value(json_object_get(look->document, "url"));
    const char *version = json_string_value(json_object_get(look->document, "version"));
    const char *problem = json_string_value(json_object_get(look->document, "problem"));
    const char *where = url != NULL ? url : look->state;
    buf_printf(out, "%s: %s%s%s%s%s\n", where, look->ready ? "ready" : "not ready", version != NULL ? ", version " : "",
               version != NULL ? version : "", problem != NULL ? ": " : "", problem != NULL ? problem : "");
}

static const rows_column_t program_columns[] = {{"PROGRAM", "program", false, true},   {"STATE", "state", false, true},
                                                {"VERSION", "version", false, false},  {"PID", "pid", true, false},
                                                {"RESTARTS", "restarts", true, false}, {"READY SINCE", "readySince", false, false},
                                                {"MEMORY", "memory", true, false},     {"PLACE", "place", true, false},
                                                {"DELAY MS", "delayMs", true, false},  {"PROBLEM", "problem", false, false}};
static const rows_column_t service_columns[] = {{"SERVICE", "service", false, true},
                                                {"STATE", "state", false, true},
                                                {"PLACE", "place", true, false},
                                                {"PROBLEM", "problem", false, false}};
static const rows_column_t follower_columns[] = {{"FOLLOWER", "service", false, true}, {"SOURCE", "source", false, true},
                                                 {"STATE", "state", false, true},      {"SEQUENCE", "sequence", true, false},
                                                 {"LAG", "lag", true, false},          {"LAG S", "lagSeconds", true, false},
                                                 {"MOVED", "movedAt", false, false}};

static void add_section(const status_look_t *look, const char *key, const rows_column_t *columns, size_t count, buf_t *out)
{
    const json_t *rows = json_object_get(look->document, key);
    if (json_array_size(rows) == 0)
        return;
    buf_add_char(out, '\n');
    rows_add(&look->show, rows, columns, count, out);
}

static bool write_tables(const status_look_t *look)
{
    buf_t out;
    buf_init(&out, OUT_CAP);
    add_head(look, &out);
    add_section(look, "programs", program_columns, sizeof program_columns / sizeof *program_columns, &out);
    add_section(look, "services", service_columns, sizeof service_columns / sizeof *service_columns, &out);
    add_section(look, "followers", follower_columns, sizeof follower_columns / sizeof *follower_columns, &out);
    const bool ok = buf_ok(&out) && fwrite(out.data, 1, out.size, stdout) == out.size;
    buf_deinit(&out);
    return ok;
}

static int say(const status_look_t *look)
{
    problem_t problem = {0};
    const bool written = look->show.json ? show_json(&look->show, look->document, &problem) == STATUS_OK : write_tables(look);
    return !written ? COMMAND_FAILED : look->ready ? COMMAND_OK : COMMAND_UNAVAILABLE;
}

static int run(status_look_t *look)
{
    problem_t problem = {0};
    if (look->state != NULL) {
        // The address is nobody's: all goes over sockets.
        if (http_new("http://localhost", NULL, 1, &look->http, &problem) != STATUS_OK || look_at_programs(look, &problem) != STATUS_OK)
            return command_failed(look->command, &problem);
        return say(look);
    }
    const int code = target_open(look->command, &look->target, true, &look->http);
    if (code != COMMAND_OK)
        return code;
    json_object_set_new(look->document, "url", json_string(http_url(look->http)));
    look_over_http(look);
    json_object_set_new(look->document, "ready", json_boolean(look->ready));
    return say(look);
}

int status_command(const command_t *command, int argc, char **argv)
{
    status_look_t look = {.command = command};
    const command_option_t options[] = {
        TARGET_OPTIONS(look.target),
        {"--state", &look.state, NULL, false},
        {"--json", NULL, &look.json, false},
        {"--table", NULL, &look.table, false},
        {0},
    };
    problem_t problem = {0};
    int positionals = 0;
    if (command_options(options, argc - 1, argv + 1, &positionals, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (positionals > 0)
        return command_usage_error(command, "there is nothing to say but options");
    if (look.state != NULL && (look.target.url != NULL || look.target.context != NULL))
        return command_usage_error(command, "--state is for the machine itself, --url and --context for a platform over HTTP");
    show_init(&look.show, stdout, look.json, look.table, NULL);
    look.document = json_object();
    const int code = look.document != NULL ? run(&look) : COMMAND_FAILED;
    json_decref(look.document);
    http_destroy(&look.http);
    return code;
}
