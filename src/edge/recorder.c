#include "edge/recorder.h"

#include "core/decide.h"
#include "edge/recorder_in.h"
#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    WAIT_MS = 200,
    RETRY_MS = 250,
    DECIDED_MAX = 8,
    ROOM_ENTRIES = 4096, /* what one ask may become, with what its events tell to phones */
    ROOM_BYTES = 4 << 20,
    CLOCK_JUMP_MS = 5000,
    PUBLISH_STEP = 2 << 20,
    PUBLISH_PAUSE_MS = 20
};

/* ----------------------------------------------------------- the batch --- */

bool recorder_add(struct recorder *r, const struct ask_head *head, unsigned kind, struct str payload, bool first)
{
    struct entry *x;

    if (r->entry_count == ENTRIES_MAX || RECORDER_BACKLOG - r->backlog_len < payload.len)
        return false;
    x = &r->entries[r->entry_count++];
    *x = (struct entry){.kind = (uint16_t)kind,
                        .first = first,
                        .follow = 1,
                        .seq = journal_head(r->journal).seq + r->entry_count,
                        .sender = head->sender,
                        .handle = head->handle,
                        .ticket = first ? head->ticket : 0,
                        .request = first ? head->request : 0,
                        .at_ms = clock_wall_ms(),
                        .observed_ms = head->at_ms};
    if (payload.len)
        memcpy(r->backlog + r->backlog_len, payload.at, payload.len);
    x->payload = str_of(r->backlog + r->backlog_len, payload.len);
    r->backlog_len += payload.len;
    return true;
}

void recorder_tell(struct recorder *r, uint64_t handle, enum tell what, bool more, struct str body)
{
    struct tell_head head = {.tell = (uint8_t)what, .more = more, .handle = handle};
    uint32_t slot = (uint32_t)handle & 0x7fffffffu;
    int loop = (int)(slot % (uint32_t)r->h->loop_count);

    /* A loop that takes nothing for seconds is stuck; it must not stop the record. */
    for (int i = 0; i < 100; i++) {
        struct timespec pause = {0, 10000000};

        if (mailbox_put(r->h->to_loop[loop], str_of(&head, sizeof head), body))
            return;
        (void)nanosleep(&pause, NULL);
    }
    log_line(LOG_ERROR, "loop.full", "loop=%d tell=%d", loop, (int)what);
}

void recorder_answer(struct recorder *r, const struct answer_head *head, const char *text)
{
    if (head->request & HUB_REQUEST_OTHER) {
        if (r->h->answer_other)
            r->h->answer_other(r->h, head, text);
        return;
    }
    if (head->request && r->h->to_web && !mailbox_put(r->h->to_web, str_of(head, sizeof *head), str_from(text)))
        log_line(LOG_ERROR, "web.full", "request=%" PRIu64, head->request);
}

void recorder_refuse(struct recorder *r, uint64_t request, const struct err *e)
{
    struct answer_head head = {.request = request, .refused = (uint8_t)e->kind};

    recorder_answer(r, &head, e->text);
}

static void answer_done(struct recorder *r, uint64_t request, uint64_t seq, uint16_t rows)
{
    struct answer_head head = {.request = request, .ok = true, .rows = rows, .seq = seq};

    recorder_answer(r, &head, "");
}

/* The asker's own number of a request: applied once, however often it is sent. */
static uint64_t ticket_hash(const struct recorder *r, struct str payload)
{
    struct str ticket = fields_get(payload, FIELD_TICKET);

    return ticket.len ? hash_str(r->record.key, ticket) | 1 : 0;
}

void recorder_keep_ticket(struct recorder *r, struct str payload, uint64_t seq)
{
    uint64_t hash = ticket_hash(r, payload);

    if (!hash)
        return;
    r->tickets[r->ticket_next % TICKETS].hash = hash;
    r->tickets[r->ticket_next++ % TICKETS].seq = seq;
}

static bool see_kind(void *ctx, const struct journal_row *row)
{
    *(unsigned *)ctx = row->kind;
    return false;
}

/* Is row seq, in the batch or on disk, the event of another command than this one?  Who uses a number twice would
 * take the answer to the first for one to the second. */
