#include "services/registry/store_history.h"

#include "services/registry/store_organisation.h"

// The place of a row as text that orders as the rows do: its first day ("" for since ever), when it was recorded, its key.
#define FROM_TEXT "coalesce(to_char(e.from_on, 'YYYY-MM-DD'), '') COLLATE \"C\""
#define RECORDED_TEXT "coalesce(instant_text(e.recorded_at), '') COLLATE \"C\""
#define KEY_TEXT "e.key COLLATE \"C\""
#define DATA_OF(what) "CASE WHEN e.what = '" what "' THEN e.data END"

const db_stmt_t get_history = {
    "get_history",
    "SELECT o.version, h.* FROM organisation o LEFT JOIN LATERAL ("
    "    SELECT e.from_on AS \"from\", e.to_on AS \"to\", e.recorded_at, e.superseded_at, e.superseded_by, e.end_recorded_at, e.network, e.key, "
    "        " DATA_OF("organisation") " AS organisation, " DATA_OF("member") " AS member, " DATA_OF(
        "director") " AS director, "
                    "        " DATA_OF("list-size") " AS list_size, " DATA_OF("fact") " AS fact, " DATA_OF(
                        "system") " AS system, "
                                  "        " DATA_OF("alignment") " AS alignment, " DATA_OF(
                                      "waiver") " AS waiver "
                                                "    FROM history_of(:request.code::text) e "
                                                "    WHERE :prepared.parts::text[] IS NULL OR (" FROM_TEXT ", " RECORDED_TEXT ", " KEY_TEXT
                                                ") > "
                                                "        ((:prepared.parts::text[])[1], (:prepared.parts::text[])[2], "
                                                "(:prepared.parts::text[])[3]) "
                                                "    ORDER BY " FROM_TEXT ", " RECORDED_TEXT ", " KEY_TEXT
                                                " LIMIT coalesce(:request.page_size::int, 50) + 1) h ON true "
                                                "WHERE o.code = :request.code::text ORDER BY h.\"from\" NULLS FIRST, h.recorded_at NULLS "
                                                "FIRST, h.key COLLATE \"C\""};
