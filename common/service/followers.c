#include "common/service/followers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/pb/message.h"
#include "common/pb/rule.h"
#include "pcn/followers/v1/followers.meta.h"

typedef Pcn__Followers__V1__DeadLetter letter_t;
#define LETTER_TYPE (&pcn__followers__v1__dead_letter__type)
#define LETTER_STATE(name) PCN__FOLLOWERS__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_##name

#define PAGE_SIZE_DEFAULT 50
#define PAGE_SIZE_DEFAULT_SQL "50"
// A page fits a frame: it ends with the letter that fills so many bytes of data, and longer data is not shown.
#define PAGE_BYTES 500000
#define PAGE_BYTES_SQL "500000"
// Quoted, a text may grow sixfold.
#define JSON_CAP (6u * PAGE_BYTES + 16u)

#define LETTER_COLUMNS                                                                                                                     \
    "d.id, d.source, d.sequence, d.type, d.subject, CASE WHEN octet_length(d.data) <= " PAGE_BYTES_SQL " THEN d.data END AS data, "        \
    "d.problem, d.at, d.state, d.decided_by, d.decided_at, d.reason"

static const db_stmt_t list_followers = {
    "list_followers", "SELECT source, state, sequence, nullif(epoch, '') AS epoch, moved_at FROM follower ORDER BY source"};

// Ids ascend with time. A token that is none finds nothing; the decision says so. One row more than the page tells whether there are more.
static const db_stmt_t list_letters = {
    "list_dead_letters",
    "SELECT * FROM (SELECT l.*, sum(coalesce(octet_length(l.data), 0)) OVER (ORDER BY l.id DESC) - coalesce(octet_length(l.data), 0) "
    "    AS before FROM (SELECT " LETTER_COLUMNS " FROM dead_letter d "
    "        WHERE (:request.page_token::text IS NULL OR d.id::text < :request.page_token::text) "
    "        AND (:request.state::text IS NULL OR d.state = :request.state::text) "
    "        ORDER BY d.id DESC LIMIT coalesce(:request.page_size::int, " PAGE_SIZE_DEFAULT_SQL ") + 1) l) p "
    "WHERE p.before < " PAGE_BYTES_SQL " ORDER BY p.id DESC"};

#define THE_LETTER "SELECT " LETTER_COLUMNS " FROM dead_letter d WHERE d.id = :request.id::uuid"
static const db_stmt_t skip_letter_load = {"skip_dead_letter_load", THE_LETTER};
static const db_stmt_t retry_letter_load = {"retry_dead_letter_load", THE_LETTER};

#define DECIDED                                                                                                                            \
    "changed AS (UPDATE dead_letter d SET state = :after.state::text, decided_by = :after.decided_by::text, "                              \
    "    decided_at = :after.decided_at::timestamptz, reason = :after.reason::text FROM input i WHERE d.id = :request.id::uuid "           \
    "    AND d.state = 'open' AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) "                                                        \
    "    RETURNING d.id::text AS key, d.id, d.source, d.sequence, d.subject, d.data), "

// The place moves behind the event. A resource of a snapshot is left out of the next one by what is kept here; one that the snapshot
// lacks is forgotten, so that no later one finds it lacking.
static const db_stmt_t skip_letter = {
    "skip_dead_letter",
    DECIDED "resumed AS (UPDATE follower f SET state = CASE WHEN c.sequence IS NULL THEN 'snapshot' ELSE 'following' END, "
            "    sequence = coalesce(c.sequence, f.sequence), dead_letter = NULL, version = f.version + 1, "
            "    moved_at = CASE WHEN c.sequence IS NULL THEN f.moved_at ELSE now() END "
            "    FROM changed c WHERE f.source = c.source AND f.dead_letter = c.id), "
            "forgotten AS (DELETE FROM follower_subject s USING changed c WHERE c.sequence IS NULL AND c.data IS NULL "
            "    AND s.source = c.source AND s.subject = c.subject)"};

static const db_stmt_t retry_letter = {
    "retry_dead_letter",
    DECIDED "resumed AS (UPDATE follower f SET state = CASE WHEN c.sequence IS NULL THEN 'snapshot' ELSE 'following' END, "
            "    dead_letter = NULL, version = f.version + 1 FROM changed c WHERE f.source = c.source AND f.dead_letter = c.id)"};

static status_t refuse_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer");
}

