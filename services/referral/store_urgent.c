#include "services/referral/store_urgent.h"

#include "services/referral/store_directory_parts.h"

#define NOW ":call.now::timestamptz"
#define TOLD "told(:header.request_id::text)"
// One more than an answer shows (URGENT_SERVICES_MAX of rules_urgent.h).
#define SERVICES_MOST "201"

const db_stmt_t list_dispositions = {
    "list_dispositions", "SELECT d.code, d.name, d.urgency, d.kinds, d.target_minutes, d.source, d.confidence FROM disposition d "
                         "ORDER BY array_position(ARRAY['emergency', 'same-day', 'soon', 'routine'], d.urgency), d.code"};

// ---- creation ----

const db_stmt_t create_urgent_case_load = {
    "create_urgent_case_load",
    "SELECT patient_of_number(:request.nhs_number::text) AS about, c.patient, patient_synthetic(c.patient) AS synthetic, "
    "    d.code AS disposition, d.urgency AS disposition_urgency, d.target_minutes AS disposition_minutes "
    "FROM (SELECT patient_of_case(:request.nhs_number::text, :request.birth_date::date) AS patient) c "
    "LEFT JOIN disposition d ON d.code = :request.disposition::text WHERE " TOLD};

const db_stmt_t create_urgent_case_save = {
    "create_urgent_case_save",
    "opened AS (SELECT patient_open_case(:request.nhs_number::text, :request.birth_date::date, :after.urgent_case.id::uuid, "
    "        :after.urgent_case.organisation::text, :after.urgent_case.need::text, :after.urgent_case.opened_at::timestamptz, "
    "        :after.urgent_case.until::timestamptz, :after.urgent_case.disposition::text, :after.urgent_case.urgency::text, "
    "        :after.urgent_case.target_minutes::int, :after.urgent_case.due_at::timestamptz, :after.urgent_case.history::jsonb) AS key "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT o.key FROM opened o WHERE o.key IS NOT NULL)"};

// ---- reads ----

#define STATE_COLUMNS                                                                                                                      \
    "c.id, c.patient, c.organisation, c.opened_at, c.until, c.version, c.state, c.disposition, c.urgency, c.disposed_at, "                 \
    "c.target_minutes, c.due_at, c.breached_at, c.service, c.provider, c.appointment, c.booked_for, c.responded_at, c.outcome, "           \
    "c.closed_at, nullif(c.synthetic, false) AS synthetic, c.updated_at, c.appeared_at"
#define CASE_COLUMNS                                                                                                                       \
    STATE_COLUMNS                                                                                                                          \
    ", c.need, c.assigned_at, c.accepted_at, c.response, c.reason, c.history, c.assignment, "                                              \
    "patient_of_urgent_case(:request.id::uuid) AS about, takes_part(c.patient, c.organisation) AS keeps, "                           \
    "takes_part(c.patient, c.provider) AS provides"
#define FROM_ID " FROM (SELECT) one LEFT JOIN urgent_case c ON c.id = :request.id::uuid AND " TOLD
#define CASE_BY_ID "SELECT " CASE_COLUMNS FROM_ID

const db_stmt_t get_urgent_case = {"get_urgent_case", CASE_BY_ID};

// Both parts read no more of their index than the page has. What is closed lies behind all else (board_at). Whether the target was missed
// is a matter of the instant.
#define OF_BOARD(condition)                                                                                                                \
    "(SELECT c.* FROM urgent_case c WHERE " condition " AND " TOLD                                                                         \
    " AND (:request.state::text IS NULL OR c.state = :request.state::text) "                                                               \
    "AND (:request.breached::boolean IS NULL "                                                                                             \
    "     OR coalesce(coalesce(c.responded_at, c.appeared_at, c.closed_at, " NOW ") > c.due_at, false) = :request.breached::boolean) "     \
    "AND c.board_at BETWEEN CASE WHEN :request.state::text = 'closed' THEN '9999-12-31 12:00:00+00'::timestamptz ELSE '-infinity' END "    \
    "    AND CASE WHEN :request.state::text = 'closed' THEN '9999-12-31 12:00:00+00'::timestamptz ELSE '9999-12-31 00:00:00+00' END "      \
    "AND (:prepared.parts::text[] IS NULL OR (c.board_at, c.id) > ((:prepared.parts::text[])[1]::timestamptz, "                            \
    "    (:prepared.parts::text[])[2]::uuid)) "                                                                                            \
    "ORDER BY c.board_at, c.id LIMIT coalesce(:request.page_size::int, 50) + 1)"

