#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_wait.h"

#include <string.h>

typedef Pcn__Referral__V1__GetWaitsRequest request_t;
typedef Pcn__Referral__V1__Waits waits_t;
typedef Pcn__Referral__V1__WaitRow row_t;
typedef Pcn__Referral__Store__V1__WaitCount count_t;
typedef Pcn__Referral__Store__V1__WaitStandardRow standard_row_t;

#define ROW_TYPE (&pcn__referral__v1__wait_row__type)
// As store_variation.c reads.
#define ROWS_MAX 4000
#define WHOLE 1000

status_t prepare_get_waits(service_call_t *call)
{
    const request_t *request = call->request;
    int32_t day = call->today;
    if (request->day != NULL && !date_parse(request->day, &day))
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The contract let something through that is no date");
    if (day > call->today)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "day", "It is still to come");
    return STATUS_OK;
}

// The standards as they are shown. False without memory.
static bool add_standards(service_call_t *call, waits_t *waits, const count_t *total)
{
    waits->standards = arena_alloc(call->arena, (total->n_standards + 1) * sizeof *waits->standards);
    for (size_t i = 0; waits->standards != NULL && i < total->n_standards; i++) {
        const standard_row_t *loaded = total->standards[i];
        Pcn__Referral__V1__WaitStandard *standard = pb_new(&pcn__referral__v1__wait_standard__type, call->arena);
        if (standard == NULL)
            return false;
        pb_merge(&pcn__referral__v1__wait_standard__type, standard, &pcn__referral__store__v1__wait_standard_row__type, loaded);
        if (loaded->has_share_thousandths)
            standard->share = arena_printf(call->arena, "%lld.%03lld", (long long)(loaded->share_thousandths / WHOLE),
                                           (long long)(loaded->share_thousandths % WHOLE));
        if (loaded->has_share_thousandths && standard->share == NULL)
            return false;
        waits->standards[waits->n_standards++] = standard;
    }
    return waits->standards != NULL;
}

static wait_standard_t standard_of(const count_t *total, const char *code)
{
    for (size_t i = 0; i < total->n_standards; i++) {
        const standard_row_t *row = total->standards[i];
        if (strcmp(row->code, code) == 0)
            return (wait_standard_t){.days = row->days, .share = row->has_share_thousandths ? row->share_thousandths : WHOLE};
    }
    return (wait_standard_t){.share = WHOLE};
}

// NULL without memory.
static row_t *new_row(service_call_t *call, const count_t *count, const wait_standard_t *standard, bool today)
{
    row_t *row = pb_new(ROW_TYPE, call->arena);
    if (row == NULL)
        return NULL;
    const wait_tally_t tally = {
        .incomplete = count->incomplete, .within = count->within, .beyond_long = count->beyond_long, .longest = count->longest};
    row->organisation = count->organisation;
    row->name = count->name;
    row->specialty = count->specialty;
    row->has_incomplete = row->has_within = row->has_over_52_weeks = 1;
    row->incomplete = tally.incomplete;
    row->within = tally.within;
    row->over_52_weeks = tally.beyond_long;
    row->has_two_week_waits = row->has_two_week_breaches = today;
    row->two_week_waits = count->two_week_waits;
    row->two_week_breaches = count->two_week_breaches;
    if (tally.incomplete == 0)
        return row;
    row->share = wait_tally_share(&tally, call->arena);
    row->has_met = row->has_longest_weeks = 1;
    row->met = wait_tally_is_met(&tally, standard);
    row->longest_weeks = wait_weeks(tally.longest);
    return row->share != NULL ? row : NULL;
}

status_t decide_get_waits(service_call_t *call)
{
    const request_t *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s within reach",
                           request->organisation);
    if (call->row_count > ROWS_MAX)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "organisation",
                           "There are more than %d organisations and specialties below it: ask for a specialty, or for less", ROWS_MAX);
    const count_t *total = call->rows[0];
    const wait_standard_t standard = standard_of(total, "referral-to-treatment");
    char day[DATE_SIZE];
    date_format(call->today, day);
    const bool today = request->day == NULL || strcmp(request->day, day) == 0;
    waits_t *waits = pb_new(&pcn__referral__v1__waits__type, call->arena);
    if (waits == NULL || !add_standards(call, waits, total) ||
        (waits->specialties = arena_alloc(call->arena, call->row_count * sizeof(void *))) == NULL ||
        (waits->rows = arena_alloc(call->arena, call->row_count * sizeof(void *))) == NULL)
        return refuse_memory(call);
    waits->organisation = request->organisation;
    waits->by = request->by != NULL ? request->by : (char *)(uintptr_t) "referrer";
    waits->day = today ? arena_string(call->arena, day) : request->day;
    for (size_t i = 0; i < call->row_count; i++) {
        const count_t *count = call->rows[i];
        row_t *row = new_row(call, count, &standard, today);
        if (row == NULL)
            return refuse_memory(call);
        if (count->organisation != NULL)
            waits->rows[waits->n_rows++] = row;
        else if (count->specialty != NULL)
            waits->specialties[waits->n_specialties++] = row;
        else
            waits->total = row;
    }
    call->reply = waits;
    return waits->day != NULL ? STATUS_OK : refuse_memory(call);
}
