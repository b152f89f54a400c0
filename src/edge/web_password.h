/* web_password.h -- argon2id on a thread of its own, so that a login delays no picture.
 *
 * PASSWORD_JOBS may wait; when more come password_ask() refuses and the caller
 * answers "in a moment".  A password lies in the caller's job and in one copy of it;
 * both are wiped, but for PASSWORD_ENROL, whose copy goes back to who takes it. */
#ifndef CORDON_EDGE_WEB_PASSWORD_H
#define CORDON_EDGE_WEB_PASSWORD_H

#include "edge/web_http.h"
#include "os/secret.h"

enum { PASSWORD_JOBS = 8, PASSWORD_MIN = 10, PASSWORD_TEXT = 256 };

enum password_what {
    PASSWORD_CHECK, /* is it the one of hash? */
    PASSWORD_MAKE,  /* makes hash: of the first account */
    PASSWORD_OPERATOR, /* the same, of one that an administrator makes or changes */
    PASSWORD_ENROL,    /* is it the one of hash?  Of a phone that enrols; the text is kept for who takes it */
    PASSWORD_KEYS,     /* makes keys of two passphrases, text and second, with their salts */
};

struct password_job {
    enum password_what what;
    uint64_t request; /* the exchange that waits for it */
    bool ok;
    bool known; /* the name belongs to an operator; else hash is a stand-in */
    char name[WEB_NAME_MAX], address[WEB_ADDRESS_MAX];
    char hash[SECRET_PASSWORD_MAX];
    size_t len;
    char text[PASSWORD_TEXT];
    size_t second_len; /* of PASSWORD_KEYS */
    char second[PASSWORD_TEXT];
    unsigned char salts[2][SECRET_SALT], keys[2][SECRET_KEY]; /* who takes the job wipes it */
};

struct passwords;

/* done(ctx) is called in the worker's thread whenever an answer is there. */
bool passwords_new(struct passwords **out, void (*done)(void *), void *ctx, struct err *e) MUST_USE;
void passwords_free(struct passwords *p); /* ends the thread */
bool passwords_have_room(const struct passwords *p) MUST_USE;
/* false: too many wait. Wipes the job's text. */
bool passwords_ask(struct passwords *p, struct password_job *job) MUST_USE;
bool passwords_take(struct passwords *p, struct password_job *out) MUST_USE;

#endif
