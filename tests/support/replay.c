#include "tests/support/replay.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/http.h"

enum { AGAIN_MS = 5, READ_LIMIT_MS = 60000 };

static void *require(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "replay: no memory\n");
        abort();
    }
    return memory;
}

void replay_init(replay_t *replay, int64_t after)
{
    *replay = (replay_t){.after = after, .place = after};
}

uint64_t replay_digest(uint64_t digest, int64_t sequence, const char *id)
{
    char text[96];
    snprintf(text, sizeof text, "%" PRId64 " %s\n", sequence, id);
    for (const char *at = text; *at != '\0'; at++)
        digest = (digest ^ (unsigned char)*at) * UINT64_C(1099511628211);
    return digest;
}

static void note(replay_t *replay, size_t *kind, const char *what, const char *about, int64_t sequence, int64_t before, int64_t now)
{
    if (replay->first[0] == '\0')
        snprintf(replay->first, sizeof replay->first, "%s: %s at place %" PRId64 " has %" PRId64 " after %" PRId64, what, about, sequence,
                 now, before);
    (*kind)++;
}

static void follow_subject(replay_t *replay, size_t number, bool fresh, const replay_event_t *event, json_t *data)
{
    if (number >= replay->state_room) {
        replay->state_room = replay->subjects.room;
        replay->states = require(realloc(replay->states, replay->state_room * sizeof *replay->states));
    }
    replay_subject_t *state = &replay->states[number];
    const char *subject = replay->subjects.texts[number];
    if (fresh)
        *state = (replay_subject_t){0};
    // Read from within, a log may begin with any version of a subject.
    if (fresh && replay->after > 0)
        state->version = event->version - 1;
    if (event->version <= state->version)
        note(replay, &replay->doubles, "version again", subject, event->sequence, state->version, event->version);
    else if (event->version > state->version + 1)
        note(replay, &replay->gaps, "version left out", subject, event->sequence, state->version, event->version);
    if (event->version > state->version || fresh) {
        state->version = event->version;
        state->sequence = event->sequence;
        json_decref(state->data);
        state->data = replay->keep_data ? json_incref(data) : NULL;
    }
}

void replay_add(replay_t *replay, int64_t sequence, const char *id, const char *subject, int64_t version, const char *traceparent,
                json_t *data)
{
    bool fresh = false;
    if (replay->count == replay->room) {
        replay->room = replay->room > 0 ? 2 * replay->room : 1024;
        replay->events = require(realloc(replay->events, replay->room * sizeof *replay->events));
    }
    if (sequence > replay->place + 1)
        note(replay, &replay->gaps, "place left out", subject, sequence, replay->place, sequence);
    else if (sequence <= replay->place)
        note(replay, &replay->doubles, "place again", subject, sequence, replay->place, sequence);
    (void)table_add(&replay->ids, id, &fresh);
    if (!fresh)
        note(replay, &replay->doubles, "id again", subject, sequence, replay->place, sequence);
    replay_event_t *event = &replay->events[replay->count++];
    *event = (replay_event_t){.sequence = sequence, .version = version};
    snprintf(event->traceparent, sizeof event->traceparent, "%s", traceparent != NULL ? traceparent : "");
    event->subject = table_add(&replay->subjects, subject, &fresh);
    follow_subject(replay, event->subject, fresh, event, data);
    replay->digest = replay_digest(replay->digest, sequence, id);
    if (sequence > replay->place)
        replay->place = sequence;
}

const replay_subject_t *replay_state(const replay_t *replay, const char *subject)
{
    const size_t number = table_find(&replay->subjects, subject);
    return number != TABLE_NONE ? &replay->states[number] : NULL;
}

static const char *text_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));
    return text != NULL ? text : "";
}

static bool read_page(replay_t *replay, const http_call_t *call, int64_t *max)
{
    http_answer_t answer;
    const bool whole = http_send(call, &answer);
    json_t *events = json_object_get(answer.json, "events");
    size_t i;
    json_t *event;
    if (!whole || answer.status != 200 || !json_is_array(events)) {
        snprintf(replay->first, sizeof replay->first, "%s: %ld %.150s", call->path, answer.status, answer.body != NULL ? answer.body : "");
        http_answer_clear(&answer);
        return false;
    }
    json_array_foreach(events, i, event)
    {
        json_t *data = json_object_get(event, "data");
        replay_add(replay, json_integer_value(json_object_get(event, "sequence")), text_of(event, "id"), text_of(event, "subject"),
                   json_integer_value(json_object_get(data, "version")), text_of(event, "traceparent"), data);
    }
    *max = json_integer_value(json_object_get(answer.json, "max"));
    const int64_t next = json_integer_value(json_object_get(answer.json, "next"));
    if (next != replay->place)
        note(replay, next > replay->place ? &replay->gaps : &replay->doubles, "next", call->path, replay->place, replay->place, next);
    http_answer_clear(&answer);
    return true;
}

bool replay_read(replay_t *replay, const char *url, const char *service, const char *token, unsigned limit, int64_t until)
{
    const int64_t give_up_us = clock_steady_us() + READ_LIMIT_MS * INT64_C(1000);
    int64_t max = INT64_MAX;
    while (replay->place < max || replay->place < until) {
        char path[128];
        const int64_t before = replay->place;
        snprintf(path, sizeof path, "/v1/events/%s?after=%" PRId64 "&limit=%u", service, before, limit);
        if (!read_page(replay, &(http_call_t){.url = url, .path = path, .token = token}, &max))
            return false;
        if (replay->place != before)
            continue;
        if (replay->place < max || clock_steady_us() > give_up_us) {
            snprintf(replay->first, sizeof replay->first, "the log stays at %" PRId64 " of %" PRId64, replay->place, until);
            return false;
        }
        // An event comes into the log a moment after its change; the outside is looked at, so there is nothing to be woken by.
        if (replay->place < until)
            (void)poll(NULL, 0, AGAIN_MS);
    }
    return true;
}

void replay_clear(replay_t *replay)
{
    for (size_t i = 0; i < replay->subjects.count; i++)
        json_decref(replay->states[i].data);
    free(replay->events);
    free(replay->states);
    table_clear(&replay->subjects);
    table_clear(&replay->ids);
    *replay = (replay_t){0};
}
