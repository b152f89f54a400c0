#include "base/when.h"

enum { DAY_S = 86400 };

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    int64_t shifted = m <= 2 ? y - 1 : y;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

/* Exactly n digits at *s, which moves past them. */
static bool digits(struct str *s, size_t n, int64_t *out)
{
    int64_t v = 0;

    if (s->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->at[i] < '0' || s->at[i] > '9')
            return false;
        v = v * 10 + (s->at[i] - '0');
    }
    *s = str_from_at(*s, n);
    *out = v;
    return true;
}

static bool byte(struct str *s, char c)
{
    if (s->len == 0 || s->at[0] != c)
        return false;
    *s = str_from_at(*s, 1);
    return true;
}

/* ".f+" as milliseconds. */
static bool fraction(struct str *s, int64_t *ms)
{
    int64_t scale = 100;
    size_t n = 0;

    *ms = 0;
    if (!byte(s, '.'))
        return true;
    for (; n < s->len && s->at[n] >= '0' && s->at[n] <= '9'; n++) {
        *ms += (s->at[n] - '0') * scale;
        scale /= 10;
    }
    *s = str_from_at(*s, n);
    return n > 0;
}

/* "Z", "+hh:mm", "-hh:mm" or nothing, in minutes east of UTC. */
static bool zone(struct str *s, int64_t *minutes)
{
    int64_t h, m;
    bool west;

    *minutes = 0;
    if (s->len == 0 || byte(s, 'Z'))
        return s->len == 0;
    west = byte(s, '-');
    if (!west && !byte(s, '+'))
        return false;
    if (!digits(s, 2, &h) || !byte(s, ':') || !digits(s, 2, &m) || h > 14 || m > 59)
        return false;
    *minutes = (h * 60 + m) * (west ? -1 : 1);
    return s->len == 0;
}

static bool days_fit(int64_t y, int64_t m, int64_t d)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

    return y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

bool when_parse(struct str text, int64_t *out_ms)
{
    struct str s = str_trim(text);
    int64_t y, mo, d, h, mi, sec, ms, east;

    if (!digits(&s, 4, &y) || !byte(&s, '-') || !digits(&s, 2, &mo) || !byte(&s, '-') ||
        !digits(&s, 2, &d) || !byte(&s, 'T') || !digits(&s, 2, &h) || !byte(&s, ':') ||
        !digits(&s, 2, &mi) || !byte(&s, ':') || !digits(&s, 2, &sec))
        return false;
    if (!fraction(&s, &ms) || !zone(&s, &east))
        return false;
    if (!days_fit(y, mo, d) || h > 23 || mi > 59 || sec > 60)
        return false;
    *out_ms = (days_of(y, mo, d) * DAY_S + h * 3600 + (mi - east) * 60 + sec) * 1000 + ms;
    return true;
}

bool when_parse_zoned(struct str text, int64_t *out_ms)
{
    static const size_t shortest = sizeof "0000-00-00T00:00:00Z" - 1, offset = sizeof "+00:00" - 1;
    char sign;

    if (text.len < shortest || text.at[0] < '0' || text.at[0] > '9')
        return false;
    sign = text.at[text.len - offset];
    return (text.at[text.len - 1] == 'Z' || sign == '+' || sign == '-') && when_parse(text, out_ms);
}

static void two(char *to, int64_t v)
{
    to[0] = (char)('0' + v / 10);
    to[1] = (char)('0' + v % 10);
}

void when_put(struct buf *b, int64_t ms)
{
    const int64_t first = -62135596800000, last = 253402300799999;
    int64_t t = ms < first ? first : ms > last ? last : ms;
    int64_t in_day = ((t % 86400000) + 86400000) % 86400000;
    int64_t z = (t - in_day) / 86400000 + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t m = mp < 10 ? mp + 3 : mp - 9;
    int64_t y = yoe + era * 400 + (m <= 2);
    char text[] = "0000-00-00T00:00:00.000Z";

    two(text, y / 100);
    two(text + 2, y % 100);
    two(text + 5, m);
    two(text + 8, doy - (153 * mp + 2) / 5 + 1);
    two(text + 11, in_day / 3600000);
    two(text + 14, in_day / 60000 % 60);
    two(text + 17, in_day / 1000 % 60);
    text[20] = (char)('0' + in_day / 100 % 10);
    two(text + 21, in_day % 100);
    buf_put(b, STR(text));
}
