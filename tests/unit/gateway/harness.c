#include "tests/unit/gateway/harness.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/registry/v1/registry.meta.h"
#include "tests/unit/gateway/harness_log.h"

#define PATIENCE_MS 60000

typedef Pcn__Registry__V1__Organisation organisation_t;

static void copy_text(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%s", from != NULL ? from : "");
}

static void remember(harness_t *harness, const char *service, const rpc_request_t *call)
{
    harness_seen_t *seen = &harness->seen;
    copy_text(seen->service, sizeof(seen->service), service);
    copy_text(seen->method, sizeof(seen->method), call->header.method);
    copy_text(seen->request_id, sizeof(seen->request_id), call->header.request_id);
    copy_text(seen->traceparent, sizeof(seen->traceparent), call->header.traceparent);
    copy_text(seen->idempotency_key, sizeof(seen->idempotency_key), call->header.idempotency_key);
    copy_text(seen->subject, sizeof(seen->subject), call->header.principal->subject);
    copy_text(seen->origin, sizeof(seen->origin), call->header.origin);
    seen->scopes = call->header.principal->n_scopes;
    seen->expected_version = call->header.has_expected_version ? call->header.expected_version : 0;
    seen->body_size = call->body_size < sizeof(seen->body) ? call->body_size : sizeof(seen->body);
    memcpy(seen->body, call->body, seen->body_size);
    seen->calls++;
}

static const struct {
    const char *code;
    status_t status;
    uint32_t retry_after_ms;
} refusals[] = {
    {"missing", STATUS_NOT_FOUND, 0},          {"inside", STATUS_INTERNAL, 0},        {"away", STATUS_UNAVAILABLE, 0},
    {"busy", STATUS_RESOURCE_EXHAUSTED, 1500}, {"late", STATUS_DEADLINE_EXCEEDED, 0}, {"pruned", STATUS_OUT_OF_RANGE, 0},
};

void harness_reply_with(rpc_request_t *call, const void *message, int64_t version, bool replayed)
{
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    uint8_t *bytes = NULL;
    size_t size = 0;
    header.has_version = version > 0;
    header.version = version;
    header.has_replayed = header.replayed = replayed;
    if (message != NULL)
        pb_pack(message, call->arena, &bytes, &size);
    call->done(call, &header, bytes, size, NULL);
}

static void answer_organisation(rpc_request_t *call, organisation_t *organisation, const char *code, int64_t version)
{
    problem_t problem = {0};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].code, code) != 0)
            continue;
        problem_set(&problem, refusals[i].status, "code", "the service's own words");
        problem.retry_after_ms = refusals[i].retry_after_ms;
        call->done(call, NULL, NULL, 0, &problem);
        return;
    }
    if (strcmp(code, "broken") == 0) {
        Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
        call->done(call, &header, (const uint8_t *)"\xff\xff\xff", 3, NULL);
        return;
    }
    organisation->has_version = true;
    organisation->version = version;
    harness_reply_with(call, organisation, version, call->header.idempotency_key != NULL && strcmp(call->header.idempotency_key, "again") == 0);
}

static const pb_method_t *method_of(const char *name)
{
    for (unsigned i = 0; i < harness_files_service.method_count; i++) {
        if (strcmp(harness_files_service.methods[i].name, name) == 0)
            return &harness_files_service.methods[i];
    }
    return pb_method_by_name(name);
}

static void hold(harness_t *harness, rpc_request_t *call)
{
    call->next = harness->held;
    harness->held = call;
}

