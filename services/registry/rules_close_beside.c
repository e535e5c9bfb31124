#include "services/registry/rules_close_beside.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_beside.h"
#include "services/registry/rules_difference.h"
#include "services/registry/rules_span.h"
#include "services/registry/rules_term.h"
#include "services/registry/rules_waiver.h"

#define PROFILE_TYPE (&pcn__registry__v1__system_profile__type)
#define ALIGNMENT_TYPE (&pcn__registry__v1__alignment__type)

typedef Pcn__Registry__Store__V1__BesideSystem beside_system_t;
typedef Pcn__Registry__Store__V1__BesideAlignment beside_alignment_t;
typedef Pcn__Registry__Store__V1__BesideWaiver beside_waiver_t;
typedef Pcn__Registry__Store__V1__Announcement announcement_t;

typedef struct closing {
    changes_t *changes;
    changed_t *ending;
    const char *on, *last, *heir;
    bool refuse;
} closing_t;

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

// The list with one more. NULL without memory.
static void *with(changes_t *changes, void *list, size_t *count, void *item)
{
    void **longer = arena_alloc(changes->arena, (*count + 1) * sizeof *longer);
    if (longer == NULL)
        return NULL;
    if (*count > 0)
        memcpy(longer, list, *count * sizeof *longer);
    longer[(*count)++] = item;
    return longer;
}

// ---- what is recorded, and what the event shows of it ----

static organisation_t *shown(changes_t *changes, changed_t *changed, const char *day)
{
    changed_touch(changed, day);
    if (changed->beside == NULL)
        changed->beside = pb_new(ORGANISATION_TYPE, changes->arena);
    return changed->beside;
}

static status_t record_system(changes_t *changes, changed_t *changed, system_profile_t *before, system_profile_t *after)
{
    const char *day = dated_difference(PROFILE_TYPE, before, after, changes->arena);
    organisation_t *beside = shown(changes, changed, day);
    beside_system_t *row = pb_new(&pcn__registry__store__v1__beside_system__type, changes->arena);
    changes_record_t *record = changes->record;
    if (beside == NULL || row == NULL || (record->systems = with(changes, record->systems, &record->n_systems, row)) == NULL)
        return no_memory(changes);
    row->before = before;
    row->after = after;
    system_profile_t **list = after != NULL ? with(changes, beside->systems, &beside->n_systems, after)
                                            : with(changes, beside->superseded_systems, &beside->n_superseded_systems, before);
    if (list == NULL)
        return no_memory(changes);
    if (after != NULL)
        beside->systems = list;
    else
        beside->superseded_systems = list;
    return STATUS_OK;
}

static status_t record_alignment(changes_t *changes, changed_t *changed, alignment_t *before, alignment_t *after)
{
    const char *day = dated_difference(ALIGNMENT_TYPE, before, after, changes->arena);
    organisation_t *beside = shown(changes, changed, day);
    beside_alignment_t *row = pb_new(&pcn__registry__store__v1__beside_alignment__type, changes->arena);
    changes_record_t *record = changes->record;
    if (beside == NULL || row == NULL || (record->alignments = with(changes, record->alignments, &record->n_alignments, row)) == NULL)
        return no_memory(changes);
    row->before = before;
    row->after = after;
    alignment_t **list = after != NULL ? with(changes, beside->alignments, &beside->n_alignments, after)
                                       : with(changes, beside->superseded_alignments, &beside->n_superseded_alignments, before);
    if (list == NULL)
        return no_memory(changes);
    if (after != NULL)
        beside->alignments = list;
    else
        beside->superseded_alignments = list;
    return STATUS_OK;
}

// All waivers on record are in a network's event.
static status_t record_waiver(changes_t *changes, changed_t *changed, waiver_t *before, waiver_t *after)
{
    beside_waiver_t *row = pb_new(&pcn__registry__store__v1__beside_waiver__type, changes->arena);
    changes_record_t *record = changes->record;
    Pcn__Registry__Store__V1__ChangedWaiver change = PCN__REGISTRY__STORE__V1__CHANGED_WAIVER__INIT;
    if (row == NULL || (record->waivers = with(changes, record->waivers, &record->n_waivers, row)) == NULL)
        return no_memory(changes);
    row->network = changed->after->code;
    row->before = before;
    row->after = after;
    change.wrong = before;
    change.after = after;
    aggregate_t *left = aggregate_with_changed_waiver(changed->after, &change, changes->arena);
    if (left == NULL)
        return no_memory(changes);
    changed->after = left;
    changed->touched = true;
    return STATUS_OK;
}

// ---- ending ----

static bool goes_on(const closing_t *closing, const char *to)
{
    return to == NULL || strcmp(to, closing->on) >= 0;
}

