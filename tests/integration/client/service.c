#include "tests/integration/client/service.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

void act_append(fake_log_t *log, int64_t value)
{
    fake_log_append(log, (unsigned)value);
}

void act_grow(fake_log_t *log, int64_t value)
{
    log->head += value;
}

void act_prune(fake_log_t *log, int64_t value)
{
    log->pruned = value;
}

void act_rebuild(fake_log_t *log, int64_t value)
{
    log->epoch[strlen(log->epoch) - 1]++;
    log->head = value;
}

void act_stop(fake_log_t *log, int64_t value)
{
    (void)value;
    fake_log_stop(log);
}

void act_start(fake_log_t *log, int64_t value)
{
    (void)value;
    fake_log_start(log);
}

void act_refuse(fake_log_t *log, int64_t value)
{
    log->refuse = (status_t)value;
}

static void woken(uv_async_t *wake)
{
    service_t *service = wake->data;
    (void)pthread_mutex_lock(&service->mutex);
    if (service->act != NULL) {
        service->act(&service->log, service->value);
        service->act = NULL;
    }
    if (service->ended && !uv_is_closing((uv_handle_t *)wake)) {
        fake_log_deinit(&service->log);
        uv_close((uv_handle_t *)wake, NULL);
    }
    (void)pthread_cond_broadcast(&service->turned);
    (void)pthread_mutex_unlock(&service->mutex);
}

static void *run(void *data)
{
    service_t *service = data;
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    return NULL;
}

void service_start(service_t *service)
{
    memset(service, 0, sizeof *service);
    assert_int_equal(uv_loop_init(&service->loop), 0);
    assert_int_equal(uv_async_init(&service->loop, &service->wake, woken), 0);
    service->wake.data = service;
    (void)pthread_mutex_init(&service->mutex, NULL);
    (void)pthread_cond_init(&service->turned, NULL);
    fake_log_init(&service->log, &service->loop, metrics_new());
    fake_log_beats(&service->log, true);
    assert_int_equal(pthread_create(&service->thread, NULL, run, service), 0);
}

void service_stop(service_t *service)
{
    (void)pthread_mutex_lock(&service->mutex);
    service->ended = true;
    (void)pthread_mutex_unlock(&service->mutex);
    (void)uv_async_send(&service->wake);
    (void)pthread_join(service->thread, NULL);
    assert_int_equal(uv_loop_close(&service->loop), 0);
    metrics_destroy(&service->log.metrics);
    (void)pthread_cond_destroy(&service->turned);
    (void)pthread_mutex_destroy(&service->mutex);
}

void service_do(service_t *service, void (*act)(fake_log_t *log, int64_t value), int64_t value)
{
    (void)pthread_mutex_lock(&service->mutex);
    service->act = act;
    service->value = value;
    (void)uv_async_send(&service->wake);
    while (service->act != NULL) {
        (void)pthread_cond_wait(&service->turned, &service->mutex);
    }
    (void)pthread_mutex_unlock(&service->mutex);
}
