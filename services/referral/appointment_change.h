// What the changes of an appointment share.
#ifndef PCN_REFERRAL_APPOINTMENT_CHANGE_H
#define PCN_REFERRAL_APPOINTMENT_CHANGE_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_appointment.h"

#define SCOPE_OVERBOOK "appointments.overbook"

typedef Pcn__Referral__Store__V1__LoadedAppointment loaded_appointment_t;
typedef Pcn__Referral__Store__V1__AppointmentChange change_t;

// Whether the caller sees a loaded appointment.
bool appointment_row_shown(const loaded_appointment_t *row);
// The loaded appointment. NOT_FOUND where the caller sees none such; in either case it is known whom the call is about.
status_t appointment_seen(service_call_t *call, const char *id, const loaded_appointment_t **row);
// Gives an appointment that is to take place by video, for an answer, the address where it is joined.
void appointment_join(service_call_t *call, const char *token, appointment_t *appointment);
// The appointment of a loaded row. NULL without memory.
appointment_t *appointment_of(service_call_t *call, const loaded_appointment_t *row);
// The loaded appointment, and it after the step, still with all that the step does not say by itself. Refuses one that the caller does not
// see, or may not change so, or not any more.
status_t appointment_change(service_call_t *call, const char *id, appointment_step_t step, const appointment_t **before, change_t **change);
// Leaves the change as what is saved, the appointment as the reply, and what events may tell of it as its one event.
status_t appointment_tell(service_call_t *call, const char *type, change_t *change);

#endif
