/* web_inner.h -- what the files of the web thread share; for web*.c alone.
 *
 *   web.c          libwebsockets: sockets, TLS, bytes in and out
 *   web_turn.c     one turn: answers, new rows, the tick of a second
 *   web_routes.c   the tables of calls, and what stands before each: certificate, session, CSRF, body
 *   web_api.c      the calls that read; web_ask.c: those that the record answers
 *   web_work.c     what takes long, on a thread of its own
 *   web_login.c    the first account, login, sessions
 *   web_operators.c  the other accounts: list, make, change
 *   web_import.c  files into an incident, read on a thread of their own
 *   web_identity.c  sealed identities: sealed, opened, destroyed by two people at once
 *   web_care.c    for administrators: record and backups, disk, clocks, certificates
 *   web_maps.c    for administrators: maps in and out
 *   web_live.c     the WebSockets: hello, snapshot, what follows
 *   web_watchers.c  the record notes which observers look on
 *   web_denied.c    the record notes who asked for what his roles do not give
 *   web_machine.c, web_practice.c  this machine; the practice beside the real thing
 *
 * All of it runs in the web thread; the unit tests run it without one. */
#ifndef CORDON_EDGE_WEB_INNER_H
#define CORDON_EDGE_WEB_INNER_H

#include "edge/hub.h"
#include "edge/care.h"
#include "edge/json.h"
#include "edge/tiles.h"
#include "edge/web.h"
#include "edge/web_chunks.h"
#include "edge/web_events.h"
#include "edge/web_http.h"
#include "edge/web_import.h"
#include "edge/web_incident.h"
#include "edge/web_limit.h"
#include "edge/web_password.h"
#include "edge/web_picture.h"
#include "edge/web_denied.h"
#include "edge/web_watchers.h"
#include "edge/web_work.h"
#include "store/sealed.h"
#include "store/videos.h"

enum {
    VIEWER_WAITING = 1 << 20, /* bytes; more: closed, it comes back with `after` */
    VIEWER_QUEUE = 4096,      /* messages; the same */
    VIEWER_HELLO_MS = 10000,
    VIEWER_HEARD = 4096,       /* bytes of one message from the page */
    VIEWER_CHUNK = 16000,      /* bytes of one write: one TLS record */
    PICTURE_LINGER_MS = 30000, /* kept after the last viewer left: it may be a reload */
    LOGIN_IDLE_MS = 12 * 3600 * 1000,
    LOGIN_TOUCH_MS = 5 * 60 * 1000, /* how exactly "idle" is known on disk */
    LOGIN_CHECK_MS = 30000,         /* how long a WebSocket outlives its session */
};

/* Where a streamed body goes. take: the next bytes; false: they are refused, and drop follows. drop: the body was
 * cut off or refused, let go of ctx. Whole: neither is called any more, q->sink is ctx and belongs to the route's
 * handler. */
struct sink {
    void *ctx; /* NULL: nothing is streamed */
    bool (*take)(void *ctx, struct str bytes, struct err *e);
    void (*drop)(void *ctx);
};

/* The library takes no more than 100 MB of a body whose length was not said. */
enum { CHUNKED_WANT = 100 * 1024 * 1024 };

/*           reading           waiting                             answered           sending
 *  [free] ---------> [asked] ---------> record, password, work ----------> [ready] -------> [free]
 *                       +------------------- answered at once ----------------^
 */
enum exchange_state { EXCHANGE_READING, EXCHANGE_WAITING, EXCHANGE_READY, EXCHANGE_SENT };

struct exchange {
    enum exchange_state state;
    uint64_t id;
    void *conn;       /* web.c's */
    int64_t until_ms; /* monotonic, while waiting */
    struct request request;
    struct reply reply;
    uint64_t sent; /* bytes of the body */
    bool head_sent;
    uint64_t body_want, body_got; /* want: CHUNKED_WANT while a body in chunks comes */
    struct chunks chunks;
    bool closes; /* the connection cannot go on behind the answer */
    int64_t body_until_ms;                /* monotonic: a body that is not streamed is there by then; 0: streamed */
    int64_t window_ms;                    /* since when window_got counts */
    uint64_t window_got;
    int64_t wait_ms; /* how long it waits; 0: WEB_ANSWER_MS */
    char import[INBOX_NAME]; /* the file that it brought (web_import.c); empty: none */
    struct sink sink;
    struct identity *identity; /* a sealed identity on its way; web_identity.c */
    char *memory; /* what request borrows from */
    size_t memory_len, memory_max;
    char *large; /* a body of more than WEB_BODY, of body_want bytes; NULL: it lies in memory */
};

