#include "services/registry/store_site.h"

#define SITE_COLUMNS                                                                                                                       \
    "s.code, s.organisation, s.name, s.kind, s.address, s.tenure, s.floor_area, s.from_on AS \"from\", s.to_on AS \"to\", s.source, "      \
    "s.notes, s.version, s.created_at, s.updated_at"
#define REACHES(organisation) "within_reach(" organisation ", :header.principal.organisations::text[], :call.today::date)"
#define NAMED                                                                                                                              \
    "EXISTS (SELECT FROM organisation o WHERE o.code = :request.site.organisation::text) AS named_there, " REACHES(                        \
        ":request.site.organisation::text") " AS named_within_reach"

const db_stmt_t get_site = {"get_site", "SELECT " SITE_COLUMNS " FROM site s WHERE s.code = :request.code::text"};

const db_stmt_t list_sites = {"list_sites",
                              "SELECT " SITE_COLUMNS
                              " FROM site s WHERE (:request.organisation::text IS NULL OR s.organisation = :request.organisation::text) "
                              "AND (:request.kind::text IS NULL OR s.kind = :request.kind::text) "
                              "AND (:request.as_of::date IS NULL OR ((s.from_on IS NULL OR s.from_on <= :request.as_of::date) "
                              "     AND (s.to_on IS NULL OR s.to_on >= :request.as_of::date))) "
                              "AND (:prepared.parts::text[] IS NULL OR s.code > (:prepared.parts::text[])[1]) "
                              "ORDER BY s.code LIMIT coalesce(:request.page_size::int, 50) + 1"};

const db_stmt_t create_site_load = {"create_site_load", "SELECT " SITE_COLUMNS ", " NAMED " FROM (SELECT) one "
                                                        "LEFT JOIN site s ON s.code = :request.site.code::text"};

const db_stmt_t create_site_save = {
    "create_site_save",
    "changed AS (INSERT INTO site (code, organisation, name, kind, address, tenure, floor_area, from_on, to_on, source, notes, version, "
    "        created_at, updated_at) "
    "    SELECT :after.code::text, :after.organisation::text, :after.name::text, :after.kind::text, :after.address::text, "
    "        :after.tenure::text, :after.floor_area::text, :after.from::date, :after.to::date, :after.source::text, :after.notes::text, "
    "        :after.version::bigint, :after.created_at::timestamptz, :after.updated_at::timestamptz "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) ON CONFLICT (code) DO NOTHING RETURNING code AS key)"};

const db_stmt_t update_site_load = {"update_site_load",
                                    "SELECT " SITE_COLUMNS ", " NAMED
                                    ", " REACHES("s.organisation") " AS within_reach FROM site s WHERE s.code = :request.code::text"};

#define SITE_SAVE                                                                                                                          \
    "changed AS (UPDATE site s SET organisation = :after.organisation::text, name = :after.name::text, kind = :after.kind::text, "         \
    "        address = :after.address::text, tenure = :after.tenure::text, floor_area = :after.floor_area::text, "                         \
    "        from_on = :after.from::date, to_on = :after.to::date, source = :after.source::text, notes = :after.notes::text, "             \
    "        version = :after.version::bigint, updated_at = :after.updated_at::timestamptz "                                               \
    "    FROM input i WHERE s.code = :request.code::text AND s.version = :row.version::bigint "                                            \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING s.code AS key)"

const db_stmt_t update_site_save = {"update_site_save", SITE_SAVE};

const db_stmt_t site_comes_into_force_load = {"site_comes_into_force_load",
                                              "SELECT " SITE_COLUMNS " FROM site s WHERE s.code = :request.code::text"};

const db_stmt_t site_comes_into_force_save = {"site_comes_into_force_save", SITE_SAVE};