// A copy that ends the day before; NULL in *after for what begins later.
static status_t ended(const closing_t *closing, const pb_type_t *type, const void *before, const char *from, const char *what, void **after)
{
    *after = NULL;
    if (strcmp(from, closing->on) >= 0) {
        if (!closing->refuse)
            return STATUS_OK;
        return problem_set(closing->changes->problem, STATUS_FAILED_PRECONDITION, "code",
                           "%s is to begin on %s: that has to be taken back first", what, from);
    }
    *after = pb_new(type, closing->changes->arena);
    if (*after == NULL)
        return no_memory(closing->changes);
    pb_merge(type, *after, type, before);
    return STATUS_OK;
}

static status_t end_systems(const closing_t *closing)
{
    const aggregate_t *practice = closing->ending->before;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < practice->n_all_systems && status == STATUS_OK; i++) {
        system_profile_t *system = practice->all_systems[i];
        void *copy;
        if (!goes_on(closing, system->to))
            continue;
        status = ended(closing, PROFILE_TYPE, system, system->from, system->system, &copy);
        system_profile_t *after = copy;
        if (after != NULL)
            after->to = (char *)(uintptr_t)closing->last;
        if (status == STATUS_OK)
            status = record_system(closing->changes, closing->ending, system, after);
    }
    return status;
}

static status_t end_waivers(const closing_t *closing)
{
    const aggregate_t *network = closing->ending->before;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < network->n_all_waivers && status == STATUS_OK; i++) {
        waiver_t *waiver = network->all_waivers[i];
        void *copy;
        if (!goes_on(closing, waiver->to))
            continue;
        status = ended(closing, WAIVER_TYPE, waiver, waiver->from, "A waiver", &copy);
        waiver_t *after = copy;
        if (after != NULL)
            after->to = (char *)(uintptr_t)closing->last;
        if (status == STATUS_OK)
            status = record_waiver(closing->changes, closing->ending, waiver, after);
    }
    return status;
}

// The same by the heir, from the day on.
static status_t go_on(const closing_t *closing, changed_t *served, const alignment_t *alignment)
{
    alignment_t *next = pb_new(ALIGNMENT_TYPE, closing->changes->arena);
    if (next == NULL)
        return no_memory(closing->changes);
    pb_merge(ALIGNMENT_TYPE, next, ALIGNMENT_TYPE, alignment);
    next->provider = (char *)(uintptr_t)closing->heir;
    if (strcmp(next->from, closing->on) < 0)
        next->from = (char *)(uintptr_t)closing->on;
    return record_alignment(closing->changes, served, NULL, next);
}

static status_t end_alignment(const closing_t *closing, changed_t *served, alignment_t *alignment)
{
    const char *code = closing->ending->before->code;
    const bool provides = span_same_text(alignment->provider, code);
    const bool is_service =
        alignment->kind == PCN__REGISTRY__V1__ALIGNMENT_KIND__ALIGNMENT_KIND_FEDERATION && span_same_text(alignment->service, code);
    if (!goes_on(closing, alignment->to) || (served != closing->ending && !provides && !is_service))
        return STATUS_OK;
    const bool handed_over = served != closing->ending && provides && !is_service && closing->heir != NULL;
    closing_t leave = *closing;
    leave.refuse = closing->refuse && !handed_over;
    void *copy;
    status_t status = ended(&leave, ALIGNMENT_TYPE, alignment, alignment->from, alignment->service, &copy);
    alignment_t *after = copy;
    if (after != NULL)
        after->to = (char *)(uintptr_t)closing->last;
    if (status == STATUS_OK)
        status = record_alignment(closing->changes, served, alignment, after);
    return status == STATUS_OK && handed_over ? go_on(closing, served, alignment) : status;
}

status_t close_beside(changes_t *changes, changed_t *ending, const char *on, const char *heir, bool refuse)
{
    const closing_t closing = {
        .changes = changes, .ending = ending, .on = on, .last = day_before(on, changes->arena), .heir = heir, .refuse = refuse};
    if (closing.last == NULL)
        return no_memory(changes);
    status_t status = end_systems(&closing);
    if (status == STATUS_OK)
        status = end_waivers(&closing);
    for (size_t i = 0; i < changes->count && status == STATUS_OK; i++) {
        changed_t *served = &changes->all[i];
        for (size_t j = 0; served->before != NULL && j < served->before->n_all_alignments && status == STATUS_OK; j++)
            status = end_alignment(&closing, served, served->before->all_alignments[j]);
    }
    return status;
}

// ---- taking back ----

static status_t changed_since(changes_t *changes, const char *what, const char *code, const char *from)
{
    return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "on",
                       "%s of %s from %s on was changed since it was announced: that has to be taken back first", what, code, from);
}

// All rows of one kind that an announcement left, to tell them from what was recorded since.
typedef struct left {
    const pb_type_t *type;
    const void **rows;
    size_t count;
} left_t;

