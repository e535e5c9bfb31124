// The audit commands: what a service's trail says, and the proof that it is whole.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/json.h"
#include "pcn/audit/v1/audit.meta.h"
#include "services/ctl/ask.h"
#include "services/ctl/command.h"
#include "services/ctl/credential.h"
#include "services/ctl/trail.h"

enum { PAGE = 1000, LIST_DEFAULT = 100, LIST_MAX = 1000000, PATH_CAP = 4096 };
#define ARENA_CAP (64u * 1024u * 1024u)

typedef struct audit {
    const command_t *command;
    const char *url, *token, *token_file, *service;
    const char *subject, *resource, *request_id, *after, *limit, *since;
    bool json;
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

static const char *text_of(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

static bool print_entry(audit_t *audit, const Pcn__Audit__V1__Entry *entry)
{
    if (audit->json) {
        buf_clear(&audit->text);
        pb_json_write(&pcn__audit__v1__entry__type, entry, &audit->text);
        return buf_ok(&audit->text) && printf("%s\n", audit->text.data) > 0;
    }
    const char *method = text_of(entry->method), *slash = strrchr(method, '/');
    return printf("%8" PRId64 "  %-27s  %-28s  %-15s  %-20s  %-32s  %s\n", entry->place, text_of(entry->at), text_of(entry->subject),
                  text_of(entry->origin), slash != NULL ? slash + 1 : method, text_of(entry->resource), text_of(entry->verdict)) > 0;
}

static status_t list(audit_t *audit, long long after, long long limit, problem_t *problem)
{
    if (!audit->json)
        printf("%8s  %-27s  %-28s  %-15s  %-20s  %-32s  %s\n", "PLACE", "AT", "SUBJECT", "ORIGIN", "METHOD", "RESOURCE", "VERDICT");
    for (bool more = true; more && limit > 0;) {
        Pcn__Audit__V1__ReadReply *page = NULL;
        status_t status = read_page(audit, after, limit < PAGE ? (unsigned)limit : PAGE, &page, problem);
        if (status != STATUS_OK || page == NULL)
            return status;
        for (size_t i = 0; i < page->n_entries; i++) {
            if (!print_entry(audit, page->entries[i]))
                return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
        }
        limit -= (long long)page->n_entries;
        more = page->next > after && page->next < page->max;
        after = page->next;
    }
    return STATUS_OK;
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
    return list(audit, after, limit, &problem) == STATUS_OK ? COMMAND_OK : command_failed(audit->command, &problem);
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
        audit->json)
        return command_usage_error(audit->command, "verify reads the whole trail: filters are for list");
    if (audit->since != NULL && !trail_place_parse(audit->since, &kept))
        return command_usage_error(audit->command, "--since is a head as verify printed it, PLACE:HASH");
    trail_init(&trail, print_fault, NULL, audit->since != NULL ? &kept : NULL);
    status_t status = verify(audit, &trail, &problem);
    const uint64_t faults = trail.faults;
    trail_deinit(&trail);
    if (status != STATUS_OK)
        return command_failed(audit->command, &problem);
    return faults == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int run_with_token(audit_t *audit, const char *token, int (*run)(audit_t *audit))
{
    problem_t problem = {0};
    status_t status = http_new(audit->url, token, 1, &audit->http, &problem);
    if (status == STATUS_INVALID_ARGUMENT)
        return command_usage_error(audit->command, "%s", problem.detail);
    if (status != STATUS_OK)
        return command_failed(audit->command, &problem);
    audit->arena = arena_new(ARENA_CAP);
    buf_init(&audit->text, ARENA_CAP);
    int code = COMMAND_FAILED;
    if (audit->arena != NULL)
        code = run(audit);
    buf_deinit(&audit->text);
    arena_destroy(&audit->arena);
    http_destroy(&audit->http);
    return code;
}

int audit_command(const command_t *command, int argc, char **argv)
{
    audit_t audit = {.command = command};
    const command_option_t options[] = {
        {"--url", &audit.url, NULL, true},
        {"--token", &audit.token, NULL, false},
        {"--token-file", &audit.token_file, NULL, false},
        {"--service", &audit.service, NULL, true},
        {"--subject", &audit.subject, NULL, false},
        {"--resource", &audit.resource, NULL, false},
        {"--request-id", &audit.request_id, NULL, false},
        {"--after", &audit.after, NULL, false},
        {"--limit", &audit.limit, NULL, false},
        {"--since", &audit.since, NULL, false},
        {"--json", NULL, &audit.json, false},
        {0},
    };
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &audit.positionals, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    const char *verb = audit.positionals == 1 ? argv[1] : "";
    int (*run)(audit_t *) = strcmp(verb, "list") == 0 ? run_list : strcmp(verb, "verify") == 0 ? run_verify : NULL;
    if (run == NULL)
        return command_usage_error(command, "list or verify");
    buf_t token;
    buf_init(&token, CREDENTIAL_CAP);
    int code = credential_take(command, audit.token, audit.token_file, &token);
    if (code == COMMAND_OK)
        code = run_with_token(&audit, token.data, run);
    buf_deinit(&token);
    return code;
}
