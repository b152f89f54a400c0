#include "edge/marti.h"

#include "edge/byte_range.h"
#include "edge/files_eyes.h"
#include "edge/files_in.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Files of TAK clients: data packages, photos, whatever is sent ("enterprise sync", tak.md 2.4). */

#define READS (METHOD_GET | METHOD_HEAD)

static handler post_upload, post_missionupload, get_missionquery, get_content, get_search, get_api_search,
    get_metadata, put_tool, get_tool, put_keywords, get_keywords, get_delete, get_files_metadata, get_files_count,
    get_file, delete_file;
static body_begin begin_upload, begin_missionupload;

const struct route marti_files_routes[] = {
    {METHOD_POST | METHOD_PUT, "/Marti/sync/upload", RIGHT_CLIENT, false, post_upload, DOOR_WEB, begin_upload},
    {METHOD_POST | METHOD_PUT, "/Marti/sync/missionupload", RIGHT_CLIENT, false, post_missionupload, DOOR_WEB,
     begin_missionupload},
    {READS | METHOD_POST, "/Marti/sync/missionquery", RIGHT_CLIENT, false, get_missionquery, DOOR_WEB, NULL},
    {READS, "/Marti/sync/content", RIGHT_CLIENT, false, get_content, DOOR_WEB, NULL},
    {READS, "/Marti/sync/search", RIGHT_CLIENT, false, get_search, DOOR_WEB, NULL},
    {METHOD_GET | METHOD_DELETE, "/Marti/sync/delete", RIGHT_CLIENT, false, get_delete, DOOR_WEB, NULL},
    {READS, "/Marti/sync/{}/metadata", RIGHT_CLIENT, false, get_metadata, DOOR_WEB, NULL},
    {READS, "/Marti/api/sync/search", RIGHT_CLIENT, false, get_api_search, DOOR_WEB, NULL},
    {METHOD_PUT, "/Marti/api/sync/metadata/{}/tool", RIGHT_CLIENT, false, put_tool, DOOR_WEB, NULL},
    {READS, "/Marti/api/sync/metadata/{}/tool", RIGHT_CLIENT, false, get_tool, DOOR_WEB, NULL},
    {METHOD_PUT, "/Marti/api/sync/metadata/{}/keywords", RIGHT_CLIENT, false, put_keywords, DOOR_WEB, NULL},
    {READS, "/Marti/api/sync/metadata/{}/keywords", RIGHT_CLIENT, false, get_keywords, DOOR_WEB, NULL},
    {READS, "/Marti/api/files/metadata", RIGHT_CLIENT, false, get_files_metadata, DOOR_WEB, NULL},
    {READS, "/Marti/api/files/metadata/count", RIGHT_CLIENT, false, get_files_count, DOOR_WEB, NULL},
    {READS, "/Marti/api/files/{}", RIGHT_CLIENT, false, get_file, DOOR_WEB, NULL},
    {METHOD_DELETE, "/Marti/api/files/{}", RIGHT_CLIENT, false, delete_file, DOOR_WEB, NULL},
};
const size_t marti_files_route_count = COUNTOF(marti_files_routes);

#define RESOURCE "gov.tak.api.comms.takserver.mission.data.Resource"

enum { LIST_MOST = 1000, LIST_USUAL = 300 };

static struct str asked(const struct request *q, struct str name)
{
    struct str value;

    return query_get(q->query, name, &value) ? value : (struct str){0};
}

/* ---- entries as JSON --------------------------------------------------- */

static struct str creator_of(const struct file *x)
{
    return x->creator_uid.len ? x->creator_uid : x->submitter; /* ATAK fails on an entry without one */
}

static int64_t expires_s(const struct file *x)
{
    return x->expires_ms ? x->expires_ms / 1000 : -1;
}

static void put_member(struct buf *b, const char *name, struct str text)
{
    buf_fmt(b, ",\"%s\":", name);
    buf_json(b, text);
}

