// SQL of the errand that checks and applies imports; what is long of it are functions of migrations 1081 to 1083. The temporary tables that
// they make are there only within the errand's transaction, so these statements are not among the service's own.
#ifndef PCN_REGISTRY_STORE_IMPORT_APPLY_H
#define PCN_REGISTRY_STORE_IMPORT_APPLY_H

#include "common/db/statement.h"

// Root `call`: platform Call, whose event_subjects are the codes that are asked for; rows in their order.
extern const db_stmt_t apply_aggregates; // rows: store Aggregate
extern const db_stmt_t apply_sizes;      // rows: registry.v1.ListSize, those that the import recorded; as the following
extern const db_stmt_t apply_facts;      // rows: registry.v1.StatedFact
extern const db_stmt_t apply_systems;    // rows: registry.v1.SystemProfile
extern const db_stmt_t apply_alignments; // rows: registry.v1.Alignment
extern const db_stmt_t apply_sites;      // rows: registry.v1.Site
extern const db_stmt_t apply_queue;      // the events of `call`

// Parameters $1, $2 …, all text.
extern const char apply_lock[];     // one row where the transaction has the turn
extern const char apply_next[];     // id, dry_run, start, attempts, problem_count of the oldest
extern const char apply_begin[];    // id, now
extern const char apply_progress[]; // id, state, progress
extern const char apply_put_back[]; // id
extern const char apply_stage[];    // id, start, rules, whether others wait from the beginning
extern const char apply_rows[];     // id, today
extern const char apply_complete[]; // today, now
extern const char apply_days[];     // today
extern const char apply_spans[];    // today
extern const char apply_tell[];     // id; how many problems there are
extern const char apply_hold[];     // none; "t" where somebody was faster: it has to be checked again
extern const char apply_refused[];  // id, field, reason: a problem of the whole import
extern const char apply_failed[];   // id, now, further problems
extern const char apply_all[];      // now, today; created, changed
extern const char apply_count[];    // none; rows that were added, and those that were on record
extern const char apply_done[];     // id, now, created, changed, added rows, unchanged rows

#endif
