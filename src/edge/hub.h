/* hub.h -- what the threads of a running Cordon share, and the messages between them.
 *
 *   TAK loops --(ask)--> recorder --(tell)--> TAK loops
 *   web       --(ask)--> recorder --(answer)--> web
 *
 * The river and the directory are guarded by hub_lock(); everything else here is
 * set before the threads start, or is a mailbox or an atomic. */
#ifndef CORDON_EDGE_HUB_H
#define CORDON_EDGE_HUB_H

#include "core/session.h"
#include "core/sharing.h"
#include "os/mailbox.h"

#include <pthread.h>

enum { HUB_LOOPS_MAX = 16, HUB_ALARMS = 32, HUB_REASONS = 16 };

/* Why an event did not go out to (some) phones. */
#define HUB_HELD "it is larger than 60000 bytes, which is what a phone takes: kept back from the phones"

/* Names behind user ids, for the browser and for a join while the disk stalls. */
struct hub_user {
    int64_t id;
    char name[64], agency[16];
};

/* Something an operator has to know about; stays until it is cleared. */
struct hub_alarm {
    char id[48];   /* "journal", "conflict/UID" ... */
    char level[8]; /* "crit", "warn" */
    char text[256];
    int64_t since_ms;
};

/* A connected TAK client as the admin page sees it; loops refresh theirs every 2 s. */
struct hub_client {
    uint64_t handle;
    char user[64], agency[16], callsign[LIMIT_CALLSIGN + 1], address[64], tls[16];
    char uid[128];
    bool live, v1, held; /* held: it waits for admission */
    int64_t since_ms, lag_ms;
    uint64_t sent_bytes, conflated;
};

/* Counters for /metrics: written with relaxed atomics, one writer each or added to. */
struct hub_metrics {
    _Atomic uint64_t accepted, handshakes, handshake_failures, closed_slow, closed_lapped, closed_stream,
        refused_events, bytes_in, bytes_out, sends, delivered, conflated, lapped, held_back, record_full,
        record_rows, record_failures, web_requests, web_dropped_frames;
    /* the journal's own figures, set by the recorder after each commit */
    _Atomic uint64_t commits, commit_us_last, commit_us_max, commit_us_sum, journal_bytes, journal_seq, tracks_rows;
    _Atomic uint64_t refused_by[HUB_REASONS]; /* by hub_reason() */
};

/* Marks a request that is not the web thread's. */
#define HUB_REQUEST_OTHER (UINT64_C(1) << 63)

struct answer_head;
struct blobs;
struct recorder;
struct web;
struct inputs;
struct logins;
struct practice;
struct tak_loop;

struct hub {
    struct river *river;
    pthread_mutex_t lock; /* the river's */
    struct sharing *sharing; /* under the lock; written by the record thread alone; NULL: there are no rules */
    struct hub_user *users; /* under the lock */
    size_t user_count;
    struct hub_alarm alarms[HUB_ALARMS]; /* under the lock */
    size_t alarm_count;
    uint64_t alarm_version;
    struct hub_client *clients; /* under the lock; client_max of them, by session slot */
    uint32_t client_max;
    uint64_t clients_version;
    _Atomic int64_t clients_wanted_ms; /* somebody looks at the list: refresh until then */
    struct hub_metrics metrics;
    struct mailbox *to_recorder;
    struct mailbox *to_loop[HUB_LOOPS_MAX];
    int loop_count;
    bool openssl_seals; /* setting tls_seal: 0 */
    struct mailbox *to_web;
    void (*wake_loops)(struct hub *h); /* something urgent stands in the must ring */
    void (*wake_web)(struct hub *h);   /* new rows in the journal */
    /* Answers to requests that carry HUB_REQUEST_OTHER; in the record thread. NULL: nobody asks. */
    void (*answer_other)(struct hub *h, const struct answer_head *head, const char *text);
    struct tak_loop *loops[HUB_LOOPS_MAX];
    struct recorder *recorder;
    struct web *web;
    struct blobs *blobs; /* the files' bytes; NULL: files are not served */
    struct logins *_Atomic logins; /* checks passwords of <auth>; NULL: nobody logs in so */
    struct practice *practice; /* beside this server; the web thread's; NULL: it is an exercise itself */
    struct inputs *_Atomic inputs; /* the old and odd ways in; NULL before they are opened */
    char dir[256];
    char server_name[128], server_uid[64];
    int64_t started_ms;
    _Atomic int tak_port; /* bound, of phones' streams over TLS; 0: none yet */
    _Atomic bool stopping;
    _Atomic bool recording; /* the journal takes rows */
    _Atomic uint64_t erasures; /* texts that were erased: what was made of them elsewhere is made anew */
};