/* As the older calls have it: numbers are texts. */
static void put_metadata(struct buf *b, const struct file *x)
{
    buf_put(b, STR("{\"UID\":"));
    buf_json(b, x->uid);
    put_member(b, "Name", x->name);
    buf_put(b, STR(",\"Hash\":\""));
    buf_hex(b, x->sha256, SHA256_SIZE);
    buf_fmt(b, "\",\"PrimaryKey\":\"%" PRId64 "\",\"SubmissionDateTime\":\"", x->id);
    marti_time(b, x->submitted_ms);
    buf_byte(b, '"');
    put_member(b, "SubmissionUser", x->submitter);
    put_member(b, "CreatorUid", creator_of(x));
    buf_put(b, STR(",\"Keywords\":["));
    put_list_json(b, x->keywords);
    buf_byte(b, ']');
    put_member(b, "MIMEType", x->mime);
    put_member(b, "Tool", x->tool);
    if (x->has_place)
        buf_fmt(b, ",\"Latitude\":\"%.7f\",\"Longitude\":\"%.7f\"", x->lat, x->lon);
    buf_fmt(b, ",\"Size\":\"%" PRIu64 "\",\"EXPIRATION\":\"%" PRId64 "\"}", x->size, expires_s(x));
}

/* As the newer calls have it. */
static void put_resource(struct buf *b, const struct file *x)
{
    buf_fmt(b, "{\"id\":%" PRId64 ",\"filename\":", x->id);
    buf_json(b, x->name);
    put_member(b, "name", x->name);
    put_member(b, "uid", x->uid);
    buf_put(b, STR(",\"hash\":\""));
    buf_hex(b, x->sha256, SHA256_SIZE);
    buf_put(b, STR("\",\"keywords\":["));
    put_list_json(b, x->keywords);
    buf_byte(b, ']');
    put_member(b, "mimeType", x->mime);
    buf_put(b, STR(",\"submissionTime\":\""));
    marti_time(b, x->submitted_ms);
    buf_byte(b, '"');
    put_member(b, "submitter", x->submitter);
    put_member(b, "creatorUid", creator_of(x));
    put_member(b, "tool", x->tool);
    if (x->has_place)
        buf_fmt(b, ",\"latitude\":%.7f,\"longitude\":%.7f", x->lat, x->lon);
    buf_fmt(b, ",\"size\":%" PRIu64 ",\"expiration\":%" PRId64 "}", x->size, expires_s(x));
}

/* ---- uploads ------------------------------------------------------------ */

static bool begin_upload(struct web *w, struct request *q, struct reply *r, struct sink *s)
{
    bool form = str_starts(q->content_type, STR("multipart/"));
    struct upload_about about = {
        .uid = asked(q, STR("uid")),
        .name = asked(q, STR("name")).len ? asked(q, STR("name")) : asked(q, STR("filename")),
        .mime = asked(q, STR("mimetype")).len ? asked(q, STR("mimetype")) : form ? (struct str){0} : q->content_type,
        .tool = asked(q, STR("tool")),
        .hash = asked(q, STR("hash")),
        .creator_uid = asked(q, STR("creatorUid")),
        .lat = asked(q, STR("latitude")),
        .lon = asked(q, STR("longitude")),
        .expires = asked(q, STR("EXPIRATION")),
        .query = q->query,
    };

    return upload_begin(w, q, r, &about, s);
}

static bool begin_missionupload(struct web *w, struct request *q, struct reply *r, struct sink *s)
{
    struct upload_about about = {
        .uid = asked(q, STR("uid")),
        .name = asked(q, STR("filename")).len ? asked(q, STR("filename")) : asked(q, STR("name")),
        .mime = asked(q, STR("mimetype")),
        .tool = asked(q, STR("tool")),
        .hash = asked(q, STR("hash")),
        .creator_uid = asked(q, STR("creatorUid")),
        .expires = asked(q, STR("EXPIRATION")),
        .query = q->query,
        .is_package = true,
    };

    return upload_begin(w, q, r, &about, s);
}

