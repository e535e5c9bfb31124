#include "services/registry/rules_facts.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/pb/param.h"

bool fact_is(unsigned index)
{
    return (ORGANISATION_TYPE->fields[index].flags & (PB_IMMUTABLE | PB_OUTPUT_ONLY)) == 0;
}

unsigned fact_index(const char *name)
{
    return (unsigned)pb_field_by_name(ORGANISATION_TYPE, name);
}

organisation_t *facts_of(const organisation_t *organisation, arena_t *arena)
{
    organisation_t *facts = pb_new(ORGANISATION_TYPE, arena);
    if (facts == NULL)
        return NULL;
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (fact_is(i))
            pb_copy_field(ORGANISATION_TYPE, facts, organisation, i);
    }
    facts->code = organisation->code;
    facts->has_kind = organisation->has_kind;
    facts->kind = organisation->kind;
    return facts;
}

bool facts_same(const organisation_t *a, const organisation_t *b)
{
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (fact_is(i) && !pb_same_field(ORGANISATION_TYPE, a, b, i))
            return false;
    }
    return true;
}

char *facts_difference(const organisation_t *before, const organisation_t *after, arena_t *arena)
{
    buf_t json;
    buf_init(&json, PB_PARAM_JSON_MAX);
    buf_add_char(&json, '{');
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (!fact_is(i) || pb_same_field(ORGANISATION_TYPE, before, after, i))
            continue;
        buf_printf(&json, "%s\"%s\":", json.size > 1 ? "," : "", ORGANISATION_TYPE->fields[i].json);
        if (pb_has(ORGANISATION_TYPE, after, i))
            pb_json_write_field(ORGANISATION_TYPE, after, i, &json);
        else
            buf_add_string(&json, "null");
    }
    buf_add_char(&json, '}');
    char *text = buf_ok(&json) ? arena_copy(arena, json.data, json.size) : NULL;
    buf_deinit(&json);
    return text;
}

status_t facts_apply(organisation_t *facts, const char *changes, arena_t *arena, problem_t *problem)
{
    void *patch = NULL;
    char **clear = NULL;
    size_t clear_count = 0;
    problem_t found = {0};
    if (pb_json_read(ORGANISATION_TYPE, changes, strlen(changes), PB_JSON_PATCH, arena, &patch, &clear, &clear_count, &found) != STATUS_OK)
        return problem_set(problem, STATUS_INTERNAL, NULL, "A change to come of %s cannot be read: %s", facts->code, found.detail);
    pb_merge(ORGANISATION_TYPE, facts, ORGANISATION_TYPE, patch);
    for (size_t i = 0; i < clear_count; i++)
        pb_clear(ORGANISATION_TYPE, facts, fact_index(clear[i]));
    return STATUS_OK;
}
