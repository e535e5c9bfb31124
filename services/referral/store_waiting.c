#include "services/referral/store_waiting.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"
#define TOLD "told(:header.request_id::text)"

// ---- creation ----

const db_stmt_t create_waiting_entry_load = {
    "create_waiting_entry_load",
    "SELECT CASE WHEN p.merged_into IS NOT NULL OR care_shown(p.id, s.provider, '{}') THEN p.id END AS patient, "
    "    p.synthetic AS patient_synthetic, p.died_on IS NOT NULL OR p.merged_into IS NOT NULL AS patient_gone, "
    "    s.provider, CASE WHEN s.closes_at <= " NOW " THEN 'closed' ELSE s.status END AS service_status, "
    "    :request.waiting_entry.channel::text IS NULL OR :request.waiting_entry.channel::text = ANY (s.channels) AS service_offers, "
    "    taking_json(s, k, " ORGANISATIONS ", area_serves(s.areas, p.id, p.practice), p.birth_date, p.sex) AS taking, "
    "    (SELECT w.id FROM waiting_entry w WHERE w.patient = p.id AND w.service = s.id AND w.status IN ('waiting', 'offered') "
    "        AND w.kind IS NOT DISTINCT FROM :request.waiting_entry.kind::text "
    "        AND w.channel::text IS NOT DISTINCT FROM :request.waiting_entry.channel::text ORDER BY w.created_at LIMIT 1) AS waits "
    "FROM (SELECT) one LEFT JOIN patient p ON p.id = :request.waiting_entry.patient::uuid AND " TOLD " "
    "LEFT JOIN (service s JOIN service_kind k ON k.code = s.kind) ON s.id = :request.waiting_entry.service::uuid"};

