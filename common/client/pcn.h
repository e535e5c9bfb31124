// libpcn: follow the change events of a PCN service from C, every event once and in order, with a resume token that survives anything.
//
//     pcn_options options = {.service = "registry", .rpc = "tcp://pcn.example:7101", .pub = "tcp://pcn.example:7102",
//                            .keys_dir = "/etc/pcn/keys", .name = "billing", .token = read_token()};
//     pcn_subscription *subscription;
//     if (pcn_subscribe(&options, &subscription) != PCN_OK) …
//     const pcn_event *event;
//     int code;
//     while ((code = pcn_next(subscription, -1, &event)) == PCN_OK)
//         store(event->data, event->token); // in one transaction of yours
//
// One subscription belongs to one thread at a time; several may live side by side. See pcn_subscribe(3).
#ifndef PCN_H
#define PCN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#define PCN_VERSION_MAJOR 0
#define PCN_VERSION_MINOR 2

typedef enum pcn_code {
    PCN_OK = 0,
    PCN_TIMEOUT = 1,  // pcn_next: nothing came in time
    PCN_GONE = 2,     // the place is pruned, beyond the end, or of another epoch: take a snapshot (pcn_options.snapshot)
    PCN_INVALID = 3,  // an option is wrong; pcn_error says which
    PCN_FAILED = 4,   // keys cannot be read, no memory
    PCN_INTERRUPTED = 5, // pcn_interrupt was called, or a signal came
} pcn_code;

typedef struct pcn_subscription pcn_subscription;

// Where to begin where there is no token: with the log's first event, with the state of everything, or with what comes.
typedef enum pcn_start { PCN_START_BEGINNING = 0, PCN_START_SNAPSHOT = 1, PCN_START_END = 2 } pcn_start;

typedef struct pcn_options {
    const char *service;  // "registry"
    const char *rpc;      // ZeroMQ endpoints of the service's calls, one a replica, separated by commas
    const char *pub;      // the same of its events
    const char *keys_dir; // holds <name>.secret and <name>.public of the subscriber and <service>.public
    const char *name;     // of the subscriber's key
    const char *token;    // where to go on: pcn_event.token of the last event that was processed; NULL: see `start`
    pcn_start start;
    int snapshot;         // not 0: a place that is gone is followed by a snapshot by itself instead of PCN_GONE
} pcn_options;

typedef struct pcn_event {
    const char *id;      // UUID, the same on every delivery
    const char *source;  // "/pcn/registry"
    const char *type;    // "pcn.registry.organisation.updated"
    const char *subject; // "organisations/pcn-rutland"
    const char *time;    // RFC 3339
    int64_t sequence;    // place in the log
    int64_t version;     // of the resource
    const char *traceparent; // or NULL
    const char *data;    // JSON
    size_t data_size;
    int from_snapshot;   // not 0: part of a snapshot; apply it only where its version is newer than yours
    const char *token;   // resume with this once the event is processed
} pcn_event;

// Connects in the background; nothing is lost by a service that is not there yet. PCN_INVALID, PCN_FAILED: *subscription is still made where
// memory allows, for pcn_error, and must be closed.
int pcn_subscribe(const pcn_options *options, pcn_subscription **subscription);
// Waits for the next event, at most so many milliseconds; -1 without limit, 0 not at all. The event is valid until the next call.
int pcn_next(pcn_subscription *subscription, int timeout_ms, const pcn_event **event);
// A token of where the subscription stands: behind the last event that pcn_next gave. Valid until the next call.
const char *pcn_token(const pcn_subscription *subscription);
// The log's latest place as far as known, and so the lag; -1 before the first answer.
int64_t pcn_latest(const pcn_subscription *subscription);
// Makes a pcn_next that waits return PCN_INTERRUPTED. The only function that may be called from another thread or a signal handler.
void pcn_interrupt(pcn_subscription *subscription);
// What was wrong, for people; never NULL.
const char *pcn_error(const pcn_subscription *subscription);
void pcn_close(pcn_subscription *subscription);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
