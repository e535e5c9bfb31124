#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "common/service/patch.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_directory.h"

typedef Pcn__Referral__Store__V1__ServiceReferences references_t;
typedef Pcn__Referral__V1__ListServicesReply list_t;
typedef Pcn__Referral__V1__HiddenService hidden_t;

// Most rows that one page looks at (list_services asks for one more).
#define LOOKED_AT_MAX 1000
#define HIDDEN_TYPE (&pcn__referral__v1__hidden_service__type)

// ---- the list ----

// Rank, id.
static const page_part_t parts_of_service[] = {PAGE_NUMBER, PAGE_ID};
#define PARTS (sizeof parts_of_service / sizeof *parts_of_service)

status_t prepare_list_services(service_call_t *call)
{
    status_t status = directory_check_search(call->request, call->problem);
    return status == STATUS_OK ? page_prepare(call, parts_of_service, PARTS) : status;
}

static local_moment_t moment_of(const service_call_t *call, const search_t *search)
{
    local_moment_t moment = {.bank_holiday = call->row_count > 0 && ((const loaded_service_t *)call->rows[0])->bank_holiday};
    int64_t at = call->now_us;
    if (search->open_at != NULL && !instant_parse(search->open_at, &at))
        at = call->now_us; // the contract lets no such text through
    local_of_instant(at, &moment.day, &moment.minute);
    return moment;
}

static directory_service_t *shown(service_call_t *call, const loaded_service_t *row, const local_moment_t *moment)
{
    directory_service_t *service = pb_new(SERVICE_TYPE, call->arena);
    if (service == NULL)
        return NULL;
    pb_merge(SERVICE_TYPE, service, LOADED_SERVICE_TYPE, row);
    if (row->hours != NULL) {
        service->has_open = 1;
        service->open = hours_open(row->hours, moment);
    }
    return service;
}

static hidden_t *hidden_of(service_call_t *call, const loaded_service_t *row, reason_t *const *reasons, size_t count)
{
    hidden_t *hidden = pb_new(HIDDEN_TYPE, call->arena);
    reason_t **list = arena_alloc(call->arena, (count + 1) * sizeof *list);
    if (hidden == NULL || list == NULL)
        return NULL;
    memcpy(list, reasons, count * sizeof *list);
    hidden->service = row->id;
    hidden->name = row->name;
    hidden->reasons = list;
    hidden->n_reasons = count;
    return hidden;
}

// Takes the row into the page, shown or hidden; *full where it has no room any more.
static status_t take(service_call_t *call, list_t *reply, const loaded_service_t *row, const local_moment_t *moment, page_t *page,
                     bool *full)
{
    const search_t *search = call->request;
    reason_t *reasons[DIRECTORY_REASONS_MAX];
    size_t count = 0;
    status_t status = directory_reasons(search, row, moment, call->arena, reasons, &count, call->problem);
    if (status != STATUS_OK || (count > 0 && !search->explain))
        return status;
    hidden_t *hidden = count > 0 ? hidden_of(call, row, reasons, count) : NULL;
    directory_service_t *service = count == 0 ? shown(call, row, moment) : NULL;
    if (hidden == NULL && service == NULL)
        return refuse_memory(call);
    *full = hidden != NULL ? !page_take(page, HIDDEN_TYPE, hidden) : !page_take(page, SERVICE_TYPE, service);
    if (!*full && hidden != NULL)
        reply->hidden[reply->n_hidden++] = hidden;
    else if (!*full)
        reply->services[reply->n_services++] = service;
    return STATUS_OK;
}

