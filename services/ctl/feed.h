// Server-Sent Events taken apart while they come (WHATWG HTML, section 9.2.6). Knows blocks, not what is in them.
#ifndef PCN_CTL_FEED_H
#define PCN_CTL_FEED_H

#include "common/base/buf.h"

// A block that has data. Texts hold until it returns. False ends the feed.
typedef bool (*feed_fn)(void *owner, const char *type, const char *data);

typedef struct feed {
    feed_fn event;
    void *owner;
    buf_t line, data;
    buf_t id;      // the last one that was given, of this block; becomes `last_id` once the block is handed over
    buf_t last_id; // what the stream goes on after
    char type[64]; // "message" where the block names none
    long retry_ms; // -1 where none was named
    bool has_data, after_cr;
} feed_t;

void feed_init(feed_t *feed, feed_fn event, void *owner);
void feed_deinit(feed_t *feed);
// A new connection: what was half there is gone, `last_id` stays.
void feed_begin(feed_t *feed);
// False where the owner ended it, or a line or block is longer than any that a platform sends.
bool feed_add(feed_t *feed, const void *bytes, size_t size);
// Where to go on: NULL for nowhere. Set by the owner before the first connection.
const char *feed_last_id(const feed_t *feed);
void feed_set_last_id(feed_t *feed, const char *id);

#endif
