/* web_tracks.h -- where units were, for the page's replay: GET /api/tracks.
 *
 *   at=TIME                 the last position of each unit by then, of the last hours (back=SECONDS)
 *   from=TIME&to=TIME       every position of the span; every=SECONDS: of each unit one in so many
 *
 * The worker reads tracks.db with a reader of its own, which it keeps open.  The answer is one binary piece
 * (web-protocol.md): names first, then records of 24 bytes.
 *
 * Bounds: TRACKS_SPAN_MS of one call, TRACKS_POINTS records, TRACKS_NAMES names, TRACKS_MS of reading; beyond it the
 * answer ends early and says up to when it is whole. */
#ifndef CORDON_EDGE_WEB_TRACKS_H
#define CORDON_EDGE_WEB_TRACKS_H

#include "edge/web_http.h"

enum {
    TRACKS_SPAN_MS = 24 * 3600 * 1000,
    TRACKS_POINTS = 400000,
    TRACKS_NAMES = 65536,
    TRACKS_MS = 4000,
    TRACKS_RECORD = 24,
    TRACKS_HEAD = 40,
};

struct tracks_reader;
/* After the worker has ended. */
void tracks_reader_free(struct tracks_reader *t);

#endif