static bool is_other_command(struct recorder *r, const struct ask_head *head, uint64_t seq)
{
    uint64_t on_disk = journal_head(r->journal).seq;
    unsigned kind = head->kind;
    struct err e;

    if (head->ask != ASK_COMMAND)
        return false;
    if (seq > on_disk)
        kind = r->entries[seq - on_disk - 1].kind;
    else if (!journal_get(r->journal, seq, see_kind, &kind, &e))
        log_line(LOG_WARN, "journal.read", "seq=%" PRIu64 " reason=\"%s\"", seq, e.text);
    return kind != head->kind;
}

bool recorder_is_known(struct recorder *r, const struct ask_head *head, struct str payload)
{
    static const struct err other = {ERR_DENIED, "this id was used for another kind of command; give each its own"};
    static const struct err many = {ERR_WORLD, "this was sent too often while the disk is slow; wait for the first"};
    uint64_t hash = ticket_hash(r, payload);

    for (size_t i = 0; hash && i < TICKETS; i++) {
        uint64_t seq = r->tickets[i].seq;

        if (r->tickets[i].hash != hash)
            continue;
        if (is_other_command(r, head, seq))
            recorder_refuse(r, head->request, &other);
        else if (seq <= journal_head(r->journal).seq)
            answer_done(r, head->request, seq, 1);
        else if (r->again_count < AGAIN_MAX)
            r->again[r->again_count++] = (struct again){head->request, seq};
        else
            recorder_refuse(r, head->request, &many);
        return true;
    }
    return false;
}

static void decide_row(struct recorder *r, const struct ask_head *head, struct str payload)
{
    static char memory[4 * LIMIT_EVENT_IN]; /* of the one record thread */
    struct buf b = buf_over(memory, sizeof memory);
    struct decided list[DECIDED_MAX];
    size_t n, asked = ENTRIES_MAX;

    if (recorder_is_known(r, head, payload))
        return;
    payload = recorder_mission_address(r, head, payload);
    if (head->kind == EV_SHARING_PROPOSED || head->kind == EV_SHARING_CHANGED) {
        recorder_sharing(r, head, payload);
        return;
    }
    if (head->kind == EV_GROUPS_CHANGED) {
        recorder_groups(r, head, payload);
        return;
    }
    n = decide((enum event_id)head->kind, payload, hub_now(), &b, list, DECIDED_MAX,
               journal_head(r->journal).seq + r->entry_count);
    for (size_t i = 0; i < n; i++) {
        struct ask_head own = *head;

        if (i > 0)
            own.sender = RING_NO_SENDER; /* the server's own voice reaches the sender, too */
        if (!recorder_add(r, &own, list[i].kind, list[i].payload, i == 0))
            log_line(LOG_ERROR, "record.full", "lost=%s", event_tag(list[i].kind));
        else if (i == 0) {
            asked = r->entry_count - 1;
            recorder_keep_ticket(r, payload, r->entries[asked].seq);
        }
    }
    if (asked == ENTRIES_MAX)
        return;
    recorder_mission_put(r, head, asked);
    recorder_from_phone(r, &r->entries[asked]);
}

/* One ask into the batch, or done at once. */
static void take(struct recorder *r, struct str message)
{
    struct ask_head head;
    struct str payload;

    MUST(message.len >= sizeof head);
    memcpy(&head, message.at, sizeof head);
    payload = str_from_at(message, sizeof head);
    switch ((enum ask)head.ask) {
    case ASK_ROW: decide_row(r, &head, payload); break;
    case ASK_COMMAND: recorder_command(r, &head, payload); break;
    case ASK_JOIN: recorder_decide_join(r, &head, payload); break;
    case ASK_LEAVE:
        recorder_left(r, &head);
        (void)recorder_add(r, &head, EV_CLIENT_LEFT, payload, true);
        break;
    case ASK_MISSED: recorder_missed(r, &head, payload); break;
    case ASK_ACKED: recorder_acked(r, &head, payload); break;
    case ASK_IMPORT: recorder_inbox_asked(r, &head, payload); break;
    case ASK_MISSION: recorder_mission(r, &head, payload); break;
    case ASK_ERASE: recorder_erase_asked(r, &head, payload); break;
    case ASK_STOP: break;
    }
}

