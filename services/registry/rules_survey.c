#include "services/registry/rules_survey.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_findings.h"

// Of each severity so many are kept as an answer may hold, so that none is left out for a lesser one; the others are counted only.
#define SEVERITIES (SEVERITY(ERROR) + 1)
#define KEPT_MAX (SEVERITIES * FINDINGS_MAX)

typedef struct list {
    finding_t **findings;
    size_t count; // kept
    size_t kept[SEVERITIES];
    size_t total;
    arena_t *arena;
    bool failed;
} list_t;

static const finding_kind_t missing_director = {"missing-director", "A network needs a clinical director", SEVERITY(ERROR)};
static const finding_kind_t coverage_count = {"coverage-count", "Every practice of an area should be a member of a network",
                                              SEVERITY(WARNING)};
static const finding_kind_t network_count = {"network-count-difference", "The stated number of networks should be the number recorded",
                                             SEVERITY(WARNING)};
static const finding_kind_t director_count = {"director-count-difference",
                                              "The stated number of clinical directors should be the number named", SEVERITY(INFORMATION)};
static const finding_kind_t population_difference = {
    "population-difference", "The stated population should be near the sum of the list sizes of the networks below", SEVERITY(INFORMATION)};
static const finding_kind_t population_parts = {
    "population-parts-difference", "The stated population should be the sum of what the commissioners below state", SEVERITY(INFORMATION)};
static const finding_kind_t network_smallest = {"network-size-smallest", "The smallest network should be of the size that is stated of it",
                                                SEVERITY(INFORMATION)};
static const finding_kind_t network_largest = {"network-size-largest", "The largest network should be of the size that is stated of it",
                                               SEVERITY(INFORMATION)};

static void add(list_t *list, finding_t *finding)
{
    list->failed = list->failed || finding == NULL;
    list->findings[list->count++] = finding;
}

// Whether there is room; it counts either way.
static bool has_room(list_t *list, Pcn__Registry__V1__FindingSeverity severity)
{
    list->total++;
    return !list->failed && list->kept[severity]++ < FINDINGS_MAX;
}

// Both sources where both are known: the stated figure's first.
static char *sources(const char *stated, const char *computed, arena_t *arena)
{
    if (stated == NULL || computed == NULL || strcmp(stated, computed) == 0)
        return (char *)(stated != NULL ? stated : computed);
    return arena_printf(arena, "%s; computed from: %s", stated, computed);
}

static void differ(list_t *list, const finding_kind_t *kind, const surveyed_t *row, int64_t stated, const char *stated_source,
                   int64_t computed, const char *computed_source, char *detail)
{
    add(list, finding_new_difference(kind, row->code, stated, computed, sources(stated_source, computed_source, list->arena), detail,
                                     list->arena));
}

// ---- a network by itself ----

static void judge_network(list_t *list, const surveyed_t *row)
{
    network_t network = PCN__REGISTRY__V1__NETWORK__INIT;
    Pcn__Registry__V1__NetworkListSize size = PCN__REGISTRY__V1__NETWORK_LIST_SIZE__INIT;
    pb_merge(NETWORK_TYPE, &network, &pcn__registry__store__v1__surveyed__type, row);
    size.has_stated = row->has_stated_size;
    size.stated = row->stated_size;
    size.has_computed = row->has_computed_size;
    size.computed = row->computed_size;
    size.has_difference = size.has_stated && size.has_computed;
    size.difference = size.computed - size.stated;
    size.source = row->stated_size_source;
    network.list_size = &size;
    network.n_members = (size_t)row->members;
    network.payee = row->closed_payee;
    if (!network_find(&network, row->payee_closed_from, list->arena)) {
        list->failed = true;
        return;
    }
    for (size_t i = 0; i < network.n_findings; i++) {
        if (has_room(list, network.findings[i]->severity))
            add(list, network.findings[i]);
    }
    if (row->directors == 0 && has_room(list, missing_director.severity))
        add(list, finding_new(&missing_director, row->code, row->source,
                              arena_printf(list->arena, "%s has no clinical director on the day", row->name), list->arena));
}

