#include "tests/support/mix_booking_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

bool mix_wrong(mix_booking_t *mix, const char *format, ...)
{
    if (mix->wrong++ == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(mix->first_wrong, sizeof mix->first_wrong, format, arguments);
        va_end(arguments);
    }
    return false;
}

void mix_set_read(load_request_t *request, const char *token)
{
    request->method = "GET";
    request->token = token;
}

// A verb of one aggregate, with a body.
bool mix_set_verb(load_request_t *request, const char *resource, const char *id, const char *verb, const char *token, json_t *body)
{
    char path[LOAD_PATH_SIZE], subject[LOAD_SUBJECT_SIZE];
    snprintf(path, sizeof path, "/v1/%s/%s:%s", resource, id, verb);
    snprintf(subject, sizeof subject, "%s/%s", resource, id);
    phase_change(request, path, subject);
    request->token = token;
    return phase_body(request, body);
}

person_t mix_person(const mix_booking_t *mix, size_t index)
{
    return person_make(mix->world.scene->seed, index, PEOPLE_BORN_BY);
}

// ---- the table ----

static const struct {
    make_deed_t *make;
    on_deed_t *answered; // NULL: on_read
} deeds[DAY_KINDS] = {
    [DAY_register_patient] = {mix_make_register_patient, mix_on_register_patient},
    [DAY_search] = {mix_make_search, mix_on_search},
    [DAY_find_patient] = {mix_make_find_patient, mix_on_find_patient},
    [DAY_hold] = {mix_make_hold, mix_on_hold},
    [DAY_book] = {mix_make_book, mix_on_book},
    [DAY_book_held] = {mix_make_book_held, mix_on_book},
    [DAY_open_case] = {mix_make_open_case, mix_on_open_case},
    [DAY_cancel] = {mix_make_cancel, mix_on_cancel},
    [DAY_reschedule] = {mix_make_reschedule, mix_on_reschedule},
    [DAY_amend] = {mix_make_amend, mix_on_amend},
    [DAY_arrive] = {mix_make_arrive, mix_on_arrive},
    [DAY_complete] = {mix_make_complete, mix_on_end},
    [DAY_miss] = {mix_make_miss, mix_on_end},
    [DAY_read] = {mix_make_read, NULL},
    [DAY_consult] = {mix_make_consult, mix_on_consultation},
    [DAY_go_on_consulting] = {mix_make_go_on_consulting, mix_on_consultation},
};

static bool on_read(mix_booking_t *mix, const deed_t *deed, const load_request_t *request, const load_answer_t *answer)
{
    if (answer->status == 0 || (answer->status == 200 && answer->version >= request->floor))
        return true;
    return mix_wrong(mix, "%s was acknowledged with version %" PRId64 ", and is answered %ld with %" PRId64, deed->booking->id,
                     request->floor, answer->status, answer->version);
}

// A request that could not be made after all leaves nothing busy behind.
static bool begin(mix_booking_t *mix, load_random_t *random, load_request_t *request, day_kind_t kind, size_t practice)
{
    deed_t *deed = calloc(1, sizeof *deed);
    if (deed == NULL)
        return false;
    deed->kind = kind;
    deed->practice = mix->world.practices[practice];
    deed->practice_number = practice;
    request->about = deed;
    if (deeds[kind].make(mix, random, request, deed))
        return true;
    free(deed);
    *request = (load_request_t){0};
    return false;
}

static bool on_answer(void *data, const load_request_t *request, const load_answer_t *answer)
{
    mix_booking_t *mix = data;
    deed_t *deed = request->about;
    mix->counts[deed->kind] += journal_is_success(answer->status);
    const bool good =
        deeds[deed->kind].answered != NULL ? deeds[deed->kind].answered(mix, deed, answer) : on_read(mix, deed, request, answer);
    free(deed);
    return good;
}

