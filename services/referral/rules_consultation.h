// How an online consultation goes on, when it is late, and whose words are written into it. Pure.
#ifndef PCN_REFERRAL_RULES_CONSULTATION_H
#define PCN_REFERRAL_RULES_CONSULTATION_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__ConsultationStatus consultation_status_t;

typedef enum consultation_step {
    CONSULTATION_TRIAGE,
    CONSULTATION_ANSWER,
    CONSULTATION_MESSAGE,
    CONSULTATION_ASK,
    CONSULTATION_CONVERT,
    CONSULTATION_CLOSE,
    CONSULTATION_STEPS
} consultation_step_t;

// Where a step leads from a status; ABORTED with the reason where it leads nowhere.
MUST_CHECK status_t consultation_go(consultation_status_t from, consultation_step_t step, consultation_status_t *to, problem_t *problem);

// Until when it is to be triaged.
int64_t consultation_due(int64_t created_us, uint32_t target_minutes);
// Whether it was triaged, or closed without that, after its time, or still waits and its time is over. `triaged_us`, `closed_us`: 0 for
// not.
bool consultation_late(int64_t due_us, int64_t triaged_us, int64_t closed_us, int64_t now_us);

// Whose words the caller may write down. Who only advises writes as the specialist alone; who keeps the consultation writes for everybody,
// since patients and specialists also speak by other ways. PERMISSION_DENIED.
MUST_CHECK status_t consultation_sender(const char *from, bool keeps, bool advises, problem_t *problem);

// Whether it can go on at an appointment of that channel, which takes place or took place. FAILED_PRECONDITION `appointment`.
MUST_CHECK status_t consultation_outcome(channel_t channel, bool live, problem_t *problem);

// Bytes of a thread that still fit into an answer. FAILED_PRECONDITION where no more do.
#define CONSULTATION_THREAD_BYTES ((size_t)300 * 1024)
#define CONSULTATION_THREAD_MESSAGES 1000
MUST_CHECK status_t consultation_room(size_t messages, size_t bytes, size_t more, problem_t *problem);

#endif
