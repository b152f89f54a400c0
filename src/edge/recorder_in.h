/* recorder_in.h -- the recorder's own state. Private to recorder*.c. */
#ifndef CORDON_EDGE_RECORDER_IN_H
#define CORDON_EDGE_RECORDER_IN_H

#include "core/incident_alarms.h"
#include "core/incident_watch.h"
#include "edge/erasure.h"
#include "edge/incidents.h"
#include "edge/recorder.h"
#include "edge/watch.h"
#include "store/accounts.h"
#include "store/files.h"
#include "store/journal.h"
#include "store/tracks.h"

enum {
    ENTRIES_MAX = 16384,     /* rows of one backlog */
    TICKETS = 4096,          /* requests of the page remembered for idempotency */
    DEVICES_MAX = 1 << 16,
    DIRTY_MAX = 512,
    TRACK_UNITS = 256,
    AGAIN_MAX = 64,
    RECORDER_ERASING = 8,    /* texts that are being erased at once */
};

/* A row on its way to the disk. */
struct entry {
    uint16_t kind;
    bool first;        /* of its ask: the one that is answered */
    uint16_t follow;   /* first: rows of its ask, this one included */
    uint32_t sender;
    uint64_t handle, ticket, request, seq;
    int64_t at_ms, observed_ms;
    struct str payload; /* in the backlog memory */
};

/* The same command once more while the first is on its way to the disk. */
struct again {
    uint64_t request, seq;
};

/* A join that is answered once its row is on disk. */
struct join {
    uint64_t handle;
    bool denied;
    struct session_user user;
    char serial[64], why[160];
};

/* What other agencies hold: the newest rows; older ones alone; something that contradicts the record. */
enum witness_is { WITNESS_FRESH, WITNESS_OLD, WITNESS_AGAINST };

/* Who is connected, by session slot: to find them when rights change. */
struct online {
    uint64_t handle;
    struct session_user user;
    char serial[64];
};

struct device_key {
    uint64_t key, acked;
};

struct dirty {
    char uid[LIMIT_UID + 1];
    int64_t user;
    uint64_t acked;
};

struct recorder {
    struct hub *h;
    struct recorder_config config;
    pthread_t thread;
    struct journal *journal;
    struct tracks *tracks;
    struct accounts *accounts;
    struct record record;
    void *state; /* its memory */
    char *message; /* HUB_MESSAGE_MAX */
    char *backlog;
    size_t backlog_len;
    struct entry *entries;
    size_t entry_count;
    struct join *joins;
    size_t join_count, join_max;
    struct online *online;
    struct { uint64_t hash, seq; } tickets[TICKETS];
    size_t ticket_next;
    struct again again[AGAIN_MAX];
    size_t again_count;
    struct crossing *crossing;  /* recorder_cot.c; NULL until there is an incident */
    struct incidents incidents; /* ahead of the disk by the open batch */
    struct alarms incident_alarms;
    struct incident_decided incident_decided;
    char *incident_fields, *incident_asked;                /* INCIDENT_PAYLOAD_MAX each */
    char *incident_memory, *incident_row, *incident_due;   /* INCIDENT_DECIDE_MEMORY each */
    struct device_key *devices; /* open addressing, device_places of them */
    size_t device_count, device_places;
    struct dirty dirty[DIRTY_MAX];
    size_t dirty_count;
    struct watch watch;
    struct watch_unit units[TRACK_UNITS];   /* one walk's step */
    struct track_point points[TRACK_UNITS];
    struct position positions[TRACK_UNITS];
    struct device devices_out[DIRTY_MAX];
    char *watch_memory, *watch_values;
    uint64_t snapshot_at, snapshot_rows; /* the last one; so many rows later comes the next */
    int64_t last_ms; /* wall clock of the last row of the run before */
    int64_t notes_taken; /* of the command line's notes: all up to here are in a batch or on disk */
    bool notes_wait;     /* and not yet dropped from cordon.db */
    bool notes_left;     /* there are more: not yet looked at, or the backlog had no room for them */
    int64_t next_accounts_ms, next_second_ms, next_prune_ms, next_sign_ms, clock_offset_ms;
    uint64_t witnessed_seq, witness_covers; /* the newest witness's row; no row above it needs another one */
    enum witness_is witness_is;             /* as shown */
    int64_t started_ms;                     /* wall clock */
    bool failing, witness_failing;
    bool sharing_stale;    /* a rule has changed since they went into the sets */
    int sharing_agencies;  /* so many the rules were put into the sets for */
    uint64_t sharing_open; /* a bit for each incident that was open when the rules went into the sets */
    struct erasure erasing[RECORDER_ERASING];
    uint64_t erasing_noted[RECORDER_ERASING]; /* the rows that tell of them */
    size_t erasing_count;
    struct recorder_inbox *inbox; /* recorder_inbox.c's own */
    struct recorder_missions *missions; /* recorder_mission.h */
    struct files *files;          /* NULL: files are not served */
    bool files_behind;            /* files.db refused: what it lacks is applied again from the journal */
    unsigned sweep_folder;
    int64_t next_sweep_ms, next_settle_ms;
};