const db_stmt_t create_waiting_entry_save = {
    "create_waiting_entry_save",
    "changed AS (INSERT INTO waiting_entry (organisation, id, patient, service, kind, channel, from_on, to_on, status, recorded_by, "
    "        recorded_from, synthetic, version, created_at, updated_at) "
    "    SELECT :after.entry.organisation::text, :after.entry.id::uuid, :after.entry.patient::uuid, :after.entry.service::uuid, "
    "        :after.entry.kind::text, :after.entry.channel::text, :after.entry.from::date, :after.entry.to::date, 'waiting', "
    "        :after.entry.recorded_by::text, :after.entry.recorded_from::text, coalesce(:after.entry.synthetic::boolean, false), 1, " NOW
    ", " NOW " "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

// ---- reads ----

#define COLUMNS                                                                                                                            \
    "w.id, w.patient, w.service, w.organisation, w.kind, w.channel, w.from_on AS \"from\", w.to_on AS \"to\", w.status, "                  \
    "CASE WHEN w.hold IS NOT NULL THEN jsonb_build_object('hold', w.hold, 'slot', w.slot, 'start', instant_text(w.slot_start), "           \
    "    'end', instant_text(w.slot_end), 'channel', w.slot_channel, 'until', instant_text(w.offered_until)) END AS offer, "               \
    "nullif(w.offers, 0) AS offers, w.appointment, w.recorded_by, w.recorded_from, nullif(w.synthetic, false) AS synthetic, w.version, "   \
    "w.created_at, w.updated_at"
#define ONE                                                                                                                                \
    COLUMNS ", CASE WHEN w.status IN ('waiting', 'offered') THEN waiting_place(w.service, w.created_at, w.id) END AS place, "              \
            "patient_of_waiting_entry(:request.id::uuid) AS about"
#define FROM_ID " FROM (SELECT) one LEFT JOIN waiting_entry w ON w.id = :request.id::uuid AND " TOLD

const db_stmt_t get_waiting_entry = {"get_waiting_entry", "SELECT " ONE FROM_ID};

// Each part finds nothing where it is not asked for; those that wait have an index of their own, however many there were.
#define OF_LIST(condition)                                                                                                                 \
    "(SELECT w.* FROM waiting_entry w WHERE " condition " AND " TOLD " AND (:prepared.parts::text[] IS NULL "                              \
    "     OR (w.created_at, w.id) > ((:prepared.parts::text[])[1]::timestamptz, (:prepared.parts::text[])[2]::uuid)) "                     \
    "ORDER BY w.created_at, w.id LIMIT coalesce(:request.page_size::int, 50) + 1)"
#define STATUS_ASKED "w.status = :request.status::text"
#define STATUS_WAITS ":request.status::text IS NULL AND w.status IN ('waiting', 'offered')"

#define OF_SERVICE_WAITING OF_LIST("w.service = :request.service::uuid AND " STATUS_WAITS)
#define OF_SERVICE_ASKED OF_LIST("w.service = :request.service::uuid AND " STATUS_ASKED)
#define OF_PATIENT OF_LIST("w.patient = :request.patient::uuid AND (" STATUS_ASKED " OR " STATUS_WAITS ")")

const db_stmt_t list_waiting_entries = {
    "list_waiting_entries",
    "SELECT " COLUMNS " FROM (" OF_SERVICE_WAITING " UNION ALL " OF_SERVICE_ASKED " UNION ALL " OF_PATIENT ") w "
    "ORDER BY w.created_at, w.id LIMIT coalesce(:request.page_size::int, 50) + 1"};

// ---- changes ----

#define HOLD_COLUMNS                                                                                                                       \
    ", w.left_behind, "                                                                                                                    \
    "h.status AS hold_status, h.expires_at <= " NOW " AS hold_over, h.organisation AS slots_of, h.version AS hold_version, "               \
    "(SELECT a.id FROM appointment_slot b JOIN appointment a ON a.id = b.appointment WHERE b.slot = w.slot AND b.live "                    \
    "    AND a.hold = w.hold AND a.patient = w.patient LIMIT 1) AS booked, "                                                               \
    "care_kept(w.patient, w.organisation) OR w.recorded_from = ANY (" ORGANISATIONS ") AS keeps"
#define WITH_HOLD "SELECT " ONE HOLD_COLUMNS FROM_ID " LEFT JOIN hold h ON h.id = w.hold"

// First the hold is locked, then its slot, then the entry, as booking does. A hold that is given up must still be held.
#define SAVE                                                                                                                               \
    "held AS MATERIALIZED (SELECT h.id FROM hold h WHERE h.id = :after.released::uuid AND h.status = 'held' "                              \
    "        AND h.version = :row.hold_version::bigint AND NOT EXISTS (SELECT FROM seen) FOR UPDATE), "                                    \
    "locked AS MATERIALIZED (SELECT s.organisation, s.id FROM held e JOIN slot s ON s.organisation = :row.slots_of::text "                 \
    "        AND s.id = :row.offer.slot::uuid AND s.hold = e.id FOR UPDATE OF s), "                                                        \
    "changed AS (UPDATE waiting_entry w SET status = :after.entry.status::text, appointment = :after.entry.appointment::uuid, "            \
    "        hold = NULL, slot = NULL, slot_start = NULL, slot_end = NULL, slot_channel = NULL, offered_until = NULL, "                    \
    "        version = :after.entry.version::bigint, updated_at = " NOW " "                                                                \
    "    FROM input i WHERE w.id = :request.id::uuid AND " TOLD " AND w.version = :row.version::bigint "                                   \
    "      AND (SELECT count(*) FROM locked) >= 0 AND (:after.released::uuid IS NULL OR EXISTS (SELECT FROM held)) "                       \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING w.id::text AS key), "                                             \
    "released AS (UPDATE hold h SET status = 'released', version = h.version + 1 FROM held e, changed c WHERE h.id = e.id), "              \
    "freed AS (UPDATE slot s SET hold = NULL, held_until = NULL, version = s.version + 1 FROM locked l, changed c "                        \
    "    WHERE s.organisation = l.organisation AND s.id = l.id)"

