// SQL of referrals.
#ifndef PCN_REFERRAL_STORE_REFERRAL_H
#define PCN_REFERRAL_STORE_REFERRAL_H

#include "common/db/statement.h"

extern const db_stmt_t create_referral_load, create_referral_save;
extern const db_stmt_t get_referral, list_referrals;
extern const db_stmt_t update_referral_load, update_referral_save;
extern const db_stmt_t submit_referral_load, submit_referral_save;
extern const db_stmt_t resubmit_referral_load, resubmit_referral_save;
extern const db_stmt_t accept_referral_load, accept_referral_save;
extern const db_stmt_t return_referral_load, return_referral_save;
extern const db_stmt_t reject_referral_load, reject_referral_save;
extern const db_stmt_t redirect_referral_load, redirect_referral_save;
extern const db_stmt_t defer_referral_load, defer_referral_save;
extern const db_stmt_t book_referral_load, book_referral_save;
extern const db_stmt_t complete_referral_load, complete_referral_save;
extern const db_stmt_t cancel_referral_load, cancel_referral_save;
extern const db_stmt_t due_referrals, tell_overdue_referral_load, tell_overdue_referral_save;
// Rows of pcn.platform.v1.Figure: all gauges of the service, those of urgent cases too.
extern const db_stmt_t referral_gauges;

#endif
