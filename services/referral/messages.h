// Short names for the messages that referral's rules and handlers work on.
#ifndef PCN_REFERRAL_MESSAGES_H
#define PCN_REFERRAL_MESSAGES_H

#include "pcn/referral/store/v1/advice.meta.h"
#include "pcn/referral/store/v1/booking.meta.h"
#include "pcn/referral/store/v1/consultation.meta.h"
#include "pcn/referral/store/v1/digital.meta.h"
#include "pcn/referral/store/v1/obligation.meta.h"
#include "pcn/referral/store/v1/pathway.meta.h"
#include "pcn/referral/store/v1/prescription.meta.h"
#include "pcn/referral/store/v1/referrals.meta.h"
#include "pcn/referral/store/v1/shifted.meta.h"
#include "pcn/referral/store/v1/store.meta.h"
#include "pcn/referral/store/v1/succession.meta.h"
#include "pcn/referral/store/v1/taking.meta.h"
#include "pcn/referral/store/v1/urgent.meta.h"
#include "pcn/referral/store/v1/variation.meta.h"
#include "pcn/referral/store/v1/waiting.meta.h"
#include "pcn/referral/v1/advice.meta.h"
#include "pcn/referral/v1/appointment.meta.h"
#include "pcn/referral/v1/consultation.meta.h"
#include "pcn/referral/v1/digital.meta.h"
#include "pcn/referral/v1/directory.meta.h"
#include "pcn/referral/v1/obligation.meta.h"
#include "pcn/referral/v1/pathway.meta.h"
#include "pcn/referral/v1/patient.meta.h"
#include "pcn/referral/v1/prescription.meta.h"
#include "pcn/referral/v1/referral.meta.h"
#include "pcn/referral/v1/referrals.meta.h"
#include "pcn/referral/v1/schedule.meta.h"
#include "pcn/referral/v1/shifted.meta.h"
#include "pcn/referral/v1/urgent.meta.h"
#include "pcn/referral/v1/variation.meta.h"
#include "pcn/referral/v1/waiting.meta.h"

typedef Pcn__Referral__V1__Service directory_service_t;
typedef Pcn__Referral__V1__ServiceKind service_kind_t;
typedef Pcn__Referral__V1__Hours hours_t;
typedef Pcn__Referral__V1__Criteria criteria_t;
typedef Pcn__Referral__V1__AcceptsFrom accepts_from_t;
typedef Pcn__Referral__V1__Reason reason_t;
typedef Pcn__Referral__V1__Signposting signposting_t;
typedef Pcn__Referral__V1__Channel channel_t;
typedef Pcn__Referral__V1__Sex sex_t;
// A service as it was loaded, with what a search asks.
typedef Pcn__Referral__Store__V1__LoadedService loaded_service_t;

#define SERVICE_TYPE (&pcn__referral__v1__service__type)
#define SERVICE_KIND_TYPE (&pcn__referral__v1__service_kind__type)
#define SIGNPOSTING_TYPE (&pcn__referral__v1__signposting__type)
#define REASON_TYPE (&pcn__referral__v1__reason__type)
#define LOADED_SERVICE_TYPE (&pcn__referral__store__v1__loaded_service__type)

#define SCHEDULE_TEMPLATE_TYPE (&pcn__referral__v1__schedule_template__type)
#define SCHEDULE_TEMPLATE_STATE_TYPE (&pcn__referral__v1__schedule_template_state__type)
#define SESSION_EXCEPTION_TYPE (&pcn__referral__v1__session_exception__type)
#define SESSION_EXCEPTION_STATE_TYPE (&pcn__referral__v1__session_exception_state__type)
#define SLOT_STATE_TYPE (&pcn__referral__v1__slot_state__type)
#define SLOT_TYPE (&pcn__referral__v1__slot__type)
#define HOLD_TYPE (&pcn__referral__v1__hold__type)
#define LOADED_TEMPLATE_TYPE (&pcn__referral__store__v1__loaded_template__type)
#define LOADED_SLOT_TYPE (&pcn__referral__store__v1__loaded_slot__type)

#define PATIENT_TYPE (&pcn__referral__v1__patient__type)
#define PATIENT_STATE_TYPE (&pcn__referral__v1__patient_state__type)
#define LOADED_PATIENT_TYPE (&pcn__referral__store__v1__loaded_patient__type)
typedef Pcn__Referral__Store__V1__LoadedSlot loaded_slot_t;
typedef Pcn__Referral__V1__Appointment appointment_t;
typedef Pcn__Referral__V1__AppointmentStatus appointment_status_t;

#define APPOINTMENT_TYPE (&pcn__referral__v1__appointment__type)
#define APPOINTMENT_STATE_TYPE (&pcn__referral__v1__appointment_state__type)
#define APPOINTMENT_CHANGE_TYPE (&pcn__referral__store__v1__appointment_change__type)
#define LOADED_APPOINTMENT_TYPE (&pcn__referral__store__v1__loaded_appointment__type)
#define LOADED_BOOKING_TYPE (&pcn__referral__store__v1__loaded_booking__type)

#define CHANNEL(name) PCN__REFERRAL__V1__CHANNEL__CHANNEL_##name
#define SERVICE_STATUS(name) PCN__REFERRAL__V1__SERVICE_STATUS__SERVICE_STATUS_##name
#define SLOT_STATUS(name) PCN__REFERRAL__V1__SLOT_STATUS__SLOT_STATUS_##name
#define CONSULTATION_STATUS(name) PCN__REFERRAL__V1__CONSULTATION_STATUS__CONSULTATION_STATUS_##name
#define WAITING_STATUS(name) PCN__REFERRAL__V1__WAITING_STATUS__WAITING_STATUS_##name
#define URGENCY(name) PCN__REFERRAL__V1__URGENCY__URGENCY_##name
#define APPOINTMENT_STATUS(name) PCN__REFERRAL__V1__APPOINTMENT_STATUS__APPOINTMENT_STATUS_##name
#define CANCELLED_BY(name) PCN__REFERRAL__V1__CANCELLED_BY__CANCELLED_BY_##name
#define OUTCOME(name) PCN__REFERRAL__V1__SIGNPOSTING_OUTCOME__SIGNPOSTING_OUTCOME_##name

#endif
