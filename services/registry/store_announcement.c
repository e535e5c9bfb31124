#include "services/registry/store_announcement.h"

#include "services/registry/store_changes.h"
#include "services/registry/store_close_beside.h"

#define ANNOUNCED(about) "announcement a WHERE a.on_day = :request.on::date AND a.code = :request.code::text AND a.about = " about

// Of those that a split was to make everything is looked at: what was recorded of them since is in the way.
#define REVOKE(about)                                                                                                                      \
    "SELECT " CHANGES_COLUMNS(":call.today::date") ", " PRACTICE_MEMBERSHIPS ", " SYSTEMS_WHERE("") ", " ALIGNMENTS_WHERE("") ", "        \
    "CASE WHEN o.code = :request.code::text THEN (SELECT a.undo FROM " ANNOUNCED(about) ") END AS announcement, "                          \
    "CASE WHEN o.code IN (SELECT jsonb_array_elements_text(a.undo -> 'created') FROM " ANNOUNCED(about) ") "                               \
    "    THEN dated_facts_json(o.code) END AS dated"                                                                                       \
    CHANGES_FROM "WHERE o.code = ANY (ARRAY(SELECT :request.code::text "                                                                   \
    "UNION SELECT jsonb_array_elements_text(a.undo -> 'codes') FROM " ANNOUNCED(about) ")) ORDER BY o.code"

const db_stmt_t revoke_organisation_load = {"revoke_organisation_load", REVOKE("''")};
const db_stmt_t revoke_organisation_save = {"revoke_organisation_save", CHANGES_SAVE BESIDE_SAVE};

const db_stmt_t revoke_member_load = {"revoke_member_load", REVOKE(":request.practice::text")};
const db_stmt_t revoke_member_save = {"revoke_member_save", CHANGES_SAVE};
