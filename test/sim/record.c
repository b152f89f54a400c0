#include "record.h"

#include "support/crash_vfs.c"
#include "support/folder.h"

#include <malloc.h>

enum { INCIDENTS = 4, BATCH = 64, SCENE_FIELDS = 6 };

/* splitmix64 */
uint32_t record_chance(struct record_world *w, uint32_t n)
{
    uint64_t x = w->random += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return n ? (uint32_t)((x ^ x >> 31) % n) : 0;
}

static bool once_in(struct record_world *w, uint32_t n)
{
    return record_chance(w, n) == 0;
}

void record_fail(struct record_world *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(w->why, sizeof w->why, format, args);
    va_end(args);
    longjmp(w->failed, 1);
}

/* ---------------------------------------------------------------- writers -- */

static void hear(struct hub *h, const struct answer_head *head, const char *text)
{
    struct record_world *w = ((struct alone *)h)->ctx; /* the hub is its first member */
    struct heard *x;

    MUST(w->heard_count < ANSWERS_MAX);
    x = &w->heard[w->heard_count++];
    x->head = *head;
    (void)snprintf(x->text, sizeof x->text, "%s", text);
}

static void ask(struct record_world *w, struct sent *s)
{
    uint64_t request = HUB_REQUEST_OTHER | (uint64_t)(s - w->sent);

    s->attempts += alone_ask(&w->a, s->kind, str_of(s->payload, s->len), request);
}

/* A new command: the payload without its ticket. */
static void say(struct record_world *w, enum incident_kind kind, struct str payload)
{
    static char bytes[64 * 1024];
    char ticket[64];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct sent *s = &w->sent[w->sent_count];
    char by[16];

    if (w->sent_count == SENT_MAX)
        return;
    (void)snprintf(ticket, sizeof ticket, "EX-%05zu", w->sent_count++);
    (void)snprintf(by, sizeof by, "EX-%u", record_chance(w, 8));
    fields_put(&b, FIELD_TICKET, str_from(ticket));
    fields_put(&b, FIELD_BY, str_from(by));
    buf_put(&b, payload);
    MUST(!b.full);
    *s = (struct sent){.kind = kind, .payload = malloc(b.len), .len = b.len};
    (void)str_copy(s->ticket, sizeof s->ticket, str_from(ticket));
    MUST(s->payload);
    memcpy(s->payload, b.at, b.len);
    ask(w, s);
}

/* The begin of an incident: without units and a house most commands would be refused. */
static const struct scene {
    enum incident_kind kind;
    struct { enum incident_field field; const char *text; } fields[SCENE_FIELDS];
} scene[] = {
    {INC_INCIDENT_OPENED, {{IN_NAME, "EX drill"}, {IN_TYPE, "complex-attack"}, {IN_CADENCE_S, "600"}}},
    {INC_COMMAND_ASSUMED, {{IN_SCOPE, "incident"}, {IN_COMMANDER, "anna"}}},
    {INC_AGENCY_JOINED, {{IN_AGENCY, "police"}, {IN_NAME, "Police"}, {IN_AGENCY_KIND, "police"}}},
    {INC_AGENCY_JOINED, {{IN_AGENCY, "army"}, {IN_NAME, "Army"}, {IN_AGENCY_KIND, "army"}}},
    {INC_UNIT_CHECKED_IN, {{IN_UNIT, "P1"}, {IN_AGENCY, "police"}, {IN_STRENGTH, "6"}}},
    {INC_UNIT_CHECKED_IN, {{IN_UNIT, "A1"}, {IN_AGENCY, "army"}, {IN_STRENGTH, "8"}}},
    {INC_STRUCTURE_DEFINED, {{IN_STRUCTURE, "H"}, {IN_NAME, "House"}, {IN_STOREYS, "2"}, {IN_SCHEME, "ground=0"},
                             {IN_INNER, "1"}}},
    {INC_SOURCE_REGISTERED, {{IN_SOURCE, "s1"}, {IN_SOURCE_KIND, "responder"}}},
    {INC_UNIT_ENTERED, {{IN_UNIT, "P1"}, {IN_ZONE, "H/0/A"}}},
};

static void say_scene(struct record_world *w, unsigned n)
{
    char id[16], bytes[1024];

    (void)snprintf(id, sizeof id, "EX-%u", n);
    for (size_t i = 0; i < COUNTOF(scene); i++) {
        struct buf b = buf_over(bytes, sizeof bytes);

        incident_put(&b, IN_INCIDENT, str_from(id));
        for (size_t k = 0; k < SCENE_FIELDS && scene[i].fields[k].text; k++)
            incident_put(&b, scene[i].fields[k].field, str_from(scene[i].fields[k].text));
        if (i == 0 && n % 2 == 0)
            incident_put(&b, IN_EXERCISE, STR("1"));
        say(w, scene[i].kind, buf_str(&b));
    }
}

