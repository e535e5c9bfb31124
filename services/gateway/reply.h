// Answers: status, headers and JSON made into a response of libmicrohttpd, which request.c queues.
#ifndef PCN_GATEWAY_REPLY_H
#define PCN_GATEWAY_REPLY_H

#include "services/gateway/documents.h"
#include "services/gateway/request.h"

// RFC 9457 JSON appended to `out`. `http` may be a status that is HTTP's own (405, 406, 412, 413, 415, 428).
void reply_problem_write(int http, const problem_t *problem, const char *request_id, buf_t *out);

// The gateway's scratch buffer as the answer's body, of type application/json.
void reply_json(request_t *request, int http);
// Without a body.
void reply_empty(request_t *request, int http);
// A document of the interface, or 304 where the client has it.
void reply_document(request_t *request, const document_t *document);
// 200 with a body that has no known end: text/event-stream from libmicrohttpd's content reader.
void reply_stream(request_t *request, MHD_ContentReaderCallback reader, void *data);
// 200 with a file that is made while it goes out; its name may be NULL.
void reply_file(request_t *request, const char *type, const char *name, MHD_ContentReaderCallback reader, void *data);
// A refusal; `http` 0 for the status that the problem's own has.
void reply_refuse(request_t *request, int http, const problem_t *problem);
// The same in one line.
void reply_refuse_with(request_t *request, int http, status_t status, const char *field, const char *detail);
// One more header of an answer that is there; nothing happens where memory was short.
void reply_header(request_t *request, const char *name, const char *value);
// Within a body libmicrohttpd cannot answer: writes a refusal straight to the socket, in place of a response that was made.
void reply_cut(request_t *request, int http, const problem_t *problem);

#endif
