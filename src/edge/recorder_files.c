#include "edge/recorder_in.h"

#include "core/incident_from_cot.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/blobs.h"

/* files.db is a projection of the journal: rows are applied in the batch's order after its commit and before
 * anybody is answered.  When it refuses (its disk is full, it is damaged) the record goes on, and what is missing
 * is applied from the journal as soon as it works again. */

enum {
    SWEEP_MS = 15000,   /* one of 256 folders: all of them in about an hour */
    SETTLE_MS = 600000, /* a start looks through at most so much of the journal */
};

/* ---- following the journal --------------------------------------------- */

struct catching_up {
    struct files *files;
    struct err *e;
    bool ok;
};

static bool apply_row(void *ctx, const struct journal_row *row)
{
    struct catching_up *c = ctx;
    struct files_row one = {row->seq, row->kind, row->recorded_ms, row->payload};

    if (row->erased || row->damaged)
        return true;
    c->ok = files_apply(c->files, &one, c->e);
    return c->ok;
}

static bool catch_up(struct recorder *r, struct err *e)
{
    struct catching_up c = {r->files, e, true};
    uint64_t head = journal_head(r->journal).seq;

    return files_applied(r->files) <= head &&
           journal_read(r->journal, files_applied(r->files) + 1, files_kinds(), apply_row, &c, e) && c.ok &&
           files_settle(r->files, head, e);
}

/* From nothing, when what is there is damaged or knows of more than the journal has. */
static bool open_anew(struct recorder *r, struct err *e)
{
    files_close(r->files);
    r->files = NULL;
    log_line(LOG_WARN, "files.anew", "note=\"files.db cannot be used and is made again from the record\"");
    return files_forget(r->h->dir, e) && files_open(r->h->dir, false, &r->files, e) && catch_up(r, e);
}

static bool open_and_catch_up(struct recorder *r, struct err *e)
{
    uint64_t head = journal_head(r->journal).seq;

    if (files_open(r->h->dir, false, &r->files, e) && files_applied(r->files) <= head && catch_up(r, e))
        return true;
    if (!files_damaged(r->files) && !(r->files && files_applied(r->files) > head))
        return false;
    return open_anew(r, e);
}

static void set_behind(struct recorder *r, bool behind, const char *why)
{
    if (behind && !r->files_behind)
        log_line(LOG_ERROR, "files.behind", "reason=\"%s\"", why);
    if (!behind && r->files_behind)
        log_line(LOG_INFO, "files.caught_up", "seq=%llu", (unsigned long long)files_applied(r->files));
    r->files_behind = behind;
}

void recorder_files_anew(struct recorder *r)
{
    struct err e = {0};

    if (!r->files)
        return;
    files_close(r->files);
    r->files = NULL;
    if (!files_wipe(r->h->dir, &e) || !files_open(r->h->dir, false, &r->files, &e) || !catch_up(r, &e))
        set_behind(r, true, e.text);
}

static bool take_batch(struct recorder *r, bool *any, struct err *e)
{
    for (size_t i = 0; i < r->entry_count; i++) {
        const struct entry *x = &r->entries[i];
        struct files_row row = {x->seq, x->kind, x->at_ms, x->payload};

        if (!files_takes(x->kind))
            continue;
        *any = true;
        if (!files_apply(r->files, &row, e))
            return false;
    }
    return !*any || files_settle(r->files, journal_head(r->journal).seq, e);
}

void recorder_files_follow(struct recorder *r)
{
    struct err e = {0};
    bool any = false;

    if (r->files && !r->files_behind && !take_batch(r, &any, &e))
        set_behind(r, true, e.text);
}

/* ---- old bytes --------------------------------------------------------- */

static bool entries_refer(void *ctx, const unsigned char sha256[SHA256_SIZE])
{
    struct recorder *r = ctx;
    bool refer = true;
    struct err e;

    /* What cannot be asked is kept. */
    return !files_refer(r->files, sha256, clock_wall_ms(), &refer, &e) || refer;
}

static bool cites(const struct incident *s, struct str origin)
{
    for (uint32_t x = ent_first(s, ENT_REPORT); x; x = ent_next(s, x))
        if (str_eq(ent_get(s, x, IN_ORIGIN), origin))
            return true;
    return false;
}

/* A report of any incident that cites the file, a phone's or one of the command post about a place. */
static bool reports_refer(void *ctx, const unsigned char sha256[SHA256_SIZE])
{
    const struct recorder *r = ctx;
    char hex[SHA256_HEX], id[INCIDENT_ID_MAX], from[INCIDENT_ID_MAX];
    struct buf h = buf_over(hex, sizeof hex), b = buf_over(id, sizeof id), origin = buf_over(from, sizeof from);

    buf_hex(&h, sha256, SHA256_SIZE);
    put_file_report_id(&b, buf_str(&h));
    put_file_origin(&origin, buf_str(&h));
    for (size_t i = 0; i < r->incidents.count; i++)
        if (ent_find(r->incidents.list[i], ENT_REPORT, buf_str(&b)) || cites(r->incidents.list[i], buf_str(&origin)))
            return true;
    return false;
}

static void sweep(struct recorder *r)
{
    size_t gone = 0;
    struct err e;

    if (!blobs_sweep(r->h->blobs, r->sweep_folder++ % BLOBS_FOLDERS, clock_wall_ms() - BLOB_LOOSE_MS, &gone, &e))
        log_line(LOG_WARN, "files.sweep", "reason=\"%s\"", e.text);
    else if (gone)
        log_line(LOG_INFO, "files.swept", "files=%zu", gone);
}

/* ---- steps ------------------------------------------------------------- */

bool recorder_files_open(struct recorder *r, struct err *e)
{
    if (!r->h->blobs)
        return true;
    blobs_ask(r->h->blobs, entries_refer, r);
    blobs_ask(r->h->blobs, reports_refer, r);
    blobs_ask(r->h->blobs, recorder_missions_refer, r);
    return open_and_catch_up(r, e);
}

void recorder_files_second(struct recorder *r, struct now now)
{
    struct err e = {0};

    if (!r->files || r->entry_count > 0)
        return;
    if (r->files_behind) {
        bool ok = files_damaged(r->files) ? open_anew(r, &e) : catch_up(r, &e);

        set_behind(r, !ok, e.text);
    }
    if (r->files_behind)
        return;
    if (now.mono_ms >= r->next_settle_ms) {
        r->next_settle_ms = now.mono_ms + SETTLE_MS;
        if (!files_settle(r->files, journal_head(r->journal).seq, &e))
            set_behind(r, true, e.text);
    }
    /* An exercise's clock is not that of the disk. */
    if (!clock_is_exercise() && now.mono_ms >= r->next_sweep_ms) {
        r->next_sweep_ms = now.mono_ms + SWEEP_MS;
        sweep(r);
    }
}

void recorder_files_close(struct recorder *r)
{
    struct err e;

    if (r->files && !r->files_behind && !files_settle(r->files, journal_head(r->journal).seq, &e))
        log_line(LOG_WARN, "files.settle", "reason=\"%s\"", e.text);
    files_close(r->files);
    r->files = NULL;
}
