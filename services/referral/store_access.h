// SQL of what opens a patient out of reach, and of who looked.
#ifndef PCN_REFERRAL_STORE_ACCESS_H
#define PCN_REFERRAL_STORE_ACCESS_H

#include "common/db/statement.h"

// At most one row of BehindGlass.
extern const db_stmt_t break_glass_load, break_glass_save;
// One row, of which only `about` is there where number and birth date do not fit together.
extern const db_stmt_t break_glass_by_number_load, break_glass_by_number_save;
// At most one row of LoadedBreakGlass.
extern const db_stmt_t get_break_glass;
extern const db_stmt_t review_break_glass_load, review_break_glass_save;
// Rows of LoadedBreakGlass and LoadedNotice, at least one.
extern const db_stmt_t list_break_glass;
extern const db_stmt_t list_notices;
// Rows of LoadedAccess, at least one where the caller sees the patient.
extern const db_stmt_t list_accesses;

#endif
