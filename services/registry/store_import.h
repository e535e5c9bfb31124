// SQL of imports on their way in: begun, received piece by piece, looked at, and forgotten. Checking and applying them is elsewhere.
#ifndef PCN_REGISTRY_STORE_IMPORT_H
#define PCN_REGISTRY_STORE_IMPORT_H

#include "common/db/statement.h"

extern const db_stmt_t begin_import_load; // row: store LoadedImport, `unfinished` alone
extern const db_stmt_t begin_import_save; // after: store LoadedImport
extern const db_stmt_t put_import_part_load; // row: store LoadedImport, problems with the last piece alone
extern const db_stmt_t put_import_part_save; // after: store ImportPart
extern const db_stmt_t get_job;              // row: store LoadedImport
extern const db_stmt_t cancel_job_load;      // as get_job
extern const db_stmt_t cancel_job_save;      // after: store ImportCancelling
extern const db_stmt_t due_imports;          // rows: registry.v1.CleanImportRequest
extern const db_stmt_t clean_import_load;    // row: store LoadedImport
extern const db_stmt_t clean_import_save;    // after: store ImportCleaning

#endif
