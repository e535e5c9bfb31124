#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_variation.h"

typedef Pcn__Referral__V1__GetReferralVariationRequest request_t;
typedef Pcn__Referral__V1__ReferralVariation variation_t;
typedef Pcn__Referral__V1__VariationRow row_t;
typedef Pcn__Referral__V1__VariationLimits shown_limits_t;
typedef Pcn__Referral__V1__VariationChange shown_change_t;
typedef Pcn__Referral__V1__VariationPeriod period_t;
typedef Pcn__Referral__Store__V1__VariationOf loaded_t;
typedef Pcn__Referral__Store__V1__VariationBand loaded_band_t;

#define LIMITS_TYPE (&pcn__referral__v1__variation_limits__type)
#define PERIOD_TYPE (&pcn__referral__v1__variation_period__type)
// Three years.
#define DAYS_MAX 1096
// Most practices that an answer has room for, as store_variation.c reads: more than the largest system has.
#define PRACTICES_MAX 500
// Of sex and age, as age_sex_band() of 1160_variation.sql makes them.
#define BANDS 30

// ---- what is asked ----

typedef struct range {
    int32_t first, last;
} range_t;

static bool range_of(const request_t *request, range_t *range)
{
    return date_parse(request->from, &range->first) && date_parse(request->to, &range->last);
}

status_t prepare_get_referral_variation(service_call_t *call)
{
    const request_t *request = call->request;
    range_t range;
    if (!range_of(request, &range))
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The contract let something through that is no date");
    if (range.last < range.first)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "The range ends before it begins");
    if (range.last > call->today)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "It is still to come");
    if (range.last - range.first >= DAYS_MAX)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "A range is at most %d days", DAYS_MAX);
    if (request->has_pathway_version && request->pathway == NULL)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pathwayVersion", "It is the version of no pathway");
    return STATUS_OK;
}

// ---- practices as rules see them ----

typedef struct practice {
    const loaded_t *loaded;
    int64_t people, before;
    variation_unit_t all, was, is; // of the whole range, before the pathway and since
    bool hidden;
} practice_t;

// What all rows of an answer need. People are counted as heads times days.
typedef struct sheet {
    service_call_t *call;
    const loaded_t *first;
    range_t range;
    bool compares;
    int32_t split; // first day of the pathway
    variation_band_t reference[BANDS];
    // It has so few referrals that whatever rests on them would tell how many.
    bool reference_hidden;
    practice_t *practices;
    size_t count;
    practice_t total;
    variation_spread_t spread;
} sheet_t;

static double days_between(int32_t first, int32_t after)
{
    return (double)(after - first);
}

// Adds what is loaded of a practice, or of all others, to the reference and, where there is one, to the practice.
static void count_bands(sheet_t *sheet, const loaded_t *loaded, practice_t *practice)
{
    const double days = days_between(sheet->range.first, sheet->range.last + 1);
    for (size_t i = 0; i < loaded->n_bands; i++) {
        const loaded_band_t *band = loaded->bands[i];
        if (band->band < 0 || band->band >= BANDS)
            continue;
        sheet->reference[band->band].events += band->events;
        sheet->reference[band->band].people += (double)band->people * days;
        if (practice == NULL)
            continue;
        practice->people += band->people;
        practice->all.observed += band->events;
        practice->before += band->before;
    }
}

static void add_unit(variation_unit_t *sum, const variation_unit_t *unit)
{
    sum->observed += unit->observed;
    sum->expected += unit->expected;
}

// Of its people on the last day, or on the day before the pathway, what is to be expected a day.
static double expected_a_day(const sheet_t *sheet, const practice_t *practice, bool earlier)
{
    variation_band_t people[BANDS] = {0};
    for (size_t i = 0; i < practice->loaded->n_bands; i++) {
        const loaded_band_t *band = practice->loaded->bands[i];
        if (band->band >= 0 && band->band < BANDS)
            people[band->band].people = (double)(earlier ? band->earlier : band->people);
    }
    return variation_expected(people, sheet->reference, BANDS);
}

