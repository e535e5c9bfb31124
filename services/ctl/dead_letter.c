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
#include "services/ctl/credential.h"

enum { PAGE = 100, LIST_DEFAULT = 100, LIST_MAX = 1000000, REASON_CAP = 8192 };
#define ARENA_CAP (64u * 1024u * 1024u)

typedef struct letters {
    const command_t *command;
    const char *url, *token, *token_file, *service;
    const char *state, *limit, *reason, *id;
    bool json;
    http_t *http;
    arena_t *arena;
    buf_t text; // a path, or a line
} letters_t;

// What came from elsewhere must not steer the terminal.
static const char *plain(letters_t *letters, const char *text)
{
    char *copy = text != NULL && text[0] != '\0' ? arena_string(letters->arena, text) : NULL;
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    }
    return copy != NULL ? copy : "-";
}

static bool print_json(letters_t *letters, const pb_type_t *type, const void *message)
{
    buf_clear(&letters->text);
    pb_json_write(type, message, &letters->text);
    return buf_ok(&letters->text) && printf("%s\n", letters->text.data) > 0;
}

static status_t cannot_write(problem_t *problem)
{
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
}

// "/v1/dead-letters/SERVICE" in `text`.
static void begin_path(letters_t *letters, const char *collection)
{
    buf_clear(&letters->text);
    buf_add_string(&letters->text, collection);
    ask_escape(&letters->text, letters->service);
}

static const char *state_name(const pb_type_t *type, int state)
{
    const pb_enum_t *names = type->fields[pb_field_by_name(type, "state")].enumeration;
    for (unsigned i = 0; i < names->descriptor->n_values; i++) {
        if (names->descriptor->values[i].value == state && names->json[i] != NULL)
            return names->json[i];
    }
    return "-";
}

// ---- followers ----

static status_t show_followers(letters_t *letters, problem_t *problem)
{
    const pb_type_t *type = &pcn__followers__v1__follower__type;
    void *message = NULL;
    begin_path(letters, "/v1/followers/");
    status_t status =
        ask_get(letters->http, letters->text.data, &pcn__followers__v1__list_followers_reply__type, letters->arena, &message, problem);
    if (status != STATUS_OK)
        return status;
    const Pcn__Followers__V1__ListFollowersReply *reply = message;
    if (!letters->json)
        printf("%-16s  %-9s  %12s  %-27s  %s\n", "SOURCE", "STATE", "SEQUENCE", "MOVED", "EPOCH");
    for (size_t i = 0; i < reply->n_followers; i++) {
        const Pcn__Followers__V1__Follower *follower = reply->followers[i];
        const bool written = letters->json ? print_json(letters, type, follower)
                                           : printf("%-16s  %-9s  %12" PRId64 "  %-27s  %s\n", plain(letters, follower->source),
                                                    state_name(type, (int)follower->state), follower->sequence,
                                                    plain(letters, follower->moved_at), plain(letters, follower->epoch)) > 0;
        if (!written)
            return cannot_write(problem);
    }
    return STATUS_OK;
}

static int run_followers(letters_t *letters)
{
    problem_t problem = {0};
    return show_followers(letters, &problem) == STATUS_OK ? COMMAND_OK : command_failed(letters->command, &problem);
}

// ---- dead letters ----

static bool print_letter(letters_t *letters, const Pcn__Followers__V1__DeadLetter *letter)
{
    const pb_type_t *type = &pcn__followers__v1__dead_letter__type;
    if (letters->json)
        return print_json(letters, type, letter);
    // A resource of a snapshot has no place.
    char place[24] = "-";
    if (letter->has_sequence)
        snprintf(place, sizeof place, "%" PRId64, letter->sequence);
    return printf("%-36s  %-7s  %-27s  %-12s  %10s  %-32s  %s\n", plain(letters, letter->id), state_name(type, (int)letter->state),
                  plain(letters, letter->at), plain(letters, letter->source), place, plain(letters, letter->subject),
                  plain(letters, letter->problem)) > 0;
}

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

