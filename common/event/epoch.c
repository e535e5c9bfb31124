#include "common/event/epoch.h"

#include <stdio.h>

status_t event_epoch_renew(db_session_t *owner, char epoch[EVENT_EPOCH_SIZE], problem_t *problem)
{
    PGresult *result = db_session_exec(owner, "UPDATE log_state SET epoch = gen_random_uuid() RETURNING epoch", problem);
    if (result == NULL)
        return problem->status;
    const bool one = PQntuples(result) == 1;
    if (one)
        (void)snprintf(epoch, EVENT_EPOCH_SIZE, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return one ? STATUS_OK : problem_set(problem, STATUS_INTERNAL, NULL, "The log's end is missing");
}