/* One of any kind, sometimes for no incident, sometimes with a byte changed. */
static void say_any(struct record_world *w)
{
    const struct incidents *v = &w->a.h.recorder->incidents;
    const struct incident *s;
    struct guess g = {.now_ms = clock_wall_ms()};
    static char bytes[48 * 1024];
    struct buf b = buf_over(bytes, sizeof bytes);
    enum incident_kind kind;
    size_t begin;

    if (v->count == 0 || once_in(w, 150)) {
        say_scene(w, record_chance(w, INCIDENTS));
        return;
    }
    s = v->list[record_chance(w, (uint32_t)v->count)];
    g.s = s;
    g.dice = (uint64_t)record_chance(w, UINT32_MAX) << 32 | record_chance(w, UINT32_MAX) | 1;
    incident_put(&b, IN_INCIDENT, once_in(w, 50) ? STR("EX-none") : ent_id(s, incident_self(s)));
    begin = b.len;
    kind = guess_command(&g, false, &b);
    if (once_in(w, 20))
        bytes[begin + record_chance(w, (uint32_t)(b.len - begin))] ^= (char)(1 << record_chance(w, 8));
    if (once_in(w, 40))
        kind = (enum incident_kind)record_chance(w, INC_END + 10);
    say(w, kind, buf_str(&b));
}

static void say_again(struct record_world *w)
{
    struct sent *s;
    size_t last = w->sent_count < 20 || once_in(w, 3) ? w->sent_count : 20;

    s = &w->sent[w->sent_count - 1 - record_chance(w, (uint32_t)last)];
    w->again++;
    if (s->acked && once_in(w, 6))
        (void)alone_ask(&w->a, s->kind == INC_TASK_DONE ? INC_TASK_DROPPED : INC_TASK_DONE, str_of(s->payload, s->len),
                        HUB_REQUEST_OTHER | MISUSED | (uint64_t)(s - w->sent));
    else
        ask(w, s);
}

static void say_some(struct record_world *w)
{
    uint32_t n = once_in(w, 8) ? 1 + record_chance(w, BATCH) : record_chance(w, 10);

    for (uint32_t i = 0; i < n; i++)
        if (w->sent_count && once_in(w, 7))
            say_again(w);
        else
            say_any(w);
}

static void deliver(struct record_world *w)
{
    for (size_t i = 0; i < w->heard_count; i++)
        record_check_answer(w, &w->heard[i]);
    w->heard_count = 0;
}

/* --------------------------------------------------------- start and stop -- */

static void shut(struct record_world *w)
{
    incidents_fini(&w->page);
    journal_close(w->reader);
    w->reader = NULL;
    if (w->open)
        alone_drop(&w->a);
    w->open = false;
    w->heard_count = 0; /* nobody is there any more to be told */
}

static bool try_open(struct record_world *w)
{
    w->open = true;
    w->a.ctx = w;
    return alone_open(&w->a, w->dir, hear);
}

static void boot(struct record_world *w)
{
    crash_heal();
    if (once_in(w, 4))
        crash_pull_at(1 + record_chance(w, 30));
    if (!try_open(w) || crash_is_dead()) {
        HOLDS(w, crash_is_dead(), "the record does not open: %s", w->a.err.text);
        shut(w);
        crash_restart();
        w->cuts++;
        HOLDS(w, try_open(w), "the record does not open after a cut while it opened: %s", w->a.err.text);
    }
    crash_pull_at(UINT32_MAX);
    w->full_until = 0;
    w->a.h.recorder->snapshot_rows = 5 + record_chance(w, 120);
    HOLDS(w, journal_open_reader(w->dir, &w->reader, &w->a.err), "no reader: %s", w->a.err.text);
    incidents_init(&w->page, (struct hash_key){3, 4});
    w->page_to = 0;
    record_check_all(w);
}

/* The power goes: what was not synced may be lost, whoever waits for an answer gets none. */
static void cut(struct record_world *w)
{
    if (!crash_is_dead())
        crash_pull_now();
    w->cuts++;
    shut(w);
    crash_restart();
    boot(w);
}

static void stop(struct record_world *w)
{
    w->stops++;
    recorder_end(w->a.h.recorder);
    deliver(w);
    shut(w);
    if (crash_is_dead())
        crash_restart();
    boot(w);
}

