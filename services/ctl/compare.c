// What is there already, against what a call would have made: only the fields that the call sends count, since others may have been added
// since by somebody else.
#include <string.h>

#include "services/ctl/load.h"

// NULL: all fields of `sent` are in `there`. Else the first that is not.
static const char *first_difference(const json_t *sent, const json_t *there)
{
    const char *field;
    json_t *value;
    json_object_foreach((json_t *)sent, field, value)
    {
        const json_t *other = json_object_get(there, field);
        // A flag that is not set is left out of an answer.
        bool same = other != NULL ? json_equal(value, other) : json_is_false(value);
        if (!same)
            return field;
    }
    return NULL;
}

static load_match_t match(const json_t *sent, const json_t *there, const char **field)
{
    *field = first_difference(sent, there);
    return *field == NULL ? LOAD_SAME : LOAD_DIFFERENT;
}

// The item of a list that has the call's value of `field`.
static const json_t *find_item(const json_t *list, const char *field, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (value != NULL && json_equal((json_t *)json_object_get(item, field), (json_t *)value))
            return item;
    }
    return NULL;
}

static load_match_t compare_item(const plan_call_t *call, const json_t *list, const char *by, const char **field)
{
    const json_t *item = find_item(list, by, json_object_get(call->content, by));
    return item != NULL ? match(call->content, item, field) : LOAD_ABSENT;
}

static load_match_t compare_figure(const json_t *sent, const json_t *there, const char **field)
{
    *field = "count";
    if (there == NULL)
        return LOAD_ABSENT;
    return json_equal((json_t *)sent, (json_t *)there) ? LOAD_SAME : LOAD_DIFFERENT;
}

// A network shows its list sizes by their figures: its own with its day, a sub-group's without.
static load_match_t compare_list_size(const plan_call_t *call, const json_t *network, const char **field)
{
    const json_t *count = json_object_get(call->content, "count"), *sub_group = json_object_get(call->content, "subGroup");
    if (sub_group != NULL) {
        const json_t *item = find_item(json_object_get(network, "subGroups"), "code", sub_group);
        return compare_figure(count, json_object_get(item, "statedListSize"), field);
    }
    const json_t *size = json_object_get(network, "listSize");
    if (!json_equal(json_object_get(size, "asOf"), json_object_get(call->content, "asOf")))
        return LOAD_ABSENT;
    return compare_figure(count, json_object_get(size, "stated"), field);
}

load_match_t load_compare(const plan_call_t *call, const json_t *resource, const char **field)
{
    *field = NULL;
    switch (call->kind) {
    case PLAN_ORGANISATION:
        return match(call->content, resource, field);
    case PLAN_MEMBER:
        return compare_item(call, json_object_get(resource, "members"), "practice", field);
    case PLAN_DIRECTOR:
        return compare_item(call, json_object_get(resource, "directors"), "name", field);
    case PLAN_LIST_SIZE:
        return compare_list_size(call, resource, field);
    }
    return LOAD_ABSENT;
}