/* Takes what waits while the batch has room for it. */
static void take_all(struct recorder *r)
{
    size_t len;

    while (r->entry_count < ENTRIES_MAX - ROOM_ENTRIES && r->join_count < r->join_max &&
           RECORDER_BACKLOG - r->backlog_len > ROOM_BYTES &&
           mailbox_take(r->h->to_recorder, r->message, HUB_MESSAGE_MAX, &len))
        take(r, str_of(r->message, len));
}

/* --------------------------------------------------------------- commit -- */

static bool commit(struct recorder *r, struct err *e)
{
    for (size_t i = 0; i < r->entry_count; i++) {
        struct entry *x = &r->entries[i];
        uint64_t seq;

        if (!journal_add(r->journal, x->kind, x->at_ms, x->observed_ms, x->payload, &seq, e)) {
            journal_rollback(r->journal);
            return false;
        }
        MUST(seq == x->seq); /* it was decided and applied under this number */
    }
    return journal_commit(r->journal, e);
}

/* An emergency that the loops let go before the disk answered: the journal says so. */
static void relayed_first(struct recorder *r, const struct entry *x, struct str *later, char *text, size_t size)
{
    struct buf b = buf_over(text, size);

    fields_put_int(&b, FIELD_REF, (int64_t)x->seq);
    fields_put(&b, FIELD_UID, fields_get(x->payload, FIELD_UID));
    fields_put(&b, FIELD_USER, fields_get(x->payload, FIELD_USER));
    *later = buf_str(&b);
    hub_alarm_clear(r->h, "unrecorded");
}

/* Two users speak as one device: shown until the uid has a new holder. */
static void show_conflict(struct recorder *r, const struct entry *x)
{
    struct str uid = fields_get(x->payload, FIELD_UID);
    char id[48], why[256];

    if (x->kind != EV_UID_CONFLICT && x->kind != EV_UID_BOUND)
        return;
    if (uid.len > 36)
        uid.len = 36;
    (void)snprintf(id, sizeof id, "conflict/%.*s", STR_ARG(uid));
    if (x->kind == EV_UID_BOUND) {
        hub_alarm_clear(r->h, id);
        return;
    }
    (void)snprintf(why, sizeof why,
                   "%.*s also speaks as %.*s, which belongs to another user. Ask both who they are; nothing was "
                   "silenced.",
                   STR_ARG(fields_get(x->payload, FIELD_CLAIMANT)), STR_ARG(fields_get(x->payload, FIELD_CALLSIGN)));
    hub_alarm(r->h, id, "warn", why);
}

static void tell_held(const struct entry *x)
{
    char uid[2 * LIMIT_UID + 8], user[160];

    log_line(LOG_WARN, "tak.held", "seq=%" PRIu64 " user=%s uid=%s reason=\"%s\"", x->seq,
             log_quote(user, sizeof user, fields_get(x->payload, FIELD_USER)),
             log_quote(uid, sizeof uid, fields_get(x->payload, FIELD_UID)), HUB_HELD);
}

/* A batch may be longer than the must ring is safe for: the loops send in between, or
 * who reads well would be taken for a slow reader and closed. */
static size_t let_loops_send(struct recorder *r)
{
    struct timespec pause = {0, PUBLISH_PAUSE_MS * 1000000L};

    r->h->wake_loops(r->h);
    (void)nanosleep(&pause, NULL);
    return 0;
}

/* Everything of the batch is on disk: the state, the phones, the page hear of it. */
static void apply_and_publish(struct recorder *r)
{
    struct now now = hub_now();
    char text[512];
    size_t count = r->entry_count, step = 0;

    for (size_t i = 0; i < count; i++) {
        struct entry *x = &r->entries[i];
        struct river_publish p = {.journal_seq = x->seq, .kind = x->kind, .payload = x->payload,
                                  .sender = recorder_sender(r, x), .recorded = true};
        struct str later = {0};
        uint64_t held;

        step += x->payload.len;
        if (step > PUBLISH_STEP)
            step = let_loops_send(r);
        record_apply(&r->record, x->seq, x->kind, x->at_ms, x->payload);
        recorder_sharing_apply(r, x->seq, x->kind, x->at_ms, x->payload);
        hub_lock(r->h);
        held = r->h->river->count.held_back;
        if (river_landed(r->h->river, x->ticket)) {
            p.ticket = x->ticket;
            relayed_first(r, x, &later, text, sizeof text);
        }
        river_publish(r->h->river, &p, now);
        held = r->h->river->count.held_back - held;
        show_conflict(r, x);
        hub_unlock(r->h);
        if (held)
            tell_held(x);
        answer_done(r, x->request, x->seq, x->follow);
        if (later.len) {
            struct ask_head head = {.ask = ASK_ROW, .kind = EV_RELAYED_FIRST, .sender = RING_NO_SENDER,
                                    .at_ms = now.wall_ms};

            if (!hub_ask(r->h, &head, later))
                log_line(LOG_ERROR, "record.full", "lost=%s", event_tag(EV_RELAYED_FIRST));
        }
    }
}