// Once the reference is known.
static void expect(sheet_t *sheet, practice_t *practice)
{
    const range_t *range = &sheet->range;
    const double a_day = expected_a_day(sheet, practice, false);
    practice->all.expected = a_day * days_between(range->first, range->last + 1);
    if (sheet->compares) {
        practice->was.observed = practice->before;
        practice->was.expected = expected_a_day(sheet, practice, true) * days_between(range->first, sheet->split);
        practice->is.observed = practice->all.observed - practice->before;
        practice->is.expected = a_day * days_between(sheet->split, range->last + 1);
    }
    sheet->total.people += practice->people;
    add_unit(&sheet->total.all, &practice->all);
    add_unit(&sheet->total.was, &practice->was);
    add_unit(&sheet->total.is, &practice->is);
}

// What is hidden, and the spread of what is not: a figure that rests on a hidden count would tell it. False without memory.
static bool judge(sheet_t *sheet, variation_unit_t *units, bool *hidden)
{
    const int64_t least = sheet->first->least_shown;
    variation_unit_t reference = {0};
    size_t shown = 0;
    for (size_t i = 0; i < BANDS; i++)
        reference.observed += sheet->reference[i].events;
    variation_hide(&reference, 1, least, &sheet->reference_hidden);
    // A sum of few is as telling as its only part.
    variation_hide(&sheet->total.all, 1, least, &sheet->total.hidden);
    variation_hide(units, sheet->count, least, hidden);
    for (size_t i = 0; i < sheet->count; i++) {
        sheet->practices[i].hidden = hidden[i] || sheet->reference_hidden;
        if (!sheet->practices[i].hidden)
            units[shown++] = units[i];
    }
    sheet->total.hidden = sheet->total.hidden || sheet->reference_hidden;
    return variation_spread_of(units, shown, sheet->call->arena, &sheet->spread);
}

// False without memory.
static bool measure(sheet_t *sheet)
{
    service_call_t *call = sheet->call;
    variation_unit_t *units = arena_alloc(call->arena, (call->row_count + 1) * sizeof *units);
    bool *hidden = arena_alloc(call->arena, (call->row_count + 1) * sizeof *hidden);
    sheet->practices = arena_alloc(call->arena, (call->row_count + 1) * sizeof *sheet->practices);
    if (units == NULL || hidden == NULL || sheet->practices == NULL)
        return false;
    for (size_t i = 0; i < call->row_count; i++) {
        const loaded_t *loaded = call->rows[i];
        practice_t *practice = NULL;
        if (loaded->organisation != NULL) {
            practice = &sheet->practices[sheet->count++];
            *practice = (practice_t){.loaded = loaded};
        }
        count_bands(sheet, loaded, practice);
    }
    for (size_t i = 0; i < sheet->count; i++) {
        expect(sheet, &sheet->practices[i]);
        units[i] = sheet->practices[i].all;
    }
    return judge(sheet, units, hidden);
}

// ---- what is shown ----

static char *decimal(service_call_t *call, double value)
{
    return arena_printf(call->arena, "%.4f", value);
}

// NULL without memory.
static shown_limits_t *show_limits(service_call_t *call, const variation_limits_t *limits, bool has_upper)
{
    shown_limits_t *shown = pb_new(LIMITS_TYPE, call->arena);
    if (shown == NULL || (shown->lower = decimal(call, limits->lower)) == NULL ||
        (has_upper && (shown->upper = decimal(call, limits->upper)) == NULL))
        return NULL;
    return shown;
}

// NULL without memory.
static period_t *show_period(sheet_t *sheet, int32_t first, int32_t last, const variation_unit_t *unit, bool hidden)
{
    service_call_t *call = sheet->call;
    period_t *period = pb_new(PERIOD_TYPE, call->arena);
    char from[DATE_SIZE], to[DATE_SIZE];
    date_format(first, from);
    date_format(last, to);
    if (period == NULL || (period->from = arena_string(call->arena, from)) == NULL ||
        (period->to = arena_string(call->arena, to)) == NULL || (period->expected = decimal(call, unit->expected)) == NULL)
        return NULL;
    period->has_observed = !hidden;
    period->observed = unit->observed;
    return period;
}

// A period's small count hides both: the other one is what is left of the range's.
static bool hides_change(const sheet_t *sheet, const practice_t *practice)
{
    const variation_unit_t periods[] = {practice->was, practice->is};
    bool hidden[2];
    variation_hide(periods, 2, sheet->first->least_shown, hidden);
    return practice->hidden || hidden[0] || hidden[1];
}

