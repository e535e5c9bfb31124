#include "services/registry/store_beside.h"

#include "services/registry/store_organisation.h"

#define LOAD(extra)                                                                                                                        \
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH ", " extra " FROM organisation o" NETWORK_FACTS_JOIN               \
    "WHERE o.code = :request.code::text"
#define PAGE_LIMIT "LIMIT coalesce(:request.page_size::int, 50) + 1"
// Days in the wrong order are refused by the rules, with words: a range of them cannot even be made.
#define OVERLAPS(row, request)                                                                                                             \
    row ".from_on <= coalesce(" request ".to::date, 'infinity') AND coalesce(" row ".to_on, 'infinity') >= " request ".from::date"

// ---- stated facts ----

const db_stmt_t add_fact_load = {"add_fact_load",
                                 LOAD("EXISTS (SELECT FROM stated_fact s WHERE s.organisation = :request.code::text AND s.fact = "
                                      ":request.fact.fact::text AND s.qualifier = :request.fact.qualifier::text AND s.period = "
                                      "coalesce(:request.fact.period::text, '') AND s.source = :request.fact.source::text) AS taken")};

const db_stmt_t add_fact_save = {
    "add_fact_save",
    LOCKED "added AS (INSERT INTO stated_fact (organisation, fact, qualifier, value, unit, period, notes, source, recorded_at) "
           "    SELECT locked.code, :after.fact::text, :after.qualifier::text, :after.value::text, :after.unit::text, "
           "        coalesce(:after.period::text, ''), :after.notes::text, :after.source::text, :call.now::timestamptz "
           "    FROM locked ON CONFLICT DO NOTHING RETURNING organisation), " CHANGED_BY("added")};

const db_stmt_t list_facts = {
    "list_facts",
    "SELECT o.code AS organisation, s.fact, s.qualifier, s.value, s.unit, nullif(s.period, '') AS period, s.notes, s.source, s.key "
    "FROM organisation o LEFT JOIN LATERAL (SELECT f.*, k.key FROM stated_fact f "
    "    CROSS JOIN LATERAL (SELECT md5(concat_ws('|', f.qualifier, f.period, f.source)) AS key) k "
    "    WHERE f.organisation = o.code COLLATE \"default\" AND (:request.fact::text IS NULL OR f.fact = :request.fact::text) "
    "      AND (:prepared.parts::text[] IS NULL OR (f.fact COLLATE \"C\", k.key COLLATE \"C\") > ((:prepared.parts::text[])[1], "
    "           (:prepared.parts::text[])[2])) "
    "    ORDER BY f.fact COLLATE \"C\", k.key COLLATE \"C\" " PAGE_LIMIT ") s ON true "
    "WHERE o.code = :request.code::text ORDER BY s.fact COLLATE \"C\", s.key COLLATE \"C\""};

// ---- clinical systems ----

const db_stmt_t add_system_load = {"add_system_load", LOAD("EXISTS (SELECT FROM system_profile s WHERE s.practice = :request.code::text "
                                                           "AND " OVERLAPS("s", ":request.system") ") AS taken")};

const db_stmt_t add_system_save = {
    "add_system_save",
    LOCKED "added AS (INSERT INTO system_profile (practice, system, from_on, to_on, source, recorded_at) "
           "    SELECT locked.code, :after.system::text, :after.from::date, :after.to::date, :after.source::text, "
           "        :call.now::timestamptz FROM locked ON CONFLICT DO NOTHING RETURNING practice), " CHANGED_BY("added")};

const db_stmt_t list_systems = {
    "list_systems",
    "SELECT * FROM (SELECT o.code AS practice, s.system, s.from_on AS \"from\", s.to_on AS \"to\", s.source FROM organisation o "
    "    LEFT JOIN system_profile s ON s.practice = o.code COLLATE \"default\" WHERE o.code = :request.code::text "
    "    ORDER BY s.from_on DESC LIMIT 1000) s ORDER BY s.\"from\""};

