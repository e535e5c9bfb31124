#include "services/registry/handlers_site.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "common/service/patch.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_day.h"
#include "services/registry/rules_difference.h"
#include "services/registry/rules_span.h"
#include "services/registry/rules_term.h"

#define SITE_TYPE (&pcn__registry__v1__site__type)
#define LOADED_TYPE (&pcn__registry__store__v1__loaded_site__type)

typedef Pcn__Registry__V1__Site site_t;
typedef Pcn__Registry__Store__V1__LoadedSite loaded_t;

static const page_part_t parts_of_site[] = {PAGE_CODE};

status_t decide_get_site(service_call_t *call)
{
    const Pcn__Registry__V1__GetSiteRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no site %s", request->code);
    site_t *site = call->rows[0];
    call->reply = site;
    call->version = site->version;
    return STATUS_OK;
}

status_t prepare_list_sites(service_call_t *call)
{
    return page_prepare(call, parts_of_site, 1);
}

status_t decide_list_sites(service_call_t *call)
{
    Pcn__Registry__V1__ListSitesReply *reply = pb_new(&pcn__registry__v1__list_sites_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    reply->sites = (site_t **)call->rows;
    reply->n_sites = page_length(call, SITE_TYPE);
    if (reply->n_sites == call->row_count)
        return STATUS_OK;
    return page_end(call, (const char *const[]){reply->sites[reply->n_sites - 1]->code}, 1, &reply->next_page_token);
}

// Rules within one site.
static status_t check(const site_t *site, problem_t *problem)
{
    if (site->from != NULL && !term_ordered(site->from, site->to))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "The last day is before the first");
    return STATUS_OK;
}

// The organisation that a request names: it must be there and the caller must reach it.
static status_t check_organisation(const service_call_t *call, const loaded_t *row, const char *organisation)
{
    if (!row->named_there || (!row->named_within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", organisation);
    return STATUS_OK;
}

static status_t emit_site(service_call_t *call, const char *type, site_t *site)
{
    call->after = call->reply = site;
    call->key = site->code;
    call->version = site->version;
    const char *subject = arena_printf(call->arena, "sites/%s", site->code);
    if (subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, site->version, SITE_TYPE, site) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t decide_create_site(service_call_t *call)
{
    const Pcn__Registry__V1__CreateSiteRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the site refers to is missing");
    const loaded_t *row = call->rows[0];
    status_t status = check(request->site, call->problem);
    if (status == STATUS_OK)
        status = check_organisation(call, row, request->site->organisation);
    if (status != STATUS_OK)
        return status;
    if (row->code != NULL)
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "code", "There is a site %s already", row->code);
    site_t *site = pb_new(SITE_TYPE, call->arena);
    if (site == NULL)
        return refuse_memory(call);
    pb_merge(SITE_TYPE, site, SITE_TYPE, request->site);
    site->has_version = 1;
    site->version = 1;
    site->created_at = site->updated_at = (char *)call->now;
    return emit_site(call, EVENT_SITE_CREATED, site);
}

static const char *begin_of(const site_t *site)
{
    return site->from != NULL ? site->from : "";
}

// Whether nothing but the message's order of memory differs. False also without memory, which costs a needless write.
static bool same(const site_t *a, const site_t *b, arena_t *arena)
{
    uint8_t *first, *second;
    size_t first_size, second_size;
    return pb_pack(a, arena, &first, &first_size) && pb_pack(b, arena, &second, &second_size) && first_size == second_size &&
           memcmp(first, second, first_size) == 0;
}

// Of a site only its days are of days: with anything else it changes at once.
static bool is_announced(const service_call_t *call, const site_t *before, const site_t *after)
{
    char today[DATE_SIZE];
    date_format(call->today, today);
    site_t moved = *before;
    moved.from = after->from;
    moved.to = after->to;
    moved.updated_at = after->updated_at;
    moved.version = after->version;
    if (!same(&moved, after, call->arena))
        return false;
    // Not in use before a day to come, then and now; or in use until one, then and now.
    const char *begins = earlier_day(begin_of(before), begin_of(after));
    if (span_same_text(before->from, after->from))
        begins = NULL;
    const char *ends = span_same_text(before->to, after->to) ? NULL : earlier_day(before->to, after->to);
    return (begins == NULL || strcmp(begins, today) > 0) && (ends == NULL || strcmp(ends, today) >= 0);
}

status_t decide_update_site(service_call_t *call)
{
    const Pcn__Registry__V1__UpdateSiteRequest *request = call->request;
    const loaded_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || (!row->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no site %s", request->code);
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", request->code, (long long)row->version);
    site_t *before = pb_new(SITE_TYPE, call->arena);
    if (before == NULL)
        return refuse_memory(call);
    pb_merge(SITE_TYPE, before, LOADED_TYPE, row);
    void *patched;
    status_t status =
        message_patch(SITE_TYPE, before, request->site, request->clear, request->n_clear, call->arena, &patched, call->problem);
    if (status != STATUS_OK)
        return status;
    site_t *after = patched;
    status = check(after, call->problem);
    if (status == STATUS_OK && request->site->organisation != NULL)
        status = check_organisation(call, row, after->organisation);
    if (status != STATUS_OK)
        return status;
    if (same(before, after, call->arena)) {
        call->after = call->reply = after;
        call->key = after->code;
        call->version = before->version;
        call->unchanged = true;
        return STATUS_OK;
    }
    after->version = before->version + 1;
    after->updated_at = (char *)call->now;
    return emit_site(call, is_announced(call, before, after) ? EVENT_SITE_ANNOUNCED : EVENT_SITE_UPDATED, after);
}

status_t decide_site_comes_into_force(service_call_t *call)
{
    const Pcn__Registry__V1__ComeIntoForceRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no site %s", request->code);
    site_t *site = pb_new(SITE_TYPE, call->arena);
    if (site == NULL)
        return refuse_memory(call);
    pb_merge(SITE_TYPE, site, LOADED_TYPE, call->rows[0]);
    char today[DATE_SIZE];
    date_format(call->today, today);
    if (!span_is_untold(site->from, site->to, site->updated_at, today)) {
        call->after = call->reply = site;
        call->key = site->code;
        call->version = site->version;
        call->unchanged = true;
        return STATUS_OK;
    }
    site->version++;
    site->updated_at = (char *)(uintptr_t)day_instant(today, call->now, call->arena);
    return site->updated_at != NULL ? emit_site(call, EVENT_SITE_UPDATED, site) : refuse_memory(call);
}
