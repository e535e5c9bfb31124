// SQL of appointments.
#ifndef PCN_REFERRAL_STORE_APPOINTMENT_H
#define PCN_REFERRAL_STORE_APPOINTMENT_H

#include "common/db/statement.h"

// One row of LoadedBooking.
extern const db_stmt_t create_appointment_load, create_appointment_save;
// One row of LoadedAppointment, with `concerns` alone where the caller sees none such.
extern const db_stmt_t get_appointment;
// Rows of LoadedAppointment after the page token's place.
extern const db_stmt_t list_appointments;
// One row of LoadedAppointment as of get_appointment.
extern const db_stmt_t amend_appointment_load, amend_appointment_save;
extern const db_stmt_t cancel_appointment_load, cancel_appointment_save;
extern const db_stmt_t arrive_appointment_load, arrive_appointment_save;
extern const db_stmt_t complete_appointment_load, complete_appointment_save;
extern const db_stmt_t miss_appointment_load, miss_appointment_save;
// The same with `booking`.
extern const db_stmt_t reschedule_appointment_load, reschedule_appointment_save;

#endif
