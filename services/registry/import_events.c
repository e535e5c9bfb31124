#include "services/registry/import_events.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/pb/json.h"
#include "pcn/platform/v1/call.meta.h"
#include "services/registry/handlers.h"
#include "services/registry/handlers_site.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_network.h"
#include "services/registry/store_import_apply.h"

// A batch is a few statements; an organisation with all its list sizes takes some kilobytes of each.
#define BATCH 256
#define BATCH_ARENA_CAP ((size_t)256 * 1024 * 1024)
#define JSON_CAP ((size_t)8 * 1024 * 1024)
#define SITE_TYPE (&pcn__registry__v1__site__type)
#define FACT_TYPE (&pcn__registry__v1__stated_fact__type)
#define SYSTEM_TYPE (&pcn__registry__v1__system_profile__type)
#define ALIGNMENT_TYPE (&pcn__registry__v1__alignment__type)

enum { AGGREGATES, SIZES, FACTS, SYSTEMS, ALIGNMENTS, SITES, QUEUE, STATEMENTS };

static const db_stmt_t *const declared[STATEMENTS] = {&apply_aggregates, &apply_sizes, &apply_facts, &apply_systems,
                                                      &apply_alignments, &apply_sites, &apply_queue};

typedef struct events {
    errand_step_t *step;
    db_statement_t *statements[STATEMENTS];
    arena_t *arena; // of a batch
    buf_t scratch;
    Pcn__Platform__V1__Call call;
    size_t count; // of the batch
} events_t;

// Rows of the batch and how far they were given out.
typedef struct rows {
    void **all;
    size_t count, next;
} rows_t;

static status_t no_memory(events_t *events)
{
    return problem_set(events->step->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "An import's events take more memory than they may have");
}

static status_t ask(events_t *events, int statement, const pb_type_t *type, rows_t *rows)
{
    const void *const roots[] = {&events->call};
    PGresult *result = db_session_run(events->step->session, events->statements[statement], roots, events->arena, events->step->problem);
    if (result == NULL)
        return events->step->problem->status;
    const db_rows_t all = {.result = result, .count = PQntuples(result), .statement = events->statements[statement]};
    *rows = (rows_t){.count = (size_t)all.count};
    status_t status = type != NULL ? db_rows_messages(&all, type, events->arena, &rows->all, events->step->problem) : STATUS_OK;
    PQclear(result);
    return status;
}

// ---- one batch ----

// Takes the next rows whose organisation it is: both are in the order of codes.
#define TAKE(rows, type, member, code, list, n_list)                                                                                       \
    do {                                                                                                                                   \
        (list) = (void *)((rows)->all + (rows)->next);                                                                                     \
        (n_list) = 0;                                                                                                                      \
        while ((rows)->next < (rows)->count && strcmp(((type *)(rows)->all[(rows)->next])->member, code) == 0) {                           \
            (n_list)++;                                                                                                                    \
            (rows)->next++;                                                                                                                \
        }                                                                                                                                  \
    } while (0)
#define TAKE_ALL(resource, code, lists)                                                                                                    \
    do {                                                                                                                                   \
        TAKE(&(lists)[SIZES], list_size_t, organisation, code, (resource)->list_sizes, (resource)->n_list_sizes);                          \
        TAKE(&(lists)[FACTS], Pcn__Registry__V1__StatedFact, organisation, code, (resource)->stated_facts, (resource)->n_stated_facts);    \
        TAKE(&(lists)[SYSTEMS], Pcn__Registry__V1__SystemProfile, practice, code, (resource)->systems, (resource)->n_systems);             \
        TAKE(&(lists)[ALIGNMENTS], Pcn__Registry__V1__Alignment, organisation, code, (resource)->alignments, (resource)->n_alignments);    \
    } while (0)

// Room for the events of so many aggregates.
static bool make_room(events_t *events, size_t count)
{
    char **texts = arena_alloc(events->arena, (4 * count + 1) * sizeof *texts);
    int64_t *versions = arena_alloc(events->arena, (count + 1) * sizeof *versions);
    if (texts == NULL || versions == NULL)
        return false;
    events->count = 0;
    events->call.event_ids = texts;
    events->call.event_types = texts + count;
    events->call.event_subjects = texts + 2 * count;
    events->call.event_data = texts + 3 * count;
    events->call.event_versions = versions;
    return true;
}

static bool add(events_t *events, const char *type, char *subject, int64_t version, const pb_type_t *data_type, const void *data)
{
    char id[ID_SIZE];
    id_make(events->step->now_us, id);
    buf_clear(&events->scratch);
    pb_json_write(data_type, data, &events->scratch);
    Pcn__Platform__V1__Call *call = &events->call;
    const size_t at = events->count++;
    call->event_ids[at] = arena_string(events->arena, id);
    call->event_types[at] = (char *)(uintptr_t)type;
    call->event_subjects[at] = subject;
    call->event_data[at] = buf_ok(&events->scratch) ? arena_copy(events->arena, events->scratch.data, events->scratch.size) : NULL;
    call->event_versions[at] = version;
    return subject != NULL && call->event_ids[at] != NULL && call->event_data[at] != NULL;
}

