#include "tests/support/simulator/booking_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 16 };

static void *require(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "booking world: no memory\n");
        abort();
    }
    return memory;
}

static void list_push(row_list_t *list, void *row)
{
    if (list->count == list->room) {
        list->room = list->room > 0 ? 2 * list->room : 256;
        list->rows = require(realloc(list->rows, list->room * sizeof *list->rows));
    }
    list->rows[list->count++] = row;
}

void *row_add(row_list_t *list, size_t size)
{
    void *row = require(calloc(1, size));
    list_push(list, row);
    return row;
}

void *row_draw(const row_list_t *list, load_random_t *random)
{
    return list->count > 0 ? list->rows[load_draw(random, list->count)] : NULL;
}

void row_list_clear(row_list_t *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i]);
    free(list->rows);
    *list = (row_list_t){0};
}

void booking_world_open(booking_world_t *world, scene_t *scene, size_t practices, size_t first_person)
{
    size_t there = 0;
    *world = (booking_world_t){.scene = scene};
    for (size_t i = 0; i < scene->count; i++) {
        there += scene->places[i].owner == PLAN_PRACTICE;
        if (scene->places[i].owner == PLAN_PROVIDER)
            world->urgent_care = &scene->places[i];
    }
    const size_t wanted = practices > 0 && practices < there ? practices : there;
    world->practices = require(calloc(wanted + 1, sizeof *world->practices));
    world->next_person = require(calloc(wanted + 1, sizeof *world->next_person));
    // Practices come first, by code.
    for (size_t i = 0; i < wanted; i++) {
        world->practices[i] = &scene->places[i * there / wanted];
        world->next_person[i] = first_person;
    }
    world->practice_count = wanted;
}

void booking_world_clear(booking_world_t *world)
{
    row_list_clear(&world->patients);
    row_list_clear(&world->bookings);
    row_list_clear(&world->holds);
    row_list_clear(&world->consultations);
    row_list_clear(&world->slots_by_id);
    // These are the same rows again.
    for (size_t i = 0; i < BOOKING_REACHES; i++)
        free(world->slots[i].rows);
    table_clear(&world->slot_ids);
    free(world->practices);
    free(world->next_person);
    *world = (booking_world_t){0};
}

slot_row_t *booking_world_saw(booking_world_t *world, const char *id, scene_place_t *performer, booking_reach_t reach)
{
    bool fresh = false;
    const size_t number = table_add(&world->slot_ids, id, &fresh);
    if (!fresh)
        return world->slots_by_id.rows[number];
    slot_row_t *slot = row_add(&world->slots_by_id, sizeof *slot);
    snprintf(slot->id, sizeof slot->id, "%s", id);
    slot->performer = performer;
    slot->reach = reach;
    list_push(&world->slots[reach], slot);
    return slot;
}

static bool is_patient_of(const patient_row_t *patient, const scene_place_t *of)
{
    return of == NULL || patient->practice == of || strcmp(patient->practice->network, of->code) == 0;
}

patient_row_t *booking_world_patient(booking_world_t *world, load_random_t *random, const scene_place_t *of)
{
    for (unsigned i = 0; i < DRAWS; i++) {
        patient_row_t *patient = row_draw(&world->patients, random);
        if (patient != NULL && patient->id[0] != '\0' && is_patient_of(patient, of))
            return patient;
    }
    // Few of many: those that were registered last are looked through.
    for (size_t i = world->patients.count; i > 0; i--) {
        patient_row_t *patient = world->patients.rows[i - 1];
        if (patient->id[0] != '\0' && is_patient_of(patient, of))
            return patient;
    }
    return NULL;
}

slot_row_t *booking_world_slot(booking_world_t *world, load_random_t *random, booking_reach_t reach, bool contested)
{
    for (unsigned i = 0; i < DRAWS; i++) {
        slot_row_t *slot = row_draw(&world->slots[reach], random);
        if (slot != NULL && !slot->taken && (slot->live != NULL) == contested)
            return slot;
    }
    return NULL;
}

booking_row_t *booking_world_booking(booking_world_t *world, load_random_t *random, booking_state_t state)
{
    for (unsigned i = 0; i < DRAWS; i++) {
        booking_row_t *booking = row_draw(&world->bookings, random);
        if (booking != NULL && booking->state == state && !booking->busy)
            return booking;
    }
    return NULL;
}

bool booking_world_fits(const patient_row_t *patient, const slot_row_t *slot)
{
    switch (slot->reach) {
    case BOOKING_OWN:
        return patient->practice == slot->performer;
    case BOOKING_HUB:
        return strcmp(patient->practice->network, slot->performer->code) == 0;
    case BOOKING_111:
        return patient->has_case;
    case BOOKING_REACHES:
        break;
    }
    return false;
}
