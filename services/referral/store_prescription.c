#include "services/referral/store_prescription.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"
#define TOLD "told(:header.request_id::text)"

#define MEASURES                                                                                                                           \
    "(SELECT jsonb_agg(jsonb_build_object('code', m.code, 'name', m.name, 'lowest', m.lowest, 'highest', m.highest, 'items', m.items, "    \
    "    'source', m.source, 'confidence', m.confidence) ORDER BY m.code) FROM outcome_measure m) AS measures"
#define TERMS(kind)                                                                                                                        \
    "(SELECT jsonb_agg(jsonb_build_object('code', t.code, 'name', t.name, 'source', t.source, 'confidence', t.confidence) "                \
    "    ORDER BY t.code) FROM prescription_term t WHERE t.kind = '" kind "')"

const db_stmt_t get_social_prescribing = {"get_social_prescribing",
                                          "SELECT " MEASURES ", " TERMS("outcome") " AS outcomes, " TERMS("principle") " AS principles"};

// ---- creation ----

// Only who keeps the record refers somebody: behind the CASE a patient is none for others.
const db_stmt_t create_social_prescription_load = {
    "create_social_prescription_load",
    "SELECT :request.social_prescription.patient::uuid AS about, CASE WHEN patient_kept_within(p.id) OR p.merged_into IS NOT NULL THEN "
    "p.id "
    "END AS patient, p.synthetic, p.died_on IS NOT NULL OR p.merged_into IS NOT NULL AS gone, n.network, "
    "    coalesce(:request.social_prescription.organisation::text, w.employer) AS organisation, w.subject AS link_worker, "
    "    (SELECT o.status FROM organisation o WHERE o.code = coalesce(:request.social_prescription.organisation::text, w.employer)) "
    "AS organisation_status "
    "FROM (SELECT) one LEFT JOIN patient p ON p.id = :request.social_prescription.patient::uuid AND " TOLD " "
    "LEFT JOIN LATERAL (SELECT network_of(p.practice, :call.today::date) AS network) n ON true "
    "LEFT JOIN LATERAL link_worker_of(n.network, :call.today::date, :request.social_prescription.organisation::text) w ON true"};