static void put_entry(void *ctx, struct buf *b)
{
    put_metadata(b, ctx);
}

/* node-tak reads this text itself, and does not when it is application/json. */
static void answer_entry(struct web *w, struct exchange *x, const struct file *entry, struct str host)
{
    struct file copy = *entry;

    (void)w, (void)host;
    marti_text(&x->reply, "text/plain;charset=UTF-8", put_entry, &copy);
}

struct address {
    struct str host;
    const unsigned char *sha256;
};

/* The host as it was asked, so that it is one that the client reaches. */
static void put_address(void *ctx, struct buf *b)
{
    const struct address *a = ctx;

    buf_put(b, STR("https://"));
    buf_put(b, a->host);
    buf_put(b, STR("/Marti/sync/content?hash="));
    buf_hex(b, a->sha256, SHA256_SIZE);
}

static void answer_address(struct web *w, struct exchange *x, const struct file *entry, struct str host)
{
    struct address a = {host, entry->sha256};

    (void)w;
    marti_text(&x->reply, "text/plain;charset=UTF-8", put_address, &a);
}

static void post_upload(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    upload_run(w, q, r, answer_entry);
}

static void post_missionupload(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    upload_run(w, q, r, answer_address);
}

/* ---- one file ------------------------------------------------------------ */

/* The entry of a hash that the client sees: its own before others', the newest first. */
static bool find_by_hash(struct web *w, struct request *q, struct reply *r, struct str hash, struct eyes_found *out)
{
    unsigned char sha256[SHA256_SIZE];
    struct eyes_wanted wanted = {0};

    *out = (struct eyes_found){0};
    if (!hash_take(hash, sha256)) {
        reply_problem(r, 400, "The hash must be a SHA-256 in 64 hex digits.");
        return false;
    }
    wanted.sha256 = sha256;
    if (!eyes_find(w, q, &wanted, r, out))
        return false;
    if (!out->file.is)
        reply_problem(r, 404, "There is no file with this hash, or it is for others.");
    return out->file.is;
}

static void get_missionquery(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct eyes_found found;
    struct address a = {q->host, found.file.sha256};

    (void)now;
    if (find_by_hash(w, q, r, asked(q, STR("hash")), &found))
        marti_text(r, "text/plain;charset=UTF-8", put_address, &a);
}

static void get_content(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct str hash = asked(q, STR("hash")), uid = asked(q, STR("uid"));
    struct eyes_wanted wanted = {.uid = uid};
    struct eyes_found found;

    (void)now;
    if (hash.len) {
        if (find_by_hash(w, q, r, hash, &found))
            reply_found(w, q, r, &found.file);
    } else if (uid.len == 0)
        reply_problem(r, 400, "Say which file: hash= or uid=.");
    else if (eyes_find(w, q, &wanted, r, &found)) {
        if (found.file.is)
            reply_found(w, q, r, &found.file);
        else
            reply_problem(r, 404, "There is no file with this uid, or it is for others.");
    }
}

static void get_file(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct eyes_found found;

    (void)now;
    if (find_by_hash(w, q, r, q->part[0], &found))
        reply_found(w, q, r, &found.file);
}

/* ---- lists --------------------------------------------------------------- */

struct listing {
    struct web *w;
    struct files *files;
    struct files_search search;
    struct eyes *eyes;
    int64_t now_ms, skip, most;
    void (*put)(struct buf *b, const struct file *x);
    struct str uid, hash_text;
    bool has_hash, packages;
    unsigned char sha256[SHA256_SIZE];
    struct err e;
    /* of one walk */
    struct buf *b;
    int64_t seen, written;
    bool failed;
};

static bool fits_listing(const struct listing *l, const struct file *x)
{
    if (l->uid.len && !str_eq(l->uid, x->uid))
        return false;
    if (l->has_hash && memcmp(l->sha256, x->sha256, SHA256_SIZE) != 0)
        return false;
    return !l->packages || files_list_has(x->keywords, STR("missionpackage"));
}

