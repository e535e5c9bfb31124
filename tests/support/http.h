// HTTP for tests: one call, the whole answer. One thread; the caller clears the answer with http_answer_clear.
#ifndef PCN_TESTS_SUPPORT_HTTP_H
#define PCN_TESTS_SUPPORT_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct http_call {
    const char *method;         // NULL: GET
    const char *url;            // http://127.0.0.1:8080
    const char *path;           // /v1/organisations
    const char *socket;         // unix socket to speak to instead of the url's host; NULL for none
    const char *token;          // NULL: none
    const char *body;           // NULL: none; sent as application/json unless a header says otherwise
    const char *const *headers; // "Name: value", …, NULL; may be NULL
    long timeout_ms;            // 0: 10 s
} http_call_t;

typedef struct http_answer {
    long status;   // 0: nobody answered
    char *headers; // as they came, CR LF between them
    char *body;
    size_t size;
    json_t *json; // the body, where it is JSON; else NULL
} http_answer_t;

// False where no whole answer came; the answer may be cleared all the same.
bool http_send(const http_call_t *call, http_answer_t *answer);
// The value of a header of the answer in `value`; false where it is not there.
bool http_header(const http_answer_t *answer, const char *name, char *value, size_t size);
// The text below keys of the answer's JSON, as "title"; NULL where there is none.
const char *http_text(const http_answer_t *answer, const char *key);
void http_answer_clear(http_answer_t *answer);

#endif
