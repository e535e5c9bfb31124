// Handlers of advice and guidance.
#ifndef PCN_REFERRAL_HANDLERS_ADVICE_H
#define PCN_REFERRAL_HANDLERS_ADVICE_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_advice.h"

typedef Pcn__Referral__V1__Advice advice_t;
typedef Pcn__Referral__Store__V1__LoadedAdvice loaded_advice_t;
typedef Pcn__Referral__Store__V1__AdviceChange advice_change_t;

#define ADVICE_TYPE (&pcn__referral__v1__advice__type)
#define LOADED_ADVICE_TYPE (&pcn__referral__store__v1__loaded_advice__type)
#define ADVICE_REFERENCES_TYPE (&pcn__referral__store__v1__advice_references__type)
#define ADVICE_CHANGE_TYPE (&pcn__referral__store__v1__advice_change__type)

// ---- what the files share ----

status_t refuse_advice(service_call_t *call, const char *id);
// The request of a row as it stands today; NULL without memory.
advice_t *advice_of(service_call_t *call, const loaded_advice_t *row);
// The day that is so many working days after today; NULL without memory.
char *advice_due(service_call_t *call, uint32_t working_days, char *const *holidays, size_t count);
// Leaves the changed request as reply and the change as what the save writes; its one event carries where it stands alone.
status_t emit_advice(service_call_t *call, const char *type, advice_change_t *change);
// The request to be changed by a step, with its next version and state; NULL with the refusal in *status.
advice_change_t *begin_advice_step(service_call_t *call, const char *id, advice_step_t step, status_t *status);
// Adds what the step says at the end of the thread; `text` may be NULL where it ends the conversation.
status_t say_advice_step(service_call_t *call, advice_change_t *change, advice_step_t step, char *text);

status_t decide_create_advice(service_call_t *call);
status_t decide_get_advice(service_call_t *call);
status_t prepare_list_advice(service_call_t *call);
status_t decide_list_advice(service_call_t *call);
status_t decide_respond_to_advice(service_call_t *call);
status_t decide_ask_for_information(service_call_t *call);
status_t decide_submit_information(service_call_t *call);
status_t decide_convert_advice(service_call_t *call);
status_t decide_close_advice(service_call_t *call);
status_t decide_cancel_advice(service_call_t *call);

#endif
