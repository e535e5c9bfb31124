// What a changed timeline does to what is on record: today's facts, spans of the past, changes to come.
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_term.h"
#include "services/registry/rules_timeline_internal.h"

typedef struct writer {
    timeline_t *timeline;
    timeline_record_t *record;
    size_t head;
    bool good; // memory
} writer_t;

static bool same_day(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

// The last day of a span; NULL for the last one.
static const char *end_of(writer_t *writer, size_t at)
{
    const timeline_t *timeline = writer->timeline;
    if (at + 1 == timeline->count)
        return NULL;
    const char *end = day_before(timeline->spans[at + 1].from, timeline->arena);
    writer->good = writer->good && end != NULL;
    return end;
}

// Whether the span is the last piece of what was loaded as one.
static bool is_last_piece(const timeline_t *timeline, size_t at)
{
    return at + 1 == timeline->count || timeline->spans[at + 1].origin != timeline->spans[at].origin;
}

// NULL where it was recorded together with the span.
static const char *later_than(const original_t *original, const char *recorded_at)
{
    const bool later = recorded_at != NULL && original->recorded_at != NULL && strcmp(recorded_at, original->recorded_at) > 0;
    return later ? recorded_at : NULL;
}

// When the end of a loaded span was recorded, where that was later than the span: the next one begins there.
static const char *end_recorded_at(const timeline_t *timeline, size_t origin)
{
    const original_t *original = &timeline->originals[origin];
    if (origin < timeline->original_head)
        return original->end_recorded_at;
    return later_than(original, origin + 1 < timeline->original_count ? original[1].recorded_at : NULL);
}

static Pcn__Registry__V1__SupersededBy superseded_by(const span_t *span)
{
    return span->corrected ? PCN__REGISTRY__V1__SUPERSEDED_BY__SUPERSEDED_BY_CORRECTION
                           : PCN__REGISTRY__V1__SUPERSEDED_BY__SUPERSEDED_BY_CHANGE;
}

// What a span says, or, where it is replaced, said.
static history_entry_t *add_entry(writer_t *writer, const char *from, const char *to, const char *recorded_at, const organisation_t *facts)
{
    history_entry_t *entry = pb_new(&pcn__registry__v1__history_entry__type, writer->timeline->arena);
    if (entry == NULL) {
        writer->good = false;
        return NULL;
    }
    entry->from = (char *)(uintptr_t)from;
    entry->to = (char *)(uintptr_t)to;
    entry->recorded_at = (char *)(uintptr_t)recorded_at;
    entry->organisation = (organisation_t *)(uintptr_t)facts;
    writer->record->added[writer->record->n_added++] = entry;
    return entry;
}

// The row of a span in organisation_past, which stays the first piece's: it ends there now, or (`span`) is superseded.
static void add_end(writer_t *writer, const char *from, const char *to, const char *recorded_at, const span_t *superseded)
{
    past_end_t *end = pb_new(&pcn__registry__store__v1__past_end__type, writer->timeline->arena);
    if (end == NULL) {
        writer->good = false;
        return;
    }
    end->from = (char *)(uintptr_t)from;
    end->to = (char *)(uintptr_t)to;
    end->end_recorded_at = (char *)(uintptr_t)recorded_at;
    if (superseded != NULL) {
        end->superseded_at = (char *)(uintptr_t)writer->timeline->now;
        end->has_superseded_by = 1;
        end->superseded_by = superseded_by(superseded);
    }
    writer->record->ended[writer->record->n_ended++] = end;
}

// What the span's days said before, where it must stay on record: it stood there for days that are over, or was wrong.
static void supersede(writer_t *writer, size_t at, const char *to)
{
    const timeline_t *timeline = writer->timeline;
    const span_t *span = &timeline->spans[at];
    const original_t *origin = &timeline->originals[span->origin];
    if (!span->corrected && span->from != NULL && strcmp(span->from, timeline->today) >= 0)
        return;
    history_entry_t *entry = add_entry(writer, span->from, to, origin->recorded_at, origin->facts);
    if (entry == NULL)
        return;
    entry->superseded_at = (char *)(uintptr_t)timeline->now;
    entry->has_superseded_by = 1;
    entry->superseded_by = superseded_by(span);
    // A piece that goes on in another one has no end of its own.
    if (is_last_piece(timeline, at))
        entry->end_recorded_at = (char *)(uintptr_t)end_recorded_at(timeline, span->origin);
}

// A span before today's. The row that its origin has in organisation_past stays the first piece's.
static void write_past(writer_t *writer, size_t at)
{
    const timeline_t *timeline = writer->timeline;
    const span_t *span = &timeline->spans[at];
    const original_t *origin = &timeline->originals[span->origin];
    const char *to = end_of(writer, at);
    const bool has_row = span->origin < timeline->original_head && same_day(span->from, origin->from);
    if (!writer->good)
        return;
    const bool whole = is_last_piece(timeline, at);
    const char *ended = whole ? end_recorded_at(timeline, span->origin) : later_than(origin, timeline->now);
    if (!span->changed && has_row) {
        if (!whole)
            add_end(writer, span->from, to, ended, NULL);
        return;
    }
    if (!span->changed) {
        history_entry_t *entry = add_entry(writer, span->from, to, origin->recorded_at, span->facts);
        if (entry != NULL)
            entry->end_recorded_at = (char *)(uintptr_t)ended;
        return;
    }
    if (has_row)
        add_end(writer, span->from, to, whole ? ended : NULL, span);
    else
        supersede(writer, at, to);
    // What is said now is said with its end.
    (void)add_entry(writer, span->from, to, timeline->now, span->facts);
}

// When a change to come was recorded: it keeps its instant where it was on record like that.
static const char *coming_recorded_at(const timeline_t *timeline, const char *from, const char *changes)
{
    for (size_t i = timeline->original_head + 1; i < timeline->original_count; i++) {
        if (!same_day(timeline->originals[i].from, from))
            continue;
        const char *before = facts_difference(timeline->originals[i - 1].facts, timeline->originals[i].facts, timeline->arena);
        return before != NULL && strcmp(before, changes) == 0 ? timeline->originals[i].recorded_at : timeline->now;
    }
    return timeline->now;
}

static void write_coming(writer_t *writer, size_t at)
{
    timeline_t *timeline = writer->timeline;
    const span_t *span = &timeline->spans[at];
    if (span->changed)
        supersede(writer, at, end_of(writer, at));
    if (facts_same(timeline->spans[at - 1].facts, span->facts))
        return;
    coming_change_t *change = pb_new(&pcn__registry__v1__coming_change__type, timeline->arena);
    char *changes = facts_difference(timeline->spans[at - 1].facts, span->facts, timeline->arena);
    if (change == NULL || changes == NULL) {
        writer->good = false;
        return;
    }
    change->from = (char *)(uintptr_t)span->from;
    change->changes = changes;
    change->recorded_at = (char *)(uintptr_t)coming_recorded_at(timeline, span->from, changes);
    organisation_t *head = writer->record->head;
    head->coming[head->n_coming++] = change;
}

// Today's facts, with the aggregate's version and times.
static void write_head(writer_t *writer)
{
    timeline_t *timeline = writer->timeline;
    timeline_record_t *record = writer->record;
    const span_t *span = &timeline->spans[writer->head];
    organisation_t *head = organisation_of_aggregate(timeline->row, timeline->arena);
    coming_change_t **coming = arena_alloc(timeline->arena, (timeline->count + 1) * sizeof *coming);
    if (head == NULL || coming == NULL) {
        writer->good = false;
        return;
    }
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (fact_is(i))
            pb_copy_field(ORGANISATION_TYPE, head, span->facts, i);
    }
    head->coming = coming;
    head->n_coming = 0;
    head->facts_from = (char *)(uintptr_t)span->from;
    head->has_version = 1;
    head->version = timeline->row->version + 1;
    head->updated_at = (char *)(uintptr_t)timeline->now;
    record->head = head;
    record->recorded_at = (char *)(uintptr_t)(span->changed ? timeline->now : timeline->originals[span->origin].recorded_at);
    record->has_expected_version = 1;
    record->expected_version = timeline->row->version;
    if (span->changed)
        supersede(writer, writer->head, end_of(writer, writer->head));
    for (size_t i = writer->head + 1; i < timeline->count && writer->good; i++)
        write_coming(writer, i);
    head->facts_to = NULL;
    organisation_end_facts(head, timeline->arena);
}

