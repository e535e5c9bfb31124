// The timeline's parts: rules_timeline.c changes spans, rules_timeline_record.c says what that does to what is on record.
#ifndef PCN_REGISTRY_RULES_TIMELINE_INTERNAL_H
#define PCN_REGISTRY_RULES_TIMELINE_INTERNAL_H

#include "services/registry/rules_facts.h"
#include "services/registry/rules_timeline.h"

// A span as it was loaded; it ends before the next one begins.
typedef struct original {
    const char *from; // NULL: since ever
    const char *recorded_at;
    const char *end_recorded_at; // of a span of the past whose last day came later
    const organisation_t *facts;
} original_t;

// A span as it is now. Spans are split and never joined, so each lies within one that was loaded.
typedef struct span {
    const char *from;
    organisation_t *facts;
    size_t origin;
    bool changed;   // says something else than its origin
    bool corrected; // because that was wrong
} span_t;

struct timeline {
    const aggregate_t *row;
    const char *today, *now;
    arena_t *arena;
    original_t *originals; // the past, today's facts, what is to come
    size_t original_count, original_head;
    span_t *spans;
    size_t count, room;
};

// The span that holds on the day; the first for a day before all.
size_t timeline_at(const timeline_t *timeline, const char *day);

#endif
