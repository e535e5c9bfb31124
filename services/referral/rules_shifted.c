#include "services/referral/rules_shifted.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"

#define COUNT_TYPE (&pcn__referral__v1__shifted_work_count__type)
#define DAYS_OF_MONTH 31

status_t shifted_check_feedback(bool reports, bool answers, problem_t *problem)
{
    if (reports || answers)
        return STATUS_OK;
    return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "Feedback is for the practice and the provider");
}

status_t shifted_check_close(bool reports, problem_t *problem)
{
    return reports ? STATUS_OK : problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "The practice that reported it closes it");
}

status_t shifted_check_open(shifted_status_t status, problem_t *problem)
{
    return status == SHIFTED_STATUS(OPEN) ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The report is closed");
}

static int32_t day_of_month(int32_t day)
{
    char date[DATE_SIZE];
    date_format(day, date);
    return (date[8] - '0') * 10 + (date[9] - '0');
}

int32_t shifted_month_begin(int32_t day)
{
    return day - day_of_month(day) + 1;
}

int32_t shifted_month_end(int32_t day)
{
    return shifted_month_begin(shifted_month_begin(day) + DAYS_OF_MONTH) - 1;
}

// ---- sums ----

typedef struct sum {
    uint32_t reports, withheld_cells, withheld_reports;
} sum_t;

static bool cell_is_withheld(const shifted_cell_t *cell)
{
    return cell->reports < SHIFTED_FEW && cell->hidden > 0;
}

static void add(sum_t *sum, const shifted_cell_t *cell)
{
    sum->reports += cell->reports;
    if (cell_is_withheld(cell)) {
        sum->withheld_cells++;
        sum->withheld_reports += cell->reports;
    }
}

// A withheld cell is known to have one to four. Their sum tells each of them where it is the least or the most that they can have; one that
// is small is small itself.
static bool is_withheld(const sum_t *sum)
{
    return sum->withheld_cells > 0 && (sum->withheld_reports < SHIFTED_FEW || sum->withheld_reports == sum->withheld_cells ||
                                       sum->withheld_reports == sum->withheld_cells * (SHIFTED_FEW - 1));
}

static shifted_count_t *new_count(const char *theme, const char *provider, const sum_t *sum, bool withheld, arena_t *arena)
{
    shifted_count_t *count = pb_new(COUNT_TYPE, arena);
    if (count == NULL)
        return NULL;
    count->theme = (char *)(uintptr_t)theme;
    count->provider = (char *)(uintptr_t)provider;
    count->has_reports = !withheld;
    count->reports = withheld ? 0 : sum->reports;
    count->has_withheld = count->withheld = withheld;
    return count;
}

// What cells of one row share.
static const char *key_of(const shifted_cell_t *cell, shifted_by_t by)
{
    return by == SHIFTED_BY_THEME ? cell->theme : cell->provider;
}

static bool seen_before(shifted_cell_t *const *cells, size_t index, shifted_by_t by)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(key_of(cells[i], by), key_of(cells[index], by)) == 0)
            return true;
    }
    return false;
}

// Of the cells that share the key of the one at an index.
static sum_t sum_of(shifted_cell_t *const *cells, size_t count, size_t index, shifted_by_t by)
{
    sum_t sum = {0};
    for (size_t i = 0; i < count; i++) {
        if (i == index || (by != SHIFTED_BY_BOTH && strcmp(key_of(cells[i], by), key_of(cells[index], by)) == 0))
            add(&sum, cells[i]);
    }
    return sum;
}

static bool row_is_withheld(shifted_cell_t *const *cells, size_t count, size_t index, shifted_by_t by)
{
    const sum_t sum = sum_of(cells, count, index, by);
    return is_withheld(&sum);
}

// All less the rows that are told would be a row that is not.
static bool total_is_withheld(shifted_cell_t *const *cells, size_t count, const sum_t *all)
{
    bool withheld = is_withheld(all);
    for (size_t i = 0; i < count; i++)
        withheld = withheld || row_is_withheld(cells, count, i, SHIFTED_BY_THEME) || row_is_withheld(cells, count, i, SHIFTED_BY_PROVIDER);
    return withheld;
}

bool shifted_summarize(shifted_cell_t *const *cells, size_t count, shifted_by_t by, arena_t *arena, shifted_summary_t *summary)
{
    sum_t all = {0};
    summary->n_rows = 0;
    summary->rows = arena_alloc(arena, (count + 1) * sizeof(void *));
    if (summary->rows == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        add(&all, cells[i]);
        if (by != SHIFTED_BY_BOTH && seen_before(cells, i, by))
            continue;
        const sum_t sum = sum_of(cells, count, i, by);
        shifted_count_t *row = new_count(by != SHIFTED_BY_PROVIDER ? cells[i]->theme : NULL,
                                         by != SHIFTED_BY_THEME ? cells[i]->provider : NULL, &sum, is_withheld(&sum), arena);
        if (row == NULL)
            return false;
        summary->rows[summary->n_rows++] = row;
    }
    summary->total = new_count(NULL, NULL, &all, total_is_withheld(cells, count, &all), arena);
    return summary->total != NULL;
}
