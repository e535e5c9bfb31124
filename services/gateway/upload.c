#include "services/gateway/upload.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/gateway/call.h"
#include "services/gateway/reply.h"

#define LINGER_US 30000000

// The room for a piece, and for what reads the form.
typedef struct room {
    multipart_t form;
    char piece[UPLOAD_PIECE_MAX];
} room_t;

// ---- refusals

static bool asks_first(const request_t *request)
{
    return request->guard.count[GUARD_EXPECT] > 0;
}

static bool has_body(const request_t *request)
{
    return request->guard.chunked || request->guard.length > 0;
}

static void let_go(upload_t *upload)
{
    upload_give_up(upload);
    transfers_leave(&upload->transfer);
    free(upload->form);
    upload->form = NULL;
    upload->piece = NULL;
}

static enum MHD_Result cut(upload_t *upload)
{
    request_t *request = upload->request;
    const int http = request->status;
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    request->response = NULL;
    upload->phase = UPLOAD_CUT;
    if (request->refusal == NULL)
        return MHD_NO; // no memory even for that
    reply_cut(request, http, request->refusal);
    return MHD_YES;
}

// Clients that ask first do not wait for long.
static bool has_begun(const request_t *request)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char byte;
    return info != NULL && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

// libmicrohttpd takes no response before the body's end, unless it has not begun. A short rest is read, and a client that asks first has
// sent nothing; else the answer goes out at once, and what still comes is read for a while: few clients look for an answer before they have
// sent all, and a connection that breaks under them may take it away.
enum MHD_Result upload_refuse(upload_t *upload)
{
    request_t *request = upload->request;
    const guard_t *guard = &request->guard;
    const bool head = !upload->headed;
    let_go(upload);
    if (head && (!has_body(request) || (asks_first(request) && !has_begun(request)))) {
        if (has_body(request))
            reply_header(request, "Connection", "close");
        return request_queue(request);
    }
    upload->headed = true;
    upload->refused_at = request->received;
    upload->refused_us = clock_steady_us();
    if (!guard->chunked && guard->length - request->received <= GUARD_READ_MAX) {
        upload->phase = UPLOAD_REFUSED;
        return MHD_YES;
    }
    // Who asked is told to go on first, by libmicrohttpd, which knows nothing of an answer.
    if (head && asks_first(request)) {
        upload->phase = UPLOAD_CUTTING;
        return MHD_YES;
    }
    return cut(upload);
}

static enum MHD_Result refuse_for(upload_t *upload, int http, const problem_t *problem)
{
    reply_refuse(upload->request, http, problem);
    return upload_refuse(upload);
}

static enum MHD_Result refuse_with(upload_t *upload, int http, const char *field, const char *detail)
{
    reply_refuse_with(upload->request, http, STATUS_INVALID_ARGUMENT, field, detail);
    return upload_refuse(upload);
}

static void on_expired(transfer_t *transfer)
{
    upload_t *upload = (upload_t *)(void *)transfer;
    problem_t problem = {0};
    problem_set(&problem, STATUS_DEADLINE_EXCEEDED, NULL, "The files did not arrive in time");
    // An answer that is there already stands.
    if (upload->phase != UPLOAD_ANSWERED)
        reply_cut(upload->request, 408, &problem);
    upload->phase = UPLOAD_CUT;
    transfer_break(transfer);
}

// ---- the head

static const char body_needed[] = "The files are needed, as multipart/form-data";

// Whether the head says what an upload is. Otherwise the refusal is made.
static bool head_fits(request_t *request)
{
    const guard_t *guard = &request->guard;
    const char *type = guard_single(guard, GUARD_CONTENT_TYPE), *key = guard_single(guard, GUARD_IDEMPOTENCY_KEY);
    if (!has_body(request))
        reply_refuse_with(request, 0, STATUS_INVALID_ARGUMENT, NULL, body_needed);
    else if (type == NULL || !multipart_is_form(type) || !guard_body_is_plain(guard))
        reply_refuse_with(request, 415, STATUS_INVALID_ARGUMENT, "Content-Type", "The body must be multipart/form-data, not encoded");
    else if (guard->length > UPLOAD_BODY_MAX)
        reply_refuse_with(request, 413, STATUS_INVALID_ARGUMENT, NULL, "Files may have at most 64 MiB together");
    else if (!guard_accepts_json(guard))
        reply_refuse_with(request, 406, STATUS_INVALID_ARGUMENT, "Accept", "Answers are application/json");
    else if (key != NULL && strlen(key) > UPLOAD_KEY_MAX)
        reply_refuse_with(request, 0, STATUS_INVALID_ARGUMENT, "Idempotency-Key", "An upload's may have at most 120 characters");
    else
        return true;
    return false;
}

static void begun(rpc_request_t *call, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t size,
                  const problem_t *problem)
{
    upload_t *upload = call->data;
    request_t *request = upload->request;
    problem_t own = {0};
    (void)header;
    const bool refused = problem != NULL && problem->status != STATUS_OK;
    const bool taken = !refused && upload_take_id(upload, body, size, &own) == STATUS_OK;
    if (upload->phase != UPLOAD_CUT) { // else its time was over
        upload->phase = UPLOAD_READING;
        if (refused)
            call_refuse(request, request->match.route->method, problem);
        else if (!taken)
            reply_refuse(request, 0, &own);
        if (request->response != NULL)
            upload->phase = UPLOAD_ANSWERED;
    }
    call_resume(request);
}

