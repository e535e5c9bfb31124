#include "services/referral/store_consultation.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"
#define TOLD "told(:header.request_id::text)"

// ---- creation ----

const db_stmt_t create_online_consultation_load = {
    "create_online_consultation_load",
    "SELECT CASE WHEN p.merged_into IS NOT NULL OR care_shown(p.id, s.provider, '{}') THEN p.id END AS patient, "
    "    p.synthetic AS patient_synthetic, p.died_on IS NOT NULL OR p.merged_into IS NOT NULL AS patient_gone, "
    "    s.provider, CASE WHEN s.closes_at <= " NOW " THEN 'closed' ELSE s.status END AS service_status, 'online-message' = ANY (s.channels) AS service_offers, "
    "    coalesce(s.target_minutes, k.target_minutes) AS target_minutes, "
    "    taking_json(s, k, " ORGANISATIONS ", area_serves(s.areas, p.id, p.practice), p.birth_date, p.sex) AS taking "
    "FROM (SELECT) one LEFT JOIN patient p ON p.id = :request.online_consultation.patient::uuid AND " TOLD " "
    "LEFT JOIN (service s JOIN service_kind k ON k.code = s.kind) ON s.id = :request.online_consultation.service::uuid"};

const db_stmt_t create_online_consultation_save = {
    "create_online_consultation_save",
    "changed AS (INSERT INTO online_consultation (organisation, id, patient, service, answers, status, triage_due, recorded_by, "
    "        recorded_from, synthetic, version, created_at, updated_at) "
    "    SELECT :after.consultation.organisation::text, :after.consultation.id::uuid, :after.consultation.patient::uuid, "
    "        :after.consultation.service::uuid, :after.consultation.answers::jsonb, 'requested', "
    "        :after.consultation.triage_due::timestamptz, :after.consultation.recorded_by::text, "
    "        :after.consultation.recorded_from::text, coalesce(:after.consultation.synthetic::boolean, false), 1, " NOW ", " NOW " "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

// ---- reads ----

#define STATE_COLUMNS                                                                                                                      \
    "c.id, c.patient, c.service, c.organisation, c.status, c.urgency, c.triage_due, c.triaged_at, c.outcome, c.appointment, "              \
    "c.specialist_service, c.specialist, nullif(c.synthetic, false) AS synthetic, c.version, c.created_at, c.updated_at, c.closed_at, "    \
    "c.overdue_at"
#define THREAD                                                                                                                             \
    "(SELECT jsonb_agg(jsonb_build_object('at', instant_text(m.at), 'from', m.sender, 'text', m.text, 'subject', m.subject, "              \
    "    'organisation', m.organisation) ORDER BY m.number) FROM online_consultation_message m WHERE m.consultation = c.id) AS thread"
#define COLUMNS_WITH(token)                                                                                                                \
    STATE_COLUMNS                                                                                                                          \
    ", c.answers, " THREAD ", " token " AS video_token, c.close_reason, c.recorded_by, c.recorded_from, "                                  \
    "patient_of_consultation(:request.id::uuid) AS about, care_kept(c.patient, c.organisation) AS keeps, "                                 \
    "told_reach(c.specialist) AS advises"
#define COLUMNS                                                                                                                            \
    COLUMNS_WITH("(SELECT v.video_token FROM appointment v WHERE v.id = c.appointment AND v.channel = 'video' AND v.status IN ('booked', " \
                 "'arrived'))")
#define FROM_ID " FROM (SELECT) one LEFT JOIN online_consultation c ON c.id = :request.id::uuid AND " TOLD

const db_stmt_t get_online_consultation = {"get_online_consultation", "SELECT " COLUMNS FROM_ID};

// What is due first comes first: until it is triaged by its time, then by its urgency; what is closed lies behind all else (due_at). Each
// part finds nothing where it is not asked for, and reads no more of its index than the page has.
#define OF_LIST(condition)                                                                                                                 \
    "(SELECT c.* FROM online_consultation c WHERE " condition " AND " TOLD                                                                 \
    " AND (:request.status::text IS NULL OR c.status = :request.status::text) "                                                            \
    "AND c.due_at BETWEEN CASE WHEN :request.status::text = 'closed' THEN '9999-12-31 12:00:00+00'::timestamptz ELSE '-infinity' END "     \
    "    AND CASE WHEN :request.status::text = 'closed' THEN '9999-12-31 12:00:00+00'::timestamptz ELSE '9999-12-31 00:00:00+00' END "     \
    "AND (:prepared.parts::text[] IS NULL OR (c.due_at, c.rank, c.id) > ((:prepared.parts::text[])[1]::timestamptz, "                      \
    "    (:prepared.parts::text[])[2]::int, (:prepared.parts::text[])[3]::uuid)) "                                                         \
    "ORDER BY c.due_at, c.rank, c.id LIMIT coalesce(:request.page_size::int, 50) + 1)"

#define OF_PROVIDER OF_LIST("c.organisation = :request.organisation::text")
#define OF_SPECIALIST OF_LIST("c.specialist = :request.organisation::text AND c.organisation <> :request.organisation::text")
#define OF_PATIENT OF_LIST("c.patient = :request.patient::uuid")

const db_stmt_t list_online_consultations = {
    "list_online_consultations",
    "SELECT " STATE_COLUMNS ", instant_text(c.due_at) AS due, c.rank "
    "FROM (" OF_PROVIDER " UNION ALL " OF_SPECIALIST " UNION ALL " OF_PATIENT ") c "
    "ORDER BY c.due_at, c.rank, c.id LIMIT coalesce(:request.page_size::int, 50) + 1"};

// ---- changes ----

#define SAVE                                                                                                                               \
    "changed AS (UPDATE online_consultation c SET status = :after.consultation.status::text, "                                             \
    "        urgency = :after.consultation.urgency::text, triaged_at = :after.consultation.triaged_at::timestamptz, "                      \
    "        overdue_at = :after.overdue_at::timestamptz, outcome = :after.consultation.outcome::text, "                                   \
    "        appointment = :after.consultation.appointment::uuid, "                                                                        \
    "        specialist_service = :after.consultation.specialist_service::uuid, specialist = :after.consultation.specialist::text, "       \
    "        close_reason = :after.consultation.close_reason::text, closed_at = :after.closed_at::timestamptz, "                           \
    "        version = :after.consultation.version::bigint, updated_at = " NOW " "                                                         \
    "    FROM input i WHERE c.id = :request.id::uuid AND " TOLD " AND c.version = :row.version::bigint "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING c.id::text AS key, c.patient), "                                  \
    "added AS (INSERT INTO online_consultation_message (consultation, number, patient, at, sender, text, subject, organisation) "          \
    "    SELECT c.key::uuid, :after.number::int, c.patient, " NOW ", :after.message.from::text, :after.message.text::text, "               \
    "        :after.message.subject::text, :after.message.organisation::text "                                                             \
    "    FROM changed c CROSS JOIN input i WHERE :after.message.text::text IS NOT NULL)"

