// The pages that a tail has asked for or holds: up to three pieces of the log by their places, of which any may come later than the next
// one, shorter than was asked for, or not at all. Pure bookkeeping; the tail makes the calls.
#ifndef PCN_EVENT_PAGES_H
#define PCN_EVENT_PAGES_H

#include "common/event/call.h"

#define EVENT_PAGES_MAX 3

typedef struct event_page {
    event_call_t *call;
    int64_t after; // the piece: later than this place
    int64_t until; // up to this one: as asked for, or as it came
    bool arrived;
    Pcn__Events__V1__Event **events; // without a gap from after + 1; the call's memory
    size_t count;
    int64_t latest;   // what the tail knew when it asked
    uint64_t stamp;   // see tail.c
    uint64_t sent_at; // see arrivals.h
} event_page_t;

typedef struct event_pages {
    event_page_t page[EVENT_PAGES_MAX];
    unsigned count;
} event_pages_t;

// The first piece between the two places that no page is about. False where there is none; *after is then the end of what there is.
bool event_pages_hole(const event_pages_t *pages, int64_t place, int64_t target, int64_t *after, int64_t *until);
// A cleared page at its place in the order. There must be room.
event_page_t *event_pages_add(event_pages_t *pages, int64_t after, int64_t until);
// Whether one is on its way.
bool event_pages_waited(const event_pages_t *pages);
event_page_t *event_pages_find(event_pages_t *pages, const event_call_t *call);
void event_pages_remove(event_pages_t *pages, event_page_t *page);
void event_pages_clear(event_pages_t *pages);
// What came, as far as it is whole and without a gap from where it was asked for; the rest is not looked at. How many were left out.
size_t event_pages_arrive(event_page_t *page, Pcn__Events__V1__Event **events, size_t count, const char *source);
// The event behind the place, or NULL. Pages that lie before it go.
const Pcn__Events__V1__Event *event_pages_next(event_pages_t *pages, int64_t place);

#endif
