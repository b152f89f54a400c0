/* Pulls the plug at a thousand places, and looks whether what was promised is there.
 *
 * Each seed is a run: batches of random size, signed heads, snapshots, states, erasures and tracks,
 * now and then a disk that is full or fails, until the power goes at a random write.  After
 * that the journal must open without a word, hold every row of every commit that said
 * true, and nothing of any other batch but a whole one whose commit was under way.
 *
 * Usage: store_crash_test [FIRST_SEED [COUNT]] */
#include "store/journal.h"
#include "store/tracks.h"
#include "support/crash_vfs.c"
#include "support/folder.h"
#include "support/record.h"

#include <math.h>

enum {
    ROWS_MAX = 4096,
    BATCH_MAX = 24,
    UNDER_WAY_MAX = 16,
    PAYLOAD_ROOM = 8192,
    POINTS_MAX = 8192
};

#define START INT64_C(1760000000000)

static uint64_t first_seed = 1, seed_count = 1000, seed_now;
static char *dir;
static bool in_order; /* the last life ended with a close */

/* What must be there. */
struct promised {
    uint64_t acked;              /* rows whose commit said true */
    struct journal_head head;    /* of them */
    uint32_t batch_of[ROWS_MAX]; /* by seq */
    enum { KEPT, MAYBE_ERASED, ERASED } text_of[ROWS_MAX];
    uint32_t batches;
    struct under_way {
        uint32_t batch;
        uint64_t rows;
    } under_way[UNDER_WAY_MAX]; /* commits that said false or never came back */
    size_t under_way_count;
    /* States: each has a number of its own.  The newest that must be there, and which number was the
     * last when a text was erased: no older one may be there for that row or a later one. */
    uint32_t stamp, state_stamp, erased_stamp[ROWS_MAX];
    uint64_t state_at;
    size_t points_end[POINTS_MAX]; /* tracks: how many points there were after each batch */
    size_t points, point_batches;
};

static struct promised promised;

/* That the runs are not empty ones is part of the test. */
static struct {
    uint64_t cuts, rows, refused_commits, kept_under_way, lost_points, states;
} met;

#define OR_SEED(x)                                                                                 \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("seed %llu: %s, line %d (%s)", (unsigned long long)seed_now, #x, __LINE__,    \
                     refused.text);                                                                \
    } while (0)

/* The payload of a row can be made again from its numbers: "batch:seq:" and filling. */
static struct str payload(uint32_t batch, uint64_t seq, char out[PAYLOAD_ROOM])
{
    uint64_t mix = (seq * 2654435761u + batch * 40503u) % 1009;
    size_t len = mix < 20 ? mix * 300 : mix % 400;
    int n = snprintf(out, PAYLOAD_ROOM, "%u:%llu:", batch, (unsigned long long)seq);

    MUST(n > 0 && (size_t)n + len <= PAYLOAD_ROOM);
    memset(out + n, 'a' + (int)(mix % 26), len);
    return str_of(out, (size_t)n + len);
}

/* ---- the life before the cut ------------------------------------------ */

static void a_batch(struct journal *j, struct promised *p)
{
    uint64_t rows = 1 + crash_dice(BATCH_MAX), seq = 0;
    uint32_t batch = ++p->batches;
    char text[PAYLOAD_ROOM];
    bool ok = true;

    for (uint64_t i = 1; ok && i <= rows; i++) {
        ok = journal_add(j, 1, START, 0, payload(batch, p->acked + i, text), &seq, &refused);
        OR_SEED(!ok || seq == p->acked + i);
    }
    if (ok && crash_dice(25) == 0) {
        journal_rollback(j);
        return;
    }
    if (ok) {
        OR_SEED(p->under_way_count < UNDER_WAY_MAX);
        p->under_way[p->under_way_count++] = (struct under_way){batch, rows};
    }
    ok = journal_commit(j, &refused) && ok;
    OR_SEED(ok || refused.text[0]);
    OR_SEED(journal_head(j).seq == p->acked + (ok ? rows : 0));
    if (!ok) {
        met.refused_commits += !crash_is_dead();
        return;
    }
    met.rows += rows;
    for (uint64_t i = 1; i <= rows; i++)
        p->batch_of[p->acked + i] = batch;
    p->acked += rows;
    p->head = journal_head(j);
    p->under_way_count = 0; /* their pages have been written over, and synced */
}

