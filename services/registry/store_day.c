#include "services/registry/store_day.h"

#include "services/registry/store_beside.h"
#include "services/registry/store_changes.h"

#define TODAY ":call.today::date"
// Organisations with a change to come whose day is there, and those of which something that stands with its days began, or ended the day
// before, later than on the day of their last change. What is listed is no more once it has been dealt with. No day that is still to be
// told can lie before the oldest last change: that keeps it to the few that began since.
const db_stmt_t due_organisations = {"due_organisations", "SELECT d.code FROM ("
                                                          "    SELECT c.code FROM organisation_coming c WHERE c.from_on <= " TODAY
                                                          "    UNION SELECT o.code FROM fact_day f JOIN organisation o ON o.code = f.code "
                                                          "        WHERE f.day <= " TODAY
                                                          " AND f.day > (SELECT field_date(min(e.updated_at)) FROM organisation e) "
                                                          "          AND f.day > field_date(o.updated_at) "
                                                          ") d ORDER BY d.code LIMIT 256"};

#define SUCCESSION_DAYS                                                                                                                    \
    "CASE WHEN o.linked THEN (SELECT array_agg(s.on_day ORDER BY s.on_day) FROM succession s "                                             \
    "    WHERE o.code IN (s.predecessor, s.successor)) END AS succession_days"

const db_stmt_t come_into_force_load = {"come_into_force_load",
                                        "SELECT " CHANGES_COLUMNS("'-infinity'::date") ", " SYSTEMS_WHERE("") ", " ALIGNMENTS_WHERE(
                                            "") ", " SUCCESSION_DAYS CHANGES_FROM "WHERE o.code = :request.code::text"};

const db_stmt_t come_into_force_save = {"come_into_force_save", CHANGES_SAVE};

// A site is an aggregate of its own, with one span of days. Two parts, each by its index of what is untold.
const db_stmt_t due_sites = {
    "due_sites", "SELECT d.code FROM (SELECT s.code FROM site s WHERE s.from_on <= " TODAY " AND s.from_on > field_date(s.updated_at) "
                 "    UNION SELECT s.code FROM site s WHERE s.to_on < " TODAY " AND s.to_on >= field_date(s.updated_at)) d "
                 "ORDER BY d.code LIMIT 256"};