/* ------------------------------------------------------------------ steps -- */

static void fault(struct record_world *w)
{
    if (w->full_until && w->step >= w->full_until) {
        crash_heal();
        w->full_until = 0;
    } else if (!w->full_until && once_in(w, 25)) {
        crash_fail(once_in(w, 3) ? CRASH_SYNC : CRASH_WRITE, once_in(w, 2) ? CRASH_ON_WAL : CRASH_ON_ANY,
                   1 + record_chance(w, 8), once_in(w, 3) ? SQLITE_IOERR : SQLITE_FULL);
        w->full_until = w->step + 1 + record_chance(w, 8);
        w->fulls++;
    }
    if (once_in(w, 20))
        crash_pull_at(1 + record_chance(w, 50));
}

static void keep_mark(struct record_world *w)
{
    const struct recorder *r = w->a.h.recorder;
    const struct incident *s;
    struct mark *m;

    if (r->incidents.count == 0)
        return;
    s = r->incidents.list[record_chance(w, (uint32_t)r->incidents.count)];
    m = &w->marks[w->mark_count < MARKS_MAX ? w->mark_count++ : record_chance(w, MARKS_MAX)];
    (void)str_copy(m->id, sizeof m->id, ent_id(s, incident_self(s)));
    m->seq = journal_head(r->journal).seq;
    m->hash = incident_hash(s);
}

static void step(struct record_world *w)
{
    struct recorder *r = w->a.h.recorder;
    bool done;

    alone_pass(once_in(w, 20) ? record_chance(w, 1200000) : record_chance(w, 20000));
    say_some(w);
    fault(w);
    if (once_in(w, 50)) { /* before anything was taken */
        cut(w);
        return;
    }
    done = recorder_turn(r);
    if (crash_is_dead() || once_in(w, 40)) { /* before anybody was told */
        cut(w);
        return;
    }
    deliver(w);
    record_check_state(w);
    if (done && r->entry_count == 0) {
        if (once_in(w, 3))
            record_check_page(w);
        keep_mark(w);
    }
    if (once_in(w, 3))
        recorder_second(r, (struct now){once_in(w, 5) ? INT64_MAX / 4 : 0, clock_wall_ms()});
    if (crash_is_dead())
        cut(w);
    else if (once_in(w, 60))
        stop(w);
}

static void live(struct record_world *w)
{
    struct journal_verify v;

    boot(w);
    say_scene(w, 0);
    for (; w->step < w->steps; w->step++)
        step(w);
    crash_heal();
    crash_pull_at(UINT32_MAX);
    HOLDS(w, recorder_turn(w->a.h.recorder), "the healed disk takes nothing");
    deliver(w);
    stop(w);
    HOLDS(w, journal_verify(w->reader, NULL, &v, &w->a.err) && !v.finding[0], "verify: %s%s", w->a.err.text, v.finding);
}

bool record_run(uint64_t seed, int64_t steps, bool tell)
{
    struct record_world *w = calloc(1, sizeof *w);
    volatile bool ok;

    MUST(w);
    alone_clock();
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20); /* large blocks come and go: none is written just to be zero */
    w->seed = w->random = seed;
    w->steps = steps;
    w->sent = calloc(SENT_MAX, sizeof *w->sent);
    w->heard = calloc(ANSWERS_MAX, sizeof *w->heard);
    w->dir = folder_make();
    MUST(w->sent && w->heard);
    crash_start(seed);
    crash_pull_at(UINT32_MAX);
    ok = setjmp(w->failed) == 0;
    if (ok)
        live(w);
    if (!ok)
        printf("record seed %llu, step %lld: %s\n", (unsigned long long)seed, (long long)w->step, w->why);
    if (tell)
        printf("record seed %llu: %zu commands, %llu again, %llu acknowledged, %llu refused, %llu rows, %llu cuts, "
               "%llu stops, %llu times full, digest %016llx\n",
               (unsigned long long)seed, w->sent_count, (unsigned long long)w->again, (unsigned long long)w->acked,
               (unsigned long long)w->refused, (unsigned long long)w->rows, (unsigned long long)w->cuts,
               (unsigned long long)w->stops, (unsigned long long)w->fulls, (unsigned long long)w->digest);
    shut(w);
    crash_restart();
    folder_remove(w->dir);
    for (size_t i = 0; i < w->sent_count; i++)
        free(w->sent[i].payload);
    free(w->sent);
    free(w->heard);
    free(w);
    return ok;
}
