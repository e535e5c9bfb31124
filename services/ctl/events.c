// The events command: follows the change events live, and goes on where it was.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "services/ctl/ask.h"
#include "services/ctl/feed.h"
#include "services/ctl/file.h"
#include "services/ctl/show.h"
#include "services/ctl/target.h"
#include "services/ctl/text.h"

enum {
    PATH_CAP = 4096,
    PLACE_CAP = 16 * 1024,
    LINE_CAP = 1024 * 1024,
    TURN_MS = 1000,
    RETRY_MS = 1000,
    PATIENCE_DEFAULT_S = 30,
    PATIENCE_MAX_S = 86400
};
#define KEEP_EVERY_US 200000

typedef struct follow {
    const command_t *command;
    target_options_t target;
    const char *service, *type, *after, *resume, *count_text, *patience;
    bool json, table;
    long long count, seen; // count 0: for ever
    int64_t patience_us;
    show_t show;
    http_t *http;
    feed_t feed;
    int signals;
    bool stopped;   // by a signal, or because enough was seen
    bool connected; // it was once
    bool received;  // something came over this connection
    bool gone;      // the platform has no way on from the place
    bool unwritten; // standard output takes nothing
    char kept[PLACE_CAP];
    int64_t kept_us;
    problem_t problem;
} follow_t;

// ---- the place ----

static status_t load_place(follow_t *follow, problem_t *problem)
{
    buf_t text;
    buf_init(&text, PLACE_CAP);
    status_t status = follow->resume != NULL ? file_read(follow->resume, &text, problem) : STATUS_OK;
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK; // the first time
    while (text.size > 0 && (unsigned char)text.data[text.size - 1] <= ' ')
        text.data[--text.size] = '\0';
    if (status == STATUS_OK && text.size > 0) {
        snprintf(follow->kept, sizeof follow->kept, "%s", text.data);
        feed_set_last_id(&follow->feed, text.data);
    }
    buf_deinit(&text);
    return status;
}

// What was printed is out before the place says so: what is lost is at most repeated.
static status_t keep_place(follow_t *follow, bool now, problem_t *problem)
{
    char line[PLACE_CAP + 1];
    const char *id = feed_last_id(&follow->feed);
    // An event that nobody got is not passed over.
    if (follow->unwritten || follow->resume == NULL || id == NULL || strcmp(id, follow->kept) == 0 ||
        (!now && clock_steady_us() < follow->kept_us + KEEP_EVERY_US))
        return STATUS_OK;
    if (fflush(stdout) != 0)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
    const int size = snprintf(line, sizeof line, "%s\n", id);
    snprintf(follow->kept, sizeof follow->kept, "%s", id);
    follow->kept_us = clock_steady_us();
    return file_replace(follow->resume, 0644, line, (size_t)size, problem);
}

// ---- events ----

static bool print_row(const json_t *event)
{
    buf_t line;
    buf_init(&line, LINE_CAP);
    const char *texts[] = {json_string_value(json_object_get(event, "time")), json_string_value(json_object_get(event, "type")),
                           json_string_value(json_object_get(event, "subject"))};
    static const int widths[] = {27, 36, 0};
    const json_t *version = json_object_get(json_object_get(event, "data"), "version");
    buf_printf(&line, "%9" PRId64, (int64_t)json_integer_value(json_object_get(event, "sequence")));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = texts[i] != NULL ? texts[i] : "-";
        const size_t width = text_width(text);
        buf_add_string(&line, "  ");
        text_add_plain(&line, text);
        if (width < (size_t)widths[i])
            buf_printf(&line, "%*s", (int)((size_t)widths[i] - width), "");
    }
    if (version != NULL)
        buf_printf(&line, "  version %" PRId64, (int64_t)json_integer_value(version));
    const bool ok = buf_ok(&line) && printf("%s\n", line.data) > 0;
    buf_deinit(&line);
    return ok;
}

static bool print_event(const follow_t *follow, const char *data)
{
    if (follow->show.json)
        return printf("%s\n", data) > 0 && fflush(stdout) == 0;
    json_t *event = json_loads(data, 0, NULL);
    const bool ok = print_row(event) && fflush(stdout) == 0;
    json_decref(event);
    return ok;
}

