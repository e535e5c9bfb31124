#include "services/registry/errand_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "services/registry/import_events.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/store_import_apply.h"

#define ATTEMPTS_MAX 3
#define RULES_CAP ((size_t)64 * 1024)
#define PARAMS(...) (const char *[]){__VA_ARGS__}, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *))

typedef struct import {
    errand_step_t *step;
    const char *id, *start;
    bool dry_run;
    long attempts, problems;
    int shown; // per cent
} import_t;

// A statement of the transaction. The first value of its result, "" for none; NULL where it was refused.
static const char *run(import_t *import, const char *sql, const char *const *values, int count)
{
    errand_step_t *step = import->step;
    if (atomic_load(step->ending)) {
        (void)problem_set(step->problem, STATUS_ABORTED, NULL, "The daemon ends");
        return NULL;
    }
    PGresult *result = db_session_params(step->session, sql, values, count, step->problem);
    if (result == NULL)
        return NULL;
    const bool some = PQntuples(result) > 0 && PQnfields(result) > 0;
    const char *value = some ? arena_string(step->arena, PQgetvalue(result, 0, 0)) : "";
    PQclear(result);
    if (value == NULL)
        (void)problem_set(step->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    return value;
}

static bool runs(import_t *import, const char *sql, const char *const *values, int count)
{
    return run(import, sql, values, count) != NULL;
}

// What others see of it meanwhile: a loss of that is no reason to stop.
static void show(import_t *import, const char *state, int percent)
{
    char text[16];
    problem_t ignored = {0};
    (void)snprintf(text, sizeof text, "%d", percent);
    import->shown = percent;
    PQclear(db_session_params(import->step->aside, apply_progress, PARAMS(import->id, state, text), &ignored));
}

// ---- checking ----

static const char *json_of(const pb_enum_t *type, int value)
{
    for (unsigned i = 0; i < type->descriptor->n_values; i++) {
        if (type->descriptor->values[i].value == value)
            return type->json[i];
    }
    return NULL;
}

static void add_member(buf_t *out, const char *head, const char *text)
{
    buf_add_string(out, head);
    buf_add_json_string(out, text, strlen(text));
}

static void add_list(buf_t *out, const char *const *names)
{
    buf_add_string(out, "[");
    for (size_t i = 0; names[i] != NULL; i++) {
        buf_add_string(out, i > 0 ? "," : "");
        buf_add_json_string(out, names[i], strlen(names[i]));
    }
    buf_add_string(out, "]");
}

// The rules of kinds as the SQL of the checks takes them: [{"kind","level","parents"}]; "place" stands for the tree of places.
static char *kind_rules(arena_t *arena)
{
    const pb_enum_t *kinds = &pcn__registry__v1__organisation_kind__enum;
    buf_t out;
    buf_init(&out, RULES_CAP);
    buf_add_string(&out, "[{\"kind\":\"place\",\"parents\":");
    add_list(&out, organisation_place_kinds());
    buf_add_string(&out, "}");
    for (unsigned i = 0; i < kinds->descriptor->n_values; i++) {
        organisation_t organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
        organisation.has_kind = 1;
        organisation.kind = (organisation_kind_t)kinds->descriptor->values[i].value;
        if (kinds->json[i] == NULL)
            continue;
        organisation_complete(&organisation);
        const char *const *parents = organisation_parent_kinds(organisation.kind);
        add_member(&out, ",{\"kind\":", kinds->json[i]);
        if (organisation.has_level)
            add_member(&out, ",\"level\":", json_of(&pcn__registry__v1__organisation_level__enum, (int)organisation.level));
        if (parents != NULL) {
            buf_add_string(&out, ",\"parents\":");
            add_list(&out, parents);
        }
        buf_add_string(&out, "}");
    }
    buf_add_string(&out, "]");
    char *text = buf_ok(&out) ? arena_copy(arena, out.data, out.size) : NULL;
    buf_deinit(&out);
    return text;
}

// How many problems are found; -1 where a statement fails. Beside rows that could not be read others are not looked at together: what they
// refer to may be among those.
static long check(import_t *import)
{
    errand_step_t *step = import->step;
    char *rules = kind_rules(step->arena);
    if (rules == NULL) {
        (void)problem_set(step->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
        return -1;
    }
    bool good = runs(import, apply_stage, PARAMS(import->id, import->start, rules, import->attempts > 0 ? "true" : "false"));
    show(import, "checking", 40);
    good = good && runs(import, apply_rows, PARAMS(import->id, step->today));
    if (import->problems == 0) {
        show(import, "checking", 60);
        good = good && runs(import, apply_complete, PARAMS(step->today, step->now));
        good = good && runs(import, "SELECT import_grant_waivers()", NULL, 0);
        good = good && runs(import, "SELECT import_check_references()", NULL, 0);
        show(import, "checking", 80);
        good = good && runs(import, apply_days, PARAMS(step->today));
        good = good && runs(import, apply_spans, PARAMS(step->today));
    }
    const char *found = good ? run(import, apply_tell, PARAMS(import->id)) : NULL;
    return found != NULL ? strtol(found, NULL, 10) : -1;
}

// ---- ends ----

static status_t commit(import_t *import)
{
    if (!runs(import, "COMMIT", NULL, 0))
        return import->step->problem->status;
    import->step->did = import->step->more = true;
    return STATUS_OK;
}

static status_t fail(import_t *import, long problems)
{
    char count[24], now[INSTANT_SIZE];
    (void)snprintf(count, sizeof count, "%ld", problems);
    instant_format(clock_wall_us(), now);
    if (!runs(import, apply_failed, PARAMS(import->id, now, count)))
        return import->step->problem->status;
    return commit(import);
}

// One that no line of a file is to blame for.
static status_t fail_whole(import_t *import, const char *reason)
{
    if (!runs(import, apply_refused, PARAMS(import->id, NULL, reason)))
        return import->step->problem->status;
    return fail(import, 1);
}

// ---- applying ----

typedef struct outcome {
    char *created, *changed, *added, *unchanged;
} outcome_t;

// A statement whose result is two numbers.
static bool two(import_t *import, const char *sql, const char *const *values, int count, char **first, char **second)
{
    errand_step_t *step = import->step;
    PGresult *result = db_session_params(step->session, sql, values, count, step->problem);
    if (result == NULL)
        return false;
    *first = arena_string(step->arena, PQgetvalue(result, 0, 0));
    *second = arena_string(step->arena, PQgetvalue(result, 0, 1));
    PQclear(result);
    if (*first == NULL || *second == NULL)
        return problem_set(step->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory"), false;
    return true;
}

static bool read_outcome(import_t *import, outcome_t *outcome)
{
    return two(import, apply_all, PARAMS(import->step->now, import->step->today), &outcome->created, &outcome->changed) &&
           two(import, apply_count, NULL, 0, &outcome->added, &outcome->unchanged);
}

static void advance(void *data, int percent)
{
    import_t *import = data;
    const int all = 50 + percent / 2;
    if (all >= import->shown + 10)
        show(import, "applying", all);
}

// A constraint's refusal undoes what was applied and is a problem like others.
static status_t refused(import_t *import)
{
    errand_step_t *step = import->step;
    if (strncmp(db_session_sqlstate(step->session), "23", 2) != 0)
        return step->problem->status;
    char *reason = arena_printf(step->arena, "The database refused it by its rule %s", db_session_constraint(step->session));
    *step->problem = (problem_t){0};
    if (reason == NULL || !runs(import, "ROLLBACK TO SAVEPOINT applying", NULL, 0))
        return step->problem->status != STATUS_OK ? step->problem->status : STATUS_RESOURCE_EXHAUSTED;
    return fail_whole(import, reason);
}

// Others changed what was checked: it is checked again, and then they wait.
static status_t again(import_t *import)
{
    import->step->more = true;
    return runs(import, "ROLLBACK", NULL, 0) ? STATUS_OK : import->step->problem->status;
}

static status_t apply(import_t *import)
{
    errand_step_t *step = import->step;
    outcome_t outcome;
    const char *moved = run(import, apply_hold, NULL, 0);
    if (moved == NULL)
        return step->problem->status;
    if (moved[0] == 't')
        return again(import);
    show(import, "applying", 0);
    if (!runs(import, "SAVEPOINT applying", NULL, 0))
        return step->problem->status;
    if (!read_outcome(import, &outcome))
        return refused(import);
    show(import, "applying", 50);
    status_t status = import_events(step, advance, import);
    if (status != STATUS_OK)
        return status;
    if (import->dry_run && !runs(import, "ROLLBACK TO SAVEPOINT applying", NULL, 0))
        return step->problem->status;
    // The step's instant is that of its beginning.
    char now[INSTANT_SIZE];
    instant_format(clock_wall_us(), now);
    if (!runs(import, apply_done, PARAMS(import->id, now, outcome.created, outcome.changed, outcome.added, outcome.unchanged)))
        return step->problem->status;
    return commit(import);
}

// ---- one import ----

static status_t work(import_t *import)
{
    errand_step_t *step = import->step;
    if (import->attempts >= ATTEMPTS_MAX)
        return fail_whole(import, "It could not be applied: every try of three ended in the middle");
    problem_t ignored = {0};
    PGresult *begun = db_session_params(step->aside, apply_begin, PARAMS(import->id, step->now), &ignored);
    if (begun == NULL)
        return problem_set(step->problem, ignored.status, NULL, "%s", ignored.detail);
    // It was cancelled just now.
    const bool mine = strcmp(PQcmdTuples(begun), "0") != 0;
    PQclear(begun);
    if (!mine) {
        step->more = true;
        return runs(import, "ROLLBACK", NULL, 0) ? STATUS_OK : step->problem->status;
    }
    const long found = check(import);
    status_t status = found < 0 ? step->problem->status : STATUS_OK;
    if (status == STATUS_OK)
        status = found + import->problems > 0 ? fail(import, found) : apply(import);
    // A daemon that is told to end is no try that failed.
    if (status != STATUS_OK && atomic_load(step->ending))
        PQclear(db_session_params(step->aside, apply_put_back, PARAMS(import->id), &ignored));
    return status;
}

// The next import; false where there is none or another replica is at one.
static bool take(import_t *import)
{
    errand_step_t *step = import->step;
    PGresult *lock = db_session_exec(step->session, apply_lock, step->problem);
    const bool mine = lock != NULL && PQntuples(lock) > 0;
    PQclear(lock);
    PGresult *next = mine ? db_session_exec(step->session, apply_next, step->problem) : NULL;
    if (next != NULL && PQntuples(next) > 0) {
        import->id = arena_string(step->arena, PQgetvalue(next, 0, 0));
        import->dry_run = PQgetvalue(next, 0, 1)[0] == 't';
        import->start = arena_string(step->arena, PQgetvalue(next, 0, 2));
        import->attempts = strtol(PQgetvalue(next, 0, 3), NULL, 10);
        import->problems = strtol(PQgetvalue(next, 0, 4), NULL, 10);
    }
    PQclear(next);
    return import->id != NULL && import->start != NULL;
}

status_t errand_import(errand_step_t *step)
{
    import_t import = {.step = step};
    if (!runs(&import, "BEGIN", NULL, 0))
        return step->problem->status;
    if (take(&import))
        return work(&import);
    if (step->problem->status != STATUS_OK)
        return step->problem->status;
    return runs(&import, "ROLLBACK", NULL, 0) ? STATUS_OK : step->problem->status;
}
