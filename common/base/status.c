#include "common/base/status.h"

#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"

const char *status_name(status_t status)
{
    switch (status) {
#define STATUS_CASE(name, number, http, fhir, title)                                                                                       \
    case STATUS_##name:                                                                                                                    \
        return #name;
        STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "INTERNAL";
}

int status_http(status_t status)
{
    switch (status) {
#define STATUS_CASE(name, number, http, fhir, title)                                                                                       \
    case STATUS_##name:                                                                                                                    \
        return http;
        STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return 500;
}

const char *status_fhir(status_t status)
{
    switch (status) {
#define STATUS_CASE(name, number, http, fhir, title)                                                                                       \
    case STATUS_##name:                                                                                                                    \
        return fhir;
        STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "exception";
}

const char *status_title(status_t status)
{
    switch (status) {
#define STATUS_CASE(name, number, http, fhir, title)                                                                                       \
    case STATUS_##name:                                                                                                                    \
        return title;
        STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "Internal error";
}

status_t status_from_number(uint32_t number)
{
    switch (number) {
#define STATUS_CASE(name, number_, http, fhir, title)                                                                                      \
    case number_:                                                                                                                          \
        return STATUS_##name;
        STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    default:
        return STATUS_INTERNAL;
    }
}

problem_t *problem_write(problem_t *problem, const char *field, const char *format, ...)
{
    if (problem == NULL) {
        return NULL;
    }
    // Written aside first: the arguments may be the problem's own texts.
    char detail[sizeof problem->detail + 1];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    if (length < 0) {
        detail[0] = '\0';
    }
    utf8_copy(problem->field, sizeof problem->field, field != NULL ? field : "");
    utf8_copy(problem->detail, sizeof problem->detail, detail);
    problem->retry_after_ms = 0;
    problem->members = NULL;
    return problem;
}

void problem_prefix(problem_t *problem, const char *prefix)
{
    if (problem == NULL || prefix == NULL || prefix[0] == '\0') {
        return;
    }
    const char *joint = problem->field[0] == '\0' || problem->field[0] == '[' ? "" : ".";
    char field[2 * sizeof problem->field + 2];
    snprintf(field, sizeof field, "%.*s%s%s", (int)sizeof problem->field, prefix, joint, problem->field);
    utf8_copy(problem->field, sizeof problem->field, field);
}
