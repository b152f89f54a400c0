/* phone.h -- one simulated phone's connection: socket, TLS, negotiation, bytes in and out.
 *
 *        phone_connect       connected            handshake done
 *  [off] -----------> [connecting] -----> [tls] -----------------> [offered?] --- xml, or idle
 * -----+ ^                      |  plain TCP: straight to [offered?]        | t-x-takp-v came, -q
 * sent   | |                      |                                           v v
 *    +---- phone_close -----+-------------------------------------- [asked] -- t-x-takp-r came -->
 * [live]
 *
 * As ATAK does (tak.md 1.6): waits for the server's offer, asks, says nothing until
 * the answer, then both directions are v1 from the exact next byte on.  A phone
 * that speaks XML is live when the offer came, which is when the server has sent
 * its picture, or the first portion of a large one.
 *
 * Buffers are shared by all phones (struct phone_shared); a phone owns only the
 * piece of an event that has not come whole, and what the kernel did not take.
 * One thread. */
#ifndef CORDON_LOAD_PHONE_H
#define CORDON_LOAD_PHONE_H

#include "load/stream.h"
#include "os/loop.h"
#include "os/net.h"
#include "os/tls.h"

enum phone_state {
    PHONE_OFF,
    PHONE_CONNECTING,
    PHONE_TLS,
    PHONE_OFFERED,
    PHONE_ASKED,
    PHONE_LIVE,
    PHONE_STATES
};

enum {
    PHONE_PLAIN = 256 * 1024,  /* plain bytes that are looked at in one turn of a phone */
    PHONE_CIPHER = 128 * 1024, /* bytes of one recv() */
};

struct phone {
    uint32_t n, born;
    int fd;
    uint8_t state;
    bool wants_v1, v1;  /* will ask for it / has got it */
    bool slow, drained; /* reads at its own pace / is counted in bytes, not looked into */
    bool wants_write;
    uint16_t package;
    struct tls *tls;
    char *part; /* an event that has not come whole */
    uint32_t part_len, part_max;
    char *pending; /* what the kernel did not take yet */
    uint32_t pending_at, pending_len;
    uint64_t bytes, events;
    int64_t begun_us, live_us; /* when it began to connect, when it was live */
};

struct phone_shared;

/* What a phone tells its owner.  Each may close the phone. */
struct phone_says {
    /* One whole event (XML, or the payload of a v1 frame) and when its bytes were read. */
    void (*event)(void *ctx, struct phone *p, struct stream_unit unit, int64_t now_us);
    void (*live)(void *ctx, struct phone *p);
    /* It is off already; why is a sentence. */
    void (*closed)(void *ctx, struct phone *p, const char *why);
};

struct phone_shared {
    struct loop *loop;
    const char *host;
    int port;
    struct tls_ctx **ctx; /* by package; NULL: plain TCP */
    struct phone_says says;
    void *says_ctx;
    char *plain, *cipher, *sealed, *answers;
    uint64_t bytes[2];    /* received by all phones, by the form they had then: XML, v1 */
    int64_t handshake_us; /* spent on handshakes in this turn: the owner sets it back to 0 */
};

bool phone_shared_init(struct phone_shared *s, struct err *e) MUST_USE;
void phone_shared_fini(struct phone_shared *s);

bool phone_connect(struct phone_shared *s, struct phone *p, struct err *e) MUST_USE;
/* The loop says something about it.  Handshakes wait for another turn when `may_shake` is false. */
void phone_event(struct phone_shared *s, struct phone *p, unsigned what, bool may_shake);
/* Reads at most max bytes; for slow phones, which the loop does not watch. */
void phone_read(struct phone_shared *s, struct phone *p, size_t max);
/* Sends plain bytes; false when what was sent before is still waiting (nothing is sent then). */
bool phone_send(struct phone_shared *s, struct phone *p, struct str plain) MUST_USE;
/* From now on its bytes are only counted. */
void phone_drain(struct phone *p);
/* Watches it for reading or no longer does. */
void phone_watch(struct phone_shared *s, struct phone *p);
/* Without a goodbye, as a radio that fails. */
void phone_close(struct phone_shared *s, struct phone *p);

static inline uint64_t phone_token(const struct phone *p)
{
    return (uint64_t)(p->born & 0xFFFFFF) << 32 | p->n;
}

#endif
