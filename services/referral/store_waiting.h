// SQL of the waiting list.
#ifndef PCN_REFERRAL_STORE_WAITING_H
#define PCN_REFERRAL_STORE_WAITING_H

#include "common/db/statement.h"

extern const db_stmt_t create_waiting_entry_load, create_waiting_entry_save;
extern const db_stmt_t get_waiting_entry, list_waiting_entries;
extern const db_stmt_t withdraw_waiting_entry_load, withdraw_waiting_entry_save;
extern const db_stmt_t decline_offer_load, decline_offer_save;
extern const db_stmt_t due_vacancies, offer_slot_load, offer_slot_save;
extern const db_stmt_t due_waiting_entries, settle_waiting_entry_load, settle_waiting_entry_save;

#endif
