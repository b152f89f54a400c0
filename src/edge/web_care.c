#include "edge/web_inner.h"

#include "os/clock.h"
#include "os/net.h"
#include "os/pki.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an administrator looks after: the record and its backups, the disk, clocks, what this server is. */

#define READS (METHOD_GET | METHOD_HEAD)

enum { LISTING = 256 * 1024, SKEW_MS = 5000, UNITS_STEP = 512 };

static handler get_record, post_verify, post_backup, get_backup_file, post_backup_delete, get_disk, get_clocks,
    get_about;

const struct route web_care_routes[] = {
    {READS, "/api/admin/record", RIGHT_ADMIN, false, get_record, DOOR_WEB, NULL},
    {METHOD_POST, "/api/admin/record/verify", RIGHT_ADMIN, true, post_verify, DOOR_WEB, NULL},
    {METHOD_POST, "/api/admin/backups", RIGHT_ADMIN, true, post_backup, DOOR_WEB, NULL},
    {READS, "/api/admin/backups/{}/{}", RIGHT_ADMIN, false, get_backup_file, DOOR_WEB, NULL},
    {METHOD_POST, "/api/admin/backups/{}/delete", RIGHT_ADMIN, true, post_backup_delete, DOOR_WEB, NULL},
    {READS, "/api/admin/disk", RIGHT_ADMIN, false, get_disk, DOOR_WEB, NULL},
    {READS, "/api/admin/clocks", RIGHT_ADMIN, false, get_clocks, DOOR_WEB, NULL},
    {READS, "/api/admin/about", RIGHT_ADMIN, false, get_about, DOOR_WEB, NULL},
};
const size_t web_care_route_count = COUNTOF(web_care_routes);

/* Folders are walked by the worker: this is what it makes of them. */
struct listing {
    struct care *care;
    char dir[256];
    struct buf b;
    char text[LISTING];
};

static struct listing *listing_new(struct web *w, struct reply *r)
{
    struct listing *l = malloc(sizeof *l);

    if (!l) {
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
        return NULL;
    }
    l->care = w->care;
    memcpy(l->dir, w->dir, sizeof l->dir);
    l->b = buf_over(l->text, sizeof l->text);
    return l;
}

/* ---- record ---------------------------------------------------------------- */

static void list_backups(void *ctx)
{
    struct listing *l = ctx;

    care_put_backups(l->care, &l->b);
}

struct witnessed {
    struct buf *b;
    const struct access *access;
    bool any;
};

static bool see_witness(void *ctx, const struct event_line *line)
{
    struct witnessed *s = ctx;

    events_put_line(line, s->access, s->b);
    s->any = true;
    return false;
}

static void put_head(struct web *w, const struct access *a, struct buf *b)
{
    static const uint16_t kinds[] = {EV_HEAD_WITNESSED, 0};
    struct events_ask ask = {.before = INT64_MAX, .limit = 1, .kinds = kinds};
    struct witnessed seen = {b, a, false};
    struct journal_seal seal;
    struct err e;

    buf_put(b, STR(",\"head\":"));
    if (w->events.journal && journal_seal(w->events.journal, hub_now().wall_ms, &seal, &e)) {
        buf_fmt(b, "{\"seq\":%" PRIu64 ",\"hash\":\"", seal.head.seq);
        buf_hex(b, seal.head.hash, JOURNAL_HASH);
        buf_fmt(b, "\",\"at\":%" PRId64 "}", events_time(&w->events, seal.head.seq));
    } else {
        buf_put(b, STR("null"));
    }
    buf_put(b, STR(",\"witness\":"));
    if (!events_read(&w->events, &ask, see_witness, &seen, &e) || !seen.any)
        buf_put(b, STR("null"));
}

struct record_view {
    struct web *w;
    struct listing *l;
    const struct access *access;
};

static void put_record(void *ctx, struct buf *b)
{
    const struct record_view *x = ctx;
    const struct hub_metrics *m = &x->w->h->metrics;

    buf_fmt(b, "{\"bytes\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"commits\":%" PRIu64 ",\"failures\":%" PRIu64
               ",\"sync_us\":%" PRIu64 ",\"sync_us_max\":%" PRIu64 ",\"writing\":%s",
            atomic_load(&m->journal_bytes), atomic_load(&m->journal_seq), atomic_load(&m->commits),
            atomic_load(&m->record_failures), atomic_load(&m->commit_us_last), atomic_load(&m->commit_us_max),
            atomic_load(&x->w->h->recording) ? "true" : "false");
    put_head(x->w, x->access, b);
    buf_put(b, STR(",\"job\":"));
    care_put(x->w->care, b);
    buf_put(b, STR(",\"backups\":"));
    buf_put(b, buf_str(&x->l->b));
    buf_byte(b, '}');
}

