#include "tests/support/fake_log.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"

#define PAGE_BYTES 500000

unsigned fake_log_random(fake_log_t *log, unsigned below)
{
    log->seed ^= log->seed << 13;
    log->seed ^= log->seed >> 7;
    log->seed ^= log->seed << 17;
    return (unsigned)((log->seed >> 16) % below);
}

static bool happens(fake_log_t *log, unsigned of_thousand)
{
    return of_thousand > 0 && fake_log_random(log, 1000) < of_thousand;
}

// ---- events

void fake_event_init(Pcn__Events__V1__Event *event, fake_texts_t *texts, int64_t sequence, size_t data_size)
{
    *event = (Pcn__Events__V1__Event)PCN__EVENTS__V1__EVENT__INIT;
    size_t room = data_size > 96 ? data_size : 96;
    texts->data = malloc(room + 1);
    (void)snprintf(texts->id, sizeof texts->id, "0190b2a0-0000-7000-8000-%012" PRIx64, (uint64_t)sequence);
    (void)snprintf(texts->subject, sizeof texts->subject, "organisations/o-%02d", (int)(sequence % FAKE_SUBJECTS));
    (void)snprintf(texts->time, sizeof texts->time, "2026-11-26T00:00:00.%06dZ", (int)(sequence % 1000000));
    int size = snprintf(texts->data, room, "{\"code\":\"o-%02d\",\"version\":%" PRId64 "}", (int)(sequence % FAKE_SUBJECTS),
                        sequence / FAKE_SUBJECTS + 1);
    if (data_size > (size_t)size) {
        memset(texts->data + size, ' ', data_size - (size_t)size);
        texts->data[data_size] = '\0';
    }
    event->specversion = (char *)(uintptr_t) "1.0";
    event->id = texts->id;
    event->source = (char *)(uintptr_t) "/pcn/registry";
    event->type = (char *)(uintptr_t) "pcn.registry.organisation.updated";
    event->subject = texts->subject;
    event->time = texts->time;
    event->has_sequence = 1;
    event->sequence = sequence;
    event->datacontenttype = (char *)(uintptr_t) "application/json";
    event->data = texts->data;
}

void fake_event_deinit(fake_texts_t *texts)
{
    free(texts->data);
}

bool fake_event_is(const Pcn__Events__V1__Event *event, int64_t sequence)
{
    Pcn__Events__V1__Event wanted;
    fake_texts_t texts;
    fake_event_init(&wanted, &texts, sequence, 0);
    bool same = event->sequence == sequence && strcmp(event->id, wanted.id) == 0 && strcmp(event->subject, wanted.subject) == 0 &&
                strcmp(event->type, wanted.type) == 0 && strncmp(event->data, wanted.data, strlen(wanted.data)) == 0;
    fake_event_deinit(&texts);
    return same;
}

static Pcn__Events__V1__Event *arena_event(arena_t *arena, int64_t sequence, size_t data_size)
{
    fake_texts_t texts;
    Pcn__Events__V1__Event *event = arena_alloc(arena, sizeof *event);
    assert_non_null(event);
    fake_event_init(event, &texts, sequence, data_size);
    event->id = arena_string(arena, event->id);
    event->subject = arena_string(arena, event->subject);
    event->time = arena_string(arena, event->time);
    event->data = arena_string(arena, event->data);
    fake_event_deinit(&texts);
    return event;
}

// ---- out

static void send_event(fake_log_t *log, int64_t sequence)
{
    Pcn__Events__V1__Event event;
    fake_texts_t texts;
    char topic[128];
    fake_event_init(&event, &texts, sequence, log->data_size);
    size_t size = protobuf_c_message_get_packed_size(&event.base);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    (void)protobuf_c_message_pack(&event.base, bytes);
    (void)snprintf(topic, sizeof topic, "%s/%s", event.type, event.subject);
    rpc_publish(log->publisher, topic, bytes, size);
    free(bytes);
    fake_event_deinit(&texts);
}

void fake_log_publish(fake_log_t *log, int64_t sequence)
{
    if (log->publisher == NULL || happens(log, log->faults.drop)) {
        return;
    }
    if (happens(log, log->faults.rubbish)) {
        uint8_t rubbish[64];
        for (size_t i = 0; i < sizeof rubbish; i++) {
            rubbish[i] = (uint8_t)fake_log_random(log, 256);
        }
        rpc_publish(log->publisher, happens(log, 500) ? "pcn.registry.heartbeat" : "pcn.registry.organisation.updated/x", rubbish,
                    sizeof rubbish);
    }
    if (log->held_back == 0 && happens(log, log->faults.swap)) {
        log->held_back = sequence;
        return;
    }
    send_event(log, sequence);
    if (happens(log, log->faults.twice)) {
        send_event(log, sequence);
    }
    if (log->held_back != 0) {
        send_event(log, log->held_back);
        log->held_back = 0;
    }
}

