// A subcommand of the contract: one call of a service over HTTP, from its flags to its answer on standard output.
#ifndef PCN_CTL_CALL_H
#define PCN_CTL_CALL_H

#include "common/pb/type.h"

// argv[0] is the subcommand's name. Returns the exit code.
int call_run(const pb_method_t *method, int argc, char **argv);

// How a list goes on where there is more than an answer holds.
typedef enum call_paging {
    CALL_PAGING_NONE,
    CALL_PAGING_TOKEN, // pageToken and nextPageToken
    CALL_PAGING_PLACE, // after; next and max
} call_paging_t;

call_paging_t call_paging(const pb_method_t *method);

#endif
