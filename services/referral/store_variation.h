// SQL of waits and of variation.
#ifndef PCN_REFERRAL_STORE_VARIATION_H
#define PCN_REFERRAL_STORE_VARIATION_H

#include "common/db/statement.h"

// Rows of WaitCount; none where the organisation is out of reach.
extern const db_stmt_t get_waits;
// Rows of VariationOf; one at least.
extern const db_stmt_t get_referral_variation;

#endif
