/* incident_findings.h -- what does not fit together (domain.md 1.2 and 5.6).
 *
 * One row {name, function} a rule, in incident_findings.c.  A finding cites the events it rests on, the
 * claim it is about first, and never decides who is right.  It is resolved by finding.resolved, whose
 * number is the finding's ground: when the ground changes, the finding is back.  Nothing is stored:
 * findings are computed from the state and the time.
 *
 * Bounds: FINDINGS_MAX findings and FINDING_ITEMS events each; beyond them left_out counts.  Pure. */
#ifndef CORDON_CORE_INCIDENT_FINDINGS_H
#define CORDON_CORE_INCIDENT_FINDINGS_H

#include "core/reconcile.h"

enum { FINDINGS_MAX = 256, FINDING_ITEMS = 64, FINDING_TEXT = 400 };
enum severity { SEVERITY_INFO, SEVERITY_WARN, SEVERITY_ALARM };

struct finding {
    char rule[40];    /* "count.killed" */
    char subject[48]; /* what of several; rule and subject together are its id */
    enum severity severity;
    uint64_t items[FINDING_ITEMS]; /* seq of events */
    size_t n;
    uint64_t ground; /* changes when its items do */
    bool resolved;
    char text[FINDING_TEXT];
};

struct findings {
    struct finding list[FINDINGS_MAX];
    size_t n, left_out;
    struct reconciled work;
};

void incident_findings(const struct incident *s, int64_t now_ms, struct findings *out);
const char *severity_word(enum severity severity) MUST_USE;
/* "rule:subject", the id that finding.resolved names; and its ground as text. */
void finding_id(const struct finding *f, struct buf *b);
void finding_ground(const struct finding *f, struct buf *b);

enum duration_verdict { DURATION_OK, DURATION_STRAINED, DURATION_IMPOSSIBLE };
/* N and U in seconds; the claim lo to hi in seconds, hi < 0: open. */
enum duration_verdict duration_verdict(int64_t n, int64_t u, int64_t lo, int64_t hi) MUST_USE;

#endif
