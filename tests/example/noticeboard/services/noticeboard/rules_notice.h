// Who may put up and take down a notice, and when.
#ifndef PCN_NOTICEBOARD_RULES_NOTICE_H
#define PCN_NOTICEBOARD_RULES_NOTICE_H

#include "common/base/status.h"
#include "pcn/noticeboard/store/v1/store.meta.h"
#include "pcn/noticeboard/v1/noticeboard.meta.h"

typedef Pcn__Noticeboard__V1__Notice notice_t;
typedef Pcn__Noticeboard__Store__V1__LoadedNotice loaded_t;

// Whether the organisation is one of the caller's.
bool notice_is_of(const char *organisation, char *const *organisations, size_t count);

// `row` is what was loaded for the notice. FAILED_PRECONDITION `organisation` that is not there or closed, `until` before today;
// ALREADY_EXISTS `code` of another notice.
MUST_CHECK status_t notice_put_up_check(const notice_t *notice, const loaded_t *row, const char *today, problem_t *problem);

// FAILED_PRECONDITION where it does not hang any more.
MUST_CHECK status_t notice_take_down_check(const loaded_t *row, problem_t *problem);

// Whether it hangs, but its last day is over.
bool notice_is_over(const loaded_t *row, const char *today);

#endif
