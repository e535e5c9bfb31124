// Pages of lists, as every list handler makes them: where one begins (`prepare`), which rows fit it (`decide`), and the token of the next.
//
// A list's request has `page_size` and `page_token`, its reply `next_page_token`; its load asks for one row more than the page has, which
// says whether there are more. What the list is ordered by are its parts, the last of which is unique: the token has those of the page's
// last row (cursor.h), and the load finds them as `:prepared.parts::text[]`, NULL for the first page. A token belongs to a method and to
// all else that the request says: one of other filters is refused.
#ifndef PCN_SERVICE_PAGE_H
#define PCN_SERVICE_PAGE_H

#include "common/service/service.h"
#include "pcn/platform/v1/call.meta.h"

// Of a request without `page_size`.
#define PAGE_SIZE_DEFAULT 50
// The handler's `prepared`.
#define PAGE_PLACE_TYPE (&pcn__platform__v1__page_place__type)

// What a part of a token must be, so that the load can read it: a token may be made up.
typedef enum page_part { PAGE_TEXT, PAGE_CODE, PAGE_ID, PAGE_DATE, PAGE_INSTANT, PAGE_NUMBER, PAGE_FLAG } page_part_t;

// Of PAGE_FLAG.
#define PAGE_FLAG_TEXT(value) ((value) ? "t" : "f")

// The parts of the request's token, as call->prepared (PagePlace), which stays NULL without one. INVALID_ARGUMENT `pageToken` for one
// that is none or of another list. For a handler's `prepare`.
MUST_CHECK status_t page_prepare(service_call_t *call, const page_part_t *kinds, size_t count);
// The same for a list whose `prepared` is a message of its own: leaves the parts in `parts`, NULL where there is no token.
MUST_CHECK status_t page_parts(service_call_t *call, const page_part_t *kinds, size_t count, char **parts);

// A page being filled, for rows that are judged or made one by one.
typedef struct page {
    size_t size;                // most rows, as the request says
    size_t rows, bytes, fields; // taken so far
} page_t;

page_t page_begin(const service_call_t *call);
// Whether the row, of `type` as it stands in the reply, goes into the page; not where it is full by number or would not fit a frame. One
// row always fits.
bool page_take(page_t *page, const pb_type_t *type, const void *row);

// How many of the loaded rows make the page, where they stand in the reply as they were loaded.
size_t page_length(const service_call_t *call, const pb_type_t *type);
// The rows of the page as messages of `type`, each merged of one that was loaded (pb_merge). NULL without memory.
void *page_merge(const service_call_t *call, const pb_type_t *type, const pb_type_t *row_type, size_t *count);

// The token of the page that goes on behind these parts, into the reply. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t page_end(service_call_t *call, const char *const *parts, size_t count, char **token);

#endif
