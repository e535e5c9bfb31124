// One stream of change events to one client (GET /v1/events/stream, text/event-stream). It is no more than a place for each of its
// services and the event it is writing: libmicrohttpd asks for bytes when the socket takes some, and they are copied from the service's
// ring, or from a page of the log where the stream has fallen out of the ring. Where there is nothing to say the connection is suspended.
//
// It lives in its request's arena, from the opening until libmicrohttpd is done with the request. One loop, one thread.
#ifndef PCN_GATEWAY_STREAM_H
#define PCN_GATEWAY_STREAM_H

#include "services/gateway/request.h"
#include "services/gateway/stream_feed.h"
#include "services/gateway/stream_id.h"
#include "services/gateway/stream_page.h"

typedef struct stream_hub stream_hub_t;

#define STREAM_RETRY_MS 1000 // what a client waits before it connects again

typedef enum stream_phase {
    STREAM_OPENING, // places are looked up; the request waits
    STREAM_LIVE,
    STREAM_ENDING, // says what it has to say, then ends
} stream_phase_t;

// One service of a stream.
typedef struct stream_source {
    stream_feed_t *feed;
    stream_page_t *page; // asked for, or being written
    bool page_taken;     // from, since the last look at the stream
    bool placed;         // `place` and `epoch` were seen to be good
    bool resumed;        // the client gave the place
    bool epoch_given;    // and its epoch
    bool more;           // the log went on when it was last read
    uint32_t epoch;      // in short
    int64_t place;       // of the last event that was given or left out
    int64_t retry_us;    // the log is not read before; steady clock
} stream_source_t;

typedef struct stream {
    struct stream *next, *previous;
    stream_hub_t *hub;
    request_t *request;
    stream_phase_t phase;
    bool asleep;             // suspended from the reader
    bool broken;             // ends without another word
    bool beat;               // a heartbeat is due
    const char *type;        // NULL for all
    const char *place_field; // what gave the places
    stream_entry_t *entry;   // being written, after `head`
    size_t entry_at;
    buf_t head;
    size_t head_at;
    int64_t opened_us, spoke_us;
    uint64_t events;
    const char *reason;    // of the end
    const problem_t *gone; // said at the end; in the request's arena
    bool farewell;         // is to be said
    size_t turn;           // the source that is asked first
    size_t source_count;
    stream_source_t sources[];
} stream_t;

// Looks the places up. The answer is there (request->response), or the request waits and is resumed with it.
void stream_start(stream_t *stream);
// A service's log is known now.
void stream_know(stream_t *stream, const stream_feed_t *feed);
// An event came into the ring (NULL: one could not be kept).
void stream_notice(stream_t *stream, const stream_feed_t *feed, const stream_entry_t *entry);
// Now and then: ends it where the token's time is over or the client is gone, says a heartbeat, lets a page go that is not taken.
void stream_tend(stream_t *stream, int64_t now_us);
// `event: bye` with that reason, then the end. The connection of one that is being opened ends without an answer.
void stream_bye(stream_t *stream, const char *reason);
// The places of a service mean nothing any more: `event: gone`, then the end. One that is opening is looked up again.
void stream_lose(stream_t *stream, const stream_feed_t *feed);
// libmicrohttpd is done with the request.
void stream_finish(stream_t *stream);

// Between the stream's own files:
// libmicrohttpd's content reader.
ssize_t stream_content(void *data, uint64_t position, char *out, size_t room);
void stream_wake(stream_t *stream);
// A page was answered; `data` is the stream.
void stream_page_done(void *data);
// `event: gone`, then the end; the problem may be NULL for the usual words.
void stream_end_gone(stream_t *stream, const stream_source_t *source, const problem_t *problem);
// Asks for the page after the source's place. False where that is not possible now.
bool stream_read_page(stream_t *stream, stream_source_t *source);
// The problem of a place that is lost: names the way on.
void stream_gone_problem(const char *service, const char *field, const problem_t *given, problem_t *problem);

#endif