static bool show_change(sheet_t *sheet, const practice_t *practice, row_t *row)
{
    service_call_t *call = sheet->call;
    shown_change_t *shown = pb_new(&pcn__referral__v1__variation_change__type, call->arena);
    const bool hidden = hides_change(sheet, practice);
    if (shown == NULL || (shown->before = show_period(sheet, sheet->range.first, sheet->split - 1, &practice->was, hidden)) == NULL ||
        (shown->after = show_period(sheet, sheet->split, sheet->range.last, &practice->is, hidden)) == NULL)
        return false;
    row->change = shown;
    variation_change_t change;
    if (hidden || !variation_change_of(&practice->was, &practice->is, &variation_95, &change))
        return true;
    shown->ratio = change.has_ratio ? decimal(call, change.ratio) : NULL;
    shown->limits = show_limits(call, &(variation_limits_t){change.lower, change.upper}, change.has_upper);
    return shown->limits != NULL && (!change.has_ratio || shown->ratio != NULL);
}

// The limits of the funnel, and where the ratio lies in it.
static bool show_funnel(sheet_t *sheet, const practice_t *practice, double ratio, row_t *row)
{
    service_call_t *call = sheet->call;
    const double expected = practice->all.expected, tau2 = sheet->spread.tau2;
    variation_limits_t at_95, at_998, spread_95, spread_998;
    if (!variation_funnel_exact(expected, &variation_95, &at_95) || !variation_funnel_exact(expected, &variation_998, &at_998) ||
        !variation_funnel_spread(expected, tau2, &variation_95, &spread_95) ||
        !variation_funnel_spread(expected, tau2, &variation_998, &spread_998))
        return true;
    row->funnel_95 = show_limits(call, &at_95, true);
    row->funnel_998 = show_limits(call, &at_998, true);
    row->spread_95 = show_limits(call, &spread_95, true);
    row->spread_998 = show_limits(call, &spread_998, true);
    if (!practice->hidden) {
        row->place = (char *)(uintptr_t)variation_place_text(variation_place_of(ratio, &at_95, &at_998));
        row->place_with_spread = (char *)(uintptr_t)variation_place_text(variation_place_of(ratio, &spread_95, &spread_998));
    }
    return row->funnel_95 != NULL && row->funnel_998 != NULL && row->spread_95 != NULL && row->spread_998 != NULL;
}

// NULL without memory.
static row_t *show(sheet_t *sheet, const practice_t *practice)
{
    service_call_t *call = sheet->call;
    row_t *row = pb_new(&pcn__referral__v1__variation_row__type, call->arena);
    double ratio = 0;
    variation_limits_t limits;
    if (row == NULL)
        return NULL;
    if (practice->loaded != NULL) {
        row->organisation = practice->loaded->organisation;
        row->name = practice->loaded->name;
    }
    row->has_people = 1;
    row->people = practice->people;
    row->has_hidden = row->hidden = practice->hidden;
    if (sheet->reference_hidden)
        return row;
    row->has_observed = !practice->hidden;
    row->observed = practice->all.observed;
    if ((row->expected = decimal(call, practice->all.expected)) == NULL)
        return NULL;
    if (!practice->hidden && variation_ratio(&practice->all, &ratio) && variation_byar(&practice->all, &variation_95, &limits) &&
        ((row->ratio = decimal(call, ratio)) == NULL || (row->limits = show_limits(call, &limits, true)) == NULL))
        return NULL;
    if (practice->loaded != NULL && !show_funnel(sheet, practice, ratio, row))
        return NULL;
    return !sheet->compares || show_change(sheet, practice, row) ? row : NULL;
}

static bool show_spread(sheet_t *sheet, variation_t *variation)
{
    Pcn__Referral__V1__VariationSpread *spread = pb_new(&pcn__referral__v1__variation_spread__type, sheet->call->arena);
    if (spread == NULL)
        return false;
    spread->has_units = 1;
    spread->units = (int64_t)sheet->spread.units;
    spread->phi = decimal(sheet->call, sheet->spread.phi);
    spread->tau_squared = arena_printf(sheet->call->arena, "%.6f", sheet->spread.tau2);
    variation->spread = spread;
    return spread->phi != NULL && spread->tau_squared != NULL;
}