const db_stmt_t triage_online_consultation_load = {"triage_online_consultation_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t triage_online_consultation_save = {"triage_online_consultation_save", SAVE};
const db_stmt_t answer_online_consultation_load = {"answer_online_consultation_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t answer_online_consultation_save = {"answer_online_consultation_save", SAVE};
const db_stmt_t add_consultation_message_load = {"add_consultation_message_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t add_consultation_message_save = {"add_consultation_message_save", SAVE};
const db_stmt_t ask_specialist_load = {"ask_specialist_load",
                                       "SELECT " COLUMNS ", s.provider AS asked_provider, s.status = 'active' AS asked_active, "
                                       "'online-message' = ANY (s.channels) AS asked_online" FROM_ID
                                       " LEFT JOIN service s ON s.id = :request.service::uuid"};
const db_stmt_t ask_specialist_save = {"ask_specialist_save", SAVE};
#define TOKEN_OF_APPOINTMENT "CASE WHEN a.channel = 'video' AND a.status IN ('booked', 'arrived') THEN a.video_token END"
const db_stmt_t convert_online_consultation_load = {
    "convert_online_consultation_load",
    "SELECT " COLUMNS_WITH(TOKEN_OF_APPOINTMENT) ", a.patient AS appointment_patient, a.channel AS appointment_channel, "
    "a.status IN ('booked', 'arrived', 'completed') AS appointment_live" FROM_ID
    " LEFT JOIN appointment a ON a.id = :request.appointment::uuid AND " TOLD};
const db_stmt_t convert_online_consultation_save = {"convert_online_consultation_save", SAVE};
const db_stmt_t close_online_consultation_load = {"close_online_consultation_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t close_online_consultation_save = {"close_online_consultation_save", SAVE};

// ---- the overdue ----

const db_stmt_t due_consultations = {"due_consultations", "SELECT o.id FROM consultations_overdue(" NOW ") AS o (id)"};
const db_stmt_t tell_overdue_consultation_load = {"tell_overdue_consultation_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t tell_overdue_consultation_save = {"tell_overdue_consultation_save", SAVE};