/* recorder_join.c */
void recorder_load_users(struct recorder *r);
/* The numbers of a user's groups. */
void recorder_fill_user(struct recorder *r, const struct user *u, struct session_user *out);
void recorder_decide_join(struct recorder *r, const struct ask_head *head, struct str payload);
void recorder_tell_joins(struct recorder *r);
void recorder_follow_accounts(struct recorder *r);
/* What the command line left for the record in cordon.db, into the open batch. */
void recorder_take_notes(struct recorder *r);
/* Those that are on the disk leave cordon.db. */
void recorder_drop_notes(struct recorder *r);
void recorder_left(struct recorder *r, const struct ask_head *head);
/* The sender of a row as the rings know it; nobody when that session is gone, as its
 * place may be another's by now. */
uint32_t recorder_sender(const struct recorder *r, const struct entry *x) MUST_USE;
/* recorder_groups.c: EV_GROUPS_CHANGED asked by the page or a phone, decided in order. */
void recorder_groups(struct recorder *r, const struct ask_head *head, struct str payload);
/* What groups.changed says of a user: his groups that are on, by direction, and those that are off. */
void recorder_put_groups(const struct user *u, struct buf *b);
/* His sessions have these rights from now on: a fresh picture and t-x-g-c. */
void recorder_tell_groups(struct recorder *r, const struct session_user *fresh);
/* recorder_sharing.c: rules between agencies.  EV_SHARING_PROPOSED and _CHANGED as asked, decided in order. */
void recorder_sharing(struct recorder *r, const struct ask_head *head, struct str payload);
/* A row of them, on disk or read back. */
void recorder_sharing_apply(struct recorder *r, uint64_t seq, unsigned kind, int64_t at_ms, struct str payload);
/* All rules into the sets, under the river's lock; who may hear more than before gets a fresh picture. */
void recorder_share(struct recorder *r);
/* The same at the start: proposals of the run before are over, and nobody is there to be told. */
void recorder_share_first(struct recorder *r);
/* An incident was opened or closed, an agency is new, a rule has changed? */
void recorder_sharing_follow(struct recorder *r);
/* A rule's time has come?  Its end into the open batch. */
void recorder_sharing_due(struct recorder *r, int64_t now_ms);
/* recorder_missed.c */
void recorder_load_devices(struct recorder *r);
/* This device was here before: what is for all waits for it, too. */
void recorder_know(struct recorder *r, struct str uid);
void recorder_missed(struct recorder *r, const struct ask_head *head, struct str payload);
void recorder_acked(struct recorder *r, const struct ask_head *head, struct str payload);
void recorder_write_devices(struct recorder *r);
/* recorder_start.c */
bool recorder_replay(struct recorder *r, struct recorder_started *how, struct err *e) MUST_USE;
bool recorder_snapshot(struct recorder *r, struct err *e) MUST_USE;
/* recorder_witness.c */
void recorder_follow_witnesses(struct recorder *r, int64_t now_ms);
/* recorder.c: the thread's own steps, which a test takes without it.  A turn: all that waits; false: the disk
 * refuses, what was taken stays in the open batch.  second: what is due once a second.  end: the last turn, and all
 * is closed. */
