// One download: an answer that is a file, made of as many replies as it takes (PB_DOWNLOAD). libmicrohttpd asks for bytes when the socket
// takes some; where a reply is used up the connection is suspended and the method called for the next, so that a download takes the memory
// of one. Where the rest cannot be had the body breaks off without its end, which the client notices.
//
// It lives in its request's arena, until the request ends.
#ifndef PCN_GATEWAY_DOWNLOAD_H
#define PCN_GATEWAY_DOWNLOAD_H

#include "services/gateway/request.h"
#include "services/gateway/transfers.h"

typedef struct download {
    transfer_t transfer;
    request_t *request;
    arena_t *arena; // of the reply that is being given, or asked for
    const uint8_t *data;
    size_t size, at;
    const char *page_token; // of the next reply; NULL after the last
    bool begun;             // the answer's head is decided
    bool broken;
    bool complete;
    uint64_t bytes;
    rpc_request_t call;
} download_t;

// Asks for the first piece, or makes the refusal.
void download_begin(request_t *request);
void download_finish(download_t *download);

#endif
