#include "services/referral/store_referral.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"
#define TODAY ":call.today::date"
#define TOLD "told(:header.request_id::text)"
#define RULE(code) "(SELECT e.days FROM referral_rule e WHERE e.code = '" code "')"

// What may be the same, of what the caller sees. Few of one patient; the latest count.
#define CANDIDATES(patient, id, specialty, pathway)                                                                                        \
    "(SELECT jsonb_agg(jsonb_build_object('id', d.id, 'reference', referral_text(d.reference), 'state', d.state, 'specialty', d.specialty, " \
    "        'createdAt', instant_text(d.created_at), 'closedOn', d.closed_on) ORDER BY d.created_at DESC, d.id) "                         \
    "    FROM (SELECT d.* FROM referral d WHERE d.patient = " patient " AND d.id IS DISTINCT FROM " id " AND " TOLD                        \
    "            AND (d.specialty = " specialty " OR d.pathway = " pathway ") ORDER BY d.created_at DESC, d.id LIMIT 20) d) AS candidates, " \
    RULE("duplicate") " AS duplicate_days"

// A service that a referral of `referrer` is to go to, of the patient f.
#define TARGET(id, referrer)                                                                                                               \
    "(SELECT jsonb_build_object('provider', s.provider, 'status', s.status, 'reached', told_reach(s.provider), "                           \
    "        'taking', taking_json(s, k, ARRAY[" referrer "]::text[], "                                                                    \
    "            s.areas = '{}' OR within_reach(coalesce(f.practice, " referrer "), s.areas), f.birth_date, f.sex)) "                      \
    "    FROM service s JOIN service_kind k ON k.code = s.kind WHERE s.id = " id "::uuid) AS target"

// What it is checked by.
#define GROUND(pathway, service)                                                                                                           \
    "jsonb_strip_nulls(jsonb_build_object('pathway', pathway_on(" pathway ", " TODAY "), 'birthDate', f.birth_date, 'sex', f.sex, "        \
    "    'serviceKind', (SELECT g.kind FROM service g WHERE g.id = " service "), "                                                         \
    "    'serviceSpecialty', (SELECT g.specialty FROM service g WHERE g.id = " service "))) AS ground"

// The referral support service that triages what this one refers.
#define SUPPORT(referrer, specialty)                                                                                                       \
    "(SELECT s.provider FROM service s WHERE s.kind = 'referral-support' AND s.status = 'active' "                                         \
    "      AND (s.specialty IS NULL OR s.specialty = " specialty ") AND (s.areas = '{}' OR within_reach(" referrer ", s.areas)) "          \
    "    ORDER BY s.specialty IS NULL, s.areas = '{}', s.created_at, s.id LIMIT 1) AS support"

// ---- creation ----

#define REFERRER "coalesce(:request.referral.referrer::text, (" ORGANISATIONS ")[1])"

const db_stmt_t create_referral_load = {
    "create_referral_load",
    "SELECT f.id AS patient, f.synthetic AS patient_synthetic, f.died_on IS NOT NULL OR f.merged_into IS NOT NULL AS patient_gone, "
    "    within_reach(" REFERRER ", " ORGANISATIONS ") AS referrer_reached, nextval('referral_number') AS number, "
    "EXISTS (SELECT FROM referral d WHERE d.id = :request.referral.redirected_from::uuid AND d.patient = f.id AND d.state = 'redirected' "
    "    AND " TOLD " AND NOT EXISTS (SELECT FROM referral n WHERE n.redirected_from = d.id AND n.state <> 'cancelled')) AS former_fits, "
    "f.sensitive, " SUPPORT(REFERRER, ":request.referral.specialty::text") ", " TARGET(":request.referral.service", REFERRER) ", "
    GROUND(":request.referral.pathway::text", ":request.referral.service::uuid") ", "
    CANDIDATES("f.id", "NULL", ":request.referral.specialty::text", ":request.referral.pathway::text") " "
    "FROM (SELECT) one LEFT JOIN patient f ON f.id = :request.referral.patient::uuid AND " TOLD};

