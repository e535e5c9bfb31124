#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/handlers.h"
#include "services/referral/handlers_capacity.h"
#include "services/referral/rules_access_offer.h"

typedef Pcn__Referral__V1__GetAccessRequest request_t;
typedef Pcn__Referral__V1__AccessOverview access_t;
typedef Pcn__Referral__V1__AccessOffer offer_t;

#define FINDING_TYPE (&pcn__referral__v1__access_finding__type)
#define DAYS_MAX 14

status_t prepare_get_access(service_call_t *call)
{
    const request_t *request = call->request;
    return capacity_prepare(call, request->from, request->to, DAYS_MAX);
}

// What all organisations of an answer need.
typedef struct sheet {
    service_call_t *call;
    const access_of_t *first;
    capacity_days_t days;
    access_t *access;
} sheet_t;

static bool begin_offers(sheet_t *sheet)
{
    access_t *access = sheet->access;
    access->offers = arena_alloc(sheet->call->arena, (sheet->first->n_offers + 1) * sizeof *access->offers);
    for (size_t i = 0; access->offers != NULL && i < sheet->first->n_offers; i++) {
        const offer_rule_t *rule = sheet->first->offers[i];
        offer_t *offer = pb_new(&pcn__referral__v1__access_offer__type, sheet->call->arena);
        if (offer == NULL)
            return false;
        offer->code = rule->code;
        offer->level = rule->level;
        offer->rule = rule->rule;
        offer->source = rule->source;
        offer->confidence = rule->confidence;
        offer->has_looked_at = offer->has_met = 1;
        access->offers[access->n_offers++] = offer;
    }
    return access->offers != NULL;
}

static size_t days_of(const sheet_t *sheet, const offer_rule_t *offer)
{
    const int32_t last = sheet->days.last < sheet->days.made_to ? sheet->days.last : sheet->days.made_to;
    return access_days(offer, sheet->days.first, last, sheet->first->bank_holidays_on, sheet->first->n_bank_holidays_on);
}

// All that is found of one organisation. False without memory.
static bool find(const sheet_t *sheet, const access_of_t *of, access_finding_t **findings, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < sheet->first->n_offers; i++) {
        const offer_rule_t *offer = sheet->first->offers[i];
        size_t more = 0;
        if (strcmp(offer->level, of->kind) != 0)
            continue;
        if (!access_findings(of, offer, days_of(sheet, offer), sheet->call->arena, findings + *count, &more))
            return false;
        *count += more;
    }
    return true;
}

static void count_met(const sheet_t *sheet, const access_of_t *of)
{
    for (size_t i = 0; i < sheet->first->n_offers; i++) {
        const offer_rule_t *rule = sheet->first->offers[i];
        if (strcmp(rule->level, of->kind) != 0 || days_of(sheet, rule) == 0)
            continue;
        sheet->access->offers[i]->looked_at++;
        sheet->access->offers[i]->met += access_met(of, rule->code) ? 1 : 0;
    }
}

// An organisation goes into the page with all of its findings or not at all.
static status_t fill(sheet_t *sheet)
{
    service_call_t *call = sheet->call;
    access_t *access = sheet->access;
    page_t page = page_begin(call);
    const size_t size = page.size;
    size_t most = 0;
    page.size = SIZE_MAX;
    for (size_t i = 0; i < call->row_count; i++)
        most += ((const access_of_t *)call->rows[i])->n_missing;
    access->findings = arena_alloc(call->arena, (most + 1) * sizeof *access->findings);
    if (access->findings == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < call->row_count; i++) {
        access_finding_t **findings = access->findings + access->n_findings;
        size_t count = 0, taken = 0;
        const page_t before = page;
        if (i < size && !find(sheet, call->rows[i], findings, &count))
            return refuse_memory(call);
        while (i < size && taken < count && page_take(&page, FINDING_TYPE, findings[taken]))
            taken++;
        if (i == size || (taken < count && before.rows > 0))
            return page_end(call, (const char *const[]){((const access_of_t *)call->rows[i - 1])->organisation}, 1,
                            &access->next_page_token);
        access->n_findings += taken;
        count_met(sheet, call->rows[i]);
    }
    return STATUS_OK;
}

static bool assume(const sheet_t *sheet)
{
    access_t *access = sheet->access;
    access->assumptions = arena_alloc(sheet->call->arena, 2 * sizeof *access->assumptions);
    if (access->assumptions == NULL)
        return false;
    access->assumptions[access->n_assumptions++] =
        (char *)(uintptr_t) "Slots of organisations that do not lie below a network are not counted for it";
    if (sheet->days.last <= sheet->days.made_to)
        return true;
    return (access->assumptions[access->n_assumptions++] = capacity_beyond(sheet->call, &sheet->days)) != NULL;
}

status_t decide_get_access(service_call_t *call)
{
    const request_t *request = call->request;
    sheet_t sheet = {.call = call, .access = pb_new(&pcn__referral__v1__access_overview__type, call->arena)};
    status_t status = capacity_begin(call, request->organisation, request->from, request->to, DAYS_MAX, &sheet.days);
    if (status != STATUS_OK)
        return status;
    sheet.first = call->rows[0];
    if (sheet.access == NULL || !begin_offers(&sheet))
        return refuse_memory(call);
    sheet.access->organisation = request->organisation;
    sheet.access->from = request->from;
    sheet.access->to = request->to;
    call->reply = sheet.access;
    if (sheet.first->organisation == NULL)
        return STATUS_OK;
    status = fill(&sheet);
    if (status != STATUS_OK)
        return status;
    return assume(&sheet) ? STATUS_OK : refuse_memory(call);
}
