#include "services/ctl/ask.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/json.h"

enum { PATIENCE_US = 30 * 1000 * 1000, RETRY_US = 500 * 1000, TURN_MS = 1000 };

static void done(http_request_t *request)
{
    *(bool *)request->data = true;
}

static status_t ask_once(http_t *http, http_request_t *request, problem_t *problem)
{
    bool answered = false;
    request->done = done;
    request->data = &answered; // cppcheck-suppress autoVariables // until it is answered, below
    status_t status = http_start(http, request, problem);
    while (status == STATUS_OK && !answered)
        status = http_turn(http, TURN_MS, problem);
    request->data = NULL;
    return status;
}

static bool may_pass(const http_request_t *request)
{
    return request->code == 0 || request->code == 429 || (request->code >= 502 && request->code <= 504);
}

// Nothing is under way meanwhile: the turns only wait.
status_t ask_wait(http_t *http, int64_t wait_us, problem_t *problem)
{
    const int64_t until_us = clock_steady_us() + wait_us;
    status_t status = STATUS_OK;
    for (int64_t now_us = clock_steady_us(); status == STATUS_OK && now_us < until_us; now_us = clock_steady_us())
        status = http_turn(http, (int)((until_us - now_us) / 1000 + 1), problem);
    return status;
}

static status_t status_of(long code)
{
    switch (command_code_of_http(code)) {
    case COMMAND_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case COMMAND_UNAVAILABLE:
        return STATUS_UNAVAILABLE;
    case COMMAND_REFUSED:
        return STATUS_FAILED_PRECONDITION;
    default:
        return STATUS_INTERNAL;
    }
}

status_t ask_refused(http_t *http, const http_request_t *request, problem_t *problem)
{
    http_note_refusal(http, request->code);
    if (request->code == 0)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "the server does not answer: %s", request->error);
    json_t *reply = request->reply.size > 0 ? json_loadb(request->reply.data, request->reply.size, 0, NULL) : NULL;
    const char *detail = json_string_value(json_object_get(reply, "detail"));
    const char *field = json_string_value(json_object_get(reply, "field"));
    const char *id = request->code >= 500 ? json_string_value(json_object_get(reply, "requestId")) : NULL;
    (void)problem_set(problem, status_of(request->code), field, "%s%s%s (HTTP %ld%s%s)", field != NULL ? field : "",
                      field != NULL ? ": " : "", detail != NULL ? detail : "the server gives no reason", request->code,
                      id != NULL ? ", request " : "", id != NULL ? id : "");
    json_decref(reply);
    return problem->status;
}

static status_t take_answer(http_t *http, const http_request_t *request, const pb_type_t *type, arena_t *arena, void **message,
                            problem_t *problem)
{
    if (request->code < 200 || request->code >= 300)
        return ask_refused(http, request, problem);
    if (type == NULL ||
        pb_json_read(type, request->reply.data, request->reply.size, PB_JSON_TRUSTED, arena, message, NULL, NULL, problem) == STATUS_OK)
        return STATUS_OK;
    return problem_set(problem, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
}

// Asks until there is an answer, or patience is over; the reply is the caller's.
static status_t ask_patiently(http_t *http, const http_request_t *question, ask_begin_fn begin, int64_t patience_us,
                              http_request_t *request, problem_t *problem)
{
    http_note_refusal(http, -1);
    for (int64_t until_us = 0;;) {
        *request = *question;
        status_t status = begin != NULL ? begin(request->stream, problem) : STATUS_OK;
        if (status == STATUS_OK)
            status = ask_once(http, request, problem);
        if (status != STATUS_OK)
            return status;
        if (until_us == 0)
            until_us = clock_steady_us() + patience_us;
        const int64_t wait_us = request->retry_after_s > 0 ? request->retry_after_s * INT64_C(1000000) : RETRY_US;
        if (!may_pass(request) || clock_steady_us() + wait_us > until_us)
            return STATUS_OK;
        buf_deinit(&request->reply);
        status = ask_wait(http, wait_us, problem);
        if (status != STATUS_OK)
            return status;
    }
}

status_t ask_for(http_t *http, const http_request_t *question, ask_begin_fn begin, int64_t patience_us, const pb_type_t *type,
                 arena_t *arena, void **message, problem_t *problem)
{
    http_request_t request = {.path = NULL};
    status_t status = ask_patiently(http, question, begin, patience_us, &request, problem);
    if (status == STATUS_OK) {
        status = take_answer(http, &request, type, arena, message, problem);
        buf_deinit(&request.reply);
    }
    return status;
}

status_t ask_text(http_t *http, const http_request_t *question, int64_t patience_us, buf_t *reply, problem_t *problem)
{
    http_request_t request = {.path = NULL};
    status_t status = ask_patiently(http, question, NULL, patience_us, &request, problem);
    if (status != STATUS_OK)
        return status;
    status = take_answer(http, &request, NULL, NULL, NULL, problem);
    if (status == STATUS_OK)
        buf_add(reply, request.reply.data != NULL ? request.reply.data : "", request.reply.size);
    buf_deinit(&request.reply);
    return status == STATUS_OK && !buf_ok(reply) ? problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory") : status;
}

int ask_failed(const command_t *command, const http_t *http, const problem_t *problem)
{
    const int code = command_failed(command, problem);
    const long refusal = http != NULL ? http_refusal(http) : -1;
    return refusal >= 0 ? command_code_of_http(refusal) : code;
}

status_t ask_get(http_t *http, const char *path, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem)
{
    return ask_for(http, &(http_request_t){.path = path}, NULL, PATIENCE_US, type, arena, message, problem);
}

status_t ask_post(http_t *http, const char *path, const char *body, const char *key, const pb_type_t *type, arena_t *arena, void **message,
                  problem_t *problem)
{
    return ask_for(http, &(http_request_t){.path = path, .body = body, .key = key}, NULL, PATIENCE_US, type, arena, message, problem);
}

void ask_escape(buf_t *path, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            buf_add_char(path, *text);
        else
            buf_printf(path, "%%%02X", (unsigned)(unsigned char)*text);
    }
}