static void listed_backups(struct web *w, struct exchange *x, void *ctx)
{
    struct listing *l = ctx;

    if (x && l->b.full)
        reply_problem(&x->reply, 503, "There are too many backups to list: delete some from the folder backups.");
    else if (x)
        reply_written(&x->reply, put_record, &(struct record_view){w, l, &x->request.who.access});
    free(l);
}

static void get_record(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listing *l = listing_new(w, r);

    (void)now;
    live_follow(w);
    if (l && !web_work(w, q, r, list_backups, listed_backups, l))
        free(l);
}

static void put_job(void *ctx, struct buf *b)
{
    struct web *w = ctx;

    buf_put(b, STR("{\"job\":"));
    care_put(w->care, b);
    buf_byte(b, '}');
}

static void begin(struct web *w, struct reply *r, enum care_job job, struct now now)
{
    struct err e;

    if (!care_begin(w->care, job, now.wall_ms, &e)) {
        reply_problem(r, e.kind == ERR_DENIED ? 409 : 503, e.text);
        return;
    }
    reply_written(r, put_job, w);
}

static void post_verify(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q;
    begin(w, r, CARE_VERIFY, now);
}

static void post_backup(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q;
    begin(w, r, CARE_BACKUP, now);
}

static void get_backup_file(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char path[1024];
    struct stat st;
    int fd = -1;

    (void)now;
    if (care_path(w->care, q->part[0], q->part[1], path))
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            (void)close(fd);
        reply_problem(r, 404, "There is no such file in the record of a backup; its keys are not given out here.");
        return;
    }
    r->status = 200;
    reply_header(r, "content-type", "application/octet-stream");
    reply_header(r, "content-disposition", "attachment; filename=\"%.*s-%.*s\"", STR_ARG(q->part[0]),
                 STR_ARG(q->part[1]));
    reply_header(r, "content-security-policy", "sandbox; default-src 'none'");
    reply_file(r, fd, 0, (uint64_t)st.st_size);
}

struct dropping {
    struct care *care;
    char name[CARE_NAME];
    bool ok;
    struct err e;
};

static void drop_backup(void *ctx)
{
    struct dropping *d = ctx;

    d->ok = care_drop(d->care, str_from(d->name), &d->e);
}

static void dropped_backup(struct web *w, struct exchange *x, void *ctx)
{
    struct dropping *d = ctx;

    (void)w;
    if (x && d->ok)
        x->reply.status = 204;
    else if (x)
        reply_problem(&x->reply, d->e.kind == ERR_DENIED ? 409 : d->e.kind == ERR_MISSING ? 404 : 503, d->e.text);
    free(d);
}

static void post_backup_delete(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct dropping *d = calloc(1, sizeof *d);

    (void)now;
    if (!d)
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
    else if (!str_copy(d->name, sizeof d->name, q->part[0]))
        reply_problem(r, 404, "There is no backup of this name.");
    else {
        d->care = w->care;
        if (web_work(w, q, r, drop_backup, dropped_backup, d))
            return;
    }
    free(d);
}

/* ---- disk ------------------------------------------------------------------- */

/* What lies in the data folder, by what it is for; a word of the page for each. */
static const struct use {
    const char *what;
    const char *names[4];
} uses[] = {
    {"record", {"journal.db", "journal.db-wal", "sealed.db", "sealed.db-wal"}},
    {"tracks", {"tracks.db", "tracks.db-wal"}},
    {"files", {"blobs", "files.db", "files.db-wal", "profiles"}},
    {"missions", {"missions.db", "missions.db-wal", "videos.db"}},
    {"maps", {"maps"}},
    {"backups", {"backups"}},
    {"accounts", {"cordon.db", "cordon.db-wal", "ca"}},
};

static void list_uses(void *ctx)
{
    struct listing *l = ctx;

    for (size_t i = 0; i < COUNTOF(uses); i++) {
        uint64_t bytes = 0;

        for (size_t k = 0; k < COUNTOF(uses[i].names) && uses[i].names[k]; k++) {
            char path[512];

            (void)snprintf(path, sizeof path, "%s/%s", l->dir, uses[i].names[k]);
            bytes += care_bytes(path);
        }
        buf_fmt(&l->b, "%s{\"what\":\"%s\",\"bytes\":%" PRIu64 "}", i ? "," : "", uses[i].what, bytes);
    }
}

