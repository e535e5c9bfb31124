#include "services/registry/rules_settle.h"

#include <assert.h>
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_term.h"

// A membership of the practice.
typedef struct stay {
    const char *network, *from, *to;
} stay_t;

typedef struct stays {
    stay_t *all;
    size_t count;
} stays_t;

typedef struct settling {
    changes_t *changes;
    changed_t *practice;
    const char *ending;
    stays_t before, after;
    // The days on which its parent may change, in order and each once, and what it is from each on.
    const char **days, **parents;
    size_t count;
} settling_t;

static status_t no_memory(const settling_t *settling)
{
    return problem_set(settling->changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

// ---- memberships ----

static void add_stay(stays_t *stays, const char *network, const char *from, const char *to)
{
    stays->all[stays->count++] = (stay_t){network, from, to};
}

// Those in networks that were loaded are the networks'; all others are as the practice was loaded with them.
static bool collect_stays(const settling_t *settling, bool after, stays_t *stays)
{
    const changes_t *changes = settling->changes;
    // What is created was, if anything, where the one was that it goes on with.
    const changed_t *practice = !after && settling->practice->like != NULL ? settling->practice->like : settling->practice;
    const aggregate_t *own = practice->before;
    const char *code = practice->after->code;
    size_t room = own != NULL ? own->n_practice_memberships : 0;
    for (size_t i = 0; i < changes->count; i++) {
        const aggregate_t *network = after ? changes->all[i].after : changes->all[i].before;
        for (size_t j = 0; network != NULL && j < network->n_all_members; j++)
            room += strcmp(network->all_members[j]->practice, code) == 0;
    }
    *stays = (stays_t){.all = arena_alloc(changes->arena, (room + 1) * sizeof *stays->all)};
    if (stays->all == NULL)
        return false;
    for (size_t i = 0; own != NULL && i < own->n_practice_memberships; i++) {
        const Pcn__Registry__Store__V1__Membership *stay = own->practice_memberships[i];
        if (changes_find(changes, stay->network) == NULL)
            add_stay(stays, stay->network, stay->from, stay->to);
    }
    for (size_t i = 0; i < changes->count; i++) {
        const aggregate_t *network = after ? changes->all[i].after : changes->all[i].before;
        for (size_t j = 0; network != NULL && j < network->n_all_members; j++) {
            const member_t *member = network->all_members[j];
            if (strcmp(member->practice, code) == 0)
                add_stay(stays, network->code, member->from, member->to);
        }
    }
    return true;
}

static const char *network_on(const stays_t *stays, const char *day)
{
    for (size_t i = 0; i < stays->count; i++) {
        if (term_holds(stays->all[i].from, stays->all[i].to, day))
            return stays->all[i].network;
    }
    return NULL;
}

// The one that it left last, before the day.
static const char *network_before(const stays_t *stays, const char *day)
{
    const stay_t *last = NULL;
    for (size_t i = 0; i < stays->count; i++) {
        const stay_t *stay = &stays->all[i];
        if (stay->to != NULL && strcmp(stay->to, day) < 0 && (last == NULL || strcmp(last->to, stay->to) < 0))
            last = stay;
    }
    return last != NULL ? last->network : NULL;
}

static bool names(const stays_t *stays, const char *network)
{
    for (size_t i = 0; i < stays->count; i++) {
        if (strcmp(stays->all[i].network, network) == 0)
            return true;
    }
    return false;
}

// ---- what lies above ----

// False where that is not known.
static bool above_on(const changes_t *changes, const char *network, const char *day, const char **above)
{
    const changed_t *left = changes_find(changes, network);
    if (left == NULL)
        return false;
    const char *code = changed_on(left, day)->parent;
    for (size_t i = 0; i < changes->count; i++) {
        const changed_t *over = changes_find(changes, code);
        if (over == NULL || changed_on(over, day)->status != STATUS_OF(CLOSED) || over->after->n_successors != 1 ||
            changes_find(changes, over->after->successors[0]) == NULL)
            break;
        code = over->after->successors[0];
    }
    *above = code;
    return true;
}

// Below what the practice would lie by what was on record, were it not for its falls.
static const char *before_falling(const settling_t *settling, const char *day)
{
    const char *parent = changed_on(settling->practice, day)->parent, *above;
    if (network_on(&settling->before, day) != NULL)
        return parent;
    const char *left = network_before(&settling->before, day);
    return left != NULL && above_on(settling->changes, left, day, &above) && same_text(parent, above) ? left : parent;
}

static bool is_lost(const settling_t *settling, const char *network, const char *day)
{
    return network != NULL &&
           (same_text(network, network_on(&settling->before, day)) || same_text(network, network_before(&settling->before, day)) ||
            same_text(network, network_before(&settling->after, day)) || same_text(network, settling->ending));
}

// ---- the days ----

static int compare_days(const char *known, const char *day)
{
    assert(known != NULL && day != NULL);
    return strcmp(known, day);
}

static void add_day(settling_t *settling, const char *day)
{
    size_t at = settling->count;
    int order = -1;
    while (at > 0 && (order = compare_days(settling->days[at - 1], day)) > 0)
        at--;
    if (at > 0 && order == 0)
        return;
    memmove(&settling->days[at + 1], &settling->days[at], (settling->count - at) * sizeof *settling->days);
    settling->days[at] = day;
    settling->count++;
}

// Whose own facts may move the practice.
static bool matters(const settling_t *settling, const changed_t *changed)
{
    if (changed == settling->practice)
        return true;
    if (changed->after->kind != KIND(NETWORK))
        return changed->after->kind != KIND(PRACTICE);
    return names(&settling->before, changed->after->code) || names(&settling->after, changed->after->code) ||
           same_text(settling->ending, changed->after->code);
}

// False without memory.
static bool add_stay_days(settling_t *settling, const stays_t *stays, const char *from)
{
    for (size_t i = 0; i < stays->count; i++) {
        const stay_t *stay = &stays->all[i];
        if (strcmp(stay->from, from) > 0)
            add_day(settling, stay->from);
        if (stay->to == NULL || strcmp(stay->to, from) < 0)
            continue;
        const char *after = day_after(stay->to, settling->changes->arena);
        if (after == NULL)
            return false;
        add_day(settling, after);
    }
    return true;
}

static bool collect_days(settling_t *settling, const char *from)
{
    const changes_t *changes = settling->changes;
    size_t room = 1 + 2 * (settling->before.count + settling->after.count);
    for (size_t i = 0; i < changes->count; i++) {
        for (const char *day = from; day != NULL && matters(settling, &changes->all[i]);)
            room += (day = timeline_next(changes->all[i].timeline, day)) != NULL;
    }
    settling->days = arena_alloc(changes->arena, room * sizeof *settling->days);
    settling->parents = arena_alloc(changes->arena, room * sizeof *settling->parents);
    if (settling->days == NULL || settling->parents == NULL)
        return false;
    add_day(settling, from);
    for (size_t i = 0; i < changes->count; i++) {
        const changed_t *changed = &changes->all[i];
        if (!matters(settling, changed))
            continue;
        for (const char *day = timeline_next(changed->timeline, from); day != NULL; day = timeline_next(changed->timeline, day))
            add_day(settling, day);
    }
    return add_stay_days(settling, &settling->before, from) && add_stay_days(settling, &settling->after, from);
}

// ---- settling ----

static void find_parents(settling_t *settling)
{
    const char *yesterday = day_before(settling->days[0], settling->changes->arena);
    bool first = yesterday == NULL;
    const char *was = first ? NULL : before_falling(settling, yesterday), *would_be = was;
    for (size_t i = 0; i < settling->count; i++) {
        const char *day = settling->days[i], *is = before_falling(settling, day), *above;
        const char *network = network_on(&settling->after, day);
        if (network != NULL)
            would_be = network;
        else if (first || !same_text(is, was))
            would_be = is;
        was = is;
        first = false;
        settling->parents[i] = would_be;
        if (network != NULL || !is_lost(settling, would_be, day))
            continue;
        const bool known = above_on(settling->changes, would_be, day, &above);
        settling->parents[i] = known ? above : changed_on(settling->practice, day)->parent;
    }
}

static status_t settle(changes_t *changes, changed_t *practice, const char *from, const char *ending)
{
    settling_t settling = {.changes = changes, .practice = practice, .ending = ending};
    if (!collect_stays(&settling, false, &settling.before) || !collect_stays(&settling, true, &settling.after) ||
        !collect_days(&settling, from))
        return no_memory(&settling);
    find_parents(&settling);
    status_t status = STATUS_OK;
    for (size_t i = 0; i < settling.count && status == STATUS_OK; i++) {
        if (!same_text(changed_on(practice, settling.days[i])->parent, settling.parents[i]))
            status = changes_set_reference(changes, practice, settling.days[i], "parent", settling.parents[i]);
    }
    return status;
}

static bool among(Pcn__Registry__Store__V1__MembershipRow *const *rows, size_t count, const char *practice)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i]->practice, practice) == 0)
            return true;
    }
    return false;
}

