#include "services/referral/store_advice.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"
#define TODAY ":call.today::date"
#define TOLD "told(:header.request_id::text)"
#define HOLIDAYS "ARRAY(SELECT b.day::text FROM bank_holiday b WHERE b.day >= " TODAY " ORDER BY b.day) AS holidays"

// ---- creation ----

#define REFERRER "coalesce(:request.advice.referrer::text, (" ORGANISATIONS ")[1])"

const db_stmt_t create_advice_load = {
    "create_advice_load",
    "SELECT jsonb_strip_nulls(jsonb_build_object('patient', p.id, 'patientSynthetic', p.synthetic, "
    "    'patientGone', p.died_on IS NOT NULL OR p.merged_into IS NOT NULL, 'provider', s.provider, 'serviceStatus', s.status, "
    "    'serviceOffers', true, "
    "    'taking', taking_json(s, k, ARRAY[" REFERRER "]::text[], area_serves(s.areas, p.id, p.practice), p.birth_date, p.sex))) AS meets, "
    "within_reach(" REFERRER ", " ORGANISATIONS ") AS referrer_reached, "
    "advice_working_days(:request.advice.specialty::text, coalesce(:request.advice.priority::text, 'routine')) AS working_days, " HOLIDAYS
    " "
    "FROM (SELECT) one LEFT JOIN patient p ON p.id = :request.advice.patient::uuid AND " TOLD " "
    "LEFT JOIN (service s JOIN service_kind k ON k.code = s.kind) ON s.id = :request.advice.service::uuid"};

const db_stmt_t create_advice_save = {
    "create_advice_save",
    "changed AS (INSERT INTO advice (provider, id, patient, service, referrer, specialty, priority, question, may_convert, state, "
    "        response_due, recorded_by, recorded_from, synthetic, version, created_at, updated_at) "
    "    SELECT :after.advice.provider::text, :after.advice.id::uuid, :after.advice.patient::uuid, :after.advice.service::uuid, "
    "        :after.advice.referrer::text, :after.advice.specialty::text, :after.advice.priority::text, :after.advice.question::text, "
    "        coalesce(:after.advice.may_convert::boolean, false), :after.advice.state::text, :after.advice.response_due::date, "
    "        :after.advice.recorded_by::text, :after.advice.recorded_from::text, coalesce(:after.advice.synthetic::boolean, false), 1, " NOW
    ", " NOW " "
    // Whose patient it is no longer is told so by a second look.
    "    FROM input i WHERE CASE WHEN " TOLD " THEN EXISTS (SELECT FROM patient p WHERE p.id = :after.advice.patient::uuid) END "
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

// ---- reads ----

#define STANDING_COLUMNS                                                                                                                   \
    "a.id, a.patient, a.service, a.provider, a.referrer, a.specialty, a.priority, a.may_convert, a.state, a.ended AS \"end\", "            \
    "a.response_due, a.referral, nullif(a.synthetic, false) AS synthetic, a.version, a.created_at, a.updated_at"
#define THREAD                                                                                                                             \
    "(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('at', instant_text(m.at), 'from', m.sender, 'kind', m.kind, 'text', m.text, "  \
    "    'subject', CASE WHEN o.told THEN m.subject END, 'organisation', CASE WHEN o.told THEN m.organisation END)) ORDER BY m.number) "   \
    "    FROM advice_message m CROSS JOIN LATERAL (SELECT "                                                                                \
    "        told_party(m.organisation, a.referrer, ARRAY[a.referrer::text, a.provider], a.patient) AS told) o "                           \
    "    WHERE m.advice = a.id) AS thread"
#define COLUMNS                                                                                                                            \
    STANDING_COLUMNS ", a.question, " THREAD ", a.recorded_by, a.recorded_from, patient_of_advice(:request.id::uuid) AS about, "           \
                     "advice_refers(a.patient, a.referrer) AS refers, advice_provides(a.patient, a.provider) AS provides, "                \
                     "advice_working_days(a.specialty, a.priority) AS working_days, " HOLIDAYS
#define FROM_ID " FROM (SELECT) one LEFT JOIN advice a ON a.id = :request.id::uuid AND " TOLD

const db_stmt_t get_advice = {"get_advice", "SELECT " COLUMNS FROM_ID};

// What is due first comes first; what is over lies behind all else (due_on). Each part finds nothing where it is not asked for, and reads
// no more of its index than the page has.
#define OVER "'9999-12-31'::date"
#define IS_OVER "(:request.state::text IS NOT NULL AND :request.state::text IN ('advice-converted', 'conversation-ended'))"
#define OF_LIST(condition)                                                                                                                 \
    "(SELECT a.* FROM advice a WHERE " condition " AND " TOLD " AND (:request.state::text IS NULL OR a.state = :request.state::text) "     \
    "AND a.due_on BETWEEN CASE WHEN " IS_OVER " THEN " OVER " ELSE '-infinity' END "                                                       \
    "    AND CASE WHEN " IS_OVER " THEN " OVER " ELSE '9999-12-30' END "                                                                   \
    "AND (:prepared.parts::text[] IS NULL "                                                                                                \
    "    OR (a.due_on, a.id) > ((:prepared.parts::text[])[1]::date, (:prepared.parts::text[])[2]::uuid)) "                                 \
    "ORDER BY a.due_on, a.id LIMIT coalesce(:request.page_size::int, 50) + 1)"
#define OF_PROVIDER OF_LIST("a.provider = :request.organisation::text")
#define OF_REFERRER OF_LIST("a.referrer = :request.organisation::text AND a.provider <> :request.organisation::text")
#define OF_PATIENT OF_LIST("a.patient = :request.patient::uuid")

const db_stmt_t list_advice = {"list_advice",
                               "SELECT " STANDING_COLUMNS ", a.due_on AS due FROM (" OF_PROVIDER " UNION ALL " OF_REFERRER
                               " UNION ALL " OF_PATIENT ") a ORDER BY a.due_on, a.id LIMIT coalesce(:request.page_size::int, 50) + 1"};

// ---- changes ----

#define SAVE                                                                                                                               \
    "changed AS (UPDATE advice a SET state = :after.advice.state::text, ended = :after.advice.end::text, "                                 \
    "        response_due = :after.advice.response_due::date, referral = :after.advice.referral::uuid, "                                   \
    "        version = :after.advice.version::bigint, updated_at = " NOW " "                                                               \
    "    FROM input i WHERE a.id = :request.id::uuid AND " TOLD " AND a.version = :row.version::bigint "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING a.id::text AS key, a.patient), "                                  \
    "said AS (INSERT INTO advice_message (advice, number, patient, at, sender, kind, text, subject, organisation) "                        \
    "    SELECT c.key::uuid, :after.number::int, c.patient, " NOW ", :after.message.from::text, :after.message.kind::text, "               \
    "        :after.message.text::text, :after.message.subject::text, :after.message.organisation::text "                                  \
    "    FROM changed c CROSS JOIN input i)"

