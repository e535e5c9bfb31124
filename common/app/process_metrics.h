// Figures of the process itself, under the names that every Prometheus client uses.
#ifndef PCN_APP_PROCESS_METRICS_H
#define PCN_APP_PROCESS_METRICS_H

#include "common/base/buf.h"

// Resident memory, processor time, open descriptors, start time. What cannot be read is left out.
void process_metrics_write(buf_t *out);

#endif
