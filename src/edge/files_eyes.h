/* files_eyes.h -- which files a TAK client sees and may load.
 *
 *   its own                                                       always
 *   public, or of a tool, in a group that it hears                yes
 *   private                                                       whom it was sent to (file.offered)
 *   deleted, expired; a held client                               no
 *
 * What another part of the server shares with a client (a mission's contents) is a row of reaches[] in
 * files_eyes.c.  In the web thread; eyes are opened for one request and see what was true then. */
#ifndef CORDON_EDGE_FILES_EYES_H
#define CORDON_EDGE_FILES_EYES_H

#include "edge/files_in.h"

struct eyes;

/* NULL: r says why. */
struct eyes *eyes_open(struct web *w, const struct client *c, int64_t now_ms, struct reply *r) MUST_USE;
void eyes_close(struct eyes *y); /* NULL is fine */
/* May be asked for each entry of a walk through files.db. */
bool eyes_see(struct eyes *y, const struct file *x) MUST_USE;

/* The entry to answer with: of several that are seen the client's own, else the newest. */
struct eyes_found {
    struct found_file file;
    bool own;
    char uid[FILE_UID_MAX], creator_uid[FILE_NAME_MAX];
};
/* By sha256 when uid is empty and id is 0.  False: r says why.  Nothing that is seen: found->file.is is false. */
struct eyes_wanted {
    const unsigned char *sha256;
    struct str uid;
    int64_t id;
};
bool eyes_find(struct web *w, const struct request *q, const struct eyes_wanted *wanted, struct reply *r,
               struct eyes_found *found) MUST_USE;
/* FIELD_UID for each living entry of these bytes that is the client's own. */
void eyes_put_own_uids(struct web *w, const struct client *c, const unsigned char sha256[SHA256_SIZE], struct buf *b);
/* Has each living entry of these bytes that is the client's own this tool already? */
bool eyes_have_tool(struct web *w, const struct client *c, const unsigned char sha256[SHA256_SIZE],
                    struct str tool) MUST_USE;

#endif