static bool add_organisation(events_t *events, aggregate_t *facts, rows_t lists[])
{
    const char *type = facts->version == 1 ? EVENT_CREATED : EVENT_UPDATED;
    char *subject = arena_printf(events->arena, "organisations/%s", facts->code);
    if (facts->kind == KIND(NETWORK)) {
        network_t *network = network_for_event(facts, events->step->today, events->arena);
        if (network == NULL)
            return false;
        TAKE_ALL(network, facts->code, lists);
        return add(events, type, subject, facts->version, NETWORK_TYPE, network);
    }
    organisation_t *organisation = organisation_of_aggregate(facts, events->arena);
    if (organisation == NULL)
        return false;
    TAKE_ALL(organisation, facts->code, lists);
    return add(events, type, subject, facts->version, ORGANISATION_TYPE, organisation);
}

static status_t queue(events_t *events)
{
    Pcn__Platform__V1__Call *call = &events->call;
    call->n_event_ids = call->n_event_types = call->n_event_subjects = call->n_event_data = call->n_event_versions = events->count;
    rows_t none;
    return ask(events, QUEUE, NULL, &none);
}

static status_t add_organisations(events_t *events)
{
    static const pb_type_t *const types[] = {[AGGREGATES] = AGGREGATE_TYPE,
                                             [SIZES] = LIST_SIZE_TYPE,
                                             [FACTS] = FACT_TYPE,
                                             [SYSTEMS] = SYSTEM_TYPE,
                                             [ALIGNMENTS] = ALIGNMENT_TYPE};
    rows_t lists[ALIGNMENTS + 1] = {{.count = 0}};
    status_t status = STATUS_OK;
    for (int i = 0; i <= ALIGNMENTS && status == STATUS_OK; i++)
        status = ask(events, i, types[i], &lists[i]);
    if (status != STATUS_OK)
        return status;
    if (!make_room(events, lists[AGGREGATES].count))
        return no_memory(events);
    for (size_t i = 0; i < lists[AGGREGATES].count; i++) {
        if (!add_organisation(events, lists[AGGREGATES].all[i], lists))
            return no_memory(events);
    }
    return queue(events);
}

static status_t add_sites(events_t *events)
{
    rows_t sites = {.count = 0};
    status_t status = ask(events, SITES, SITE_TYPE, &sites);
    if (status != STATUS_OK)
        return status;
    if (!make_room(events, sites.count))
        return no_memory(events);
    for (size_t i = 0; i < sites.count; i++) {
        const Pcn__Registry__V1__Site *site = sites.all[i];
        if (!add(events, EVENT_SITE_CREATED, arena_printf(events->arena, "sites/%s", site->code), site->version, SITE_TYPE, site))
            return no_memory(events);
    }
    return queue(events);
}

// ---- all of them ----

typedef struct part {
    const char *codes; // SQL
    status_t (*add)(events_t *events);
} part_t;

static status_t each_batch(events_t *events, const part_t *part, void (*advance)(void *data, int percent), void *data)
{
    PGresult *codes = db_session_exec(events->step->session, part->codes, events->step->problem);
    if (codes == NULL)
        return events->step->problem->status;
    const int count = PQntuples(codes);
    status_t status = STATUS_OK;
    for (int at = 0; at < count && status == STATUS_OK; at += BATCH) {
        if (atomic_load(events->step->ending)) {
            status = problem_set(events->step->problem, STATUS_ABORTED, NULL, "The daemon ends");
            break;
        }
        char *batch[BATCH];
        const int size = count - at < BATCH ? count - at : BATCH;
        for (int i = 0; i < size; i++)
            batch[i] = PQgetvalue(codes, at + i, 0);
        arena_reset(events->arena);
        pcn__platform__v1__call__init(&events->call);
        events->call.now = events->step->now;
        events->call.today = events->step->today;
        events->call.event_subjects = batch;
        events->call.n_event_subjects = (size_t)size;
        status = part->add(events);
        advance(data, 100 * at / count);
    }
    PQclear(codes);
    return status;
}

static status_t prepare(events_t *events)
{
    const db_root_t roots[] = {{"call", &pcn__platform__v1__call__type}};
    status_t status = STATUS_OK;
    for (int i = 0; i < STATEMENTS && status == STATUS_OK; i++)
        status = db_statement_new(declared[i]->name, declared[i]->sql, roots, 1, NULL, &events->statements[i], events->step->problem);
    return status;
}

status_t import_events(errand_step_t *step, void (*advance)(void *data, int percent), void *data)
{
    static const part_t parts[] = {
        {"SELECT code FROM in_touched ORDER BY code COLLATE \"C\"", add_organisations},
        {"SELECT code FROM in_site WHERE NOT known ORDER BY code COLLATE \"C\"", add_sites},
    };
    events_t events = {.step = step, .arena = arena_new(BATCH_ARENA_CAP)};
    buf_init(&events.scratch, JSON_CAP);
    status_t status = events.arena != NULL ? prepare(&events) : no_memory(&events);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == STATUS_OK; i++)
        status = each_batch(&events, &parts[i], advance, data);
    for (int i = 0; i < STATEMENTS; i++)
        db_statement_destroy(&events.statements[i]);
    arena_destroy(&events.arena);
    buf_deinit(&events.scratch);
    return status;
}
