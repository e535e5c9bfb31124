// SQL of the directory.
#ifndef PCN_REFERRAL_STORE_DIRECTORY_H
#define PCN_REFERRAL_STORE_DIRECTORY_H

#include "common/db/statement.h"

extern const db_stmt_t list_service_kinds;
extern const db_stmt_t create_service_kind_load, create_service_kind_save;
extern const db_stmt_t update_service_kind_load, update_service_kind_save;
// Rows of LoadedService in the order of (rank, id) after the page token's.
extern const db_stmt_t list_services;
extern const db_stmt_t get_service;
// One row of ServiceReferences.
extern const db_stmt_t create_service_load, create_service_save;
extern const db_stmt_t update_service_load, update_service_save;
extern const db_stmt_t set_capacity_load, set_capacity_save;
extern const db_stmt_t get_offer;

#endif