bool recorder_turn(struct recorder *r) MUST_USE;
void recorder_second(struct recorder *r, struct now now);
void recorder_end(struct recorder *r);
void recorder_close(struct recorder *r);
/* A row for the open batch; false when the backlog is full. */
bool recorder_add(struct recorder *r, const struct ask_head *head, unsigned kind, struct str payload, bool first);
void recorder_tell(struct recorder *r, uint64_t handle, enum tell what, bool more, struct str body);
/* Was this ask taken before (FIELD_TICKET)?  Then it is answered, now or once the disk has it. */
bool recorder_is_known(struct recorder *r, const struct ask_head *head, struct str payload);
void recorder_refuse(struct recorder *r, uint64_t request, const struct err *e);
void recorder_answer(struct recorder *r, const struct answer_head *head, const char *text);
/* Remembers the ticket of a row that is being added or read back. */
void recorder_keep_ticket(struct recorder *r, struct str payload, uint64_t seq);
/* recorder_incident.c */
void recorder_command(struct recorder *r, const struct ask_head *head, struct str payload);
void recorder_incidents_due(struct recorder *r);
/* The clock of this computer was set: each open incident says so, since its times before and after do not fit. */
void recorder_clock_noted(struct recorder *r, const char *text);
/* Decides a command into the open batch; false with a sentence. */
bool recorder_decide(struct recorder *r, const struct ask_head *head, struct str payload, struct err *e) MUST_USE;
/* recorder_cot.c: a phone's row that is in the batch; an incident's event that is; new positions. */
void recorder_from_phone(struct recorder *r, const struct entry *x);
void recorder_to_phones(struct recorder *r, const struct incident *s, size_t entry);
void recorder_positions(struct recorder *r, const struct position *positions, size_t n);
/* Is there an incident for which positions count? */
bool recorder_watches(const struct recorder *r) MUST_USE;
/* The command post among the phones' contacts, while there is an incident. */
void recorder_post(struct recorder *r);
void recorder_crossing_free(struct recorder *r);
/* All rows of what was decided for asked (a payload as of ASK_COMMAND) into the open batch and onto s, or none. */
bool recorder_add_rows(struct recorder *r, const struct ask_head *head, struct incident *s, struct str asked,
                       const struct incident_decided *d) MUST_USE;
/* recorder_mission.c: missions (Data Sync) */
struct recorder_missions;
bool recorder_missions_open(struct recorder *r, struct err *e) MUST_USE;
void recorder_missions_close(struct recorder *r);
void recorder_missions_free(struct recorder *r);
/* Does a mission, now or in the past, refer to this file? (blob_used) */
bool recorder_missions_refer(void *ctx, const unsigned char sha256[32]);
/* ASK_MISSION. */
void recorder_mission(struct recorder *r, const struct ask_head *head, struct str payload);
/* The batch is on disk. */
void recorder_missions_commit(struct recorder *r);
/* Once a second: expired missions; a projection that failed follows the journal again. */
void recorder_missions_second(struct recorder *r);
/* recorder_mission_told.c: a phone's row before it is decided: missions among its addressees become their subscribers.
 * The payload given, or another that stands until the next call. */
struct str recorder_mission_address(struct recorder *r, const struct ask_head *head, struct str payload) MUST_USE;
/* That row is in the batch: what it changes in those missions. */
void recorder_mission_put(struct recorder *r, const struct ask_head *head, size_t entry);
/* recorder_files.c: files.db follows the journal, and old bytes are swept */
bool recorder_files_open(struct recorder *r, struct err *e) MUST_USE;
/* The batch is on the disk; before anybody hears of it. */
void recorder_files_follow(struct recorder *r);
void recorder_files_second(struct recorder *r, struct now now);
void recorder_files_close(struct recorder *r);
/* From nothing, as a text that it was made of was erased; what fails is tried again as when it is behind. */
void recorder_files_anew(struct recorder *r);
void recorder_missions_anew(struct recorder *r);
/* recorder_erase.c: the event of an erasure into the open batch; shell: fields of who asks that go with it.  False with
 * a sentence. */
bool recorder_erase(struct recorder *r, const struct ask_head *head, struct str shell, struct erasure *x,
                    struct err *e) MUST_USE;
void recorder_erase_asked(struct recorder *r, const struct ask_head *head, struct str payload);
/* The batch is on the disk, before anybody hears of it; and once a second, what could not be done at once. */
void recorder_erase_follow(struct recorder *r);
/* At the start: events from row `from` on whose erasure a crash cut off.  cut_off: the run before did not end in
 * order. */
bool recorder_erase_resume(struct recorder *r, uint64_t from, bool cut_off, struct err *e) MUST_USE;
/* recorder_inbox.c */
struct recorder_inbox;
/* A step of what lies in DIR/inbox, while nothing waits for the disk. */
void recorder_inbox_turn(struct recorder *r);
/* Is there more to do at once? */
bool recorder_inbox_is_busy(const struct recorder *r) MUST_USE;
/* ASK_IMPORT: looks at once, and answers the request when that file is done. */
void recorder_inbox_asked(struct recorder *r, const struct ask_head *head, struct str name);
void recorder_inbox_free(struct recorder *r);

#endif
