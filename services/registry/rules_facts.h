// What of an organisation may change over time: its facts, field by field. Everything else of it (code, kind, version, times, what hangs on
// it) is the aggregate's.
#ifndef PCN_REGISTRY_RULES_FACTS_H
#define PCN_REGISTRY_RULES_FACTS_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

// Whether the field is a fact: neither immutable nor the service's own.
bool fact_is(unsigned index);
unsigned fact_index(const char *name);

// Code, kind and facts, without the rest. NULL without memory.
organisation_t *facts_of(const organisation_t *organisation, arena_t *arena);
bool facts_same(const organisation_t *a, const organisation_t *b);

// What differs, as JSON by the fields' JSON names: what they become, null for what is taken away. NULL without memory; "{}" for nothing.
char *facts_difference(const organisation_t *before, const organisation_t *after, arena_t *arena);
// The other way: the facts after such changes. INTERNAL for text that is none.
MUST_CHECK status_t facts_apply(organisation_t *facts, const char *changes, arena_t *arena, problem_t *problem);

#endif