/* Bytes that go to any number of viewers; counted, of one thread. */
struct message {
    uint32_t users;
    bool binary, counts; /* counts: for VIEWER_WAITING (a snapshot does not) */
    size_t len;
    char bytes[];
};

struct viewer {
    bool used, greeted, closing;
    void *conn;
    struct who who;
    char address[WEB_ADDRESS_MAX];
    int64_t since_ms, checked_ms;
    struct message *queue[VIEWER_QUEUE];
    uint32_t first, next;
    size_t waiting;          /* bytes that count */
    size_t sent;             /* of the first message */
    uint64_t positions_tick; /* has the positions up to this tick */
    char heard[VIEWER_HEARD];
    size_t heard_len;
};

/* A row that web_ask_then() has asked of the record. */
typedef void web_answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text,
                          void *ctx);
struct web_pending {
    uint64_t request; /* 0: free */
    web_answered *then;
    void *ctx;
};

struct web {
    struct hub *h;
    char dir[256], address[64];
    int port, enrol_port; /* bound */
    char default_group[64];
    struct accounts *accounts;
    struct web_worker *worker;
    struct enrol *enrol; /* enrol.c's */
    uint64_t accounts_version, accounts_live; /* see web_accounts_version(); of it, what the WebSockets have seen */
    struct web_tokens *tokens;    /* NULL until one was asked for; marti_oauth.c */
    struct videos *videos;        /* NULL until they were asked for; marti_video.c */
    size_t uploads;               /* exchanges with a sink */
    struct web_pending pending[WEB_WAITING];
    struct passwords *passwords;
    struct sealed *sealed;
    struct files *files; /* files_in.c's reader; NULL until it is needed */
    int64_t next_refused_ms; /* monotonic: when the record takes the next refused file */
    struct marti_missions *missions; /* marti_missions.c's own; NULL until somebody asks */
    struct web_imports *imports; /* NULL until there is one */
    uint64_t erasures; /* of hub.erasures: so many are forgotten here */
    size_t large_count;          /* exchanges that have a large body */
    /* Asks the record for an event of an incident (incident_command); its answer comes for the request.
     * False: refused at once, nothing was asked.  NULL: identities stay closed. */
    bool (*command)(struct web *w, const struct request *q, unsigned kind, struct str payload, struct err *e);
    struct limit by_address, by_name;
    struct events events;
    struct picture picture;
    struct web_incidents incidents;
    struct tiles *tiles;
    struct replay *replay; /* web_replay.c's own; NULL until somebody looks back */
    struct tracks_reader *tracks; /* web_tracks.c's own; the worker reads with it */
    struct care *care; /* web_care.c: the record is checked, a backup is written */
    struct exchange *exchanges[WEB_CONNECTIONS];
    size_t exchange_count, waiting;
    uint64_t next_request;
    struct viewer *viewers[WEB_SOCKETS];
    size_t viewer_count;
    int64_t picture_until_ms; /* monotonic */
    int64_t next_tick_ms, next_clients_ms, next_beat_ms, next_expire_ms;
    uint64_t alarms_sent;
    uint64_t clients_hash;
    struct message *positions; /* of the last tick, for whoever has the one before */
    uint64_t positions_after;
    char *mail;                         /* one message out of to_web */
    char stand_in[SECRET_PASSWORD_MAX]; /* hash for names that nobody has */
    void (*want_write)(void *conn);     /* asks for a turn to write; set by web.c */
    void (*hang_up)(void *conn); /* closes a connection soon, whether or not it can be written to */
    /* Closes the connections whose certificate has this serial; empty: looks at all of them anew. */
    void (*forget)(struct web *w, struct str serial);
    int64_t machine_ms;          /* monotonic: since when web_machine.c measures how the record grows; 0: not yet */
    uint64_t machine_bytes;      /* how large it was then */
    struct web_watchers watchers; /* web_watchers.c */
    struct web_denied denied;     /* web_denied.c */
    struct welcome *welcome;     /* web_welcome.c's own; NULL until somebody is invited */
    void *edge;                  /* web.c's own state */
};

/* Grows whenever somebody else has written the accounts, so that each who looks sees every change. */
uint64_t web_accounts_version(struct web *w);
/* Closes the connections of this client certificate: it was revoked. Empty: whoever is not what he was. */
void web_forget(struct web *w, struct str serial);

