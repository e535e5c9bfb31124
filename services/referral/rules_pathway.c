#include "services/referral/rules_pathway.h"

#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/pb/field.h"
#include "common/pb/message.h"
#include "services/referral/rules_taking.h"

#define MISSING_TYPE (&pcn__referral__v1__referral_missing__type)
#define KIND(name) PCN__REFERRAL__V1__QUESTION_KIND__QUESTION_KIND_##name

const pathway_t *pathway_in_force(pathway_t *const *versions, size_t count, int32_t day)
{
    for (size_t i = 0; i < count; i++) {
        int32_t from, to;
        if (date_parse(versions[i]->effective_from, &from) && from <= day &&
            (versions[i]->effective_to == NULL || (date_parse(versions[i]->effective_to, &to) && day <= to)))
            return versions[i];
    }
    return NULL;
}

// ---- what was found ----

typedef struct check {
    const pathway_t *pathway;
    const pathway_case_t *referral;
    arena_t *arena;
    pathway_findings_t *findings;
    bool failed;
} check_t;

static void miss(check_t *check, const char *field, const char *question, const char *what)
{
    referral_missing_t *missing = pb_new(MISSING_TYPE, check->arena);
    if (missing == NULL || what == NULL) {
        check->failed = true;
        return;
    }
    missing->field = (char *)(uintptr_t)field;
    missing->question = (char *)(uintptr_t)question;
    missing->what = (char *)(uintptr_t)what;
    check->findings->missing[check->findings->missing_count++] = missing;
}

static const referral_answer_t *answer_to(const check_t *check, const char *question)
{
    for (size_t i = 0; i < check->referral->answer_count; i++) {
        if (strcmp(check->referral->answers[i]->question, question) == 0)
            return check->referral->answers[i];
    }
    return NULL;
}

static bool blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

// ---- the referral itself ----

// "routine, urgent"; NULL without memory.
static const char *priorities(const check_t *check)
{
    const char *text = "";
    const pb_type_t *type = &pcn__referral__v1__pathway__type;
    const int index = pb_field_by_name(type, "priorities_allowed");
    for (size_t i = 0; index >= 0 && text != NULL && i < check->pathway->n_priorities_allowed; i++) {
        const char *name = pb_enum_json(type->fields[index].enumeration, (int)check->pathway->priorities_allowed[i]);
        if (name != NULL)
            text = arena_printf(check->arena, "%s%s%s", text, *text != '\0' ? ", " : "", name);
    }
    return text;
}

static void check_priority(check_t *check)
{
    for (size_t i = 0; i < check->pathway->n_priorities_allowed; i++) {
        if (check->pathway->priorities_allowed[i] == check->referral->priority)
            return;
    }
    const char *allowed = priorities(check);
    miss(check, "priority", NULL, allowed != NULL ? arena_printf(check->arena, "The pathway's priorities are: %s", allowed) : NULL);
}

static void check_age(check_t *check, int32_t born, int32_t today)
{
    const pathway_t *pathway = check->pathway;
    char birth_date[DATE_SIZE];
    date_format(born, birth_date);
    const uint32_t age = taking_age(birth_date, today);
    if (pathway->has_age_from && age < pathway->age_from)
        miss(check, "patient", NULL, arena_printf(check->arena, "The pathway is for those of %u and older", pathway->age_from));
    if (pathway->has_age_to && age > pathway->age_to)
        miss(check, "patient", NULL, arena_printf(check->arena, "The pathway is for those of up to %u", pathway->age_to));
}

static void check_destination(check_t *check)
{
    const pathway_t *pathway = check->pathway;
    const pathway_case_t *referral = check->referral;
    if (referral->service_kind == NULL || pathway->n_destinations == 0)
        return;
    for (size_t i = 0; i < pathway->n_destinations; i++) {
        const char *specialty = pathway->destinations[i]->specialty;
        if (strcmp(pathway->destinations[i]->kind, referral->service_kind) == 0 &&
            (specialty == NULL || (referral->service_specialty != NULL && strcasecmp(specialty, referral->service_specialty) == 0)))
            return;
    }
    miss(check, "service", NULL, "The pathway does not lead to a service of that kind and specialty");
}

static void check_data(check_t *check, const char *code)
{
    const pathway_case_t *referral = check->referral;
    const referral_answer_t *answer = answer_to(check, code);
    if (strcmp(code, "reason") == 0) {
        if (blank(referral->reason))
            miss(check, "reason", NULL, "The pathway requires it");
    } else if (strcmp(code, "service") == 0) {
        if (referral->service == NULL)
            miss(check, "service", NULL, "The pathway requires it");
    } else if (strcmp(code, "sex") == 0) {
        if (referral->sex == PCN__REFERRAL__V1__SEX__SEX_UNSPECIFIED)
            miss(check, "patient", NULL, "The pathway requires the patient's sex");
    } else if (answer == NULL || blank(answer->answer)) {
        miss(check, "answers", code, "The pathway requires it");
    }
}

// ---- questions ----