const db_stmt_t get_system_coverage = {
    "get_system_coverage",
    "WITH known AS (SELECT p.system, l.count FROM kin_on(:request.as_of::date, :call.today::date) k "
    "    LEFT JOIN system_profile p ON p.practice = k.code AND p.from_on <= coalesce(:request.as_of::date, :call.today::date) "
    "        AND (p.to_on IS NULL OR p.to_on >= coalesce(:request.as_of::date, :call.today::date)) "
    "    LEFT JOIN LATERAL (SELECT s.count FROM list_size s WHERE s.organisation = k.code AND s.kind = 'registered' AND s.sub_group = '' "
    "        AND s.as_of <= coalesce(:request.as_of::date, :call.today::date) AND NOT s.synthetic ORDER BY s.as_of DESC LIMIT 1) l ON true "
    "    WHERE k.kind = 'practice' AND k.open), "
    "shared AS (SELECT system, count(*) AS practices, count(count) AS practices_counted, coalesce(sum(count), 0)::bigint AS population "
    "    FROM known GROUP BY system ORDER BY system COLLATE \"C\" NULLS LAST LIMIT 1000) "
    "SELECT s.system, s.practices, s.practices_counted, s.population, (SELECT coalesce(sum(count), 0)::bigint FROM known) AS total, "
    "    t.stated FROM (SELECT json_agg(json_strip_nulls(json_build_object('organisation', f.organisation, 'fact', f.fact, 'qualifier', "
    "        f.qualifier, 'value', f.value, 'unit', f.unit, 'period', nullif(f.period, ''), 'notes', f.notes, 'source', f.source)) "
    "        ORDER BY f.organisation, f.fact, f.source) AS stated "
    "    FROM (SELECT * FROM stated_fact WHERE fact LIKE 'records\\_on\\_%' ORDER BY organisation, fact, source LIMIT 200) f) t "
    "LEFT JOIN shared s ON true ORDER BY s.system COLLATE \"C\" NULLS LAST"};

// ---- alignments ----

const db_stmt_t add_alignment_load = {
    "add_alignment_load",
    LOAD("EXISTS (SELECT FROM alignment a WHERE a.service = :request.alignment.service::text AND a.organisation = :request.code::text "
         "AND " OVERLAPS(
             "a",
             ":request.alignment") ") AS taken, "
                                   "(SELECT p.kind FROM organisation p WHERE p.code = :request.alignment.provider::text) AS named_kind")};

const db_stmt_t add_alignment_save = {
    "add_alignment_save",
    LOCKED "added AS (INSERT INTO alignment (service, organisation, name, kind, provider, from_on, to_on, source, recorded_at) "
           "    SELECT :after.service::text, locked.code, :after.name::text, :after.kind::text, :after.provider::text, "
           "        :after.from::date, :after.to::date, :after.source::text, :call.now::timestamptz "
           "    FROM locked ON CONFLICT DO NOTHING RETURNING organisation), " CHANGED_BY("added")};

#define ALIGNMENT_COLUMNS "a.service, a.name, a.kind, a.provider, a.from_on AS \"from\", a.to_on AS \"to\", a.source"
#define OF_THE_DAY                                                                                                                         \
    "(:request.as_of::date IS NULL OR (a.from_on <= :request.as_of::date AND (a.to_on IS NULL OR a.to_on >= :request.as_of::date)))"

const db_stmt_t list_organisation_alignments = {"list_organisation_alignments",
                                                "SELECT o.code AS organisation, " ALIGNMENT_COLUMNS " FROM organisation o "
                                                "LEFT JOIN alignment a ON a.organisation = o.code COLLATE \"default\" AND " OF_THE_DAY
                                                " WHERE o.code = :request.code::text ORDER BY a.service, a.from_on LIMIT 1000"};

const db_stmt_t list_alignments = {
    "list_alignments",
    "SELECT a.organisation, " ALIGNMENT_COLUMNS " FROM alignment a "
    "WHERE (:request.service::text IS NULL OR a.service = :request.service::text) AND " OF_THE_DAY
    " AND (:prepared.parts::text[] IS NULL OR (a.service, a.organisation COLLATE \"C\", a.from_on) > ((:prepared.parts::text[])[1], "
    "     (:prepared.parts::text[])[2], (:prepared.parts::text[])[3]::date)) "
    "ORDER BY a.service, a.organisation COLLATE \"C\", a.from_on " PAGE_LIMIT};
