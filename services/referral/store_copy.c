#include "services/referral/store_copy.h"

// What the registry does not have any more is gone here as well. An event has the newest list sizes, each in the place of one of that day,
// and never says that an older one is gone; of memberships it has all. A close to come stands in `coming`. Rows that go are named by value, so that their index is asked
// whatever the planner thinks of a batch.
const db_stmt_t copy_organisations = {
    "copy_organisations",
    "changed AS MATERIALIZED (SELECT substr(n.subject, length('organisations/') + 1) COLLATE \"C\" AS code, n.data FROM news n), "
    "gone AS (DELETE FROM organisation o USING news n WHERE n.data IS NULL AND o.code = substr(n.subject, length('organisations/') + 1)), "
    "kept AS (INSERT INTO organisation (code, name, kind, parent, place, status, closed_on, successors, version) "
    "    SELECT n.data ->> 'code', n.data ->> 'name', n.data ->> 'kind', n.data ->> 'parent', n.data ->> 'place', n.data ->> 'status', "
    "        coalesce((n.data ->> 'closedOn')::date, (SELECT min((c.change ->> 'from')::date) FROM jsonb_array_elements(n.data -> 'coming') "
    "            AS c (change) WHERE c.change -> 'changes' ->> 'status' = 'closed')), "
    "        ARRAY(SELECT jsonb_array_elements_text(n.data -> 'successors')), n.version FROM news n WHERE n.data IS NOT NULL "
    "    ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, parent = excluded.parent, place = excluded.place, "
    "        status = excluded.status, closed_on = excluded.closed_on, successors = excluded.successors, version = excluded.version), "
    "sizes_gone AS (DELETE FROM list_size s "
    "    WHERE s.organisation = ANY (ARRAY(SELECT c.code FROM changed c WHERE c.data IS NULL))), "
    "sizes AS (INSERT INTO list_size (organisation, as_of, synthetic, count, source) "
    "    SELECT c.code, s.\"asOf\", coalesce(s.synthetic, false), s.count, s.source FROM changed c "
    "    CROSS JOIN jsonb_to_recordset(c.data -> 'listSizes') AS s (kind text, \"asOf\" date, \"subGroup\" text, count bigint, "
    "        source text, synthetic boolean) WHERE s.kind = 'registered' AND s.\"subGroup\" IS NULL "
    "    ON CONFLICT (organisation, synthetic, as_of) DO UPDATE SET count = excluded.count, source = excluded.source "
    "        WHERE (list_size.count, list_size.source) IS DISTINCT FROM (excluded.count, excluded.source)), "
    "members AS MATERIALIZED (SELECT c.code AS network, m.practice, m.\"from\" AS from_on, m.\"to\" AS to_on FROM changed c "
    "    CROSS JOIN jsonb_to_recordset(c.data -> 'members') AS m (practice text, \"from\" date, \"to\" date)), "
    "members_gone AS (DELETE FROM membership m "
    "    WHERE m.network = ANY (ARRAY(SELECT c.code FROM changed c WHERE c.data IS NULL OR c.data ? 'members')) "
    "    AND NOT EXISTS (SELECT FROM members k WHERE k.network = m.network AND k.practice = m.practice AND k.from_on = m.from_on)), "
    "members_kept AS (INSERT INTO membership (network, practice, from_on, to_on) SELECT k.* FROM members k "
    "    ON CONFLICT (network, practice, from_on) DO UPDATE SET to_on = excluded.to_on "
    "        WHERE membership.to_on IS DISTINCT FROM excluded.to_on)"};