const db_stmt_t withdraw_waiting_entry_load = {"withdraw_waiting_entry_load", WITH_HOLD};
const db_stmt_t withdraw_waiting_entry_save = {"withdraw_waiting_entry_save", SAVE};
const db_stmt_t decline_offer_load = {"decline_offer_load", WITH_HOLD};
const db_stmt_t decline_offer_save = {"decline_offer_save", SAVE};
const db_stmt_t settle_waiting_entry_load = {"settle_waiting_entry_load", WITH_HOLD};
const db_stmt_t settle_waiting_entry_save = {"settle_waiting_entry_save", SAVE};

// ---- offers ----

const db_stmt_t due_vacancies = {"due_vacancies", "SELECT o.id FROM slots_to_offer(" NOW ") AS o (id)"};
const db_stmt_t due_waiting_entries = {"due_waiting_entries", "SELECT o.id FROM waiting_to_settle(" NOW ", :call.today::date) AS o (id)"};

// The slot, as long as it is free, with who is to have it, where somebody is.
const db_stmt_t offer_slot_load = {
    "offer_slot_load",
    "SELECT " COLUMNS ", s.id AS slot, s.organisation AS slots_of, s.start_at AS slot_start, "
    "    s.start_at + s.minutes * interval '1 minute' AS slot_end, t.channel AS slot_channel, "
    "    s.start_at - CASE WHEN s.reclaimed_at IS NULL THEN t.notice_minutes ELSE 0 END * interval '1 minute' AS bookable_until, "
    "coalesce(k.offer_minutes, d.offer_minutes) AS "
    "offer_minutes "
    "FROM slot s JOIN schedule_template t ON t.id = s.template JOIN service v ON v.id = t.service AND service_offers(v, t, s.start_at) "
    "JOIN service_kind k ON k.code = v.kind CROSS JOIN waiting_default d "
    "CROSS JOIN LATERAL (SELECT first_waiting(s, t) AS id OFFSET 0) f LEFT JOIN waiting_entry w ON w.id = f.id AND " TOLD " "
    "WHERE s.id = :request.id::uuid AND slot_open(s, t, " NOW ")"};

// Slot and entry as they were found, or nothing: whoever comes second finds the next.
const db_stmt_t offer_slot_save = {
    "offer_slot_save",
    "wanted AS MATERIALIZED (SELECT s.organisation, s.id FROM slot s WHERE s.id = :request.id::uuid AND s.status = 'free' "
    "        AND NOT s.off_plan AND (s.held_until IS NULL OR s.held_until <= " NOW " OR s.hold = waiting_mark()) "
    "        AND NOT EXISTS (SELECT FROM seen) FOR UPDATE), "
    "changed AS (UPDATE waiting_entry w SET status = 'offered', hold = :after.entry.offer.hold::uuid, slot = k.id, "
    "        slot_start = :after.entry.offer.start::timestamptz, slot_end = :after.entry.offer.end::timestamptz, "
    "        slot_channel = :after.entry.offer.channel::text, offered_until = :after.entry.offer.until::timestamptz, offers = w.offers + "
    "1, "
    "        version = :after.entry.version::bigint, updated_at = " NOW " "
    "    FROM input i, wanted k WHERE w.id = :row.id::uuid AND " TOLD " AND w.version = :row.version::bigint AND w.status = 'waiting' "
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING w.id::text AS key, w.id, w.hold, w.offered_until, w.recorded_by, "
    "        w.recorded_from), "
    "held AS (INSERT INTO hold (organisation, id, slots, subject, holder, expires_at, status, version, created_at, offered) "
    "    SELECT k.organisation, c.hold, ARRAY[k.id], c.recorded_by, c.recorded_from, c.offered_until, 'held', 1, " NOW ", true "
    "    FROM changed c, wanted k), "
    "taken AS (UPDATE slot s SET hold = c.hold, held_until = c.offered_until, version = s.version + 1 FROM changed c, wanted k "
    "    WHERE s.organisation = k.organisation AND s.id = k.id), "
    "remembered_offer AS (INSERT INTO waiting_offer (entry, slot, at) SELECT c.id, k.id, " NOW " FROM changed c, wanted k)"};
