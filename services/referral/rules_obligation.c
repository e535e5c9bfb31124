#include "services/referral/rules_obligation.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"

typedef Pcn__Referral__V1__ExplanationInput input_t;

#define SATURDAY 5

// ---- the figure ----

static bool rounds_down(const obligation_rule_t *rule)
{
    return strcmp(rule->rounding, "down") == 0;
}

int64_t obligation_required(const obligation_rule_t *rule, int64_t list)
{
    // In halves of the quantum, so that nothing is rounded before the end.
    const int64_t per = rule->has_per_patients ? rule->per_patients : 1;
    const int64_t amount = rule->has_per_patients ? list * rule->amount : rule->amount;
    const int64_t quantum = rule->quantum;
    const int64_t wholes = rounds_down(rule) ? amount / (per * quantum) : (2 * amount + per * quantum) / (2 * per * quantum);
    return wholes * quantum > rule->at_least ? wholes * quantum : rule->at_least;
}

bool obligation_holiday(char *const *holidays, size_t count, int32_t day)
{
    char text[DATE_SIZE];
    date_format(day, text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(holidays[i], text) == 0)
            return true;
    }
    return false;
}

bool obligation_holds(const obligation_rule_t *rule, const char *level, int32_t day, bool holiday)
{
    char text[DATE_SIZE];
    date_format(day, text);
    if (strcmp(rule->effective_from, text) > 0 || (rule->effective_to != NULL && strcmp(rule->effective_to, text) < 0))
        return false;
    if (strcmp(rule->period, "week") == 0) {
        if (weekday_of_date(day) != 0)
            return false;
    } else if (rule->working_days && (holiday || weekday_of_date(day) >= SATURDAY)) {
        return false;
    }
    for (size_t i = 0; i < rule->n_levels; i++) {
        if (strcmp(rule->levels[i], level) == 0)
            return true;
    }
    return false;
}

// ---- the list ----

// The newest of the organisation that was counted by the day; NULL for none.
static const counted_list_t *newest_of(const capacity_of_t *of, const char *organisation, const char *day, bool synthetic)
{
    const counted_list_t *newest = NULL;
    for (size_t i = 0; i < of->n_lists; i++) {
        const counted_list_t *list = of->lists[i];
        if ((list->synthetic != 0) == synthetic && strcmp(list->organisation, organisation) == 0 && strcmp(list->as_of, day) <= 0 &&
            (newest == NULL || strcmp(newest->as_of, list->as_of) < 0))
            newest = list;
    }
    return newest;
}

static void add_part(obligation_list_t *list, const counted_list_t *part)
{
    list->parts[list->part_count++] = part;
    list->known = true;
    list->count += part->count;
    list->synthetic = list->synthetic || part->synthetic;
    if (list->as_of == NULL || strcmp(part->as_of, list->as_of) < 0)
        list->as_of = part->as_of;
}

// The sum of the lists of all members of the day. False where one of them is missing, or nobody is a member.
static bool sum_members(const capacity_of_t *of, const char *day, bool synthetic, obligation_list_t *list)
{
    obligation_list_t sum = {.parts = list->parts, .summed = true};
    for (size_t i = 0; i < of->n_members; i++) {
        const Pcn__Referral__Store__V1__DatedMember *member = of->members[i];
        if (strcmp(member->from, day) > 0 || (member->to != NULL && strcmp(member->to, day) < 0))
            continue;
        const counted_list_t *part = newest_of(of, member->practice, day, false);
        if (part == NULL && synthetic)
            part = newest_of(of, member->practice, day, true);
        if (part != NULL) {
            add_part(&sum, part);
            continue;
        }
        if (sum.missing++ == 0)
            sum.first_missing = member->practice;
    }
    list->missing = sum.missing;
    list->first_missing = sum.first_missing;
    if (sum.missing > 0 || !sum.known)
        return false;
    *list = sum;
    return true;
}

bool obligation_list_on(const capacity_of_t *of, const char *day, arena_t *arena, obligation_list_t *list)
{
    *list = (obligation_list_t){.parts = arena_alloc(arena, (of->n_members + 1) * sizeof *list->parts)};
    if (list->parts == NULL)
        return false;
    for (int made_up = 0; made_up < 2; made_up++) {
        if (sum_members(of, day, made_up == 1, list))
            return true;
        const counted_list_t *own = newest_of(of, of->organisation, day, made_up == 1);
        if (own != NULL) {
            list->part_count = 0;
            add_part(list, own);
            return true;
        }
    }
    return true;
}

