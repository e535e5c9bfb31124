// Outcomes. One list makes the enum, its names, the HTTP status and the FHIR issue code; numbers are gRPC's, so they can travel.
//
// A function that can fail returns status_t; where the caller needs to know what was wrong it also fills a problem_t, which names
// the field and says a sentence that may be shown to the caller. Nothing here allocates.
#ifndef PCN_BASE_STATUS_H
#define PCN_BASE_STATUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

// X(name, number, HTTP status, FHIR issue code, title)
#define STATUS_LIST(X) \
    X(OK, 0, 200, "informational", "OK") \
    X(INVALID_ARGUMENT, 3, 400, "invalid", "Bad request") \
    X(DEADLINE_EXCEEDED, 4, 504, "timeout", "Took too long") \
    X(NOT_FOUND, 5, 404, "not-found", "Not found") \
    X(ALREADY_EXISTS, 6, 409, "duplicate", "Conflict") \
    X(PERMISSION_DENIED, 7, 403, "forbidden", "Not allowed") \
    X(RESOURCE_EXHAUSTED, 8, 429, "throttled", "Too many requests") \
    X(FAILED_PRECONDITION, 9, 422, "business-rule", "Rule not met") \
    X(ABORTED, 10, 409, "conflict", "Conflict") \
    X(OUT_OF_RANGE, 11, 410, "deleted", "Gone") \
    X(UNIMPLEMENTED, 12, 501, "not-supported", "Not supported") \
    X(INTERNAL, 13, 500, "exception", "Internal error") \
    X(UNAVAILABLE, 14, 503, "transient", "Not available") \
    X(UNAUTHENTICATED, 16, 401, "login", "Not authenticated")

typedef enum status {
#define STATUS_ENUM(name, number, http, fhir, title) STATUS_##name = (number),
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
} status_t;

// Name as in the list ("NOT_FOUND"); a number that is not in it reads as INTERNAL, here and below.
const char *status_name(status_t status);
// HTTP status. ABORTED is 409; the gateway makes it 412 for a request with If-Match.
int status_http(status_t status);
const char *status_fhir(status_t status);
// A few words for a problem's title.
const char *status_title(status_t status);
// A number from a peer; what is not in the list becomes INTERNAL.
status_t status_from_number(uint32_t number);

// What went wrong, for the one who asked. `field` is a JSON path ("members[2].from") or empty.
typedef struct problem {
    status_t status;
    char field[128];
    char detail[384];
    // 0 where there is no advice.
    uint32_t retry_after_ms;
    // Further members of the problem, as JSON text: "\"alternatives\":[…]". NULL for none. Somebody else's memory: of the call's arena.
    const char *members;
} problem_t;

// Fills all but the status of the problem (which may be NULL) and returns the problem. Too long texts are cut at a whole UTF-8 character.
// `field` may be NULL. Call problem_set instead.
problem_t *problem_write(problem_t *problem, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline status_t problem_status(problem_t *problem, status_t status)
{
    if (problem != NULL)
        problem->status = status;
    return status;
}

// problem_set(problem, status, field, format, ...) fills the problem and returns `status`, so that a refusal is one line. A macro, so that
// compilers and analysers see in every file which status comes back.
#define problem_set(problem, status, ...) problem_status(problem_write(problem, __VA_ARGS__), status)
// Puts "prefix." (or "prefix" before "[") in front of the field.
void problem_prefix(problem_t *problem, const char *prefix);

#endif
