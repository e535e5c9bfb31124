// Reports of shifted work: who may do what, and which counts would tell of a patient. Pure.
#ifndef PCN_REFERRAL_RULES_SHIFTED_H
#define PCN_REFERRAL_RULES_SHIFTED_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__ShiftedWorkStatus shifted_status_t;
typedef Pcn__Referral__V1__ShiftedWorkCount shifted_count_t;
typedef Pcn__Referral__V1__ShiftedWorkSummary shifted_summary_t;
typedef Pcn__Referral__Store__V1__ShiftedWorkCell shifted_cell_t;

#define SHIFTED_STATUS(name) PCN__REFERRAL__V1__SHIFTED_WORK_STATUS__SHIFTED_WORK_STATUS_##name

// PERMISSION_DENIED for who only sees it.
MUST_CHECK status_t shifted_check_feedback(bool reports, bool answers, problem_t *problem);
// PERMISSION_DENIED for whoever but the practice's side.
MUST_CHECK status_t shifted_check_close(bool reports, problem_t *problem);
// ABORTED where it is closed.
MUST_CHECK status_t shifted_check_open(shifted_status_t status, problem_t *problem);

// A day's month: its first and last day.
int32_t shifted_month_begin(int32_t day);
int32_t shifted_month_end(int32_t day);

// Fewer than so many are withheld where they would tell of a patient.
#define SHIFTED_FEW 5

typedef enum shifted_by { SHIFTED_BY_THEME, SHIFTED_BY_PROVIDER, SHIFTED_BY_BOTH } shifted_by_t;

// Fills rows and total of a summary from the cells, which are apart by theme and provider. A cell is withheld that has fewer than
// SHIFTED_FEW reports, one of them hidden from the caller; a sum, where what it has of withheld cells would tell one of them: who asks by
// both, by theme and by provider takes one from the other. False without memory.
bool shifted_summarize(shifted_cell_t *const *cells, size_t count, shifted_by_t by, arena_t *arena, shifted_summary_t *summary);

#endif
