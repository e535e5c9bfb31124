#include "services/registry/rules_findings.h"

#include <inttypes.h>

#include "common/pb/message.h"
#include "services/registry/rules_list_size.h"

static const finding_kind_t band_above = {
    "size-band-above", "A network of more than 50,000 patients may work in neighbourhood teams of 30,000 to 50,000.", SEVERITY(WARNING)};
static const finding_kind_t band_below = {
    "size-band-below", "A network of fewer than 30,000 patients needs a recorded waiver of its commissioner", SEVERITY(ERROR)};
static const finding_kind_t band_below_waived = {
    "size-band-below", "A network of fewer than 30,000 patients needs a recorded waiver of its commissioner", SEVERITY(INFORMATION)};
static const finding_kind_t list_size_difference = {"list-size-difference", "A network's stated list size should be the sum of its parts",
                                                    SEVERITY(INFORMATION)};
const finding_kind_t practice_count_difference = {"practice-count-difference",
                                                  "The stated number of practices should be the number recorded", SEVERITY(WARNING)};

static const finding_kind_t payee_closed = {"payee-closed", "The payee of a network must be open", SEVERITY(ERROR)};

finding_t *finding_new(const finding_kind_t *kind, const char *code, char *source, char *detail, arena_t *arena)
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

finding_t *finding_new_difference(const finding_kind_t *kind, const char *code, int64_t stated, int64_t computed, char *source,
                                  char *detail, arena_t *arena)
{
    finding_t *finding = finding_new(kind, code, source, detail, arena);
    if (finding == NULL)
        return NULL;
    finding->has_stated = finding->has_computed = finding->has_difference = 1;
    finding->stated = stated;
    finding->computed = computed;
    finding->difference = computed - stated;
    return finding;
}

static char *band_detail(const network_t *network, int64_t size, arena_t *arena)
{
    if (size > BAND_MOST)
        return arena_printf(arena, "%s has %" PRId64 " patients, %" PRId64 " more than %d", network->name, size, size - BAND_MOST,
                            BAND_MOST);
    if (network->n_waivers == 0)
        return arena_printf(arena, "%s has %" PRId64 " patients, %" PRId64 " fewer than %d; no waiver is recorded", network->name, size,
                            BAND_LEAST - size, BAND_LEAST);
    return arena_printf(arena, "%s has %" PRId64 " patients, %" PRId64 " fewer than %d; waived from %s on: %s", network->name, size,
                        BAND_LEAST - size, BAND_LEAST, network->waivers[0]->from, network->waivers[0]->reason);
}

// NULL without memory.
static char *band_source(const char *list_source, arena_t *arena)
{
    return list_source != NULL ? arena_printf(arena, "%s; " BAND_SOURCE, list_source) : arena_string(arena, BAND_SOURCE);
}

static finding_t *band_new(const network_t *network, int64_t size, arena_t *arena)
{
    const finding_kind_t *kind = size > BAND_MOST ? &band_above : network->n_waivers == 0 ? &band_below : &band_below_waived;
    finding_t *finding =
        finding_new(kind, network->code, band_source(network->list_size->source, arena), band_detail(network, size, arena), arena);
    if (finding == NULL || finding->source == NULL)
        return NULL;
    finding->has_stated = network->list_size->has_stated;
    finding->stated = network->list_size->stated;
    finding->has_computed = network->list_size->has_computed;
    finding->computed = network->list_size->computed;
    return finding;
}

// NULL without memory.
static char *difference_detail(const char *what, int64_t stated, int64_t computed, const char *how, arena_t *arena)
{
    return arena_printf(arena, "%s: %" PRId64 " stated, %" PRId64 " %s", what, stated, computed, how);
}

// A network that is closed itself is paid nothing more.
static bool find_payee(network_t *network, const char *closed_from, arena_t *arena)
{
    if (closed_from == NULL || network->payee == NULL || network->status == STATUS_OF(CLOSED))
        return true;
    char *detail = arena_printf(arena, "%s is paid through %s, which is closed from %s on", network->name, network->payee, closed_from);
    finding_t *finding = finding_new(&payee_closed, network->code, network->source, detail, arena);
    network->findings[network->n_findings++] = finding;
    return finding != NULL;
}

bool network_find(network_t *network, const char *payee_closed_from, arena_t *arena)
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
    const Pcn__Registry__V1__NetworkListSize *list = network->list_size;
    if (list->has_difference && list->difference != 0) {
        char *detail = difference_detail("Registered patients", list->stated, list->computed, "summed", arena);
        if ((network->findings[network->n_findings++] = finding_new_difference(&list_size_difference, network->code, list->stated,
                                                                               list->computed, list->source, detail, arena)) == NULL)
            return false;
    }
    const int64_t members = (int64_t)network->n_members;
    if (network->has_stated_practice_count && network->stated_practice_count != members) {
        char *detail = difference_detail("Member practices", network->stated_practice_count, members, "recorded", arena);
        if ((network->findings[network->n_findings++] =
                 finding_new_difference(&practice_count_difference, network->code, network->stated_practice_count, members, network->source,
                                        detail, arena)) == NULL)
            return false;
    }
    return find_payee(network, payee_closed_from, arena);
}
