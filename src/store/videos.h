/* videos.h -- the list of video sources that TAK clients share: a projection of the journal.
 *
 * DIR/videos.db (SQLite, WAL, NORMAL: it is a cache, and made again from the journal's rows video.put and
 * video.deleted when it is missing or behind).  The web thread owns the struct videos and alone writes it: each
 * row, with its number, when it is durable.
 *
 * Bounds: VIDEOS_MAX sources (more are refused by who asks before), VIDEO_JSON bytes of one. */
#ifndef CORDON_STORE_VIDEOS_H
#define CORDON_STORE_VIDEOS_H

#include "base/err.h"
#include "base/str.h"

enum { VIDEOS_MAX = 1024, VIDEO_JSON = 32 * 1024, VIDEO_UID_MAX = 128, VIDEO_GROUPS = 4096 };

struct videos;

/* Borrowed for the call. */
struct video {
    uint64_t seq; /* of the row that put it last */
    struct str uid, user, json; /* user: who put it; json: as it goes out */
    struct str groups; /* names, each ended by LF */
};

/* Opens or makes DIR/videos.db and takes in the rows that it has not seen yet. */
bool videos_open(const char *dir, struct videos **out, struct err *e) MUST_USE;
void videos_close(struct videos *v);
/* A row of the journal that is durable; others than its own kinds are passed over. */
bool videos_apply(struct videos *v, uint64_t seq, unsigned kind, struct str payload, struct err *e) MUST_USE;
size_t videos_count(struct videos *v);
typedef bool videos_see(void *ctx, const struct video *one);
/* All, the oldest first; or the one of this uid, when it is not empty. */
bool videos_read(struct videos *v, struct str uid, videos_see *see, void *ctx, struct err *e) MUST_USE;

#endif
