// SQL of digital coverage.
#ifndef PCN_REFERRAL_STORE_DIGITAL_H
#define PCN_REFERRAL_STORE_DIGITAL_H

#include "common/db/statement.h"

extern const db_stmt_t get_digital_coverage;

#endif