static void show_stats(struct recorder *r)
{
    struct journal_stats s = journal_stats(r->journal);
    struct hub_metrics *m = &r->h->metrics;

    atomic_store(&m->record_rows, s.rows);
    atomic_store(&m->record_failures, s.failures);
    atomic_store(&m->commits, s.commits);
    atomic_store(&m->commit_us_last, s.commit_us_last);
    atomic_store(&m->commit_us_max, s.commit_us_max);
    atomic_store(&m->commit_us_sum, s.commit_us_sum);
    atomic_store(&m->journal_bytes, s.bytes);
    atomic_store(&m->journal_seq, journal_head(r->journal).seq);
}

static void set_failing(struct recorder *r, bool failing, const char *why)
{
    char text[256];

    if (failing)
        log_line(LOG_ERROR, "journal.failing", "rows=%zu reason=\"%s\"", r->entry_count, why);
    if (failing == r->failing)
        return;
    r->failing = failing;
    atomic_store(&r->h->recording, !failing);
    (void)snprintf(text, sizeof text,
                   "The record is not being written: %.150s. Chat and markers wait; positions go on.", why);
    hub_lock(r->h);
    if (failing)
        hub_alarm(r->h, "journal", "crit", text);
    else
        hub_alarm_clear(r->h, "journal");
    hub_unlock(r->h);
    if (!failing)
        log_line(LOG_INFO, "journal.mended", "rows=%zu", r->entry_count);
}

bool recorder_turn(struct recorder *r)
{
    struct err e = {0};

    take_all(r);
    if (r->entry_count == 0)
        return true;
    if (!commit(r, &e)) {
        set_failing(r, true, e.text);
        recorder_tell_joins(r);
        show_stats(r);
        return false;
    }
    set_failing(r, false, "");
    recorder_missions_commit(r);
    recorder_files_follow(r);
    recorder_erase_follow(r);
    apply_and_publish(r);
    recorder_sharing_follow(r);
    for (size_t i = 0; i < r->again_count; i++)
        answer_done(r, r->again[i].request, r->again[i].seq, 1);
    r->again_count = 0;
    recorder_tell_joins(r);
    r->h->wake_loops(r->h);
    if (r->h->wake_web)
        r->h->wake_web(r->h);
    r->entry_count = 0;
    r->backlog_len = 0;
    show_stats(r);
    return true;
}

/* ------------------------------------------------------------ housework -- */

/* A unit's newest position for the tracks, and for the watch when it is somebody's device. */
static bool take_position(struct recorder *r, const struct watch_unit *u, struct track_point *p, struct position *w)
{
    struct buf values = buf_over(r->watch_values, LIMIT_EVENT_IN);
    struct cot c;

    if ((u->kind != UNIT_PRESENCE && u->kind != UNIT_TRACK) || isnan(u->lat) || isnan(u->lon) ||
        !watch_parse(u, &values, &c))
        return false;
    *p = (struct track_point){
        .uid = u->uid, .callsign = u->callsign, .type = c.type, .at_ms = u->seen_ms,
        .time_ms = u->time_ms, .lat = u->lat, .lon = u->lon, .hae = c.hae.value, .ce = c.ce.value,
        .speed = c.track.is ? c.track.speed.value : NAN, .course = c.track.is ? c.track.course.value : NAN};
    /* A type with references in it lies in watch_values, which the next unit overwrites. */
    if (c.type.at < r->watch_memory || c.type.at >= r->watch_memory + 2 * LIMIT_EVENT_IN)
        p->type = (struct str){0};
    *w = (struct position){.uid = u->uid, .callsign = u->callsign, .lat = u->lat, .lon = u->lon, .ce = c.ce.value,
                           .at_ms = u->seen_ms};
    return true;
}

