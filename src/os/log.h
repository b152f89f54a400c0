/* log.h -- structured log: one line an event on stderr.
 *
 *   2026-01-02T03:04:05.678Z warn  tak.refused peer=10.0.0.4:51522 user=RGR-3 reason="no uid"
 *
 * The name (area.event) and the level are literals; fields are key=value, values
 * quoted when they need it, control characters escaped, so that nothing a peer
 * sends can forge a line.  Thread-safe: one write(2) a line.  A line is at most
 * 2 KiB; more is cut.  The same event name is written at most LOG_BURST times a
 * second; the rest is counted and told once a second. */
#ifndef CORDON_OS_LOG_H
#define CORDON_OS_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum { LOG_BURST = 50 };

void log_set_level(enum log_level least);
/* fields: printf-like; use %s only for text made by us, and LOG_STR / %.*s never for
 * a peer's bytes: those go through log_field() below. */
void log_line(enum log_level level, const char *event, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
/* A peer's bytes, quoted and escaped into `to` (at most size bytes, NUL ended), for use
 * as %s in log_line; returns to. */
const char *log_quote(char *to, size_t size, struct str s);

#endif
