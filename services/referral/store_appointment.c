// Looking at appointments, and what becomes of them. What takes slots is in store_booking.c.
#include "services/referral/store_appointment.h"

#include "services/referral/store_appointment_parts.h"

// ---- looking ----

#define KEPT_APPOINTMENT "SELECT " APPOINTMENT_COLUMNS ", " CALLER_IS ", " CONCERNS " FROM " ONE_APPOINTMENT

const db_stmt_t get_appointment = {"get_appointment", KEPT_APPOINTMENT};

#define OF_LIST                                                                                                                            \
    " AND (:request.status::text IS NULL OR a.status = :request.status::text) AND " TOLD                                                   \
    " AND (:prepared.after_start::timestamptz IS NULL "                                                                                    \
    "      OR (a.start_at, a.id) > (:prepared.after_start::timestamptz, :prepared.after_id::uuid)) "                                       \
    "ORDER BY a.start_at, a.id LIMIT coalesce(:request.page_size::int, 50) + 1"

// Either part finds nothing where it is not asked for.
const db_stmt_t list_appointments = {
    "list_appointments",
    "SELECT " APPOINTMENT_COLUMNS ", " CALLER_IS " FROM ((SELECT a.* FROM appointment a WHERE a.organisation = :request.organisation::text "
    "    AND a.start_at >= :prepared.from::timestamptz AND a.start_at < :prepared.to::timestamptz" OF_LIST ") "
    "UNION ALL (SELECT a.* FROM appointment a WHERE a.patient = :request.patient::uuid" OF_LIST ")) a " WHO " ORDER BY a.start_at, a.id"};

// ---- changes ----

#define APPOINTMENT_SAVE(assignments)                                                                                                      \
    "changed AS (UPDATE appointment a SET " assignments ", version = :after.appointment.version::bigint, updated_at = " NOW " "            \
    "    FROM input i WHERE a.id = :request.id::uuid AND a.version = :row.version::bigint AND " TOLD " "                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING a.slots[1]::text AS key, a.id)"
#define STATUS_SAVE APPOINTMENT_SAVE("status = :after.appointment.status::text")

const db_stmt_t amend_appointment_load = {"amend_appointment_load", KEPT_APPOINTMENT};
const db_stmt_t amend_appointment_save = {"amend_appointment_save",
                                          APPOINTMENT_SAVE("description = nullif(:after.appointment.description::text, ''), "
                                                           "comment = nullif(:after.appointment.comment::text, '')")};
const db_stmt_t cancel_appointment_load = {"cancel_appointment_load", KEPT_APPOINTMENT};
const db_stmt_t cancel_appointment_save = {"cancel_appointment_save",
                                           APPOINTMENT_SAVE("status = 'cancelled', cancelled_by = :after.appointment.cancelled_by::text, "
                                                            "cancel_reason = :after.appointment.cancel_reason::text") ", " FREED};
const db_stmt_t arrive_appointment_load = {"arrive_appointment_load", KEPT_APPOINTMENT};
const db_stmt_t arrive_appointment_save = {"arrive_appointment_save", STATUS_SAVE};
const db_stmt_t complete_appointment_load = {"complete_appointment_load", KEPT_APPOINTMENT};
const db_stmt_t complete_appointment_save = {"complete_appointment_save", STATUS_SAVE};
const db_stmt_t miss_appointment_load = {"miss_appointment_load", KEPT_APPOINTMENT};
const db_stmt_t miss_appointment_save = {"miss_appointment_save", STATUS_SAVE};