static void sample_positions(struct recorder *r)
{
    struct watch_unit *units = r->units;
    struct track_point *points = r->points;
    bool watches = recorder_watches(r);
    size_t n, count, seen;
    struct err e;

    while ((r->tracks || watches) &&
           (n = watch_next(r->h, &r->watch, units, TRACK_UNITS, r->watch_memory, 2 * LIMIT_EVENT_IN)) > 0) {
        count = seen = 0;
        for (size_t i = 0; i < n; i++) {
            if (!take_position(r, &units[i], &points[count], &r->positions[seen]))
                continue;
            count++;
            seen += units[i].kind == UNIT_PRESENCE;
        }
        if (watches)
            recorder_positions(r, r->positions, seen);
        if (r->tracks && count && !tracks_add(r->tracks, points, count, &e))
            log_line(LOG_WARN, "tracks.write", "reason=\"%s\"", e.text);
        if (r->tracks)
            hub_count(&r->h->metrics.tracks_rows, count);
    }
}

static void check_clock(struct recorder *r, struct now now)
{
    int64_t offset = now.wall_ms - now.mono_ms, jump = offset - r->clock_offset_ms;
    long long seconds = (jump + (jump < 0 ? -500 : 500)) / 1000;
    char text[256];

    r->clock_offset_ms = offset;
    if ((jump > -CLOCK_JUMP_MS && jump < CLOCK_JUMP_MS) || clock_is_exercise())
        return;
    log_line(LOG_WARN, "clock.jumped", "seconds=%lld", seconds);
    (void)snprintf(text, sizeof text,
                   "The clock of this computer was set %s by %lld s. Times in the log before and after do not fit; "
                   "the order of the entries does.",
                   jump < 0 ? "back" : "forward", seconds < 0 ? -seconds : seconds);
    hub_lock(r->h);
    hub_alarm(r->h, "clock", "warn", text);
    hub_unlock(r->h);
    recorder_clock_noted(r, text);
}

void recorder_second(struct recorder *r, struct now now)
{
    struct err e;
    size_t deleted;

    log_settle();
    /* Before anything adds to the batch: the incidents are ahead of the disk by what is in it. */
    if (r->erasing_count && r->entry_count == 0)
        recorder_erase_follow(r);
    if (!r->failing && r->entry_count == 0 && !r->erasing_count &&
        journal_head(r->journal).seq - r->snapshot_at >= r->snapshot_rows &&
        !recorder_snapshot(r, &e))
        log_line(LOG_WARN, "journal.snapshot", "reason=\"%s\"", e.text);
    check_clock(r, now);
    recorder_follow_accounts(r);
    recorder_write_devices(r);
    sample_positions(r);
    if (r->tracks && now.mono_ms >= r->next_prune_ms) {
        r->next_prune_ms = now.mono_ms + 60000;
        if (!tracks_prune(r->tracks, now.wall_ms - (int64_t)r->config.track_days * 86400000, 5000, &deleted, &e))
            log_line(LOG_WARN, "tracks.prune", "reason=\"%s\"", e.text);
    }
    if (r->failing)
        return;
    recorder_incidents_due(r);
    recorder_missions_second(r);
    recorder_files_second(r, now);
    recorder_sharing_follow(r);
    recorder_sharing_due(r, now.wall_ms);
    recorder_post(r);
    recorder_follow_witnesses(r, now.wall_ms);
    if (r->entry_count == 0) {
        journal_idle(r->journal);
        if (r->tracks)
            tracks_idle(r->tracks);
    }
    if (now.mono_ms >= r->next_sign_ms) {
        r->next_sign_ms = now.mono_ms + RECORDER_SIGN_MS;
        if (!journal_sign_head(r->journal, now.wall_ms, &e))
            log_line(LOG_WARN, "journal.sign", "reason=\"%s\"", e.text);
    }
}

static void housework(struct recorder *r)
{
    struct now now = hub_now();

    /* More often than the rest: who is shut out hears nothing more within a fraction of a second. */
    if (now.mono_ms >= r->next_accounts_ms) {
        r->next_accounts_ms = now.mono_ms + WAIT_MS;
        recorder_follow_accounts(r);
    }
    if (now.mono_ms < r->next_second_ms)
        return;
    r->next_second_ms = now.mono_ms + 1000;
    recorder_second(r, now);
}

