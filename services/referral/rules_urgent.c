#include "services/referral/rules_urgent.h"

#include <string.h>

#define US_PER_MINUTE INT64_C(60000000)
#define STATUSES 8
#define S(name) PCN__REFERRAL__V1__URGENT_CASE_STATUS__URGENT_CASE_STATUS_##name

// What may be done as long as nobody has seen the patient, but for accepting.
#define UNTIL_SEEN [URGENT_ASSIGN] = S(ASSIGNED), [URGENT_DISPOSE] = S(DISPOSED), [URGENT_BOOK] = S(BOOKED), [URGENT_CLOSE] = S(CLOSED)

static const urgent_status_t steps[STATUSES][URGENT_STEPS] = {
    [S(OPENED)] = {[URGENT_DISPOSE] = S(DISPOSED), [URGENT_CLOSE] = S(CLOSED)},
    [S(DISPOSED)] = {UNTIL_SEEN},
    [S(ASSIGNED)] = {UNTIL_SEEN, [URGENT_ACCEPT] = S(ACCEPTED), [URGENT_RESPOND] = S(RESPONDED)},
    [S(ACCEPTED)] = {UNTIL_SEEN, [URGENT_RESPOND] = S(RESPONDED)},
    [S(BOOKED)] = {UNTIL_SEEN, [URGENT_RESPOND] = S(RESPONDED)},
    [S(RESPONDED)] = {[URGENT_CLOSE] = S(CLOSED)},
};

static const char *const names[STATUSES] = {"of no state",
                                            "without a disposition yet",
                                            "not given to a service yet",
                                            "with a service that has not accepted it",
                                            "accepted by its service",
                                            "booked",
                                            "one that was responded to",
                                            "closed"};

status_t urgent_go(urgent_status_t from, urgent_step_t step, urgent_status_t *to, problem_t *problem)
{
    const unsigned at = (unsigned)from < STATUSES ? (unsigned)from : 0;
    *to = steps[at][step];
    return *to != S(UNSPECIFIED) ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The case is %s", names[at]);
}

bool urgent_may(urgent_step_t step, bool keeps, bool provides)
{
    return keeps || (provides && step != URGENT_DISPOSE && step != URGENT_ASSIGN);
}

uint32_t urgent_target(uint32_t disposition_minutes, uint32_t service_minutes)
{
    if (disposition_minutes == 0 || service_minutes == 0)
        return disposition_minutes + service_minutes;
    return disposition_minutes < service_minutes ? disposition_minutes : service_minutes;
}

int64_t urgent_due(int64_t disposed_us, uint32_t target_minutes)
{
    return disposed_us + (int64_t)target_minutes * US_PER_MINUTE;
}

bool urgent_breached(int64_t due_us, int64_t stopped_us, int64_t now_us)
{
    return (stopped_us != 0 ? stopped_us : now_us) > due_us;
}

int64_t urgent_minutes_left(int64_t due_us, int64_t now_us)
{
    const int64_t left = due_us - now_us, minutes = left / US_PER_MINUTE;
    return left < 0 && left % US_PER_MINUTE != 0 ? minutes - 1 : minutes;
}

static bool answers(const loaded_service_t *service, char *const *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(service->kind, kinds[i]) == 0)
            return true;
    }
    return false;
}

status_t urgent_check_service(const search_t *search, const loaded_service_t *service, char *const *kinds, size_t kind_count,
                              arena_t *arena, problem_t *problem)
{
    if (!answers(service, kinds, kind_count))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "service", "A service of kind %s does not answer the disposition",
                           service->kind);
    reason_t *reasons[DIRECTORY_REASONS_MAX];
    size_t count = 0;
    const local_moment_t any = {0};
    status_t status = directory_reasons(search, service, &any, arena, reasons, &count, problem);
    if (status != STATUS_OK || count == 0)
        return status;
    return problem_set(problem, STATUS_FAILED_PRECONDITION, "service", "%s", reasons[0]->detail);
}
