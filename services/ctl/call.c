#include "services/ctl/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "services/ctl/arguments.h"
#include "services/ctl/ask.h"
#include "services/ctl/call_options.h"
#include "services/ctl/file.h"
#include "services/ctl/help.h"
#include "services/ctl/show.h"
#include "services/ctl/transfer.h"

enum { BODY_CAP = 64 * 1024 * 1024, TARGET_CAP = 64 * 1024, PAGE_SIZE = 1000, MATCH_SIZE = 40 };
#define ARENA_CAP (64u * 1024u * 1024u)

typedef struct call {
    const pb_method_t *method;
    const command_t *command;
    call_options_t options;
    arguments_t arguments;
    arena_t *arena;
    http_t *http;
    show_t show;
    const char *key;
    char made_key[ID_SIZE], match[MATCH_SIZE];
} call_t;

static bool has_field(const pb_type_t *type, const char *name)
{
    return pb_field_by_name(type, name) >= 0;
}

call_paging_t call_paging(const pb_method_t *method)
{
    unsigned index;
    if ((method->flags & (PB_CHANGES | PB_DOWNLOAD)) || show_page_type(method->reply, &index) == NULL)
        return CALL_PAGING_NONE;
    if (has_field(method->request, "page_token") && has_field(method->reply, "next_page_token"))
        return CALL_PAGING_TOKEN;
    return has_field(method->request, "after") && has_field(method->reply, "next") && has_field(method->reply, "max") ? CALL_PAGING_PLACE
                                                                                                                      : CALL_PAGING_NONE;
}

// ---- from the command line to a request ----

static int usage_problem(const call_t *call, const problem_t *problem)
{
    if (problem->field[0] == '\0')
        return command_usage_error(call->command, "%s", problem->detail);
    return command_usage_error(call->command, "%s: %s", problem->field, problem->detail);
}

static int set_body(call_t *call)
{
    problem_t problem = {0};
    buf_t text;
    if (call->options.json_body == NULL)
        return COMMAND_OK;
    buf_init(&text, BODY_CAP);
    const char *path = strcmp(call->options.json_body, "-") == 0 ? "/dev/stdin" : call->options.json_body;
    status_t status = file_read(path, &text, &problem);
    int code = status == STATUS_OK ? COMMAND_OK : command_failed(call->command, &problem);
    if (code == COMMAND_OK && arguments_body(&call->arguments, text.data != NULL ? text.data : "", text.size, &problem) != STATUS_OK)
        code = usage_problem(call, &problem);
    buf_deinit(&text);
    return code;
}

static int set_flags(call_t *call)
{
    const call_options_t *options = &call->options;
    problem_t problem = {0};
    for (size_t i = 0; i < options->flag_count; i++) {
        if (arguments_set(&call->arguments, &options->flags[i], options->flag_values[i], &problem) != STATUS_OK)
            return usage_problem(call, &problem);
    }
    for (size_t i = 0; i < options->clear_count; i++) {
        if (arguments_clear(&call->arguments, options->clear[i], &problem) != STATUS_OK)
            return usage_problem(call, &problem);
    }
    return COMMAND_OK;
}

// The version of If-Match, with or without its quotes.
static int set_match(call_t *call)
{
    const char *given = call->options.if_match;
    long long version;
    char digits[MATCH_SIZE];
    if (given == NULL && (call->method->flags & PB_PATCHES))
        return command_usage_error(call->command,
                                   "--if-match is missing: the version that is to be changed, which the answer to a get shows");
    if (given == NULL)
        return COMMAND_OK;
    const size_t size = strlen(given);
    const bool quoted = size > 2 && given[0] == '"' && given[size - 1] == '"';
    snprintf(digits, sizeof digits, "%.*s", (int)(quoted ? size - 2 : size), given + quoted);
    if (size >= sizeof digits || !command_number(digits, 1, INT64_MAX, &version))
        return command_usage_error(call->command, "--if-match is a version, as in 3");
    snprintf(call->match, sizeof call->match, "\"%lld\"", version);
    return COMMAND_OK;
}

// Lists are read in as large pages as there may be where all of them are wanted.
static void set_page_size(call_t *call)
{
    static const char *const names[] = {"page_size", "limit"};
    const pb_type_t *type = call->method->request;
    for (size_t i = 0; call->options.all && i < sizeof names / sizeof *names; i++) {
        const int index = pb_field_by_name(type, names[i]);
        if (index < 0 || json_object_get(call->arguments.request, type->fields[index].json) != NULL)
            continue;
        const int64_t most = type->fields[index].flags & PB_HAS_MAXIMUM ? type->fields[index].maximum : PAGE_SIZE;
        json_object_set_new(call->arguments.request, type->fields[index].json, json_integer(most));
    }
}

