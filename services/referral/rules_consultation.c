#include "services/referral/rules_consultation.h"

#include <string.h>

#define US_PER_MINUTE INT64_C(60000000)
#define NOWHERE CONSULTATION_STATUS(UNSPECIFIED)
#define STATUSES 6

static const consultation_status_t steps[STATUSES][CONSULTATION_STEPS] = {
    [CONSULTATION_STATUS(REQUESTED)] =
        {
            [CONSULTATION_TRIAGE] = CONSULTATION_STATUS(TRIAGED),
            [CONSULTATION_MESSAGE] = CONSULTATION_STATUS(REQUESTED),
            [CONSULTATION_CLOSE] = CONSULTATION_STATUS(CLOSED),
        },
    [CONSULTATION_STATUS(TRIAGED)] =
        {
            [CONSULTATION_TRIAGE] = CONSULTATION_STATUS(TRIAGED),
            [CONSULTATION_ANSWER] = CONSULTATION_STATUS(ANSWERED),
            [CONSULTATION_MESSAGE] = CONSULTATION_STATUS(TRIAGED),
            [CONSULTATION_ASK] = CONSULTATION_STATUS(TRIAGED),
            [CONSULTATION_CONVERT] = CONSULTATION_STATUS(CONVERTED),
            [CONSULTATION_CLOSE] = CONSULTATION_STATUS(CLOSED),
        },
    [CONSULTATION_STATUS(ANSWERED)] =
        {
            [CONSULTATION_ANSWER] = CONSULTATION_STATUS(ANSWERED),
            [CONSULTATION_MESSAGE] = CONSULTATION_STATUS(ANSWERED),
            [CONSULTATION_ASK] = CONSULTATION_STATUS(ANSWERED),
            [CONSULTATION_CONVERT] = CONSULTATION_STATUS(CONVERTED),
            [CONSULTATION_CLOSE] = CONSULTATION_STATUS(CLOSED),
        },
    [CONSULTATION_STATUS(CONVERTED)] =
        {
            [CONSULTATION_MESSAGE] = CONSULTATION_STATUS(CONVERTED),
            [CONSULTATION_ASK] = CONSULTATION_STATUS(CONVERTED),
            [CONSULTATION_CLOSE] = CONSULTATION_STATUS(CLOSED),
        },
};

static const char *const names[STATUSES] = {"of no status", "not triaged yet", "triaged", "answered", "converted to an appointment",
                                            "closed"};

status_t consultation_go(consultation_status_t from, consultation_step_t step, consultation_status_t *to, problem_t *problem)
{
    const unsigned at = (unsigned)from < STATUSES ? (unsigned)from : 0;
    *to = steps[at][step];
    return *to != NOWHERE ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The consultation is %s", names[at]);
}

int64_t consultation_due(int64_t created_us, uint32_t target_minutes)
{
    return created_us + (int64_t)target_minutes * US_PER_MINUTE;
}

bool consultation_late(int64_t due_us, int64_t triaged_us, int64_t closed_us, int64_t now_us)
{
    const int64_t ended = triaged_us != 0 ? triaged_us : closed_us;
    return (ended != 0 ? ended : now_us) > due_us;
}

status_t consultation_sender(const char *from, bool keeps, bool advises, problem_t *problem)
{
    if (keeps || (advises && strcmp(from, "specialist") == 0))
        return STATUS_OK;
    return problem_set(problem, STATUS_PERMISSION_DENIED, "from", "Who was asked for advice writes as the specialist");
}

status_t consultation_outcome(channel_t channel, bool live, problem_t *problem)
{
    if (!live)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "appointment", "The appointment does not take place");
    if (channel == CHANNEL(TELEPHONE) || channel == CHANNEL(VIDEO) || channel == CHANNEL(IN_PERSON))
        return STATUS_OK;
    return problem_set(problem, STATUS_FAILED_PRECONDITION, "appointment", "The appointment is no telephone call, video call or visit");
}

status_t consultation_room(size_t messages, size_t bytes, size_t more, problem_t *problem)
{
    if (messages < CONSULTATION_THREAD_MESSAGES && bytes + more <= CONSULTATION_THREAD_BYTES)
        return STATUS_OK;
    return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "The thread is full: close the consultation and begin another");
}