static void answer(harness_t *harness, rpc_request_t *call)
{
    const pb_method_t *method = method_of(call->header.method);
    problem_t problem = {0};
    void *request = NULL;
    organisation_t organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    if (pb_unpack(method->request, call->body, call->body_size, call->arena, &request, &problem) != STATUS_OK) {
        call->done(call, NULL, NULL, 0, &problem);
    } else if (strncmp(method->name, "files/", 6) == 0) {
        if (!harness_files_answer(&harness->files, call, method, request))
            hold(harness, call);
    } else if (strcmp(method->short_name, "GetOrganisation") == 0) {
        organisation.code = ((Pcn__Registry__V1__GetOrganisationRequest *)request)->code;
        organisation.name = (char *)"Somewhere";
        if (strcmp(organisation.code, "slow") == 0) {
            hold(harness, call);
            return;
        }
        answer_organisation(call, &organisation, organisation.code, 3);
    } else if (strcmp(method->short_name, "CreateOrganisation") == 0) {
        organisation_t *given = ((Pcn__Registry__V1__CreateOrganisationRequest *)request)->organisation;
        answer_organisation(call, given, given->code, 1);
    } else if (strcmp(method->short_name, "UpdateOrganisation") == 0) {
        Pcn__Registry__V1__UpdateOrganisationRequest *update = request;
        update->organisation->code = update->code;
        update->organisation->former_names = update->clear; // so that the client sees what arrived
        update->organisation->n_former_names = update->n_clear;
        problem_set(&problem, STATUS_ABORTED, NULL, "the version is another");
        if (call->header.expected_version == 3)
            answer_organisation(call, update->organisation, update->code, 4);
        else
            call->done(call, NULL, NULL, 0, &problem);
    } else if (strcmp(method->short_name, "AddMember") == 0) {
        Pcn__Registry__V1__Network network = PCN__REGISTRY__V1__NETWORK__INIT;
        network.code = ((Pcn__Registry__V1__AddMemberRequest *)request)->code;
        harness_reply_with(call, &network, 9, false);
    } else if (strcmp(method->short_name, "Read") == 0) {
        harness_log_read(harness, call, request);
    } else {
        harness_reply_with(call, NULL, 0, false); // an empty message of any type
    }
}

static void on_answers(uv_timer_t *timer)
{
    harness_t *harness = timer->data;
    while (harness->waiting != NULL) {
        rpc_request_t *call = harness->waiting;
        harness->waiting = call->next;
        answer(harness, call);
    }
}

static bool fake_call(void *data, const char *service, rpc_request_t *call)
{
    harness_t *harness = data;
    if (harness->absent)
        return false;
    remember(harness, service, call);
    call->next = harness->waiting;
    harness->waiting = call;
    uv_timer_start(&harness->answers, on_answers, 0, 0);
    return true;
}

static bool fake_ready(void *data, problem_t *problem)
{
    const harness_t *harness = data;
    if (harness->unready)
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "registry does not answer");
    return !harness->unready;
}

static void on_release(uv_async_t *async)
{
    harness_t *harness = async->data;
    problem_t problem = {0};
    problem_set(&problem, STATUS_NOT_FOUND, NULL, "it took its time");
    while (harness->held != NULL) {
        rpc_request_t *call = harness->held;
        harness->held = call->next;
        if (harness->answers_late)
            answer(harness, call);
        else
            call->done(call, NULL, NULL, 0, &problem);
    }
}

static void on_drain(uv_async_t *async)
{
    harness_t *harness = async->data;
    harness->gateway.draining = true;
    http_drain(harness->http);
}

static void on_stop(uv_async_t *async)
{
    harness_t *harness = async->data;
    on_release(async);
    on_answers(&harness->answers);
    on_release(async);
    http_destroy(&harness->http);
    // What uploads that ended with it have said.
    on_answers(&harness->answers);
    on_release(async);
    uv_close((uv_handle_t *)&harness->stop, NULL);
    uv_close((uv_handle_t *)&harness->drain, NULL);
    uv_close((uv_handle_t *)&harness->release, NULL);
    uv_close((uv_handle_t *)&harness->grow, NULL);
    uv_close((uv_handle_t *)&harness->answers, NULL);
}

// One thread serves all harnesses of the process, one after the other, since a thread that validates keeps its compiled patterns.
static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    harness_t *job;
} worker = {PTHREAD_ONCE_INIT, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};