#define BEGIN(name, weight)                                                                                                                \
    static bool begin_##name(void *data, load_random_t *random, load_request_t *request)                                                   \
    {                                                                                                                                      \
        mix_booking_t *mix = data;                                                                                                         \
        return begin(mix, random, request, DAY_##name, (size_t)load_draw(random, mix->world.practice_count));                              \
    }
DAY_ACTS(BEGIN)

#define OPERATION(name, weight) {#name, weight, begin_##name, on_answer},
const load_operation_t mix_booking_all[] = {DAY_ACTS(OPERATION){NULL, 0, NULL, NULL}};

// The next act, once it is time for it. Where it is not possible, since nothing is there that it could be about, somebody is registered or
// slots are looked at: an act is one request.
static bool begin_act(void *data, load_random_t *random, load_request_t *request)
{
    mix_booking_t *mix = data;
    if (mix->next_act == mix->options.acts)
        return false;
    const day_act_t *act = &mix->acts[mix->next_act];
    const int64_t now_us = clock_steady_us();
    if (mix->begun_us == 0)
        mix->begun_us = now_us;
    const double due_s = mix->options.speed > 0 ? (double)(act->second - mix->acts[0].second) / mix->options.speed : 0;
    if ((double)(now_us - mix->begun_us) / 1e6 < due_s)
        return false;
    const bool made = begin(mix, random, request, act->kind, act->practice) ||
                      (load_draw(random, 3) == 0 && begin(mix, random, request, DAY_register_patient, act->practice)) ||
                      begin(mix, random, request, DAY_search, act->practice);
    mix->next_act += made;
    return made;
}

const load_operation_t mix_booking_day[] = {{"act", 1, begin_act, on_answer}, {NULL, 0, NULL, NULL}};

mix_booking_t *mix_booking_new(const mix_booking_options_t *options)
{
    mix_booking_t *mix = calloc(1, sizeof *mix);
    if (mix == NULL)
        return NULL;
    mix->options = *options;
    booking_world_open(&mix->world, options->scene, options->practices, options->first_person);
    if (options->acts > 0 && mix->world.practice_count > 0)
        mix->acts = day_make(options->seed, mix->world.practice_count, options->acts);
    if (mix->world.practice_count == 0 || (options->acts > 0 && mix->acts == NULL))
        mix_booking_destroy(&mix);
    return mix;
}

void mix_booking_destroy(mix_booking_t **mix)
{
    if (*mix == NULL)
        return;
    booking_world_clear(&(*mix)->world);
    free((*mix)->acts);
    free(*mix);
    *mix = NULL;
}

size_t mix_booking_count(const mix_booking_t *mix, day_kind_t kind)
{
    return mix->counts[kind];
}

const char *mix_booking_first_wrong(const mix_booking_t *mix)
{
    return mix->first_wrong;
}

// "": it is as it was acknowledged.
static void check_booking(mix_booking_t *mix, const booking_row_t *booking, char finding[FINDING_SIZE])
{
    static const char *const states[] = {[BOOKING_BOOKED] = "booked", [BOOKING_ARRIVED] = "arrived"};
    char path[LOAD_PATH_SIZE];
    snprintf(path, sizeof path, "/v1/appointments/%s", booking->id);
    finding[0] = '\0';
    json_t *body = scene_get(mix->world.scene, booking->token, path);
    const char *status = json_string_value(json_object_get(body, "status"));
    const json_t *slots = json_object_get(body, "slots");
    const char *slot = json_string_value(json_array_get(slots, 0));
    if (body == NULL)
        snprintf(finding, FINDING_SIZE, "%.*s", FINDING_SIZE - 1, mix->world.scene->problem);
    else if (status == NULL || strcmp(status, states[booking->state]) != 0 || json_array_size(slots) != 1 || slot == NULL ||
             strcmp(slot, booking->slot->id) != 0 || json_integer_value(json_object_get(body, "version")) != booking->version)
        snprintf(finding, FINDING_SIZE, "%s was %s on slot %s with version %" PRId64 " and is not any more", booking->id,
                 states[booking->state], booking->slot->id, booking->version);
    json_decref(body);
}

size_t mix_booking_check(mix_booking_t *mix, size_t most, char *finding, size_t size)
{
    load_random_t random = {.state = mix->options.seed};
    size_t found = 0, left = mix->world.bookings.count, wanted = left < most ? left : most;
    char one[FINDING_SIZE];
    finding[0] = '\0';
    for (size_t i = 0; i < mix->world.bookings.count && wanted > 0; i++, left--) {
        const booking_row_t *booking = mix->world.bookings.rows[i];
        if (load_draw(&random, left) >= wanted)
            continue;
        wanted--;
        if ((booking->state != BOOKING_BOOKED && booking->state != BOOKING_ARRIVED) || booking->busy)
            continue;
        check_booking(mix, booking, one);
        if (one[0] != '\0' && found++ == 0)
            snprintf(finding, size, "%s", one);
    }
    return found;
}