const db_stmt_t create_referral_save = {
    "create_referral_save",
    "changed AS (INSERT INTO referral (referrer, id, reference, patient, pathway, specialty, priority, reason, service, performer, answers, "
    "        redirected_from, state, synthetic, version, created_at, updated_at) "
    "    SELECT :after.referral.referrer::text, :after.referral.id::uuid, replace(:after.referral.reference::text, ' ', ''), "
    "        :after.referral.patient::uuid, :after.referral.pathway::text, :after.referral.specialty::text, "
    "        :after.referral.priority::text, :after.referral.reason::text, :after.referral.service::uuid, :after.referral.performer::text, "
    "        coalesce(:after.referral.answers::jsonb, '[]'), :after.referral.redirected_from::uuid, 'draft', "
    "        coalesce(:after.referral.synthetic::boolean, false), 1, " NOW ", " NOW " "
    // Whose patient it is no longer is told so by a second look.
    "    FROM input i WHERE CASE WHEN " TOLD " THEN EXISTS (SELECT FROM patient p WHERE p.id = :after.referral.patient::uuid) END "
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key, patient), "
    "stepped AS (INSERT INTO referral_step (referral, number, patient, to_state, at, subject, organisation) "
    "    SELECT c.key::uuid, 1, c.patient, 'draft', " NOW ", :after.step.by.subject::text, :after.step.by.organisation::text "
    "    FROM changed c CROSS JOIN input i)"};

// ---- reads ----

#define OF_APPOINTMENT " LEFT JOIN LATERAL (SELECT * FROM appointment_of_referral(r.appointment)) a ON r.appointment IS NOT NULL"
#define BY "jsonb_build_object('subject', h.subject, 'organisation', h.organisation)"
// Who did it, where the caller is told.
#define TOLD_OF(row) "told_party(" row ".organisation, r.referrer, r.parties, r.patient)"
#define HISTORY                                                                                                                            \
    "(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('from', h.from_state, 'to', h.to_state, 'at', instant_text(h.at), "            \
    "        'by', CASE WHEN h.subject IS NOT NULL AND " TOLD_OF("h") " THEN " BY " END, 'reason', h.reason)) ORDER BY h.number) "         \
    "    FROM referral_step h WHERE h.referral = r.id) AS history"
#define THREAD                                                                                                                             \
    "(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('at', instant_text(m.at), 'from', m.sender, 'text', m.text, "                  \
    "        'subject', CASE WHEN o.told THEN m.subject END, 'organisation', CASE WHEN o.told THEN m.organisation END)) ORDER BY m.number) " \
    "    FROM referral_message m CROSS JOIN LATERAL (SELECT " TOLD_OF("m") " AS told) o WHERE m.referral = r.id) AS thread"
#define CLOCK                                                                                                                              \
    "c.number AS clock_number, CASE WHEN c.number IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('startedOn', c.started_on, "       \
    "    'stoppedOn', c.stopped_on, 'stop', c.stop)) END AS clock"
#define LIST_COLUMNS                                                                                                                       \
    "r.id, referral_text(r.reference) AS reference, r.patient, r.pathway, r.specialty, r.priority, r.referrer, r.service, r.performer, "   \
    "r.triager, r.state, r.contact_by, coalesce(a.start_at, r.booked_for) AS booked_for, nullif(r.synthetic, false) AS synthetic, "        \
    "r.version, r.created_at, r.updated_at, a.status AS appointment_status, a.cancelled_by AS appointment_cancelled_by"