const db_stmt_t respond_to_advice_load = {"respond_to_advice_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t respond_to_advice_save = {"respond_to_advice_save", SAVE};
const db_stmt_t ask_for_information_load = {"ask_for_information_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t ask_for_information_save = {"ask_for_information_save", SAVE};
const db_stmt_t submit_information_load = {"submit_information_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t submit_information_save = {"submit_information_save", SAVE};

// What a referral meets (store_referral.c): who triages it, by when the patient is to be contacted, whether it has a clock.
#define CONVERSION                                                                                                                         \
    ", nextval('referral_number') AS referral_number, advice_patient_gone(a.patient) AS patient_gone, "                                    \
    "(SELECT s.provider FROM service s WHERE s.kind = 'referral-support' AND s.status = 'active' "                                         \
    "      AND (s.specialty IS NULL OR s.specialty = a.specialty) AND (s.areas = '{}' OR within_reach(a.referrer, s.areas)) "              \
    "    ORDER BY s.specialty IS NULL, s.areas = '{}', s.created_at, s.id LIMIT 1) AS support, "                                           \
    "(SELECT w.working_days FROM contact_rule w WHERE w.specialty IN (a.specialty, '*') "                                                  \
    "      AND w.priority = coalesce(:request.priority::text, a.priority) ORDER BY w.specialty = '*' LIMIT 1) AS contact_days, "           \
    "coalesce((SELECT l.consultant_led FROM specialty_rule l WHERE l.specialty = a.specialty), true) AS consultant_led, "                  \
    "(SELECT e.days FROM referral_rule e WHERE e.code = 'referral-to-treatment') AS standard_days"

const db_stmt_t convert_advice_load = {"convert_advice_load", "SELECT " COLUMNS CONVERSION FROM_ID};
const db_stmt_t convert_advice_save = {
    "convert_advice_save",
    "converted AS (SELECT advice_convert(:request.id::uuid, :row.version::bigint, :after.referral::jsonb, :after.message::jsonb, "
    "        :after.number::int, " NOW ") AS key "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n)), "
    "changed AS (SELECT c.key FROM converted c WHERE c.key IS NOT NULL)"};
const db_stmt_t close_advice_load = {"close_advice_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t close_advice_save = {"close_advice_save", SAVE};
const db_stmt_t cancel_advice_load = {"cancel_advice_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t cancel_advice_save = {"cancel_advice_save", SAVE};