static int prepare(call_t *call)
{
    problem_t problem = {0};
    if (call->options.all && call_paging(call->method) == CALL_PAGING_NONE)
        return command_usage_error(call->command, "--all is for lists that come in pages");
    if (call->options.idempotency_key != NULL && !(call->method->flags & PB_CHANGES))
        return command_usage_error(call->command, "--idempotency-key is for calls that change something");
    if (call->options.if_match != NULL && !(call->method->flags & PB_CHANGES))
        return command_usage_error(call->command, "--if-match is for calls that change something");
    int code = set_body(call);
    if (code == COMMAND_OK)
        code = set_flags(call);
    if (code == COMMAND_OK)
        set_page_size(call);
    if (code == COMMAND_OK && arguments_check(&call->arguments, call->arena, &problem) != STATUS_OK)
        code = usage_problem(call, &problem);
    if (code == COMMAND_OK)
        code = set_match(call);
    if (code == COMMAND_OK && show_check(&call->show, call->method->reply, &problem) != STATUS_OK)
        code = usage_problem(call, &problem);
    return code;
}

// ---- the question ----

// The field that the platform names is a flag here.
static int refused(const call_t *call, problem_t *problem)
{
    char flag[CONTRACT_NAME_SIZE];
    const size_t size = strlen(problem->field);
    if (size > 0 && strncmp(problem->detail, problem->field, size) == 0 && problem->detail[size] == ':' &&
        flag_of_problem(call->method, problem->field, flag)) {
        char detail[sizeof problem->detail];
        snprintf(detail, sizeof detail, "%s%s", flag, problem->detail + size);
        memcpy(problem->detail, detail, sizeof detail);
    }
    return ask_failed(call->command, call->http, problem);
}

// Sends the request as it is now and appends the answer to `reply`.
static status_t ask(const call_t *call, buf_t *reply, problem_t *problem)
{
    const pb_method_t *method = call->method;
    buf_t target, body;
    buf_init(&target, TARGET_CAP);
    buf_init(&body, BODY_CAP);
    status_t status = arguments_target(&call->arguments, &target, problem);
    const bool has_body = status == STATUS_OK && arguments_body_text(&call->arguments, &body);
    if (status == STATUS_OK && !buf_ok(&body))
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    if (status == STATUS_OK) {
        const http_request_t request = {.path = target.data,
                                        .verb = method->verb,
                                        .body = has_body ? body.data : NULL,
                                        .key = method->flags & PB_CHANGES ? call->key : NULL,
                                        .match = call->match[0] != '\0' ? call->match : NULL};
        status = method->upload != NULL ? transfer_upload(call->http, &request, call->options.files, call->options.file_count,
                                                          call->options.patience_us, reply, problem)
                 : method->flags & PB_DOWNLOAD
                     ? transfer_download(call->http, &request, call->options.output, call->options.patience_us, problem)
                     : ask_text(call->http, &request, call->options.patience_us, reply, problem);
    }
    buf_deinit(&target);
    buf_deinit(&body);
    return status;
}

