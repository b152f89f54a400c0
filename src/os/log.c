#include "os/log.h"

#include "base/when.h"
#include "os/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* How many lines of one event were asked for in one second.  Both stand in one word, so that
 * who moves it to a new second takes the old count with it: no lock, nothing told twice. */
struct gate {
    _Atomic(const char *) event;
    _Atomic uint64_t window; /* second << 32 | lines */
};

enum { COUNT_BITS = 32 };
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)

/* The log is the one place with state of the whole process: everybody may log at any time, also
 * before there is a server to pass down. */
static _Atomic int level_least = LOG_INFO;
static _Atomic uint64_t swept_second;
static struct gate gates[LOG_NAMES + 1]; /* the last one is shared by all names that came late */

void log_set_level(enum log_level least)
{
    MUST(least <= LOG_NOTHING);
    atomic_store(&level_least, (int)least);
}

static struct gate *gate_of(const char *event)
{
    for (int i = 0; i < LOG_NAMES; i++) {
        const char *there = atomic_load(&gates[i].event);

        if (!there && atomic_compare_exchange_strong(&gates[i].event, &there, event))
            return &gates[i];
        if (strcmp(there, event) == 0)
            return &gates[i];
    }
    return &gates[LOG_NAMES];
}

/* The character at the start of s: one byte when it is no UTF-8. */
static struct str char_first(struct str s)
{
    for (size_t n = 1; n <= 4 && n <= s.len; n++)
        if (str_is_utf8(str_cut(s, 0, n)))
            return str_cut(s, 0, n);
    return (struct str){NULL, 1};
}

/* Takes out what does not show: the last guard, should a peer's bytes come in through %s. */
static void line_clean(char *at, size_t n)
{
    for (size_t i = 0; i < n;) {
        struct str c = char_first(str_of(at + i, n - i));

        if (!c.at || !str_char_shows(c))
            memset(at + i, '?', c.len);
        i += c.len;
    }
}

static void line_write(enum log_level level, const char *event, const char *fields, va_list args)
    __attribute__((format(printf, 3, 0)));

static void line_write(enum log_level level, const char *event, const char *fields, va_list args)
{
    static const char *const names[] = {"debug", "info ", "warn ", "error"};
    char line[LOG_LINE_MAX];
    struct buf b = buf_over(line, sizeof line - 1);
    struct pollfd out = {STDERR_FILENO, POLLOUT, 0};
    size_t room;
    ssize_t put;
    int n;

    when_put(&b, clock_wall_ms());
    buf_fmt(&b, " %s %.64s", names[level], event);
    buf_byte(&b, ' ');
    room = b.max - b.len;
    n = vsnprintf(b.at + b.len, room, fields, args);
    if (n > 0 && (size_t)n >= room) {
        b.len += room - 1;
        while (((unsigned char)b.at[b.len - 3] & 0xC0) == 0x80) /* not inside a character */
            b.len--;
        memcpy(b.at + b.len - 3, "...", 3);
    } else {
        b.len += n > 0 ? (size_t)n : 0;
        b.len -= n <= 0; /* no fields: no space */
    }
    line_clean(line, b.len);
    line[b.len] = '\n';
    /* A log that nobody reads must not hold up a thread: a line is lost then. */
    do
        put = poll(&out, 1, 0) == 1 ? write(STDERR_FILENO, line, b.len + 1) : 0;
    while (put < 0 && errno == EINTR);
}

static void line_plain(enum log_level level, const char *event, const char *fields, ...)
    PRINTF_LIKE(3, 4);

static void line_plain(enum log_level level, const char *event, const char *fields, ...)
{
    va_list args;

    va_start(args, fields);
    line_write(level, event, fields, args);
    va_end(args);
}

static void tell_held(const char *event, uint64_t window)
{
    uint64_t lines = window & COUNT_MASK;

    if (lines > LOG_BURST)
        line_plain(LOG_WARN, "log.held", "event=%s lines=%llu", event ? event : "(others)",
                   (unsigned long long)(lines - LOG_BURST));
}

/* Counts one line; says whether it may be written. */
static bool gate_pass(struct gate *g, uint64_t second)
{
    uint64_t was = atomic_load(&g->window), now;

    do {
        bool same = was >> COUNT_BITS >= second; /* a thread that was held up counts as now */

        now = same ? was + 1 : second << COUNT_BITS | 1;
    } while (!atomic_compare_exchange_weak(&g->window, &was, now));
    if (was >> COUNT_BITS < second)
        tell_held(atomic_load(&g->event), was);
    return (now & COUNT_MASK) <= LOG_BURST;
}

static void sweep(uint64_t second)
{
    uint64_t swept = atomic_load(&swept_second);

    if (swept >= second || !atomic_compare_exchange_strong(&swept_second, &swept, second))
        return;
    for (size_t i = 0; i < COUNTOF(gates); i++) {
        uint64_t was = atomic_load(&gates[i].window);

        if (was != 0 && was >> COUNT_BITS < second &&
            atomic_compare_exchange_strong(&gates[i].window, &was, second << COUNT_BITS))
            tell_held(atomic_load(&gates[i].event), was);
    }
}

void log_line(enum log_level level, const char *event, const char *fields, ...)
{
    int kept = errno;
    uint64_t second = (uint64_t)clock_ms() / 1000;
    va_list args;

    MUST(level <= LOG_ERROR && event && fields);
    if ((int)level < atomic_load(&level_least))
        return;
    sweep(second);
    if (gate_pass(gate_of(event), second)) {
        va_start(args, fields);
        line_write(level, event, fields, args);
        va_end(args);
    }
    errno = kept;
}

void log_settle(void)
{
    int kept = errno;

    sweep((uint64_t)clock_ms() / 1000);
    errno = kept;
}

static bool needs_quotes(struct str s)
{
    for (size_t i = 0; i < s.len;) {
        struct str c = char_first(str_from_at(s, i));

        if (!c.at || !str_char_shows(c) || strchr(" \"\\=", c.at[0]))
            return true;
        i += c.len;
    }
    return s.len == 0;
}

const char *log_quote(char *to, size_t size, struct str s)
{
    char quote = needs_quotes(s) ? '"' : 0;
    struct buf b;

    MUST(size >= 8);
    b = buf_over(to, size - 5); /* room for the end: ..." and NUL */
    if (quote)
        buf_byte(&b, quote);
    for (size_t i = 0; i < s.len && !b.full;) {
        struct str left = str_from_at(s, i), c = char_first(left);

        if (!c.at || !str_char_shows(c)) {
            buf_fmt(&b, "\\x%02x", (unsigned char)left.at[0]);
            c.len = 1;
        } else if (c.at[0] == '"' || c.at[0] == '\\') {
            buf_put(&b, c.at[0] == '"' ? STR("\\\"") : STR("\\\\"));
        } else {
            buf_put(&b, c);
        }
        i += c.len;
    }
    b.max = size - 1;
    if (b.full) {
        b.full = false;
        buf_put(&b, STR("..."));
    }
    if (quote)
        buf_byte(&b, quote);
    MUST(!b.full);
    to[b.len] = 0;
    return to;
}
