// A fake log that runs in a thread of its own, since a subscription's loop is the caller's. What is done with it is done in that thread.
#ifndef PCN_TESTS_CLIENT_SERVICE_H
#define PCN_TESTS_CLIENT_SERVICE_H

#include <pthread.h>

#include "tests/support/fake_log.h"

typedef struct service {
    fake_log_t log;
    uv_loop_t loop;
    uv_async_t wake;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    void (*act)(fake_log_t *log, int64_t value); // NULL for nothing to do
    int64_t value;
    bool ended;
} service_t;

void service_start(service_t *service);
void service_stop(service_t *service);
// Does it there and returns when it is done.
void service_do(service_t *service, void (*act)(fake_log_t *log, int64_t value), int64_t value);

// What is done.
void act_append(fake_log_t *log, int64_t value);  // so many events, published
void act_grow(fake_log_t *log, int64_t value);    // so many that nobody publishes
void act_prune(fake_log_t *log, int64_t value);   // up to that place
void act_rebuild(fake_log_t *log, int64_t value); // another epoch, that long
void act_stop(fake_log_t *log, int64_t value);
void act_start(fake_log_t *log, int64_t value);
void act_refuse(fake_log_t *log, int64_t value); // all calls with that status

#endif
