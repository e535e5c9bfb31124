#include "services/registry/rules_announcement.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/pb/param.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_term.h"

typedef Pcn__Registry__Store__V1__MembershipRow membership_row_t;
typedef Pcn__Registry__Store__V1__DirectorRow director_row_t;
typedef Pcn__Registry__Store__V1__UndoneMember undone_member_t;
typedef Pcn__Registry__Store__V1__UndoneDirector undone_director_t;
typedef Pcn__Registry__Store__V1__UndoneFact undone_fact_t;

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

// ---- fields by day ----

bool announcement_becomes(changes_t *changes, const timeline_t *timeline, const char *day, unsigned field, char **text)
{
    const char *eve = day_before(day, changes->arena);
    *text = NULL;
    if (eve == NULL)
        return false;
    const organisation_t *before = timeline_on(timeline, eve), *after = timeline_on(timeline, day);
    if (pb_same_field(ORGANISATION_TYPE, before, after, field))
        return true;
    buf_t json;
    buf_init(&json, PB_PARAM_JSON_MAX);
    buf_printf(&json, "{\"%s\":", ORGANISATION_TYPE->fields[field].json);
    if (pb_has(ORGANISATION_TYPE, after, field))
        pb_json_write_field(ORGANISATION_TYPE, after, field, &json);
    else
        buf_add_string(&json, "null");
    buf_add_char(&json, '}');
    *text = buf_ok(&json) ? arena_copy(changes->arena, json.data, json.size) : NULL;
    buf_deinit(&json);
    return *text != NULL;
}

// ---- making ----

static membership_row_t *membership_before(changes_t *changes, const membership_row_t *row)
{
    const changed_t *network = changes_find(changes, row->network);
    const member_t *member = network != NULL ? changed_member(network, row->practice, row->from) : NULL;
    return member != NULL ? changes_membership_row(changes, network, member) : NULL;
}

static director_row_t *term_before(changes_t *changes, const director_row_t *row)
{
    const changed_t *network = changes_find(changes, row->network);
    const director_t *director = network != NULL ? changed_director(network, row->name, row->from) : NULL;
    return director != NULL ? changes_director_row(changes, network, director) : NULL;
}

static status_t make_members(changes_t *changes, announcement_t *announcement)
{
    const changes_record_t *record = changes->record;
    const size_t ended = record->n_members_ended, gone = record->n_members_gone, added = record->n_members_added;
    announcement->members = arena_alloc(changes->arena, (ended + gone + added + 1) * sizeof *announcement->members);
    for (size_t i = 0; announcement->members != NULL && i < ended + gone + added; i++) {
        undone_member_t *undone = pb_new(&pcn__registry__store__v1__undone_member__type, changes->arena);
        membership_row_t *row = i < ended          ? record->members_ended[i]
                                : i < ended + gone ? record->members_gone[i - ended]
                                                   : record->members_added[i - ended - gone];
        if (undone == NULL)
            return no_memory(changes);
        if (i < ended + gone && (undone->before = membership_before(changes, row)) == NULL)
            return no_memory(changes);
        if (i < ended || i >= ended + gone)
            undone->after = row;
        announcement->members[announcement->n_members++] = undone;
    }
    return announcement->members != NULL ? STATUS_OK : no_memory(changes);
}

static status_t make_directors(changes_t *changes, announcement_t *announcement)
{
    const changes_record_t *record = changes->record;
    const size_t ended = record->n_directors_ended, gone = record->n_directors_gone;
    announcement->directors = arena_alloc(changes->arena, (ended + gone + 1) * sizeof *announcement->directors);
    for (size_t i = 0; announcement->directors != NULL && i < ended + gone; i++) {
        undone_director_t *undone = pb_new(&pcn__registry__store__v1__undone_director__type, changes->arena);
        director_row_t *row = i < ended ? record->directors_ended[i] : record->directors_gone[i - ended];
        if (undone == NULL || (undone->before = term_before(changes, row)) == NULL)
            return no_memory(changes);
        undone->after = i < ended ? row : NULL;
        announcement->directors[announcement->n_directors++] = undone;
    }
    return announcement->directors != NULL ? STATUS_OK : no_memory(changes);
}