static bool same_thing(const pb_type_t *type, const void *a, const void *b)
{
    return span_same_text(dated_field(type, a, "service"), dated_field(type, b, "service")) &&
           span_same_text(dated_field(type, a, "organisation"), dated_field(type, b, "organisation")) &&
           span_same_text(dated_field(type, a, "practice"), dated_field(type, b, "practice"));
}

static bool same_key(const pb_type_t *type, const void *a, const void *b)
{
    return same_thing(type, a, b) && span_same_text(dated_field(type, a, "from"), dated_field(type, b, "from"));
}

static bool was_left(const left_t *left, const void *row)
{
    for (size_t i = 0; i < left->count; i++) {
        if (same_key(left->type, left->rows[i], row))
            return true;
    }
    return false;
}

// Whether what is on record of an aggregate is as the announcement left it, and nothing that was recorded since is in the way of `before`.
static bool as_left(changes_t *changes, const left_t *left, void *const *rows, size_t count, const void *before, const void *after)
{
    const pb_type_t *type = left->type;
    const void *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const void *row = rows[i];
        if (after != NULL && same_key(type, row, after))
            found = row;
        if (before != NULL && same_thing(type, row, before) && !was_left(left, row) &&
            term_overlaps(dated_field(type, row, "from"), dated_field(type, row, "to"), dated_field(type, before, "from"),
                          dated_field(type, before, "to")))
            return false;
    }
    return after == NULL || (found != NULL && dated_difference(type, found, after, changes->arena) == NULL);
}

// NOLINTBEGIN(bugprone-macro-parentheses): it declares
#define LEFT(left, of_type, list)                                                                                                          \
    left_t left = {.type = of_type, .rows = arena_alloc(changes->arena, (announcement->n_##list + 1) * sizeof(void *))};                   \
    if (left.rows == NULL)                                                                                                                 \
        return no_memory(changes);                                                                                                         \
    for (size_t i = 0; i < announcement->n_##list; i++) {                                                                                  \
        if (announcement->list[i]->after != NULL)                                                                                          \
            left.rows[left.count++] = announcement->list[i]->after;                                                                        \
    }
// NOLINTEND(bugprone-macro-parentheses)

static status_t revoke_systems(changes_t *changes, const announcement_t *announcement)
{
    status_t status = STATUS_OK;
    LEFT(left, PROFILE_TYPE, systems)
    for (size_t i = 0; i < announcement->n_systems && status == STATUS_OK; i++) {
        beside_system_t *one = announcement->systems[i];
        const system_profile_t *known = one->before != NULL ? one->before : one->after;
        changed_t *changed = changes_find(changes, known->practice);
        if (changed == NULL ||
            !as_left(changes, &left, (void *const *)changed->before->all_systems, changed->before->n_all_systems, one->before, one->after))
            return changed_since(changes, "The clinical system", known->practice, known->from);
        status = record_system(changes, changed, one->after, one->before);
    }
    return status;
}

static status_t revoke_alignments(changes_t *changes, const announcement_t *announcement)
{
    status_t status = STATUS_OK;
    LEFT(left, ALIGNMENT_TYPE, alignments)
    for (size_t i = 0; i < announcement->n_alignments && status == STATUS_OK; i++) {
        beside_alignment_t *one = announcement->alignments[i];
        const alignment_t *known = one->before != NULL ? one->before : one->after;
        changed_t *changed = changes_find(changes, known->organisation);
        if (changed == NULL || !as_left(changes, &left, (void *const *)changed->before->all_alignments, changed->before->n_all_alignments,
                                        one->before, one->after))
            return changed_since(changes, "An alignment", known->organisation, known->from);
        status = record_alignment(changes, changed, one->after, one->before);
    }
    return status;
}

static status_t revoke_waivers(changes_t *changes, const announcement_t *announcement)
{
    status_t status = STATUS_OK;
    LEFT(left, WAIVER_TYPE, waivers)
    for (size_t i = 0; i < announcement->n_waivers && status == STATUS_OK; i++) {
        beside_waiver_t *one = announcement->waivers[i];
        const waiver_t *known = one->before != NULL ? one->before : one->after;
        changed_t *changed = changes_find(changes, one->network);
        if (changed == NULL ||
            !as_left(changes, &left, (void *const *)changed->before->all_waivers, changed->before->n_all_waivers, one->before, one->after))
            return changed_since(changes, "A waiver", one->network, known->from);
        status = record_waiver(changes, changed, one->after, one->before);
    }
    return status;
}

status_t close_beside_revoke(changes_t *changes, const announcement_t *announcement)
{
    status_t status = revoke_systems(changes, announcement);
    if (status == STATUS_OK)
        status = revoke_alignments(changes, announcement);
    return status == STATUS_OK ? revoke_waivers(changes, announcement) : status;
}
