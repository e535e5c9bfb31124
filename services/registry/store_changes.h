// SQL that writes a change of several aggregates (store Changes, see rules_changes.h), and what the loads before it share.
#ifndef PCN_REGISTRY_STORE_CHANGES_H
#define PCN_REGISTRY_STORE_CHANGES_H

#include "services/registry/store_organisation.h"
#include "services/registry/store_timeline.h"

// Columns of organisation `o` for a verb; its past where facts of the day (SQL) are not today's. Of the sizes that a network's
// figures are made of only the latest, which is all that these need.
#define CHANGES_COLUMNS(day)                                                                                                               \
    ORGANISATION_COLUMNS ", " CHANGES_NETWORK ", " RECORDED_SIZES ", " WITHIN_REACH ", " TIMELINE_FACTS(day " < o.facts_from")
#define CHANGES_NETWORK                                                                                                                    \
    "f.commissioner, f.all_members, f.all_directors, f.all_sub_groups, " NETWORK_WAIVERS ", " CLOSED_PAYEE ", "                            \
    "CASE WHEN o.kind = 'network' THEN latest_sizes_json(o.code, :call.today::date) END AS all_sizes"
// Of a practice: all its memberships.
#define PRACTICE_MEMBERSHIPS                                                                                                               \
    "CASE WHEN o.kind = 'practice' THEN (SELECT json_agg(json_strip_nulls(json_build_object('network', m.network, 'from', m.from_on, "     \
    "    'to', m.to_on)) ORDER BY m.from_on) FROM membership m WHERE m.practice = o.code) END AS practice_memberships"
#define CHANGES_FROM " FROM organisation o" NETWORK_FACTS_JOIN

#define MEMBERSHIP_RECORDS(list)                                                                                                           \
    "jsonb_to_recordset(:after." list "::jsonb) AS r (network text, practice text, \"from\" date, \"to\" date, \"subGroup\" text, "        \
    "source text, \"fromAssumed\" boolean)"
#define DIRECTOR_RECORDS(list)                                                                                                             \
    "jsonb_to_recordset(:after." list "::jsonb) AS r (network text, name text, \"from\" date, \"to\" date, share numeric, source text, "   \
    "\"fromAssumed\" boolean)"
#define SAME_MEMBERSHIP "m.practice = r.practice AND m.network = r.network AND m.from_on = r.\"from\""
#define SAME_TERM "d.network = r.network AND d.name = r.name AND d.from_on = r.\"from\""

