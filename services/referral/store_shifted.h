// SQL of shifted work.
#ifndef PCN_REFERRAL_STORE_SHIFTED_H
#define PCN_REFERRAL_STORE_SHIFTED_H

#include "common/db/statement.h"

// One row of ShiftedWorkReferences.
extern const db_stmt_t create_shifted_work_load, create_shifted_work_save;
// Rows of LoadedShiftedWork; of a list without thread and description.
extern const db_stmt_t get_shifted_work, list_shifted_work;
extern const db_stmt_t give_shifted_work_feedback_load, give_shifted_work_feedback_save;
extern const db_stmt_t close_shifted_work_load, close_shifted_work_save;
// Rows of ShiftedWorkTheme.
extern const db_stmt_t list_shifted_work_themes;
// Rows of ShiftedWorkCell.
extern const db_stmt_t summarize_shifted_work;

#endif
