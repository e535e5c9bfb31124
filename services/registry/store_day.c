#include "services/registry/store_day.h"

#include "services/registry/store_changes.h"

#define TODAY ":call.today::date"
#define HOLDS_TODAY(m) m ".from_on <= " TODAY " AND (" m ".to_on IS NULL OR " m ".to_on >= " TODAY ")"

// Organisations with a change to come whose day is there, and practices that do not lie where their memberships say: below the network of
// today, or still below the one that they left. What is listed is no more once it has been dealt with.
const db_stmt_t due_organisations = {
    "due_organisations",
    "SELECT d.code FROM ("
    "    SELECT c.code FROM organisation_coming c WHERE c.from_on <= " TODAY
    "    UNION SELECT m.practice FROM membership m JOIN organisation o ON o.code = m.practice "
    "        WHERE " HOLDS_TODAY(
        "m") " AND o.parent IS DISTINCT FROM m.network "
             "    UNION SELECT m.practice FROM membership m JOIN organisation o ON o.code = m.practice AND o.parent = m.network "
             "        WHERE m.to_on < " TODAY
             " AND o.status <> 'closed' AND NOT EXISTS (SELECT FROM membership n WHERE n.practice = m.practice "
             "            AND n.from_on > m.to_on AND n.from_on <= " TODAY ") "
             ") d ORDER BY d.code LIMIT 256"};

const db_stmt_t come_into_force_load = {
    "come_into_force_load",
    "SELECT " CHANGES_COLUMNS(
        "'-infinity'::date") ", " PRACTICE_MEMBERSHIPS ", "
                             "(SELECT n.parent FROM organisation n WHERE n.code = o.parent AND n.kind = 'network') AS falls_to" CHANGES_FROM
                             "WHERE o.code = :request.code::text"};

const db_stmt_t come_into_force_save = {"come_into_force_save", CHANGES_SAVE};