void hub_lock(struct hub *h);
void hub_unlock(struct hub *h);
struct now hub_now(void);
/* Raises or changes an alarm (under the lock); text: a sentence with what to do. */
void hub_alarm(struct hub *h, const char *id, const char *level, const char *text);
void hub_alarm_clear(struct hub *h, const char *id);
/* The class of a refusal's sentence, below HUB_REASONS, for /metrics; its name, NULL beyond the last. */
unsigned hub_reason(const char *sentence) MUST_USE;
const char *hub_reason_name(unsigned reason) MUST_USE;
/* Do the rules let `to` see what is of this class (enum share) and `from`'s?  Codes of agencies, "" for none; true
 * while no rules count.  Takes the lock. */
bool hub_shares(struct hub *h, struct str from, struct str to, unsigned share) MUST_USE;
/* The name and agency of a user id, NULL when not known (under the lock). */
const struct hub_user *hub_user(const struct hub *h, int64_t id) MUST_USE;
static inline void hub_count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* What a thread asks of the recorder. */
enum ask {
    ASK_ROW,    /* journal this and make it heard; answered when `request` is set */
    ASK_COMMAND, /* a command of an incident: decided, journaled, answered when `request` is set; payload:
                  * IN_INCIDENT and the fields of the kind, beside them TICKET, ADDRESS, BY */
    ASK_JOIN,   /* who is this certificate? payload: SERIAL, ADDRESS, NAME (CN) */
    ASK_LEAVE,  /* payload for EV_CLIENT_LEFT */
    ASK_MISSED, /* what did this uid miss? payload: UID, CALLSIGN; ticket: up to which must number */
    ASK_ACKED,  /* payload: UID; ticket: journal number that arrived at the phone */
    ASK_MISSION, /* changes of missions, all or none; payload: MISSION_ONE each, beside them what they have in common
                  * (USER, ADDRESS, MISSION, MISSION_CREATOR, MISSION_CLAIM); answered when `request` is set */
    ASK_IMPORT, /* a file lies in DIR/inbox (edge/inbox.h); payload: its name; answered with is_body */
    ASK_ERASE,  /* destroy the text of a row; payload: REF its number, BY, REASON, beside them TICKET, ADDRESS */
    ASK_STOP,
};
struct ask_head {
    uint8_t ask;
    uint16_t kind;    /* enum event_id; of a command enum incident_kind */
    uint32_t sender;  /* session slot or RING_NO_SENDER */
    uint64_t handle;  /* session to answer to; its loop is slot % loop_count */
    uint64_t ticket;
    uint64_t request; /* web: its own number, answered in to_web; 0: no answer */
    int64_t at_ms;    /* wall clock when it was received */
};
/* false: the queue is full. */
bool hub_ask(struct hub *h, const struct ask_head *head, struct str payload) MUST_USE;

/* What the recorder tells a loop. */
enum tell {
    TELL_JOINED, /* body: struct session_user */
    TELL_DENIED, /* body: a sentence; close */
    TELL_MISSED, /* body: records for session.extra; more follows when `more` */
    TELL_CUT,    /* that was enough at once; body: uid. Ask again behind the last record */
    TELL_GROUPS, /* sets or admission changed: body: struct session_user, for this session */
    TELL_PICTURE, /* who hears more than before: body: a bit for each agency (SETS_AGENCIES), a fresh picture */
    TELL_PICTURE_OF, /* body: int64_t, a user's id: a fresh picture for his sessions, without t-x-g-c */
    TELL_ADOPT,  /* a connection that was accepted elsewhere: body: struct adopted of tak.c */
    TELL_CLOSE,  /* user or certificate revoked: body: struct session_user, id 0: handle only */
};
struct tell_head {
    uint8_t tell;
    bool more;
    uint64_t handle; /* 0: look at the user */
};

/* What the recorder answers the web thread. */
struct answer_head {
    uint64_t request;
    bool ok;
    bool is_body;    /* ok: the text is the JSON to answer with */
    uint8_t refused; /* not ok: enum err_kind, the body is a sentence */
    uint16_t rows;   /* how many, from seq on, it became */
    uint64_t seq;    /* of the first row */
};
enum { HUB_MESSAGE_MAX = 1024 * 1024 + 4096 };

#endif