static void *work(void *data)
{
    (void)data;
    pthread_mutex_lock(&worker.lock);
    for (;;) {
        while (worker.job == NULL)
            pthread_cond_wait(&worker.changed, &worker.lock);
        harness_t *harness = worker.job;
        pthread_mutex_unlock(&worker.lock);
        uv_run(&harness->loop, UV_RUN_DEFAULT);
        pthread_mutex_lock(&worker.lock);
        worker.job = NULL;
        pthread_cond_broadcast(&worker.changed);
    }
    return NULL;
}

static void start_worker(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) == 0)
        pthread_detach(thread);
}

// Hands the harness over (NULL: waits until the one at work is done).
static void work_on(harness_t *harness)
{
    pthread_once(&worker.once, start_worker);
    pthread_mutex_lock(&worker.lock);
    while (worker.job != NULL)
        pthread_cond_wait(&worker.changed, &worker.lock);
    worker.job = harness;
    pthread_cond_broadcast(&worker.changed);
    pthread_mutex_unlock(&worker.lock);
}

// An RSA key takes long to make, so all harnesses of the process have one issuer.
static const issuer_t *shared_issuer(void)
{
    static issuer_t issuer;
    if (issuer.keys[0] == NULL)
        issuer_init(&issuer);
    return &issuer;
}

harness_t *harness_new(int64_t in_flight_max)
{
    harness_t *harness = calloc(1, sizeof(*harness));
    problem_t problem = {0};
    listen_t listen;
    jwks_t *jwks;
    char address[160];
    log_start("gateway", LOG_LEVEL_ERROR);
    strcpy(harness->dir, "/tmp/pcn-gateway-XXXXXX");
    assert_non_null(mkdtemp(harness->dir));
    snprintf(harness->path, sizeof(harness->path), "%s/http", harness->dir);
    snprintf(address, sizeof(address), "unix:%s", harness->path);
    harness->config = (gateway_config_t){.request_timeout_ms = 60000,
                                         .connection_limit = 2000,
                                         .connection_timeout_ms = 60000,
                                         .in_flight_max = in_flight_max > 0 ? in_flight_max : 4096,
                                         .token_issuer = "urn:pcn:development",
                                         .token_audience = "pcn",
                                         .token_leeway_ms = 30000,
                                         .token_cache = 100,
                                         .streams_max = 20,
                                         .stream_heartbeat_ms = 400,
                                         .uploads_max = 2,
                                         .downloads_max = 2,
                                         .transfer_timeout_ms = 60000};
    uv_loop_init(&harness->loop);
    harness->stop.data = harness->drain.data = harness->release.data = harness->grow.data = harness->answers.data = harness;
    uv_async_init(&harness->loop, &harness->stop, on_stop);
    uv_async_init(&harness->loop, &harness->drain, on_drain);
    uv_async_init(&harness->loop, &harness->release, on_release);
    uv_async_init(&harness->loop, &harness->grow, harness_log_grow);
    pthread_mutex_init(&harness->log.lock, NULL);
    harness->log.bytes = 200;
    uv_timer_init(&harness->loop, &harness->answers);
    harness->gateway.loop = &harness->loop;
    harness->gateway.config = &harness->config;
    harness->gateway.metrics = metrics_new();
    harness->gateway.upstream = (upstream_t){harness, fake_call, fake_ready, harness_log_follow, harness_log_unfollow};
    harness_files_init(&harness->files);
    harness->contract[0] = &harness_files_service;
    for (size_t i = 0; pcn_services[i] != NULL; i++) {
        assert_true(i + 2 < sizeof(harness->contract) / sizeof(harness->contract[0]));
        harness->contract[i + 1] = pcn_services[i];
    }
    harness->gateway.contract = harness->contract;
    assert_int_equal(gateway_init(&harness->gateway, &problem), STATUS_OK);
    harness->issuer = *shared_issuer();
    char *set = issuer_jwks(&harness->issuer);
    assert_int_equal(jwks_parse(set, strlen(set), &jwks, &problem), STATUS_OK);
    free(set);
    verifier_set_keys(harness->gateway.verifier, &jwks);
    assert_int_equal(listen_open(address, &listen, &problem), STATUS_OK);
    assert_int_equal(http_new(&harness->gateway, &listen, &harness->http, &problem), STATUS_OK);
    work_on(harness);
    return harness;
}

