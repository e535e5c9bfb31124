#include "services/referral/rules_pathway_version.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/field.h"
#include "common/pb/message.h"

#define PATHWAY_TYPE (&pcn__referral__v1__pathway__type)
#define KIND(name) PCN__REFERRAL__V1__QUESTION_KIND__QUESTION_KIND_##name

void pathway_faults_init(pathway_faults_t *faults, arena_t *arena)
{
    *faults = (pathway_faults_t){.arena = arena, .last = &faults->first};
}

// Both texts are the arena's; NULL without memory.
static void blame(pathway_faults_t *faults, status_t status, const char *field, const char *detail)
{
    pathway_fault_t *fault = arena_zero(faults->arena, sizeof *fault);
    if (fault == NULL || field == NULL || detail == NULL) {
        faults->failed = true;
        return;
    }
    fault->status = status;
    fault->field = field;
    fault->detail = detail;
    *faults->last = fault;
    faults->last = &fault->next;
    faults->count++;
}

#define AT(...) arena_printf(faults->arena, __VA_ARGS__)

static void check_spans(const pathway_t *pathway, const char *path, pathway_faults_t *faults)
{
    int32_t from, to;
    if (pathway->effective_to != NULL && date_parse(pathway->effective_from, &from) && date_parse(pathway->effective_to, &to) && to < from)
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%seffectiveTo", path), "Must not lie before effectiveFrom");
    if (pathway->has_age_from && pathway->has_age_to && pathway->age_to < pathway->age_from)
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%sageTo", path), "Must not lie before ageFrom");
    for (size_t i = 0; i < pathway->n_priorities_allowed; i++) {
        for (size_t j = 0; j < i; j++) {
            if (pathway->priorities_allowed[i] == pathway->priorities_allowed[j])
                blame(faults, STATUS_INVALID_ARGUMENT, AT("%sprioritiesAllowed[%zu]", path, i), "Stands there twice");
        }
    }
}

// ---- codes ----

// Answers go by code alone, so that all of a version's are apart.
static const char *code_at(const pathway_t *pathway, size_t index)
{
    if (index < pathway->n_questions)
        return pathway->questions[index]->code;
    index -= pathway->n_questions;
    if (index < pathway->n_try_first)
        return pathway->try_first[index]->code;
    return pathway->required_data[index - pathway->n_try_first];
}

static char *place_of(const pathway_t *pathway, const char *path, size_t index, arena_t *arena)
{
    if (index < pathway->n_questions)
        return arena_printf(arena, "%squestions[%zu].code", path, index);
    index -= pathway->n_questions;
    if (index < pathway->n_try_first)
        return arena_printf(arena, "%stryFirst[%zu].code", path, index);
    return arena_printf(arena, "%srequiredData[%zu]", path, index - pathway->n_try_first);
}

static bool reserved(const char *code)
{
    return strcmp(code, "reason") == 0 || strcmp(code, "service") == 0 || strcmp(code, "sex") == 0;
}

static void check_codes(const pathway_t *pathway, const char *path, pathway_faults_t *faults)
{
    const size_t named = pathway->n_questions + pathway->n_try_first, count = named + pathway->n_required_data;
    for (size_t i = 0; i < count; i++) {
        if (i < named && reserved(code_at(pathway, i)))
            blame(faults, STATUS_INVALID_ARGUMENT, place_of(pathway, path, i, faults->arena),
                  "Is the code of a fact of the referral itself");
        for (size_t j = 0; j < i; j++) {
            if (strcmp(code_at(pathway, i), code_at(pathway, j)) != 0)
                continue;
            blame(faults, STATUS_INVALID_ARGUMENT, place_of(pathway, path, i, faults->arena), "The code is used before");
            break;
        }
    }
}

// ---- questions ----

static size_t index_of(const pathway_t *pathway, const char *code)
{
    size_t i = 0;
    while (i < pathway->n_questions && strcmp(pathway->questions[i]->code, code) != 0)
        i++;
    return i;
}

static void check_choices(const pathway_question_t *question, const char *at, pathway_faults_t *faults)
{
    if (question->kind != KIND(CHOICE)) {
        if (question->n_choices > 0)
            blame(faults, STATUS_INVALID_ARGUMENT, AT("%schoices", at), "Only a question of kind choice has some");
        return;
    }
    if (question->n_choices < 2)
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%schoices", at), "A question of kind choice has two at least");
    for (size_t i = 0; i < question->n_choices; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(question->choices[i], question->choices[j]) == 0)
                blame(faults, STATUS_INVALID_ARGUMENT, AT("%schoices[%zu]", at, i), "Stands there twice");
        }
    }
}

static bool may_equal(const pathway_question_t *question, const char *answer)
{
    if (question->kind == KIND(YES_NO))
        return strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0;
    for (size_t i = 0; i < question->n_choices; i++) {
        if (strcmp(question->choices[i], answer) == 0)
            return true;
    }
    return false;
}