const db_stmt_t list_urgent_cases = {
    "list_urgent_cases",
    "SELECT " STATE_COLUMNS
    ", instant_text(c.board_at) AS board_at FROM (" OF_BOARD("c.organisation = :request.organisation::text") " UNION ALL " OF_BOARD(
        "c.provider = :request.organisation::text AND c.organisation <> :request.organisation::text") ") c "
                                                                                                      "ORDER BY c.board_at, c.id LIMIT "
                                                                                                      "coalesce(:request.page_size::int, "
                                                                                                      "50) + 1"};

// ---- the directory's answer ----

// The case `c`, the patient `p` as far as the caller sees them, and the disposition `d` that is decided or that the case has.
#define MINE(disposition)                                                                                                                  \
    "WITH mine AS MATERIALIZED (SELECT c.id, c.patient, c.service, p.practice, p.sex, "                                                    \
    "        p.birth_date, d.code, d.urgency, d.target_minutes, d.kinds "                                                                  \
    "    FROM urgent_case c LEFT JOIN LATERAL urgent_case_person(c.id) p ON true LEFT JOIN disposition d ON d.code = " disposition " "                  \
    "    WHERE c.id = :request.id::uuid AND " TOLD "), "
#define FOUND(latitude, longitude, which) DIRECTORY_FOUND(latitude, longitude, "NULL", NOW, which, "true", SERVICES_MOST) " "
#define OF_DISPOSITION                                                                                                                     \
    ", m.birth_date, m.sex, m.practice, m.code AS disposition_code, m.urgency AS disposition_urgency, "                                    \
    "m.target_minutes AS disposition_minutes, m.kinds AS disposition_kinds, "                                                              \
    "(SELECT jsonb_agg(service_json(s) || jsonb_strip_nulls(jsonb_build_object('distanceMetres', o.metres, 'rank', o.rank, "               \
    "        'bankHoliday', a.bank_holiday, 'rules', " DIRECTORY_RULES ", 'providerClosed', " DIRECTORY_CLOSED ", 'acceptsCaller', "       \
    "        " DIRECTORY_ACCEPTS ", "                                                                                                      \
    "        'serves', " DIRECTORY_SERVES("m.practice") ")) ORDER BY o.rank, o.id) " DIRECTORY_FROM ") AS services"
#define FROM_MINE FROM_ID " LEFT JOIN mine m ON m.id = c.id"
#define KINDS "s.kind = ANY ((SELECT m.kinds FROM mine m)::text[])"

const db_stmt_t dispose_urgent_case_load = {"dispose_urgent_case_load", MINE(":request.disposition::text")
                                                                            FOUND(":request.latitude", ":request.longitude",
                                                                                  KINDS) "SELECT " CASE_COLUMNS OF_DISPOSITION FROM_MINE};
const db_stmt_t find_urgent_case_services = {
    "find_urgent_case_services",
    MINE("c.disposition") FOUND(":request.latitude", ":request.longitude", KINDS) "SELECT " CASE_COLUMNS OF_DISPOSITION FROM_MINE};
const db_stmt_t assign_urgent_case_load = {
    "assign_urgent_case_load",
    MINE("c.disposition")
        FOUND("NULL", "NULL",
              "s.id = :request.service::uuid") "SELECT " CASE_COLUMNS OF_DISPOSITION
                                               ", (SELECT coalesce(s.target_minutes, k.target_minutes) FROM service s JOIN service_kind k "
                                               "ON k.code = s.kind WHERE s.id = :request.service::uuid) AS service_minutes" FROM_MINE};

