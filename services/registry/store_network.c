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
