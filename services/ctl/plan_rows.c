#include "services/ctl/plan_rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "services/ctl/command.h"

typedef enum column_type {
    COLUMN_TEXT,
    COLUMN_CODE,
    COLUMN_SLUG, // words of the data set: "governance_group" is "governance-group"
    COLUMN_KIND, // the same, and a "pcn" is a network
    COLUMN_DATE,
    COLUMN_NUMBER,
} column_type_t;

// A column and the field of the body that it becomes; an empty one is left out.
typedef struct column {
    const char *name;
    const char *field;
    column_type_t type;
    bool required;
} column_t;

static const column_t organisation_columns[] = {
    {"code", "code", COLUMN_CODE, true},
    {"name", "name", COLUMN_TEXT, true},
    {"kind", "kind", COLUMN_KIND, true},
    {"parent_code", "parent", COLUMN_CODE, false},
    {"level", "level", COLUMN_SLUG, false},
    {"stated_population", "statedPopulation", COLUMN_NUMBER, false},
    {"stated_practice_count", "statedPracticeCount", COLUMN_NUMBER, false},
    {"source", "source", COLUMN_TEXT, false},
    {"notes", "notes", COLUMN_TEXT, false},
    {0},
};

static const column_t network_columns[] = {
    {"place_code", "place", COLUMN_CODE, false},
    {"practice_count", "statedPracticeCount", COLUMN_NUMBER, false},
    {0},
};

static const column_t list_size_columns[] = {
    {"list_size", "count", COLUMN_NUMBER, true},
    {"as_of", "asOf", COLUMN_DATE, true},
    {"source", "source", COLUMN_TEXT, true},
    {0},
};

static const column_t sub_group_columns[] = {
    {"list_size", "count", COLUMN_NUMBER, true},
    {"source", "source", COLUMN_TEXT, true},
    {"sub_group", "subGroup", COLUMN_CODE, true},
    {0},
};

static const column_t member_columns[] = {
    {"practice_code", "practice", COLUMN_CODE, true},
    {"sub_group", "subGroup", COLUMN_CODE, false},
    {"source", "source", COLUMN_TEXT, false},
    {0},
};

static const struct {
    const char *file;
    const char *columns[8]; // without which the file cannot be read
} tables[PLAN_TABLES] = {
    [PLAN_ORGANISATIONS] = {"organisations.csv", {"code", "name", "kind", "parent_code"}},
    [PLAN_NETWORKS] = {"pcns.csv", {"pcn_code", "list_size", "clinical_directors", "as_of", "place_code", "source"}},
    [PLAN_SUB_GROUPS] = {"pcn_sub_groups.csv", {"sub_group", "pcn_code", "list_size", "source"}},
    [PLAN_PRACTICES] = {"practices.csv", {"practice_code", "pcn_code", "sub_group"}},
};

const char *plan_table_file(plan_table_t table)
{
    return tables[table].file;
}

static const char *text_of(const row_t *row, const char *column)
{
    return csv_field(row->csv, row->index, csv_column(row->csv, column));
}

static json_t *slug(const char *text, bool kind)
{
    if (kind && strcmp(text, "pcn") == 0)
        return json_string("network");
    char *copy = strdup(text);
    for (char *c = copy; copy != NULL && *c != '\0'; c++) {
        if (*c == '_')
            *c = '-';
    }
    json_t *value = copy != NULL ? json_string(copy) : NULL;
    free(copy);
    return value;
}

// NULL where the text is not of the type.
static json_t *value_of(const column_t *column, const char *text)
{
    long long number;
    int32_t days;
    switch (column->type) {
    case COLUMN_NUMBER:
        return command_number(text, 0, 1000000000, &number) ? json_integer(number) : NULL;
    case COLUMN_CODE:
        return code_valid(text) ? json_string(text) : NULL;
    case COLUMN_DATE:
        return date_parse(text, &days) ? json_string(text) : NULL;
    case COLUMN_SLUG:
    case COLUMN_KIND:
        return slug(text, column->type == COLUMN_KIND);
    case COLUMN_TEXT:
        break;
    }
    return json_string(text);
}

// Puts a row's columns into a body. Every one that is wrong is reported; false if any was.
static bool fill(json_t *content, const column_t *columns, const row_t *row)
{
    static const char *const wanted[] = {
        [COLUMN_CODE] = "a code", [COLUMN_DATE] = "a date as in 2019-07-01", [COLUMN_NUMBER] = "a whole number"};
    bool good = true;
    for (const column_t *column = columns; column->name != NULL; column++) {
        const char *text = text_of(row, column->name);
        if (text[0] == '\0') {
            if (column->required) {
                report_problem(row->file, row->line, column->name, "is empty");
                good = false;
            }
            continue;
        }
        json_t *value = value_of(column, text);
        if (value == NULL && (column->type == COLUMN_CODE || column->type == COLUMN_DATE || column->type == COLUMN_NUMBER)) {
            report_problem(row->file, row->line, column->name, "\"%s\" is not %s", text, wanted[column->type]);
            good = false;
        } else if (json_object_set_new(content, column->field, value) != 0) {
            report_problem(row->file, row->line, column->name, "cannot be taken over");
            good = false;
        }
    }
    return good;
}

// The code that a row belongs to; NULL where it is none, which is reported.
static const char *code_of(const row_t *row, const char *column)
{
    const char *code = text_of(row, column);
    if (code_valid(code))
        return code;
    report_problem(row->file, row->line, column, "\"%s\" is not a code", code);
    return NULL;
}