static void a_state(struct journal *j, struct promised *p)
{
    char text[PAYLOAD_ROOM];
    uint32_t stamp = ++p->stamp;

    if (!journal_put_state(j, p->acked, STR("EX-1"), payload(stamp, p->acked, text), &refused))
        return;
    p->state_at = p->acked;
    p->state_stamp = stamp;
}

static void an_erasure(struct journal *j, struct promised *p)
{
    uint64_t seq = 1 + crash_dice(p->acked);
    bool first = p->text_of[seq] == KEPT, erased;

    if (first)
        p->text_of[seq] = MAYBE_ERASED;
    if (seq <= p->state_at)
        p->state_at = 0;
    erased = journal_erase(j, seq, &refused);
    if (erased)
        p->text_of[seq] = ERASED;
    if (first || erased)
        p->erased_stamp[seq] = p->stamp;
}

static void something_else(struct journal *j, struct promised *p)
{
    uint64_t rows[3] = {1, 2, 3};

    switch (crash_dice(10)) {
    case 0:
        (void)!journal_sign_head(j, START, &refused); /* the disk may be full */
        break;
    case 1:
        if (p->acked > 0)
            (void)!journal_put_snapshot(j, p->acked, rows, 3, &refused);
        break;
    case 2:
        if (p->acked > 0)
            an_erasure(j, p);
        break;
    case 3:
    case 4:
        if (p->acked > 0)
            a_state(j, p);
        break;
    default: journal_idle(j);
    }
}

static void some_points(struct tracks *t, struct promised *p)
{
    struct track_point points[8];
    size_t n = 1 + (size_t)crash_dice(COUNTOF(points));

    if (p->point_batches + 1 >= POINTS_MAX)
        return;
    for (size_t i = 0; i < n; i++)
        points[i] = (struct track_point){.uid = crash_dice(2) ? STR("one") : STR("other"),
                                         .callsign = STR("C"),
                                         .type = STR("a-f-G"),
                                         .at_ms = START + (int64_t)(p->points + i) * 700,
                                         .time_ms = START,
                                         .lat = (double)(p->points + i) * 1e-4,
                                         .lon = 74,
                                         .hae = NAN,
                                         .ce = NAN,
                                         .speed = NAN,
                                         .course = NAN};
    if (!tracks_add(t, points, n, &refused))
        return;
    p->points += n;
    p->points_end[++p->point_batches] = p->points;
}

/* Lives until the power is cut or it has lived enough. */
static void live(struct promised *p, bool faults)
{
    struct journal *j;
    struct tracks *t;

    in_order = false;
    if (!journal_open(dir, &j, &how, &refused)) {
        OR_SEED(crash_is_dead());
        return;
    }
    if (!tracks_open(dir, &t, &refused)) {
        OR_SEED(crash_is_dead());
        journal_close(j);
        return;
    }
    for (int i = 0; i < 40 && !crash_is_dead() && p->acked + BATCH_MAX < ROWS_MAX; i++) {
        bool fault = faults && crash_dice(12) == 0 && p->under_way_count + 2 < UNDER_WAY_MAX;

        if (fault)
            crash_fail((enum crash_op)crash_dice(2), (enum crash_on)crash_dice(3),
                       1 + crash_dice(8), crash_dice(2) ? SQLITE_FULL : SQLITE_IOERR_FSYNC);
        a_batch(j, p);
        if (crash_dice(3) == 0)
            something_else(j, p);
        crash_heal();
        if (crash_dice(2))
            some_points(t, p);
    }
    if (crash_dice(8)) /* now and then it ends in order */
        crash_pull_now();
    in_order = !crash_is_dead();
    journal_close(j);
    tracks_close(t);
    in_order = in_order && !crash_is_dead();
}

/* ---- what is there after it ------------------------------------------- */

struct look {
    uint64_t last;
    uint32_t batch_after; /* of the rows behind the acknowledged ones */
};

