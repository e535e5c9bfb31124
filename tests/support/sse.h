// A client of text/event-stream for tests, on a socket of the caller's: sends the request, takes chunks apart, gives events. One thread.
#ifndef PCN_TESTS_SUPPORT_SSE_H
#define PCN_TESTS_SUPPORT_SSE_H

#include <stdbool.h>
#include <stddef.h>

#define SSE_ID_SIZE 2048

typedef struct sse {
    int fd;
    int status;                // 0: no answer
    char head[8192];           // of the answer
    char last_id[SSE_ID_SIZE]; // of the last complete block, as EventSource keeps it
    long retry_ms;
    bool ended; // by the server; `broken` where that was not after a last chunk
    bool broken;
    char *raw; // as it came
    size_t raw_size, raw_at;
    size_t chunk_left;
    bool chunked, in_chunk;
    char *text; // the body
    size_t text_size, text_at;
} sse_t;

// Valid until the next call.
typedef struct sse_event {
    const char *type; // "message" where none is given
    const char *id;   // the last one known
    const char *data; // one line
} sse_event_t;

// A connection to a port of 127.0.0.1; -1 where there is none.
int sse_connect(int port);
// Asks for the path with the token (NULL: none); `headers` are whole lines with CRLF. False where no answer's head came within 20 s. A
// refusal's body is in `text` once sse_refusal was called.
bool sse_open(sse_t *sse, int fd, const char *path, const char *token, const char *headers);
// The next event that has data. False after so long without one, or at the end.
bool sse_next(sse_t *sse, int timeout_ms, sse_event_t *event);
// The body of an answer that is no stream.
const char *sse_refusal(sse_t *sse);
// Closes the socket too.
void sse_close(sse_t *sse);

#endif