static bool list_one(void *ctx, const struct file *x)
{
    struct listing *l = ctx;

    if (!fits_listing(l, x) || !eyes_see(l->eyes, x))
        return true;
    if (l->seen++ < l->skip)
        return true;
    if (l->written == l->most)
        return false;
    if (l->b) {
        if (l->written)
            buf_byte(l->b, ',');
        l->put(l->b, x);
    }
    l->written++;
    return !l->b || !l->b->full;
}

static void put_rows(struct listing *l, struct buf *b)
{
    l->b = b;
    l->seen = l->written = 0;
    l->failed = !files_search(l->files, &l->search, l->now_ms, list_one, l, &l->e);
}

static bool take_box(struct str text, struct files_search *s)
{
    double *to[] = {&s->west, &s->south, &s->east, &s->north};

    for (size_t i = 0; i < COUNTOF(to); i++) {
        size_t end = str_find_byte(text, ',');

        *to[i] = cot_number(str_trim(str_cut(text, 0, end)));
        if (!isfinite(*to[i]))
            return false;
        text = str_from_at(text, end < text.len ? end + 1 : end);
    }
    s->has_box = true;
    return text.len == 0;
}

static bool take_times(const struct request *q, struct files_search *s)
{
    struct str from = asked(q, STR("startTime")), to = asked(q, STR("endTime"));

    return (from.len == 0 || marti_take_time(from, &s->from_ms)) && (to.len == 0 || marti_take_time(to, &s->to_ms));
}

/* What a query asks for; false: refused, r says why.  Every part is optional. */
static bool take_listing(struct web *w, const struct request *q, struct reply *r, struct now now, struct listing *l)
{
    int64_t limit = LIST_USUAL, page = 0;
    struct str box = asked(q, STR("bbox")), hash = asked(q, STR("hash"));

    *l = (struct listing){.w = w, .now_ms = now.wall_ms, .uid = asked(q, STR("uid"))};
    l->search = (struct files_search){.keywords = asked(q, STR("keywords")), .tool = asked(q, STR("tool")),
                                      .submitter = asked(q, STR("submitter")), .name = asked(q, STR("name")),
                                      .mime = asked(q, STR("mimetype"))};
    if (l->search.keywords.len == 0)
        l->search.keywords = asked(q, STR("keyword"));
    l->packages = str_eq(asked(q, STR("missionPackage")), STR("true"));
    l->has_hash = hash.len > 0;
    if (hash.len && !hash_take(hash, l->sha256))
        reply_problem(r, 400, "The hash must be a SHA-256 in 64 hex digits.");
    else if (box.len && !take_box(box, &l->search))
        reply_problem(r, 400, "bbox is west,south,east,north in degrees.");
    else if (!take_times(q, &l->search))
        reply_problem(r, 400, "startTime and endTime are times like 2026-01-02T03:04:05.000Z.");
    else if (!query_int(q->query, STR("limit"), INT32_MAX, LIST_USUAL, &limit) ||
             !query_int(q->query, STR("page"), INT32_MAX, 0, &page))
        reply_problem(r, 400, "limit and page are whole numbers.");
    else if ((l->files = web_files(w, r)) && (l->eyes = eyes_open(w, &q->client, now.wall_ms, r))) {
        l->most = limit > 0 && limit < LIST_MOST ? limit : LIST_MOST;
        /* The first page is 1, and 0 to who counts from there. */
        l->skip = page > 1 ? (page - 1) * l->most : 0;
        return true;
    }
    return false;
}

static void end_listing(struct listing *l, struct reply *r)
{
    if (l->failed)
        reply_err(r, &l->e);
    eyes_close(l->eyes);
}