#define COLUMNS_BY(specialty, pathway, service)                                                                                            \
    LIST_COLUMNS ", r.pathway_version, r.reason, r.answers, r.appointment, r.outcome, r.redirected_to, r.redirected_provider, "            \
                 "r.redirected_from, "                                                                                                     \
                 "r.submitted_at, r.closed_on, r.overdue_at, " HISTORY ", " THREAD ", " CLOCK ", " RULE("referral-to-treatment")           \
                 " AS standard_days, patient_of_referral(:request.id::uuid) AS about, referral_refers(r.patient, r.referrer) AS refers, "  \
                 "patient_within(r.patient) AS patient_seen, "                                                                             \
                 "referral_triages(r.patient, r.referrer, ARRAY[r.performer, r.triager]) AS triages, "                                     \
                 "referral_shown(r.patient, ARRAY[r.referrer::text, r.triager]) AS keeps_sight, "                                          \
                 "f.gone AS patient_gone, f.sensitive, " GROUND(pathway, service) ", "                                                     \
    SUPPORT("r.referrer", specialty) ", " CANDIDATES("r.patient", "r.id", specialty, pathway)
#define COLUMNS COLUMNS_BY("r.specialty", "r.pathway", "r.service")
#define FROM_ID                                                                                                                            \
    " FROM (SELECT) one LEFT JOIN referral r ON r.id = :request.id::uuid AND " TOLD OF_APPOINTMENT                                         \
    " LEFT JOIN LATERAL (SELECT * FROM referral_clock c WHERE c.referral = r.id ORDER BY c.number DESC LIMIT 1) c ON true "                \
    "LEFT JOIN LATERAL (SELECT * FROM patient_facts(r.patient)) f ON r.id IS NOT NULL"

const db_stmt_t get_referral = {"get_referral", "SELECT " COLUMNS FROM_ID};

#define FILTER                                                                                                                             \
    TOLD " AND (:request.specialty::text IS NULL OR r.specialty = :request.specialty::text) "                                              \
         "AND (:request.priority::text IS NULL OR r.priority = :request.priority::text) "                                                  \
         "AND ((:request.age_from::int IS NULL AND :request.age_to::int IS NULL) "                                                         \
         "    OR patient_age(r.patient, " TODAY ") BETWEEN coalesce(:request.age_from::int, 0) AND coalesce(:request.age_to::int, 999))"
// The newest first. Each part finds nothing where it is not asked for; none finds what one before it did.
#define OF_LIST(condition)                                                                                                                 \
    "(SELECT r.* FROM referral r WHERE " condition " AND " FILTER                                                                          \
    " AND (:request.state::text IS NULL OR r.state = :request.state::text) "                                                               \
    "AND (:prepared.parts::text[] IS NULL "                                                                                                \
    "    OR (r.created_at, r.id) < ((:prepared.parts::text[])[1]::timestamptz, (:prepared.parts::text[])[2]::uuid)) "                      \
    "ORDER BY r.created_at DESC, r.id DESC LIMIT coalesce(:request.page_size::int, 50) + 1)"
#define OF_ORGANISATION(column, others) OF_LIST("r." column " = :request.organisation::text" others)
#define NOT_ALSO(column) " AND r." column " IS DISTINCT FROM :request.organisation::text"
#define OF_PATIENT OF_LIST("r.patient = :request.patient::uuid")
// What is to be contacted soonest first.
#define OF_QUEUE                                                                                                                           \
    "(SELECT r.* FROM referral r WHERE :request.queue::text IS NOT NULL AND r.state = 'triage' AND EXISTS (SELECT FROM reach e "           \
    "        WHERE e.organisation IN (r.referrer, r.performer, r.triager) AND e.above = :request.queue::text) AND " FILTER                 \
    " AND (:prepared.parts::text[] IS NULL "                                                                                               \
    "    OR (r.contact_by, r.id) > ((:prepared.parts::text[])[1]::date, (:prepared.parts::text[])[2]::uuid)) "                             \
    "ORDER BY r.contact_by, r.id LIMIT coalesce(:request.page_size::int, 50) + 1)"
#define PARTS                                                                                                                              \
    OF_ORGANISATION("referrer", "")                                                                                                        \
    " UNION ALL " OF_ORGANISATION("performer", NOT_ALSO("referrer")) " UNION ALL " OF_ORGANISATION(                                        \
        "triager", NOT_ALSO("referrer") NOT_ALSO("performer")) " UNION ALL " OF_PATIENT " UNION ALL " OF_QUEUE

