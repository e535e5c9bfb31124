// Decisions of the noticeboard's calls, one a method of the contract; service.c ties each to its statements.
#ifndef PCN_NOTICEBOARD_HANDLERS_NOTICE_H
#define PCN_NOTICEBOARD_HANDLERS_NOTICE_H

#include "common/service/service.h"

status_t decide_get_notice(service_call_t *call);
status_t decide_put_up_notice(service_call_t *call);
status_t decide_take_down_notice(service_call_t *call);
status_t decide_expire_notice(service_call_t *call);

#endif
