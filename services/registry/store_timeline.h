// SQL that writes timelines: the beginning of every save that changes facts of organisations, however many.
#ifndef PCN_REGISTRY_STORE_TIMELINE_H
#define PCN_REGISTRY_STORE_TIMELINE_H

#include "common/db/statement.h"

// CTEs out of `:after.timelines` (a list of store Timeline): all of a change's organisations are locked in the order of their codes at the
// versions that were decided on, or nothing of it takes place. What else a save writes hangs on `allowed` (n: the change takes place) or
// on `kept` (n, code: a changed organisation); `changed` is the save's own: "changed AS (SELECT k.code AS key FROM kept k)". Spans of the
// past are ended before others are added, since no two may hold on one day.
#define TIMELINES_SAVE                                                                                                                     \
    "timelines AS MATERIALIZED (SELECT i.n, t.value AS t, t.value -> 'head' AS head, t.value -> 'head' ->> 'code' AS code, "               \
    "        (t.value ->> 'expectedVersion')::bigint AS expected "                                                                         \
    "    FROM input i CROSS JOIN LATERAL jsonb_array_elements(:after.timelines::jsonb) t "                                                 \
    "    WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "                                                                         \
    "held AS MATERIALIZED (SELECT o.code FROM timelines t JOIN organisation o ON o.code = t.code AND o.version = t.expected "              \
    "    ORDER BY o.code FOR UPDATE OF o), "                                                                                               \
    "allowed AS MATERIALIZED (SELECT t.n FROM timelines t LEFT JOIN held h ON h.code = t.code GROUP BY t.n "                               \
    "    HAVING count(*) = count(h.code)), "                                                                                               \
    "kept AS (UPDATE organisation o SET name = f.name, level = f.level, parent = f.parent, place = f.place, status = f.status, "           \
    "        opened_on = f.opened_on, closed_on = f.closed_on, former_names = f.former_names, identifiers = f.identifiers, "               \
    "        stated_population = f.stated_population, stated_practice_count = f.stated_practice_count, source = f.source, "                \
    "        notes = f.notes, payee = f.payee, mapped_area = f.mapped_area, agreement_on = f.agreement_on, "                               \
    "        facts_from = (t.head ->> 'factsFrom')::date, facts_recorded_at = (t.t ->> 'recordedAt')::timestamptz, "                       \
    "        version = t.expected + 1, updated_at = (t.head ->> 'updatedAt')::timestamptz "                                                \
    "    FROM allowed a JOIN timelines t ON t.n = a.n CROSS JOIN LATERAL facts_of(t.head) f "                                              \
    "    WHERE o.code = t.code RETURNING t.n, o.code), "                                                                                   \
    "past_ended AS (UPDATE organisation_past p SET to_on = e.to_on, end_recorded_at = e.end_recorded_at, "                                 \
    "        superseded_at = e.superseded_at, superseded_by = e.superseded_by "                                                            \
    "    FROM kept k JOIN timelines t ON t.code = k.code CROSS JOIN LATERAL past_ends(t.t -> 'ended') e "                                  \
    "    WHERE p.code = k.code AND p.superseded_at IS NULL AND p.from_on IS NOT DISTINCT FROM e.from_on RETURNING 1), "                    \
    "past_added AS (INSERT INTO organisation_past SELECT r.* FROM kept k JOIN timelines t ON t.code = k.code "                             \
    "    CROSS JOIN LATERAL past_rows(k.code, t.t -> 'added') r WHERE (SELECT count(*) FROM past_ended) >= 0), "                           \
    "coming_gone AS (DELETE FROM organisation_coming c USING kept k JOIN timelines t ON t.code = k.code WHERE c.code = k.code "            \
    "    AND NOT EXISTS (SELECT FROM coming_rows(k.code, t.head -> 'coming') r WHERE r.from_on = c.from_on)), "                            \
    "coming_kept AS (INSERT INTO organisation_coming SELECT r.* FROM kept k JOIN timelines t ON t.code = k.code "                          \
    "    CROSS JOIN LATERAL coming_rows(k.code, t.head -> 'coming') r "                                                                    \
    "    ON CONFLICT (code, from_on) DO UPDATE SET changes = excluded.changes, recorded_at = excluded.recorded_at), "

#endif