static status_t parse(const buf_t *reply, json_t **json, problem_t *problem)
{
    *json = json_loadb(reply->data != NULL ? reply->data : "", reply->size, 0, NULL);
    return json_is_object(*json) ? STATUS_OK : problem_set(problem, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
}

// ---- the answer ----

static bool goes_on(const call_t *call, const json_t *reply)
{
    const char *token = json_string_value(json_object_get(reply, "nextPageToken"));
    switch (call_paging(call->method)) {
    case CALL_PAGING_TOKEN:
        return token != NULL && token[0] != '\0';
    case CALL_PAGING_PLACE:
        return json_integer_value(json_object_get(reply, "next")) < json_integer_value(json_object_get(reply, "max"));
    default:
        return false;
    }
}

static status_t show_one(const call_t *call, const buf_t *text, problem_t *problem)
{
    json_t *reply = NULL;
    if (text->size == 0)
        return STATUS_OK;
    // As it came, with what this program may not know of.
    if (call->show.json) {
        const bool written = fwrite(text->data, 1, text->size, stdout) == text->size && putchar('\n') != EOF;
        return written ? STATUS_OK : problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
    }
    status_t status = parse(text, &reply, problem);
    if (status == STATUS_OK)
        status = show_reply(&call->show, call->method->reply, reply, problem);
    if (status == STATUS_OK && goes_on(call, reply)) {
        (void)fflush(stdout);
        fprintf(stderr, "there is more: --all\n");
    }
    json_decref(reply);
    return status;
}

// Sets where the next page begins; false where it would begin where this one did.
static bool move_on(call_t *call, const json_t *reply)
{
    const bool token = call_paging(call->method) == CALL_PAGING_TOKEN;
    const char *name = token ? "pageToken" : "after";
    json_t *next = json_object_get(reply, token ? "nextPageToken" : "next");
    if (json_equal(next, json_object_get(call->arguments.request, name)))
        return false;
    return json_object_set(call->arguments.request, name, next) == 0;
}

// Lines of JSON are written page by page; a table needs all of its rows to know its widths.
static status_t show_all(call_t *call, problem_t *problem)
{
    unsigned index = 0;
    buf_t text;
    json_t *reply = NULL, *rows = json_array();
    const pb_type_t *type = show_page_type(call->method->reply, &index);
    status_t status = rows != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    buf_init(&text, BODY_CAP);
    for (bool more = true; status == STATUS_OK && more;) {
        buf_clear(&text);
        json_decref(reply);
        reply = NULL;
        status = ask(call, &text, problem);
        if (status == STATUS_OK)
            status = parse(&text, &reply, problem);
        if (status != STATUS_OK)
            break;
        json_array_extend(rows, json_object_get(reply, call->method->reply->fields[index].json));
        more = goes_on(call, reply);
        if (call->show.json || !more)
            status = show_rows(&call->show, type, rows, problem);
        if (call->show.json)
            json_array_clear(rows);
        if (status == STATUS_OK && more && !move_on(call, reply))
            status = problem_set(problem, STATUS_INTERNAL, NULL, "the server's pages do not go on");
    }
    json_decref(reply);
    json_decref(rows);
    buf_deinit(&text);
    return status;
}

static int run(call_t *call)
{
    problem_t problem = {0};
    status_t status;
    if (call->options.all) {
        status = show_all(call, &problem);
    } else {
        buf_t reply;
        buf_init(&reply, BODY_CAP);
        status = ask(call, &reply, &problem);
        if (status == STATUS_OK)
            status = show_one(call, &reply, &problem);
        buf_deinit(&reply);
    }
    return status == STATUS_OK ? COMMAND_OK : refused(call, &problem);
}

static int run_with_options(call_t *call, int argc, char **argv)
{
    problem_t problem = {0};
    int code =
        call_options_read(&call->options, call->method, argc, argv, &problem) == STATUS_OK ? COMMAND_OK : usage_problem(call, &problem);
    show_init(&call->show, stdout, call->options.json, call->options.table, call->options.columns);
    // Whoever does not hear the answer asks again under the same key: it takes place once.
    id_make(clock_wall_us(), call->made_key);
    call->key = call->options.idempotency_key != NULL ? call->options.idempotency_key : call->made_key;
    if (code == COMMAND_OK)
        code = prepare(call);
    if (code == COMMAND_OK)
        code = target_open(call->command, &call->options.target, false, &call->http);
    if (code == COMMAND_OK)
        code = run(call);
    http_destroy(&call->http);
    return code;
}

int call_run(const pb_method_t *method, int argc, char **argv)
{
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE], both[2 * CONTRACT_NAME_SIZE];
    buf_t usage;
    problem_t problem = {0};
    contract_group(method->name, group);
    contract_kebab(method->short_name, name);
    snprintf(both, sizeof both, "%s %s", group, name);
    buf_init(&usage, TARGET_CAP);
    help_usage(method, &usage);
    buf_printf(&usage, "  pcnctl %s --help says more\n", both);
    const command_t command = {.name = both, .usage = usage.data != NULL ? usage.data : ""};
    call_t call = {.method = method, .command = &command, .arena = arena_new(ARENA_CAP)};
    int code = COMMAND_FAILED;
    if (call.arena != NULL && arguments_init(&call.arguments, method, &problem) == STATUS_OK)
        code = run_with_options(&call, argc, argv);
    arguments_deinit(&call.arguments);
    call_options_free(&call.options);
    arena_destroy(&call.arena);
    buf_deinit(&usage);
    return code;
}