static void put_disk(void *ctx, struct buf *b)
{
    struct listing *l = ctx;
    struct care_disk d = care_disk(l->care);

    buf_fmt(b, "{\"free\":%" PRIu64 ",\"total\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"rate\":", d.free, d.total,
            BACKUP_SPARE);
    if (d.rate == INT64_MIN)
        buf_put(b, STR("null"));
    else
        buf_fmt(b, "%" PRId64, d.rate);
    buf_put(b, STR(",\"uses\":["));
    buf_put(b, buf_str(&l->b));
    buf_put(b, STR("]}"));
}

static void listed_uses(struct web *w, struct exchange *x, void *ctx)
{
    (void)w;
    if (x)
        reply_written(&x->reply, put_disk, ctx);
    free(ctx);
}

static void get_disk(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listing *l = listing_new(w, r);

    (void)now;
    if (l && !web_work(w, q, r, list_uses, listed_uses, l))
        free(l);
}

/* ---- clocks ------------------------------------------------------------------- */

static void put_phone(const struct unit *x, struct buf *b, bool comma)
{
    buf_put(b, comma ? STR(",{\"uid\":") : STR("{\"uid\":"));
    buf_json(b, x->uid);
    buf_put(b, STR(",\"callsign\":"));
    buf_json(b, x->callsign);
    buf_fmt(b, ",\"off_ms\":%" PRId64 ",\"seen\":%" PRId64 "}", x->time_ms - x->seen_ms, x->seen_ms);
}

static bool is_off(const struct unit *x)
{
    int64_t off = x->time_ms - x->seen_ms;

    return x->kind == UNIT_PRESENCE && x->time_ms && (off > SKEW_MS || off < -SKEW_MS);
}

/* In steps, so that no phone waits for a list. */
static void put_clocks(void *ctx, struct buf *b)
{
    struct web *w = ctx;
    struct clock_keeper k = clock_keeper();
    const struct units *units = &w->h->river->units;
    bool comma = false;
    uint32_t i = 0, used;

    buf_fmt(b, "{\"now\":%" PRId64 ",\"steered\":%s,\"error_us\":%" PRId64 ",\"exercise\":%s,\"source\":",
            clock_wall_ms(), k.steered ? "true" : "false", k.error_us, clock_is_exercise() ? "true" : "false");
    buf_json(b, str_from(k.source));
    buf_put(b, STR(",\"phones\":["));
    do {
        hub_lock(w->h);
        used = units->used;
        for (uint32_t end = i + UNITS_STEP; i < used && i < end; i++) {
            if (!is_off(&units->list[i]))
                continue;
            put_phone(&units->list[i], b, comma);
            comma = true;
        }
        hub_unlock(w->h);
    } while (i < used && !b->full);
    buf_put(b, STR("]}"));
}

static void get_clocks(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, put_clocks, w);
}

/* ---- what this is --------------------------------------------------------------- */

static void put_about(void *ctx, struct buf *b)
{
    static const char *const files[] = {"root.pem", "issuer.pem", "server.pem"};
    struct web *w = ctx;
    char names[512], words[WORDS_THREE] = "";
    unsigned char print[32] = {0};
    struct pki_span span;
    struct err e;

    net_host_names(names, sizeof names);
    if (!pki_words(w->dir, words, &e) || !pki_root_fingerprint(w->dir, print, &e))
        words[0] = 0;
    buf_fmt(b, "{\"version\":\"%s\",\"started\":%" PRId64 ",\"web\":%d,\"enrol\":%d,\"tak\":%d,\"names\":",
            CORDON_VERSION, w->h->started_ms, w->port, w->enrol_port, atomic_load(&w->h->tak_port));
    buf_json(b, str_from(names));
    buf_put(b, STR(",\"folder\":"));
    buf_json(b, str_from(w->dir));
    buf_put(b, STR(",\"words\":"));
    buf_json(b, str_from(words));
    buf_put(b, STR(",\"fingerprint\":\""));
    buf_hex(b, print, sizeof print);
    buf_put(b, STR("\",\"certificates\":["));
    for (size_t i = 0; i < COUNTOF(files); i++) {
        if (!pki_span(w->dir, files[i], &span, &e))
            span = (struct pki_span){0};
        buf_fmt(b, "%s{\"file\":\"%s\",\"from\":%" PRId64 ",\"until\":%" PRId64 "}", i ? "," : "", files[i],
                span.from_ms, span.until_ms);
    }
    buf_put(b, STR("]}"));
}

static void get_about(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, put_about, w);
}
