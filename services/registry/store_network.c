#include "services/registry/store_network.h"

#include "services/registry/store_organisation.h"

const db_stmt_t get_network = {
    "get_network",
    "SELECT " ORGANISATION_COLUMNS_ON(":request.as_of::date") ", " NETWORK_FACTS
                                                              " FROM organisations_on(:request.as_of::date) o" NETWORK_FACTS_JOIN
                                                              "WHERE o.code = :request.code::text AND o.kind = 'network'"};

const db_stmt_t add_member_load = {
    "add_member_load",
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH ", "
    "(SELECT organisation_json(p) FROM organisation p WHERE p.code = :request.member.practice::text) AS practice, "
    "(SELECT json_agg(json_strip_nulls(json_build_object('network', m.network, 'from', m.from_on, 'to', m.to_on)) ORDER BY m.from_on) "
    "    FROM membership m WHERE m.practice = :request.member.practice::text) AS practice_memberships "
    "FROM organisation o" NETWORK_FACTS_JOIN "WHERE o.code = :request.code::text AND o.kind = 'network'"};

// Both rows are locked before anything is written, and only at the versions that were decided on. An overlap that was not there when it
// was decided leaves `member` empty, so nothing changes and it is decided again. The sub-group comes after its member, since
// a refused one must leave nothing behind; the reference to it is looked at when the statement ends.
const db_stmt_t add_member_save = {
    "add_member_save",
    "locked AS MATERIALIZED (SELECT o.code FROM organisation o WHERE NOT EXISTS (SELECT FROM seen) "
    "    AND ((o.code = :request.code::text AND o.version = :row.version::bigint) "
    "      OR (o.code = :after.member.practice::text AND o.version = :after.practice_version::bigint)) ORDER BY o.code FOR UPDATE), "
    "allowed AS (SELECT FROM locked HAVING count(*) = 2), "
    "member AS (INSERT INTO membership (practice, network, sub_group, from_on, to_on, source, from_assumed) "
    "    SELECT :after.member.practice::text, :request.code::text, :after.member.sub_group::text, :after.member.from::date, "
    "        :after.member.to::date, :after.member.source::text, coalesce(:after.member.from_assumed::boolean, false) FROM allowed "
    "    ON CONFLICT DO NOTHING RETURNING practice), "
    "grouped AS (INSERT INTO sub_group (network, code, source) SELECT :request.code::text, :after.member.sub_group::text, "
    "        :after.member.source::text FROM member WHERE :after.member.sub_group::text IS NOT NULL ON CONFLICT DO NOTHING), "
    "moved AS (UPDATE organisation o SET parent = :request.code::text, version = o.version + 1, updated_at = :call.now::timestamptz "
    "    FROM member WHERE o.code = member.practice AND :after.practice_moves::boolean), "
    "changed AS (UPDATE organisation o SET version = o.version + 1, updated_at = :call.now::timestamptz FROM member "
    "    WHERE o.code = :request.code::text RETURNING o.code AS key)"};

#define LOCKED                                                                                                                             \
    "locked AS MATERIALIZED (SELECT o.code FROM organisation o WHERE o.code = :request.code::text AND o.version = :row.version::bigint "   \
    "    AND NOT EXISTS (SELECT FROM seen) FOR UPDATE), "
#define CHANGED_BY(cte)                                                                                                                    \
    "changed AS (UPDATE organisation o SET version = o.version + 1, updated_at = :call.now::timestamptz FROM " cte                         \
    "    WHERE o.code = :request.code::text RETURNING o.code AS key)"

const db_stmt_t add_director_load = {"add_director_load",
                                     "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH
                                     " FROM organisation o" NETWORK_FACTS_JOIN "WHERE o.code = :request.code::text AND o.kind = 'network'"};

const db_stmt_t add_director_save = {
    "add_director_save", LOCKED
    "term AS (INSERT INTO director_term (network, name, from_on, to_on, share, source, from_assumed) "
    "    SELECT locked.code, :after.name::text, :after.from::date, :after.to::date, :after.share::numeric, :after.source::text, "
    "        coalesce(:after.from_assumed::boolean, false) FROM locked ON CONFLICT DO NOTHING RETURNING network), " CHANGED_BY("term")};