const db_stmt_t create_social_prescription_save = {
    "create_social_prescription_save",
    "changed AS (INSERT INTO social_prescription (id, patient, needs, reason, referrer, referred_by, network, organisation, agencies, "
    "        link_worker, state, history, offered_at, offered_on, synthetic, version, created_at, updated_at) "
    "    SELECT :after.prescription.id::uuid, :after.prescription.patient::uuid, :after.prescription.needs::text[], "
    "        :after.prescription.reason::text, :after.prescription.referrer::text, :after.prescription.referred_by::text, "
    "        :after.prescription.network::text, :after.prescription.organisation::text, :after.agencies::text[], "
    "        :after.prescription.link_worker::text, 'offered', :after.prescription.history::jsonb, " NOW ", :call.today::date, "
    "        coalesce(:after.prescription.synthetic::boolean, false), 1, " NOW ", " NOW " "
    // Whose patient it is no longer is told so by a second look.
    "    FROM input i WHERE CASE WHEN " TOLD " THEN patient_kept_within(:after.prescription.patient::uuid) END "
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

// ---- reads ----

#define STATE_COLUMNS                                                                                                                      \
    "s.id, s.patient, s.referrer, s.network, s.organisation, s.state, s.outcome, s.offered_at, s.ended_at, "                               \
    "nullif(s.synthetic, false) AS synthetic, s.version, s.created_at, s.updated_at, s.ended"
#define COLUMNS_BY(history)                                                                                                                \
    STATE_COLUMNS                                                                                                                          \
    ", s.needs, s.reason, s.referred_by, s.link_worker, s.goals, s.actions, s.contacts, s.scores, s.end_reason, s.redirects, " history ", "  \
    "s.agencies, patient_of_prescription(:request.id::uuid) AS about, takes_part(s.patient, s.organisation) AS takes, "                    \
    "s.referrer = ANY (" ORGANISATIONS ") OR patient_kept_within(s.patient) AS refers"
#define COLUMNS COLUMNS_BY("s.history")
#define FROM_ID " FROM (SELECT) one LEFT JOIN social_prescription s ON s.id = :request.id::uuid AND " TOLD
#define BY_ID "SELECT " COLUMNS FROM_ID

// Only the practice ends one for who takes it, and after that nobody changes it: what it is changed by has its whole history.
#define TOLD_HISTORY                                                                                                                       \
    "(SELECT jsonb_agg(CASE WHEN told_party(h.step ->> 'organisation', s.referrer, s.agencies, s.patient) THEN h.step "                    \
    "    ELSE h.step - 'subject' - 'organisation' END ORDER BY h.n) FROM jsonb_array_elements(s.history) WITH ORDINALITY AS h (step, n)) " \
    "AS history"
const db_stmt_t get_social_prescription = {"get_social_prescription", "SELECT " COLUMNS_BY(TOLD_HISTORY) FROM_ID};

// What is not over comes first. One of both parts finds nothing.
#define OF_LIST(condition)                                                                                                                 \
    "(SELECT s.* FROM social_prescription s WHERE " condition " AND " TOLD                                                                 \
    " AND (:request.state::text IS NULL OR s.state = :request.state::text) "                                                               \
    "AND (:prepared.parts::text[] IS NULL OR (s.ended, s.offered_at, s.id) > ((:prepared.parts::text[])[1]::boolean, "                     \
    "    (:prepared.parts::text[])[2]::timestamptz, (:prepared.parts::text[])[3]::uuid)) "                                                 \
    "ORDER BY s.ended, s.offered_at, s.id LIMIT coalesce(:request.page_size::int, 50) + 1)"

const db_stmt_t list_social_prescriptions = {"list_social_prescriptions",
                                             "SELECT " STATE_COLUMNS
                                             " FROM (" OF_LIST("s.agencies @> ARRAY[:request.organisation::text]") " UNION ALL " OF_LIST(
                                                 "s.patient = :request.patient::uuid") ") s ORDER BY s.ended, s.offered_at, s.id "
                                                                                       "LIMIT coalesce(:request.page_size::int, 50) + 1"};

// By network below the organisation, of what the caller sees.
const db_stmt_t count_social_prescriptions = {
    "count_social_prescriptions",
    "SELECT w.within_reach, c.* FROM (SELECT within_reach(:request.organisation::text, " ORGANISATIONS ") AS within_reach) w "
    "LEFT JOIN LATERAL (SELECT o.code::text AS network, count(s.id) AS referred, count(*) FILTER (WHERE s.state = 'declined') AS declined, "
    "        count(*) FILTER (WHERE s.state = 'completed') AS completed, count(*) FILTER (WHERE s.state = 'closed') AS closed, "
    "        count(*) FILTER (WHERE NOT s.ended) AS open, count(*) FILTER (WHERE s.redirects IS NOT NULL) AS redirected "
    "    FROM reach r JOIN organisation o ON o.code = r.organisation AND o.kind = 'network' "
    "    LEFT JOIN social_prescription s ON s.network = o.code AND s.offered_on BETWEEN :request.from::date AND :request.to::date AND " TOLD
    " "
    "    WHERE r.above = :request.organisation::text AND w.within_reach GROUP BY o.code) c ON true ORDER BY c.network"};

// ---- changes ----

#define SAVE                                                                                                                               \
    "changed AS (UPDATE social_prescription s SET state = :after.prescription.state::text, "                                               \
    "        organisation = :after.prescription.organisation::text, agencies = :after.agencies::text[], "                                  \
    "        link_worker = :after.prescription.link_worker::text, goals = nullif(:after.prescription.goals::jsonb, '[]'), "                \
    "        actions = nullif(:after.prescription.actions::jsonb, '[]'), contacts = nullif(:after.prescription.contacts::jsonb, '[]'), "   \
    "        scores = nullif(:after.prescription.scores::jsonb, '[]'), redirects = nullif(:after.prescription.redirects::jsonb, '[]'), "   \
    "        history = :after.prescription.history::jsonb, outcome = :after.prescription.outcome::text, "                                  \
    "        end_reason = :after.prescription.end_reason::text, ended_at = :after.prescription.ended_at::timestamptz, "                    \
    "        version = :after.prescription.version::bigint, updated_at = " NOW " "                                                         \
    "    FROM input i WHERE s.id = :request.id::uuid AND " TOLD " AND s.version = :row.version::bigint "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING s.id::text AS key)"
#define TERM_THERE(kind, of) ", EXISTS (SELECT FROM prescription_term t WHERE t.kind = '" kind "' AND t.code = " of "::text) AS term_there"

const db_stmt_t accept_prescription_load = {"accept_prescription_load", BY_ID};
const db_stmt_t accept_prescription_save = {"accept_prescription_save", SAVE};
const db_stmt_t decline_prescription_load = {"decline_prescription_load", BY_ID};
const db_stmt_t decline_prescription_save = {"decline_prescription_save", SAVE};
const db_stmt_t plan_prescription_load = {
    "plan_prescription_load",
    "SELECT " COLUMNS ", (SELECT min(a.value ->> 'service') FROM jsonb_array_elements(:request.actions::jsonb) a "
    "WHERE a.value ? 'service' AND NOT EXISTS (SELECT FROM service v WHERE v.id = (a.value ->> 'service')::uuid)) "
    "AS missing_service" FROM_ID};
