// Handlers of shifted work.
#ifndef PCN_REFERRAL_HANDLERS_SHIFTED_H
#define PCN_REFERRAL_HANDLERS_SHIFTED_H

#include "services/referral/handlers.h"

#define SHIFTED_WORK_THEME_TYPE (&pcn__referral__v1__shifted_work_theme__type)
#define LOADED_SHIFTED_WORK_TYPE (&pcn__referral__store__v1__loaded_shifted_work__type)
#define SHIFTED_WORK_REFERENCES_TYPE (&pcn__referral__store__v1__shifted_work_references__type)
#define SHIFTED_WORK_CHANGE_TYPE (&pcn__referral__store__v1__shifted_work_change__type)
#define SHIFTED_WORK_CELL_TYPE (&pcn__referral__store__v1__shifted_work_cell__type)
// What a summary is of, once what was not said is filled in: a request.
#define SHIFTED_WORK_SUMMARY_REQUEST_TYPE (&pcn__referral__v1__shifted_work_summary_request__type)

status_t decide_create_shifted_work(service_call_t *call);
status_t decide_get_shifted_work(service_call_t *call);
status_t prepare_list_shifted_work(service_call_t *call);
status_t decide_list_shifted_work(service_call_t *call);
status_t decide_give_shifted_work_feedback(service_call_t *call);
status_t decide_close_shifted_work(service_call_t *call);
status_t decide_list_shifted_work_themes(service_call_t *call);
status_t prepare_summarize_shifted_work(service_call_t *call);
status_t decide_summarize_shifted_work(service_call_t *call);

#endif
