/* log.h -- structured log: one line an event on stderr.
 *
 *   2026-01-02T03:04:05.678Z warn  tak.refused peer=10.0.0.4:51522 user=RGR-3 reason="no uid"
 *
 * The name (area.event) and the level are literals; fields are key=value, values
 * quoted when they need it, control characters escaped, so that nothing a peer
 * sends can forge a line.  Thread-safe: one write(2) a line, no lock.  A line is
 * at most LOG_LINE_MAX bytes; more is cut and ends in "...".  The same event name
 * is written at most LOG_BURST times a second; the rest is counted and told in
 * one line when that second is over (log.held event=NAME lines=N).  The first
 * LOG_NAMES names have a count of their own, all later ones share one. */
#ifndef CORDON_OS_LOG_H
#define CORDON_OS_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NOTHING };
enum { LOG_BURST = 50, LOG_LINE_MAX = 2048, LOG_NAMES = 256 };

/* Lines below this level are not written (at start: LOG_INFO); below LOG_NOTHING are all. */
void log_set_level(enum log_level least);
/* fields: printf-like ("%s", "" for none); use %s only for text made by us, and %.*s
 * never for a peer's bytes: those go through log_quote() below.  Keeps errno. */
void log_line(enum log_level level, const char *event, const char *fields, ...) PRINTF_LIKE(3, 4);
/* Tells what was held back in seconds that are over.  log_line() does it too;
 * call it once a second and at the end, so that the last burst is told as well. */
void log_settle(void);
/* A peer's bytes, quoted when they need it and escaped into `to` (at most size
 * bytes, at least 8, NUL ended), for use as %s in log_line; cut with "..." when
 * they do not fit.  Returns to. */
const char *log_quote(char *to, size_t size, struct str s);

#endif
