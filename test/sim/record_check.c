#include "record.h"

enum { LOOKS = 3 };

/* ---------------------------------------------------------------- answers -- */

void record_check_answer(struct record_world *w, const struct heard *x)
{
    struct sent *s = &w->sent[x->head.request & (MISUSED - 1)];
    uint64_t head = journal_head(w->a.h.recorder->journal).seq;

    HOLDS(w, !x->head.ok || !(x->head.request & MISUSED), "%s is taken for another kind of command", s->ticket);
    if (x->head.request & MISUSED)
        return;
    if (!x->head.ok) {
        HOLDS(w, x->text[0] && x->head.refused != ERR_NONE, "%s is refused without a word", s->ticket);
        HOLDS(w, !s->acked, "%s was acknowledged (row %llu) and is refused now: %s", s->ticket,
              (unsigned long long)s->seq, x->text);
        s->refused++;
        w->refused++;
        return;
    }
    HOLDS(w, x->head.seq > 0 && x->head.seq + x->head.rows - 1 <= head, "%s is acknowledged before it is on disk",
          s->ticket);
    HOLDS(w, !s->acked || s->seq == x->head.seq, "%s is row %llu, and row %llu when it is sent again", s->ticket,
          (unsigned long long)s->seq, (unsigned long long)x->head.seq);
    w->acked += !s->acked;
    s->acked = true;
    s->seq = x->head.seq;
    if (x->head.rows > 1)
        s->rows = x->head.rows;
}

/* ----------------------------------------------------------------- states -- */

static void same(struct record_world *w, const struct incidents *a, const struct incidents *b, const char *what)
{
    HOLDS(w, a->count == b->count, "%s: %zu incidents, not %zu", what, a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct incident *x = a->list[i], *y = incidents_find(b, ent_id(x, incident_self(x)));

        HOLDS(w, y, "%s: an incident is missing", what);
        HOLDS(w, incident_hash(x) == incident_hash(y), "%s: %.*s differs, at row %llu and %llu", what,
              STR_ARG(ent_id(x, incident_self(x))), (unsigned long long)x->seq, (unsigned long long)y->seq);
    }
}

void record_check_state(struct record_world *w)
{
    const struct recorder *r = w->a.h.recorder;

    HOLDS(w, r->entry_count <= ENTRIES_MAX && r->backlog_len <= RECORDER_BACKLOG && r->again_count <= AGAIN_MAX &&
                 r->incidents.count <= INCIDENTS_MAX, "a bound of the batch is passed");
    for (size_t i = 0; i < r->incidents.count; i++) {
        const struct incident *s = r->incidents.list[i];
        const char *broken = incident_broken(s);

        HOLDS(w, s->entities <= s->limits.entities && s->fields_used <= s->limits.fields &&
                     s->text_len <= s->limits.text, "an incident's memory is passed");
        HOLDS(w, !broken, "%s", broken);
    }
}

void record_check_page(struct record_world *w)
{
    struct recorder *r = w->a.h.recorder;
    uint64_t to = journal_head(r->journal).seq;
    struct err e;

    if (w->page_to == 0) {
        HOLDS(w, incidents_restore(&w->page, w->reader, &w->page_to, &e), "the reader restores: %s", e.text);
        w->page_to--;
    }
    HOLDS(w, incidents_read(&w->page, w->reader, w->page_to + 1, to, &e), "the reader reads: %s", e.text);
    w->page_to = to;
    same(w, &r->incidents, &w->page, "what the page follows is not what the recorder has");
}

/* ------------------------------------------------------------ the journal -- */

/* A walk over all rows: each ticket's command is decided anew at its place, and must give these rows. */
struct walk {
    struct record_world *w;
    struct incidents all, blank;
    struct incident_decided decided;
    uint64_t first; /* row of decided.events[0] */
    size_t done;    /* of the events of `decided` so many rows were seen */
    char *memory, *fields;
    uint64_t look;  /* keep the state after this row */
    struct mark looked;
};

