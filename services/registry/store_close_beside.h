// SQL of what stands beside an organisation that closes (rules_close_beside.h): only verbs that close, and what takes them back, need it.
#ifndef PCN_REGISTRY_STORE_CLOSE_BESIDE_H
#define PCN_REGISTRY_STORE_CLOSE_BESIDE_H

#include "services/registry/store_beside.h"

// clang-format off
// Whom the organisation of the request serves on the day or later.
#define SERVED                                                                                                                             \
    " UNION (SELECT a.organisation FROM alignment a WHERE a.provider = :request.code::text "                                               \
    "    AND (a.to_on IS NULL OR a.to_on >= :request.on::date) " MOST ") "                                                                 \
    "UNION (SELECT a.organisation FROM alignment a WHERE a.service = :request.code::text AND a.kind = 'federation' "                       \
    "    AND (a.to_on IS NULL OR a.to_on >= :request.on::date) " MOST ") "

// Columns of organisation `o`: of the one that closes all that goes on then, of others what it provides.
#define CLOSING_BESIDE                                                                                                                     \
    SYSTEMS_WHERE(" AND o.code = :request.code::text AND (s.to_on IS NULL OR s.to_on >= :request.on::date)") ", "                          \
    ALIGNMENTS_WHERE(" AND (:request.code::text IN (o.code, a.provider) OR (a.service = :request.code::text AND a.kind = 'federation')) "  \
                     "AND (a.to_on IS NULL OR a.to_on >= :request.on::date)")

#define BESIDE(list) "allowed CROSS JOIN jsonb_array_elements(:after." list "::jsonb) e"
#define BEFORE(field) "(e -> 'before' ->> '" field "')"
#define AFTER(field) "(e -> 'after' ->> '" field "')"
#define SAME_SYSTEM(side) "s.practice = " side("practice") " AND s.from_on = " side("from") "::date"
#define SAME_ALIGNMENT(side)                                                                                                               \
    "a.service = " side("service") " AND a.organisation = " side("organisation") " AND a.from_on = " side("from") "::date"
#define SAME_WAIVER(side) "w.network = e ->> 'network' AND w.from_on = " side("from") "::date"
#define IS_GONE "NOT e ? 'after'"
#define IS_NEW "NOT e ? 'before'"
#define ENDS                                                                                                                               \
    "to_on = " AFTER("to") "::date, end_recorded_at = CASE WHEN " AFTER("to") " IS NOT NULL THEN :call.now::timestamptz END FROM "
#define AFTER_THESE(kind) "(SELECT count(*) FROM " kind "_gone) + (SELECT count(*) FROM " kind "_ended) >= 0"

// Goes on after CHANGES_SAVE.
#define BESIDE_SAVE                                                                                                                        \
    ", systems_gone AS (DELETE FROM system_profile s USING " BESIDE("systems") " WHERE " IS_GONE " AND " SAME_SYSTEM(BEFORE)               \
    "    RETURNING s.*), "                                                                                                                 \
    "systems_ended AS (UPDATE system_profile s SET " ENDS BESIDE("systems") " WHERE e ? 'before' AND " SAME_SYSTEM(AFTER)                  \
    "    AND (SELECT count(*) FROM systems_gone) >= 0 RETURNING 1), "                                                                      \
    "systems_added AS (INSERT INTO system_profile (practice, system, from_on, to_on, source, recorded_at) "                                \
    "    SELECT " AFTER("practice") ", " AFTER("system") ", " AFTER("from") "::date, " AFTER("to") "::date, " AFTER("source") ", "         \
    "        :call.now::timestamptz FROM " BESIDE("systems") " WHERE " IS_NEW " AND " AFTER_THESE("systems") "), "                         \
    "alignments_gone AS (DELETE FROM alignment a USING " BESIDE("alignments") " WHERE " IS_GONE " AND " SAME_ALIGNMENT(BEFORE)             \
    "    RETURNING a.*), "                                                                                                                 \
    "alignments_ended AS (UPDATE alignment a SET " ENDS BESIDE("alignments") " WHERE e ? 'before' AND " SAME_ALIGNMENT(AFTER)              \
    "    AND (SELECT count(*) FROM alignments_gone) >= 0 RETURNING 1), "                                                                   \
    "alignments_added AS (INSERT INTO alignment (service, organisation, name, kind, provider, from_on, to_on, source, recorded_at) "       \
    "    SELECT " AFTER("service") ", " AFTER("organisation") ", " AFTER("name") ", " AFTER("kind") ", " AFTER("provider") ", "            \
    "        " AFTER("from") "::date, " AFTER("to") "::date, " AFTER("source") ", :call.now::timestamptz "                                 \
    "    FROM " BESIDE("alignments") " WHERE " IS_NEW " AND " AFTER_THESE("alignments") "), "                                              \
    "waivers_gone AS (DELETE FROM waiver w USING " BESIDE("waivers") " WHERE " IS_GONE " AND " SAME_WAIVER(BEFORE) " RETURNING w.*), "     \
    "waivers_ended AS (UPDATE waiver w SET " ENDS BESIDE("waivers") " WHERE e ? 'before' AND " SAME_WAIVER(AFTER)                          \
    "    AND (SELECT count(*) FROM waivers_gone) >= 0 RETURNING 1), "                                                                      \
    "waivers_added AS (INSERT INTO waiver (network, from_on, to_on, reason, granted_by, source, recorded_at) "                             \
    "    SELECT e ->> 'network', " AFTER("from") "::date, " AFTER("to") "::date, " AFTER("reason") ", " AFTER("grantedBy") ", "            \
    "        " AFTER("source") ", :call.now::timestamptz FROM " BESIDE("waivers") " WHERE " IS_NEW " AND " AFTER_THESE("waivers") "), "    \
    "beside_never AS (INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at, superseded_by) "                          \
    "    SELECT practice, 'system', to_jsonb(systems_gone), recorded_at, :call.now::timestamptz, 'change' FROM systems_gone "              \
    "    UNION ALL SELECT organisation, 'alignment', to_jsonb(alignments_gone), recorded_at, :call.now::timestamptz, 'change' "            \
    "        FROM alignments_gone "                                                                                                        \
    "    UNION ALL SELECT network, 'waiver', to_jsonb(waivers_gone), recorded_at, :call.now::timestamptz, 'change' FROM waivers_gone)"
// clang-format on

#endif
