#include "services/gateway/transfers.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"

#define SWEEP_MS 1000
#define REFUSED_RETRY_MS 5000

struct transfers {
    gateway_t *gateway;
    transfer_t *first;
    int64_t count[TRANSFER_KINDS];
    gauge_t *open[TRANSFER_KINDS];
    counter_t *bytes[TRANSFER_KINDS];
    uv_timer_t *timer; // runs while there are transfers; frees itself
};

transfers_t *transfers_new(gateway_t *gateway)
{
    transfers_t *transfers = calloc(1, sizeof(*transfers));
    metrics_t *metrics = gateway->metrics;
    if (transfers == NULL)
        return NULL;
    transfers->gateway = gateway;
    transfers->open[TRANSFER_UPLOAD] = metrics_gauge(metrics, "pcn_gateway_uploads", NULL, "Uploads of files that are open.");
    transfers->open[TRANSFER_DOWNLOAD] = metrics_gauge(metrics, "pcn_gateway_downloads", NULL, "Downloads of files that are open.");
    transfers->bytes[TRANSFER_UPLOAD] =
        metrics_counter(metrics, "pcn_gateway_upload_bytes_total", NULL, "Content of files that was handed on to services.");
    transfers->bytes[TRANSFER_DOWNLOAD] =
        metrics_counter(metrics, "pcn_gateway_download_bytes_total", NULL, "Content of files that was handed on to clients.");
    return transfers;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

void transfers_stop(transfers_t *transfers)
{
    if (transfers->timer != NULL)
        uv_close((uv_handle_t *)transfers->timer, on_closed);
    transfers->timer = NULL;
}

void transfers_destroy(transfers_t **transfers)
{
    free(*transfers);
    *transfers = NULL;
}

static void on_sweep(uv_timer_t *timer)
{
    const transfers_t *transfers = timer->data;
    const int64_t now_us = clock_steady_us();
    for (transfer_t *transfer = transfers->first, *next; transfer != NULL; transfer = next) {
        next = transfer->next;
        if (transfer->until_us > now_us)
            continue;
        log_warning("a transfer took too long and was ended", LOG_TEXT("requestId", transfer->request->id),
                    LOG_TEXT("route", transfer->request->metrics->label));
        transfer->until_us = INT64_MAX; // once
        transfer->expire(transfer);
    }
}

static bool run_timer(transfers_t *transfers)
{
    const int64_t timeout_ms = transfers->gateway->config->transfer_timeout_ms;
    const uint64_t every_ms = (uint64_t)(timeout_ms < SWEEP_MS ? timeout_ms : SWEEP_MS);
    if (transfers->timer == NULL) {
        transfers->timer = malloc(sizeof(*transfers->timer));
        if (transfers->timer == NULL || uv_timer_init(transfers->gateway->loop, transfers->timer) != 0)
            return false;
        transfers->timer->data = transfers;
    }
    if (!uv_is_active((const uv_handle_t *)transfers->timer))
        uv_timer_start(transfers->timer, on_sweep, every_ms, every_ms);
    return true;
}

status_t transfers_enter(transfers_t *transfers, transfer_t *transfer, problem_t *problem)
{
    const gateway_config_t *config = transfers->gateway->config;
    const bool upload = transfer->kind == TRANSFER_UPLOAD;
    if (transfers->count[transfer->kind] >= (upload ? config->uploads_max : config->downloads_max) || !run_timer(transfers)) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "There are as many %s as there may be", upload ? "uploads" : "downloads");
        problem->retry_after_ms = REFUSED_RETRY_MS;
        return STATUS_UNAVAILABLE;
    }
    transfer->among = transfers;
    transfer->until_us = clock_steady_us() + config->transfer_timeout_ms * 1000;
    transfer->previous = NULL;
    transfer->next = transfers->first;
    if (transfers->first != NULL)
        transfers->first->previous = transfer;
    transfers->first = transfer;
    transfers->open[transfer->kind]->value = ++transfers->count[transfer->kind];
    return STATUS_OK;
}

void transfers_leave(transfer_t *transfer)
{
    transfers_t *transfers = transfer->among;
    if (transfers == NULL)
        return;
    transfer->among = NULL;
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        transfers->first = transfer->next;
    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    transfers->open[transfer->kind]->value = --transfers->count[transfer->kind];
    if (transfers->first == NULL && transfers->timer != NULL)
        uv_timer_stop(transfers->timer);
}

void transfers_count_bytes(const transfer_t *transfer, size_t bytes)
{
    if (transfer->among != NULL)
        transfer->among->bytes[transfer->kind]->value += bytes;
}

void transfer_break(const transfer_t *transfer)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(transfer->request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL)
        (void)shutdown(info->connect_fd, SHUT_RDWR);
}