/* Of a row or a command the fields of the core, without recorded_at when it is to be decided. */
static struct str core_part(struct str payload, bool recorded, char *memory)
{
    struct buf b = buf_over(memory, INCIDENT_PAYLOAD_MAX);
    enum field tag;
    struct str v;

    while (fields_next(&payload, &tag, &v))
        if (tag >= (enum field)IN_INCIDENT && (recorded || tag != (enum field)IN_RECORDED_AT))
            fields_put(&b, tag, v);
    MUST(!b.full);
    return buf_str(&b);
}

static void decide_anew(struct walk *k, const struct journal_row *row)
{
    struct record_world *w = k->w;
    struct incident *s = incidents_find(&k->all, incident_value(row->payload, IN_INCIDENT));
    struct buf memory = buf_over(k->memory, INCIDENT_DECIDE_MEMORY);
    struct incident_command c = {.kind = (enum incident_kind)row->kind,
                                 .payload = core_part(row->payload, false, k->fields),
                                 .now_ms = fields_get_int(row->payload, (enum field)IN_RECORDED_AT, 0)};
    struct err e;

    if (!s)
        s = k->blank.count ? k->blank.list[0] : incidents_add(&k->blank, &e);
    HOLDS(w, s && incident_decide(s, &c, &memory, &k->decided, &e), "row %llu (%s) would be refused: %s",
          (unsigned long long)row->seq, kind_info(row->kind)->tag, e.text);
    k->first = row->seq;
    k->done = 0;
}

static void see_ticket(struct walk *k, const struct journal_row *row, struct str ticket)
{
    struct record_world *w = k->w;
    struct sent *s;
    int64_t n;

    HOLDS(w, ticket.len == 8 && str_to_int(str_from_at(ticket, 3), 0, (int64_t)w->sent_count - 1, &n),
          "row %llu has a ticket that nobody gave", (unsigned long long)row->seq);
    s = &w->sent[n];
    HOLDS(w, s->walked_seq == 0, "%s is there twice: rows %llu and %llu", s->ticket, (unsigned long long)s->walked_seq,
          (unsigned long long)row->seq);
    HOLDS(w, (unsigned)s->kind == row->kind, "row %llu is of another kind than %s", (unsigned long long)row->seq,
          s->ticket);
    s->walked_seq = row->seq;
    decide_anew(k, row);
    HOLDS(w, s->rows == 0 || s->rows == k->decided.n, "%s was answered with %u rows, %zu follow from it", s->ticket,
          s->rows, k->decided.n);
}

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct walk *k = ctx;
    struct record_world *w = k->w;
    struct str ticket = fields_get(row->payload, FIELD_TICKET);
    const struct incident *s;

    HOLDS(w, !row->erased && !row->damaged, "row %llu cannot be read", (unsigned long long)row->seq);
    if (k->done < k->decided.n)
        HOLDS(w, !ticket.len && row->seq == k->first + k->done,
              "of the command of row %llu only %zu of %zu rows are there",
              (unsigned long long)k->first, k->done, k->decided.n);
    else if (ticket.len)
        see_ticket(k, row, ticket);
    if (k->done < k->decided.n) {
        const struct incident_event *x = &k->decided.events[k->done++];
        struct str part = core_part(row->payload, true, k->fields);

        HOLDS(w, (unsigned)x->kind == row->kind && str_starts(part, x->payload),
              "row %llu is not what follows from the command of row %llu", (unsigned long long)row->seq,
              (unsigned long long)k->first);
    }
    s = incidents_apply(&k->all, row->seq, row->kind, row->payload);
    HOLDS(w, s, "row %llu is of no incident", (unsigned long long)row->seq);
    w->rows++;
    if (row->seq <= k->look && s) {
        (void)str_copy(k->looked.id, sizeof k->looked.id, ent_id(s, incident_self(s)));
        k->looked.seq = row->seq;
        k->looked.hash = row->seq + 8 > k->look ? incident_hash(s) : 0;
    }
    return true;
}