const db_stmt_t list_referrals = {
    "list_referrals",
    "SELECT " LIST_COLUMNS ", CASE WHEN :request.queue::text IS NOT NULL THEN patient_age(r.patient, " TODAY ") END AS age "
    "FROM (" PARTS ") r" OF_APPOINTMENT " "
    "ORDER BY CASE WHEN :request.queue::text IS NOT NULL THEN r.contact_by END, "
    "    CASE WHEN :request.queue::text IS NOT NULL THEN r.id END, r.created_at DESC, r.id DESC "
    "LIMIT coalesce(:request.page_size::int, 50) + 1"};

// ---- changes ----

#define SAVE                                                                                                                               \
    "changed AS (UPDATE referral r SET pathway = :after.referral.pathway::text, pathway_version = :after.referral.pathway_version::int, "  \
    "        specialty = :after.referral.specialty::text, priority = :after.referral.priority::text, "                                     \
    "        reason = :after.referral.reason::text, service = :after.referral.service::uuid, "                                             \
    "        performer = :after.referral.performer::text, triager = :after.referral.triager::text, "                                       \
    "        redirected_to = :after.referral.redirected_to::uuid, redirected_provider = :after.referral.redirected_provider::text, "       \
    "        answers = coalesce(:after.referral.answers::jsonb, '[]'), state = :after.referral.state::text, "                              \
    "        submitted_at = :after.submitted_at::timestamptz, contact_by = :after.referral.contact_by::date, "                             \
    "        overdue_at = :after.overdue_at::timestamptz, appointment = :after.referral.appointment::uuid, "                               \
    "        booked_for = :after.referral.booked_for::timestamptz, outcome = :after.referral.outcome::text, "                              \
    "        closed_on = :after.closed_on::date, version = :after.referral.version::bigint, updated_at = " NOW " "                         \
    "    FROM input i WHERE r.id = :request.id::uuid AND " TOLD " AND r.version = :row.version::bigint "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING r.id::text AS key, r.patient), "                                  \
    "stepped AS (INSERT INTO referral_step (referral, number, patient, from_state, to_state, at, subject, organisation, reason) "          \
    "    SELECT c.key::uuid, :after.step_number::int, c.patient, :after.step.from::text, :after.step.to::text, " NOW ", "                  \
    "        :after.step.by.subject::text, :after.step.by.organisation::text, :after.step.reason::text "                                   \
    "    FROM changed c CROSS JOIN input i WHERE :after.step_number::int IS NOT NULL), "                                                   \
    "said AS (INSERT INTO referral_message (referral, number, patient, at, sender, text, subject, organisation) "                          \
    "    SELECT c.key::uuid, :after.message_number::int, c.patient, " NOW ", :after.message.from::text, :after.message.text::text, "       \
    "        :after.message.subject::text, :after.message.organisation::text "                                                             \
    "    FROM changed c CROSS JOIN input i WHERE :after.message_number::int IS NOT NULL), "                                                \
    "started AS (INSERT INTO referral_clock (referral, number, patient, started_on, continued_on) "                                        \
    "    SELECT c.key::uuid, :after.clock_number::int, c.patient, :after.clock_started_on::date, :after.clock_continued_on::date "         \
    "    FROM changed c CROSS JOIN input i WHERE :after.clock_started_on::date IS NOT NULL), "                                             \
    "stopped AS (UPDATE referral_clock k SET stopped_on = :after.clock_stopped_on::date, stop = :after.clock_stop::text "                  \
    "    FROM changed c CROSS JOIN input i WHERE k.referral = c.key::uuid AND k.number = :after.clock_number::int "                        \
    "      AND :after.clock_stopped_on::date IS NOT NULL)"

