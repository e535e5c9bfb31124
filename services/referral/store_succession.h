// SQL of successions: patients of a practice that another goes on for.
#ifndef PCN_REFERRAL_STORE_SUCCESSION_H
#define PCN_REFERRAL_STORE_SUCCESSION_H

#include "common/db/statement.h"

// Patients who are still with a closed practice that has a successor.
extern const db_stmt_t due_successions;
// At most one row of LoadedSuccession.
extern const db_stmt_t follow_successor_load, follow_successor_save;

#endif
