// SQL of signposting.
#ifndef PCN_REFERRAL_STORE_SIGNPOSTING_H
#define PCN_REFERRAL_STORE_SIGNPOSTING_H

#include "common/db/statement.h"

// One row of SignpostingReferences.
extern const db_stmt_t create_signposting_load, create_signposting_save;
// At most one row of LoadedSignposting.
extern const db_stmt_t get_signposting;
extern const db_stmt_t take_signposting_load, take_signposting_save;
extern const db_stmt_t decline_signposting_load, decline_signposting_save;
// Rows of MeasureRow: the whole first, then the needs, the most frequent first.
extern const db_stmt_t measure_signpostings;

#endif