static void check_tickets(struct record_world *w)
{
    for (size_t i = 0; i < w->sent_count; i++) {
        const struct sent *s = &w->sent[i];

        HOLDS(w, !s->acked || s->walked_seq == s->seq, "%s was acknowledged as row %llu and is row %llu (0: nowhere)",
              s->ticket, (unsigned long long)s->seq, (unsigned long long)s->walked_seq);
        HOLDS(w, s->attempts > s->refused || s->walked_seq == 0, "%s was refused and is row %llu", s->ticket,
              (unsigned long long)s->walked_seq);
    }
}

/* The past, from the nearest saved state. */
static void check_past(struct record_world *w, struct incidents *past, const struct mark *m)
{
    const struct incident *s;
    struct err e;

    if (m->hash == 0)
        return;
    HOLDS(w, incidents_at(past, w->reader, str_from(m->id), m->seq, &e), "row %llu of %s: %s",
          (unsigned long long)m->seq, m->id, e.text);
    s = incidents_find(past, str_from(m->id));
    HOLDS(w, s && incident_hash(s) == m->hash, "%s as of row %llu is not what it was", m->id,
          (unsigned long long)m->seq);
}

static void check_moments(struct record_world *w, const struct mark *looked)
{
    struct incidents past;

    for (size_t i = 0; i <= LOOKS; i++) {
        const struct mark *m = i == 0 ? looked : w->mark_count ? &w->marks[record_chance(w, (uint32_t)w->mark_count)]
                                                               : looked;

        incidents_init(&past, (struct hash_key){5, 6});
        check_past(w, &past, m);
        incidents_fini(&past);
    }
}

static void check_restored(struct record_world *w, const struct incidents *all)
{
    struct recorder *r = w->a.h.recorder;
    struct incidents fresh;
    uint64_t from;
    struct err e;

    HOLDS(w, r->entry_count == 0, "the start leaves rows that are not on disk");
    same(w, all, &r->incidents, "the replay of all rows is not what the recorder has");
    incidents_init(&fresh, (struct hash_key){7, 8});
    HOLDS(w, incidents_restore(&fresh, w->reader, &from, &e) &&
                 incidents_read(&fresh, w->reader, from, journal_head(r->journal).seq, &e), "restore: %s", e.text);
    same(w, all, &fresh, "the replay of all rows is not the saved state and the rows after it");
    incidents_fini(&fresh);
}

void record_check_all(struct record_world *w)
{
    static struct walk k; /* large */
    struct err e;

    k = (struct walk){.w = w, .memory = malloc(INCIDENT_DECIDE_MEMORY), .fields = malloc(INCIDENT_PAYLOAD_MAX)};
    MUST(k.memory && k.fields);
    incidents_init(&k.all, (struct hash_key){9, 10});
    incidents_init(&k.blank, (struct hash_key){9, 10});
    k.look = record_chance(w, (uint32_t)journal_head(w->a.h.recorder->journal).seq + 1);
    w->rows = 0;
    for (size_t i = 0; i < w->sent_count; i++)
        w->sent[i].walked_seq = 0;
    HOLDS(w, journal_read(w->reader, 1, incidents_kinds(), see_row, &k, &e), "the journal: %s", e.text);
    HOLDS(w, k.done == k.decided.n, "of the command of row %llu only %zu of %zu rows are there",
          (unsigned long long)k.first, k.done, k.decided.n);
    check_tickets(w);
    check_restored(w, &k.all);
    check_moments(w, &k.looked);
    record_check_state(w);
    for (size_t i = 0; i < k.all.count; i++)
        w->digest = hash_str((struct hash_key){w->digest, incident_hash(k.all.list[i])}, STR(""));
    incidents_fini(&k.all);
    incidents_fini(&k.blank);
    free(k.memory);
    free(k.fields);
}
