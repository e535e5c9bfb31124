#include "services/ctl/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_CAP = 8 * 1024 * 1024, ID_CAP = 16 * 1024, RETRY_MAX_MS = 60000 };

void feed_init(feed_t *feed, feed_fn event, void *owner)
{
    *feed = (feed_t){.event = event, .owner = owner, .retry_ms = -1};
    buf_init(&feed->line, BLOCK_CAP);
    buf_init(&feed->data, BLOCK_CAP);
    buf_init(&feed->id, ID_CAP);
    buf_init(&feed->last_id, ID_CAP);
    feed_begin(feed);
}

void feed_deinit(feed_t *feed)
{
    buf_deinit(&feed->line);
    buf_deinit(&feed->data);
    buf_deinit(&feed->id);
    buf_deinit(&feed->last_id);
}

static void begin_block(feed_t *feed)
{
    buf_clear(&feed->data);
    feed->has_data = false;
    snprintf(feed->type, sizeof feed->type, "message");
}

void feed_begin(feed_t *feed)
{
    begin_block(feed);
    buf_clear(&feed->line);
    buf_clear(&feed->id);
    feed->after_cr = false;
}

const char *feed_last_id(const feed_t *feed)
{
    return feed->last_id.size > 0 ? feed->last_id.data : NULL;
}

void feed_set_last_id(feed_t *feed, const char *id)
{
    buf_clear(&feed->last_id);
    buf_add_string(&feed->last_id, id);
}

// The end of a block. Its id counts once the owner has taken it.
static bool hand_over(feed_t *feed)
{
    const bool goes_on = !feed->has_data || feed->event(feed->owner, feed->type, feed->data.data != NULL ? feed->data.data : "");
    if (feed->id.size > 0)
        feed_set_last_id(feed, feed->id.data);
    buf_clear(&feed->id);
    begin_block(feed);
    return goes_on;
}

static void take_field(feed_t *feed, const char *name, size_t size, const char *value)
{
    if (size == 4 && memcmp(name, "data", 4) == 0) {
        if (feed->has_data)
            buf_add_char(&feed->data, '\n');
        buf_add_string(&feed->data, value);
        feed->has_data = true;
    } else if (size == 2 && memcmp(name, "id", 2) == 0) {
        buf_clear(&feed->id);
        buf_add_string(&feed->id, value);
    } else if (size == 5 && memcmp(name, "event", 5) == 0) {
        snprintf(feed->type, sizeof feed->type, "%s", value);
    } else if (size == 5 && memcmp(name, "retry", 5) == 0 && value[0] != '\0' && strspn(value, "0123456789") == strlen(value)) {
        const long retry_ms = strtol(value, NULL, 10);
        feed->retry_ms = retry_ms < RETRY_MAX_MS ? retry_ms : RETRY_MAX_MS;
    }
}

static bool take_line(feed_t *feed)
{
    bool goes_on = true;
    const char *line = feed->line.data != NULL && feed->line.size > 0 ? feed->line.data : "";
    const char *colon = strchr(line, ':');
    if (line[0] == '\0')
        goes_on = hand_over(feed);
    else if (colon == NULL)
        take_field(feed, line, strlen(line), "");
    else if (colon > line)
        take_field(feed, line, (size_t)(colon - line), colon[1] == ' ' ? colon + 2 : colon + 1);
    buf_clear(&feed->line);
    return goes_on && buf_ok(&feed->data) && buf_ok(&feed->id);
}

bool feed_add(feed_t *feed, const void *bytes, size_t size)
{
    const char *at = bytes, *end = at + size;
    while (at < end) {
        // The second half of a line end.
        if (feed->after_cr && *at == '\n') {
            feed->after_cr = false;
            at++;
            continue;
        }
        feed->after_cr = false;
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        buf_add(&feed->line, at, (size_t)(stop - at));
        if (!buf_ok(&feed->line))
            return false;
        if (stop == end)
            return true;
        feed->after_cr = *stop == '\r';
        at = stop + 1;
        if (!take_line(feed))
            return false;
    }
    return true;
}
