/* enrol.h -- a phone gets its certificate: tls/config, signClient, profile/enrollment (tak.md 2.3).
 *
 *   head -> who is it? -------------------------> signed -> in the record -> in the accounts -> answer
 *           invite: at once                       (worker)  (device.enrolled)
 *           password: argon2id, in its turn
 *           certificate (8443): a renewal
 *
 * An invite's token is 130 bits of chance: it is looked up first and needs no limit.  Whatever else
 * was sent is a password and costs an argon2id, also when nobody has that name; after a few
 * wrong ones name and address wait, longer each time (web_limit.h).  A password that was right is not hashed
 * again for ENROL_SURE_MS: a phone makes three calls.  A token is used up when the certificate
 * is in the accounts, which is after its row is on the disk; until then its use is only reserved here.
 * Tokens and passwords are in no log and no row.
 *
 * Of the web thread.  Bounds: ENROL_QUEUE phones wait for a hash (more: 503), two of them in the
 * password thread at a time, so that no operator waits long; ENROL_OPEN certificates on their way (more: 503);
 * ENROL_AN_HOUR for one user by password or renewal (more: 429); refusals are rows of the record at most once a
 * minute for each address (enrol_tally.h). */
#ifndef CORDON_EDGE_ENROL_H
#define CORDON_EDGE_ENROL_H

#include "edge/web_inner.h"

enum {
    ENROL_QUEUE = 64,
    ENROL_OPEN = 64,
    ENROL_SURE = 128, /* passwords remembered as right, as hashes under a key of this run */
    ENROL_SURE_MS = 120000,
    ENROL_AN_HOUR = 20,
    ENROL_USED_MS = 600000, /* so long a token that was used up still reads config and profile */
    ENROL_WAIT_MS = 30000,  /* how long a phone waits for its turn to be checked */
};

struct enrol;

/* The state behind the calls; certificates are good for so many days, those of many-use invites for days_many. */
struct enrol *enrol_new(int days, int days_many, struct err *e) MUST_USE; /* NULL with a sentence */
void enrol_free(struct enrol *n);
/* A password was checked (PASSWORD_ENROL). */
void enrol_checked(struct web *w, struct password_job *job, struct now now);
/* For who makes a package with a key in it (web_join.c), beside the phones that send a request. */
struct invite;
/* Keeps a use of the invite for this request until it is released; false: as many are on their way as it has uses
 * left, or ENROL_OPEN. */
bool enrol_reserve(struct web *w, uint64_t request, const struct invite *v) MUST_USE;
void enrol_release(struct web *w, uint64_t request);
/* How many days a certificate by this invite is good. */
int enrol_days(const struct web *w, const struct invite *v) MUST_USE;
/* About once a second: refusals that were counted, and nothing more came. */
void enrol_tick(struct web *w, struct now now);

#endif
