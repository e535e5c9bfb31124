// The commands about followers: how a service stands with the logs that it follows, what it could not apply, and what is decided on it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/json.h"
#include "pcn/followers/v1/followers.meta.h"
#include "services/ctl/ask.h"
#include "services/ctl/command.h"
#include "services/ctl/show.h"
#include "services/ctl/target.h"

enum { PAGE = 100, LIST_DEFAULT = 100, LIST_MAX = 1000000, REASON_CAP = 8192 };
#define ARENA_CAP (64u * 1024u * 1024u)

typedef struct letters {
    const command_t *command;
    target_options_t target;
    const char *service, *columns;
    const char *state, *limit, *reason, *id;
    bool json, table;
    show_t show;
    http_t *http;
    arena_t *arena;
    buf_t text; // a path, or a line
} letters_t;

static int failed(const letters_t *letters, const problem_t *problem)
{
    if (strcmp(problem->field, "--columns") == 0)
        return command_usage_error(letters->command, "--columns: %s", problem->detail);
    return ask_failed(letters->command, letters->http, problem);
}

// A message as JSON, as the platform would send it.
static status_t add_json(letters_t *letters, const pb_type_t *type, const void *message, json_t *rows, problem_t *problem)
{
    buf_clear(&letters->text);
    pb_json_write(type, message, &letters->text);
    json_t *json = buf_ok(&letters->text) ? json_loadb(letters->text.data, letters->text.size, 0, NULL) : NULL;
    return json_array_append_new(rows, json) == 0 ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

// `columns` where none are asked for.
static status_t begin_show(letters_t *letters, const pb_type_t *reply, const char *columns, problem_t *problem)
{
    show_init(&letters->show, stdout, letters->json, letters->table, letters->columns);
    letters->show.defaults = letters->columns == NULL;
    if (!letters->show.json && letters->show.defaults)
        letters->show.columns = columns;
    return show_check(&letters->show, reply, problem);
}

// "/v1/dead-letters/SERVICE" in `text`.
static void begin_path(letters_t *letters, const char *collection)
{
    buf_clear(&letters->text);
    buf_add_string(&letters->text, collection);
    ask_escape(&letters->text, letters->service);
}

// ---- followers ----

static status_t show_followers(letters_t *letters, problem_t *problem)
{
    const pb_type_t *type = &pcn__followers__v1__follower__type;
    void *message = NULL;
    json_t *rows = json_array();
    status_t status = begin_show(letters, &pcn__followers__v1__list_followers_reply__type, "source,state,sequence,moved-at,epoch", problem);
    begin_path(letters, "/v1/followers/");
    if (status == STATUS_OK)
        status =
            ask_get(letters->http, letters->text.data, &pcn__followers__v1__list_followers_reply__type, letters->arena, &message, problem);
    const Pcn__Followers__V1__ListFollowersReply *reply = message;
    for (size_t i = 0; status == STATUS_OK && i < reply->n_followers; i++)
        status = add_json(letters, type, reply->followers[i], rows, problem);
    if (status == STATUS_OK)
        status = show_rows(&letters->show, type, rows, problem);
    json_decref(rows);
    return status;
}

static int run_followers(letters_t *letters)
{
    problem_t problem = {0};
    return show_followers(letters, &problem) == STATUS_OK ? COMMAND_OK : failed(letters, &problem);
}

// ---- dead letters ----

#define LETTER_COLUMNS "id,state,at,source,sequence,subject,problem"
#define LETTER_TYPE (&pcn__followers__v1__dead_letter__type)

static status_t read_page(letters_t *letters, unsigned size, const char *token, Pcn__Followers__V1__ListDeadLettersReply **page,
                          problem_t *problem)
{
    void *message = NULL;
    begin_path(letters, "/v1/dead-letters/");
    buf_printf(&letters->text, "?pageSize=%u", size);
    if (letters->state != NULL) {
        buf_add_string(&letters->text, "&state=");
        ask_escape(&letters->text, letters->state);
    }
    if (token != NULL) {
        buf_add_string(&letters->text, "&pageToken=");
        ask_escape(&letters->text, token);
    }
    if (!buf_ok(&letters->text))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "out of memory");
    arena_reset(letters->arena);
    status_t status =
        ask_get(letters->http, letters->text.data, &pcn__followers__v1__list_dead_letters_reply__type, letters->arena, &message, problem);
    *page = message;
    return status;
}

static status_t read_letters(letters_t *letters, long long limit, json_t *rows, problem_t *problem)
{
    char token[1024] = "";
    do {
        Pcn__Followers__V1__ListDeadLettersReply *page;
        status_t status = read_page(letters, limit < PAGE ? (unsigned)limit : PAGE, token[0] != '\0' ? token : NULL, &page, problem);
        for (size_t i = 0; status == STATUS_OK && i < page->n_dead_letters; i++)
            status = add_json(letters, LETTER_TYPE, page->dead_letters[i], rows, problem);
        if (status != STATUS_OK)
            return status;
        limit -= (long long)page->n_dead_letters;
        snprintf(token, sizeof token, "%s", page->next_page_token != NULL && page->n_dead_letters > 0 ? page->next_page_token : "");
    } while (token[0] != '\0' && limit > 0);
    return STATUS_OK;
}