static bool assume(const sheet_t *sheet, variation_t *variation)
{
    const request_t *request = sheet->call->request;
    static const char *const always[] = {
        "People are those who were registered with a practice on this platform, in bands of age and sex; whose sex is not recorded are "
        "bands of their own",
        "A referral counts on the day on which it was last submitted, for the practice that referred, whatever became of it",
    };
    const size_t count = sizeof always / sizeof *always;
    variation->assumptions = arena_alloc(sheet->call->arena, (count + 3) * sizeof *variation->assumptions);
    if (variation->assumptions == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        variation->assumptions[variation->n_assumptions++] = (char *)(uintptr_t)always[i];
    char *small = arena_printf(sheet->call->arena, "Counts from 1 to %lld are not shown, nor one by which such a one could be told",
                               (long long)sheet->first->least_shown - 1);
    variation->assumptions[variation->n_assumptions++] = small;
    if (request->has_synthetic && request->synthetic)
        variation->assumptions[variation->n_assumptions++] = (char *)(uintptr_t) "Some patients were made up for a demonstration";
    return small != NULL;
}

// ---- all of it ----

static status_t check(sheet_t *sheet)
{
    service_call_t *call = sheet->call;
    const request_t *request = call->request;
    const loaded_t *first = sheet->first;
    if (!first->is_shown)
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s within reach",
                           request->organisation);
    if (!first->reference_shown)
        return problem_set(call->problem, STATUS_NOT_FOUND, "reference", "There is no organisation %s within reach", request->reference);
    if (!first->reference_above)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "reference", "%s does not lie below %s", request->organisation,
                           request->reference);
    // All others of the reference come first, without a code.
    if (call->row_count - (first->organisation == NULL ? 1 : 0) > PRACTICES_MAX)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "organisation", "There are more than %d practices below it",
                           PRACTICES_MAX);
    if (request->pathway == NULL)
        return STATUS_OK;
    if (first->in_force_from == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, request->has_pathway_version ? "pathwayVersion" : "pathway",
                           "There is no such pathway, or version of it");
    if (!date_parse(first->in_force_from, &sheet->split))
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "A pathway begins on no date");
    if (sheet->split <= sheet->range.first || sheet->split > sheet->range.last)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pathway",
                           "It came into force on %s, which leaves nothing of the range before it or since", first->in_force_from);
    sheet->compares = true;
    return STATUS_OK;
}

static void head(const sheet_t *sheet, variation_t *variation)
{
    const request_t *request = sheet->call->request;
    variation->organisation = request->organisation;
    variation->reference = request->reference != NULL ? request->reference : request->organisation;
    variation->specialty = sheet->first->specialty;
    variation->from = request->from;
    variation->to = request->to;
    variation->pathway = request->pathway;
    variation->has_pathway_version = sheet->compares;
    variation->pathway_version = sheet->first->pathway_version;
    variation->in_force_from = sheet->first->in_force_from;
}

status_t decide_get_referral_variation(service_call_t *call)
{
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "A variation was not loaded");
    sheet_t *sheet = arena_alloc(call->arena, sizeof *sheet);
    variation_t *variation = pb_new(&pcn__referral__v1__referral_variation__type, call->arena);
    if (sheet == NULL || variation == NULL)
        return refuse_memory(call);
    *sheet = (sheet_t){.call = call, .first = call->rows[0]};
    if (!range_of(call->request, &sheet->range))
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The contract let something through that is no date");
    status_t status = check(sheet);
    if (status != STATUS_OK)
        return status;
    if (!measure(sheet) || (variation->rows = arena_alloc(call->arena, (sheet->count + 1) * sizeof *variation->rows)) == NULL)
        return refuse_memory(call);
    head(sheet, variation);
    for (size_t i = 0; i < sheet->count; i++) {
        if ((variation->rows[i] = show(sheet, &sheet->practices[i])) == NULL)
            return refuse_memory(call);
    }
    variation->n_rows = sheet->count;
    call->reply = variation;
    if ((variation->total = show(sheet, &sheet->total)) == NULL || !show_spread(sheet, variation) || !assume(sheet, variation))
        return refuse_memory(call);
    return STATUS_OK;
}
