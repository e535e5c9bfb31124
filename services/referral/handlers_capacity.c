#include "services/referral/handlers_capacity.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_obligation.h"
#include "services/referral/rules_schedule.h"

typedef Pcn__Referral__V1__GetCapacityRequest request_t;
typedef Pcn__Referral__V1__Capacities capacity_t;
typedef Pcn__Referral__V1__CapacityRow row_t;
typedef Pcn__Referral__Store__V1__CapacityCount count_t;

#define ROW_TYPE (&pcn__referral__v1__capacity_row__type)
#define DAYS_MAX 35
#define WEEK 7
// Sentences of the rules, and those beside them.
#define ASSUMPTIONS_MORE 3

// ---- days ----

static status_t read_days(service_call_t *call, const char *from, const char *to, int32_t most, capacity_days_t *days)
{
    if (!date_parse(from, &days->first) || !date_parse(to, &days->last))
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The contract let something through that is no date");
    if (days->last < days->first)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "The range ends before it begins");
    if (days->last - days->first >= most)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "A range is at most %d days", (int)most);
    days->made_to = call->today + SCHEDULE_HORIZON_DAYS - 1;
    return STATUS_OK;
}

char *capacity_beyond(service_call_t *call, const capacity_days_t *days)
{
    char text[DATE_SIZE];
    date_format(days->made_to, text);
    return arena_printf(call->arena, "Slots are made up to %s: what is published later is not known", text);
}

status_t capacity_prepare(service_call_t *call, const char *from, const char *to, int32_t most)
{
    static const page_part_t parts_of_page[] = {PAGE_CODE};
    capacity_days_t days;
    status_t status = read_days(call, from, to, most, &days);
    return status == STATUS_OK ? page_prepare(call, parts_of_page, sizeof parts_of_page / sizeof *parts_of_page) : status;
}

status_t capacity_begin(service_call_t *call, const char *organisation, const char *from, const char *to, int32_t most,
                        capacity_days_t *days)
{
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", organisation);
    return read_days(call, from, to, most, days);
}

status_t prepare_get_capacity(service_call_t *call)
{
    const request_t *request = call->request;
    return capacity_prepare(call, request->from, request->to, DAYS_MAX);
}

// ---- one row ----

// What all rows of an answer need.
typedef struct sheet {
    service_call_t *call;
    const capacity_of_t *first;
    capacity_days_t days;
    bool explain;
    bool beyond, synthetic; // some row is
} sheet_t;

static void fill_counts(sheet_t *sheet, row_t *row, const capacity_of_t *of, const obligation_rule_t *rule, int32_t day)
{
    const int32_t last = strcmp(rule->period, "week") == 0 ? day + WEEK - 1 : day;
    if (last > sheet->days.made_to) {
        sheet->beyond = true;
        return;
    }
    row->has_published = row->has_used = 1;
    for (size_t i = 0; i < of->n_counts; i++) {
        const count_t *count = of->counts[i];
        if (strcmp(count->obligation, row->obligation) != 0 || strcmp(count->day, row->day) != 0)
            continue;
        row->published = count->published;
        row->used = count->used;
        row->has_reclaimed = count->reclaimed > 0;
        row->reclaimed = count->reclaimed;
    }
}

static bool fill_required(sheet_t *sheet, row_t *row, const capacity_of_t *of, const obligation_rule_t *rule)
{
    arena_t *arena = sheet->call->arena;
    obligation_list_t list = {0};
    if (rule->has_per_patients && !obligation_list_on(of, row->day, arena, &list))
        return false;
    if (rule->has_per_patients && !list.known) {
        row->reason = pb_new(REASON_TYPE, arena);
        if (row->reason == NULL)
            return false;
        row->reason->code = (char *)(uintptr_t) "list-size-unknown";
        row->reason->detail = (char *)(uintptr_t)obligation_unknown(of, row->day, &list, arena);
        return row->reason->detail != NULL;
    }
    row->has_required = 1;
    row->required = obligation_required(rule, list.count);
    if (rule->has_per_patients) {
        row->has_list_size = 1;
        row->list_size = list.count;
        row->list_size_as_of = (char *)(uintptr_t)list.as_of;
        row->has_synthetic = row->synthetic = list.synthetic;
        sheet->synthetic = sheet->synthetic || list.synthetic;
    }
    row->has_difference = row->has_published;
    row->difference = row->published - row->required;
    if (!sheet->explain)
        return true;
    row->explanation = obligation_explain(rule, &list, row->required, arena);
    return row->explanation != NULL;
}

// NULL without memory.
static row_t *new_row(sheet_t *sheet, const capacity_of_t *of, const obligation_rule_t *rule, int32_t day)
{
    char text[DATE_SIZE];
    date_format(day, text);
    row_t *row = pb_new(ROW_TYPE, sheet->call->arena);
    if (row == NULL || (row->day = arena_string(sheet->call->arena, text)) == NULL)
        return NULL;
    row->organisation = of->organisation;
    row->name = of->name;
    row->kind = of->kind;
    row->obligation = rule->obligation;
    row->period = rule->period;
    row->unit = rule->unit;
    fill_counts(sheet, row, of, rule, day);
    return fill_required(sheet, row, of, rule) ? row : NULL;
}

