#include "services/referral/rules_referral.h"

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/rules_taking.h"

#define NOWHERE REFERRAL_STATE(UNSPECIFIED)
#define TO(verb, state) [REFERRAL_##verb] = REFERRAL_STATE(state)

static const referral_state_t steps[REFERRAL_STATES][REFERRAL_VERBS] = {
    [REFERRAL_STATE(DRAFT)] = {TO(AMEND, DRAFT), TO(SUBMIT, TRIAGE), TO(CANCEL, CANCELLED)},
    [REFERRAL_STATE(TRIAGE)] = {TO(ACCEPT, ACCEPTED), TO(RETURN, RETURNED), TO(REJECT, REJECTED), TO(REDIRECT, REDIRECTED),
                                TO(DEFER, DEFERRED), TO(CANCEL, CANCELLED)},
    [REFERRAL_STATE(ACCEPTED)] = {TO(DEFER, DEFERRED), TO(BOOK, BOOKED), TO(CANCEL, CANCELLED)},
    [REFERRAL_STATE(DEFERRED)] = {TO(BOOK, BOOKED), TO(CANCEL, CANCELLED)},
    [REFERRAL_STATE(BOOKED)] = {TO(COMPLETE, COMPLETED), TO(CANCEL, CANCELLED)},
    [REFERRAL_STATE(RETURNED)] = {TO(AMEND, RETURNED), TO(RESUBMIT, TRIAGE), TO(CANCEL, CANCELLED)},
};

static const char *const names[REFERRAL_STATES] = {"of no state", "a draft",   "in triage", "accepted", "deferred to the provider",
                                                   "booked",      "completed", "returned",  "rejected", "redirected",
                                                   "cancelled"};

static unsigned index_of(referral_state_t state)
{
    return (unsigned)state < REFERRAL_STATES ? (unsigned)state : 0;
}

status_t referral_go(referral_state_t from, referral_verb_t verb, referral_state_t *to, problem_t *problem)
{
    *to = steps[index_of(from)][verb];
    return *to != NOWHERE ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The referral is %s", names[index_of(from)]);
}

bool referral_open(referral_state_t state)
{
    return steps[index_of(state)][REFERRAL_CANCEL] != NOWHERE;
}

status_t referral_permits(referral_verb_t verb, bool refers, bool triages, bool sees, problem_t *problem)
{
    switch (verb) {
    case REFERRAL_AMEND:
    case REFERRAL_SUBMIT:
    case REFERRAL_RESUBMIT:
        if (refers && !sees)
            return problem_set(problem, STATUS_PERMISSION_DENIED, NULL,
                               "Who sees the patient's record no more refers them nowhere: it is cancelled");
        return refers ? STATUS_OK
                      : problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "Who refers alone, or keeps the patient's record, does that");
    case REFERRAL_BOOK:
    case REFERRAL_COMPLETE:
    case REFERRAL_CANCEL:
        return refers || triages
                   ? STATUS_OK
                   : problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "Who refers, triages or performs it alone does that");
    default:
        return triages ? STATUS_OK : problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "Who triages or performs it alone does that");
    }
}

const char *referral_ers_state(referral_state_t state, appointment_status_t status, Pcn__Referral__V1__CancelledBy by)
{
    static const char *const words[REFERRAL_STATES] = {
        [REFERRAL_STATE(DRAFT)] = "NOT_BOOKED",
        [REFERRAL_STATE(TRIAGE)] = "AWAITING_TRIAGE",
        [REFERRAL_STATE(ACCEPTED)] = "NOT_BOOKED",
        [REFERRAL_STATE(DEFERRED)] = "DEFERRED_TO_PROVIDER",
        [REFERRAL_STATE(BOOKED)] = "BOOKED",
        [REFERRAL_STATE(COMPLETED)] = "BOOKED",
        [REFERRAL_STATE(RETURNED)] = "TRIAGE_RESPONSE",
        [REFERRAL_STATE(REJECTED)] = "REJECTED",
        [REFERRAL_STATE(REDIRECTED)] = "TRIAGE_RESPONSE",
        [REFERRAL_STATE(CANCELLED)] = "CANCELLED_REFERRAL",
    };
    if (state == REFERRAL_STATE(BOOKED) && status == APPOINTMENT_STATUS(DID_NOT_ATTEND))
        return "DID_NOT_ATTEND";
    if (state == REFERRAL_STATE(BOOKED) && status == APPOINTMENT_STATUS(CANCELLED))
        return by == CANCELLED_BY(PATIENT) ? "APPT_CANCELLED_BY_PATIENT" : "APPT_CANCELLED_BY_PROVIDER";
    return words[index_of(state)];
}

// ---- references ----

#define NUMBERS UINT64_C(100000000000)
// No multiple of 2 or 5, so that each number has its own product modulo 10^11; small enough for 64 bits.
#define FACTOR UINT64_C(129140163)
#define SHIFT UINT64_C(40172210335)
#define DIGITS 12

