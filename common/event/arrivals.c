#include "common/event/arrivals.h"

#include <stdlib.h>
#include <string.h>

static size_t weight(size_t size)
{
    return sizeof(event_arrival_t) + size;
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
    while (arrivals->bytes + weight(size) > arrivals->bytes_max && arrivals->last != before) {
        event_arrivals_remove(arrivals, arrivals->last);
    }
    if (arrivals->bytes + weight(size) > arrivals->bytes_max) {
        return false;
    }
    event_arrival_t *arrival = malloc(weight(size));
    if (arrival == NULL) {
        return false;
    }
    event_arrival_t *after = before != NULL ? before->next : arrivals->first;
    *arrival = (event_arrival_t){.next = after, .previous = before, .sequence = sequence, .number = arrivals->number, .size = size};
    memcpy(arrival->bytes, bytes, size);
    *(before != NULL ? &before->next : &arrivals->first) = arrival;
    *(after != NULL ? &after->previous : &arrivals->last) = arrival;
    arrivals->bytes += weight(size);
    return true;
}

void event_arrivals_remove(event_arrivals_t *arrivals, event_arrival_t *arrival)
{
    *(arrival->previous != NULL ? &arrival->previous->next : &arrivals->first) = arrival->next;
    *(arrival->next != NULL ? &arrival->next->previous : &arrivals->last) = arrival->previous;
    arrivals->bytes -= weight(arrival->size);
    free(arrival);
}

void event_arrivals_pass(event_arrivals_t *arrivals, int64_t place)
{
    while (arrivals->first != NULL && arrivals->first->sequence <= place) {
        event_arrivals_remove(arrivals, arrivals->first);
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
    while (arrivals->first != NULL) {
        event_arrivals_remove(arrivals, arrivals->first);
    }
}
