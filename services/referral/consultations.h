// What both files of handlers of online consultations share.
#ifndef PCN_REFERRAL_CONSULTATIONS_H
#define PCN_REFERRAL_CONSULTATIONS_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_consultation.h"

typedef Pcn__Referral__V1__OnlineConsultation consultation_t;
typedef Pcn__Referral__V1__OnlineConsultationState consultation_state_t;
typedef Pcn__Referral__Store__V1__LoadedConsultation loaded_consultation_t;
typedef Pcn__Referral__Store__V1__ConsultationChange consultation_change_t;

#define CONSULTATION_TYPE (&pcn__referral__v1__online_consultation__type)
#define CONSULTATION_STATE_TYPE (&pcn__referral__v1__online_consultation_state__type)
#define CONSULTATION_CHANGE_TYPE (&pcn__referral__store__v1__consultation_change__type)
#define LOADED_CONSULTATION_TYPE (&pcn__referral__store__v1__loaded_consultation__type)

// The consultation of a row; NULL without memory.
consultation_t *consultation_of(service_call_t *call, const loaded_consultation_t *row);
// Leaves the changed consultation as reply and the change as what the save writes; its one event carries the state alone.
status_t emit_consultation(service_call_t *call, const char *type, consultation_change_t *change);
// Adds the event alone.
MUST_CHECK status_t consultation_event(service_call_t *call, const char *type, const consultation_t *consultation);
status_t refuse_consultation(service_call_t *call, const char *id);

#endif
