#include "edge/web_inner.h"

#include "edge/byte_range.h"
#include "edge/files_in.h"
#include "edge/json.h"

#include <inttypes.h>
#include <stdlib.h>

/* Files as the command post has them: all of them, whoever may load them otherwise. */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_files, get_file, post_file, delete_file;
static body_begin begin_file;

const struct route web_files_routes[] = {
    {READS, "/api/files", RIGHT_PICTURE, false, get_files, DOOR_WEB, NULL},
    {METHOD_POST, "/api/files", RIGHT_WRITES, true, post_file, DOOR_WEB, begin_file},
    {READS, "/api/files/{}", RIGHT_PICTURE, false, get_file, DOOR_WEB, NULL},
    {METHOD_DELETE, "/api/files/{}", RIGHT_WRITES, true, delete_file, DOOR_WEB, NULL},
};
const size_t web_files_route_count = COUNTOF(web_files_routes);

enum { FILES_SHOWN = 1000 };

static struct str asked(const struct request *q, const char *name)
{
    struct str value;

    return query_get(q->query, str_from(name), &value) ? value : (struct str){0};
}

static void put_member(struct buf *b, const char *name, struct str text)
{
    buf_fmt(b, ",\"%s\":", name);
    buf_json(b, text);
}

static void put_list(struct buf *b, const char *name, struct str list)
{
    buf_fmt(b, ",\"%s\":[", name);
    put_list_json(b, list);
    buf_byte(b, ']');
}

static void put_entry(struct buf *b, const struct file *x)
{
    buf_put(b, STR("{\"uid\":"));
    buf_json(b, x->uid);
    put_member(b, "name", x->name);
    buf_put(b, STR(",\"sha256\":\""));
    buf_hex(b, x->sha256, SHA256_SIZE);
    buf_fmt(b, "\",\"size\":%" PRIu64 ",\"at\":%" PRId64 ",\"seq\":%" PRIu64, x->size, x->submitted_ms, x->seq);
    put_member(b, "mime", x->mime);
    put_member(b, "tool", x->tool);
    put_member(b, x->by_operator ? "operator" : "user", x->submitter);
    put_member(b, "callsign", x->callsign);
    put_member(b, "creator", x->creator_uid);
    put_list(b, "keywords", x->keywords);
    put_list(b, "groups", x->groups);
    put_list(b, "pictures", x->images);
    if (x->has_place)
        buf_fmt(b, ",\"lat\":%.7f,\"lon\":%.7f", x->lat, x->lon);
    else
        buf_put(b, STR(",\"lat\":null,\"lon\":null"));
    if (x->expires_ms)
        buf_fmt(b, ",\"expires\":%" PRId64 "}", x->expires_ms);
    else
        buf_put(b, STR(",\"expires\":null}"));
}

struct listing {
    struct web *w;
    struct files *files;
    struct files_search search;
    int64_t now_ms;
    struct buf *b;
    size_t n;
    bool failed;
    struct err e;
};

static bool list_one(void *ctx, const struct file *x)
{
    struct listing *l = ctx;

    if (l->n == FILES_SHOWN)
        return false;
    if (l->n++)
        buf_byte(l->b, ',');
    put_entry(l->b, x);
    return !l->b->full;
}

static void put_files(void *ctx, struct buf *b)
{
    struct listing *l = ctx;
    struct blobs_figures f = blobs_figures(l->w->h->blobs);

    l->b = b;
    l->n = 0;
    buf_fmt(b, "{\"bytes\":%" PRIu64 ",\"quota\":%" PRIu64 ",\"file_max\":%" PRIu64 ",\"files\":[", f.bytes, f.quota,
            f.file_max);
    l->failed = !files_search(l->files, &l->search, l->now_ms, list_one, l, &l->e);
    buf_put(b, STR("]}"));
}

static void get_files(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listing l = {.w = w, .now_ms = now.wall_ms};

    l.search = (struct files_search){.keywords = asked(q, "keywords"), .name = asked(q, "name"),
                                     .tool = asked(q, "tool")};
    l.files = web_files(w, r);
    if (!l.files)
        return;
    reply_written(r, put_files, &l);
    if (l.failed)
        reply_err(r, &l.e);
}

/* ---- one file ------------------------------------------------------------ */

/* Living entries before deleted ones: a report may cite what its phone has deleted. */
static bool find_one(void *ctx, const struct file *x)
{
    struct found_file *f = ctx;

    if (!f->is || !x->deleted)
        found_take(f, x);
    return x->deleted;
}

/* The newest entry of the hash in the path; false: r says why not. */
static bool find(struct web *w, const struct request *q, struct reply *r, struct found_file *f)
{
    unsigned char sha256[SHA256_SIZE];
    struct files *files;
    struct err e = {0};

    *f = (struct found_file){0};
    if (!hash_take(q->part[0], sha256)) {
        reply_problem(r, 400, "The address ends in a SHA-256 of 64 hex digits.");
        return false;
    }
    files = web_files(w, r);
    if (!files)
        return false;
    if (!files_by_hash(files, sha256, find_one, f, &e)) {
        reply_err(r, &e);
        return false;
    }
    if (!f->is)
        reply_problem(r, 404, "There is no file with this hash.");
    return f->is;
}

static void get_file(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct found_file f;

    (void)now;
    if (find(w, q, r, &f))
        reply_found(w, q, r, &f);
}

static bool begin_file(struct web *w, struct request *q, struct reply *r, struct sink *s)
{
    struct upload_about about = {
        .name = asked(q, "name"), .mime = q->content_type, .tool = asked(q, "tool"), .hash = asked(q, "sha256"),
        .lat = asked(q, "lat"),   .lon = asked(q, "lon"),  .query = q->query,
    };

    if (about.name.len == 0) {
        reply_problem_field(r, 400, "The file needs a name.", "name");
        return false;
    }
    return upload_begin(w, q, r, &about, s);
}

static void put_one(void *ctx, struct buf *b)
{
    put_entry(b, ctx);
}

static void answer_entry(struct web *w, struct exchange *x, const struct file *entry, struct str host)
{
    struct file copy = *entry;

    (void)w, (void)host;
    reply_written(&x->reply, put_one, &copy);
}

static void post_file(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    upload_run(w, q, r, answer_entry);
}

/* ---- deleting ------------------------------------------------------------ */

static bool put_living_uid(void *ctx, const struct file *x)
{
    struct buf *b = ctx;

    if (!x->deleted)
        fields_put(b, FIELD_UID, x->uid);
    return !b->full;
}

/* All entries of these bytes, whoever sent them. */
static void delete_file(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_FILE_DELETED, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    static char text[64 * 1024]; /* of the one web thread */
    struct buf b = buf_over(text, sizeof text);
    char hex[SHA256_HEX];
    struct buf h = buf_over(hex, sizeof hex);
    struct found_file f;
    struct err e = {0};

    if (!find(w, q, r, &f))
        return;
    buf_hex(&h, f.sha256, SHA256_SIZE);
    fields_put(&b, FIELD_BY, str_from(q->who.name));
    fields_put(&b, FIELD_ADDRESS, str_from(q->address));
    fields_put(&b, FIELD_NAME, str_from(f.name));
    fields_put(&b, FIELD_SHA256, buf_str(&h));
    if (!files_by_hash(w->files, f.sha256, put_living_uid, &b, &e))
        reply_err(r, &e);
    else
        web_ask(w, q, r, &head, &b);
}
