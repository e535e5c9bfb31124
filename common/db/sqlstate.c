#include "common/db/sqlstate.h"

#include <string.h>

typedef struct sqlstate_rule {
    const char *prefix; // of the five characters
    status_t status;
    bool retryable;
} sqlstate_rule_t;

// The first prefix that fits counts.
static const sqlstate_rule_t RULES[] = {
    {"00", STATUS_OK, false},
    {"01", STATUS_OK, false},
    {"02", STATUS_OK, false},
    {"23505", STATUS_ALREADY_EXISTS, false},
    {"23P01", STATUS_ALREADY_EXISTS, false},
    {"23503", STATUS_FAILED_PRECONDITION, false},
    {"23514", STATUS_INVALID_ARGUMENT, false},
    {"40001", STATUS_ABORTED, true},
    {"40P01", STATUS_ABORTED, true},
    {"55P03", STATUS_ABORTED, true},
    {"57014", STATUS_DEADLINE_EXCEEDED, false},
    {"53100", STATUS_UNAVAILABLE, false},
    {"53", STATUS_RESOURCE_EXHAUSTED, false},
    {"08", STATUS_UNAVAILABLE, false},
    {"57P0", STATUS_UNAVAILABLE, false},
    {"25006", STATUS_UNAVAILABLE, false},
};

static const sqlstate_rule_t *rule_of(const char *sqlstate)
{
    if (sqlstate == NULL || strlen(sqlstate) != 5)
        return NULL;
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        if (strncmp(sqlstate, RULES[i].prefix, strlen(RULES[i].prefix)) == 0)
            return &RULES[i];
    return NULL;
}

status_t sqlstate_status(const char *sqlstate)
{
    const sqlstate_rule_t *rule = rule_of(sqlstate);
    return rule != NULL ? rule->status : STATUS_INTERNAL;
}

bool sqlstate_retryable(const char *sqlstate)
{
    const sqlstate_rule_t *rule = rule_of(sqlstate);
    return rule != NULL && rule->retryable;
}