static bool take_event(void *owner, const char *type, const char *data)
{
    follow_t *follow = owner;
    if (strcmp(type, "gone") == 0) {
        json_t *reason = json_loads(data, 0, NULL);
        const char *detail = json_string_value(json_object_get(reason, "detail"));
        follow->gone = true;
        (void)problem_set(&follow->problem, STATUS_OUT_OF_RANGE, NULL, "%s", detail != NULL ? detail : "the place is gone");
        json_decref(reason);
        return false;
    }
    if (strcmp(type, "message") != 0)
        return true; // a heartbeat moves the place; after "bye" the stream ends
    if (!print_event(follow, data)) {
        follow->unwritten = true;
        return false;
    }
    follow->seen++;
    follow->stopped |= follow->count > 0 && follow->seen >= follow->count;
    return !follow->stopped;
}

// ---- the stream ----

static bool take(void *stream, const void *bytes, size_t size)
{
    follow_t *follow = stream;
    follow->connected = follow->received = true;
    return feed_add(&follow->feed, bytes, size);
}

static void done(http_request_t *request)
{
    *(bool *)request->data = true;
}

static void look_for_signals(follow_t *follow)
{
    struct signalfd_siginfo seen;
    while (read(follow->signals, &seen, sizeof seen) == (ssize_t)sizeof seen)
        follow->stopped = true;
}

static void make_path(const follow_t *follow, buf_t *path)
{
    buf_add_string(path, "/v1/events/stream");
    char separator = '?';
    const char *const parameters[][2] = {{"services", follow->service}, {"type", follow->type}, {"after", follow->after}};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        // An id says all that a number would.
        if (parameters[i][1] == NULL || (i == 2 && feed_last_id(&follow->feed) != NULL))
            continue;
        buf_printf(path, "%c%s=", separator, parameters[i][0]);
        ask_escape(path, parameters[i][1]);
        separator = '&';
    }
}

// One connection, to its end. *code is the answer's.
static status_t stream(follow_t *follow, long *code, problem_t *problem)
{
    bool ended = false;
    buf_t path;
    buf_init(&path, PATH_CAP);
    make_path(follow, &path);
    feed_begin(&follow->feed);
    http_request_t request = {.path = path.data,
                              .accept = "text/event-stream, application/problem+json",
                              .last_event_id = feed_last_id(&follow->feed),
                              .take = take,
                              .stream = follow,
                              .done = done};
    request.data = &ended; // cppcheck-suppress autoVariables // until it ended, below
    status_t status = buf_ok(&path) ? http_start(follow->http, &request, problem)
                                    : problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the names are too long");
    const bool started = status == STATUS_OK;
    while (status == STATUS_OK && !ended && !follow->stopped) {
        status = http_turn(follow->http, TURN_MS, problem);
        look_for_signals(follow);
        if (status == STATUS_OK)
            status = keep_place(follow, false, problem);
    }
    if (started && !ended)
        http_cancel(follow->http, &request);
    request.data = NULL;
    *code = request.code;
    if (started && status == STATUS_OK && ended && request.code != 200 && request.code != 0)
        status = ask_refused(follow->http, &request, problem);
    else if (started && ended && request.code == 0)
        (void)problem_set(problem, STATUS_UNAVAILABLE, NULL, "the server does not answer: %s", request.error);
    if (started)
        buf_deinit(&request.reply);
    buf_deinit(&path);
    return status;
}

static bool may_pass(long code)
{
    return code == 0 || code == 200 || command_code_of_http(code) == COMMAND_UNAVAILABLE;
}

// Each connection reads the token anew: it may have run out meanwhile.
static int connect_again(follow_t *follow)
{
    http_destroy(&follow->http);
    const int code = target_open(follow->command, &follow->target, false, &follow->http);
    if (code == COMMAND_OK)
        http_watch(follow->http, follow->signals);
    return code;
}

