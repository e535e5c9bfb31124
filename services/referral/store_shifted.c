#include "services/referral/store_shifted.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"
#define TOLD "told(:header.request_id::text)"

// ---- creation ----

#define PRACTICE "coalesce(:request.shifted_work.practice::text, (" ORGANISATIONS ")[1])"

const db_stmt_t create_shifted_work_load = {
    "create_shifted_work_load",
    "SELECT (SELECT o.kind FROM organisation o WHERE o.code = " PRACTICE ") AS practice_kind, "
    "    within_reach(" PRACTICE ", " ORGANISATIONS ") AS practice_reached, "
    "    EXISTS (SELECT FROM organisation o WHERE o.code = :request.shifted_work.provider::text) AS provider_there, "
    "    EXISTS (SELECT FROM shifted_work_theme t WHERE t.code = :request.shifted_work.theme::text) AS theme_there, "
    "    p.id AS patient, p.died_on IS NOT NULL OR p.merged_into IS NOT NULL AS patient_gone "
    "FROM (SELECT) one LEFT JOIN patient p ON p.id = :request.shifted_work.patient::uuid AND " TOLD};

const db_stmt_t create_shifted_work_save = {
    "create_shifted_work_save",
    "changed AS (INSERT INTO shifted_work (practice, id, provider, theme, happened_on, description, patient, status, recorded_by, "
    "        recorded_from, version, created_at, updated_at) "
    "    SELECT :after.work.practice::text, :after.work.id::uuid, :after.work.provider::text, :after.work.theme::text, "
    "        :after.work.happened_on::date, :after.work.description::text, :after.work.patient::uuid, 'open', "
    "        :after.work.recorded_by::text, :after.work.recorded_from::text, 1, " NOW ", " NOW " "
    // Whose patient it is no longer is told so by a second look.
    "    FROM input i WHERE CASE WHEN " TOLD " THEN "
    "        :after.work.patient::uuid IS NULL OR EXISTS (SELECT FROM patient p WHERE p.id = :after.work.patient::uuid) END "
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

// ---- reads ----

#define STATE_COLUMNS                                                                                                                      \
    "w.id, w.practice, w.provider, w.theme, w.happened_on, w.patient, w.status, w.outcome, w.version, w.created_at, w.updated_at"
#define THREAD                                                                                                                             \
    "(SELECT jsonb_agg(jsonb_build_object('at', instant_text(m.at), 'from', m.sender, 'text', m.text, 'subject', m.subject, "              \
    "    'organisation', m.organisation) ORDER BY m.number) FROM shifted_work_message m WHERE m.work = w.id) AS thread"
// A side is who would answer a request for advice: the organisation itself, and who lies above it unless a sensitive patient is named.
#define COLUMNS                                                                                                                            \
    STATE_COLUMNS ", w.description, " THREAD ", w.recorded_by, w.recorded_from, patient_of_shifted_work(:request.id::uuid) AS about, "     \
                  "advice_provides(w.patient, w.practice) AS reports, advice_provides(w.patient, w.provider) AS answers"
#define FROM_ID " FROM (SELECT) one LEFT JOIN shifted_work w ON w.id = :request.id::uuid AND " TOLD

const db_stmt_t get_shifted_work = {"get_shifted_work", "SELECT " COLUMNS FROM_ID};

// The newest first. Each part finds nothing where it is not asked for.
#define OF_LIST(condition)                                                                                                                 \
    "(SELECT w.* FROM shifted_work w WHERE " condition " AND " TOLD                                                                        \
    " AND (:request.theme::text IS NULL OR w.theme = :request.theme::text) "                                                               \
    "AND (:request.status::text IS NULL OR w.status = :request.status::text) "                                                             \
    "AND (:prepared.parts::text[] IS NULL "                                                                                                \
    "    OR (w.created_at, w.id) < ((:prepared.parts::text[])[1]::timestamptz, (:prepared.parts::text[])[2]::uuid)) "                      \
    "ORDER BY w.created_at DESC, w.id DESC LIMIT coalesce(:request.page_size::int, 50) + 1)"
#define OF_PRACTICE OF_LIST("w.practice = :request.organisation::text")
#define OF_PROVIDER OF_LIST("w.provider = :request.organisation::text")
#define OF_PATIENT OF_LIST("w.patient = :request.patient::uuid")

const db_stmt_t list_shifted_work = {"list_shifted_work",
                                     "SELECT " STATE_COLUMNS " FROM (" OF_PRACTICE " UNION ALL " OF_PROVIDER " UNION ALL " OF_PATIENT
                                     ") w ORDER BY w.created_at DESC, w.id DESC LIMIT coalesce(:request.page_size::int, 50) + 1"};

const db_stmt_t list_shifted_work_themes = {
    "list_shifted_work_themes",
    "SELECT t.code, t.name, t.source, t.confidence FROM shifted_work_theme t ORDER BY t.code = 'other', t.code"};

const db_stmt_t summarize_shifted_work = {
    "summarize_shifted_work",
    "SELECT k.reached, c.theme, c.provider, c.reports, c.hidden FROM (SELECT EXISTS (SELECT FROM reach r "
    "        WHERE (r.organisation = :prepared.organisation::text AND r.above = ANY (" ORGANISATIONS ")) "
    "           OR (r.above = :prepared.organisation::text AND r.organisation = ANY (" ORGANISATIONS "))) AS reached) k "
    "LEFT JOIN LATERAL (SELECT * FROM shifted_work_cells(:prepared.organisation::text, :prepared.from::date, :prepared.to::date) "
    "    WHERE " TOLD ") c ON k.reached ORDER BY c.theme, c.provider"};

// ---- changes ----

#define CHANGED                                                                                                                            \
    "changed AS (UPDATE shifted_work w SET status = :after.work.status::text, outcome = :after.work.outcome::text, "                       \
    "        version = :after.work.version::bigint, updated_at = " NOW " "                                                                 \
    "    FROM input i WHERE w.id = :request.id::uuid AND " TOLD " AND w.version = :row.version::bigint "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING w.id::text AS key, w.patient)"

const db_stmt_t give_shifted_work_feedback_load = {"give_shifted_work_feedback_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t give_shifted_work_feedback_save = {
    "give_shifted_work_feedback_save",
    CHANGED ", said AS (INSERT INTO shifted_work_message (work, number, patient, at, sender, text, subject, organisation) "
            "    SELECT c.key::uuid, :after.number::int, c.patient, " NOW ", :after.message.from::text, :after.message.text::text, "
            "        :after.message.subject::text, :after.message.organisation::text "
            "    FROM changed c CROSS JOIN input i)"};
const db_stmt_t close_shifted_work_load = {"close_shifted_work_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t close_shifted_work_save = {"close_shifted_work_save", CHANGED};
