#include "services/registry/rules_registry.h"

#include <string.h>

#include "services/registry/rules_findings.h"
#include "services/registry/rules_list_size.h"
#include "services/registry/rules_network.h"

// What the whole registry adds up to, on the way through its networks.
typedef struct survey {
    aggregate_t *const *aggregates;
    size_t count;
    network_t **networks; // parallel to aggregates; NULL for what is no open network
} survey_t;

static bool is_above(const char *code, const aggregate_t *network)
{
    for (size_t i = 0; i < network->n_above; i++) {
        if (strcmp(network->above[i], code) == 0)
            return true;
    }
    return false;
}

// Sum of the list sizes of the open networks below; known only where each one's is, and there is one.
static int64_t population_below(const survey_t *survey, const char *code, bool *known)
{
    int64_t sum = 0;
    *known = false;
    for (size_t i = 0; i < survey->count; i++) {
        if (survey->networks[i] == NULL || !is_above(code, survey->aggregates[i]))
            continue;
        int64_t size;
        if (!list_size_effective(survey->networks[i]->list_size, &size)) {
            *known = false;
            return 0;
        }
        *known = true;
        sum += size;
    }
    return sum;
}

bool registry_find(aggregate_t *const *aggregates, size_t count, const char *day, arena_t *arena, finding_t ***findings,
                   size_t *finding_count)
{
    survey_t survey = {.aggregates = aggregates, .count = count};
    survey.networks = arena_zero(arena, (count + 1) * sizeof(network_t *));
    *findings = arena_alloc(arena, (count + 1) * NETWORK_FINDINGS_MAX * sizeof **findings);
    *finding_count = 0;
    if (survey.networks == NULL || *findings == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (aggregates[i]->kind == KIND(NETWORK) && aggregates[i]->status != STATUS_OF(CLOSED) &&
            (survey.networks[i] = network_on(aggregates[i], day, arena)) == NULL)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (survey.networks[i] != NULL) {
            memcpy(*findings + *finding_count, survey.networks[i]->findings, survey.networks[i]->n_findings * sizeof **findings);
            *finding_count += survey.networks[i]->n_findings;
        } else if (aggregates[i]->kind != KIND(NETWORK)) {
            bool known;
            const int64_t population = population_below(&survey, aggregates[i]->code, &known);
            if (!organisation_find(aggregates[i], population, known, *findings, finding_count, arena))
                return false;
        }
    }
    return true;
}
