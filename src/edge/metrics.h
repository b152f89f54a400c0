/* metrics.h -- how the server is, for machines: /metrics (Prometheus text) and /healthz.
 *
 * Reads the hub's counters, and the river's tables in small steps under its lock. */
#ifndef CORDON_EDGE_METRICS_H
#define CORDON_EDGE_METRICS_H

#include "edge/hub.h"

/* What the web thread knows of itself. */
struct metrics_web {
    size_t connections, requests_waiting, viewers, viewer_bytes;
};

void metrics_put(struct hub *h, const struct metrics_web *web, struct buf *b);
/* {"status":"ok"} or {"status":"failing","reasons":[...]}; true: ok. */
bool health_put(struct hub *h, struct buf *b);

#endif
