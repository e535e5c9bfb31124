// SQL of advice and guidance.
#ifndef PCN_REFERRAL_STORE_ADVICE_H
#define PCN_REFERRAL_STORE_ADVICE_H

#include "common/db/statement.h"

// One row of AdviceReferences.
extern const db_stmt_t create_advice_load, create_advice_save;
// Rows of LoadedAdvice; of a list without thread and question.
extern const db_stmt_t get_advice, list_advice;
extern const db_stmt_t respond_to_advice_load, respond_to_advice_save;
extern const db_stmt_t ask_for_information_load, ask_for_information_save;
extern const db_stmt_t submit_information_load, submit_information_save;
// With what a conversion meets.
extern const db_stmt_t convert_advice_load, convert_advice_save;
extern const db_stmt_t close_advice_load, close_advice_save;
extern const db_stmt_t cancel_advice_load, cancel_advice_save;

#endif
