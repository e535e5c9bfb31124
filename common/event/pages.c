#include "common/event/pages.h"

#include <assert.h>
#include <string.h>

bool event_pages_hole(const event_pages_t *pages, int64_t place, int64_t target, int64_t *after, int64_t *until)
{
    int64_t at = place;
    int64_t end = target;
    for (unsigned i = 0; i < pages->count; i++) {
        const event_page_t *page = &pages->page[i];
        if (page->after > at) {
            end = page->after < end ? page->after : end;
            break;
        }
        at = page->until > at ? page->until : at;
    }
    *after = at;
    *until = end;
    return at < end;
}

event_page_t *event_pages_add(event_pages_t *pages, int64_t after, int64_t until)
{
    assert(pages->count < EVENT_PAGES_MAX);
    unsigned at = pages->count;
    while (at > 0 && pages->page[at - 1].after > after) {
        pages->page[at] = pages->page[at - 1];
        at--;
    }
    pages->count++;
    pages->page[at] = (event_page_t){.after = after, .until = until};
    return &pages->page[at];
}

bool event_pages_waited(const event_pages_t *pages)
{
    for (unsigned i = 0; i < pages->count; i++) {
        if (!pages->page[i].arrived) {
            return true;
        }
    }
    return false;
}

event_page_t *event_pages_find(event_pages_t *pages, const event_call_t *call)
{
    for (unsigned i = 0; i < pages->count; i++) {
        if (pages->page[i].call == call) {
            return &pages->page[i];
        }
    }
    return NULL;
}

void event_pages_remove(event_pages_t *pages, event_page_t *page)
{
    event_call_destroy(&page->call);
    size_t behind = (size_t)(&pages->page[pages->count] - (page + 1));
    memmove(page, page + 1, behind * sizeof *page);
    pages->count--;
}

void event_pages_clear(event_pages_t *pages)
{
    while (pages->count > 0) {
        event_pages_remove(pages, &pages->page[pages->count - 1]);
    }
}

size_t event_pages_arrive(event_page_t *page, Pcn__Events__V1__Event **events, size_t count, const char *source)
{
    size_t whole = 0;
    int64_t room = page->until - page->after;
    while (whole < count && (int64_t)whole < room && event_is_whole(events[whole], source) &&
           events[whole]->sequence == page->after + 1 + (int64_t)whole) {
        whole++;
    }
    page->arrived = true;
    page->events = events;
    page->count = whole;
    page->until = page->after + (int64_t)whole;
    return count - whole;
}

const Pcn__Events__V1__Event *event_pages_next(event_pages_t *pages, int64_t place)
{
    for (unsigned i = 0; i < pages->count;) {
        event_page_t *page = &pages->page[i];
        if (page->arrived && page->until <= place) {
            event_pages_remove(pages, page);
            continue;
        }
        if (page->arrived && page->after <= place) {
            return page->events[place - page->after];
        }
        i++;
    }
    return NULL;
}
