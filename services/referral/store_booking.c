// Booking an appointment and moving it: what takes slots.
#include "services/referral/store_appointment.h"
#include "services/referral/store_appointment_parts.h"

// ---- what is asked for ----

#define ASKED(hold, holder)                                                                                                                \
    "asked AS MATERIALIZED (SELECT h.id, h.slots, h.status, h.expires_at <= " NOW " AS over FROM hold h WHERE h.id = " hold                \
    " AND (h.holder = ANY (" ORGANISATIONS ")" holder "))"
#define ASKED_HOLD ASKED(":request.hold::uuid", "")
// The waiting entry that is named, or that the hold is an offer to; without slots its offer is what is booked. Who sees the entry may.
#define WAITING                                                                                                                            \
    "entry AS MATERIALIZED (SELECT w.* FROM waiting_entry w WHERE " TOLD                                                                   \
    " AND (:request.waiting_entry::uuid IS NOT NULL OR :request.hold::uuid IS NOT NULL) "                                                  \
    " AND (w.id = :request.waiting_entry::uuid OR (:request.waiting_entry::uuid IS NULL AND w.hold = :request.hold::uuid)))"
#define OFFERED_HOLD                                                                                                                       \
    "coalesce(:request.hold::uuid, CASE WHEN cardinality(:request.slots::uuid[]) > 0 THEN NULL ELSE (SELECT e.hold FROM entry e) END)"
#define ASKED_OR_OFFERED WAITING ", " ASKED(OFFERED_HOLD, " OR h.id = (SELECT e.hold FROM entry e)")

// What rules_visibility.h and rules_appointment.h ask of a slot besides what it is. `own`: it is the appointment's that is moved; `keeps`:
// the caller keeps the schedule, where that is asked. Others are only looked for where it is taken.
#define TAKEN_FROM_CALLER "slot_status(s, " NOW ") <> 'free' AND (h.id IS NULL OR s.hold IS DISTINCT FROM h.id)"
#define SLOT_MEMBERS(own, keeps, taking)                                                                                                   \
    "'typeAllowed', " SLOT_TYPE_ALLOWED ", 'organisationAllowed', " SLOT_ORGANISATION_ALLOWED                                              \
    ", 'serviceActive', v.status = 'active', 'channelWithdrawn', nullif(" CHANNEL_WITHDRAWN                                                \
    ", false), 'closesAt', instant_text(v.closes_at), 'withinReach', " keeps ", 'overbooked', s.overbooked, "                              \
    "'hold', s.hold, 'own', " own ", 'taking', " taking ", 'alternatives', CASE WHEN " TAKEN_FROM_CALLER " AND NOT " own                   \
    " THEN " ALTERNATIVES " END"
#define WANTED(members)                                                                                                                    \
    "(SELECT jsonb_agg(slot_json(s, t, " NOW ") || jsonb_strip_nulls(jsonb_build_object(" members ")) ORDER BY s.start_at, s.id) "         \
    "    FROM " SLOTS " " KIND " WHERE s.id = ANY (coalesce(h.slots, :request.slots::uuid[])) AND slot_status(s, " NOW ") <> 'withdrawn')"
#define KEEPS "CASE WHEN :request.overbook_reason::text IS NOT NULL THEN within_reach(s.organisation, " ORGANISATIONS ") END"
// Of one that is moved its age alone matters: that the patient is taken was decided when it was booked.
// Who keeps the record is told without asking who treats the patient.
#define SERVES                                                                                                                             \
    "CASE WHEN patient_kept(p.practice, p.sensitive) THEN v.areas = '{}' OR within_reach(p.practice, v.areas) "                            \
    "    ELSE area_serves(v.areas, p.id, p.practice) END"
#define TAKING_NEW TAKING(SERVES, "p.birth_date", "p.sex")
#define TAKING_MOVED                                                                                                                       \
    "CASE WHEN v.criteria <> '{}' OR k.criteria <> '{}' THEN (SELECT jsonb_build_object('acceptsCaller', true, 'serves', true, 'rules', "  \
    "service_rules(v, k), 'birthDate', p.birth_date) FROM patient p WHERE p.id = a.patient) END"
