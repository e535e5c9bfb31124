#include "tests/support/mix_referral_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Its history leads from one state to the next, up to the one that it has.
static bool is_chained(const json_t *body)
{
    const char *at = NULL;
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(body, "history"), i, step)
    {
        const char *from = json_string_value(json_object_get(step, "from")), *to = json_string_value(json_object_get(step, "to"));
        if (to == NULL || (at == NULL) != (from == NULL) || (at != NULL && strcmp(at, from) != 0))
            return false;
        at = to;
    }
    return at != NULL && strcmp(at, json_string_value(json_object_get(body, "state"))) == 0;
}

// "": it is as it was acknowledged.
static void check_row(mix_referral_t *mix, const course_row_t *row, char finding[FINDING_SIZE])
{
    const course_t *course = row->course;
    char path[LOAD_PATH_SIZE];
    snprintf(path, sizeof path, "/v1/%s/%s", course->resource, row->id);
    finding[0] = '\0';
    json_t *body = scene_get(mix->options.scene, row->clinician, path);
    const char *reference = json_string_value(json_object_get(body, "reference"));
    const size_t records = json_array_size(json_object_get(body, course->record));
    const json_int_t version = json_integer_value(json_object_get(body, "version"));
    if (body == NULL)
        snprintf(finding, FINDING_SIZE, "%.*s", FINDING_SIZE - 1, mix->options.scene->problem);
    else if (mix_referral_state(course, json_string_value(json_object_get(body, "state"))) != row->state || version != row->version ||
             records != row->records)
        snprintf(finding, FINDING_SIZE,
                 "%s/%s was %s with version %" PRId64 " after %zu, and is %s with %" JSON_INTEGER_FORMAT " after %zu", course->resource,
                 row->id, course->states[row->state], row->version, row->records, json_string_value(json_object_get(body, "state")),
                 version, records);
    else if (course == &mix_referrals &&
             (!is_chained(body) || reference == NULL || (row->reference[0] != '\0' && strcmp(reference, row->reference) != 0)))
        snprintf(finding, FINDING_SIZE, "%s has another reference, or a history with a gap", row->id);
    json_decref(body);
}

size_t mix_referral_check(mix_referral_t *mix, size_t most, uint64_t seed, char *finding, size_t size)
{
    const row_list_t *const lists[] = {&mix->referrals, &mix->requests};
    load_random_t random = {.state = seed};
    char one[FINDING_SIZE];
    size_t found = 0;
    finding[0] = '\0';
    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        size_t left = lists[k]->count, wanted = left < most ? left : most;
        for (size_t i = 0; i < lists[k]->count && wanted > 0; i++, left--) {
            if (load_draw(&random, left) >= wanted)
                continue;
            wanted--;
            check_row(mix, lists[k]->rows[i], one);
            if (one[0] != '\0' && found++ == 0)
                snprintf(finding, size, "%s", one);
        }
    }
    return found;
}
