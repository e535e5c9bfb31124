#include "tests/support/mix_booking_internal.h"

#include <inttypes.h>
#include <stdio.h>

static bool choose_booking(mix_booking_t *mix, load_random_t *random, deed_t *deed, booking_state_t state)
{
    deed->booking = booking_world_booking(&mix->world, random, state);
    if (deed->booking == NULL)
        return false;
    deed->booking->busy = true;
    deed->slot = deed->booking->slot;
    return true;
}

bool mix_make_cancel(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return choose_booking(mix, random, deed, BOOKING_BOOKED) &&
           mix_set_verb(request, "appointments", deed->booking->id, "cancel", deed->booking->token,
                        json_pack("{s:s, s:s}", "by", load_draw(random, 4) == 0 ? "provider" : "patient", "reason", "Not needed any more"));
}

// The change of an appointment that only this client changes: it is done, or refused for a reason of time.
static bool on_change(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer, booking_state_t state)
{
    booking_row_t *booking = deed->booking;
    booking->busy = false;
    if (journal_is_success(answer->status)) {
        const bool later = answer->version > booking->version;
        booking->version = answer->version;
        booking->state = state;
        return later || mix_wrong(mix, "%s did not grow with its change: version %" PRId64, booking->id, answer->version);
    }
    if (answer->status == 0)
        booking->state = BOOKING_UNSURE;
    else if (answer->status == 404)
        return mix_wrong(mix, "%s was acknowledged and is not there", booking->id);
    return true;
}

bool mix_on_cancel(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    const bool good = on_change(mix, deed, answer, BOOKING_OVER);
    if (journal_is_success(answer->status) && deed->slot->live == deed->booking)
        deed->slot->live = NULL;
    return good;
}

bool mix_make_reschedule(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    booking_row_t *booking = booking_world_booking(&mix->world, random, BOOKING_BOOKED);
    deed->slot = booking != NULL ? booking_world_slot(&mix->world, random, booking->slot->reach, false) : NULL;
    if (deed->slot == NULL || deed->slot->performer != booking->slot->performer)
        return false;
    deed->booking = booking;
    booking->busy = true;
    return mix_set_verb(request, "appointments", booking->id, "reschedule", booking->token, json_pack("{s:[s]}", "slots", deed->slot->id));
}

bool mix_on_reschedule(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    booking_row_t *booking = deed->booking;
    slot_row_t *before = booking->slot;
    bool good = on_change(mix, deed, answer, BOOKING_BOOKED);
    if (journal_is_success(answer->status)) {
        if (before->live == booking)
            before->live = NULL;
        booking->slot = deed->slot;
        good = mix_take_slot(mix, deed, deed->slot) && good;
    } else if (answer->status == 0) {
        deed->slot->taken = true;
    } else if (answer->status == 409) {
        good = mix_on_taken(mix, deed->slot, answer) && good;
    }
    return good;
}

bool mix_make_amend(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    if (!choose_booking(mix, random, deed, BOOKING_BOOKED))
        return false;
    request->method = "PATCH";
    request->token = deed->booking->token;
    request->match = deed->booking->version;
    snprintf(request->path, sizeof request->path, "/v1/appointments/%s", deed->booking->id);
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "appointments/%s", deed->booking->id);
    return phase_body(request, json_pack("{s:o}", "comment", json_sprintf("Comment %" PRIu64, load_draw(random, 1000000))));
}

bool mix_on_amend(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    return on_change(mix, deed, answer, BOOKING_BOOKED);
}

static bool make_step(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed, booking_state_t from,
                      const char *verb)
{
    if (!choose_booking(mix, random, deed, from))
        return false;
    return mix_set_verb(request, "appointments", deed->booking->id, verb, deed->slot->performer->token, json_object());
}

bool mix_make_arrive(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_step(mix, random, request, deed, BOOKING_BOOKED, "arrive");
}

bool mix_on_arrive(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    return on_change(mix, deed, answer, BOOKING_ARRIVED);
}

bool mix_make_complete(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_step(mix, random, request, deed, BOOKING_ARRIVED, "complete");
}

bool mix_make_miss(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_step(mix, random, request, deed, BOOKING_BOOKED, "didNotAttend");
}

bool mix_on_end(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    return on_change(mix, deed, answer, BOOKING_OVER);
}

bool mix_make_read(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->booking = row_draw(&mix->world.bookings, random);
    if (deed->booking == NULL || deed->booking->version == 0)
        return false;
    request->floor = deed->booking->version;
    mix_set_read(request, deed->booking->token);
    snprintf(request->path, sizeof request->path, "/v1/appointments/%s", deed->booking->id);
    return true;
}
