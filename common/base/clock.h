// Time. Rules never read a clock: they get `now` as an argument. Durations use the monotonic clock, what is stored the wall clock.
#ifndef PCN_BASE_CLOCK_H
#define PCN_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

// Microseconds since 1970 in UTC.
int64_t clock_wall_us(void);
// Microseconds of a clock that only goes forward.
int64_t clock_steady_us(void);

#define INSTANT_SIZE 32
#define DATE_SIZE 11

// RFC 3339 in UTC with microseconds: 2026-11-25T09:30:00.000000Z.
void instant_format(int64_t wall_us, char out[INSTANT_SIZE]);
// RFC 3339 with an offset (Z or ±hh:mm), years 1000 to 9999, fraction of up to nine digits. False for anything else.
bool instant_parse(const char *text, int64_t *wall_us);

// Days since 1970-01-01 of a date YYYY-MM-DD that exists, years 1000 to 9999. False for anything else.
bool date_parse(const char *text, int32_t *days);
void date_format(int32_t days, char out[DATE_SIZE]);
// The date in Europe/London is what the field means by "today"; this is the UTC date of the instant shifted by British Summer Time.
int32_t date_of_instant(int64_t wall_us);
// The same with the minute of the day, 0 to 1439.
void local_of_instant(int64_t wall_us, int32_t *day, int32_t *minute);
// The instant of a day and minute (0 to 1440, the day's end) of Europe/London. An hour that comes twice, when the clocks go back, is taken
// by its first coming. False for a time that does not exist, when they go forward; then the instant is that of the time an hour later.
bool instant_of_local(int32_t day, int32_t minute, int64_t *wall_us);
// 0 is Monday, 6 Sunday.
int32_t weekday_of_date(int32_t days);

#endif