#define WANTED_NEW WANTED(SLOT_MEMBERS("false", KEEPS, TAKING_NEW))
#define WANTED_MOVED WANTED(SLOT_MEMBERS("s.id = ANY (a.slots)", "false", TAKING_MOVED))

// ---- what is taken ----

// All that are taken, or none: whoever comes second finds fewer than are wanted, and looks again. So the unique index never has to refuse.
// First the hold is locked, then its slots, as releasing it does.
#define SLOTS_LOCKED(condition)                                                                                                            \
    "wanted AS MATERIALIZED (SELECT s.organisation, s.id, s.status FROM slot s WHERE s.id = ANY (:after.taken::uuid[]) AND " condition " " \
    "        AND s.start_at > " NOW " AND CASE WHEN s.id = ANY (:after.overbooked::uuid[]) THEN s.status = 'booked' AND NOT s.overbooked " \
    "                 WHEN s.held_until > " NOW " THEN s.status = 'free' AND s.hold = :after.hold::uuid "                                  \
    "                 ELSE s.status = 'free' AND NOT s.off_plan END ORDER BY s.id FOR UPDATE)"
#define LOCKED_MOVED                                                                                                                       \
    "held AS MATERIALIZED (SELECT h.id FROM hold h WHERE h.id = :after.hold::uuid AND h.status = 'held' AND h.expires_at > " NOW " "       \
    "        AND EXISTS (SELECT FROM mine) FOR UPDATE), " SLOTS_LOCKED("EXISTS (SELECT FROM mine) "                                        \
                                                                       "AND (:after.hold::uuid IS NULL OR EXISTS (SELECT FROM held))")
// Few bookings have a hold or settle a waiting entry. What is done for these is a call, since each step of a statement is made ready in
// each execution, needed or not.
#define LOCKED_NEW                                                                                                                         \
    SLOTS_LOCKED("(SELECT CASE WHEN EXISTS (SELECT FROM seen) THEN false WHEN :after.hold::uuid IS NULL THEN true "                        \
                 "ELSE hold_locked(:after.hold::uuid, " NOW ") END)")
#define ALL_LOCKED "(SELECT count(*) FROM wanted) = coalesce(cardinality(:after.taken::uuid[]), 0)"
// After `changed`, which says the appointment's id.
#define TAKEN                                                                                                                              \
    "taken AS (UPDATE slot s SET status = 'booked', overbooked = s.overbooked OR w.status = 'booked', hold = NULL, held_until = NULL, "    \
    "        version = s.version + 1 FROM wanted w, changed c WHERE s.organisation = w.organisation AND s.id = w.id), "                    \
    "kept AS (INSERT INTO appointment_slot (appointment, version, slot, overbooked) "                                                      \
    "    SELECT c.id, :after.appointment.version::bigint, w.id, w.status = 'booked' FROM wanted w, changed c)"
#define USED                                                                                                                               \
    "used AS (UPDATE hold h SET status = 'used', version = h.version + 1 FROM changed c WHERE h.id = :after.hold::uuid AND EXISTS "        \
    "(SELECT FROM held))"

// The waiting entry that the booking settles, as it was found; locked after the slots.
#define ENTRY ":after.entry.id::uuid"
#define ALL_LOCKED_NEW                                                                                                                     \
    "CASE WHEN NOT " ALL_LOCKED " THEN false WHEN " ENTRY " IS NULL THEN true "                                                            \
    "ELSE waiting_entry_locked(" ENTRY ", :row.entry.version::bigint) END"
#define SETTLED                                                                                                                            \
    "changed AS MATERIALIZED (SELECT m.key, m.id, CASE WHEN :after.hold::uuid IS NOT NULL OR " ENTRY " IS NOT NULL "                       \
    "        THEN booking_settles(m.id, :after.hold::uuid, " ENTRY ", " NOW ") END AS settles FROM made m)"