static status_t list(letters_t *letters, long long limit, problem_t *problem)
{
    json_t *rows = json_array();
    status_t status = begin_show(letters, &pcn__followers__v1__list_dead_letters_reply__type, LETTER_COLUMNS, problem);
    if (status == STATUS_OK)
        status = read_letters(letters, limit, rows, problem);
    if (status == STATUS_OK)
        status = show_rows(&letters->show, LETTER_TYPE, rows, problem);
    json_decref(rows);
    return status;
}

static int run_list(letters_t *letters)
{
    long long limit = LIST_DEFAULT;
    problem_t problem = {0};
    if (letters->reason != NULL || letters->id != NULL)
        return command_usage_error(letters->command, "an id and --reason are for skip and retry");
    if (letters->limit != NULL && !command_number(letters->limit, 1, LIST_MAX, &limit))
        return command_usage_error(letters->command, "--limit is a number from 1 to %d", LIST_MAX);
    return list(letters, limit, &problem) == STATUS_OK ? COMMAND_OK : failed(letters, &problem);
}

static status_t decide(letters_t *letters, const char *verb, problem_t *problem)
{
    char key[ID_SIZE];
    buf_t body;
    void *message = NULL;
    begin_path(letters, "/v1/dead-letters/");
    buf_printf(&letters->text, "/%s:%s", letters->id, verb);
    buf_init(&body, REASON_CAP);
    buf_add_string(&body, "{\"reason\":");
    buf_add_json_string(&body, letters->reason, strlen(letters->reason));
    buf_add_string(&body, "}");
    // Whoever does not hear the answer asks again: it is the same decision.
    id_make(clock_wall_us(), key);
    status_t status = buf_ok(&body) && buf_ok(&letters->text)
                          ? ask_post(letters->http, letters->text.data, body.data, key, &pcn__followers__v1__dead_letter__type,
                                     letters->arena, &message, problem)
                          : problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the reason is too long");
    buf_deinit(&body);
    json_t *rows = json_array();
    if (status == STATUS_OK)
        status = begin_show(letters, &pcn__followers__v1__list_dead_letters_reply__type, LETTER_COLUMNS, problem);
    if (status == STATUS_OK)
        status = add_json(letters, LETTER_TYPE, message, rows, problem);
    if (status == STATUS_OK)
        status = show_rows(&letters->show, LETTER_TYPE, rows, problem);
    json_decref(rows);
    return status;
}

static int run_decision(letters_t *letters, const char *verb)
{
    problem_t problem = {0};
    if (letters->state != NULL || letters->limit != NULL)
        return command_usage_error(letters->command, "--state and --limit are for list");
    if (letters->id == NULL || !id_valid(letters->id))
        return command_usage_error(letters->command, "%s needs the id of a dead letter, as list shows it", verb);
    if (letters->reason == NULL)
        return command_usage_error(letters->command, "--reason is missing");
    return decide(letters, verb, &problem) == STATUS_OK ? COMMAND_OK : failed(letters, &problem);
}

static int run_skip(letters_t *letters)
{
    return run_decision(letters, "skip");
}

static int run_retry(letters_t *letters)
{
    return run_decision(letters, "retry");
}

// ---- both ----

static int run_command(letters_t *letters, int (*run)(letters_t *letters))
{
    int code = target_open(letters->command, &letters->target, false, &letters->http);
    if (code != COMMAND_OK)
        return code;
    letters->arena = arena_new(ARENA_CAP);
    buf_init(&letters->text, ARENA_CAP);
    code = letters->arena != NULL ? run(letters) : COMMAND_FAILED;
    buf_deinit(&letters->text);
    arena_destroy(&letters->arena);
    http_destroy(&letters->http);
    return code;
}

int followers_command(const command_t *command, int argc, char **argv)
{
    letters_t letters = {.command = command};
    int positionals = 0;
    const command_option_t options[] = {
        TARGET_OPTIONS(letters.target),         {"--service", &letters.service, NULL, true}, {"--columns", &letters.columns, NULL, false},
        {"--json", NULL, &letters.json, false}, {"--table", NULL, &letters.table, false},    {0},
    };
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &positionals, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (positionals > 0)
        return command_usage_error(command, "there is nothing to say but options");
    return run_command(&letters, run_followers);
}

int dead_letter_command(const command_t *command, int argc, char **argv)
{
    letters_t letters = {.command = command};
    int positionals = 0;
    const command_option_t options[] = {
        TARGET_OPTIONS(letters.target),           {"--service", &letters.service, NULL, true}, {"--state", &letters.state, NULL, false},
        {"--limit", &letters.limit, NULL, false}, {"--reason", &letters.reason, NULL, false},  {"--columns", &letters.columns, NULL, false},
        {"--json", NULL, &letters.json, false},   {"--table", NULL, &letters.table, false},    {0},
    };
    static const struct {
        const char *verb;
        int (*run)(letters_t *letters);
    } verbs[] = {{"list", run_list}, {"skip", run_skip}, {"retry", run_retry}};
    problem_t problem = {0};
    if (command_options(options, argc - 1, argv + 1, &positionals, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (positionals > 2)
        return command_usage_error(command, "one dead letter at a time");
    letters.id = positionals == 2 ? argv[2] : NULL;
    for (size_t i = 0; positionals > 0 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(argv[1], verbs[i].verb) == 0)
            return run_command(&letters, verbs[i].run);
    }
    return command_usage_error(command, "list, skip or retry");
}
