// One upload: a body of multipart/form-data that goes on to a service while it comes (MethodRule.upload). The method itself is called first
// and names what the files belong to; then each file goes to the method for pieces, 64 KiB at a time and one after the other, with the
// connection suspended while one is on its way: an upload never takes more memory than a piece. Pieces are cut where content ends or 64 KiB
// are full, however the body came, so that a repeated upload has the same ones under the same keys.
//
// It lives in its request's arena, from the head's end until the request ends; the room for a piece is its own.
#ifndef PCN_GATEWAY_UPLOAD_H
#define PCN_GATEWAY_UPLOAD_H

#include "services/gateway/multipart.h"
#include "services/gateway/request.h"
#include "services/gateway/transfers.h"

#define UPLOAD_BODY_MAX (64u * 1024u * 1024u) // a larger body is 413
#define UPLOAD_PIECE_MAX (64u * 1024u)
#define UPLOAD_FILES_MAX 64
#define UPLOAD_KEY_MAX (GUARD_KEY_MAX - 8) // what is left for a piece's number after it

typedef enum upload_phase {
    UPLOAD_BEGINNING, // the first method is under way
    UPLOAD_READING,
    UPLOAD_SENDING,  // a piece is under way
    UPLOAD_ANSWERED, // the response is there
    UPLOAD_REFUSED,  // the response is there; the rest of the body is read and left out
    UPLOAD_CUTTING,  // the same, but the rest is long: it is answered with its first bytes
    UPLOAD_CUT,      // answered past libmicrohttpd
} upload_phase_t;

typedef struct upload {
    transfer_t transfer;
    request_t *request;
    upload_phase_t phase;
    bool headed;         // the head was answered for: what comes is body
    const char *id;      // of what the first method made
    bool open;           // that lacks its last piece
    uint32_t number;     // of the last piece
    bool begun;          // a piece of the file has gone
    bool last;           // the last piece is under way
    uint64_t refused_at; // how much had come by then
    int64_t refused_us;  // steady clock
    char *piece;         // room for one
    size_t piece_size;
    multipart_t *form;                   // with the room
    const char *files[UPLOAD_FILES_MAX]; // names, in the request's arena
    size_t file_count;
    arena_t *arena; // of the piece under way
    rpc_request_t call;
    char key[GUARD_KEY_MAX + 1];
} upload_t;

// The head was judged and leads to a method with an upload. As libmicrohttpd's access handler.
enum MHD_Result upload_begin(request_t *request);
// The access handler of all that follows.
enum MHD_Result upload_advance(request_t *request, const char *data, size_t *size);
void upload_finish(upload_t *upload);

// Between the upload's own files: sends what is in `piece` for the file, or the last piece. The problem says why that is not possible.
MUST_CHECK status_t upload_send(upload_t *upload, problem_t *problem);
// The refusal is made (request->response): answers with it as soon as that is possible.
enum MHD_Result upload_refuse(upload_t *upload);
// What is not sent to its end, for whatever reason: unless the client may go on with it the service is told to give it up, in a call of its
// own that outlives the request. Nothing where it is complete, or was told already.
void upload_give_up(upload_t *upload);
// Whether the first method's reply says what the files belong to.
MUST_CHECK status_t upload_take_id(upload_t *upload, const uint8_t *body, size_t size, problem_t *problem);

#endif
