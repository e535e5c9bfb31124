#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_digital.h"

typedef Pcn__Referral__V1__GetDigitalCoverageRequest request_t;
typedef Pcn__Referral__V1__DigitalCoverage coverage_t;
typedef Pcn__Referral__V1__DigitalCoverageRow row_t;

#define ROW_TYPE (&pcn__referral__v1__digital_coverage_row__type)
#define SHARE_TYPE (&pcn__referral__v1__digital_share__type)
#define TARGET_TYPE (&pcn__referral__v1__digital_target__type)
#define LOADED_TYPE (&pcn__referral__store__v1__digital_row__type)
// Most practices whose rows one answer has room for.
#define PRACTICES_MAX 2000

static bool is(const digital_row_t *row, const char *part)
{
    return strcmp(row->part, part) == 0;
}

// NULL without memory.
static Pcn__Referral__V1__DigitalShare *share(service_call_t *call, const digital_tally_t *tally, int offer)
{
    Pcn__Referral__V1__DigitalShare *share = pb_new(SHARE_TYPE, call->arena);
    if (share == NULL)
        return NULL;
    share->has_practices = 1;
    share->practices = tally->offering[offer];
    share->practice_share = digital_practice_share(tally, offer, call->arena);
    share->has_patients = !tally->unknown && !tally->offered_unknown[offer];
    share->patients = tally->offered[offer];
    share->patient_share = digital_patient_share(tally, offer, call->arena);
    return share;
}

static row_t *begin_row(service_call_t *call, coverage_t *coverage, const digital_row_t *loaded)
{
    row_t *row = pb_new(ROW_TYPE, call->arena);
    if (row == NULL)
        return NULL;
    row->organisation = loaded->code;
    row->name = loaded->name;
    row->kind = loaded->kind;
    coverage->rows[coverage->n_rows++] = row;
    return row;
}

static bool fill_row(service_call_t *call, row_t *row, const digital_tally_t *tally)
{
    row->has_practices = 1;
    row->practices = tally->practices;
    row->has_patients = !tally->unknown && tally->practices > 0;
    row->patients = tally->patients;
    row->online = share(call, tally, DIGITAL_ONLINE);
    row->video = share(call, tally, DIGITAL_VIDEO);
    row->both = share(call, tally, DIGITAL_BOTH);
    row->detail = digital_detail(tally, call->arena);
    row->has_synthetic = row->synthetic = tally->synthetic;
    return row->online != NULL && row->video != NULL && row->both != NULL;
}

// Counts what lies below: a network's row is filled once its practices are counted. False without memory.
static bool count(service_call_t *call, coverage_t *coverage, const digital_row_t *asked, digital_tally_t *total)
{
    const request_t *request = call->request;
    const digital_row_t *network = NULL;
    row_t *network_row = NULL;
    digital_tally_t part = {0};
    for (size_t i = 1; i <= call->row_count; i++) {
        const digital_row_t *loaded = i < call->row_count ? call->rows[i] : NULL;
        const bool within = loaded != NULL && network != NULL && is(loaded, "practice") && loaded->network != NULL;
        if (network != NULL && !within) {
            digital_state(&part, network);
            digital_add(total, &part);
            if (!fill_row(call, network_row, &part))
                return false;
            network = NULL;
        }
        if (loaded == NULL || is(loaded, "target"))
            break;
        if (is(loaded, "network")) {
            network = loaded;
            part = (digital_tally_t){0};
            if ((network_row = begin_row(call, coverage, loaded)) == NULL)
                return false;
            continue;
        }
        digital_count(within ? &part : total, loaded);
        if (!request->practices || strcmp(loaded->code, asked->code) == 0)
            continue;
        digital_tally_t own = {0};
        digital_count(&own, loaded);
        row_t *row = begin_row(call, coverage, loaded);
        if (row == NULL || !fill_row(call, row, &own))
            return false;
    }
    digital_state(total, asked);
    return true;
}

static bool add_target(service_call_t *call, coverage_t *coverage, const digital_row_t *loaded, const digital_tally_t *total)
{
    digital_target_t *target = pb_new(TARGET_TYPE, call->arena);
    if (target == NULL)
        return false;
    pb_merge(TARGET_TYPE, target, LOADED_TYPE, loaded);
    coverage->targets[coverage->n_targets++] = target;
    return digital_compare(target, loaded->stated_thousandths, total, loaded->note, call->arena);
}

status_t decide_get_digital_coverage(service_call_t *call)
{
    const request_t *request = call->request;
    const digital_row_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    coverage_t *coverage = pb_new(&pcn__referral__v1__digital_coverage__type, call->arena);
    if (first == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", request->organisation);
    size_t practices = 0;
    for (size_t i = 0; i < call->row_count; i++)
        practices += is(call->rows[i], "practice") ? 1 : 0;
    if (request->practices && practices > PRACTICES_MAX)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "practices", "There are %zu practices below it, more than %d", practices,
                           PRACTICES_MAX);
    if (coverage == NULL || (coverage->rows = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL ||
        (coverage->targets = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    char day[DATE_SIZE];
    date_format(call->today, day);
    coverage->organisation = request->organisation;
    coverage->day = arena_string(call->arena, day);
    digital_tally_t total = {0};
    // A target may be for an organisation that the registry does not have: it is shown, with nothing computed.
    if (is(first, "asked")) {
        row_t *row = begin_row(call, coverage, first);
        if (row == NULL || !count(call, coverage, first, &total) || !fill_row(call, row, &total))
            return refuse_memory(call);
    }
    for (size_t i = 0; i < call->row_count; i++) {
        if (is(call->rows[i], "target") && !add_target(call, coverage, call->rows[i], &total))
            return refuse_memory(call);
    }
    call->reply = coverage;
    return STATUS_OK;
}