// ---- changes ----

#define CASE_SAVE                                                                                                                          \
    "changed AS (UPDATE urgent_case c SET state = :after.urgent_case.state::text, need = :after.urgent_case.need::text, "                  \
    "        disposition = :after.urgent_case.disposition::text, urgency = :after.urgent_case.urgency::text, "                             \
    "        disposed_at = :after.urgent_case.disposed_at::timestamptz, target_minutes = :after.urgent_case.target_minutes::int, "         \
    "        due_at = :after.urgent_case.due_at::timestamptz, breached_at = :after.urgent_case.breached_at::timestamptz, "                 \
    "        service = :after.urgent_case.service::uuid, provider = :after.urgent_case.provider::text, "                                   \
    "        assignment = :after.assignment::uuid, assigned_at = :after.urgent_case.assigned_at::timestamptz, "                            \
    "        accepted_at = :after.urgent_case.accepted_at::timestamptz, appointment = :after.urgent_case.appointment::uuid, "              \
    "        booked_for = :after.urgent_case.booked_for::timestamptz, "                                                                    \
    "        appeared_at = CASE WHEN c.appointment = :after.urgent_case.appointment::uuid THEN c.appeared_at END, "                        \
    "        responded_at = :after.urgent_case.responded_at::timestamptz, response = :after.urgent_case.response::text, "                  \
    "        outcome = :after.urgent_case.outcome::text, reason = :after.urgent_case.reason::text, "                                       \
    "        closed_at = :after.urgent_case.closed_at::timestamptz, history = :after.urgent_case.history::jsonb, "                         \
    "        version = :after.urgent_case.version::bigint, updated_at = " NOW " "                                                          \
    "    FROM input i WHERE c.id = :request.id::uuid AND " TOLD " AND c.version = :row.version::bigint "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING c.id::text AS key)"

const db_stmt_t dispose_urgent_case_save = {"dispose_urgent_case_save", CASE_SAVE};
const db_stmt_t assign_urgent_case_save = {"assign_urgent_case_save", CASE_SAVE};
const db_stmt_t accept_urgent_case_load = {"accept_urgent_case_load", CASE_BY_ID};
const db_stmt_t accept_urgent_case_save = {"accept_urgent_case_save", CASE_SAVE};
const db_stmt_t book_urgent_case_load = {"book_urgent_case_load",
                                         "SELECT " CASE_COLUMNS ", a.patient AS appointment_patient, a.start_at AS appointment_start, "
                                         "a.status = 'booked' AS appointment_live" FROM_ID
                                         " LEFT JOIN appointment a ON a.id = :request.appointment::uuid AND " TOLD};
const db_stmt_t book_urgent_case_save = {"book_urgent_case_save", CASE_SAVE};
const db_stmt_t arrive_urgent_case_load = {"arrive_urgent_case_load", CASE_BY_ID};
const db_stmt_t arrive_urgent_case_save = {"arrive_urgent_case_save", CASE_SAVE};
const db_stmt_t respond_urgent_case_load = {"respond_urgent_case_load", CASE_BY_ID};
const db_stmt_t respond_urgent_case_save = {"respond_urgent_case_save", CASE_SAVE};
const db_stmt_t close_urgent_case_load = {"close_urgent_case_load", CASE_BY_ID};
const db_stmt_t close_urgent_case_save = {"close_urgent_case_save", CASE_SAVE};

// ---- the clocks ----

const db_stmt_t due_urgent_cases = {"due_urgent_cases", "SELECT o.id FROM urgent_cases_due(" NOW ") AS o (id)"};
const db_stmt_t settle_urgent_case_load = {"settle_urgent_case_load", CASE_BY_ID};
const db_stmt_t settle_urgent_case_save = {"settle_urgent_case_save", CASE_SAVE};
