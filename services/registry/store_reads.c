#include "services/registry/store_reads.h"

#define QUOTED(x) #x
#define NUMBER(x) QUOTED(x)
#define PLACED "coalesce(:request.tree::text, '') = 'places'"
#define DEEPEST "coalesce(:request.depth::integer, 8)"

const db_stmt_t record_place = {"record_place", "SELECT record_place() AS place"};

const db_stmt_t get_tree = {"get_tree", "SELECT t.code, t.name, t.kind, t.level, t.status, t.depth "
                                        "FROM tree_of(:request.code::text, :request.as_of::date, " PLACED ", " DEEPEST ") t "
                                        "ORDER BY t.path LIMIT " NUMBER(TREE_NODES_MAX) " + 1"};

const db_stmt_t get_coverage = {"get_coverage",
                                "SELECT c.area, c.name, c.practices, c.practices_in_networks, c.population, c.networks, c.stated_practices "
                                "FROM coverage_on(:request.level::text, :request.as_of::date, :call.today::date) c "
                                "ORDER BY c.area COLLATE \"C\" NULLS LAST LIMIT " NUMBER(COVERAGE_ROWS_MAX) " + 1"};

// Newest first. Days run backwards, all else of the key forwards; the place is a row's key as text.
const db_stmt_t list_list_sizes = {
    "list_list_sizes",
    "SELECT o.code AS organisation, s.kind, s.count, s.as_of, s.source, nullif(s.sub_group, '') AS sub_group, "
    "    nullif(s.synthetic, false) AS synthetic "
    "FROM organisation o LEFT JOIN LATERAL (SELECT * FROM list_size s WHERE s.organisation = o.code COLLATE \"default\" "
    "    AND (:request.kind::text IS NULL OR s.kind = :request.kind::text) "
    "    AND (:request.from::date IS NULL OR s.as_of >= :request.from::date) AND (:request.to::date IS NULL OR s.as_of <= "
    ":request.to::date) "
    "    AND CASE WHEN :prepared.parts::text[] IS NULL THEN true ELSE s.as_of < (:prepared.parts::text[])[1]::date "
    "        OR (s.as_of = (:prepared.parts::text[])[1]::date AND (s.kind COLLATE \"C\", s.sub_group COLLATE \"C\", s.synthetic) "
    "            > ((:prepared.parts::text[])[2], (:prepared.parts::text[])[3], (:prepared.parts::text[])[4]::boolean)) END "
    "    ORDER BY s.as_of DESC, s.kind COLLATE \"C\", s.sub_group COLLATE \"C\", s.synthetic "
    "    LIMIT coalesce(:request.page_size::int, 50) + 1) s ON true "
    "WHERE o.code = :request.code::text ORDER BY s.as_of DESC, s.kind COLLATE \"C\", s.sub_group COLLATE \"C\", s.synthetic"};

const db_stmt_t get_checks = {"get_checks",
                              "SELECT s.*, p.closed_payee, p.payee_closed_from FROM survey_on(:request.as_of::date, :call.today::date) s "
                              "LEFT JOIN (SELECT o.code, o.payee AS closed_payee, c.day AS payee_closed_from "
                              "    FROM organisations_on(:request.as_of::date) o CROSS JOIN LATERAL (SELECT closed_from(o.payee) AS day) c "
                              "    WHERE o.payee IS NOT NULL AND c.day <= coalesce(:request.as_of::date, :call.today::date)) p "
                              "  ON p.code = s.code ORDER BY s.code COLLATE \"C\""};