void organisation_end_facts(organisation_t *organisation, arena_t *arena)
{
    if (organisation->n_coming > 0)
        organisation->facts_to = day_before(organisation->coming[0]->from, arena);
}

timeline_record_t *timeline_record(timeline_t *timeline)
{
    timeline_record_t *record = pb_new(&pcn__registry__store__v1__timeline__type, timeline->arena);
    if (record == NULL)
        return NULL;
    // Two entries for a span at most: what it says, and what it said.
    record->added = arena_alloc(timeline->arena, (2 * timeline->count + 1) * sizeof *record->added);
    record->ended = arena_alloc(timeline->arena, (timeline->count + 1) * sizeof *record->ended);
    if (record->added == NULL || record->ended == NULL)
        return NULL;
    writer_t writer = {.timeline = timeline, .record = record, .head = timeline_at(timeline, timeline->today), .good = true};
    for (size_t i = 0; i < writer.head && writer.good; i++)
        write_past(&writer, i);
    if (writer.good)
        write_head(&writer);
    return writer.good ? record : NULL;
}

Pcn__Registry__Store__V1__Timelines *timelines_of(timeline_record_t *const *records, size_t count, arena_t *arena)
{
    Pcn__Registry__Store__V1__Timelines *timelines = pb_new(&pcn__registry__store__v1__timelines__type, arena);
    if (timelines == NULL || (timelines->timelines = arena_alloc(arena, (count + 1) * sizeof *timelines->timelines)) == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        timelines->timelines[timelines->n_timelines++] = records[i];
    return timelines;
}