/* web_turn.c */
bool web_init(struct web *w, struct hub *h, const struct web_config *c, struct err *e) MUST_USE;
void web_fini(struct web *w);
/* What came in through mailboxes and the journal. */
void web_turn(struct web *w, struct now now);
/* About once a second. */
void web_tick(struct web *w, struct now now);

/* web_routes.c */
struct exchange *exchange_new(struct web *w, void *conn);
void exchange_free(struct web *w, struct exchange *x);
/* Room for the head and body bytes that the request borrows. */
bool exchange_room(struct exchange *x, size_t bytes) MUST_USE;
struct str exchange_keep(struct exchange *x, struct str bytes);
/* Decides about a request whose head is there: READY when it is refused at once. */
void exchange_begin(struct web *w, struct exchange *x);
/* Bytes of the body, as they come; false: more than was said. A body in chunks is run with its last. */
bool exchange_body(struct web *w, struct exchange *x, struct str bytes) MUST_USE;
/* Once a second, while the body comes: false when it comes too slowly and shall not be waited for. */
bool exchange_keeps_up(struct exchange *x, struct now now) MUST_USE;
/* Refused before its body is there; its connection is closed behind the answer. */
void exchange_refuse(struct exchange *x, int status, const char *why);
/* The whole request is there. */
void exchange_run(struct web *w, struct exchange *x, struct now now);
/* The answer of an exchange that waits; false when it is gone. */
struct exchange *exchange_waiting(struct web *w, uint64_t id) MUST_USE;
void exchange_answered(struct web *w, struct exchange *x);

typedef void handler(struct web *w, struct request *q, struct reply *r, struct now now);
/* Before a body is streamed: where it goes.  False: refused, r says why, and nothing is kept. */
typedef bool body_begin(struct web *w, struct request *q, struct reply *r, struct sink *s);
enum right {
    RIGHT_ALL,
    RIGHT_LOGGED_IN,
    RIGHT_PICTURE, /* who sees where units are: not an observer */
    RIGHT_WRITES,  /* has a role that writes */
    RIGHT_WELCOMES, /* invites phones and admits them */
    RIGHT_LEADS,    /* a commander or an administrator */
    RIGHT_ADMIN,
    RIGHT_ADMIN_OR_HERE, /* or from this machine, without a session */
    /* TAK users; their routes take no cookie, need no token, and refuse in their own form (marti.h). */
    RIGHT_CLIENT,             /* one who is admitted */
    RIGHT_CLIENT_HELD,        /* also one who waits for admission */
    RIGHT_BASIC,              /* sends a name and a password or an invite; the handler checks them */
    RIGHT_CLIENT_OR_OPERATOR, /* RIGHT_CLIENT, or a session with RIGHT_PICTURE and, to change something, its token */
};
/* May he see units, phones and what they say? */
bool who_sees_picture(const struct who *who) MUST_USE;
struct route {
    unsigned methods; /* enum method */
    const char *path;
    enum right right;
    bool csrf; /* what changes something carries the session's token */
    handler *run;
    unsigned doors;    /* enum door */
    body_begin *begin; /* NULL: the body is at most WEB_BODY and lies in q->body */
};
/* The tables: each file has its own, and web_tables.def names them. */
#define TABLE(name)                                                                                                    \
    extern const struct route name##_routes[];                                                                         \
    extern const size_t name##_route_count;
#include "edge/web_tables.def"
#undef TABLE
/* All routes of all tables, in the order in which they are tried; NULL beyond the last. */
const struct route *web_route(size_t i) MUST_USE;
/* Is it an address of the TAK clients' API, where refusals have their form (marti.h)? */
bool path_is_marti(struct str path) MUST_USE;
/* How long a request that waits shall wait, instead of WEB_ANSWER_MS: from now on when it waits already. */
void exchange_waits(struct web *w, uint64_t id, int64_t ms);

/* handlers: web_api.c, web_login.c, web_ask.c, web_operators.c */
handler get_operators, post_operator, post_operator_change;
handler get_session, post_setup, post_login, post_logout, post_chat, post_acknowledge, get_events,
    get_clients, get_maps, get_tile, get_health, get_metrics, get_asset, get_incidents, get_incident_state,
    get_incident_view, get_incident_events, get_incident_export, get_incident_geojson, get_openapi, post_incident,
    post_command, post_promote, post_import, get_import, post_erase;