static bool moves(const changes_t *changes, const char *practice)
{
    const changes_record_t *record = changes->record;
    return among(record->members_added, record->n_members_added, practice) ||
           among(record->members_ended, record->n_members_ended, practice) || among(record->members_gone, record->n_members_gone, practice);
}

status_t changes_settle(changes_t *changes, const char *from, const char *ending)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < changes->count && status == STATUS_OK; i++) {
        changed_t *changed = &changes->all[i];
        if (changed->after->kind != KIND(PRACTICE))
            continue;
        // A new one is proposed from today on, if it opens later.
        const char *first = changed->before == NULL && strcmp(from, changes->today) > 0 ? changes->today : changed_first_day(changed, from);
        if (moves(changes, changed->after->code) || (ending != NULL && changed_refers(changed, "parent", from, ending)))
            status = settle(changes, changed, first, ending);
    }
    return status;
}

// ---- facts that were changed by themselves ----

// NULL: since ever, or since the other one.
static const char *later(const char *a, const char *b)
{
    return a == NULL || (b != NULL && strcmp(a, b) < 0) ? b : a;
}

static status_t lie_below(timeline_t *timeline, const char *day, const char *parent, arena_t *arena, problem_t *problem)
{
    static char *const none[] = {(char *)(uintptr_t) "parent"};
    organisation_t *patch = pb_new(ORGANISATION_TYPE, arena);
    if (patch == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    patch->parent = (char *)(uintptr_t)parent;
    return timeline_change(timeline, day, patch, none, parent == NULL ? 1 : 0, false, problem);
}

static status_t settle_membership(timeline_t *timeline, const Pcn__Registry__Store__V1__Membership *stay, const char *from, arena_t *arena,
                                  problem_t *problem)
{
    const char *after = stay->to != NULL ? day_after(stay->to, arena) : NULL;
    const char *parent = after != NULL ? timeline_on(timeline, after)->parent : NULL;
    status_t status = STATUS_OK;
    for (const char *day = from; day != NULL && term_holds(stay->from, stay->to, day) && status == STATUS_OK;
         day = timeline_next(timeline, day)) {
        const char *opened = timeline_on(timeline, day)->opened_on;
        if ((opened == NULL || strcmp(opened, day) <= 0) && !same_text(timeline_on(timeline, day)->parent, stay->network))
            status = lie_below(timeline, day, stay->network, arena, problem);
    }
    // That may have gone too far.
    if (status == STATUS_OK && from != NULL && after != NULL && strcmp(after, from) > 0 &&
        !same_text(timeline_on(timeline, after)->parent, parent))
        status = lie_below(timeline, after, parent, arena, problem);
    return status;
}

status_t settle_memberships(timeline_t *timeline, const aggregate_t *practice, const char *from, arena_t *arena, problem_t *problem)
{
    const char *first = practice->n_past > 0 ? practice->past[0]->from : practice->facts_from; // nothing is on record of days before
    status_t status = STATUS_OK;
    for (size_t i = 0; i < practice->n_practice_memberships && status == STATUS_OK; i++) {
        const Pcn__Registry__Store__V1__Membership *stay = practice->practice_memberships[i];
        status = settle_membership(timeline, stay, later(later(stay->from, first), from), arena, problem);
    }
    return status;
}
