#include "tests/support/simulator/demonstration.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/simulator/phase.h"

#define SOURCE "Simulator: the network's list shared out for a demonstration"

enum { PATIENCE_MS = 60000, LOOK_MS = 50, MARGIN = 5 };

// ---- requests ----

static bool make_size_look(void *context, errand_t *errand, load_request_t *request)
{
    (void)context;
    request->method = "GET";
    snprintf(request->path, sizeof request->path, "/v1/organisations/%s/list-sizes", errand->place->code);
    return true;
}

static void on_size_look(void *context, errand_t *errand, const load_answer_t *answer)
{
    (void)context;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    size_t i;
    const json_t *size;
    json_array_foreach(json_object_get(body, "listSizes"), i, size)
    {
        errand->place->sized = errand->place->sized || json_is_true(json_object_get(size, "synthetic"));
    }
    json_decref(body);
}

static bool make_size(void *context, errand_t *errand, load_request_t *request)
{
    (void)context;
    const scene_place_t *place = errand->place;
    char path[LOAD_PATH_SIZE], subject[LOAD_SUBJECT_SIZE];
    snprintf(path, sizeof path, "/v1/organisations/%s/list-sizes", place->code);
    snprintf(subject, sizeof subject, "organisations/%s", place->code);
    phase_change(request, path, subject);
    return phase_body(request, json_pack("{s:s, s:I, s:s, s:s, s:b}", "kind", "registered", "count", (json_int_t)place->list_size, "asOf",
                                         place->list_day, "source", SOURCE, "synthetic", 1));
}

static bool make_service(void *context, errand_t *errand, load_request_t *request)
{
    const scene_t *scene = context;
    const plan_offerer_t offerer = scene_offerer(errand->place);
    phase_change(request, "/v1/services", "services/");
    return phase_body(request, plan_service(&offerer, errand->service, scene->seed));
}

static void on_service(void *context, errand_t *errand, const load_answer_t *answer)
{
    (void)context;
    phase_take_id(answer, errand->place->services[errand->service].id);
}

static bool make_plan(void *context, errand_t *errand, load_request_t *request)
{
    const demonstration_t *demonstration = context;
    const plan_offerer_t offerer = scene_offerer(errand->place);
    char from[DATE_SIZE];
    date_format(demonstration->today, from);
    phase_change(request, "/v1/schedule-templates", "schedule-templates/");
    request->token = errand->place->token;
    return phase_body(request, plan_template(&offerer, errand->service, errand->plan, errand->place->services[errand->service].id, from));
}

static bool make_slot_look(void *context, errand_t *errand, load_request_t *request)
{
    const demonstration_t *demonstration = context;
    char from[DATE_SIZE], to[DATE_SIZE];
    date_format(demonstration->today, from);
    date_format(demonstration->today + DEMONSTRATION_DAYS - 1, to);
    request->method = "GET";
    snprintf(request->path, sizeof request->path, "/v1/slots?organisation=%s&kind=core&from=%s&to=%s&pageSize=%d", errand->place->code,
             from, to, DEMONSTRATION_FREE);
    return true;
}

static void on_slot_look(void *context, errand_t *errand, const load_answer_t *answer)
{
    (void)context;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    size_t i;
    const json_t *slot;
    errand->count = 0;
    json_array_foreach(json_object_get(body, "slots"), i, slot)
    {
        errand->count += json_object_get(slot, "restrictions") == NULL;
    }
    json_decref(body);
}

static size_t working_days(int32_t from, int32_t to)
{
    size_t count = 0;
    for (int32_t day = from; day <= to; day++)
        count += weekday_of_date(day) < 5;
    return count;
}

static bool make_more(void *context, errand_t *errand, load_request_t *request)
{
    const demonstration_t *demonstration = context;
    const int32_t first = demonstration->today + 1, last = demonstration->today + DEMONSTRATION_DAYS - 1;
    char from[DATE_SIZE], to[DATE_SIZE];
    date_format(first, from);
    date_format(last, to);
    phase_change(request, "/v1/schedule-templates", "schedule-templates/");
    request->token = errand->place->token;
    return phase_body(request, plan_more(errand->place->services[0].id, from, to, DEMONSTRATION_FREE + MARGIN - errand->count,
                                         working_days(first, last)));
}

static const phase_kind_t size_look = {.name = "list sizes that are there", .make = make_size_look, .done = on_size_look};
static const phase_kind_t size_kind = {.name = "list sizes", .make = make_size, .good = {409}};
static const phase_kind_t service_kind = {.name = "services", .make = make_service, .done = on_service, .patience_ms = PATIENCE_MS};
static const phase_kind_t plan_kind = {.name = "plans", .make = make_plan};
static const phase_kind_t slot_look = {.name = "slots that are free", .make = make_slot_look, .done = on_slot_look};
static const phase_kind_t more_kind = {.name = "further slots", .make = make_more};

// ---- the steps ----