/* A number of the page's making: letters, digits, - and _. */
bool web_take_ticket(const struct json *j, struct str *out, struct err *e) MUST_USE;
/* Puts it to the record; the exchange waits for the answer. */
void web_ask(struct web *w, struct request *q, struct reply *r, struct ask_head *head, const struct buf *payload);
/* The same, and when it is answered then(w, x, head, text, ctx) makes the reply of exchange x; x is NULL when nobody
 * waits for it any more. It is called once, unless this function has refused: then r says why, and false comes
 * back. */
bool web_ask_then(struct web *w, struct request *q, struct reply *r, struct ask_head *head, const struct buf *payload,
                  web_answered *then, void *ctx);
void pending_free(struct web *w);
void tokens_free(struct web *w);
/* web_welcome.c: the tokens that are shown go. */
void welcome_free(struct web *w);
/* web_join.c: for it the token in its address is the right, which no page of somebody else knows. */
handler post_join_package;
/* web_incident.c */
bool incident_command(struct web *w, const struct request *q, unsigned kind, struct str payload, struct err *e);
void incident_answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text);
/* A refusal of the record or of a command: with its field, and the status that fits. */
void reply_refused(struct reply *r, const struct err *e);
/* web_import.c */
bool import_takes_type(struct str content_type) MUST_USE;
void imports_free(struct web *w); /* ends the thread */
/* It waits too long: 202, and where to ask. */
void import_goes_on(struct exchange *x);
/* Its answer tells what became of it: nobody need ask. */
void import_told(struct web *w, const struct exchange *x);
/* The answer of the record / of the password thread for an exchange. */
void ask_answered(struct web *w, const struct answer_head *head, struct str text);
void login_checked(struct web *w, struct password_job *job, struct now now);
/* web_identity.c: the keys are there; the record has answered (false: it was about something else). */
handler post_identity_seal, post_identity_open, post_identity_destroy;
void identity_keys(struct web *w, struct password_job *job, struct now now);
bool identity_answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text) MUST_USE;
void identity_drop(struct exchange *x);
void operators_hashed(struct web *w, struct password_job *job, struct now now);
void put_clients(struct web *w, struct buf *b);
void put_alarms(struct web *w, struct buf *b);

/* web_login.c */
/* ["a","b"] of "a,b". */
void put_roles(struct buf *b, struct str roles);
bool login_name_fits(struct str name, struct err *e) MUST_USE;
/* Counts a try of a password by this request's address for this name; false when it has to wait, r says so.
 * When it turns out right, limit_forgive() both. */
bool login_try_begins(struct web *w, const struct request *q, struct str name, struct reply *r,
                      struct now now) MUST_USE;
#define COOKIE_NAME "__Host-cordon"
/* Of a server that runs an exercise: cookies know no ports, and the real one may be on the same host. */
#define COOKIE_EXERCISE "__Host-cordon-exercise"
/* Who sends this cookie; who->is false when nobody known. */
void login_who(struct web *w, struct str cookies, struct now now, struct who *who);
/* Is the session still there, with the roles and the agency that it had? */
bool login_still_is(struct web *w, const struct who *who, struct now now) MUST_USE;

/* marti_missions.c */
void marti_missions_free(struct web *w);

/* web_live.c */
struct viewer *viewer_new(struct web *w, void *conn, const struct who *who, struct now now);
void viewer_free(struct web *w, struct viewer *v);
/* Bytes of a text message from the page; false: close. */
bool viewer_heard(struct web *w, struct viewer *v, struct str bytes, bool last,
                  struct now now) MUST_USE;
/* The next chunk to write; false: nothing now. */
struct chunk {
    struct str bytes;
    bool first, last, binary;
};
bool viewer_chunk(struct web *w, struct viewer *v, struct now now, struct chunk *out) MUST_USE;
void viewer_sent(struct viewer *v, const struct chunk *c);
void live_tick(struct web *w, struct now now);
/* New rows, for everybody. */
void live_follow(struct web *w);
/* Closes the sockets of a session that ended. */
void live_end(struct web *w, const unsigned char token_hash[32]);
/* To everybody who said hello, written once for all with the same rights; nothing is sent when nothing was written. */
typedef void access_write(void *ctx, const struct access *a, struct buf *b);
void live_tell_each(struct web *w, access_write *write, void *ctx);
void live_tell_one(struct web *w, struct viewer *v, access_write *write, void *ctx);
/* Closes those whose session is over, or is not what it was when they came. */
void live_recheck(struct web *w, struct now now);
struct message *message_of(web_write *write, void *ctx, bool binary);
void message_drop(struct message *m);

#endif
