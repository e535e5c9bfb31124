// SQL of retention.
#ifndef PCN_REFERRAL_STORE_RETENTION_H
#define PCN_REFERRAL_STORE_RETENTION_H

#include "common/db/statement.h"

// Patients whose record is to be erased.
extern const db_stmt_t due_erasures;
// At most one row of LoadedErasure.
extern const db_stmt_t erase_patient_load, erase_patient_save;
extern const db_stmt_t get_retention;

#endif
