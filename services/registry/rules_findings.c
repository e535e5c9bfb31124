#include "services/registry/rules_findings.h"

#include <inttypes.h>

#include "common/pb/message.h"
#include "services/registry/rules_list_size.h"

typedef struct finding_kind {
    const char *code;
    const char *rule;
    Pcn__Registry__V1__FindingSeverity severity;
} finding_kind_t;

static const finding_kind_t band_above = {
    "size-band-above", "A network of more than 50,000 patients may work in neighbourhood teams of 30,000 to 50,000.", SEVERITY(WARNING)};
static const finding_kind_t band_below = {
    "size-band-below", "A network of fewer than 30,000 patients needs a recorded waiver of its commissioner", SEVERITY(ERROR)};
static const finding_kind_t list_size_difference = {"list-size-difference", "A network's stated list size should be the sum of its parts",
                                                    SEVERITY(INFORMATION)};
static const finding_kind_t practice_count_difference = {"practice-count-difference",
                                                         "The stated number of practices should be the number recorded", SEVERITY(WARNING)};
static const finding_kind_t population_difference = {
    "population-difference", "The stated population should be near the sum of the list sizes of the networks below", SEVERITY(INFORMATION)};

// NULL without memory.
static finding_t *finding_new(const finding_kind_t *kind, const char *code, char *source, char *detail, arena_t *arena)
{
    finding_t *finding = pb_new(FINDING_TYPE, arena);
    if (finding == NULL)
        return NULL;
    finding->code = (char *)kind->code;
    finding->rule = (char *)kind->rule;
    finding->has_severity = 1;
    finding->severity = kind->severity;
    finding->subject = arena_printf(arena, "organisations/%s", code);
    finding->detail = detail;
    finding->source = source;
    return finding->subject != NULL && detail != NULL ? finding : NULL;
}

static finding_t *difference_new(const finding_kind_t *kind, const char *code, int64_t stated, int64_t computed, char *source,
                                 const char *what, arena_t *arena)
{
    char *detail = arena_printf(arena, "%s: %" PRId64 " stated, %" PRId64 " %s", what, stated, computed,
                                kind == &practice_count_difference ? "recorded" : "summed");
    finding_t *finding = finding_new(kind, code, source, detail, arena);
    if (finding == NULL)
        return NULL;
    finding->has_stated = finding->has_computed = finding->has_difference = 1;
    finding->stated = stated;
    finding->computed = computed;
    finding->difference = computed - stated;
    return finding;
}

static finding_t *band_new(const network_t *network, int64_t size, arena_t *arena)
{
    const bool above = size > BAND_MOST;
    char *detail = above ? arena_printf(arena, "%s has %" PRId64 " patients, %" PRId64 " more than %d", network->name, size,
                                        size - BAND_MOST, BAND_MOST)
                         : arena_printf(arena, "%s has %" PRId64 " patients, %" PRId64 " fewer than %d; no waiver is recorded",
                                        network->name, size, BAND_LEAST - size, BAND_LEAST);
    finding_t *finding = finding_new(above ? &band_above : &band_below, network->code, network->list_size->source, detail, arena);
    if (finding == NULL)
        return NULL;
    finding->has_stated = network->list_size->has_stated;
    finding->stated = network->list_size->stated;
    finding->has_computed = network->list_size->has_computed;
    finding->computed = network->list_size->computed;
    return finding;
}

bool network_find(network_t *network, arena_t *arena)
{
    network->n_findings = 0;
    network->findings = arena_alloc(arena, NETWORK_FINDINGS_MAX * sizeof *network->findings);
    if (network->findings == NULL)
        return false;
    int64_t size;
    if (list_size_effective(network->list_size, &size) && (size > BAND_MOST || size < BAND_LEAST)) {
        if ((network->findings[network->n_findings++] = band_new(network, size, arena)) == NULL)
            return false;
    }
    if (network->list_size->has_difference && network->list_size->difference != 0) {
        if ((network->findings[network->n_findings++] =
                 difference_new(&list_size_difference, network->code, network->list_size->stated, network->list_size->computed,
                                network->list_size->source, "Registered patients", arena)) == NULL)
            return false;
    }
    if (network->has_stated_practice_count && network->stated_practice_count != (int64_t)network->n_members) {
        if ((network->findings[network->n_findings++] =
                 difference_new(&practice_count_difference, network->code, network->stated_practice_count, (int64_t)network->n_members,
                                network->source, "Member practices", arena)) == NULL)
            return false;
    }
    return true;
}

bool organisation_find(const aggregate_t *organisation, int64_t population_below, bool population_known, finding_t **findings,
                       size_t *count, arena_t *arena)
{
    if (organisation->has_stated_practice_count && organisation->has_practices_below &&
        organisation->stated_practice_count != organisation->practices_below) {
        if ((findings[(*count)++] = difference_new(&practice_count_difference, organisation->code, organisation->stated_practice_count,
                                                   organisation->practices_below, organisation->source, "Practices", arena)) == NULL)
            return false;
    }
    if (organisation->has_stated_population && population_known && organisation->stated_population != population_below) {
        if ((findings[(*count)++] = difference_new(&population_difference, organisation->code, organisation->stated_population,
                                                   population_below, organisation->source, "Population", arena)) == NULL)
            return false;
    }
    return true;
}
