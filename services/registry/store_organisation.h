// SQL of organisations.
#ifndef PCN_REGISTRY_STORE_ORGANISATION_H
#define PCN_REGISTRY_STORE_ORGANISATION_H

#include "common/db/statement.h"

// Facts of organisation `o` under the names of the contract's fields.
#define ORGANISATION_FACTS                                                                                                                 \
    "o.code, o.name, o.kind, o.level, o.parent, o.place, o.status, o.opened_on, o.closed_on, o.former_names, o.identifiers, "              \
    "o.stated_population, o.stated_practice_count, o.source, o.notes, o.version, o.created_at, o.updated_at, o.payee, "                    \
    "o.mapped_area, o.agreement_on, o.facts_from"

// Who went before it and who goes on after it, by what was so on the day; NULL: by all that is on record.
#define SUCCESSION_ON(day)                                                                                                                 \
    "CASE WHEN o.linked THEN (SELECT array_agg(s.predecessor ORDER BY s.on_day, s.predecessor) FROM succession s "                         \
    "    WHERE s.successor = o.code COLLATE \"default\" AND (" day " IS NULL OR s.on_day <= " day ")) END AS predecessors, "               \
    "CASE WHEN o.linked THEN (SELECT array_agg(s.successor ORDER BY s.on_day, s.successor) FROM succession s "                             \
    "    WHERE s.predecessor = o.code COLLATE \"default\" AND (" day " IS NULL OR s.on_day <= " day ")) END AS successors"
#define COMING "CASE WHEN o.linked THEN coming_json(o.code) END AS coming"

// An organisation as it stands.
#define ORGANISATION_COLUMNS ORGANISATION_FACTS ", " SUCCESSION_ON("NULL::date") ", " COMING

// As facts_to(), which would be made ready for each row anew.
#define FACTS_TO                                                                                                                           \
    "(SELECT min(n.from_on) - 1 FROM (SELECT p.from_on FROM organisation_past p WHERE p.code = o.code AND p.superseded_at IS NULL "        \
    "    UNION ALL SELECT t.facts_from FROM organisation t WHERE t.code = o.code "                                                         \
    "    UNION ALL SELECT c.from_on FROM organisation_coming c WHERE o.linked AND c.code = o.code COLLATE \"default\") n (from_on) "       \
    "    WHERE n.from_on > coalesce(o.facts_from, '-infinity'))"

// An organisation out of organisations_on(day): what is to come shows only without a day, and with one the facts' last day comes along.
// clang-format off
#define ORGANISATION_COLUMNS_ON(day)                                                                                                       \
    ORGANISATION_FACTS ", " SUCCESSION_ON(day) ", "                                                                                        \
    "CASE WHEN o.linked AND " day " IS NULL THEN coming_json(o.code) END AS coming, "                                                      \
    "CASE WHEN " day " IS NOT NULL THEN " FACTS_TO " END AS facts_to"
// clang-format on

// What rules_timeline.h needs besides ORGANISATION_COLUMNS; the past only where it may change.
#define TIMELINE_FACTS(past) "o.facts_recorded_at, CASE WHEN " past " THEN past_json(o.code, false) END AS past"

// Whether the caller's organisations reach o.code; and all that is on record where it is a network.
// Not looked for where the caller's writes are not limited by it (SCOPE_ANY).
#define WITHIN_REACH                                                                                                                       \
    "CASE WHEN 'registry.any' = ANY (:header.principal.scopes::text[]) THEN true "                                                         \
    "    ELSE within_reach(o.code, :header.principal.organisations::text[], :call.today::date) END AS within_reach"
#define NETWORK_WAIVERS "CASE WHEN o.kind = 'network' THEN waivers_json(o.code) END AS all_waivers"
// Few networks name a payee, and few payees are closed.
#define CLOSED_PAYEE                                                                                                                       \
    "CASE WHEN o.payee IS NOT NULL THEN (SELECT json_build_object('code', o.payee, 'from', p.day) "                                        \
    "    FROM (SELECT closed_from(o.payee) AS day) p WHERE p.day IS NOT NULL) END AS closed_payee"
#define NETWORK_RECORD "f.commissioner, f.all_members, f.all_directors, f.all_sizes, f.all_sub_groups, " NETWORK_WAIVERS ", " CLOSED_PAYEE
// The newest of each list, that an organisation with a long history does not make each of its events long: two years of monthly ones, 24 of
// those of 1 January. `place` is 1 for the newest.
#define EVENT_SIZES "24"
#define SIZES_BY_AGE(condition)                                                                                                            \
    "(SELECT l.*, row_number() OVER (PARTITION BY l.organisation, l.kind, l.sub_group, l.synthetic ORDER BY l.as_of DESC) AS place "       \
    "    FROM list_size l WHERE " condition ")"
#define RECORDED_SIZES                                                                                                                     \
    "(SELECT json_agg(json_strip_nulls(json_build_object('organisation', s.organisation, 'kind', s.kind, 'count', s.count, "               \
    "    'asOf', s.as_of, 'source', s.source, 'subGroup', nullif(s.sub_group, ''), 'synthetic', nullif(s.synthetic, false))) "             \
    "    ORDER BY s.as_of, s.kind COLLATE \"C\", s.sub_group COLLATE \"C\", s.synthetic) "                                                 \
    "FROM " SIZES_BY_AGE("l.organisation = o.code COLLATE \"default\"") " s WHERE s.place <= " EVENT_SIZES ") AS recorded_sizes"
// With what an event shows besides.
#define NETWORK_FACTS NETWORK_RECORD ", " RECORDED_SIZES
#define NETWORK_FACTS_JOIN " LEFT JOIN LATERAL network_facts(o.code) f ON o.kind = 'network' "

// A save that adds a row beside an organisation: its head, and its end, which takes the CTE that did so.
#define LOCKED                                                                                                                             \
    "locked AS MATERIALIZED (SELECT o.code FROM organisation o WHERE o.code = :request.code::text AND o.version = :row.version::bigint "   \
    "    AND NOT EXISTS (SELECT FROM seen) FOR UPDATE), "
#define CHANGED_BY(cte)                                                                                                                    \
    "changed AS (UPDATE organisation o SET version = o.version + 1, updated_at = :call.now::timestamptz FROM " cte                         \
    "    WHERE o.code = :request.code::text RETURNING o.code AS key)"

extern const db_stmt_t get_organisation_now;     // the same, where no day is asked for
extern const db_stmt_t get_organisation;         // rows: registry.v1.Organisation, coalesced by code
extern const db_stmt_t list_organisations;       // rows: store ListedOrganisation, one more than the page
extern const db_stmt_t create_organisation_load; // one row: store References
extern const db_stmt_t create_organisation_save; // after: store Creation
extern const db_stmt_t update_organisation_load; // row: store Aggregate
extern const db_stmt_t update_organisation_save; // after: store Timelines

#endif
