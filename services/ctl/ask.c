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

static status_t refused(const http_request_t *request, problem_t *problem)
{
    if (request->code == 0)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "the server does not answer: %s", request->error);
    json_t *reply = request->reply.size > 0 ? json_loadb(request->reply.data, request->reply.size, 0, NULL) : NULL;
    const char *detail = json_string_value(json_object_get(reply, "detail"));
    const char *field = json_string_value(json_object_get(reply, "field"));
    (void)problem_set(problem, request->code == 404 ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION, field, "%s%s%s (HTTP %ld)",
                      field != NULL ? field : "", field != NULL ? ": " : "", detail != NULL ? detail : "the server gives no reason",
                      request->code);
    json_decref(reply);
    return problem->status;
}

static status_t take_answer(const http_request_t *request, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem)
{
    if (request->code < 200 || request->code >= 300)
        return refused(request, problem);
    if (type == NULL ||
        pb_json_read(type, request->reply.data, request->reply.size, PB_JSON_TRUSTED, arena, message, NULL, NULL, problem) == STATUS_OK)
        return STATUS_OK;
    return problem_set(problem, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
}

status_t ask_for(http_t *http, const http_request_t *question, ask_begin_fn begin, int64_t patience_us, const pb_type_t *type,
                 arena_t *arena, void **message, problem_t *problem)
{
    for (int64_t until_us = 0;;) {
        http_request_t request = *question;
        status_t status = begin != NULL ? begin(request.stream, problem) : STATUS_OK;
        if (status == STATUS_OK)
            status = ask_once(http, &request, problem);
        if (status != STATUS_OK)
            return status;
        if (until_us == 0)
            until_us = clock_steady_us() + patience_us;
        const int64_t wait_us = request.retry_after_s > 0 ? request.retry_after_s * INT64_C(1000000) : RETRY_US;
        if (!may_pass(&request) || clock_steady_us() + wait_us > until_us) {
            status = take_answer(&request, type, arena, message, problem);
            buf_deinit(&request.reply);
            return status;
        }
        buf_deinit(&request.reply);
        status = ask_wait(http, wait_us, problem);
        if (status != STATUS_OK)
            return status;
    }
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
