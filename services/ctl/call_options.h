// What stands on the command line of a call: the options that all calls have, and the flags of its own request.
#ifndef PCN_CTL_CALL_OPTIONS_H
#define PCN_CTL_CALL_OPTIONS_H

#include "services/ctl/flag.h"
#include "services/ctl/target.h"

typedef struct call_options {
    target_options_t target;
    const char *json_body, *idempotency_key, *if_match, *columns, *output;
    bool json, table, all;
    int64_t patience_us;
    // In the order of the command line. Values are NULL where the flag stands alone.
    flag_t *flags;
    const char **flag_values;
    size_t flag_count;
    const char **clear, **files; // may be given again
    size_t clear_count, file_count;
} call_options_t;

// argv[0] is the subcommand's name. INVALID_ARGUMENT for what the call does not know. Texts stay argv's.
MUST_CHECK status_t call_options_read(call_options_t *options, const pb_method_t *method, int argc, char **argv, problem_t *problem);
// Also after a read that failed.
void call_options_free(call_options_t *options);

#endif