// What a submission meets.
#define SUBMISSION                                                                                                                         \
    ", (SELECT w.working_days FROM contact_rule w WHERE w.specialty IN (r.specialty, '*') AND w.priority = r.priority "                    \
    "    ORDER BY w.specialty = '*' LIMIT 1) AS working_days, "                                                                            \
    "ARRAY(SELECT b.day::text FROM bank_holiday b WHERE b.day BETWEEN " TODAY " AND " TODAY " + 400 ORDER BY b.day) AS bank_holidays_on, " \
    "coalesce((SELECT l.consultant_led FROM specialty_rule l WHERE l.specialty = r.specialty), true) AS consultant_led"

const db_stmt_t update_referral_load = {"update_referral_load",
                                        "SELECT " COLUMNS_BY("coalesce(:request.referral.specialty::text, r.specialty)",
                                                             "coalesce(:request.referral.pathway::text, r.pathway)",
                                                             "coalesce(:request.referral.service::uuid, r.service)") ", "
                                        TARGET(":request.referral.service", "r.referrer") FROM_ID};
const db_stmt_t update_referral_save = {"update_referral_save", SAVE};
// When the clock started that runs on here.
#define FORMER                                                                                                                             \
    ", (SELECT k.started_on FROM referral_clock k WHERE k.referral = r.redirected_from AND k.stop = 'redirected' "                         \
    "    ORDER BY k.number DESC LIMIT 1) AS former_started_on"
const db_stmt_t submit_referral_load = {"submit_referral_load", "SELECT " COLUMNS SUBMISSION FORMER FROM_ID};
const db_stmt_t submit_referral_save = {"submit_referral_save", SAVE};
const db_stmt_t resubmit_referral_load = {"resubmit_referral_load", "SELECT " COLUMNS SUBMISSION FROM_ID};
const db_stmt_t resubmit_referral_save = {"resubmit_referral_save", SAVE};
const db_stmt_t accept_referral_load = {"accept_referral_load", "SELECT " COLUMNS ", " TARGET(":request.service", "r.referrer") FROM_ID};
const db_stmt_t accept_referral_save = {"accept_referral_save", SAVE};
const db_stmt_t return_referral_load = {"return_referral_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t return_referral_save = {"return_referral_save", SAVE};
const db_stmt_t reject_referral_load = {"reject_referral_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t reject_referral_save = {"reject_referral_save", SAVE};
const db_stmt_t redirect_referral_load = {"redirect_referral_load",
                                          "SELECT " COLUMNS ", " TARGET(":request.service", "r.referrer") FROM_ID};
const db_stmt_t redirect_referral_save = {"redirect_referral_save", SAVE};
const db_stmt_t defer_referral_load = {"defer_referral_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t defer_referral_save = {"defer_referral_save", SAVE};
const db_stmt_t book_referral_load = {
    "book_referral_load",
    "SELECT " COLUMNS ", b.patient AS appointment_patient, b.organisation AS appointment_organisation, b.service AS appointment_service, "
    "b.start_at AS appointment_start, b.status IN ('booked', 'arrived', 'completed') AS appointment_live" FROM_ID
    " LEFT JOIN appointment b ON b.id = :request.appointment::uuid AND " TOLD};
const db_stmt_t book_referral_save = {"book_referral_save", SAVE};
const db_stmt_t complete_referral_load = {"complete_referral_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t complete_referral_save = {"complete_referral_save", SAVE};
const db_stmt_t cancel_referral_load = {"cancel_referral_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t cancel_referral_save = {"cancel_referral_save", SAVE};

// ---- the overdue ----

const db_stmt_t referral_gauges = {"referral_gauges", "SELECT f.name, f.label, f.value FROM urgent_case_figures(" NOW ") f "
                                                      "UNION ALL SELECT f.name, f.label, f.value FROM referral_figures(" NOW ") f"};

const db_stmt_t due_referrals = {"due_referrals", "SELECT o.id FROM referrals_overdue(" TODAY ") AS o (id)"};
const db_stmt_t tell_overdue_referral_load = {"tell_overdue_referral_load", "SELECT " COLUMNS FROM_ID};
const db_stmt_t tell_overdue_referral_save = {"tell_overdue_referral_save", SAVE};
