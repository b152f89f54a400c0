/* reply.h -- events that the server makes itself: pong, version offer, receipts, deletes.
 *
 * tak.md 1.6 and 1.7.  Each is a struct cot that cot_to_xml() and tak_encode()
 * print.  Texts that are put into `detail` lie in the caller's buf.  Pure. */
#ifndef CORDON_CORE_REPLY_H
#define CORDON_CORE_REPLY_H

#include "base/when.h"
#include "wire/cot.h"

/* Answer to t-x-c-t. */
void reply_pong(struct cot *c, int64_t wall_ms);
/* t-x-takp-v; uid is random and used again in the answer. */
void reply_version(struct cot *c, struct str uid, int64_t wall_ms, struct buf *detail);
/* t-x-takp-r. */
void reply_response(struct cot *c, struct str uid, bool status, int64_t wall_ms);
/* t-x-d-d: the device behind unit_uid left. */
void reply_left(struct cot *c, struct str uid, struct str unit_uid, struct str unit_type, int64_t wall_ms,
                struct buf *detail);
/* Group membership changed: t-x-g-c. */
void reply_groups(struct cot *c, struct str uid, int64_t wall_ms);

/* GeoChat from the command post: to one device, or to all when to_uid is empty. */
struct reply_chat {
    struct str message_id, from_uid, from, to_uid, to, text;
};
void reply_chat(struct cot *c, const struct reply_chat *m, int64_t wall_ms, struct buf *detail, struct buf *uid);

/* A receipt about a message for its sender: type b-t-f-p (waits for a phone that
 * is away) or b-t-f-s (could not be delivered). */
struct reply_receipt {
    struct str type, message_id, room_id, room;
    struct str about_uid; /* the device that did not get it */
    struct str to_uid;    /* the sender of the message */
};
void reply_receipt(struct cot *c, const struct reply_receipt *m, int64_t wall_ms, struct buf *detail);

#endif
