#include "services/ctl/ask.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/json.h"

enum { PATIENCE_US = 30 * 1000 * 1000, RETRY_MS = 500, TURN_MS = 1000 };

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
static status_t wait_for_retry(http_t *http, const http_request_t *request, problem_t *problem)
{
    const int64_t wait_ms = request->retry_after_s > 0 ? request->retry_after_s * 1000 : RETRY_MS;
    const int64_t until_us = clock_steady_us() + wait_ms * 1000;
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

static status_t ask(http_t *http, const http_request_t *question, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem)
{
    const int64_t patience_us = clock_steady_us() + PATIENCE_US;
    for (;;) {
        http_request_t request = *question;
        status_t status = ask_once(http, &request, problem);
        if (status == STATUS_OK && may_pass(&request) && clock_steady_us() < patience_us) {
            status = wait_for_retry(http, &request, problem);
            buf_deinit(&request.reply);
            if (status != STATUS_OK)
                return status;
            continue;
        }
        if (status == STATUS_OK && request.code != 200)
            status = refused(&request, problem);
        if (status == STATUS_OK &&
            pb_json_read(type, request.reply.data, request.reply.size, PB_JSON_TRUSTED, arena, message, NULL, NULL, problem) != STATUS_OK)
            status = problem_set(problem, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
        buf_deinit(&request.reply);
        return status;
    }
}

status_t ask_get(http_t *http, const char *path, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem)
{
    return ask(http, &(http_request_t){.path = path}, type, arena, message, problem);
}

status_t ask_post(http_t *http, const char *path, const char *body, const char *key, const pb_type_t *type, arena_t *arena, void **message,
                  problem_t *problem)
{
    return ask(http, &(http_request_t){.path = path, .body = body, .key = key}, type, arena, message, problem);
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