const db_stmt_t add_list_size_load = {
    "add_list_size_load",
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH ", "
    "EXISTS (SELECT FROM list_size s WHERE s.organisation = o.code AND s.kind = :request.list_size.kind::text "
    "    AND s.sub_group = coalesce(:request.list_size.sub_group::text, '') AND s.as_of = :request.list_size.as_of::date "
    "    AND s.synthetic = coalesce(:request.list_size.synthetic::boolean, false)) AS list_size_taken "
    "FROM organisation o" NETWORK_FACTS_JOIN "WHERE o.code = :request.code::text"};

const db_stmt_t add_list_size_save = {
    "add_list_size_save",
    LOCKED "size AS (INSERT INTO list_size (organisation, kind, sub_group, as_of, synthetic, count, source) "
           "    SELECT locked.code, :after.kind::text, coalesce(:after.sub_group::text, ''), :after.as_of::date, "
           "        coalesce(:after.synthetic::boolean, false), :after.count::bigint, :after.source::text FROM locked "
           "    ON CONFLICT DO NOTHING RETURNING organisation), "
           "grouped AS (INSERT INTO sub_group (network, code, source) SELECT size.organisation, :after.sub_group::text, "
           ":after.source::text FROM size "
           "    WHERE :after.sub_group::text IS NOT NULL ON CONFLICT DO NOTHING), " CHANGED_BY("size")};

// Everything at once and by sets, since asking network by network takes seconds in a registry of a country. Of members and sizes only what
// holds today comes along, which is all that the rules look at here.
const db_stmt_t get_checks = {
    "get_checks",
    "WITH RECURSIVE upward (code, kind, status, above, distance) AS ("
    "    SELECT code, kind, status, parent, 1 FROM organisation WHERE kind IN ('network', 'practice') AND parent IS NOT NULL "
    "    UNION ALL SELECT u.code, u.kind, u.status, o.parent, u.distance + 1 FROM upward u JOIN organisation o ON o.code = u.above "
    "              WHERE o.parent IS NOT NULL AND u.distance < 16), "
    "tops AS (SELECT code, array_agg(above ORDER BY distance) AS above FROM upward WHERE kind = 'network' GROUP BY code), "
    "counts AS (SELECT above AS code, count(*) AS practices FROM upward WHERE kind = 'practice' AND status = 'active' GROUP BY above), "
    "current AS (SELECT practice, network, sub_group, from_on, to_on FROM membership "
    "    WHERE from_on <= :call.today::date AND (to_on IS NULL OR to_on >= :call.today::date)), "
    "members AS (SELECT network, json_agg(json_strip_nulls(json_build_object('practice', practice, 'subGroup', sub_group, 'from', from_on, "
    "        'to', to_on)) ORDER BY practice) AS members FROM current GROUP BY network), "
    "latest AS (SELECT DISTINCT ON (organisation, sub_group) organisation, sub_group, as_of, count, source FROM list_size "
    "    WHERE kind = 'registered' AND NOT synthetic AND as_of <= :call.today::date ORDER BY organisation, sub_group, as_of DESC), "
    "parts AS (SELECT network, practice AS organisation FROM current UNION ALL SELECT code, code FROM organisation WHERE kind = "
    "'network'), "
    "sizes AS (SELECT p.network, json_agg(json_strip_nulls(json_build_object('organisation', l.organisation, 'kind', 'registered', "
    "        'count', l.count, 'asOf', l.as_of, 'source', l.source, 'subGroup', nullif(l.sub_group, '')))) AS sizes "
    "    FROM parts p JOIN latest l ON l.organisation = p.organisation GROUP BY p.network), "
    "groups AS (SELECT network, json_agg(json_build_object('code', code) ORDER BY code) AS groups FROM sub_group GROUP BY network) "
    "SELECT " ORGANISATION_FACTS ", members.members AS all_members, sizes.sizes AS all_sizes, groups.groups AS all_sub_groups, tops.above, "
    "CASE WHEN o.kind <> 'network' AND o.stated_practice_count IS NOT NULL THEN coalesce(counts.practices, 0) END AS practices_below "
    "FROM organisation o LEFT JOIN members ON members.network = o.code LEFT JOIN sizes ON sizes.network = o.code "
    "LEFT JOIN groups ON groups.network = o.code LEFT JOIN tops ON tops.code = o.code LEFT JOIN counts ON counts.code = o.code "
    "WHERE o.kind = 'network' OR o.stated_population IS NOT NULL OR o.stated_practice_count IS NOT NULL ORDER BY o.code"};
