/* web_welcome.h -- what the web thread keeps to welcome phones; for web_invites.c, web_join.c and web_devices.c.
 *
 * A token is told once: when its invite is made.  So that the page can draw it, it stays here, with the
 * session that made it, until WELCOME_SHOWN further ones were made, that session ends, or the server stops.  Nothing
 * of it is on the disk or in the log.
 *
 * Who opens links with wrong tokens has to wait, as one who gives wrong passwords (web_limit.h); a token has 130
 * bits, so this is about load, not about guessing. */
#ifndef CORDON_EDGE_WEB_WELCOME_H
#define CORDON_EDGE_WEB_WELCOME_H

#include "base/words.h"
#include "edge/packages.h"
#include "edge/web_inner.h"
#include "os/pki.h"
#include "store/invites.h"

enum {
    WELCOME_SHOWN = 1024,
    WELCOME_BATCH = 100, /* invites of one request */
    WELCOME_HOSTS = 16,
    WELCOME_HOST_MAX = 254, /* with its NUL: a host's name has 253 characters at most (RFC 1035, 2.3.4) */
};

struct welcome_shown {
    int64_t invite; /* 0: free */
    unsigned char session[32];
    char name[INVITE_NAME_MAX], token[INVITE_TOKEN + 1], host[WELCOME_HOST_MAX];
};

struct welcome {
    struct limit wrong;
    size_t next;
    struct welcome_shown shown[WELCOME_SHOWN];
    char mark[PACKAGE_MARK + 1], words[WORDS_THREE];
    struct pki_bundle trust; /* the authorities, under WELCOME_TRUST */
};
/* Of the trust store, which is no secret: what every TAK client tries first. */
#define WELCOME_TRUST "atakatak"

/* Made at its first use; NULL: no memory, or the authority cannot be read. */
struct welcome *welcome_of(struct web *w, struct err *e) MUST_USE;

/* Names and addresses under which phones may reach this host, without those of IPv6 (packages.h). */
struct welcome_hosts {
    size_t count;
    char names[WELCOME_HOSTS][WELCOME_HOST_MAX];
};
void welcome_hosts(struct welcome_hosts *out);
/* The host's own name for it (`said` empty: the first). False when it is none of them. */
bool welcome_host(struct str said, char out[WELCOME_HOST_MAX], struct err *e) MUST_USE;

/* What all packages of this server have in common; borrows from w, m and host. */
struct package welcome_package(struct web *w, const struct welcome *m, struct str host);
/* "https://HOST:PORT/join/TOKEN", at the door that asks for no certificate when it is open. */
void welcome_link(const struct web *w, struct str host, struct str token, struct buf *b);

/* Keeps a token for the page of this session. */
void welcome_show(struct welcome *m, const struct who *who, const struct welcome_shown *shown);
/* What is kept of an invite for this session, or NULL. */
const struct welcome_shown *welcome_shown(const struct welcome *m, const struct who *who, int64_t invite) MUST_USE;

/* What several requests say alike. Each is refused with a sentence that names what is wrong. */
/* Is every member of the object one of these? */
bool welcome_knows(struct json_value root, const char *const *names, size_t count, struct err *e) MUST_USE;
/* A text that may be missing (`to` stays), of less than size bytes. */
bool welcome_take_text(struct json_value root, const char *name, char *to, size_t size, struct err *e) MUST_USE;
/* "role": one of the TAK side, or missing. */
bool welcome_take_role(struct json_value root, char *to, size_t size, struct err *e) MUST_USE;
/* "groups": "NAME", "NAME:in" (may write into it), "NAME:out" (hears it); missing: none. */
bool welcome_take_groups(struct json_value root, struct user_group *to, size_t max, size_t *count,
                         struct err *e) MUST_USE;
/* ,"groups":[...] */
void welcome_put_groups(struct buf *b, const struct user_group *groups, size_t count);

/* web_invites.c, web_join.c, web_devices.c */
handler get_invites, post_invite, post_invite_batch, post_invite_end, get_invite_qr;
handler get_join, get_join_style, get_join_font, get_join_package;
handler get_devices, post_device_admit, post_devices_admit, post_device_revoke, get_users, post_user;

#endif