static bool is_number(const char *text)
{
    const char *at = text + (*text == '-' ? 1 : 0);
    const size_t whole = strspn(at, "0123456789");
    if (whole == 0 || whole > 12)
        return false;
    at += whole;
    if (*at == '\0')
        return true;
    const size_t fraction = *at == '.' ? strspn(at + 1, "0123456789") : 0;
    return fraction > 0 && fraction <= 6 && at[1 + fraction] == '\0';
}

static bool is_choice(const pathway_question_t *question, const char *text)
{
    for (size_t i = 0; i < question->n_choices; i++) {
        if (strcmp(question->choices[i], text) == 0)
            return true;
    }
    return false;
}

// What an answer should be; NULL where it is that.
static const char *fault_of(const pathway_question_t *question, const char *answer)
{
    int32_t day;
    switch (question->kind) {
    case KIND(YES_NO):
        return strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0 ? NULL : "Must be yes or no";
    case KIND(NUMBER):
        return is_number(answer) ? NULL : "Must be a number";
    case KIND(DATE):
        return date_parse(answer, &day) ? NULL : "Must be a date";
    case KIND(CHOICE):
        return is_choice(question, answer) ? NULL : "Must be one of the choices";
    default:
        return blank(answer) ? "Must not be blank" : NULL;
    }
}

static const pathway_question_t *question_of(const pathway_t *pathway, const char *code)
{
    for (size_t i = 0; i < pathway->n_questions; i++) {
        if (strcmp(pathway->questions[i]->code, code) == 0)
            return pathway->questions[i];
    }
    return NULL;
}

// Whether all the conditions that lead to a question hold. A version without a circle comes to an end before it has gone through all.
static bool asked(const check_t *check, const pathway_question_t *question)
{
    for (size_t steps = 0; steps < check->pathway->n_questions; steps++) {
        if (question->required_when == NULL)
            return true;
        const referral_answer_t *answer = answer_to(check, question->required_when->question);
        if (answer == NULL || strcmp(answer->answer, question->required_when->equals) != 0)
            return false;
        question = question_of(check->pathway, question->required_when->question);
        if (question == NULL)
            return false;
    }
    return false;
}

static void check_question(check_t *check, const pathway_question_t *question)
{
    if (!asked(check, question))
        return;
    const referral_answer_t *answer = answer_to(check, question->code);
    if (answer == NULL) {
        if (question->required || question->required_when != NULL)
            miss(check, "answers", question->code, "Must be answered");
        return;
    }
    const char *fault = fault_of(question, answer->answer);
    if (fault != NULL)
        miss(check, "answers", question->code, fault);
}

static void check_first_step(check_t *check, first_step_t *step)
{
    const referral_answer_t *answer = answer_to(check, step->code);
    const char *fault = NULL;
    if (answer == NULL)
        fault = "To be tried first: say whether it was taken, or why not";
    else if (strcmp(answer->answer, "not-taken") == 0)
        fault = blank(answer->reason) ? "Say why it was not taken" : NULL;
    else if (strcmp(answer->answer, "taken") != 0)
        fault = "Must be taken or not-taken";
    if (fault == NULL)
        return;
    miss(check, "answers", step->code, fault);
    check->findings->try_first[check->findings->try_first_count++] = step;
}

static void check_doubles(check_t *check)
{
    const pathway_case_t *referral = check->referral;
    for (size_t i = 0; i < referral->answer_count; i++) {
        if (answer_to(check, referral->answers[i]->question) != referral->answers[i])
            miss(check, "answers", referral->answers[i]->question, "Is answered more than once");
    }
}

bool pathway_check(const pathway_t *pathway, const pathway_case_t *referral, int32_t born, int32_t today, arena_t *arena,
                   pathway_findings_t *findings)
{
    check_t check = {.pathway = pathway, .referral = referral, .arena = arena, .findings = findings};
    // Each of these adds one at most, and specialty, priority, two ages and the service five more.
    const size_t most = pathway->n_required_data + pathway->n_questions + pathway->n_try_first + referral->answer_count + 5;
    *findings = (pathway_findings_t){0};
    findings->missing = arena_alloc(arena, most * sizeof(void *));
    findings->try_first = arena_alloc(arena, (pathway->n_try_first + 1) * sizeof(void *));
    if (findings->missing == NULL || findings->try_first == NULL)
        return false;
    if (referral->specialty != NULL && strcmp(referral->specialty, pathway->specialty) != 0)
        miss(&check, "specialty", NULL, arena_printf(arena, "The pathway is of the specialty %s", pathway->specialty));
    check_priority(&check);
    check_age(&check, born, today);
    check_destination(&check);
    for (size_t i = 0; i < pathway->n_required_data; i++)
        check_data(&check, pathway->required_data[i]);
    for (size_t i = 0; i < pathway->n_questions; i++)
        check_question(&check, pathway->questions[i]);
    for (size_t i = 0; i < pathway->n_try_first; i++)
        check_first_step(&check, pathway->try_first[i]);
    check_doubles(&check);
    return !check.failed;
}
