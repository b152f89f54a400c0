/* mailbox.h -- a bounded queue of messages from any threads to one thread.
 *
 * Bytes are copied in and out; nothing is shared.  Full: mailbox_put() returns
 * false and the sender decides what that means.  After a put the receiver is
 * woken by its own way (`wake`, may be NULL) or by mailbox_wait(). */
#ifndef CORDON_OS_MAILBOX_H
#define CORDON_OS_MAILBOX_H

#include "base/str.h"

struct mailbox;

/* size: bytes for all waiting messages. NULL when memory is out. */
struct mailbox *mailbox_new(size_t size, void (*wake)(void *), void *ctx) MUST_USE;
void mailbox_free(struct mailbox *m);
/* One message in two parts (either may be empty). */
bool mailbox_put(struct mailbox *m, struct str head, struct str body) MUST_USE;
/* The oldest message, copied to `to` (MUST be large enough: max_message); false when
 * there is none. */
bool mailbox_take(struct mailbox *m, void *to, size_t max, size_t *len) MUST_USE;
/* Length of the oldest message, 0 when there is none. */
size_t mailbox_next(struct mailbox *m) MUST_USE;
/* Waits until there is a message or timeout_ms are over. */
void mailbox_wait(struct mailbox *m, int64_t timeout_ms);
/* Bytes and messages that wait. */
void mailbox_depth(struct mailbox *m, size_t *bytes, size_t *messages);

#endif