static void put_results(void *ctx, struct buf *b)
{
    struct listing *l = ctx;

    put_rows(l, NULL); /* how many there are stands before them */
    buf_fmt(b, "{\"resultCount\":%" PRId64 ",\"results\":[", l->written);
    put_rows(l, b);
    buf_put(b, STR("]}"));
}

static void put_data(void *ctx, struct buf *b)
{
    buf_byte(b, '[');
    put_rows(ctx, b);
    buf_byte(b, ']');
}

static void put_count(void *ctx, struct buf *b)
{
    struct listing *l = ctx;

    l->most = INT64_MAX;
    l->skip = 0;
    put_rows(l, NULL);
    buf_fmt(b, "%" PRId64, l->written);
}

static void get_search(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listing l;

    if (!take_listing(w, q, r, now, &l))
        return;
    l.put = put_metadata;
    marti_bare(r, put_results, &l);
    end_listing(&l, r);
}

static void get_resources(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listing l;

    if (!take_listing(w, q, r, now, &l))
        return;
    l.put = put_resource;
    marti_data(r, RESOURCE, put_data, &l);
    end_listing(&l, r);
}

static void get_api_search(struct web *w, struct request *q, struct reply *r, struct now now)
{
    get_resources(w, q, r, now);
}

static void get_files_metadata(struct web *w, struct request *q, struct reply *r, struct now now)
{
    get_resources(w, q, r, now);
}

static void get_files_count(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listing l;

    if (!take_listing(w, q, r, now, &l))
        return;
    marti_data(r, "java.lang.Integer", put_count, &l);
    end_listing(&l, r);
}

struct one_entry {
    struct eyes *eyes;
    void (*put)(struct buf *b, const struct file *x);
    struct buf *b;
    bool found;
};

static bool put_first(void *ctx, const struct file *x)
{
    struct one_entry *o = ctx;

    if (!eyes_see(o->eyes, x))
        return true;
    o->found = true;
    o->put(o->b, x);
    return false;
}

static void put_tool_text(struct buf *b, const struct file *x)
{
    buf_put(b, x->tool);
}

static void put_keywords_json(struct buf *b, const struct file *x)
{
    buf_byte(b, '[');
    put_list_json(b, x->keywords);
    buf_byte(b, ']');
}

/* A part of the newest entry that the client sees, as text of a type. */
static void get_part(struct web *w, struct request *q, struct reply *r, const char *type,
                     void (*put)(struct buf *b, const struct file *x))
{
    static char text[2 * FILES_LIST + 8192]; /* of the one web thread */
    struct buf b = buf_over(text, sizeof text);
    unsigned char sha256[SHA256_SIZE];
    struct one_entry o = {.put = put, .b = &b};
    struct files *f = web_files(w, r);
    struct err e = {0};

    if (!f)
        return;
    if (!hash_take(q->part[0], sha256)) {
        reply_problem(r, 400, "The hash must be a SHA-256 in 64 hex digits.");
        return;
    }
    o.eyes = eyes_open(w, &q->client, hub_now().wall_ms, r);
    if (!o.eyes)
        return;
    if (!files_by_hash(f, sha256, put_first, &o, &e))
        reply_err(r, &e);
    else if (!o.found)
        reply_problem(r, 404, "There is no file with this hash, or it is for others.");
    else {
        reply_json(r, buf_str(&b));
        r->type = type;
    }
    eyes_close(o.eyes);
}

static void get_metadata(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    get_part(w, q, r, "application/json", put_metadata);
}

static void get_tool(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    get_part(w, q, r, "text/plain;charset=UTF-8", put_tool_text);
}

static void get_keywords(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    get_part(w, q, r, "application/json", put_keywords_json);
}

/* ---- changing and deleting ------------------------------------------------ */

enum { CHANGE_ROOM = 24 * 1024 };

static void put_empty(void *ctx, struct buf *b)
{
    (void)ctx, (void)b;
}