// Whether the conditions of a question lead back to it.
static bool circles(const pathway_t *pathway, size_t start)
{
    size_t at = start;
    for (size_t steps = 0; steps < pathway->n_questions && pathway->questions[at]->required_when != NULL; steps++) {
        at = index_of(pathway, pathway->questions[at]->required_when->question);
        if (at == start)
            return true;
        if (at == pathway->n_questions)
            return false;
    }
    return false;
}

static void check_condition(const pathway_t *pathway, size_t index, const char *at, pathway_faults_t *faults)
{
    const pathway_question_t *question = pathway->questions[index];
    const size_t other = index_of(pathway, question->required_when->question);
    if (question->required)
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%srequired", at), "What is asked under a condition is required then alone");
    if (other == pathway->n_questions) {
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%srequiredWhen.question", at), "There is no such question");
        return;
    }
    if (circles(pathway, index)) {
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%srequiredWhen.question", at), "The conditions go in a circle");
        return;
    }
    const pathway_question_t *asked = pathway->questions[other];
    if (asked->kind != KIND(YES_NO) && asked->kind != KIND(CHOICE))
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%srequiredWhen.question", at), "Must be a question of kind yes-no or choice");
    else if (!may_equal(asked, question->required_when->equals))
        blame(faults, STATUS_INVALID_ARGUMENT, AT("%srequiredWhen.equals", at), "Is no answer to that question");
}

void pathway_validate(const pathway_t *pathway, const char *path, pathway_faults_t *faults)
{
    check_spans(pathway, path, faults);
    check_codes(pathway, path, faults);
    for (size_t i = 0; i < pathway->n_questions; i++) {
        const char *at = AT("%squestions[%zu].", path, i);
        if (at == NULL) {
            faults->failed = true;
            return;
        }
        check_choices(pathway->questions[i], at, faults);
        if (pathway->questions[i]->required_when != NULL)
            check_condition(pathway, i, at, faults);
    }
}

// ---- among the others ----

// What a later version changes, or the database adds, is no difference.
static bool same(const pathway_t *a, const pathway_t *b)
{
    static const char *const left_out[] = {"effective_to", "revision", "recorded_at", "consultant_led"};
    for (unsigned i = 0; i < PATHWAY_TYPE->descriptor->n_fields; i++) {
        bool counts = true;
        for (size_t j = 0; j < sizeof left_out / sizeof *left_out; j++)
            counts = counts && strcmp(PATHWAY_TYPE->descriptor->fields[i].name, left_out[j]) != 0;
        if (counts && !pb_same_field(PATHWAY_TYPE, a, b, i))
            return false;
    }
    // Not said is no.
    return (a->has_consultant_led && a->consultant_led) == (b->has_consultant_led && b->consultant_led) &&
           (a->effective_to == NULL || (b->effective_to != NULL && strcmp(a->effective_to, b->effective_to) == 0));
}

static void take_place_behind(const pathway_t *pathway, const pathway_t *other, const char *path, pathway_faults_t *faults,
                              pathway_place_t *place)
{
    int32_t from, other_from, other_to;
    if (!date_parse(pathway->effective_from, &from) || !date_parse(other->effective_from, &other_from))
        return;
    if (other->version > pathway->version)
        blame(faults, STATUS_FAILED_PRECONDITION, AT("%sversion", path), AT("Version %u is there already", other->version));
    else if (other_from >= from)
        blame(faults, STATUS_FAILED_PRECONDITION, AT("%seffectiveFrom", path),
              AT("Version %u begins on %s: a later one begins after it", other->version, other->effective_from));
    else if (other->effective_to == NULL || (date_parse(other->effective_to, &other_to) && other_to >= from))
        place->ends = other;
}

void pathway_find_place(const pathway_t *pathway, pathway_t *const *known, size_t count, const char *path, pathway_faults_t *faults,
                        pathway_place_t *place)
{
    *place = (pathway_place_t){0};
    for (size_t i = 0; i < count; i++) {
        if (known[i]->version == pathway->version && strcmp(known[i]->code, pathway->code) == 0)
            place->there = known[i];
    }
    if (place->there != NULL) {
        place->same = same(pathway, place->there);
        if (!place->same)
            blame(faults, STATUS_ALREADY_EXISTS, AT("%sversion", path), AT("There is another version %u already", pathway->version));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i]->code, pathway->code) == 0)
            take_place_behind(pathway, known[i], path, faults, place);
    }
}

void pathway_check_kinds(const pathway_t *pathway, char *const *kinds, size_t count, const char *path, pathway_faults_t *faults)
{
    for (size_t i = 0; i < pathway->n_destinations; i++) {
        bool there = false;
        for (size_t j = 0; j < count; j++)
            there = there || strcmp(kinds[j], pathway->destinations[i]->kind) == 0;
        if (!there)
            blame(faults, STATUS_FAILED_PRECONDITION, AT("%sdestinations[%zu].kind", path, i), "There is no such kind of service");
    }
}
