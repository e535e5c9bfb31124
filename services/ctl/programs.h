// The programs of an instance on this machine: what its supervisor knows of each, and what each daemon says on its private socket.
#ifndef PCN_CTL_PROGRAMS_H
#define PCN_CTL_PROGRAMS_H

#include <jansson.h>

#include "services/ctl/http.h"

// Appends an object a program to `rows`: program, state, version?, pid?, restarts?, readySince?, memory?, place?, delayMs?, problem?; and
// one a followed log to `followers`: service, source, state, sequence?, lag?, lagSeconds?. NOT_FOUND where the folder is no instance's.
MUST_CHECK status_t programs_look(http_t *http, const char *state_dir, json_t *rows, json_t *followers, problem_t *problem);

#endif