static void changed(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct err e = {.kind = (enum err_kind)head->refused};

    (void)w, (void)ctx;
    if (!x)
        return;
    if (head->ok) {
        marti_text(&x->reply, "text/plain;charset=UTF-8", put_empty, NULL);
        return;
    }
    (void)str_copy(e.text, sizeof e.text, text);
    reply_refused(&x->reply, &e);
}

static void ask(struct web *w, struct request *q, struct reply *r, enum event_id kind, const struct buf *b)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};

    (void)web_ask_then(w, q, r, &head, b, changed, NULL);
}

static void put_hash(struct buf *b, const unsigned char sha256[SHA256_SIZE])
{
    char hex[SHA256_HEX];
    struct buf h = buf_over(hex, sizeof hex);

    buf_hex(&h, sha256, SHA256_SIZE);
    fields_put(b, FIELD_SHA256, buf_str(&h));
}

/* Who has no entry of his own for these bytes and sees one gets one, in his groups: that is how a client
 * publishes what another has sent before. */
static void put_own_copy(struct web *w, const struct request *q, const struct eyes_found *x, struct buf *b)
{
    struct user u;
    struct err e;
    char uid[FILE_UID_MAX];

    secret_token(uid, 16);
    fields_put(b, FIELD_USER, str_from(q->client.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    fields_put(b, FIELD_UID, str_from(uid));
    fields_put(b, FIELD_CREATOR, str_from(x->creator_uid));
    fields_put(b, FIELD_NAME, str_from(x->file.name));
    fields_put_int(b, FIELD_SIZE, (int64_t)x->file.size);
    put_hash(b, x->file.sha256);
    fields_put(b, FIELD_MIME, str_from(x->file.mime));
    fields_put(b, FIELD_SUB_TYPE, STR("file"));
    if (!accounts_user_by_id(w->accounts, q->client.user_id, &u, &e))
        return;
    for (size_t i = 0; i < u.group_count; i++)
        if (u.groups[i].in && u.groups[i].active)
            fields_put(b, FIELD_GROUP, str_from(u.groups[i].name));
    if (u.group_count == 0)
        fields_put(b, FIELD_GROUP, str_from(w->default_group));
}

static void put_change(const struct request *q, const struct eyes_found *x, const char *what, struct buf *b)
{
    fields_put(b, FIELD_USER, str_from(q->client.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    fields_put(b, FIELD_NAME, str_from(x->file.name));
    put_hash(b, x->file.sha256);
    fields_put(b, FIELD_CHANGED, str_from(what));
}

static void put_tool(struct web *w, struct request *q, struct reply *r, struct now now)
{
    static char text[CHANGE_ROOM]; /* of the one web thread */
    struct buf b = buf_over(text, sizeof text);
    struct str tool = str_trim(q->body);
    struct eyes_found found;

    (void)now;
    if (tool.len > 1 && tool.at[0] == '"' && tool.at[tool.len - 1] == '"')
        tool = str_cut(tool, 1, tool.len - 1);
    if (tool.len == 0 || tool.len >= FILE_TOOL_MAX || !text_is_plain(tool, false)) {
        reply_problem(r, 400, "The body is the tool: public, private or a name of at most 63 bytes.");
        return;
    }
    if (!find_by_hash(w, q, r, q->part[0], &found))
        return;
    /* ATAK sets it each time that it sends a package. */
    if (found.own && eyes_have_tool(w, &q->client, found.file.sha256, tool)) {
        marti_text(r, "text/plain;charset=UTF-8", put_empty, NULL);
        return;
    }
    if (found.own)
        put_change(q, &found, "tool", &b);
    else
        put_own_copy(w, q, &found, &b);
    fields_put(&b, FIELD_TOOL, tool);
    ask(w, q, r, found.own ? EV_FILE_CHANGED : EV_FILE_STORED, &b);
}

static bool take_keyword(struct str word, struct buf *b, size_t *count)
{
    if (word.len == 0)
        return true;
    if (word.len > FILE_KEYWORD_MAX || !text_is_plain(word, false) || *count == FILES_KEYWORDS)
        return false;
    ++*count;
    fields_put(b, FIELD_KEYWORD, word);
    return true;
}

/* A JSON list of texts, or words with commas. */
static bool take_keywords(struct str body, struct buf *b)
{
    static char text[WEB_BODY + 16]; /* of the one web thread */
    struct buf wrapped = buf_over(text, sizeof text);
    struct json_value list, item;
    struct json *j = NULL;
    size_t count = 0;
    struct err e;
    bool ok = true;

    if (body.len == 0 || body.at[0] != '[') {
        while (ok && body.len) {
            size_t end = str_find_byte(body, ',');

            ok = take_keyword(str_trim(str_cut(body, 0, end)), b, &count);
            body = str_from_at(body, end < body.len ? end + 1 : end);
        }
        return ok;
    }
    buf_put(&wrapped, STR("{\"list\":")); /* our reader takes objects */
    buf_put(&wrapped, body);
    buf_byte(&wrapped, '}');
    ok = !wrapped.full && json_read(buf_str(&wrapped), &j, &e);
    list = ok ? json_get(json_root(j), "list") : (struct json_value){0};
    for (size_t i = 0; ok && i < json_count(list); i++) {
        item = json_at(list, i);
        ok = json_is(item) == JSON_TEXT && take_keyword(json_as_text(item), b, &count);
    }
    json_drop(j);
    return ok;
}

static void put_keywords(struct web *w, struct request *q, struct reply *r, struct now now)
{
    static char text[CHANGE_ROOM]; /* of the one web thread */
    struct buf b = buf_over(text, sizeof text);
    struct eyes_found found;

    (void)now;
    if (!find_by_hash(w, q, r, q->part[0], &found))
        return;
    if (!found.own) {
        reply_problem(r, 403, "This file is of somebody else; only who sent it changes its keywords.");
        return;
    }
    put_change(q, &found, "keywords", &b);
    if (!take_keywords(str_trim(q->body), &b))
        reply_problem(r, 400, "The body is a JSON list of at most 32 keywords of 128 bytes.");
    else
        ask(w, q, r, EV_FILE_CHANGED, &b);
}

/* one: this entry alone, else all that the client has of these bytes. */
static void delete_found(struct web *w, struct request *q, struct reply *r, const struct eyes_found *found, bool one)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text);

    if (!found->own) {
        reply_problem(r, 403, "This file is of somebody else; who sent it, or the command post, deletes it.");
        return;
    }
    fields_put(&b, FIELD_USER, str_from(q->client.name));
    fields_put(&b, FIELD_ADDRESS, str_from(q->address));
    fields_put(&b, FIELD_NAME, str_from(found->file.name));
    put_hash(&b, found->file.sha256);
    if (one)
        fields_put(&b, FIELD_UID, str_from(found->uid));
    else
        eyes_put_own_uids(w, &q->client, found->file.sha256, &b);
    ask(w, q, r, EV_FILE_DELETED, &b);
}

static void get_delete(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct str hash = asked(q, STR("hash"));
    struct eyes_wanted wanted = {0};
    struct eyes_found found;

    (void)now;
    if (hash.len) {
        if (find_by_hash(w, q, r, hash, &found))
            delete_found(w, q, r, &found, false);
        return;
    }
    if (!query_int(q->query, STR("PrimaryKey"), INT64_MAX / 2, 0, &wanted.id) || wanted.id == 0) {
        reply_problem(r, 400, "Say which file: hash= or PrimaryKey=.");
        return;
    }
    if (!eyes_find(w, q, &wanted, r, &found))
        return;
    if (found.file.is)
        delete_found(w, q, r, &found, true);
    else
        reply_problem(r, 404, "There is no file with this number, or it is for others.");
}

static void delete_file(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct eyes_found found;

    (void)now;
    if (find_by_hash(w, q, r, q->part[0], &found))
        delete_found(w, q, r, &found, false);
}
