#include "services/referral/rules_access_offer.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/rules_obligation.h"

typedef Pcn__Referral__Store__V1__MissingOffer missing_t;

#define SATURDAY 5

size_t access_days(const offer_rule_t *offer, int32_t first, int32_t last, char *const *holidays, size_t holiday_count)
{
    size_t days = 0;
    for (int32_t day = first; day <= last; day++)
        days += !offer->working_days || (weekday_of_date(day) < SATURDAY && !obligation_holiday(holidays, holiday_count, day)) ? 1 : 0;
    return days;
}

bool access_met(const access_of_t *of, const char *offer)
{
    for (size_t i = 0; i < of->n_missing; i++) {
        if (strcmp(of->missing[i]->offer, offer) == 0)
            return false;
    }
    return true;
}

// Of an offer that is of one part of the day `afternoon` says nothing.
static bool whole_day(const missing_t *missing)
{
    return missing->morning && (!missing->has_afternoon || missing->afternoon);
}

static bool in_halves(const missing_t *missing)
{
    return missing->has_afternoon;
}

// NULL without memory.
static access_finding_t *finding_new(const access_of_t *of, const offer_rule_t *offer, const char *code, arena_t *arena)
{
    access_finding_t *finding = pb_new(&pcn__referral__v1__access_finding__type, arena);
    char *subject = arena_printf(arena, "organisations/%s", of->organisation);
    if (finding == NULL || subject == NULL)
        return NULL;
    finding->code = (char *)(uintptr_t)code;
    finding->offer = offer->code;
    finding->subject = subject;
    finding->organisation = of->organisation;
    finding->name = of->name;
    return finding;
}

static bool add_day(const access_of_t *of, const offer_rule_t *offer, const missing_t *missing, arena_t *arena, access_finding_t **findings,
                    size_t *count)
{
    const bool whole = whole_day(missing);
    const char *code = !in_halves(missing) ? "no-urgent-slots" : whole ? "day-closed" : "half-day-closed";
    const char *half = missing->morning ? "morning" : "afternoon";
    access_finding_t *finding = finding_new(of, offer, code, arena);
    if (finding == NULL)
        return false;
    finding->day = missing->day;
    if (!in_halves(missing))
        finding->detail = arena_printf(arena, "%s has no urgent slot on %s", of->name, missing->day);
    else if (whole)
        finding->detail = arena_printf(arena, "%s has no slot on %s", of->name, missing->day);
    else
        finding->detail = arena_printf(arena, "%s has no slot in the %s of %s", of->name, half, missing->day);
    if (in_halves(missing) && !whole)
        finding->half = (char *)(uintptr_t)half;
    findings[(*count)++] = finding;
    return finding->detail != NULL;
}

bool access_findings(const access_of_t *of, const offer_rule_t *offer, size_t days, arena_t *arena, access_finding_t **findings,
                     size_t *count)
{
    size_t whole = 0;
    bool halves = false;
    *count = 0;
    for (size_t i = 0; i < of->n_missing; i++) {
        const missing_t *missing = of->missing[i];
        if (strcmp(missing->offer, offer->code) == 0) {
            whole += whole_day(missing) ? 1 : 0;
            halves = halves || in_halves(missing);
        }
    }
    if (days > 0 && whole == days && strcmp(offer->level, "practice") == 0) {
        access_finding_t *finding = finding_new(of, offer, halves ? "no-slots" : "no-urgent-slots", arena);
        if (finding == NULL)
            return false;
        finding->detail = arena_printf(arena, "%s has no %s on any of these days", of->name, halves ? "slot" : "urgent slot");
        findings[(*count)++] = finding;
        return finding->detail != NULL;
    }
    for (size_t i = 0; i < of->n_missing; i++) {
        if (strcmp(of->missing[i]->offer, offer->code) == 0 && !add_day(of, offer, of->missing[i], arena, findings, count))
            return false;
    }
    return true;
}