static bool look_row(void *ctx, const struct journal_row *row)
{
    struct look *l = ctx;
    struct promised *p = &promised;
    char text[PAYLOAD_ROOM];
    uint32_t batch;

    OR_SEED(row->seq == l->last + 1 && row->seq < ROWS_MAX);
    l->last = row->seq;
    if (row->seq > p->acked) {
        batch = (uint32_t)strtoul(row->payload.at, NULL, 10);
        OR_SEED(l->batch_after == 0 || batch == l->batch_after);
        l->batch_after = batch;
        p->batch_of[row->seq] = batch;
        p->text_of[row->seq] = KEPT;
    }
    OR_SEED(!row->damaged);
    OR_SEED(row->erased ? p->text_of[row->seq] != KEPT : p->text_of[row->seq] != ERASED);
    if (row->erased)
        p->text_of[row->seq] = ERASED;
    else
        OR_SEED(str_eq(row->payload, payload(p->batch_of[row->seq], row->seq, text)));
    return true;
}

/* All states from the newest on: each is what was put, whole, and older than no erasure of its rows. */
static void look_at_states(struct journal *j, struct promised *p, bool lied)
{
    char text[PAYLOAD_ROOM], *bytes;
    uint64_t at_seq, newest = 0;
    size_t len;

    for (uint64_t before = INT64_MAX;; before = at_seq - 1) {
        uint32_t stamp;

        OR_SEED(journal_get_state(j, STR("EX-1"), before, &at_seq, &bytes, &len, &refused) || lied);
        if (!bytes)
            break;
        stamp = (uint32_t)strtoul(bytes, NULL, 10);
        OR_SEED(str_eq(str_of(bytes, len), payload(stamp, at_seq, text)) && stamp <= p->stamp);
        free(bytes);
        met.states++;
        if (lied)
            continue;
        OR_SEED(newest > 0 || at_seq != p->state_at || stamp >= p->state_stamp);
        newest = newest ? newest : at_seq;
        for (uint64_t seq = 1; seq <= at_seq; seq++)
            OR_SEED(p->text_of[seq] != ERASED || stamp > p->erased_stamp[seq]);
    }
    OR_SEED(lied || newest >= p->state_at);
}

static void look_at_journal(struct promised *p)
{
    struct journal *j;
    struct look l = {0};
    struct journal_verify v;
    bool was_under_way = false;

    OR_SEED(journal_open(dir, &j, &how, &refused));
    OR_SEED(!in_order || !how.unclean);
    if (how.note[0])
        fail_msg("seed %llu: %s", (unsigned long long)seed_now, how.note);
    OR_SEED(journal_read(j, 1, NULL, look_row, &l, &refused));
    OR_SEED(l.last == journal_head(j).seq && l.last >= p->acked);
    for (size_t i = 0; i < p->under_way_count; i++)
        was_under_way = was_under_way || (p->under_way[i].batch == l.batch_after &&
                                          p->acked + p->under_way[i].rows == l.last);
    OR_SEED(l.last == p->acked || was_under_way);
    OR_SEED(journal_verify(j, p->acked ? &p->head : NULL, &v, &refused));
    if (v.bad_seq)
        fail_msg("seed %llu: %s", (unsigned long long)seed_now, v.finding);
    look_at_states(j, p, false);
    p->acked = l.last;
    p->head = journal_head(j);
    p->under_way_count = 0;
    journal_close(j);
}

static bool look_point(void *ctx, const struct track_point *point)
{
    size_t *n = ctx;

    OR_SEED(fabs(point->lat - (double)*n * 1e-4) < 1e-6);
    ++*n;
    return true;
}

/* The last batches may be lost, but never a part of one. */
static void look_at_tracks(struct promised *p)
{
    struct tracks *t;
    size_t n = 0, k = 0;

    OR_SEED(tracks_open(dir, &t, &refused));
    OR_SEED(tracks_note(t)[0] == 0);
    OR_SEED(tracks_read(t, STR(""), 0, INT64_MAX, look_point, &n, &refused));
    while (k < p->point_batches && p->points_end[k] < n)
        k++;
    OR_SEED(n == p->points_end[k] || k == p->point_batches);
    OR_SEED(n <= p->points + 8);
    p->points = n;
    p->point_batches = k;
    p->points_end[k] = n;
    tracks_close(t);
}