// The list with room for one more, which is doubled in time. NULL without memory.
static void *roomier(arena_t *arena, void *list, size_t count)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return list;
    void **longer = arena_alloc(arena, (count > 0 ? 2 * count : 1) * sizeof *longer);
    if (longer != NULL && count > 0)
        memcpy(longer, list, count * sizeof *longer);
    return longer;
}

static status_t make_fact(changes_t *changes, const changed_t *changed, const timeline_t *stood, const char *day, unsigned field,
                          announcement_t *announcement)
{
    char *before, *after;
    if (!announcement_becomes(changes, stood, day, field, &before) || !announcement_becomes(changes, changed->timeline, day, field, &after))
        return no_memory(changes);
    if (same_text(before, after))
        return STATUS_OK;
    undone_fact_t *undone = pb_new(&pcn__registry__store__v1__undone_fact__type, changes->arena);
    announcement->facts = roomier(changes->arena, announcement->facts, announcement->n_facts);
    if (undone == NULL || announcement->facts == NULL)
        return no_memory(changes);
    undone->code = changed->after->code;
    undone->on = (char *)(uintptr_t)day;
    undone->field = (char *)(uintptr_t)ORGANISATION_TYPE->fields[field].json;
    undone->before = before;
    undone->after = after;
    announcement->facts[announcement->n_facts++] = undone;
    return STATUS_OK;
}

// Day by day, so that what is made of earlier days is there for later ones.
static status_t make_facts(changes_t *changes, const changed_t *changed, announcement_t *announcement)
{
    timeline_t *stood;
    status_t status = timeline_new(changed->before, changes->today, changes->now, changes->arena, &stood, changes->problem);
    for (const char *day = changes->today; day != NULL && status == STATUS_OK;) {
        const char *next = timeline_next(stood, day), *other = timeline_next(changed->timeline, day);
        day = next == NULL || (other != NULL && strcmp(other, next) < 0) ? other : next;
        for (unsigned i = 0; day != NULL && i < ORGANISATION_TYPE->descriptor->n_fields && status == STATUS_OK; i++) {
            if (fact_is(i))
                status = make_fact(changes, changed, stood, day, i, announcement);
        }
    }
    return status;
}

status_t announcement_make(changes_t *changes, const char *code, const char *about, const char *on, const char *verb)
{
    if (strcmp(on, changes->today) <= 0)
        return STATUS_OK;
    announcement_t *announcement = pb_new(&pcn__registry__store__v1__announcement__type, changes->arena);
    if (announcement == NULL)
        return no_memory(changes);
    announcement->code = (char *)(uintptr_t)code;
    announcement->on = (char *)(uintptr_t)on;
    announcement->about = (char *)(uintptr_t)about;
    announcement->verb = (char *)(uintptr_t)verb;
    announcement->codes = arena_alloc(changes->arena, (changes->count + 1) * sizeof *announcement->codes);
    announcement->created = arena_alloc(changes->arena, (changes->count + 1) * sizeof *announcement->created);
    if (announcement->codes == NULL || announcement->created == NULL)
        return no_memory(changes);
    announcement->successions = changes->record->successions;
    announcement->n_successions = changes->record->n_successions;
    announcement->systems = changes->record->systems;
    announcement->n_systems = changes->record->n_systems;
    announcement->alignments = changes->record->alignments;
    announcement->n_alignments = changes->record->n_alignments;
    announcement->waivers = changes->record->waivers;
    announcement->n_waivers = changes->record->n_waivers;
    status_t status = make_members(changes, announcement);
    if (status == STATUS_OK)
        status = make_directors(changes, announcement);
    for (size_t i = 0; i < changes->count && status == STATUS_OK; i++) {
        const changed_t *changed = &changes->all[i];
        if (changed->before == NULL)
            announcement->created[announcement->n_created++] = changed->after->code;
        else if (timeline_changed(changed->timeline))
            status = make_facts(changes, changed, announcement);
        else if (!changed->touched)
            continue;
        announcement->codes[announcement->n_codes++] = changed->after->code;
    }
    changes->record->announced = announcement;
    return status;
}
