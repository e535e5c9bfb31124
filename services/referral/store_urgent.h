// SQL of urgent cases.
#ifndef PCN_REFERRAL_STORE_URGENT_H
#define PCN_REFERRAL_STORE_URGENT_H

#include "common/db/statement.h"

extern const db_stmt_t list_dispositions;
// One row of CaseReferences.
extern const db_stmt_t create_urgent_case_load, create_urgent_case_save;
// One row of LoadedUrgentCase, of which only `about` is there where the caller sees none.
extern const db_stmt_t get_urgent_case;
// Rows of LoadedUrgentCase in the order of the board, after the page token's.
extern const db_stmt_t list_urgent_cases;
// Those with the services that answer the disposition, one more than URGENT_SERVICES_MAX where there are more.
extern const db_stmt_t dispose_urgent_case_load, find_urgent_case_services;
// With the one service that was named.
extern const db_stmt_t assign_urgent_case_load;
extern const db_stmt_t accept_urgent_case_load, arrive_urgent_case_load, respond_urgent_case_load, close_urgent_case_load;
// With the appointment.
extern const db_stmt_t book_urgent_case_load;
extern const db_stmt_t dispose_urgent_case_save, assign_urgent_case_save, accept_urgent_case_save, book_urgent_case_save,
    arrive_urgent_case_save, respond_urgent_case_save, close_urgent_case_save;
extern const db_stmt_t due_urgent_cases, settle_urgent_case_load, settle_urgent_case_save;

#endif