// ---- anything with practices ----

// Against the practices that it states, where those are more than are recorded; a network's own count is judged with its members.
static void judge_coverage(list_t *list, const surveyed_t *row)
{
    const bool by_statement = row->kind != KIND(NETWORK) && row->has_stated_practice_count && row->stated_practice_count > row->practices;
    const int64_t all = by_statement ? row->stated_practice_count : row->practices;
    if (row->practices_in_networks == all || !has_room(list, coverage_count.severity))
        return;
    differ(list, &coverage_count, row, all, by_statement ? row->source : NULL, row->practices_in_networks, row->practices_source,
           arena_printf(list->arena, "%s: %" PRId64 " practices %s, %" PRId64 " of them in networks", row->name, all,
                        by_statement ? "stated" : "recorded", row->practices_in_networks));
}

// ---- figures that are stated of others ----

static void judge_practices(list_t *list, const surveyed_t *row, int64_t stated, const char *source)
{
    if (stated != row->practices && has_room(list, practice_count_difference.severity))
        differ(list, &practice_count_difference, row, stated, source, row->practices, row->practices_source,
               arena_printf(list->arena, "Practices: %" PRId64 " stated, %" PRId64 " recorded", stated, row->practices));
}

static void judge_population(list_t *list, const surveyed_t *row, const char *how, int64_t stated, const char *source)
{
    if (row->has_population && stated != row->population && has_room(list, population_difference.severity))
        differ(list, &population_difference, row, stated, source, row->population, row->population_source,
               arena_printf(list->arena, "Population: %" PRId64 " %s, %" PRId64 " on the networks' lists", stated, how, row->population));
}

#define IMPLIED "population_implied_"