// Rows are taken away, then ended (or resumed), before others are added, since two of them may share a day only in between. What a constraint refuses
// undoes all of it: somebody else was faster.
#define CHANGES_SAVE                                                                                                                       \
    TIMELINES_SAVE                                                                                                                         \
    "created AS (INSERT INTO organisation (code, kind, name, level, parent, place, status, opened_on, closed_on, former_names, "           \
    "        identifiers, stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on, facts_from, "         \
    "        version, created_at, updated_at) "                                                                                            \
    "    SELECT c ->> 'code', c ->> 'kind', f.name, f.level, f.parent, f.place, f.status, f.opened_on, f.closed_on, f.former_names, "      \
    "        f.identifiers, f.stated_population, f.stated_practice_count, f.source, f.notes, f.payee, f.mapped_area, f.agreement_on, "     \
    "        (c ->> 'factsFrom')::date, (c ->> 'version')::bigint, :call.now::timestamptz, :call.now::timestamptz "                        \
    "    FROM allowed CROSS JOIN LATERAL jsonb_array_elements(:after.created::jsonb) c CROSS JOIN LATERAL facts_of(c) f), "                \
    "created_coming AS (INSERT INTO organisation_coming SELECT r.* FROM allowed "                                                          \
    "    CROSS JOIN LATERAL jsonb_array_elements(:after.created::jsonb) c "                                                                \
    "    CROSS JOIN LATERAL coming_rows(c ->> 'code', c -> 'coming') r), "                                                                 \
    "created_past AS (INSERT INTO organisation_past SELECT r.* FROM allowed "                                                              \
    "    CROSS JOIN LATERAL jsonb_array_elements(:after.created_past::jsonb) e "                                                           \
    "    CROSS JOIN LATERAL past_rows(e -> 'organisation' ->> 'code', jsonb_build_array(e)) r), "                                          \
    "members_gone AS (DELETE FROM membership m USING allowed CROSS JOIN " MEMBERSHIP_RECORDS("members_gone")                               \
    "    WHERE " SAME_MEMBERSHIP " RETURNING m.*), "                                                                                       \
    "members_ended AS (UPDATE membership m SET to_on = r.\"to\", "                                                                         \
    "        end_recorded_at = CASE WHEN r.\"to\" IS NOT NULL THEN :call.now::timestamptz END "                                            \
    "    FROM allowed CROSS JOIN " MEMBERSHIP_RECORDS("members_ended") " WHERE " SAME_MEMBERSHIP                                           \
    "    AND (SELECT count(*) FROM members_gone) >= 0 RETURNING 1), "                                                                      \
    "members_added AS (INSERT INTO membership (practice, network, sub_group, from_on, to_on, source, from_assumed, recorded_at) "          \
    "    SELECT r.practice, r.network, r.\"subGroup\", r.\"from\", r.\"to\", r.source, coalesce(r.\"fromAssumed\", false), "               \
    "        :call.now::timestamptz FROM allowed CROSS JOIN " MEMBERSHIP_RECORDS("members_added")                                          \
    "    WHERE (SELECT count(*) FROM members_ended) + (SELECT count(*) FROM members_gone) >= 0 RETURNING network, sub_group, source), "    \
    "members_grouped AS (INSERT INTO sub_group (network, code, source) SELECT DISTINCT ON (network, sub_group) network, sub_group, "       \
    "        source FROM members_added WHERE sub_group IS NOT NULL ORDER BY network, sub_group ON CONFLICT DO NOTHING), "                  \
    "directors_gone AS (DELETE FROM director_term d USING allowed CROSS JOIN " DIRECTOR_RECORDS("directors_gone")                          \
    "    WHERE " SAME_TERM " RETURNING d.*), "                                                                                             \
    "directors_ended AS (UPDATE director_term d SET to_on = r.\"to\", "                                                                    \
    "        end_recorded_at = CASE WHEN r.\"to\" IS NOT NULL THEN :call.now::timestamptz END "                                            \
    "    FROM allowed CROSS JOIN " DIRECTOR_RECORDS("directors_ended") " WHERE " SAME_TERM                                                 \
    "    AND (SELECT count(*) FROM directors_gone) >= 0 RETURNING 1), "                                                                    \
    "directors_added AS (INSERT INTO director_term (network, name, from_on, to_on, share, source, from_assumed, recorded_at) "             \
    "    SELECT r.network, r.name, r.\"from\", r.\"to\", r.share, r.source, coalesce(r.\"fromAssumed\", false), :call.now::timestamptz "   \
    "    FROM allowed CROSS JOIN " DIRECTOR_RECORDS("directors_added")                                                                     \
    "    WHERE (SELECT count(*) FROM directors_ended) + (SELECT count(*) FROM directors_gone) >= 0), "                                     \
    "never_held AS (INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at, superseded_by) "                            \
    "    SELECT network, 'membership', to_jsonb(members_gone), recorded_at, :call.now::timestamptz, :after.superseded_by::text "           \
    "    FROM members_gone UNION ALL SELECT network, 'director', to_jsonb(directors_gone), recorded_at, :call.now::timestamptz, "          \
    "        :after.superseded_by::text FROM directors_gone), "                                                                            \
    "succeeded AS (INSERT INTO succession (predecessor, successor, on_day, manner, source, recorded_at) "                                  \
    "    SELECT r.predecessor, r.successor, r.\"on\", r.manner, r.source, :call.now::timestamptz FROM allowed "                            \
    "    CROSS JOIN jsonb_to_recordset(:after.successions::jsonb) AS r (predecessor text, successor text, \"on\" date, manner text, "      \
    "        source text)), "                                                                                                              \
    "parted AS (DELETE FROM succession s USING allowed "                                                                                   \
    "    CROSS JOIN jsonb_to_recordset(:after.successions_gone::jsonb) AS r (predecessor text, successor text) "                           \
    "    WHERE s.predecessor = r.predecessor AND s.successor = r.successor), "                                                             \
    "past_by AS (DELETE FROM announcement a USING allowed WHERE :after.announced::jsonb IS NOT NULL AND a.on_day <= :call.today::date), "  \
    "announced AS (INSERT INTO announcement (on_day, code, about, undo, recorded_at) "                                                     \
    "    SELECT (u.undo ->> 'on')::date, u.undo ->> 'code', coalesce(u.undo ->> 'about', ''), u.undo, :call.now::timestamptz "             \
    "    FROM allowed CROSS JOIN LATERAL (SELECT :after.announced::jsonb AS undo) u WHERE u.undo IS NOT NULL "                             \
    "    ON CONFLICT (on_day, code, about) DO UPDATE SET undo = excluded.undo, recorded_at = excluded.recorded_at), "                      \
    "revoked AS (DELETE FROM announcement a USING allowed CROSS JOIN LATERAL (SELECT :after.revoked::jsonb AS k) r "                       \
    "    WHERE a.on_day = (r.k ->> 'on')::date AND a.code = r.k ->> 'code' AND a.about = coalesce(r.k ->> 'about', '')), "                 \
    "changed AS (SELECT k.code AS key FROM kept k)"

#endif