static bool add_organisation(plan_t *plan, const row_t *row)
{
    json_t *content = json_object();
    if (!fill(content, organisation_columns, row)) {
        json_decref(content);
        return true;
    }
    const char *code = json_string_value(json_object_get(content, "code"));
    const plan_call_t *there = plan_organisation(plan, code);
    if (there != NULL) {
        report_problem(row->file, row->line, "code", "\"%s\" is on line %u of %s already", code, there->line, there->file->path);
        json_decref(content);
        return true;
    }
    return plan_push(plan, PLAN_ORGANISATION, row, code, content);
}

// What pcns.csv adds to the organisation itself. A figure that both files have must be the same.
static void complete_network(plan_t *plan, const row_t *row, const char *code)
{
    plan_call_t *network = plan_organisation(plan, code);
    json_t *more = json_object();
    if (network != NULL && fill(more, network_columns, row)) {
        const char *field;
        json_t *value;
        json_object_foreach(more, field, value)
        {
            const json_t *there = json_object_get(network->content, field);
            if (there != NULL && !json_equal(there, value))
                report_problem(row->file, row->line, field, "differs from line %u of %s", network->line, network->file->path);
            else if (json_object_set(network->content, field, value) != 0)
                report_problem(row->file, row->line, field, "cannot be taken over");
        }
    }
    json_decref(more);
}

static bool add_list_size(plan_t *plan, const row_t *row, const char *code, json_t *content)
{
    if (json_object_set_new(content, "kind", json_string("registered")) != 0) {
        json_decref(content);
        return false;
    }
    return plan_push(plan, PLAN_LIST_SIZE, row, code, content);
}

static bool add_director(plan_t *plan, const row_t *row, const char *code, const char *name, size_t size)
{
    json_t *content = json_pack("{s:s%, s:s, s:b, s:s*}", "name", name, size, "from", plan_start(plan), "fromAssumed", 1, "source",
                                text_of(row, "source")[0] != '\0' ? text_of(row, "source") : NULL);
    return plan_push(plan, PLAN_DIRECTOR, row, code, content);
}

// Names are separated by semicolons. How two share the job is not stated, so no share is sent.
static bool add_directors(plan_t *plan, const row_t *row, const char *code)
{
    for (const char *at = text_of(row, "clinical_directors"); *at != '\0';) {
        size_t size = strcspn(at, ";"), start = strspn(at, " ");
        const char *next = at + size + (at[size] == ';');
        size_t end = size;
        while (end > start && at[end - 1] == ' ')
            end--;
        if (end > start && !add_director(plan, row, code, at + start, end - start))
            return false;
        at = next;
    }
    return true;
}

static bool add_network(plan_t *plan, const row_t *row)
{
    const char *code = code_of(row, "pcn_code");
    if (code == NULL)
        return true;
    complete_network(plan, row, code);
    json_t *size = json_object();
    if (fill(size, list_size_columns, row)) {
        if (json_object_set(plan_as_of(plan), code, json_object_get(size, "asOf")) != 0 || !add_list_size(plan, row, code, size))
            return false;
    } else {
        json_decref(size);
    }
    return add_directors(plan, row, code);
}

static bool add_sub_group(plan_t *plan, const row_t *row)
{
    const char *code = code_of(row, "pcn_code");
    if (code == NULL)
        return true;
    json_t *content = json_object(), *as_of = json_object_get(plan_as_of(plan), code);
    bool good = fill(content, sub_group_columns, row);
    if (as_of == NULL) {
        report_problem(row->file, row->line, "pcn_code", "no day is known for the list size: %s has none for %s",
                       plan_table_file(PLAN_NETWORKS), code);
        good = false;
    }
    if (!good) {
        json_decref(content);
        return true;
    }
    if (json_object_set(content, "asOf", as_of) != 0) {
        json_decref(content);
        return false;
    }
    return add_list_size(plan, row, code, content);
}

static bool add_practice(plan_t *plan, const row_t *row)
{
    const char *code = code_of(row, "pcn_code");
    json_t *content = json_object();
    if (code == NULL || !fill(content, member_columns, row)) {
        json_decref(content);
        return true;
    }
    // The documents name no first day: theirs is an assumption, and is sent as one.
    if (json_object_set_new(content, "from", json_string(plan_start(plan))) != 0 ||
        json_object_set_new(content, "fromAssumed", json_true()) != 0) {
        json_decref(content);
        return false;
    }
    return plan_push(plan, PLAN_MEMBER, row, code, content);
}

static bool check_columns(plan_table_t table, const csv_t *csv, report_file_t *file)
{
    bool good = true;
    for (const char *const *column = tables[table].columns; *column != NULL; column++) {
        if (csv_column(csv, *column) < 0) {
            report_problem(file, 1, *column, "the column is missing");
            good = false;
        }
    }
    return good;
}

status_t plan_add(plan_t *plan, plan_table_t table, const csv_t *csv, report_file_t *file, problem_t *problem)
{
    static bool (*const add[PLAN_TABLES])(plan_t *, const row_t *) = {
        [PLAN_ORGANISATIONS] = add_organisation,
        [PLAN_NETWORKS] = add_network,
        [PLAN_SUB_GROUPS] = add_sub_group,
        [PLAN_PRACTICES] = add_practice,
    };
    if (!check_columns(table, csv, file))
        return STATUS_OK;
    for (size_t i = 0; i < csv_rows(csv); i++) {
        row_t row = {.csv = csv, .index = i, .file = file, .line = csv_line(csv, i)};
        if (!add[table](plan, &row))
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    return STATUS_OK;
}
