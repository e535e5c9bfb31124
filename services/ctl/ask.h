// One question after the other, and its answer as a message of the contract.
#ifndef PCN_CTL_ASK_H
#define PCN_CTL_ASK_H

#include "common/base/arena.h"
#include "common/pb/type.h"
#include "services/ctl/command.h"
#include "services/ctl/http.h"

// A server that is busy or not there is asked again for half a minute. The message lives in the arena. A refusal becomes the problem with
// what the server said of it; INTERNAL for an answer that is none of the type.
MUST_CHECK status_t ask_get(http_t *http, const char *path, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem);
// The same for a change: a POST of the JSON, under a key by which a repetition is recognised.
MUST_CHECK status_t ask_post(http_t *http, const char *path, const char *body, const char *key, const pb_type_t *type, arena_t *arena,
                             void **message, problem_t *problem);
// Any question. A server that is busy or not there, and a connection that breaks, is tried again until `patience_us` after the first
// failure. `begin` (may be NULL) is called with the question's `stream` before each attempt; what it refuses is not sent. Without a type
// the answer's text is nobody's, but for `take`.
typedef status_t (*ask_begin_fn)(void *stream, problem_t *problem);
MUST_CHECK status_t ask_for(http_t *http, const http_request_t *question, ask_begin_fn begin, int64_t patience_us, const pb_type_t *type,
                            arena_t *arena, void **message, problem_t *problem);
// The same for an answer as it comes: appends its text.
MUST_CHECK status_t ask_text(http_t *http, const http_request_t *question, int64_t patience_us, buf_t *reply, problem_t *problem);
// What an answer that is no success says: the problem's detail with the field in front. Notes it for exit codes, too.
status_t ask_refused(http_t *http, const http_request_t *request, problem_t *problem);
// As command_failed, with the exit code of what the platform said to the last question; COMMAND_FAILED where it refused nothing.
int ask_failed(const command_t *command, const http_t *http, const problem_t *problem);
// Lets time pass. Nothing may be under way.
MUST_CHECK status_t ask_wait(http_t *http, int64_t wait_us, problem_t *problem);
// Appends the text as a value of a query.
void ask_escape(buf_t *path, const char *text);

#endif
