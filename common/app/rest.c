#include "common/app/rest.h"

#include <sys/resource.h>

#include "common/base/clock.h"

#define PERIOD_US INT64_C(5000000)
// A daemon that only looks whether there is something to do uses less than this of a period.
#define RESTS_US (PERIOD_US / 20)
// Less work than this does not make a heap large.
#define WORTH_US INT64_C(500000)

bool rest_reached(rest_t *rest, int64_t now_us, int64_t used_us)
{
    if (now_us - rest->looked_us < PERIOD_US)
        return false;
    const int64_t used = used_us - rest->used_us;
    rest->looked_us = now_us;
    rest->used_us = used_us;
    rest->worked_us += used;
    if (used >= RESTS_US || rest->worked_us < WORTH_US)
        return false;
    rest->worked_us = 0;
    return true;
}

static int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

bool rest_look(rest_t *rest)
{
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 &&
           rest_reached(rest, clock_steady_us(), microseconds(&used.ru_utime) + microseconds(&used.ru_stime));
}
