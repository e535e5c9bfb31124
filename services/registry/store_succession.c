#include "services/registry/store_succession.h"

#include "services/registry/store_changes.h"
#include "services/registry/store_close_beside.h"

// More than this many are refused anyway, since each would change.
#define MOST "LIMIT 130"

// Who is concerned when the organisation ends on the day: its members from then on, a practice's networks, what lies below it on some day
// from then on, by either tree. The one itself is always among them.
#define CONCERNED                                                                                                                          \
    "SELECT :request.code::text "                                                                                                          \
    "UNION (SELECT m.practice FROM membership m WHERE m.network = :request.code::text AND (m.to_on IS NULL OR m.to_on >= "                 \
    ":request.on::date) " MOST ") "                                                                                                        \
    "UNION (SELECT m.network FROM membership m WHERE m.practice = :request.code::text AND (m.to_on IS NULL OR m.to_on >= "                 \
    ":request.on::date) " MOST ") "                                                                                                        \
    "UNION (SELECT c.code FROM organisation c WHERE (c.parent = :request.code::text OR c.place = :request.code::text) "                    \
    "    AND (c.status <> 'closed' OR c.closed_on > :request.on::date) " MOST ") "                                                         \
    "UNION (SELECT p.code FROM organisation_past p WHERE (p.parent = :request.code::text OR p.place = :request.code::text) "               \
    "    AND p.superseded_at IS NULL AND (p.to_on IS NULL OR p.to_on >= :request.on::date) " MOST ") "                                     \
    "UNION (SELECT c.code FROM organisation_coming c WHERE c.changes ->> 'parent' = :request.code::text "                                  \
    "    OR c.changes ->> 'place' = :request.code::text " MOST ")"
// Those that may lie above networks whose members leave.
#define ABOVE                                                                                                                              \
    " UNION SELECT * FROM commissioners_of(ARRAY(SELECT :request.code::text "                                                              \
    "    UNION SELECT m.network FROM membership m WHERE m.practice = :request.code::text))"
// Networks that are paid through it on some day from then on.
#define PAID_THROUGH                                                                                                                       \
    " UNION (SELECT c.code FROM organisation c WHERE c.payee = :request.code::text "                                                       \
    "    AND (c.status <> 'closed' OR c.closed_on > :request.on::date) " MOST ") "                                                         \
    "UNION (SELECT p.code FROM organisation_past p WHERE p.payee = :request.code::text AND p.superseded_at IS NULL "                       \
    "    AND (p.to_on IS NULL OR p.to_on >= :request.on::date) " MOST ") "                                                                 \
    "UNION (SELECT c.code FROM organisation_coming c WHERE c.changes ->> 'payee' = :request.code::text " MOST ")"

const db_stmt_t merge_organisation_load = {
    "merge_organisation_load",
    "SELECT " CHANGES_COLUMNS(":request.on::date") ", " PRACTICE_MEMBERSHIPS ", " CLOSING_BESIDE ", "
    "CASE WHEN o.code = :request.into::text THEN within_reach(o.code, ARRAY[:request.code::text], :call.today::date) END AS below"
    CHANGES_FROM "WHERE o.code = ANY (ARRAY(" CONCERNED SERVED PAID_THROUGH ABOVE " UNION SELECT :request.into::text "
    "UNION SELECT * FROM commissioners_of(ARRAY[:request.into::text]))) ORDER BY o.code"};

const db_stmt_t merge_organisation_save = {"merge_organisation_save", CHANGES_SAVE BESIDE_SAVE};

const db_stmt_t split_organisation_load = {
    "split_organisation_load",
    "SELECT " CHANGES_COLUMNS(":request.on::date") ", " PRACTICE_MEMBERSHIPS ", " CLOSING_BESIDE ", "
    "CASE WHEN o.code = :request.code::text THEN json_build_object('parentWithinReach', within_reach(o.parent, "
    "    :header.principal.organisations::text[], :call.today::date)) END AS \"references\""
    CHANGES_FROM "WHERE o.code = ANY (ARRAY(" CONCERNED SERVED ABOVE
    " UNION SELECT p ->> 'code' FROM jsonb_array_elements(:request.into::jsonb) p)) ORDER BY o.code"};

const db_stmt_t split_organisation_save = {"split_organisation_save", CHANGES_SAVE BESIDE_SAVE};

const db_stmt_t close_organisation_load = {
    "close_organisation_load",
    "SELECT " CHANGES_COLUMNS(":request.on::date") ", " PRACTICE_MEMBERSHIPS ", " CLOSING_BESIDE CHANGES_FROM
    "WHERE o.code = ANY (ARRAY(" CONCERNED SERVED PAID_THROUGH ABOVE
    " UNION SELECT unnest(:request.successors::text[]))) ORDER BY o.code"};

const db_stmt_t close_organisation_save = {"close_organisation_save", CHANGES_SAVE BESIDE_SAVE};
