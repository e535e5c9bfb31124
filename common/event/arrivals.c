#include "common/event/arrivals.h"

#include <stdlib.h>
#include <string.h>

static size_t weight(size_t size)
{
    return sizeof(event_arrival_t) + size;
}

// Makes the second one follow the first; NULL is the list's end on either side.
static void link_both(event_arrivals_t *arrivals, event_arrival_t *first, event_arrival_t *second)
{
    if (first != NULL) {
        first->next = second;
    } else {
        arrivals->first = second;
    }
    if (second != NULL) {
        second->previous = first;
    } else {
        arrivals->last = first;
    }
}

bool event_arrivals_add(event_arrivals_t *arrivals, int64_t sequence, const void *bytes, size_t size)
{
    arrivals->number++;
    event_arrival_t *before = arrivals->last; // nearly always: they come in order
    while (before != NULL && before->sequence > sequence) {
        before = before->previous;
    }
    if (before != NULL && before->sequence == sequence) {
        return false;
    }
    event_arrival_t *previous = NULL;
    for (event_arrival_t *last = arrivals->last; last != before && arrivals->bytes + weight(size) > arrivals->bytes_max; last = previous) {
        previous = last->previous;
        event_arrivals_remove(arrivals, last);
    }
    if (arrivals->bytes + weight(size) > arrivals->bytes_max) {
        return false;
    }
    event_arrival_t *arrival = malloc(weight(size));
    if (arrival == NULL) {
        return false;
    }
    event_arrival_t *after = before != NULL ? before->next : arrivals->first;
    *arrival = (event_arrival_t){.sequence = sequence, .number = arrivals->number, .size = size};
    memcpy(arrival->bytes, bytes, size);
    link_both(arrivals, before, arrival);
    link_both(arrivals, arrival, after);
    arrivals->bytes += weight(size);
    return true;
}

void event_arrivals_remove(event_arrivals_t *arrivals, event_arrival_t *arrival)
{
    link_both(arrivals, arrival->previous, arrival->next);
    arrivals->bytes -= weight(arrival->size);
    free(arrival);
}

void event_arrivals_pass(event_arrivals_t *arrivals, int64_t place)
{
    event_arrival_t *next = NULL;
    for (event_arrival_t *arrival = arrivals->first; arrival != NULL && arrival->sequence <= place; arrival = next) {
        next = arrival->next;
        event_arrivals_remove(arrivals, arrival);
    }
}

unsigned event_arrivals_disown(event_arrivals_t *arrivals, int64_t place, uint64_t number)
{
    unsigned count = 0;
    event_arrival_t *previous = NULL;
    for (event_arrival_t *arrival = arrivals->last; arrival != NULL && arrival->sequence > place; arrival = previous) {
        previous = arrival->previous;
        if (arrival->number <= number) {
            event_arrivals_remove(arrivals, arrival);
            count++;
        }
    }
    return count;
}

void event_arrivals_clear(event_arrivals_t *arrivals)
{
    event_arrivals_pass(arrivals, INT64_MAX);
}