// Room for a piece, and the first method asked.
static status_t open_upload(upload_t *upload, int *http, problem_t *problem)
{
    request_t *request = upload->request;
    room_t *room = malloc(sizeof(*room));
    if (room == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for an upload");
    upload->form = &room->form;
    upload->piece = room->piece;
    if (!multipart_init(upload->form, guard_single(&request->guard, GUARD_CONTENT_TYPE)))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "Content-Type", "The form's boundary cannot be read");
    status_t status = call_prepare(request, http, problem);
    if (status == STATUS_OK)
        status = transfers_enter(request->gateway->transfers, &upload->transfer, problem);
    request->call.arena = request->arena;
    request->call.done = begun;
    request->call.data = upload;
    if (status == STATUS_OK)
        status = call_ask(request, &request->call, request->match.route->method, request->idempotency_key, problem);
    return status;
}

enum MHD_Result upload_begin(request_t *request)
{
    upload_t *upload = arena_zero(request->arena, sizeof(*upload));
    problem_t problem = {0};
    int http = 0;
    if (upload == NULL)
        return MHD_NO;
    request->stage = REQUEST_UPLOAD;
    request->upload = upload;
    upload->request = request;
    upload->transfer = (transfer_t){.kind = TRANSFER_UPLOAD, .request = request, .expire = on_expired};
    if (!request_admit(request) || !head_fits(request))
        return upload_refuse(upload);
    if (open_upload(upload, &http, &problem) != STATUS_OK)
        return refuse_for(upload, http, &problem);
    return MHD_YES;
}

// ---- the body

// Two files of one name would read as one.
static const char *add_file(upload_t *upload)
{
    const char *name = upload->form->name;
    for (size_t i = 0; i < upload->file_count; i++) {
        if (strcmp(upload->files[i], name) == 0)
            return "Two files have the same name";
    }
    if (upload->file_count == UPLOAD_FILES_MAX)
        return "There may be at most 64 files";
    const char *copy = arena_string(upload->request->arena, name);
    if (copy == NULL)
        return "The names of the files take too much memory";
    upload->files[upload->file_count++] = copy;
    upload->begun = false;
    return NULL;
}

static enum MHD_Result send_piece(upload_t *upload)
{
    problem_t problem = {0};
    return upload_send(upload, &problem) == STATUS_OK ? MHD_YES : refuse_for(upload, 0, &problem);
}

// Reads until all is taken, a piece is under way or the upload is refused.
static enum MHD_Result take(upload_t *upload, const char *data, size_t *size)
{
    request_t *request = upload->request;
    const size_t given = *size;
    size_t at = 0;
    enum MHD_Result result = MHD_YES;
    while (at < given && upload->phase == UPLOAD_READING && result == MHD_YES) {
        const size_t before = at;
        const multipart_event_t event =
            multipart_read(upload->form, data, given, &at, upload->piece, UPLOAD_PIECE_MAX, &upload->piece_size);
        const char *fault = event == MULTIPART_BAD ? upload->form->fault : event == MULTIPART_PART ? add_file(upload) : NULL;
        request->received += at - before;
        if (fault == NULL && request->received > UPLOAD_BODY_MAX)
            result = refuse_with(upload, 413, NULL, "Files may have at most 64 MiB together");
        else if (fault != NULL)
            result = refuse_with(upload, 0, NULL, fault);
        else if (event == MULTIPART_FULL || (event == MULTIPART_PART_END && (upload->piece_size > 0 || !upload->begun)))
            result = send_piece(upload);
    }
    *size = given - at;
    return result;
}

// The body is over: the last piece goes, if the form was complete.
static enum MHD_Result finish_body(upload_t *upload)
{
    if (!multipart_complete(upload->form))
        return refuse_with(upload, 0, NULL, "The form ends before its last boundary");
    if (upload->file_count == 0)
        return refuse_with(upload, 0, NULL, body_needed);
    upload->last = true;
    return send_piece(upload);
}

// What comes after a refusal. Whoever had a token is read to the end of what an upload may have, others a little; nobody for long.
static enum MHD_Result leave_out(upload_t *upload, size_t *size)
{
    request_t *request = upload->request;
    const uint64_t linger = upload->refused_at + GUARD_LINGER_MAX;
    const uint64_t most = request->principal != NULL && UPLOAD_BODY_MAX > linger ? UPLOAD_BODY_MAX : linger;
    request->received += *size;
    *size = 0;
    return request->received <= most && clock_steady_us() - upload->refused_us <= LINGER_US ? MHD_YES : MHD_NO;
}

enum MHD_Result upload_advance(request_t *request, const char *data, size_t *size)
{
    upload_t *upload = request->upload;
    const bool body = *size > 0;
    // After the first method's answer the head is come back to once more.
    const bool head = !upload->headed;
    enum MHD_Result result = MHD_YES;
    if (upload->phase == UPLOAD_READING && head)
        upload->headed = true;
    else if (upload->phase == UPLOAD_READING)
        result = body ? take(upload, data, size) : finish_body(upload);
    else if (upload->phase == UPLOAD_ANSWERED && head)
        result = upload_refuse(upload);
    else if (upload->phase == UPLOAD_CUTTING && body)
        result = cut(upload);
    else if (!body && (upload->phase == UPLOAD_ANSWERED || upload->phase == UPLOAD_REFUSED || upload->phase == UPLOAD_CUTTING))
        result = request_queue(request);
    else if (!body && upload->phase == UPLOAD_CUT)
        result = MHD_NO;
    // Of what is left libmicrohttpd would not speak again by itself, unless the connection sleeps: it tries the next chunk even then.
    if (result == MHD_YES && *size > 0 && (upload->phase == UPLOAD_REFUSED || upload->phase == UPLOAD_CUT))
        result = leave_out(upload, size);
    return result;
}

void upload_finish(upload_t *upload)
{
    let_go(upload);
}
