#include <stdio.h>

#include "common/base/clock.h"
#include "common/service/follower_internal.h"

static gauge_t *gauge(follower_t *follower, const char *labels, const char *name, const char *help)
{
    return metrics_gauge(follower->metrics, name, labels, help);
}

void meter_init(follower_t *follower)
{
    char labels[96];
    follower_meter_t *meter = &follower->meter;
    snprintf(labels, sizeof labels, "source=\"%s\"", follower->declared->source);
    meter->sequence = gauge(follower, labels, "pcn_follower_sequence", "Last place of the followed log that was applied.");
    meter->latest = gauge(follower, labels, "pcn_follower_latest", "Latest place of the followed log, as far as known.");
    meter->lag_events = gauge(follower, labels, "pcn_follower_lag_events", "Events of the followed log that are not applied yet.");
    meter->lag_seconds = gauge(follower, labels, "pcn_follower_lag_seconds", "Age of the oldest event that is not applied; 0 for none.");
    meter->stopped = gauge(follower, labels, "pcn_follower_stopped", "1: it stands before an event that it cannot apply.");
    meter->active = gauge(follower, labels, "pcn_follower_active", "1: this replica follows, 0: another one's turn is awaited.");
    meter->applied = metrics_counter(follower->metrics, "pcn_follower_applied_total", labels, "Changes that the copy got.");
    meter->snapshots = metrics_counter(follower->metrics, "pcn_follower_snapshots_total", labels, "Snapshots that were begun.");
    meter->retries = metrics_counter(follower->metrics, "pcn_follower_retries_total", labels, "Steps repeated after a passing failure.");
}

// When the oldest event was decided that is not applied, by wall clock; 0 where there is none.
static int64_t oldest(const follower_t *follower)
{
    const follower_meter_t *meter = &follower->meter;
    if (follower->cursor.state == FOLLOWER_STATE(STOPPED))
        return meter->waiting_us;
    // What was changed since the place that is lost, nobody says: it is younger than that.
    if (follower->cursor.state == FOLLOWER_STATE(SNAPSHOT))
        return meter->moved_us;
    if (follower->sending != NULL && follower->sending->first_us > 0)
        return follower->sending->first_us;
    return follower->filling->first_us > 0 ? follower->filling->first_us : meter->behind_us;
}

void meter_update(follower_t *follower)
{
    follower_meter_t *meter = &follower->meter;
    const int64_t now_us = clock_wall_us(), place = follower->cursor.place.sequence;
    const bool known = follower->cursor.version > 0;
    const bool stopped = known && follower->cursor.state == FOLLOWER_STATE(STOPPED);
    if (meter->known < place)
        meter->known = place;
    const int64_t lag = known ? meter->known - place : 0;
    if (lag == 0)
        meter->behind_us = 0;
    else if (meter->behind_us == 0)
        meter->behind_us = now_us;
    const int64_t since_us = known && (lag > 0 || follower->cursor.state != FOLLOWER_STATE(FOLLOWING)) ? oldest(follower) : 0;
    meter->sequence->value = place;
    meter->latest->value = meter->known;
    meter->lag_events->value = lag;
    meter->lag_seconds->value = since_us > 0 && since_us < now_us ? (now_us - since_us) / 1000000 : 0;
    meter->stopped->value = stopped;
    meter->active->value = known && follower->db != NULL && db_ready(follower->db);
}