void harness_destroy(harness_t **out)
{
    harness_t *harness = *out;
    *out = NULL;
    uv_async_send(&harness->stop);
    work_on(NULL);
    assert_int_equal(uv_loop_close(&harness->loop), 0);
    // Every request was given back.
    assert_int_equal(harness->gateway.open, 0);
    assert_int_equal(harness->log.tails, 0);
    assert_int_equal(harness->gateway.in_flight->value, 0);
    metrics_t *metrics = harness->gateway.metrics;
    gateway_deinit(&harness->gateway);
    metrics_destroy(&metrics);
    assert_int_not_equal(access(harness->path, F_OK), 0);
    rmdir(harness->dir);
    harness_files_deinit(&harness->files);
    free(harness);
}

void harness_release(harness_t *harness)
{
    uv_async_send(&harness->release);
}

void harness_drain(harness_t *harness)
{
    uv_async_send(&harness->drain);
}

char *harness_token(const harness_t *harness, const char *role)
{
    return issuer_token(&harness->issuer, ISSUER_ED25519, role, clock_wall_us() / 1000000);
}

int harness_connect(const harness_t *harness)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, harness->path, strlen(harness->path) + 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    return fd;
}

// A peer that closed early ends the sending; what it said is still there to be read.
void harness_send(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        size -= (size_t)sent;
    }
}

void harness_send_text(int fd, const char *text)
{
    harness_send(fd, text, strlen(text));
}

const char *harness_header(const harness_reply_t *reply, const char *name)
{
    static char value[1024];
    size_t size = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, size) != 0 || line[2 + size] != ':')
            continue;
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + 2 + size + 2, "\r"), line + 2 + size + 2);
        return value;
    }
    return NULL;
}

bool harness_says(const harness_reply_t *reply, const char *text)
{
    return strstr(reply->body, text) != NULL;
}

static bool read_head(int fd, harness_reply_t *reply)
{
    size_t size = 0;
    while (size + 1 < sizeof(reply->head)) {
        if (recv(fd, reply->head + size, 1, 0) != 1)
            return false;
        reply->head[++size] = '\0';
        if (size >= 4 && memcmp(reply->head + size - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

void harness_receive(int fd, bool head, harness_reply_t *reply)
{
    do {
        memset(reply, 0, sizeof(*reply));
        if (!read_head(fd, reply)) {
            reply->closed = true;
            reply->status = 0;
            return;
        }
        reply->status = atoi(reply->head + 9);
    } while (reply->status == 100);
    const char *length = harness_header(reply, "Content-Length");
    size_t size = length != NULL && !head ? (size_t)atoi(length) : 0;
    while (reply->body_size < size && size < sizeof(reply->body)) {
        ssize_t got = recv(fd, reply->body + reply->body_size, size - reply->body_size, 0);
        if (got <= 0)
            break;
        reply->body_size += (size_t)got;
    }
    const char *connection = harness_header(reply, "Connection");
    reply->closed = connection != NULL && strcasecmp(connection, "close") == 0;
}

void harness_exchange(const harness_t *harness, const char *request, harness_reply_t *reply)
{
    int fd = harness_connect(harness);
    harness_send_text(fd, request);
    harness_receive(fd, strncmp(request, "HEAD ", 5) == 0, reply);
    close(fd);
}

void harness_call(const harness_t *harness, const char *role, const char *line, const char *headers, const char *body,
                  harness_reply_t *reply)
{
    char *token = harness_token(harness, role), *request, length[64] = "";
    if (body[0] != '\0')
        snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
    assert_true(asprintf(&request, "%s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n%s%s\r\n%s", line, token, headers, length, body) >
                0);
    harness_exchange(harness, request, reply);
    free(request);
    free(token);
}
