#include "services/referral/rules_waiting.h"

#include <string.h>

#include "common/base/clock.h"

#define US_PER_MINUTE INT64_C(60000000)
#define STATUSES 6

static const waiting_status_t steps[STATUSES][WAITING_STEPS] = {
    [WAITING_STATUS(WAITING)] =
        {
            [WAITING_OFFER] = WAITING_STATUS(OFFERED),
            [WAITING_WITHDRAW] = WAITING_STATUS(WITHDRAWN),
            [WAITING_BOOK] = WAITING_STATUS(BOOKED),
            [WAITING_LAPSE] = WAITING_STATUS(LAPSED),
        },
    [WAITING_STATUS(OFFERED)] =
        {
            [WAITING_DECLINE] = WAITING_STATUS(WAITING),
            [WAITING_RUN_OUT] = WAITING_STATUS(WAITING),
            [WAITING_WITHDRAW] = WAITING_STATUS(WITHDRAWN),
            [WAITING_BOOK] = WAITING_STATUS(BOOKED),
        },
};

static const char *const names[STATUSES] = {"of no status", "waiting, and nothing is offered", "offered a slot", "booked",
                                            "withdrawn",    "lapsed: its last day is over"};

status_t waiting_go(waiting_status_t from, waiting_step_t step, waiting_status_t *to, problem_t *problem)
{
    const unsigned at = (unsigned)from < STATUSES ? (unsigned)from : 0;
    *to = steps[at][step];
    return *to != WAITING_STATUS(UNSPECIFIED) ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The entry is %s", names[at]);
}

int64_t waiting_offer_until(int64_t now_us, uint32_t minutes, int64_t bookable_us)
{
    const int64_t until = now_us + (int64_t)minutes * US_PER_MINUTE;
    return until < bookable_us ? until : bookable_us;
}

bool waiting_same(const Pcn__Referral__Store__V1__LoadedWaitingEntry *a, const Pcn__Referral__Store__V1__LoadedWaitingEntry *b)
{
    return strcmp(a->service, b->service) == 0 && a->has_kind == b->has_kind && (!a->has_kind || a->kind == b->kind) &&
           a->has_channel == b->has_channel && (!a->has_channel || a->channel == b->channel);
}

status_t waiting_days(const char *from, const char *to, int32_t today, problem_t *problem)
{
    int32_t first = today, last;
    if (to == NULL || !date_parse(to, &last))
        return STATUS_OK;
    if (from != NULL && date_parse(from, &first) && last < first)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "The last day is before the first");
    return last >= today ? STATUS_OK : problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "The last day is over");
}