// "implied by core funding": nobody states such a figure.
static const char *implied(const char *fact, arena_t *arena)
{
    char *how = arena_printf(arena, "implied %s", fact + strlen(IMPLIED));
    for (char *c = how; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c;
    return how;
}

static void judge_parts(list_t *list, const surveyed_t *row)
{
    if (row->has_parts_population && row->stated_population != row->parts_population && has_room(list, population_parts.severity))
        differ(list, &population_parts, row, row->stated_population, row->source, row->parts_population, row->parts_source,
               arena_printf(list->arena, "Population: %" PRId64 " stated, %" PRId64 " stated of the commissioners below",
                            row->stated_population, row->parts_population));
}

// ---- figures that documents state ----

// Whether what was computed is what the statement says. About what is only roughly stated nothing can be said.
static bool agrees(Pcn__Registry__V1__Qualifier qualifier, int64_t stated, int64_t computed)
{
    switch (qualifier) {
    case PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_EQ:
        return computed == stated;
    case PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_GT:
        return computed > stated;
    case PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_GE:
        return computed >= stated;
    case PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_LT:
        return computed < stated;
    case PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_LE:
        return computed <= stated;
    default:
        return true;
    }
}

static void judge_extreme(list_t *list, const surveyed_t *row, bool largest, int64_t stated, const char *source)
{
    const int64_t size = largest ? row->largest : row->smallest;
    differ(list, largest ? &network_largest : &network_smallest, row, stated, source, size,
           largest ? row->largest_source : row->smallest_source,
           arena_printf(list->arena, "The %s network has %" PRId64 " patients as stated, %" PRId64 " by its list (%s)",
                        largest ? "largest" : "smallest", stated, size, largest ? row->largest_network : row->smallest_network));
}

static void judge_count(list_t *list, const finding_kind_t *kind, const surveyed_t *row, const char *what, const char *how, int64_t stated,
                        const char *source, int64_t computed)
{
    differ(list, kind, row, stated, source, computed, row->practices_source,
           arena_printf(list->arena, "%s: %" PRId64 " stated, %" PRId64 " %s", what, stated, computed, how));
}

// A `population_implied_…` is what another figure comes to at its rate: `population_implied_by_core_funding` of a system is the core amount
// of a year ÷ the rate for each registered patient (for LLR 1,720,015 ÷ 1.50 = 1,146,677, from the strategy's Table 5). It is held against
// the lists of the networks below like any stated population, and its source says which table it was worked out from.
// A fact that says again what the organisation's own record states is judged once, there.
static void judge_fact(list_t *list, const surveyed_t *row, const Pcn__Registry__V1__StatedFact *fact)
{
    const int64_t stated = strtoll(fact->value, NULL, 10);
    const char *name = fact->fact;
    const bool smallest = strcmp(name, "pcn_size_smallest") == 0, largest = strcmp(name, "pcn_size_largest") == 0;
    if (strcmp(name, "pcns") == 0) {
        if (!agrees(fact->qualifier, stated, row->networks) && has_room(list, network_count.severity))
            judge_count(list, &network_count, row, "Networks", "recorded", stated, fact->source, row->networks);
    } else if (strcmp(name, "clinical_directors") == 0) {
        if (!agrees(fact->qualifier, stated, row->directors) && has_room(list, director_count.severity))
            judge_count(list, &director_count, row, "Clinical directors", "named", stated, fact->source, row->directors);
    } else if (smallest || largest) {
        const bool known = smallest ? row->has_smallest : row->has_largest;
        if (known && !agrees(fact->qualifier, stated, smallest ? row->smallest : row->largest) && has_room(list, network_smallest.severity))
            judge_extreme(list, row, largest, stated, fact->source);
    } else if (strcmp(name, "gp_practices") == 0) {
        const bool again = row->has_stated_practice_count && row->stated_practice_count == stated;
        if (!again && !agrees(fact->qualifier, stated, row->practices))
            judge_practices(list, row, stated, fact->source);
    } else if (strcmp(name, "population") == 0 || strncmp(name, IMPLIED, strlen(IMPLIED)) == 0) {
        const bool again = row->has_stated_population && row->stated_population == stated;
        const char *how = strcmp(name, "population") == 0 ? "stated" : implied(name, list->arena);
        if (how == NULL)
            list->failed = true;
        else if (!again && row->has_population && !agrees(fact->qualifier, stated, row->population))
            judge_population(list, row, how, stated, fact->source);
    }
}

static void judge(list_t *list, const surveyed_t *row)
{
    if (row->kind == KIND(NETWORK)) {
        judge_network(list, row);
    } else {
        if (row->has_stated_practice_count)
            judge_practices(list, row, row->stated_practice_count, row->source);
        if (row->has_stated_population) {
            judge_population(list, row, "stated", row->stated_population, row->source);
            judge_parts(list, row);
        }
    }
    judge_coverage(list, row);
    for (size_t i = 0; i < row->n_facts; i++)
        judge_fact(list, row, row->facts[i]);
}

// Higher severities first.
static int by_severity(const void *a, const void *b)
{
    const finding_t *first = *(finding_t *const *)a, *second = *(finding_t *const *)b;
    if (first->severity != second->severity)
        return first->severity > second->severity ? -1 : 1;
    const int by_subject = strcmp(first->subject, second->subject);
    return by_subject != 0 ? by_subject : strcmp(first->code, second->code);
}

bool survey_judge(surveyed_t *const *rows, size_t count, arena_t *arena, finding_t ***findings, size_t *finding_count, size_t *total)
{
    list_t list = {.arena = arena, .findings = arena_alloc(arena, KEPT_MAX * sizeof(finding_t *))};
    if (list.findings == NULL)
        return false;
    for (size_t i = 0; i < count && !list.failed; i++)
        judge(&list, rows[i]);
    if (list.failed)
        return false;
    qsort(list.findings, list.count, sizeof *list.findings, by_severity);
    *findings = list.findings;
    *finding_count = list.count < FINDINGS_MAX ? list.count : FINDINGS_MAX;
    *total = list.total;
    return true;
}