static void *run(void *arg)
{
    struct recorder *r = arg;

    while (!atomic_load(&r->h->stopping)) {
        struct timespec pause = {0, RETRY_MS * 1000000L};

        if (r->entry_count == 0 && !recorder_inbox_is_busy(r))
            mailbox_wait(r->h->to_recorder, WAIT_MS);
        recorder_inbox_turn(r);
        if (!recorder_turn(r))
            (void)nanosleep(&pause, NULL);
        housework(r);
    }
    return NULL;
}

/* ---------------------------------------------------------------- start -- */

static bool memory_for(struct recorder *r, struct err *e)
{
    /* Zeroed and never touched where it is empty: it costs what lives in it. */
    char *state = r->state = calloc(1, record_memory() + 64);

    r->message = malloc(HUB_MESSAGE_MAX);
    r->backlog = malloc(RECORDER_BACKLOG);
    r->entries = malloc(ENTRIES_MAX * sizeof *r->entries);
    r->join_max = 4096;
    r->joins = malloc(r->join_max * sizeof *r->joins);
    r->online = calloc(r->h->client_max, sizeof *r->online);
    r->device_places = 1024;
    r->devices = calloc(r->device_places, sizeof *r->devices);
    r->watch_memory = malloc(2 * LIMIT_EVENT_IN);
    r->watch_values = malloc(LIMIT_EVENT_IN);
    r->incident_fields = malloc(INCIDENT_PAYLOAD_MAX);
    r->incident_asked = malloc(INCIDENT_PAYLOAD_MAX);
    r->incident_memory = malloc(INCIDENT_DECIDE_MEMORY);
    r->incident_row = malloc(INCIDENT_DECIDE_MEMORY);
    r->incident_due = malloc(INCIDENT_DECIDE_MEMORY);
    if (!state || !r->message || !r->backlog || !r->entries || !r->joins || !r->online || !r->devices ||
        !r->watch_memory || !r->watch_values || !r->incident_fields || !r->incident_asked || !r->incident_memory ||
        !r->incident_row || !r->incident_due)
        return err_set(e, ERR_WORLD, "no memory for the record");
    chance_fill(&r->record.key, sizeof r->record.key);
    record_init(&r->record, state + (64 - (uintptr_t)state % 64) % 64, r->record.key);
    incidents_init(&r->incidents, r->record.key);
    return true;
}

/* A row of the server's own: start, stop, what was mended. */
static void own_row(struct recorder *r, enum event_id kind, const char *text)
{
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    char payload[512];
    struct buf b = buf_over(payload, sizeof payload);
    struct err e;

    fields_put(&b, FIELD_TEXT, str_from(text));
    (void)recorder_add(r, &head, kind, buf_str(&b), true);
    if (!commit(r, &e)) {
        set_failing(r, true, e.text);
        return; /* stays in the backlog and is tried again */
    }
    for (size_t i = 0; i < r->entry_count; i++)
        record_apply(&r->record, r->entries[i].seq, r->entries[i].kind, r->entries[i].at_ms, r->entries[i].payload);
    r->entry_count = 0;
    r->backlog_len = 0;
}

static void count_picture(struct recorder *r, struct recorder_started *how)
{
    how->rows = journal_head(r->journal).seq;
    how->emergencies = r->h->river->emergencies;
    how->units = r->h->river->units.count;
}

static bool see_time(void *ctx, const struct journal_row *row)
{
    *(int64_t *)ctx = row->recorded_ms;
    return false;
}

/* When the last row of the run before was recorded; an exercise's clock goes on from there. */
static void find_last(struct recorder *r)
{
    struct err e;
    uint64_t head = journal_head(r->journal).seq;

    if (head && !journal_get(r->journal, head, see_time, &r->last_ms, &e))
        log_line(LOG_WARN, "journal.read", "seq=%" PRIu64 " reason=\"%s\"", head, e.text);
    if (clock_is_exercise())
        clock_exercise_skip(r->last_ms);
}