const char *obligation_unknown(const capacity_of_t *of, const char *day, const obligation_list_t *list, arena_t *arena)
{
    if (list->missing == 0)
        return arena_printf(arena, "No registered list of %s that was counted by %s is known", of->organisation, day);
    return arena_printf(arena, "No registered list of %s%s that was counted by %s is known, and none of %s itself", list->first_missing,
                        list->missing > 1 ? " and other members" : "", day, of->organisation);
}

// ---- how it came about ----

// NULL without memory.
static input_t *input_new(explanation_t *explanation, const char *name, int64_t value, const char *unit, arena_t *arena)
{
    input_t *input = pb_new(&pcn__referral__v1__explanation_input__type, arena);
    if (input == NULL)
        return NULL;
    input->name = (char *)(uintptr_t)name;
    input->has_value = 1;
    input->value = value;
    input->unit = (char *)(uintptr_t)unit;
    explanation->inputs[explanation->n_inputs++] = input;
    return input;
}

static bool add_lists(explanation_t *explanation, const obligation_list_t *list, arena_t *arena)
{
    for (size_t i = 0; i < list->part_count; i++) {
        const counted_list_t *part = list->parts[i];
        const char *name = arena_printf(arena, "registered list of %s", part->organisation);
        input_t *input = name != NULL ? input_new(explanation, name, part->count, "patients", arena) : NULL;
        if (input == NULL)
            return false;
        input->source = part->source;
        input->as_of = part->as_of;
        input->has_synthetic = input->synthetic = part->synthetic;
    }
    return true;
}

static bool add_rates(explanation_t *explanation, const obligation_rule_t *rule, arena_t *arena)
{
    input_t *amount = input_new(explanation, "amount", rule->amount, rule->unit, arena);
    input_t *per =
        amount != NULL && rule->has_per_patients ? input_new(explanation, "for each", rule->per_patients, "patients", arena) : amount;
    if (per == NULL)
        return false;
    amount->source = per->source = rule->source;
    amount->confidence = per->confidence = rule->confidence;
    return true;
}

static const char *formula_of(const obligation_rule_t *rule, const obligation_list_t *list, arena_t *arena)
{
    const char *patients = list->summed ? "sum of the members' lists" : "list";
    const long long amount = (long long)rule->amount, per = (long long)rule->per_patients, quantum = (long long)rule->quantum;
    if (!rule->has_per_patients)
        return arena_printf(arena, "%lld", amount);
    const char *times = amount != 1 ? arena_printf(arena, " × %lld", amount) : "";
    if (times == NULL)
        return NULL;
    if (!rounds_down(rule))
        return arena_printf(arena, "round(%s ÷ %lld%s ÷ %lld) × %lld", patients, per, times, quantum, quantum);
    return arena_printf(arena, "max(%lld, floor(%s ÷ %lld%s))", (long long)rule->at_least, patients, per, times);
}

static const char *rounding_of(const obligation_rule_t *rule, arena_t *arena)
{
    return rounds_down(rule) ? arena_printf(arena, "down, at least %lld", (long long)rule->at_least)
                             : arena_printf(arena, "to the nearest %lld, halves up", (long long)rule->quantum);
}

explanation_t *obligation_explain(const obligation_rule_t *rule, const obligation_list_t *list, int64_t value, arena_t *arena)
{
    explanation_t *explanation = pb_new(&pcn__referral__v1__explanation__type, arena);
    if (explanation == NULL)
        return NULL;
    explanation->inputs = arena_alloc(arena, (list->part_count + 2) * sizeof *explanation->inputs);
    explanation->notes = arena_alloc(arena, sizeof *explanation->notes);
    explanation->formula = (char *)(uintptr_t)formula_of(rule, list, arena);
    if (explanation->inputs == NULL || explanation->notes == NULL || explanation->formula == NULL)
        return NULL;
    if (rule->has_per_patients) {
        explanation->rounding = (char *)(uintptr_t)rounding_of(rule, arena);
        if (explanation->rounding == NULL || !add_lists(explanation, list, arena))
            return NULL;
    }
    if (!add_rates(explanation, rule, arena))
        return NULL;
    explanation->has_value = 1;
    explanation->value = value;
    explanation->unit = rule->unit;
    explanation->rule = rule->rule;
    explanation->source = rule->source;
    explanation->confidence = rule->confidence;
    if (rule->assumption != NULL)
        explanation->notes[explanation->n_notes++] = rule->assumption;
    return explanation;
}