void fake_log_append(fake_log_t *log, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        log->head++;
        fake_log_publish(log, log->head);
    }
}

void fake_log_heartbeat(fake_log_t *log)
{
    if (log->publisher == NULL) {
        return;
    }
    Pcn__Events__V1__Heartbeat beat = PCN__EVENTS__V1__HEARTBEAT__INIT;
    uint8_t bytes[256];
    beat.source = (char *)(uintptr_t) "/pcn/registry";
    beat.time = (char *)(uintptr_t) "2026-11-26T00:00:00Z";
    beat.has_latest = 1;
    beat.latest = log->head;
    beat.epoch = log->epoch;
    size_t size = protobuf_c_message_pack(&beat.base, bytes);
    rpc_publish(log->publisher, "pcn.registry.heartbeat", bytes, size);
}

static void beat(uv_timer_t *timer)
{
    fake_log_heartbeat(timer->data);
}

void fake_log_beats(fake_log_t *log, bool on)
{
    if (on) {
        (void)uv_timer_start(&log->beat, beat, 1000, 1000);
    } else {
        (void)uv_timer_stop(&log->beat);
    }
}

// ---- calls

static void refuse(fake_log_t *log, rpc_call_t *call, status_t status, const char *detail)
{
    problem_t problem = {.status = STATUS_OK};
    (void)problem_set(&problem, status, NULL, "%s", detail);
    rpc_refuse(log->server, call, &problem);
}

static void answer(fake_log_t *log, rpc_call_t *call, const void *message)
{
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_true(pb_pack(message, call->arena, &bytes, &size));
    rpc_reply(log->server, call, &header, bytes, size);
}

static void serve_read(fake_log_t *log, rpc_call_t *call, const Pcn__Events__V1__ReadRequest *request)
{
    int64_t after = request->has_after ? request->after : 0;
    log->reads++;
    if ((request->epoch != NULL && strcmp(request->epoch, log->epoch) != 0) || after > log->head || after < log->pruned) {
        refuse(log, call, STATUS_OUT_OF_RANGE, "The place is gone");
        return;
    }
    int64_t limit = request->has_limit ? request->limit : 100;
    if (log->faults.page_max > 0) {
        int64_t least = 1 + (int64_t)fake_log_random(log, log->faults.page_max);
        limit = limit < least ? limit : least;
    }
    int64_t count = log->head - after < limit ? log->head - after : limit;
    Pcn__Events__V1__ReadReply reply = PCN__EVENTS__V1__READ_REPLY__INIT;
    reply.events = arena_alloc(call->arena, (size_t)(count + 1) * sizeof *reply.events);
    size_t bytes = 0;
    for (int64_t i = 0; i < count && bytes < PAGE_BYTES; i++) {
        Pcn__Events__V1__Event *event = arena_event(call->arena, after + 1 + i, log->data_size);
        bytes += strlen(event->data);
        event->subject = event->sequence == log->broken ? NULL : event->subject;
        reply.events[reply.n_events++] = event;
    }
    reply.has_next = reply.has_max = reply.has_pruned = 1;
    reply.next = after + (int64_t)reply.n_events;
    reply.max = log->head;
    reply.epoch = log->epoch;
    reply.pruned = log->pruned;
    answer(log, call, &reply);
}