// Room for what is to be done; the most is one errand for each plan.
typedef struct work {
    demonstration_t *demonstration;
    scene_t *scene;
    errand_t *errands;
    size_t count;
} work_t;

static void add(work_t *work, scene_place_t *place, size_t service, size_t plan)
{
    work->errands[work->count++] = (errand_t){.place = place, .service = service, .plan = plan};
}

static void add_practices(work_t *work)
{
    work->count = 0;
    for (size_t i = 0; i < work->scene->count; i++) {
        if (work->scene->places[i].owner == PLAN_PRACTICE)
            add(work, &work->scene->places[i], 0, 0);
    }
}

static bool run(work_t *work, const phase_kind_t *kind, void *context)
{
    return phase_run(work->scene, kind, context, work->errands, work->count);
}

static bool make_list_sizes(work_t *work)
{
    add_practices(work);
    if (!run(work, &size_look, work->scene))
        return false;
    size_t missing = 0;
    for (size_t i = 0; i < work->count; i++) {
        if (!work->errands[i].place->sized && work->errands[i].place->list_day[0] != '\0')
            work->errands[missing++] = work->errands[i];
    }
    work->demonstration->list_sizes = work->count = missing;
    return run(work, &size_kind, work->scene);
}

static bool make_services(work_t *work)
{
    work->count = 0;
    for (size_t i = 0; i < work->scene->count; i++) {
        scene_place_t *place = &work->scene->places[i];
        const plan_offerer_t offerer = scene_offerer(place);
        for (size_t k = 0; k < plan_service_count(place->owner); k++) {
            if (place->services[k].id[0] == '\0' && !plan_service_lacks(&offerer, k))
                add(work, place, k, 0);
        }
    }
    work->demonstration->services = work->count;
    return run(work, &service_kind, work->scene);
}

static bool make_plans(work_t *work)
{
    work->count = 0;
    for (size_t i = 0; i < work->scene->count; i++) {
        scene_place_t *place = &work->scene->places[i];
        for (size_t k = 0; k < plan_service_count(place->owner); k++) {
            for (size_t n = 0; place->services[k].id[0] != '\0' && n < plan_count(place->owner, k); n++) {
                if (!place->services[k].planned[n])
                    add(work, place, k, n);
            }
        }
    }
    work->demonstration->plans = work->count;
    return run(work, &plan_kind, work->demonstration);
}

// Days have passed, and the platform's own job has not made their slots yet: it does so as soon as it runs.
static bool await_slots(work_t *work)
{
    char last[DATE_SIZE];
    const int64_t until_us = clock_steady_us() + PATIENCE_MS * INT64_C(1000);
    date_format(work->demonstration->today + DEMONSTRATION_DAYS - 1, last);
    for (;;) {
        const scene_place_t *behind = NULL;
        for (size_t i = 0; i < work->scene->count && behind == NULL; i++) {
            const scene_place_t *place = &work->scene->places[i];
            if (place->owner == PLAN_PRACTICE && strcmp(place->generated_to, last) < 0)
                behind = place;
        }
        if (behind == NULL)
            return true;
        if (clock_steady_us() > until_us)
            return scene_fail(work->scene, "slots of %s reach to %s only", behind->code, behind->generated_to);
        (void)poll(NULL, 0, LOOK_MS);
        if (!scene_read_offers(work->scene))
            return false;
    }
}

static bool count_free(work_t *work)
{
    add_practices(work);
    return run(work, &slot_look, work->demonstration);
}

// Whoever has too few free ones gets further ones.
static bool make_more_slots(work_t *work)
{
    if (!count_free(work))
        return false;
    size_t short_of = 0;
    for (size_t i = 0; i < work->count; i++) {
        if (work->errands[i].count < DEMONSTRATION_FREE)
            work->errands[short_of++] = work->errands[i];
    }
    if (short_of == 0)
        return true;
    work->demonstration->more = work->count = short_of;
    if (!run(work, &more_kind, work->demonstration) || !count_free(work))
        return false;
    for (size_t i = 0; i < work->count; i++) {
        if (work->errands[i].count < DEMONSTRATION_FREE)
            return scene_fail(work->scene, "%s has %zu free slots only", work->errands[i].place->code, work->errands[i].count);
    }
    return true;
}

bool demonstration_make(demonstration_t *demonstration, scene_t *scene)
{
    work_t work = {.demonstration = demonstration, .scene = scene};
    work.errands = calloc(scene->count * SCENE_SERVICES_MAX * SCENE_PLANS_MAX + 1, sizeof *work.errands);
    if (work.errands == NULL)
        return scene_fail(scene, "no memory");
    bool good = make_list_sizes(&work) && make_services(&work) && make_plans(&work);
    if (good && demonstration->plans > 0)
        good = scene_read_offers(scene);
    good = good && await_slots(&work) && make_more_slots(&work);
    free(work.errands);
    return good;
}