bool recorder_open(struct hub *h, const struct recorder_config *c, struct recorder_started *how, struct err *e)
{
    struct recorder *r = calloc(1, sizeof *r);
    struct journal_opened opened;
    int64_t began = clock_ms();

    memset(how, 0, sizeof *how);
    if (!r)
        return err_set(e, ERR_WORLD, "no memory for the record");
    r->h = h;
    r->config = *c;
    h->recorder = r;
    r->snapshot_rows = RECORDER_SNAPSHOT_ROWS;
    r->notes_left = true; /* those from before the start */
    h->to_recorder = mailbox_new(16u << 20, NULL, NULL);
    h->sharing = calloc(1, sizeof *h->sharing);
    h->river->sets->classed = c->sharing;
    if (!h->to_recorder || !h->sharing || !memory_for(r, e))
        return err_set(e, ERR_WORLD, "no memory for the record");
    if (!journal_open(h->dir, &r->journal, &opened, e) || !accounts_open(h->dir, &r->accounts, e))
        return false;
    if (c->track_days > 0 && !tracks_open(h->dir, &r->tracks, e))
        return false;
    if (r->tracks && tracks_note(r->tracks)[0])
        log_line(LOG_WARN, "tracks.mended", "note=\"%s\"", tracks_note(r->tracks));
    (void)snprintf(how->note, sizeof how->note, "%s", opened.note);
    recorder_load_users(r);
    recorder_load_devices(r);
    (void)accounts_changed(r->accounts);
    if (!recorder_replay(r, how, e) || !recorder_missions_open(r, e) || !recorder_files_open(r, e))
        return false;
    if (!recorder_erase_resume(r, r->snapshot_at + 1, opened.unclean, e))
        return false;
    find_last(r);
    atomic_store(&h->recording, true);
    if (opened.note[0])
        own_row(r, EV_JOURNAL_MENDED, opened.note);
    own_row(r, EV_SERVER_STARTED, "Cordon " CORDON_VERSION);
    h->river->published_seq = journal_head(r->journal).seq;
    r->clock_offset_ms = clock_wall_ms() - clock_ms();
    r->next_sign_ms = clock_ms() + 5000;
    r->started_ms = clock_wall_ms();
    show_stats(r);
    count_picture(r, how);
    how->took_ms = clock_ms() - began;
    return true;
}

int64_t recorder_last_ms(const struct hub *h)
{
    return h->recorder->last_ms;
}

bool recorder_start(struct hub *h, struct err *e)
{
    if (pthread_create(&h->recorder->thread, NULL, run, h->recorder) != 0)
        return err_set(e, ERR_WORLD, "the record thread does not start");
    return true;
}

void recorder_close(struct recorder *r)
{
    recorder_files_close(r);
    journal_close(r->journal);
    if (r->tracks)
        tracks_close(r->tracks);
    accounts_close(r->accounts);
    recorder_missions_close(r);
    r->journal = NULL;
    r->tracks = NULL;
    r->accounts = NULL;
}

void recorder_end(struct recorder *r)
{
    struct err e;

    take_all(r);
    own_row(r, EV_SERVER_STOPPED, "stopped");
    recorder_drop_notes(r);
    recorder_write_devices(r);
    sample_positions(r);
    recorder_crossing_free(r);
    if (!r->failing)
        recorder_erase_follow(r);
    /* A start looks behind the snapshot for what is still to be erased. */
    if (!r->failing && ((!r->erasing_count && !recorder_snapshot(r, &e)) ||
                        !journal_sign_head(r->journal, clock_wall_ms(), &e)))
        log_line(LOG_WARN, "journal.snapshot", "reason=\"%s\"", e.text);
    recorder_close(r);
}

void recorder_stop(struct hub *h)
{
    MUST(atomic_load(&h->stopping));
    (void)pthread_join(h->recorder->thread, NULL);
    recorder_inbox_free(h->recorder); /* what it was at lies there still: the next start goes on with it */
    recorder_end(h->recorder);
}

void recorder_free(struct hub *h)
{
    struct recorder *r = h->recorder;

    recorder_crossing_free(r);
    recorder_missions_free(r);
    incidents_fini(&r->incidents);
    free(r->state);
    free(r->message);
    free(r->backlog);
    free(r->entries);
    free(r->joins);
    free(r->online);
    free(r->devices);
    free(r->watch_memory);
    free(r->watch_values);
    free(r->incident_fields);
    free(r->incident_asked);
    free(r->incident_memory);
    free(r->incident_row);
    free(r->incident_due);
    mailbox_free(h->to_recorder);
    free(h->sharing);
    free(r);
    h->sharing = NULL;
    h->to_recorder = NULL;
    h->recorder = NULL;
}