/* The keys stay from seed to seed: they are not what is tested here. */
static void remove_databases(void)
{
    DIR *d = opendir(dir);
    struct dirent *f;
    char path[600];

    MUST(d);
    while ((f = readdir(d)))
        if (strstr(f->d_name, ".db") || strcmp(f->d_name, "journal.mend") == 0) {
            (void)snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
            MUST(unlink(path) == 0);
        }
    (void)closedir(d);
}

static void each_seed(void (*run)(void), uint64_t count)
{
    uint64_t end = first_seed + count;

    dir = folder_make();
    for (seed_now = first_seed; seed_now < end; seed_now++) {
        remove_databases();
        crash_start(seed_now);
        promised = (struct promised){0};
        run();
    }
    folder_remove(dir);
}

static void some_cuts(void)
{
    uint64_t cuts = 1 + crash_dice(3), acked, points;

    for (uint64_t i = 0; i < cuts; i++) {
        crash_pull_at(1 + crash_dice(crash_dice(4) ? 500 : 40));
        live(&promised, seed_now % 2);
        crash_restart();
        acked = promised.acked;
        points = promised.points;
        look_at_journal(&promised);
        look_at_tracks(&promised);
        met.cuts++;
        met.kept_under_way += promised.acked > acked;
        met.lost_points += promised.points < points;
    }
}

static void what_was_acknowledged_survives_a_power_cut(void **state)
{
    (void)state;
    each_seed(some_cuts, seed_count);
    print_message("%llu cuts, %llu rows acknowledged, %llu commits refused; %llu times the commit "
                  "under way was kept, "
                  "%llu times points were lost, %llu states found\n",
                  (unsigned long long)met.cuts, (unsigned long long)met.rows,
                  (unsigned long long)met.refused_commits, (unsigned long long)met.kept_under_way,
                  (unsigned long long)met.lost_points, (unsigned long long)met.states);
    if (seed_count >= 100)
        assert_true(met.cuts > seed_count && met.rows > 10 * met.cuts &&
                    met.refused_commits > seed_count / 10 && met.kept_under_way > seed_count / 50 &&
                    met.lost_points > seed_count / 50 && met.states > seed_count / 4);
}

/* ---- a disk that lies about syncing ------------------------------------ */

static bool look_any(void *ctx, const struct journal_row *row)
{
    uint64_t *rows = ctx;
    char text[PAYLOAD_ROOM];

    ++*rows;
    if (row->damaged || row->erased || row->seq >= ROWS_MAX)
        return true;
    OR_SEED(str_eq(row->payload,
                   payload((uint32_t)strtoul(row->payload.at, NULL, 10), row->seq, text)));
    return true;
}

/* Nothing can be promised then but this: it starts, by itself or after it was mended, what it
 * shows is what was written, and it goes on. */
static void one_lie(void)
{
    struct journal *j;
    struct tracks *t;
    uint64_t rows, seq;
    struct journal_verify v;
    bool read = false;

    crash_lie(true);
    crash_pull_at(1 + crash_dice(700));
    live(&promised, false);
    crash_restart();
    crash_lie(false);
    for (int tries = 0; !read; tries++) {
        OR_SEED(tries < 3);
        OR_SEED(journal_open(dir, &j, &how, &refused));
        rows = 0;
        read = journal_read(j, 1, NULL, look_any, &rows, &refused) &&
               journal_verify(j, NULL, &v, &refused);
        if (!read)
            journal_close(j);
    }
    look_at_states(j, &promised, true);
    OR_SEED(journal_add(j, 1, START, 0, STR("1:1:"), &seq, &refused));
    OR_SEED(journal_commit(j, &refused));
    journal_close(j);
    OR_SEED(tracks_open(dir, &t, &refused));
    tracks_close(t);
}

static void after_a_lying_disk_it_starts_all_the_same(void **state)
{
    (void)state;
    each_seed(one_lie, (seed_count + 3) / 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_a_power_cut),
        cmocka_unit_test(after_a_lying_disk_it_starts_all_the_same),
    };

    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed_count = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