static status_t list(letters_t *letters, long long limit, problem_t *problem)
{
    char token[1024] = "";
    do {
        Pcn__Followers__V1__ListDeadLettersReply *page;
        status_t status = read_page(letters, limit < PAGE ? (unsigned)limit : PAGE, token[0] != '\0' ? token : NULL, &page, problem);
        if (status != STATUS_OK)
            return status;
        if (!letters->json && token[0] == '\0')
            printf("%-36s  %-7s  %-27s  %-12s  %10s  %-32s  %s\n", "ID", "STATE", "AT", "SOURCE", "SEQUENCE", "SUBJECT", "PROBLEM");
        for (size_t i = 0; i < page->n_dead_letters; i++) {
            if (!print_letter(letters, page->dead_letters[i]))
                return cannot_write(problem);
        }
        limit -= (long long)page->n_dead_letters;
        snprintf(token, sizeof token, "%s", page->next_page_token != NULL && page->n_dead_letters > 0 ? page->next_page_token : "");
    } while (token[0] != '\0' && limit > 0);
    return STATUS_OK;
}

static int run_list(letters_t *letters)
{
    long long limit = LIST_DEFAULT;
    problem_t problem = {0};
    if (letters->reason != NULL || letters->id != NULL)
        return command_usage_error(letters->command, "an id and --reason are for skip and retry");
    if (letters->limit != NULL && !command_number(letters->limit, 1, LIST_MAX, &limit))
        return command_usage_error(letters->command, "--limit is a number from 1 to %d", LIST_MAX);
    return list(letters, limit, &problem) == STATUS_OK ? COMMAND_OK : command_failed(letters->command, &problem);
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
    if (status == STATUS_OK && !print_letter(letters, message))
        status = cannot_write(problem);
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
    return decide(letters, verb, &problem) == STATUS_OK ? COMMAND_OK : command_failed(letters->command, &problem);
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

static int run_with_token(letters_t *letters, const char *token, int (*run)(letters_t *letters))
{
    problem_t problem = {0};
    status_t status = http_new(letters->url, token, 1, &letters->http, &problem);
    if (status == STATUS_INVALID_ARGUMENT)
        return command_usage_error(letters->command, "%s", problem.detail);
    if (status != STATUS_OK)
        return command_failed(letters->command, &problem);
    letters->arena = arena_new(ARENA_CAP);
    buf_init(&letters->text, ARENA_CAP);
    int code = COMMAND_FAILED;
    if (letters->arena != NULL)
        code = run(letters);
    buf_deinit(&letters->text);
    arena_destroy(&letters->arena);
    http_destroy(&letters->http);
    return code;
}

static int run_command(letters_t *letters, int (*run)(letters_t *letters))
{
    buf_t token;
    buf_init(&token, CREDENTIAL_CAP);
    int code = credential_take(letters->command, letters->token, letters->token_file, &token);
    if (code == COMMAND_OK)
        code = run_with_token(letters, token.data, run);
    buf_deinit(&token);
    return code;
}

int followers_command(const command_t *command, int argc, char **argv)
{
    letters_t letters = {.command = command};
    int positionals = 0;
    const command_option_t options[] = {
        {"--url", &letters.url, NULL, true},
        {"--token", &letters.token, NULL, false},
        {"--token-file", &letters.token_file, NULL, false},
        {"--service", &letters.service, NULL, true},
        {"--json", NULL, &letters.json, false},
        {0},
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
        {"--url", &letters.url, NULL, true},
        {"--token", &letters.token, NULL, false},
        {"--token-file", &letters.token_file, NULL, false},
        {"--service", &letters.service, NULL, true},
        {"--state", &letters.state, NULL, false},
        {"--limit", &letters.limit, NULL, false},
        {"--reason", &letters.reason, NULL, false},
        {"--json", NULL, &letters.json, false},
        {0},
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