// ---- a new one ----

const db_stmt_t create_appointment_load = {
    "create_appointment_load",
    "WITH " CALLER ", " ASKED_OR_OFFERED " SELECT :request.patient::uuid AS asked, p.id AS patient, " PATIENT_REACH " AS reach, p.died_on, "
    "    p.merged_into, nullif(p.synthetic, false) AS patient_synthetic, (SELECT waiting_entry_json(e) FROM entry e) AS entry, "
    "    h.id AS hold, h.status AS hold_status, h.over AS hold_over, h.slots AS hold_slots, " WANTED_NEW " AS wanted "
    "FROM (VALUES (1)) one (n) LEFT JOIN patient p ON p.id = :request.patient::uuid AND " TOLD " LEFT JOIN asked h ON true"};

const db_stmt_t create_appointment_save = {
    "create_appointment_save", LOCKED_NEW
    ", "
    "made AS (INSERT INTO appointment (id, patient, organisation, service, slots, start_at, end_at, channel, kind, status, "
    "        booked_by_subject, booked_by, description, comment, overbook_reason, hold, video_token, synthetic, version, created_at, "
    "        updated_at) "
    "    SELECT :after.appointment.id::uuid, p.id, :after.appointment.organisation::text, :after.appointment.service::uuid, "
    "        :after.appointment.slots::uuid[], :after.appointment.start::timestamptz, :after.appointment.end::timestamptz, "
    "        :after.appointment.channel::text, :after.appointment.kind::text, 'booked', :call.subject::text, "
    "        :after.appointment.booked_by.organisation::text, nullif(:after.appointment.description::text, ''), "
    "        nullif(:after.appointment.comment::text, ''), :after.appointment.overbook_reason::text, :after.hold::uuid, "
    "        :after.video_token::text, coalesce(:after.appointment.synthetic::boolean, false), 1, " NOW ", " NOW " "
    "    FROM input i JOIN patient p ON p.id = :request.patient::uuid AND p.died_on IS NULL AND p.merged_into IS NULL AND " TOLD " "
    "    WHERE NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) AND " ALL_LOCKED_NEW " "
    "    RETURNING slots[1]::text AS key, id), " SETTLED ", " TAKEN};

// ---- another time ----

const db_stmt_t reschedule_appointment_load = {
    "reschedule_appointment_load",
    "WITH " CALLER ", " ASKED_HOLD " SELECT " APPOINTMENT_COLUMNS ", " CALLER_IS ", " CONCERNS ", "
    "    jsonb_strip_nulls(jsonb_build_object('hold', h.id, 'holdStatus', h.status, 'holdOver', h.over, 'holdSlots', to_jsonb(h.slots), "
    "    'wanted', " WANTED_MOVED ")) AS booking FROM " ONE_APPOINTMENT " LEFT JOIN asked h ON true"};

const db_stmt_t reschedule_appointment_save = {
    "reschedule_appointment_save",
    "mine AS MATERIALIZED (SELECT a.id FROM appointment a WHERE a.id = :request.id::uuid AND a.version = :row.version::bigint AND " TOLD " "
    "        AND NOT EXISTS (SELECT FROM seen) FOR UPDATE), " LOCKED_MOVED ", "
    "changed AS (UPDATE appointment a SET slots = :after.appointment.slots::uuid[], start_at = :after.appointment.start::timestamptz, "
    "        end_at = :after.appointment.end::timestamptz, channel = :after.appointment.channel::text, "
    "        kind = :after.appointment.kind::text, former = :after.appointment.former::jsonb, hold = :after.hold::uuid, "
    "        video_token = :after.video_token::text, version = :after.appointment.version::bigint, updated_at = " NOW " "
    "    FROM mine m, input i WHERE a.id = m.id AND " ALL_LOCKED " RETURNING a.slots[1]::text AS key, a.id), " TAKEN ", " USED ", " FREED};
