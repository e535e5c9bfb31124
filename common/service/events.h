// The change log's contract, which every service serves over its own log: handlers like any others. events.c has Read, snapshot.c
// Snapshot.
#ifndef PCN_SERVICE_EVENTS_H
#define PCN_SERVICE_EVENTS_H

#include "common/service/service.h"
#include "pcn/events/v1/events.pb-c.h"

extern const service_handler_t events_handlers[];

// A page fits a frame: it ends with the event that fills this many bytes of data.
#define EVENTS_PAGE_BYTES 500000

// Those of the loaded rows that are events, as events of the service's log. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t events_of_rows(service_call_t *call, const char *service, Pcn__Events__V1__Event ***events, size_t *count);

// A place that is not in the log any more: OUT_OF_RANGE, with the way on.
status_t events_gone(service_call_t *call, const char *field, const char *service, const char *why);

extern const db_stmt_t snapshot_load;
status_t snapshot_prepare(service_call_t *call);
status_t snapshot_decide(service_call_t *call);

#endif