status_t decide_list_services(service_call_t *call)
{
    const local_moment_t moment = moment_of(call, call->request);
    list_t *reply = pb_new(&pcn__referral__v1__list_services_reply__type, call->arena);
    if (reply == NULL || (reply->services = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL ||
        (reply->hidden = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    page_t page = page_begin(call);
    size_t looked_at = 0;
    bool full = false;
    while (looked_at < call->row_count && looked_at < LOOKED_AT_MAX) {
        status_t status = take(call, reply, call->rows[looked_at], &moment, &page, &full);
        if (status != STATUS_OK)
            return status;
        if (full)
            break;
        looked_at++;
    }
    if (looked_at == call->row_count)
        return STATUS_OK;
    const loaded_service_t *last = call->rows[looked_at - 1];
    const char *const parts[PARTS] = {arena_printf(call->arena, "%lld", (long long)last->rank), last->id};
    return parts[0] != NULL ? page_end(call, parts, PARTS, &reply->next_page_token) : refuse_memory(call);
}

// ---- one ----

status_t decide_get_service(service_call_t *call)
{
    const Pcn__Referral__V1__GetServiceRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no service %s", request->id);
    directory_service_t *service = call->rows[0];
    call->reply = service;
    call->version = service->version;
    return STATUS_OK;
}

// Who keeps clinical services reaches their provider. Others keep what is no clinical service, also that of a voluntary organisation out of
// reach, which has no login of its own.
static status_t check_keeper(service_call_t *call, const references_t *row, const char *field, const char *named)
{
    const bool non_medical = row->has_was_non_medical ? row->was_non_medical : row->kind_non_medical;
    const bool voluntary = non_medical && row->provider_kind != NULL && strcmp(row->provider_kind, "voluntary") == 0;
    if (!row->provider_there || (!row->provider_within_reach && !voluntary && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, field, "There is no %s %s",
                           strcmp(field, "id") == 0 ? "service" : "organisation", named);
    return STATUS_OK;
}

static status_t check_kind(service_call_t *call, const references_t *row, const char *kind)
{
    if (!row->kind_there)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "kind", "There is no kind of service %s", kind);
    if (!row->kind_non_medical && !service_may(call, SCOPE_CLINICAL))
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "kind", "Services of kind %s are clinical: the caller keeps others",
                           kind);
    return STATUS_OK;
}

static status_t check_references(service_call_t *call, const references_t *row)
{
    if (row->missing_area != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "areas", "There is no organisation %s", row->missing_area);
    if (row->missing_organisation != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "acceptsFrom.organisations", "There is no organisation %s",
                           row->missing_organisation);
    return STATUS_OK;
}

static void stamp_capacity(service_call_t *call, directory_service_t *service)
{
    if (service->capacity != NULL)
        service->capacity->as_of = (char *)(uintptr_t)call->now;
}

status_t decide_create_service(service_call_t *call)
{
    const Pcn__Referral__V1__CreateServiceRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the service refers to is missing");
    const references_t *row = call->rows[0];
    status_t status = directory_check_service(request->service, call->problem);
    if (status == STATUS_OK)
        status = check_keeper(call, row, "provider", request->service->provider);
    if (status == STATUS_OK)
        status = check_kind(call, row, request->service->kind);
    if (status == STATUS_OK)
        status = check_references(call, row);
    if (status != STATUS_OK)
        return status;
    directory_service_t *service = pb_new(SERVICE_TYPE, call->arena);
    if (service == NULL)
        return refuse_memory(call);
    pb_merge(SERVICE_TYPE, service, SERVICE_TYPE, request->service);
    service->id = new_id(call);
    if (service->id == NULL)
        return refuse_memory(call);
    if (!service->has_status) {
        service->has_status = 1;
        service->status = SERVICE_STATUS(ACTIVE);
    }
    stamp_capacity(call, service);
    service->has_version = 1;
    service->version = 1;
    service->created_at = service->updated_at = (char *)(uintptr_t)call->now;
    return emit(call, "pcn.referral.service.created", "services", service->id, service->version, SERVICE_TYPE, service);
}

// The service as it is, if the caller may keep it; NULL with the refusal in *status.
static const directory_service_t *kept(service_call_t *call, const char *id, status_t *status)
{
    const references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->service == NULL) {
        *status = problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no service %s", id);
        return NULL;
    }
    directory_service_t *service = pb_new(SERVICE_TYPE, call->arena);
    if (service == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    pb_merge(SERVICE_TYPE, service, LOADED_SERVICE_TYPE, row->service);
    *status = check_keeper(call, row, "id", id);
    if (*status != STATUS_OK)
        return NULL;
    if (call->header->has_expected_version && call->header->expected_version != service->version) {
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "The service is at version %lld now", (long long)service->version);
        return NULL;
    }
    return service;
}

static status_t emit_updated(service_call_t *call, directory_service_t *service, int64_t version)
{
    service->version = version + 1;
    service->updated_at = (char *)(uintptr_t)call->now;
    return emit(call, "pcn.referral.service.updated", "services", service->id, service->version, SERVICE_TYPE, service);
}

// Whoever ends what others count on says so: what is booked stays, and somebody has to see to it.
static status_t check_touched(service_call_t *call, const Pcn__Referral__Store__V1__ServiceTouched *touched)
{
    const Pcn__Referral__V1__UpdateServiceRequest *request = call->request;
    if (touched == NULL || request->keep_booked || touched->slot_count + touched->plan_count + touched->waiting_count == 0)
        return STATUS_OK;
    (void)problem_set(call->problem, STATUS_ALREADY_EXISTS, request->service->has_status ? "status" : "channels",
                      "To come are %lld slots that are booked or held, %lld plans and %lld entries of the waiting list; `keepBooked=true` "
                      "leaves them as they are, and nothing more is offered",
                      (long long)touched->slot_count, (long long)touched->plan_count, (long long)touched->waiting_count);
    return refuse_touched(call, touched->slots, touched->n_slots);
}

status_t decide_update_service(service_call_t *call)
{
    const Pcn__Referral__V1__UpdateServiceRequest *request = call->request;
    status_t status = STATUS_OK;
    const directory_service_t *before = kept(call, request->id, &status);
    if (before == NULL)
        return status;
    const references_t *row = call->rows[0];
    void *patched;
    status = message_patch(SERVICE_TYPE, before, request->service, request->clear, request->n_clear, call->arena, &patched, call->problem);
    if (status != STATUS_OK)
        return status;
    directory_service_t *service = patched;
    status = directory_check_service(service, call->problem);
    if (status == STATUS_OK)
        status = check_kind(call, row, service->kind);
    if (status == STATUS_OK)
        status = check_references(call, row);
    if (status == STATUS_OK)
        status = check_touched(call, row->touched);
    if (status != STATUS_OK)
        return status;
    if (request->service->capacity != NULL)
        stamp_capacity(call, service);
    return emit_updated(call, service, before->version);
}

status_t decide_set_capacity(service_call_t *call)
{
    const Pcn__Referral__V1__SetCapacityRequest *request = call->request;
    status_t status = STATUS_OK;
    const directory_service_t *before = kept(call, request->id, &status);
    if (before == NULL)
        return status;
    directory_service_t *service = pb_new(SERVICE_TYPE, call->arena);
    if (service == NULL)
        return refuse_memory(call);
    *service = *before;
    service->capacity = request->capacity;
    status = directory_check_service(service, call->problem);
    if (status != STATUS_OK)
        return status;
    status = check_kind(call, call->rows[0], service->kind);
    if (status != STATUS_OK)
        return status;
    stamp_capacity(call, service);
    return emit_updated(call, service, before->version);
}

status_t decide_get_offer(service_call_t *call)
{
    const Pcn__Referral__V1__GetOfferRequest *request = call->request;
    const Pcn__Referral__Store__V1__OfferRow *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (first == NULL || !first->network_there)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no network %s", request->code);
    Pcn__Referral__V1__Offer *offer = pb_new(&pcn__referral__v1__offer__type, call->arena);
    if (offer == NULL || (offer->items = arena_alloc(call->arena, call->row_count * sizeof *offer->items)) == NULL ||
        (offer->missing = arena_alloc(call->arena, call->row_count * sizeof *offer->missing)) == NULL)
        return refuse_memory(call);
    offer->network = request->code;
    for (size_t i = 0; i < call->row_count; i++) {
        Pcn__Referral__V1__OfferItem *item = pb_new(&pcn__referral__v1__offer_item__type, call->arena);
        if (item == NULL)
            return refuse_memory(call);
        pb_merge(&pcn__referral__v1__offer_item__type, item, &pcn__referral__store__v1__offer_row__type, call->rows[i]);
        item->has_missing = 1;
        item->missing = item->n_services == 0;
        offer->items[offer->n_items++] = item;
        if (item->missing)
            offer->missing[offer->n_missing++] = item->kind;
    }
    call->reply = offer;
    return STATUS_OK;
}
