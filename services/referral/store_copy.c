#include "services/referral/store_copy.h"

// What the registry does not have any more is gone here as well.
const db_stmt_t copy_organisations = {
    "copy_organisations",
    "gone AS (DELETE FROM organisation o USING news n WHERE n.data IS NULL AND o.code = substr(n.subject, length('organisations/') + 1)), "
    "kept AS (INSERT INTO organisation (code, name, kind, parent, place, status, version) "
    "    SELECT n.data ->> 'code', n.data ->> 'name', n.data ->> 'kind', n.data ->> 'parent', n.data ->> 'place', n.data ->> 'status', "
    "        n.version FROM news n WHERE n.data IS NOT NULL "
    "    ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, parent = excluded.parent, place = excluded.place, "
    "        status = excluded.status, version = excluded.version)"};
