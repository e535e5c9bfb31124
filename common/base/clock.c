#include "common/base/clock.h"

#include <string.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)
// 1000-01-01 and 9999-12-31.
#define FIRST_DAY (-354285)
#define LAST_DAY 2932896

static int64_t read_clock_us(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_clock_us(CLOCK_REALTIME);
}

int64_t clock_steady_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

// Days since 1970-01-01 of the proleptic Gregorian calendar, after Howard Hinnant's days_from_civil: years begin in March, so that
// the leap day is the last. Years are positive here.
static int32_t days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t era = y / 400;
    int32_t year_of_era = y - era * 400;
    int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int32_t days, int32_t *year, int32_t *month, int32_t *day)
{
    int32_t z = days + 719468;
    int32_t era = z / 146097;
    int32_t day_of_era = z - era * 146097;
    int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

static int32_t clamp_day(int32_t days)
{
    return days < FIRST_DAY ? FIRST_DAY : days > LAST_DAY ? LAST_DAY : days;
}

static int32_t days_in_month(int32_t year, int32_t month)
{
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[month - 1];
}

static char *put_digits(char *out, int32_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

// Reads exactly `width` digits; NULL where they are not there.
static const char *take_digits(const char *text, int width, int32_t *value)
{
    *value = 0;
    for (int i = 0; i < width; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return NULL;
        }
        *value = *value * 10 + (text[i] - '0');
    }
    return text + width;
}

static const char *take_char(const char *text, char c)
{
    return text != NULL && *text == c ? text + 1 : NULL;
}

static const char *take_date(const char *text, int32_t *days)
{
    int32_t year, month, day;
    const char *at = take_digits(text, 4, &year);
    if ((at = take_char(at, '-')) == NULL || (at = take_digits(at, 2, &month)) == NULL || (at = take_char(at, '-')) == NULL ||
        (at = take_digits(at, 2, &day)) == NULL) {
        return NULL;
    }
    if (year < 1000 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return NULL;
    }
    *days = days_from_civil(year, month, day);
    return at;
}

// hh:mm:ss and a fraction, in microseconds of the day.
static const char *take_time(const char *text, int64_t *us)
{
    int32_t hour, minute, second;
    const char *at = take_digits(text, 2, &hour);
    if ((at = take_char(at, ':')) == NULL || (at = take_digits(at, 2, &minute)) == NULL || (at = take_char(at, ':')) == NULL ||
        (at = take_digits(at, 2, &second)) == NULL || hour > 23 || minute > 59 || second > 59) {
        return NULL;
    }
    *us = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_SECOND;
    if (*at != '.') {
        return at;
    }
    at++;
    int digits = 0;
    for (int64_t unit = US_PER_SECOND / 10; *at >= '0' && *at <= '9'; at++, unit /= 10) {
        *us += (*at - '0') * unit;
        digits++;
    }
    return digits >= 1 && digits <= 9 ? at : NULL;
}

static const char *take_offset(const char *text, int64_t *us)
{
    *us = 0;
    if (*text == 'Z' || *text == 'z') {
        return text + 1;
    }
    if (*text != '+' && *text != '-') {
        return NULL;
    }
    int32_t hour, minute;
    const char *at = take_digits(text + 1, 2, &hour);
    if ((at = take_char(at, ':')) == NULL || (at = take_digits(at, 2, &minute)) == NULL || hour > 23 || minute > 59) {
        return NULL;
    }
    *us = ((int64_t)hour * 60 + minute) * 60 * US_PER_SECOND * (*text == '-' ? -1 : 1);
    return at;
}

// Days and the rest, rounded towards the past.
static int32_t split_day(int64_t wall_us, int64_t *us_of_day)
{
    int64_t days = wall_us / US_PER_DAY;
    int64_t rest = wall_us % US_PER_DAY;
    if (rest < 0) {
        rest += US_PER_DAY;
        days--;
    }
    *us_of_day = rest;
    return (int32_t)days;
}

void date_format(int32_t days, char out[DATE_SIZE])
{
    int32_t year, month, day;
    civil_from_days(clamp_day(days), &year, &month, &day);
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at = '\0';
}

void instant_format(int64_t wall_us, char out[INSTANT_SIZE])
{
    int64_t us;
    int32_t days = split_day(wall_us, &us);
    date_format(days, out);
    int32_t seconds = (int32_t)(us / US_PER_SECOND);
    char *at = out + DATE_SIZE - 1;
    *at++ = 'T';
    at = put_digits(at, seconds / 3600, 2);
    *at++ = ':';
    at = put_digits(at, seconds / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, seconds % 60, 2);
    *at++ = '.';
    at = put_digits(at, (int32_t)(us % US_PER_SECOND), 6);
    *at++ = 'Z';
    *at = '\0';
}

bool instant_parse(const char *text, int64_t *wall_us)
{
    int32_t days;
    int64_t time_us, offset_us;
    const char *at = take_date(text, &days);
    if (at == NULL || (*at != 'T' && *at != 't') || (at = take_time(at + 1, &time_us)) == NULL ||
        (at = take_offset(at, &offset_us)) == NULL || *at != '\0') {
        return false;
    }
    int64_t us = days * US_PER_DAY + time_us - offset_us;
    // The offset may lead out of the years that can be written.
    if (us < FIRST_DAY * US_PER_DAY || us >= (LAST_DAY + 1) * US_PER_DAY) {
        return false;
    }
    *wall_us = us;
    return true;
}

bool date_parse(const char *text, int32_t *days)
{
    int32_t parsed;
    const char *at = take_date(text, &parsed);
    if (at == NULL || *at != '\0') {
        return false;
    }
    *days = parsed;
    return true;
}

// The last Sunday of a month with 31 days. 1970-01-01 was a Thursday.
static int32_t last_sunday(int32_t year, int32_t month)
{
    int32_t last = days_from_civil(year, month, 31);
    int32_t weekday = (last % 7 + 7 + 4) % 7;
    return last - weekday;
}

// Whether British Summer Time holds, by today's law: from 01:00 UTC on the last Sunday of March to 01:00 UTC on that of October.
static bool is_summer(int64_t wall_us)
{
    const int64_t hour = 3600 * US_PER_SECOND;
    int64_t us;
    int32_t year, month, day;
    civil_from_days(clamp_day(split_day(wall_us, &us)), &year, &month, &day);
    return wall_us >= last_sunday(year, 3) * US_PER_DAY + hour && wall_us < last_sunday(year, 10) * US_PER_DAY + hour;
}

void local_of_instant(int64_t wall_us, int32_t *day, int32_t *minute)
{
    int64_t us;
    *day = split_day(is_summer(wall_us) ? wall_us + 3600 * US_PER_SECOND : wall_us, &us);
    *minute = (int32_t)(us / (60 * US_PER_SECOND));
}

int32_t date_of_instant(int64_t wall_us)
{
    int32_t day, minute;
    local_of_instant(wall_us, &day, &minute);
    return day;
}

bool instant_of_local(int32_t day, int32_t minute, int64_t *wall_us)
{
    const int64_t winter = day * US_PER_DAY + minute * 60 * US_PER_SECOND, summer = winter - 3600 * US_PER_SECOND;
    *wall_us = is_summer(summer) ? summer : winter;
    return is_summer(*wall_us) == is_summer(summer);
}

int32_t weekday_of_date(int32_t days)
{
    // 1970-01-01 was a Thursday.
    return (days % 7 + 7 + 3) % 7;
}
