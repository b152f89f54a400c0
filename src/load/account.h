/* account.h -- what the phones heard, event by event, and what is wrong with it.
 *
 * Every marked event of a checked phone is looked up in the ledger; each
 * ACCOUNT_SAMPLE-th is decoded in full and compared with what its sender says.
 * Phones have numbers: 0 .. clients-1 report and are checked; only they stand in
 * the ledger.  One thread; memory is taken at the start. */
#ifndef CORDON_LOAD_ACCOUNT_H
#define CORDON_LOAD_ACCOUNT_H

#include "load/histogram.h"
#include "load/ledger.h"
#include "load/marker.h"
#include "load/options.h"
#include "load/phone.h"

enum { ACCOUNT_SAMPLE = 997 };

/* All chat messages of the run, and a bit for each phone that heard each. */
struct chats {
    uint32_t said, max;
    uint32_t *from, *to; /* SAY_ALL: for everybody */
    uint64_t *heard;     /* [phone * words] */
    size_t words;
    uint64_t deliveries, again, misdirected, lost;
};

struct account {
    const struct options *o;
    struct ledger ledger;
    struct chats chats;
    struct histogram calm, storm, after, slow, chat; /* before, while and after all reconnect */
    struct histogram *timing;                        /* the one of now */
    int64_t from_us, to_us;                          /* only what was sent in here is timed */
    size_t hint[2];
    uint64_t far;      /* heard from phones that need not be heard */
    uint64_t unmarked; /* the server's own events */
    uint64_t earlier;  /* what the server kept of an earlier run */
    uint64_t echoes, leaks, bad, sampled, seen;
    uint64_t behind; /* slow receivers' units whose newest event never came */
    uint64_t pairs;  /* receiver and sender that were compared in the end */
    char *scratch;
};

bool account_init(struct account *a, const struct options *o, struct err *e) MUST_USE;
void account_fini(struct account *a);

/* Phones of one package hear each other, those of two do not. */
bool account_may_hear(const struct account *a, uint32_t receiver, uint32_t sender) MUST_USE;
/* A marked event came to phone p (of the clients). */
void account_event(struct account *a, const struct phone *p, struct stream_unit u,
                   const struct marker *m, int64_t now_us);
/* Notes a new chat message and gives its number; false: no more can be noted. */
bool account_say(struct account *a, uint32_t from, uint32_t to, uint32_t *number) MUST_USE;
/* The end of receiver p's account: `said` positions were sent by each. */
void account_close(struct account *a, const struct phone *p, const uint16_t *said);
/* Everything that must not happen, added up. */
uint64_t account_wrong(const struct account *a) MUST_USE;

#endif
