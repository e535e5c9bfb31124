// The audit commands: what a service's trail says, and the proof that it is whole.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/json.h"
#include "pcn/audit/v1/audit.meta.h"
#include "services/ctl/ask.h"
#include "services/ctl/command.h"
#include "services/ctl/show.h"
#include "services/ctl/target.h"
#include "services/ctl/trail.h"

enum { PAGE = 1000, LIST_DEFAULT = 100, LIST_MAX = 1000000, PATH_CAP = 4096 };
#define ARENA_CAP (64u * 1024u * 1024u)

typedef struct audit {
    const command_t *command;
    target_options_t target;
    const char *service, *columns;
    const char *subject, *resource, *request_id, *after, *limit, *since;
    bool json, table;
    int positionals;
    http_t *http;
    arena_t *arena;
    buf_t text; // a path, or a line
} audit_t;

static void add_filter(buf_t *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_printf(path, "&%s=", name);
    ask_escape(path, value);
}

// The page after a place; its memory ends with the next one.
static status_t read_page(audit_t *audit, int64_t after, unsigned limit, Pcn__Audit__V1__ReadReply **page, problem_t *problem)
{
    void *message = NULL;
    arena_reset(audit->arena);
    buf_clear(&audit->text);
    buf_add_string(&audit->text, "/v1/audit/");
    ask_escape(&audit->text, audit->service);
    buf_printf(&audit->text, "?after=%" PRId64 "&limit=%u", after, limit);
    add_filter(&audit->text, "subject", audit->subject);
    add_filter(&audit->text, "resource", audit->resource);
    add_filter(&audit->text, "requestId", audit->request_id);
    if (!buf_ok(&audit->text))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the filters are too long");
    status_t status = ask_get(audit->http, audit->text.data, &pcn__audit__v1__read_reply__type, audit->arena, &message, problem);
    *page = message;
    if (status == STATUS_OK && (!(*page)->has_next || !(*page)->has_max || (*page)->next < after))
        status = problem_set(problem, STATUS_INTERNAL, NULL, "the server's page has no end");
    return status;
}

// ---- list ----

static int failed(const audit_t *audit, const problem_t *problem)
{
    if (strcmp(problem->field, "--columns") == 0)
        return command_usage_error(audit->command, "--columns: %s", problem->detail);
    return ask_failed(audit->command, audit->http, problem);
}

// An entry as JSON, as the platform would send it.
static json_t *entry_json(audit_t *audit, const Pcn__Audit__V1__Entry *entry)
{
    buf_clear(&audit->text);
    pb_json_write(&pcn__audit__v1__entry__type, entry, &audit->text);
    return buf_ok(&audit->text) ? json_loadb(audit->text.data, audit->text.size, 0, NULL) : NULL;
}

static status_t read_entries(audit_t *audit, const show_t *show, long long after, long long limit, json_t *rows, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (bool more = true; more && limit > 0 && status == STATUS_OK;) {
        Pcn__Audit__V1__ReadReply *page = NULL;
        status = read_page(audit, after, limit < PAGE ? (unsigned)limit : PAGE, &page, problem);
        if (status != STATUS_OK || page == NULL)
            return status;
        for (size_t i = 0; i < page->n_entries; i++) {
            if (json_array_append_new(rows, entry_json(audit, page->entries[i])) != 0)
                return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
        }
        limit -= (long long)page->n_entries;
        more = page->next > after && page->next < page->max;
        after = page->next;
        // Lines need no widths.
        if (show->json) {
            status = show_rows(show, &pcn__audit__v1__entry__type, rows, problem);
            json_array_clear(rows);
        }
    }
    return status;
}

static status_t list(audit_t *audit, long long after, long long limit, problem_t *problem)
{
    show_t show;
    json_t *rows = json_array();
    show_init(&show, stdout, audit->json, audit->table, audit->columns);
    show.defaults = audit->columns == NULL;
    if (!show.json && show.defaults)
        show.columns = "place,at,subject,origin,method,resource,verdict";
    status_t status = show_check(&show, &pcn__audit__v1__read_reply__type, problem);
    if (status == STATUS_OK)
        status = read_entries(audit, &show, after, limit, rows, problem);
    if (status == STATUS_OK && !show.json)
        status = show_rows(&show, &pcn__audit__v1__entry__type, rows, problem);
    json_decref(rows);
    return status;
}

