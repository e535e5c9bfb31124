// SQL of exports: the pieces of the registry's files.
#ifndef PCN_REGISTRY_STORE_EXPORT_H
#define PCN_REGISTRY_STORE_EXPORT_H

#include "common/db/statement.h"

// How long an export is kept for its download, and how many are kept at once.
#define EXPORT_KEPT "15 minutes"
#define EXPORTS_KEPT_MAX 16

// Rows: store ExportPiece; none where the export is forgotten, one without an export where too many are kept. Without `prepared` an export
// is made first, of one moment; that is the one load which writes.
extern const db_stmt_t export_load;

#endif