// ---- all of them ----

// Whether another rule of the same obligation comes before it: its rows come with those of the first.
static bool continues(const capacity_of_t *first, size_t rule)
{
    return rule > 0 && strcmp(first->rules[rule]->obligation, first->rules[rule - 1]->obligation) == 0;
}

// The rows of one organisation. False without memory.
static bool add_rows(sheet_t *sheet, const capacity_of_t *of, row_t **rows, size_t *count)
{
    const capacity_of_t *first = sheet->first;
    *count = 0;
    for (size_t i = 0; i < first->n_rules; i++) {
        if (continues(first, i))
            continue;
        for (int32_t day = sheet->days.first; day <= sheet->days.last; day++) {
            const bool holiday = obligation_holiday(first->bank_holidays_on, first->n_bank_holidays_on, day);
            for (size_t j = i; j < first->n_rules && (j == i || continues(first, j)); j++) {
                if (!obligation_holds(first->rules[j], of->kind, day, holiday))
                    continue;
                if ((rows[*count] = new_row(sheet, of, first->rules[j], day)) == NULL)
                    return false;
                (*count)++;
            }
        }
    }
    return true;
}

static bool has_rule(const capacity_t *capacity, const obligation_rule_t *rule)
{
    for (size_t i = 0; i < capacity->n_rows; i++) {
        if (strcmp(capacity->rows[i]->obligation, rule->obligation) == 0)
            return true;
    }
    return false;
}

static bool assume(const sheet_t *sheet, capacity_t *capacity)
{
    const capacity_of_t *first = sheet->first;
    capacity->assumptions = arena_alloc(sheet->call->arena, (first->n_rules + ASSUMPTIONS_MORE) * sizeof *capacity->assumptions);
    if (capacity->assumptions == NULL)
        return false;
    for (size_t i = 0; i < first->n_rules; i++) {
        char *sentence = first->rules[i]->assumption;
        if (sentence != NULL && has_rule(capacity, first->rules[i]) && !continues(first, i))
            capacity->assumptions[capacity->n_assumptions++] = sentence;
    }
    if (sheet->synthetic)
        capacity->assumptions[capacity->n_assumptions++] = (char *)(uintptr_t) "Some list sizes were made up for a demonstration";
    if (!sheet->beyond)
        return true;
    char *beyond = capacity_beyond(sheet->call, &sheet->days);
    capacity->assumptions[capacity->n_assumptions++] = beyond;
    return beyond != NULL;
}

// An organisation goes into the page with all of its rows or not at all.
static status_t fill(sheet_t *sheet, capacity_t *capacity)
{
    service_call_t *call = sheet->call;
    page_t page = page_begin(call);
    const size_t size = page.size, most = (sheet->first->n_rules + 1) * DAYS_MAX;
    page.size = SIZE_MAX;
    row_t **rows = arena_alloc(call->arena, most * sizeof *rows);
    capacity->rows = arena_alloc(call->arena, (call->row_count * most + 1) * sizeof *capacity->rows);
    if (rows == NULL || capacity->rows == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < call->row_count; i++) {
        size_t count = 0, taken = 0;
        const page_t before = page;
        if (i < size && !add_rows(sheet, call->rows[i], rows, &count))
            return refuse_memory(call);
        while (i < size && taken < count && page_take(&page, ROW_TYPE, rows[taken]))
            taken++;
        if (i == size || (taken < count && before.rows > 0))
            return page_end(call, (const char *const[]){((const capacity_of_t *)call->rows[i - 1])->organisation}, 1,
                            &capacity->next_page_token);
        memcpy(capacity->rows + capacity->n_rows, rows, taken * sizeof *rows);
        capacity->n_rows += taken;
    }
    return STATUS_OK;
}

status_t decide_get_capacity(service_call_t *call)
{
    const request_t *request = call->request;
    sheet_t sheet = {.call = call, .explain = request->explain};
    status_t status = capacity_begin(call, request->organisation, request->from, request->to, DAYS_MAX, &sheet.days);
    if (status != STATUS_OK)
        return status;
    sheet.first = call->rows[0];
    capacity_t *capacity = pb_new(&pcn__referral__v1__capacities__type, call->arena);
    if (capacity == NULL)
        return refuse_memory(call);
    capacity->organisation = request->organisation;
    capacity->from = request->from;
    capacity->to = request->to;
    call->reply = capacity;
    if (sheet.first->organisation == NULL)
        return STATUS_OK;
    status = fill(&sheet, capacity);
    if (status != STATUS_OK)
        return status;
    return assume(&sheet, capacity) ? STATUS_OK : refuse_memory(call);
}