static status_t decide_list_followers(service_call_t *call)
{
    Pcn__Followers__V1__ListFollowersReply *reply = pb_new(&pcn__followers__v1__list_followers_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->n_followers = call->row_count;
    reply->followers = (Pcn__Followers__V1__Follower **)(uintptr_t)call->rows;
    call->reply = reply;
    return STATUS_OK;
}

// Data is shown as it is where it is JSON; what is not would break the answer that it stands in.
static bool show_data(letter_t *letter, arena_t *arena)
{
    const int field = pb_field_by_name(LETTER_TYPE, "data");
    if (letter->data == NULL || rule_text(&LETTER_TYPE->fields[field], letter->data, NULL) == STATUS_OK)
        return true;
    buf_t json;
    buf_init(&json, JSON_CAP);
    buf_add_json_string(&json, letter->data, strlen(letter->data));
    letter->data = buf_ok(&json) ? arena_copy(arena, json.data, json.size) : NULL;
    buf_deinit(&json);
    return letter->data != NULL;
}

static status_t decide_list_letters(service_call_t *call)
{
    const Pcn__Followers__V1__ListDeadLettersRequest *request = call->request;
    if (request->page_token != NULL && !id_valid(request->page_token))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    Pcn__Followers__V1__ListDeadLettersReply *reply = pb_new(&pcn__followers__v1__list_dead_letters_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    const size_t size = request->has_page_size ? request->page_size : PAGE_SIZE_DEFAULT;
    size_t bytes = 0;
    reply->dead_letters = (letter_t **)(uintptr_t)call->rows;
    for (size_t i = 0; i < call->row_count && i < size; i++) {
        letter_t *letter = call->rows[i];
        bytes += letter->data != NULL ? strlen(letter->data) : 0;
        if (!show_data(letter, call->arena))
            return refuse_memory(call);
        reply->n_dead_letters++;
    }
    // The statement gives one more, unless the page ends by its bytes.
    if (reply->n_dead_letters > 0 && (call->row_count > size || bytes >= PAGE_BYTES))
        reply->next_page_token = reply->dead_letters[reply->n_dead_letters - 1]->id;
    return STATUS_OK;
}

static status_t decide_letter(service_call_t *call, Pcn__Followers__V1__DeadLetterState state)
{
    const Pcn__Followers__V1__DecideDeadLetterRequest *request = call->request;
    const letter_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no dead letter %s", request->id);
    if (row->state != LETTER_STATE(OPEN))
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "It was %s already, by %s",
                           row->state == LETTER_STATE(SKIPPED) ? "skipped" : "retried", row->decided_by != NULL ? row->decided_by : "");
    letter_t *after = pb_new(LETTER_TYPE, call->arena);
    if (after == NULL)
        return refuse_memory(call);
    pb_merge(LETTER_TYPE, after, LETTER_TYPE, row);
    after->has_state = 1;
    after->state = state;
    after->decided_by = call->header->principal != NULL ? call->header->principal->subject : NULL;
    if (after->decided_by == NULL)
        after->decided_by = (char *)"";
    after->decided_at = (char *)(uintptr_t)call->now;
    after->reason = request->reason;
    if (!show_data(after, call->arena))
        return refuse_memory(call);
    call->after = call->reply = after;
    call->key = row->id;
    return STATUS_OK;
}

static status_t decide_skip(service_call_t *call)
{
    return decide_letter(call, LETTER_STATE(SKIPPED));
}

static status_t decide_retry(service_call_t *call)
{
    return decide_letter(call, LETTER_STATE(RETRIED));
}

const service_handler_t followers_handlers[] = {
    {.method = "ListFollowers", .load = &list_followers, .row = &pcn__followers__v1__follower__type, .decide = decide_list_followers},
    {.method = "ListDeadLetters", .load = &list_letters, .row = LETTER_TYPE, .decide = decide_list_letters},
    {.method = "SkipDeadLetter",
     .load = &skip_letter_load,
     .row = LETTER_TYPE,
     .decide = decide_skip,
     .after = LETTER_TYPE,
     .save = &skip_letter},
    {.method = "RetryDeadLetter",
     .load = &retry_letter_load,
     .row = LETTER_TYPE,
     .decide = decide_retry,
     .after = LETTER_TYPE,
     .save = &retry_letter},
    {.method = NULL},
};
