/* input_rule.h -- one of the old and odd ways in: what it is, and what may come in there.
 *
 *   NAME KIND key=value ...          a line of cordon.conf (input = ...) or of `cordon input add`
 *   radar udp port=18087 allow=10.1.0.0/16 group=Sensors types=a-n-A uid=EX-RADAR- rate=20
 *
 * Kinds and keys are rows of tables in input_rule.c; a key may stand several times where it is a list, or have
 * commas; a value with spaces stands in quotes (group="Search Team").  Whatever is not
 * granted here is refused: addresses, types, uids, and how much a second. */
#ifndef CORDON_EDGE_INPUT_RULE_H
#define CORDON_EDGE_INPUT_RULE_H

#include "core/session.h"
#include "os/net.h"

enum input_kind {
    INPUT_UDP,       /* datagrams to an address and port */
    INPUT_MULTICAST, /* datagrams to a multicast group, on one interface */
    INPUT_TCP,       /* a sensor's stream over plain TCP */
    INPUT_AUTH_TLS,  /* phones that say who they are by <auth>, over TLS without a certificate */
    INPUT_AUTH_TCP,  /* the same over plain TCP */
    INPUT_HTTP,      /* POST with a token */
    INPUT_KINDS
};

enum {
    INPUT_NAME_MAX = 32,
    INPUT_PREFIXES = 16,
    INPUT_GROUPS = 8,
    INPUT_TYPES = 16,
    INPUT_TYPE_MAX = 32,
    INPUT_UID_MAX = 64,
    INPUT_RATE = 20, /* events a second of one source, when nothing is said */
    INPUT_RATE_MAX = 1000,
    INPUT_BURST_S = 3,    /* what may come at once after a pause: so many seconds' worth */
    INPUT_SOURCES = 16,   /* all sources of an input together: so many times the rate of one */
    INPUT_SPEC_MAX = 1024,
};

struct input_rule {
    char name[INPUT_NAME_MAX];
    enum input_kind kind;
    char address[48]; /* to listen on; of the group */
    char interface[16];
    int port;
    struct net_prefix allow[INPUT_PREFIXES];
    size_t allow_count;
    char groups[INPUT_GROUPS][SETS_NAME_MAX];
    size_t group_count;
    char types[INPUT_TYPES][INPUT_TYPE_MAX];
    size_t type_count;
    char uid[INPUT_UID_MAX];
    char agency[SETS_AGENCY_MAX];
    int64_t rate;
};

/* "udp", "multicast", "tcp", "auth-tls", "auth-tcp", "http". */
const char *input_kind_name(enum input_kind k) MUST_USE;
bool input_rule_read(struct str spec, struct input_rule *out, struct err *e) MUST_USE;
/* The keys of each kind, a line each, for help. */
void input_rule_help(struct buf *b);

bool input_allows_address(const struct input_rule *r, const struct net_peer *who) MUST_USE;
/* Why this event may not come in there; NULL: it may. */
const char *input_objects(const struct input_rule *r, const struct cot *c) MUST_USE;

#endif
