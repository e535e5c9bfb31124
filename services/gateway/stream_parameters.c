#include "services/gateway/stream_parameters.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/json.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"

#define HEADER "Last-Event-ID"

static const char *known_service(const char *name, size_t size)
{
    for (const char *const *known = pcn_service_names; *known != NULL; known++) {
        if (strlen(*known) == size && memcmp(*known, name, size) == 0)
            return *known;
    }
    return NULL;
}

static status_t add_service(stream_parameters_t *parameters, const char *name, size_t size, problem_t *problem)
{
    const char *service = known_service(name, size);
    if (size == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "services", "Names of services, with commas between them");
    if (service == NULL)
        return problem_set(problem, STATUS_NOT_FOUND, "services", "There is no such service");
    for (size_t i = 0; i < parameters->service_count; i++) {
        if (parameters->services[i] == service)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "services", "The service %s is there twice", service);
    }
    if (parameters->service_count == STREAM_SERVICES_MAX)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "services", "At most %d services", STREAM_SERVICES_MAX);
    parameters->services[parameters->service_count++] = service;
    return STATUS_OK;
}

static status_t read_services(stream_parameters_t *parameters, const char *text, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (const char *at = text; status == STATUS_OK;) {
        size_t size = strcspn(at, ",");
        status = add_service(parameters, at, size, problem);
        if (at[size] == '\0')
            break;
        at += size + 1;
    }
    return status;
}

static status_t read_id(stream_parameters_t *parameters, const char *field, const char *text, problem_t *problem)
{
    if (text == NULL || !stream_id_read(text, strlen(text), parameters->places, &parameters->place_count))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "Must be one id of a stream's events, as it was given");
    parameters->place_field = field;
    parameters->epoch_given = true;
    return STATUS_OK;
}

// What the pages of GET /v1/events/{service} take too has the same rules here, and the same words.
static status_t read_shared(const request_t *request, stream_parameters_t *parameters, const target_parameter_t *parameter,
                            problem_t *problem)
{
    const pb_method_t *method = pb_method_by_name("pcn.events.v1.Events/Read");
    const pb_type_t *type = &pcn__events__v1__read_request__type;
    Pcn__Events__V1__ReadRequest message = PCN__EVENTS__V1__READ_REQUEST__INIT;
    message.service = (char *)parameters->services[0];
    int field = pb_field_by_json(type, parameter->name.text, parameter->name.size);
    status_t status = pb_set_text(type, &message, (unsigned)field, parameter->value.text, request->arena, problem);
    if (status == STATUS_OK)
        status = pb_validate_request(method, &message, problem);
    if (status != STATUS_OK)
        return status;
    if (message.type != NULL) {
        parameters->type = message.type;
        return STATUS_OK;
    }
    if (parameters->service_count != 1)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "after", "Only with exactly one service; several go on by " HEADER);
    if (parameters->place_field != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "after", "Either after or lastEventId");
    parameters->place_field = "after";
    parameters->place_count = 1;
    parameters->places[0] = (stream_place_t){.sequence = message.after};
    (void)snprintf(parameters->places[0].service, sizeof parameters->places[0].service, "%s", parameters->services[0]);
    return STATUS_OK;
}

static status_t read_parameter(const request_t *request, stream_parameters_t *parameters, const target_parameter_t *parameter,
                               problem_t *problem)
{
    const char *name = parameter->name.text;
    if (strcmp(name, "services") == 0)
        return STATUS_OK; // read before all others
    if (strcmp(name, "type") == 0 || strcmp(name, "after") == 0)
        return read_shared(request, parameters, parameter, problem);
    if (strcmp(name, "lastEventId") != 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "An unknown query parameter");
    if (parameters->place_field != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "Either after or lastEventId");
    return read_id(parameters, "lastEventId", parameter->value.text, problem);
}

status_t stream_parameters_read(const request_t *request, stream_parameters_t *parameters, problem_t *problem)
{
    const target_t *target = &request->target;
    status_t status = STATUS_OK;
    bool named = false;
    memset(parameters, 0, sizeof(*parameters));
    for (size_t i = 0; status == STATUS_OK && i < target->parameter_count; i++) {
        if (strcmp(target->parameters[i].name.text, "services") != 0)
            continue;
        named = true;
        status = read_services(parameters, target->parameters[i].value.text, problem);
    }
    for (const char *const *name = pcn_service_names; !named && status == STATUS_OK && *name != NULL; name++)
        status = add_service(parameters, *name, strlen(*name), problem);
    for (size_t i = 0; status == STATUS_OK && i < target->parameter_count; i++)
        status = read_parameter(request, parameters, &target->parameters[i], problem);
    if (status == STATUS_OK && request->guard.count[GUARD_LAST_EVENT_ID] > 0)
        status = read_id(parameters, HEADER, guard_single(&request->guard, GUARD_LAST_EVENT_ID), problem);
    return status;
}

const stream_place_t *stream_parameters_place(const stream_parameters_t *parameters, const char *service)
{
    for (size_t i = 0; i < parameters->place_count; i++) {
        if (strcmp(parameters->places[i].service, service) == 0)
            return &parameters->places[i];
    }
    return NULL;
}
