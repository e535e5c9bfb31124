#include "tests/support/simulator/phase.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

enum { CLIENTS = 32, LIMIT_MS = 60000, AGAIN_MS = 20 };

typedef struct phase {
    scene_t *scene;
    const phase_kind_t *kind;
    void *context;
    errand_t **todo;
    size_t count, next;
    size_t left; // asked again: the first of todo
    bool failed;
} phase_t;

bool phase_body(load_request_t *request, json_t *body)
{
    const size_t size = body != NULL ? json_dumpb(body, request->body, sizeof request->body, JSON_COMPACT) : 0;
    json_decref(body);
    if (size == 0 || size >= sizeof request->body)
        return false;
    request->body[size] = '\0';
    return true;
}

void phase_change(load_request_t *request, const char *path, const char *subject)
{
    request->method = "POST";
    snprintf(request->path, sizeof request->path, "%s", path);
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "%s", subject);
}

void phase_take_id(const load_answer_t *answer, char id[SCENE_ID_SIZE])
{
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const char *text = json_string_value(json_object_get(body, "id"));
    snprintf(id, SCENE_ID_SIZE, "%s", text != NULL ? text : "");
    json_decref(body);
}

static bool make(void *world, load_random_t *random, load_request_t *request)
{
    phase_t *phase = world;
    (void)random;
    if (phase->next == phase->count || phase->failed)
        return false;
    errand_t *errand = phase->todo[phase->next++];
    request->about = errand;
    if (phase->kind->make(phase->context, errand, request))
        return true;
    phase->failed = true;
    return scene_fail(phase->scene, "%s: a request does not fit in", phase->kind->name);
}

static bool is_good(const phase_kind_t *kind, long status)
{
    if (journal_is_success(status))
        return true;
    for (size_t i = 0; i < sizeof kind->good / sizeof *kind->good && kind->good[i] != 0; i++) {
        if (kind->good[i] == status)
            return true;
    }
    return false;
}

static bool answered(void *world, const load_request_t *request, const load_answer_t *answer)
{
    phase_t *phase = world;
    errand_t *errand = request->about;
    if (is_good(phase->kind, answer->status)) {
        if (phase->kind->done != NULL)
            phase->kind->done(phase->context, errand, answer);
    } else if (answer->status == 404 && phase->kind->patience_ms > 0) {
        // What was made is behind `next`, so there is room before it.
        phase->todo[phase->left++] = errand;
    } else {
        phase->failed = true;
        (void)scene_fail(phase->scene, "%s: %s %s: %ld %.200s", phase->kind->name, request->method, request->path, answer->status,
                         answer->body != NULL ? answer->body : "");
    }
    return true;
}

static bool run_once(phase_t *phase)
{
    static const load_operation_t operations[] = {{"errand", 1, make, answered}, {NULL, 0, NULL, NULL}};
    const uint64_t run = (uint64_t)clock_wall_us();
    journal_t *journal = journal_new(NULL, run);
    load_t *load = NULL;
    const load_options_t options = {.journal = journal,
                                    .url = phase->scene->url,
                                    .socket = phase->scene->socket,
                                    .token = phase->scene->manager,
                                    .clients = CLIENTS,
                                    .seed = run, // keys of this run's own
                                    .requests_max = phase->count,
                                    .operations = operations,
                                    .world = phase};
    if (journal == NULL || (load = load_start(&options)) == NULL) {
        journal_destroy(&journal);
        return scene_fail(phase->scene, "%s: no memory", phase->kind->name);
    }
    const load_counts_t counts = load_finish(&load, LIMIT_MS);
    journal_destroy(&journal);
    if (!phase->failed && (counts.unanswered > 0 || counts.requests < phase->count))
        return scene_fail(phase->scene, "%s: %zu of %zu requests were answered", phase->kind->name, counts.requests - counts.unanswered,
                          phase->count);
    return !phase->failed;
}

bool phase_run(scene_t *scene, const phase_kind_t *kind, void *context, errand_t *errands, size_t count)
{
    if (count == 0)
        return true;
    phase_t phase = {.scene = scene, .kind = kind, .context = context, .count = count};
    const int64_t until_us = clock_steady_us() + kind->patience_ms * INT64_C(1000);
    phase.todo = calloc(count, sizeof *phase.todo);
    if (phase.todo == NULL)
        return scene_fail(scene, "no memory");
    for (size_t i = 0; i < count; i++)
        phase.todo[i] = &errands[i];
    bool good = run_once(&phase);
    while (good && phase.left > 0) {
        if (clock_steady_us() > until_us) {
            good = scene_fail(scene, "%s: %zu of %zu are still not known", kind->name, phase.left, count);
            break;
        }
        // There is no event to wait for: it is the outside that is looked at.
        (void)poll(NULL, 0, AGAIN_MS);
        phase.count = phase.left;
        phase.left = phase.next = 0;
        good = run_once(&phase);
    }
    free(phase.todo);
    return good;
}
