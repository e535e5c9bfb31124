#include "tests/support/mix_booking_internal.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

enum { CONTESTED_ONE_OF = 12, HUB_PERCENT = 20, URGENT_PERCENT = 10, PAGE = 60 };

// ---- slots ----

static booking_reach_t draw_reach(load_random_t *random)
{
    const uint64_t percent = load_draw(random, 100);
    return percent < HUB_PERCENT ? BOOKING_HUB : percent < HUB_PERCENT + URGENT_PERCENT ? BOOKING_111 : BOOKING_OWN;
}

static scene_place_t *performer_of(const mix_booking_t *mix, scene_place_t *practice, booking_reach_t reach)
{
    return reach == BOOKING_HUB ? scene_find(mix->world.scene, practice->network) : practice;
}

bool mix_make_search(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    static const char *const kinds[] = {[BOOKING_OWN] = "", [BOOKING_HUB] = "&kind=extended-access", [BOOKING_111] = "&kind=reserved-111"};
    char from[DATE_SIZE], to[DATE_SIZE];
    deed->reach = draw_reach(random);
    const scene_place_t *performer = performer_of(mix, deed->practice, deed->reach);
    if (performer == NULL || (deed->reach == BOOKING_111 && mix->world.urgent_care == NULL))
        return false;
    // A week's days by chance, so that not everybody wants the same slots.
    const int32_t day = mix->options.first_day + (int32_t)load_draw(random, mix->options.days);
    date_format(day, from);
    date_format(mix->options.first_day + (int32_t)mix->options.days - 1, to);
    mix_set_read(request, deed->reach == BOOKING_111 ? mix->world.urgent_care->token : deed->practice->token);
    snprintf(request->path, sizeof request->path, "/v1/slots?organisation=%s&from=%s&to=%s&pageSize=%d%s", performer->code, from, to, PAGE,
             kinds[deed->reach]);
    return true;
}

// One that was reserved for urgent care and given back is the practice's own.
static bool is_bookable(const char *status)
{
    return status != NULL && (strcmp(status, "free") == 0 || strcmp(status, "reclaimed") == 0);
}

bool mix_on_search(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    scene_place_t *performer = performer_of(mix, deed->practice, deed->reach);
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    size_t i;
    const json_t *row;
    bool good = true;
    json_array_foreach(json_object_get(body, "slots"), i, row)
    {
        const char *id = json_string_value(json_object_get(row, "id")), *status = json_string_value(json_object_get(row, "status"));
        if (id == NULL || !is_bookable(status))
            good = mix_wrong(mix, "a search shows a slot that is not free");
        else
            (void)booking_world_saw(&mix->world, id, performer, deed->reach);
    }
    json_decref(body);
    return good;
}

// A slot and a patient for whom the caller may book it.
static bool choose(mix_booking_t *mix, load_random_t *random, deed_t *deed, booking_reach_t reach)
{
    deed->slot = booking_world_slot(&mix->world, random, reach, load_draw(random, CONTESTED_ONE_OF) == 0);
    if (deed->slot != NULL)
        deed->patient = booking_world_patient(&mix->world, random, reach == BOOKING_111 ? NULL : deed->slot->performer);
    return deed->slot != NULL && deed->patient != NULL && booking_world_fits(deed->patient, deed->slot);
}

static const char *booker_of(const mix_booking_t *mix, const deed_t *deed)
{
    return deed->slot->reach == BOOKING_111 ? mix->world.urgent_care->token : deed->patient->practice->token;
}

bool mix_make_hold(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    char path[LOAD_PATH_SIZE];
    if (!choose(mix, random, deed, BOOKING_OWN))
        return false;
    deed->hold = row_add(&mix->world.holds, sizeof *deed->hold);
    deed->hold->slot = deed->slot;
    deed->hold->patient = deed->patient;
    deed->hold->used = true; // until it is there
    snprintf(path, sizeof path, "/v1/slots/%s:hold", deed->slot->id);
    phase_change(request, path, "holds/");
    request->token = booker_of(mix, deed);
    return phase_body(request, json_pack("{s:i}", "minutes", 30));
}

