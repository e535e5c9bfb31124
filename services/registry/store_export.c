#include "services/registry/store_export.h"

#define QUOTED(x) #x
#define NUMBER(x) QUOTED(x)

const db_stmt_t export_load = {"export", "SELECT p.* FROM export_piece_of(:request.format::text, (:prepared.parts::text[])[1]::uuid, "
                                         "(:prepared.parts::text[])[2]::integer, :call.now::timestamptz, interval '" EXPORT_KEPT
                                         "', " NUMBER(EXPORTS_KEPT_MAX) ") p"};
