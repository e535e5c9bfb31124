#include "common/event/floor.h"

int64_t event_floor_look(event_floor_t *floor, bool whole)
{
    floor->looking = floor->settled;
    return whole ? 0 : floor->floor;
}

void event_floor_take(event_floor_t *floor, int64_t position)
{
    // It cannot be: what was concluded holds no more.
    if (position <= floor->floor)
        *floor = (event_floor_t){0};
    if (position > floor->taken)
        floor->taken = position;
}

void event_floor_looked(event_floor_t *floor)
{
    if (floor->looking > floor->floor)
        floor->floor = floor->looking;
}

void event_floor_snapshot(event_floor_t *floor, int64_t oldest, int64_t next)
{
    if (floor->candidate > 0 && oldest < floor->until)
        return;
    if (floor->candidate > floor->settled)
        floor->settled = floor->candidate;
    floor->candidate = floor->taken;
    floor->until = next;
}