static int run_list(audit_t *audit)
{
    long long after = 0, limit = LIST_DEFAULT;
    problem_t problem = {0};
    if (audit->since != NULL)
        return command_usage_error(audit->command, "--since is for verify");
    if (audit->after != NULL && !command_number(audit->after, 0, INT64_MAX, &after))
        return command_usage_error(audit->command, "--after is a place");
    if (audit->limit != NULL && !command_number(audit->limit, 1, LIST_MAX, &limit))
        return command_usage_error(audit->command, "--limit is a number from 1 to %d", LIST_MAX);
    return list(audit, after, limit, &problem) == STATUS_OK ? COMMAND_OK : failed(audit, &problem);
}

// ---- verify ----

static void print_fault(void *data, const char *sentence)
{
    (void)data;
    printf("%s\n", sentence);
}

// Goes on until a page reaches the head that stands in it: the trail grows meanwhile.
static status_t verify(audit_t *audit, trail_t *trail, problem_t *problem)
{
    for (int64_t after = 0;;) {
        Pcn__Audit__V1__ReadReply *page = NULL;
        status_t status = read_page(audit, after, PAGE, &page, problem);
        if (status != STATUS_OK || page == NULL)
            return status;
        for (size_t i = 0; status == STATUS_OK && i < page->n_entries; i++)
            status = trail_add(trail, page->entries[i], problem);
        if (status != STATUS_OK)
            return status;
        // A full page may have more behind it even at the head, where the head was moved back.
        if (page->next == after || (page->next == page->max && page->n_entries < PAGE)) {
            trail_end(trail, page->max, page->hash);
            printf("%s: %" PRIu64 " entries, %" PRIu64 " faults\nhead %" PRId64 ":%s\n", audit->service, trail->entries, trail->faults,
                   page->max, page->hash != NULL ? page->hash : "");
            return STATUS_OK;
        }
        after = page->next;
    }
}

static int run_verify(audit_t *audit)
{
    trail_place_t kept;
    trail_t trail;
    problem_t problem = {0};
    if (audit->subject != NULL || audit->resource != NULL || audit->request_id != NULL || audit->after != NULL || audit->limit != NULL ||
        audit->json || audit->table || audit->columns != NULL)
        return command_usage_error(audit->command, "verify reads the whole trail: filters are for list");
    if (audit->since != NULL && !trail_place_parse(audit->since, &kept))
        return command_usage_error(audit->command, "--since is a head as verify printed it, PLACE:HASH");
    trail_init(&trail, print_fault, NULL, audit->since != NULL ? &kept : NULL);
    status_t status = verify(audit, &trail, &problem);
    const uint64_t faults = trail.faults;
    trail_deinit(&trail);
    if (status != STATUS_OK)
        return ask_failed(audit->command, audit->http, &problem);
    return faults == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int run_with_platform(audit_t *audit, int (*run)(audit_t *audit))
{
    int code = target_open(audit->command, &audit->target, false, &audit->http);
    if (code != COMMAND_OK)
        return code;
    audit->arena = arena_new(ARENA_CAP);
    buf_init(&audit->text, ARENA_CAP);
    code = audit->arena != NULL ? run(audit) : COMMAND_FAILED;
    buf_deinit(&audit->text);
    arena_destroy(&audit->arena);
    http_destroy(&audit->http);
    return code;
}

int audit_command(const command_t *command, int argc, char **argv)
{
    audit_t audit = {.command = command};
    const command_option_t options[] = {
        TARGET_OPTIONS(audit.target),
        {"--service", &audit.service, NULL, true},
        {"--subject", &audit.subject, NULL, false},
        {"--resource", &audit.resource, NULL, false},
        {"--request-id", &audit.request_id, NULL, false},
        {"--after", &audit.after, NULL, false},
        {"--limit", &audit.limit, NULL, false},
        {"--since", &audit.since, NULL, false},
        {"--columns", &audit.columns, NULL, false},
        {"--json", NULL, &audit.json, false},
        {"--table", NULL, &audit.table, false},
        {0},
    };
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &audit.positionals, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    const char *verb = audit.positionals == 1 ? argv[1] : "";
    int (*run)(audit_t *) = strcmp(verb, "list") == 0 ? run_list : strcmp(verb, "verify") == 0 ? run_verify : NULL;
    if (run == NULL)
        return command_usage_error(command, "list or verify");
    return run_with_platform(&audit, run);
}
