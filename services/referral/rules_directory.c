#include "services/referral/rules_directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/message.h"
#include "services/referral/rules_taking.h"

// ---- a search ----

status_t directory_check_search(const search_t *search, problem_t *problem)
{
    if ((search->latitude == NULL) != (search->longitude == NULL))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, search->latitude != NULL ? "latitude" : "longitude",
                           "A place has both latitude and longitude");
    if (search->has_within_metres && search->latitude == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "withinMetres", "A distance is from somewhere: latitude and longitude");
    if (search->latitude != NULL && (strtod(search->latitude, NULL) < -90 || strtod(search->latitude, NULL) > 90))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "latitude", "It lies between -90 and 90");
    if (search->longitude != NULL && (strtod(search->longitude, NULL) < -180 || strtod(search->longitude, NULL) > 180))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "longitude", "It lies between -180 and 180");
    if (search->open_now && search->open_at != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "openAt", "One instant is asked for, not now and another");
    return STATUS_OK;
}

typedef struct judged {
    arena_t *arena;
    reason_t **reasons;
    size_t count;
    bool full; // no memory
} judged_t;

static void hide(judged_t *judged, const char *code, const char *detail)
{
    reason_t *reason = pb_new(REASON_TYPE, judged->arena);
    if (reason == NULL || detail == NULL) {
        judged->full = true;
        return;
    }
    reason->code = (char *)(uintptr_t)code;
    reason->detail = (char *)(uintptr_t)detail;
    judged->reasons[judged->count++] = reason;
}

static bool lists(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}

// As a booking is refused, but for a practice's area where none is asked for.
static void judge_person(judged_t *judged, const search_t *search, const loaded_service_t *service)
{
    taking_reason_t reasons[TAKING_REASONS_MAX];
    const taking_person_t person = {.has_age = search->has_age, .age = search->age, .has_sex = search->has_sex, .sex = search->sex};
    taking_t taking = PCN__REFERRAL__STORE__V1__TAKING__INIT;
    taking.accepts_caller = service->accepts_caller;
    taking.serves = search->practice == NULL || service->serves;
    taking.rules = service->rules;
    const size_t count = taking_reasons(&taking, &person, reasons);
    for (size_t i = 0; i < count; i++)
        hide(judged, reasons[i].code, arena_string(judged->arena, reasons[i].detail));
}

static void judge_need(judged_t *judged, const char *need, const criteria_t *rules)
{
    if (need == NULL || rules == NULL)
        return;
    if (lists(rules->excludes, rules->n_excludes, need))
        hide(judged, "need-excluded", arena_printf(judged->arena, "With %s one must go elsewhere", need));
    else if (rules->n_accepts > 0 && !lists(rules->accepts, rules->n_accepts, need))
        hide(judged, "need-not-accepted", arena_printf(judged->arena, "It is not for %s", need));
}

static void judge_offer(judged_t *judged, const search_t *search, const loaded_service_t *service, const local_moment_t *moment)
{
    bool channel = !search->has_channel;
    for (size_t i = 0; i < service->n_channels; i++)
        channel = channel || service->channels[i] == search->channel;
    if (!channel)
        hide(judged, "channel", "It is not offered in that way");
    if ((search->open_now || search->open_at != NULL) && !hours_open(service->hours, moment))
        hide(judged, "closed",
             service->hours == NULL || service->hours->n_weekly + service->hours->n_exceptions == 0 ? "It is not known when it is open"
                                                                                                    : "It is not open then");
    if (search->has_within_metres && !service->has_distance_metres)
        hide(judged, "distance", "It is not known where it is");
    else if (search->has_within_metres && service->distance_metres > search->within_metres)
        hide(judged, "distance", arena_printf(judged->arena, "It is %u metres away", service->distance_metres));
    if (search->with_capacity && service->capacity != NULL && service->capacity->free == 0)
        hide(judged, "capacity", arena_printf(judged->arena, "All of its %u places are taken", service->capacity->places));
}

status_t directory_reasons(const search_t *search, const loaded_service_t *service, const local_moment_t *moment, arena_t *arena,
                           reason_t *reasons[DIRECTORY_REASONS_MAX], size_t *count, problem_t *problem)
{
    judged_t judged = {.arena = arena, .reasons = reasons};
    if (service->status == SERVICE_STATUS(CLOSED) || service->provider_closed)
        hide(&judged, "closed-down", "It is no longer there");
    if (service->status == SERVICE_STATUS(SUSPENDED))
        hide(&judged, "suspended", "It takes nobody at the moment");
    judge_person(&judged, search, service);
    judge_need(&judged, search->need, service->rules);
    judge_offer(&judged, search, service, moment);
    *count = judged.count;
    if (judged.full)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    return STATUS_OK;
}

// ---- a service ----

status_t directory_check_criteria(const criteria_t *criteria, problem_t *problem)
{
    if (criteria == NULL)
        return STATUS_OK;
    if (criteria->has_age_from && criteria->has_age_to && criteria->age_to < criteria->age_from)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "criteria.ageTo", "The highest age is below the lowest");
    for (size_t i = 0; i < criteria->n_accepts; i++) {
        if (lists(criteria->excludes, criteria->n_excludes, criteria->accepts[i])) {
            char field[48];
            (void)snprintf(field, sizeof field, "criteria.accepts[%zu]", i);
            return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "%s is excluded as well", criteria->accepts[i]);
        }
    }
    return STATUS_OK;
}

static status_t check_location(const Pcn__Referral__V1__Location *location, problem_t *problem)
{
    if (location == NULL)
        return STATUS_OK;
    if (strtod(location->latitude, NULL) < -90 || strtod(location->latitude, NULL) > 90)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "location.latitude", "It lies between -90 and 90");
    if (strtod(location->longitude, NULL) < -180 || strtod(location->longitude, NULL) > 180)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "location.longitude", "It lies between -180 and 180");
    return STATUS_OK;
}

status_t directory_check_service(const directory_service_t *service, problem_t *problem)
{
    for (size_t i = 0; i < service->n_channels; i++) {
        for (size_t j = 0; j < i; j++) {
            if (service->channels[i] == service->channels[j]) {
                char field[32];
                (void)snprintf(field, sizeof field, "channels[%zu]", i);
                return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "It is named twice");
            }
        }
    }
    if (service->capacity != NULL && service->capacity->free > service->capacity->places)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "capacity.free", "More are free than there are");
    status_t status = check_location(service->location, problem);
    if (status == STATUS_OK)
        status = directory_check_criteria(service->criteria, problem);
    return status == STATUS_OK ? hours_check(service->hours, problem) : status;
}