// What a 409 offers instead is something else.
static bool check_alternatives(mix_booking_t *mix, const slot_row_t *slot, const load_answer_t *answer)
{
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    size_t i;
    const json_t *row;
    bool good = true;
    json_array_foreach(json_object_get(body, "alternatives"), i, row)
    {
        const char *id = json_string_value(json_object_get(row, "id")), *status = json_string_value(json_object_get(row, "status"));
        if (id == NULL || strcmp(id, slot->id) == 0 || !is_bookable(status))
            good = mix_wrong(mix, "slot %s is taken, and is offered instead, or one that is not free", slot->id);
    }
    json_decref(body);
    return good;
}

bool mix_on_taken(mix_booking_t *mix, slot_row_t *slot, const load_answer_t *answer)
{
    // By whom is known, or nobody here may count on it any more.
    slot->taken = slot->taken || slot->live == NULL;
    return check_alternatives(mix, slot, answer);
}

bool mix_on_hold(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    if (answer->status == 201) {
        phase_take_id(answer, deed->hold->id);
        deed->hold->used = false;
        // Nobody else gets it while it is held.
        deed->slot->taken = true;
    } else if (answer->status == 0) {
        deed->slot->taken = true;
    } else if (answer->status == 409) {
        return mix_on_taken(mix, deed->slot, answer);
    }
    return true;
}

// ---- appointments ----

static bool set_booking(mix_booking_t *mix, load_request_t *request, deed_t *deed, json_t *body)
{
    booking_row_t *booking = row_add(&mix->world.bookings, sizeof *booking);
    booking->patient = deed->patient;
    booking->slot = deed->slot;
    booking->token = booker_of(mix, deed);
    booking->busy = true;
    deed->booking = booking;
    phase_change(request, "/v1/appointments", "appointments/");
    request->token = booking->token;
    return phase_body(request, body);
}

bool mix_make_book(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    if (!choose(mix, random, deed, draw_reach(random)))
        return false;
    deed->unclear = deed->slot->live != NULL && deed->slot->live->busy;
    return set_booking(mix, request, deed,
                       json_pack("{s:[s], s:s, s:s}", "slots", deed->slot->id, "patient", deed->patient->id, "description", "By the load"));
}

bool mix_make_book_held(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->hold = row_draw(&mix->world.holds, random);
    if (deed->hold == NULL || deed->hold->used)
        return false;
    deed->hold->used = true;
    deed->slot = deed->hold->slot;
    deed->patient = deed->hold->patient;
    return set_booking(mix, request, deed, json_pack("{s:s, s:s}", "hold", deed->hold->id, "patient", deed->patient->id));
}

// A slot that has a live appointment, about which nothing is on its way, has no second one.
bool mix_take_slot(mix_booking_t *mix, const deed_t *deed, slot_row_t *slot)
{
    const booking_row_t *other = slot->live;
    slot->live = deed->booking;
    slot->taken = false;
    if (other == NULL || other == deed->booking || other->busy || other->state == BOOKING_UNSURE || deed->unclear)
        return true;
    return mix_wrong(mix, "slot %s has two live appointments, %s and %s", slot->id, other->id, deed->booking->id);
}

bool mix_on_book(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    booking_row_t *booking = deed->booking;
    booking->busy = false;
    if (answer->status == 201) {
        phase_take_id(answer, booking->id);
        booking->version = answer->version;
        booking->state = BOOKING_BOOKED;
        return mix_take_slot(mix, deed, deed->slot);
    }
    booking->state = answer->status == 0 ? BOOKING_UNSURE : BOOKING_OVER;
    deed->slot->taken = deed->slot->taken || answer->status == 0;
    return answer->status != 409 || mix_on_taken(mix, deed->slot, answer);
}
