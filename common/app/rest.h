// Whether a daemon that was busy has come to rest: the time to give back what its heap holds free. While it works nothing is given back,
// since the kernel would clear each page again that it hands out.
#ifndef PCN_APP_REST_H
#define PCN_APP_REST_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rest {
    int64_t looked_us; // when the last period began
    int64_t used_us;   // processor time until then
    int64_t worked_us; // processor time since the last rest
} rest_t;

// Whether a period of rest is over after work that was worth it; once for each such work. `now_us` is the steady clock's, `used_us` the
// processor time of the process.
bool rest_reached(rest_t *rest, int64_t now_us, int64_t used_us);
// The same of the process itself. For a timer of any period.
bool rest_look(rest_t *rest);

#endif