// A quasigroup of order ten without fixed points that is weakly totally antisymmetric: H. Michael Damm, 2004.
static unsigned checked(unsigned interim, unsigned digit)
{
    static const unsigned char table[10][10] = {
        {0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9}, {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
        {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1}, {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
        {9, 4, 3, 8, 6, 1, 7, 2, 0, 5}, {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
    };
    return table[interim][digit];
}

void referral_reference(int64_t number, char out[REFERENCE_SIZE])
{
    uint64_t code = ((uint64_t)number % NUMBERS * FACTOR + SHIFT) % NUMBERS;
    unsigned digits[DIGITS];
    for (size_t i = DIGITS - 1; i > 0; i--, code /= 10)
        digits[i - 1] = (unsigned)(code % 10);
    unsigned interim = 0;
    for (size_t i = 0; i < DIGITS - 1; i++)
        interim = checked(interim, digits[i]);
    digits[DIGITS - 1] = interim;
    char *at = out;
    for (size_t i = 0; i < DIGITS; i++) {
        if (i == 4 || i == 8)
            *at++ = ' ';
        *at++ = (char)('0' + digits[i]);
    }
    *at = '\0';
}

bool referral_reference_holds(const char *text)
{
    unsigned interim = 0, count = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (*text < '0' || *text > '9' || ++count > DIGITS)
            return false;
        interim = checked(interim, (unsigned)(*text - '0'));
    }
    return count == DIGITS && interim == 0;
}

// ---- what may be the same ----

bool referral_duplicate(referral_state_t state, int32_t closed_on, int32_t today, int32_t days)
{
    return referral_open(state) || (closed_on != 0 && today - closed_on <= days);
}

// ---- clocks ----

bool referral_stop(referral_verb_t verb, referral_outcome_t outcome, wait_event_kind_t *stop)
{
    static const wait_event_kind_t of_outcome[] = {
        [REFERRAL_OUTCOME(UNSPECIFIED)] = WAIT_EVENT_FIRST_TREATMENT,  [REFERRAL_OUTCOME(TREATED)] = WAIT_EVENT_FIRST_TREATMENT,
        [REFERRAL_OUTCOME(NOT_TO_TREAT)] = WAIT_EVENT_NOT_TREATED,     [REFERRAL_OUTCOME(PATIENT_DECLINED)] = WAIT_EVENT_DECLINED,
        [REFERRAL_OUTCOME(ACTIVE_MONITORING)] = WAIT_EVENT_MONITORING, [REFERRAL_OUTCOME(RETURNED_TO_PRIMARY_CARE)] = WAIT_EVENT_RETURNED,
    };
    switch (verb) {
    case REFERRAL_COMPLETE:
        *stop = (unsigned)outcome < sizeof of_outcome / sizeof *of_outcome ? of_outcome[outcome] : WAIT_EVENT_FIRST_TREATMENT;
        return true;
    case REFERRAL_RETURN:
    case REFERRAL_REJECT:
        *stop = WAIT_EVENT_RETURNED;
        return true;
    case REFERRAL_REDIRECT:
        *stop = WAIT_EVENT_REDIRECTED;
        return true;
    case REFERRAL_CANCEL:
        *stop = WAIT_EVENT_DECLINED;
        return true;
    default:
        return false;
    }
}

// ---- where to ----

status_t referral_check_target(const referral_target_t *target, const char *service, int32_t day, problem_t *problem)
{
    const char *field = "service";
    if (target == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "There is no service %s", service);
    if (target->status != SERVICE_STATUS(ACTIVE))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "The service takes nobody at the moment");
    return taking_check_patient(target->taking, day, field, problem);
}

// ---- what it lacks ----

#define MISSING_TYPE (&pcn__referral__v1__referral_missing__type)

// What its pathway finds, if it has one.
static bool check_pathway(const Pcn__Referral__V1__PatientReferral *referral, const referral_ground_t *ground, int32_t today,
                          arena_t *arena, pathway_findings_t *findings)
{
    int32_t born;
    *findings = (pathway_findings_t){0};
    if (referral->pathway == NULL || ground == NULL || ground->pathway == NULL || ground->birth_date == NULL ||
        !date_parse(ground->birth_date, &born))
        return true;
    const pathway_case_t what = {.specialty = referral->specialty,
                                 .reason = referral->reason,
                                 .service = referral->service,
                                 .service_kind = ground->service_kind,
                                 .service_specialty = ground->service_specialty,
                                 .priority = referral->priority,
                                 .sex = ground->sex,
                                 .answers = referral->answers,
                                 .answer_count = referral->n_answers};
    return pathway_check(ground->pathway, &what, born, today, arena, findings);
}

static bool add_missing(arena_t *arena, const char *field, const char *what, referral_missing_t **missing, size_t *count)
{
    referral_missing_t *one = pb_new(MISSING_TYPE, arena);
    if (one == NULL)
        return false;
    one->field = (char *)(uintptr_t)field;
    one->what = (char *)(uintptr_t)what;
    missing[(*count)++] = one;
    return true;
}

bool referral_lacks(const Pcn__Referral__V1__PatientReferral *referral, const referral_ground_t *ground, bool sensitive,
                    const char *support, int32_t today, arena_t *arena, referral_missing_t ***missing, size_t *count)
{
    pathway_findings_t findings;
    *count = 0;
    if (!check_pathway(referral, ground, today, arena, &findings) ||
        (*missing = arena_alloc(arena, (findings.missing_count + 2) * sizeof(void *))) == NULL)
        return false;
    for (size_t i = 0; i < findings.missing_count; i++)
        (*missing)[(*count)++] = findings.missing[i];
    if (referral->pathway != NULL && (ground == NULL || ground->pathway == NULL) &&
        !add_missing(arena, "pathway", "No version of the pathway is in force today", *missing, count))
        return false;
    return !sensitive || referral->performer != NULL || support != NULL ||
           add_missing(arena, "service", "Of a sensitive patient it goes to a service that is named, or nobody would see it", *missing,
                       count);
}