const db_stmt_t plan_prescription_save = {"plan_prescription_save", SAVE};
const db_stmt_t add_prescription_contact_load = {"add_prescription_contact_load", BY_ID};
const db_stmt_t add_prescription_contact_save = {"add_prescription_contact_save", SAVE};
const db_stmt_t score_prescription_load = {"score_prescription_load", "SELECT " COLUMNS ", " MEASURES FROM_ID};
const db_stmt_t score_prescription_save = {"score_prescription_save", SAVE};
const db_stmt_t complete_prescription_load = {"complete_prescription_load",
                                              "SELECT " COLUMNS TERM_THERE("outcome", ":request.outcome") FROM_ID};
const db_stmt_t complete_prescription_save = {"complete_prescription_save", SAVE};
const db_stmt_t close_prescription_load = {"close_prescription_load", BY_ID};
const db_stmt_t close_prescription_save = {"close_prescription_save", SAVE};
const db_stmt_t redirect_prescription_load = {
    "redirect_prescription_load",
    "SELECT " COLUMNS TERM_THERE("principle", ":request.principle") ", (SELECT o.status FROM organisation o "
                                                                    "WHERE o.code = :request.organisation::text) AS asked_status" FROM_ID};
const db_stmt_t redirect_prescription_save = {"redirect_prescription_save", SAVE};

// ---- who works for which network ----

#define ALIGNMENT_COLUMNS "a.id, a.subject, a.employer, a.network, a.from_on AS from, a.to_on AS to, a.version, a.created_at, a.updated_at"
#define FIRST_DAY "coalesce(:request.alignment.from::date, :call.today::date)"

const db_stmt_t create_link_worker_alignment_load = {
    "create_link_worker_alignment_load",
    "SELECT within_reach(:request.alignment.network::text, " ORGANISATIONS ") AS within_reach, "
    "    (SELECT o.kind FROM organisation o WHERE o.code = :request.alignment.network::text) AS network_kind, "
    "    EXISTS (SELECT FROM organisation o WHERE o.code = :request.alignment.employer::text) AS employer_there, "
    "    EXISTS (SELECT FROM link_worker_alignment a WHERE a.network = :request.alignment.network::text "
    "        AND a.subject = :request.alignment.subject::text AND coalesce(a.to_on, 'infinity') >= " FIRST_DAY " "
    "        AND a.from_on <= coalesce(:request.alignment.to::date, 'infinity')) AS overlaps"};
const db_stmt_t create_link_worker_alignment_save = {
    "create_link_worker_alignment_save",
    "changed AS (INSERT INTO link_worker_alignment (network, id, subject, employer, from_on, to_on, version, created_at, updated_at) "
    "    SELECT :after.network::text, :after.id::uuid, :after.subject::text, :after.employer::text, :after.from::date, :after.to::date, 1, "
    "        " NOW ", " NOW " FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) ON CONFLICT DO NOTHING "
    "RETURNING id::text AS key)"};

const db_stmt_t end_link_worker_alignment_load = {
    "end_link_worker_alignment_load", "SELECT " ALIGNMENT_COLUMNS ", within_reach(a.network, " ORGANISATIONS ") AS within_reach "
                                      "FROM link_worker_alignment a WHERE a.id = :request.id::uuid"};
const db_stmt_t end_link_worker_alignment_save = {
    "end_link_worker_alignment_save",
    "changed AS (UPDATE link_worker_alignment a SET to_on = :after.to::date, version = :after.version::bigint, updated_at = " NOW " "
    "    FROM input i WHERE a.id = :request.id::uuid AND a.version = :row.version::bigint "
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING a.id::text AS key)"};

const db_stmt_t list_link_worker_alignments = {
    "list_link_worker_alignments",
    "SELECT w.within_reach, l.* FROM (SELECT within_reach(:request.network::text, " ORGANISATIONS ") "
    "    OR EXISTS (SELECT FROM reach r WHERE r.above = :request.network::text AND r.organisation = ANY (" ORGANISATIONS ")) "
    "    AS within_reach) w "
    "LEFT JOIN LATERAL (SELECT " ALIGNMENT_COLUMNS
    " FROM link_worker_alignment a WHERE a.network = :request.network::text AND w.within_reach "
    "    AND (:request.on::date IS NULL OR (a.from_on <= :request.on::date AND coalesce(a.to_on, 'infinity') >= :request.on::date)) "
    "    ORDER BY a.from_on, a.id LIMIT 1000) l ON true ORDER BY l.from, l.id"};
