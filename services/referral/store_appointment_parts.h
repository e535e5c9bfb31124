// What statements about appointments share, whether they look, book or change. Roots `header`, `call` and `request.id`.
#ifndef PCN_REFERRAL_STORE_APPOINTMENT_PARTS_H
#define PCN_REFERRAL_STORE_APPOINTMENT_PARTS_H

#include "services/referral/store_patient.h"
#include "services/referral/store_slot_parts.h"

#define TOLD "told(:header.request_id)"

#define APPOINTMENT_COLUMNS                                                                                                                \
    "a.id, a.slots, a.patient, a.service, a.organisation, a.start_at AS start, a.end_at AS \"end\", a.channel, a.kind, a.status, "         \
    "jsonb_build_object('subject', a.booked_by_subject, 'organisation', a.booked_by) AS booked_by, a.description, a.comment, "             \
    "a.cancelled_by, a.cancel_reason, a.cancel_code, a.overbook_reason, a.former, a.hold, nullif(a.synthetic, false) AS synthetic, a.version, "           \
    "a.created_at, a.updated_at, a.video_token"
// How the caller stands to it: the organisation itself or, unless the patient is sensitive, one above. Asked of the patient only where
// nothing else says it.
#define TAKES_PART(organisation)                                                                                                           \
    "CASE WHEN " organisation " = ANY (" ORGANISATIONS ") THEN true ELSE within_reach(" organisation ", " ORGANISATIONS ") "               \
    "    AND NOT patient_sensitive(a.patient) END"
#define PERFORMS TAKES_PART("a.organisation")
#define BOOKED TAKES_PART("a.booked_by")
#define WHO "LEFT JOIN LATERAL (SELECT " PERFORMS " AS performs, " BOOKED " AS booked OFFSET 0) w ON true"
#define CALLER_IS                                                                                                                          \
    "w.performs, w.booked, CASE WHEN NOT w.performs AND NOT w.booked THEN (SELECT " PATIENT_REACH                                          \
    " FROM patient p WHERE p.id = a.patient) END AS reach"
// One row, whether the caller sees one or not.
#define ONE_APPOINTMENT "(VALUES (1)) one (n) LEFT JOIN appointment a ON a.id = :request.id::uuid AND " TOLD " " WHO
#define CONCERNS "CASE WHEN a.id IS NULL THEN patient_of_appointment(:request.id::uuid) END AS concerns"

// After `changed`, which says the appointment's id: the slots of :after.freed. One that was put beside another leaves the slot to it.
#define FREED                                                                                                                              \
    "left_slots AS (UPDATE appointment_slot b SET live = false FROM changed c, input i WHERE b.slot = ANY (:after.freed::uuid[]) "         \
    "        AND b.appointment = c.id AND b.live RETURNING b.slot, b.overbooked), "                                                        \
    "freed AS (UPDATE slot s SET status = CASE WHEN l.overbooked THEN s.status ELSE 'free' END, "                                          \
    "        overbooked = s.overbooked AND NOT l.overbooked, version = s.version + 1 FROM left_slots l WHERE s.id = l.slot)"

#endif