// The token is "place:subject".
static void serve_snapshot(fake_log_t *log, rpc_call_t *call, const Pcn__Events__V1__SnapshotRequest *request)
{
    Pcn__Events__V1__SnapshotReply reply = PCN__EVENTS__V1__SNAPSHOT_REPLY__INIT;
    int64_t place = log->head;
    int subject = 0;
    log->snapshots++;
    if (request->page_token != NULL) {
        assert_int_equal(sscanf(request->page_token, "%" SCNd64 ":%d", &place, &subject), 2);
        if (log->prune_on_page > 0) {
            log->prune_on_page--;
            log->pruned = place + 1;
            log->head = log->head > place + 1 ? log->head : place + 1;
        }
        if (place < log->pruned) {
            refuse(log, call, STATUS_OUT_OF_RANGE, "The snapshot's place is pruned");
            return;
        }
    }
    unsigned limit = request->has_page_size ? request->page_size : 500;
    limit = log->faults.page_max > 0 && limit > log->faults.page_max ? log->faults.page_max : limit;
    reply.events = arena_alloc(call->arena, FAKE_SUBJECTS * sizeof *reply.events);
    for (; subject < FAKE_SUBJECTS && reply.n_events < limit; subject++) {
        int64_t latest = place - ((place - subject) % FAKE_SUBJECTS + FAKE_SUBJECTS) % FAKE_SUBJECTS;
        if (latest > 0) {
            reply.events[reply.n_events++] = arena_event(call->arena, latest, log->data_size);
        }
    }
    reply.next_page_token = subject < FAKE_SUBJECTS ? arena_printf(call->arena, "%" PRId64 ":%d", place, subject) : NULL;
    reply.has_sequence = 1;
    reply.sequence = place;
    reply.epoch = log->epoch;
    answer(log, call, &reply);
}

static void serve(void *data, rpc_call_t *call)
{
    fake_log_t *log = data;
    void *message = NULL;
    problem_t problem;
    bool snapshot = strcmp(call->header->method, "pcn.events.v1.Events/Snapshot") == 0;
    const pb_type_t *type = snapshot ? &pcn__events__v1__snapshot_request__type : &pcn__events__v1__read_request__type;
    if (log->refuse != STATUS_OK || happens(log, log->faults.fail)) {
        refuse(log, call, log->refuse != STATUS_OK ? log->refuse : STATUS_UNAVAILABLE, "Not now");
        return;
    }
    if (happens(log, log->faults.silent) && log->hung_count < sizeof log->hung / sizeof *log->hung) {
        log->hung[log->hung_count++] = call;
        return;
    }
    assert_int_equal(pb_unpack(type, call->body, call->body_size, call->arena, &message, &problem), STATUS_OK);
    if (snapshot) {
        serve_snapshot(log, call, message);
    } else {
        serve_read(log, call, message);
    }
}

// ---- life

static const rpc_permission_t permissions[] = {{.peer = "*", .method = "pcn.events.v1.Events/"}, {.peer = NULL}};

void fake_log_start(fake_log_t *log)
{
    problem_t problem = {.status = STATUS_OK};
    const char *calls[] = {log->rpc, NULL};
    const char *events[] = {log->pub, NULL};
    rpc_server_options_t options = {.endpoints = calls, .permissions = permissions, .serve = serve, .data = log};
    assert_int_equal(rpc_context_new(log->loop, log->dir, "registry", log->metrics, &log->context, &problem), STATUS_OK);
    assert_int_equal(rpc_server_new(log->context, &options, log->metrics, &log->server, &problem), STATUS_OK);
    assert_int_equal(rpc_publisher_new(log->context, events, &log->publisher, &problem), STATUS_OK);
}

void fake_log_stop(fake_log_t *log)
{
    log->hung_count = 0;
    log->held_back = 0;
    rpc_server_destroy(&log->server);
    rpc_publisher_destroy(&log->publisher);
    rpc_context_destroy(&log->context);
}

void fake_log_init(fake_log_t *log, uv_loop_t *loop, metrics_t *metrics)
{
    problem_t problem = {.status = STATUS_OK};
    memset(log, 0, sizeof *log);
    log->loop = loop;
    log->metrics = metrics;
    log->seed = 88172645463325252u;
    (void)strcpy(log->dir, "/tmp/pcn-fake-XXXXXX");
    (void)strcpy(log->epoch, "0190b2a0-1111-7000-8000-000000000001");
    assert_non_null(mkdtemp(log->dir));
    (void)snprintf(log->rpc, sizeof log->rpc, "ipc://%s/rpc", log->dir);
    (void)snprintf(log->pub, sizeof log->pub, "ipc://%s/pub", log->dir);
    assert_int_equal(rpc_keys_ensure(log->dir, "registry", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_ensure(log->dir, "follower", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(log->dir, "registry", log->key, &problem), STATUS_OK);
    assert_int_equal(uv_timer_init(loop, &log->beat), 0);
    log->beat.data = log;
    uv_unref((uv_handle_t *)&log->beat);
    fake_log_start(log);
}

void fake_log_deinit(fake_log_t *log)
{
    fake_log_stop(log);
    uv_close((uv_handle_t *)&log->beat, NULL);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", log->dir);
    assert_int_equal(system(command), 0);
}