static int end(follow_t *follow, const problem_t *problem)
{
    problem_t unkept = {0};
    if (follow->unwritten) {
        (void)problem_set(&unkept, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
        return command_failed(follow->command, &unkept);
    }
    if (keep_place(follow, true, &unkept) != STATUS_OK)
        return command_failed(follow->command, &unkept);
    if (follow->stopped)
        return COMMAND_OK;
    if (follow->gone) {
        (void)command_failed(follow->command, &follow->problem);
        return COMMAND_REFUSED;
    }
    return ask_failed(follow->command, follow->http, problem);
}

static int run(follow_t *follow)
{
    const int64_t begun_us = clock_steady_us();
    bool told = false;
    for (;;) {
        problem_t problem = {0};
        long code = 0;
        int opened = connect_again(follow);
        if (opened != COMMAND_OK)
            return opened;
        follow->kept_us = 0;
        follow->received = false;
        const status_t status = stream(follow, &code, &problem);
        const bool again = may_pass(code) && (status == STATUS_OK || status == STATUS_UNAVAILABLE);
        const bool patient = follow->connected || clock_steady_us() < begun_us + follow->patience_us;
        if (follow->stopped || follow->gone || follow->unwritten || !again || !patient) {
            if (code == 0 && problem.detail[0] != '\0')
                http_note_refusal(follow->http, 0);
            return end(follow, &problem);
        }
        if (!follow->received && follow->connected && !told)
            fprintf(stderr, "pcnctl events follow: the platform is away; going on when it is there again\n");
        told = !follow->received;
        struct pollfd look = {.fd = follow->signals, .events = POLLIN};
        (void)poll(&look, 1, (int)(follow->feed.retry_ms >= 0 ? follow->feed.retry_ms : RETRY_MS));
        look_for_signals(follow);
        if (follow->stopped)
            return end(follow, &problem);
    }
}

static int parse(follow_t *follow, int argc, char **argv)
{
    const command_option_t options[] = {
        TARGET_OPTIONS(follow->target),
        {"--service", &follow->service, NULL, false},
        {"--type", &follow->type, NULL, false},
        {"--after", &follow->after, NULL, false},
        {"--resume", &follow->resume, NULL, false},
        {"--count", &follow->count_text, NULL, false},
        {"--patience", &follow->patience, NULL, false},
        {"--json", NULL, &follow->json, false},
        {"--table", NULL, &follow->table, false},
        {0},
    };
    problem_t problem = {0};
    int positionals = 0;
    long long after, patience_s = PATIENCE_DEFAULT_S;
    if (command_options(options, argc - 1, argv + 1, &positionals, &problem) != STATUS_OK)
        return command_usage_error(follow->command, "%s", problem.detail);
    if (positionals != 1 || strcmp(argv[1], "follow") != 0)
        return command_usage_error(follow->command, "events follow, or a call: `pcnctl events --help`");
    if (follow->after != NULL && !command_number(follow->after, 0, INT64_MAX, &after))
        return command_usage_error(follow->command, "--after is a place, 0 or more");
    if (follow->after != NULL && (follow->service == NULL || strchr(follow->service, ',') != NULL))
        return command_usage_error(follow->command, "--after is a place of one service's log: --service NAME");
    if (follow->count_text != NULL && !command_number(follow->count_text, 1, INT64_MAX, &follow->count))
        return command_usage_error(follow->command, "--count is a number, 1 or more");
    if (follow->patience != NULL && !command_number(follow->patience, 0, PATIENCE_MAX_S, &patience_s))
        return command_usage_error(follow->command, "--patience is a number of seconds, 0 to %d", PATIENCE_MAX_S);
    follow->patience_us = patience_s * 1000000;
    return COMMAND_OK;
}

int events_command(const command_t *command, int argc, char **argv)
{
    follow_t *follow = calloc(1, sizeof *follow);
    problem_t problem = {0};
    sigset_t set;
    if (follow == NULL)
        return COMMAND_FAILED;
    follow->command = command;
    int code = parse(follow, argc, argv);
    if (code != COMMAND_OK) {
        free(follow);
        return code;
    }
    show_init(&follow->show, stdout, follow->json, follow->table, NULL);
    feed_init(&follow->feed, take_event, follow);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigset_t before;
    sigprocmask(SIG_BLOCK, &set, &before);
    follow->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    status_t status =
        follow->signals >= 0 ? load_place(follow, &problem) : problem_set(&problem, STATUS_INTERNAL, NULL, "signals: %s", strerror(errno));
    code = status == STATUS_OK ? run(follow) : command_failed(command, &problem);
    http_destroy(&follow->http);
    feed_deinit(&follow->feed);
    if (follow->signals >= 0)
        close(follow->signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(follow);
    return code;
}
