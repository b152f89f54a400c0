#include "edge/marti_profile.h"

#include "edge/files_in.h"
#include "edge/json.h"
#include "edge/marti.h"
#include "os/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Device profiles: files that an operator gives to phones when they enrol, when they connect, or to a tool
 * (tak.md 2.6).  What a phone gets is one data package with a manifest, made by the worker. */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_connection, get_tool, get_profiles, post_profile, delete_profile;

const struct route marti_profile_routes[] = {
    {READS, "/Marti/api/device/profile/connection", RIGHT_CLIENT, false, get_connection, DOOR_WEB, NULL},
    {READS, "/Marti/api/device/profile/tool/{*}", RIGHT_CLIENT, false, get_tool, DOOR_WEB, NULL},
    {READS, "/api/profiles", RIGHT_ADMIN, false, get_profiles, DOOR_WEB, NULL},
    {METHOD_POST, "/api/profiles", RIGHT_ADMIN, true, post_profile, DOOR_WEB, NULL},
    {METHOD_DELETE, "/api/profiles/{}", RIGHT_ADMIN, true, delete_profile, DOOR_WEB, NULL},
};
const size_t marti_profile_route_count = COUNTOF(marti_profile_routes);

enum {
    PROFILE_PACK_MAX = 32,          /* files of one answer */
    PROFILE_BYTES_MAX = 48 << 20,   /* of one answer; a phone gets what fits, the newest first */
    PROFILE_ROW = 8192,             /* bytes of a row of the record */
    TEXT_MAX = 64,
};

/* ---- which files ----------------------------------------------------------- */

struct packed {
    char name[FILE_NAME_MAX];
    unsigned char sha256[SHA256_SIZE];
    uint64_t size;
    char *bytes;
};

struct pack {
    struct packed files[PROFILE_PACK_MAX];
    size_t count;
    uint64_t size;
    bool any_older; /* there is something, but nothing new */
    char dir[256], name[TEXT_MAX];
    /* made by the worker */
    char *zip;
    size_t zip_len;
    bool ok;
    struct err err;
};

/* What is asked for: one of the two moments, or a tool. */
struct wanted {
    bool enrolment, connection;
    struct str tool;
    int64_t since_ms; /* only what has changed later; 0: all */
    struct marti_ears ears;
    struct pack *pack;
};

static bool is_for(const struct wanted *x, const struct profile *p)
{
    struct str rest = p->groups, line;

    if (!p->enabled || (x->tool.len ? !str_eq(x->tool, p->tool)
                                    : !((x->enrolment && p->on_enrolment) || (x->connection && p->on_connection))))
        return false;
    if (p->groups.len == 0)
        return true;
    while (files_list_next(&rest, &line))
        if (marti_hears(&x->ears, line))
            return true;
    return false;
}

static bool pick(void *ctx, const struct profile *p)
{
    struct wanted *x = ctx;
    struct pack *k = x->pack;
    struct packed *f;

    if (!is_for(x, p))
        return true;
    if (p->changed_ms <= x->since_ms) {
        k->any_older = true;
        return true;
    }
    if (k->count == PROFILE_PACK_MAX || p->size > PROFILE_BYTES_MAX - k->size)
        return true;
    f = &k->files[k->count++];
    (void)str_copy(f->name, sizeof f->name, p->name);
    memcpy(f->sha256, p->sha256, sizeof f->sha256);
    f->size = p->size;
    k->size += p->size;
    return true;
}

/* ---- the package: in the worker ---------------------------------------------- */

static bool read_file(const struct pack *k, struct packed *f, struct err *e)
{
    uint64_t size = 0, got = 0;
    int fd = blob_open(k->dir, f->sha256, &size);

    if (fd < 0 || size != f->size) {
        if (fd >= 0)
            (void)close(fd);
        return err_set(e, ERR_WORLD, "%s of the profile is not on the disk any more: give it anew", f->name);
    }
    f->bytes = malloc(size ? size : 1);
    while (f->bytes && got < size) {
        ssize_t n = pread(fd, f->bytes + got, size - got, (off_t)got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (uint64_t)n;
    }
    (void)close(fd);
    return (f->bytes && got == size) || err_set(e, ERR_WORLD, "%s of the profile cannot be read", f->name);
}

static void put_manifest(const struct pack *k, struct buf *b)
{
    buf_put(b, STR("<MissionPackageManifest version=\"2\"><Configuration><Parameter name=\"uid\" value=\"cordon-"));
    buf_xml(b, str_from(k->name));
    buf_put(b, STR("\"/><Parameter name=\"name\" value=\""));
    buf_xml(b, str_from(k->name));
    buf_put(b, STR("\"/><Parameter name=\"onReceiveImport\" value=\"true\"/>"
                   "<Parameter name=\"onReceiveDelete\" value=\"true\"/></Configuration><Contents>"));
    for (size_t i = 0; i < k->count; i++) {
        buf_put(b, STR("<Content ignore=\"false\" zipEntry=\""));
        buf_xml(b, str_from(k->files[i].name));
        buf_put(b, STR("\"/>"));
    }
    buf_put(b, STR("</Contents></MissionPackageManifest>"));
}

static bool make_zip(struct pack *k, struct err *e)
{
    char manifest[PROFILE_PACK_MAX * (6 * FILE_NAME_MAX + 64) / 6 + 1024];
    struct buf b = buf_over(manifest, sizeof manifest);
    struct zip_writer *z;
    bool ok = true;

    put_manifest(k, &b);
    if (b.full)
        return err_set(e, ERR_FULL, "the names of the profile's files are too long together");
    if (!zip_write_open(NULL, &z, e))
        return false;
    ok = zip_write_add(z, STR("MANIFEST/manifest.xml"), buf_str(&b), e);
    for (size_t i = 0; ok && i < k->count; i++)
        ok = zip_write_add(z, str_from(k->files[i].name), str_of(k->files[i].bytes, k->files[i].size), e);
    if (ok)
        return zip_write_take(z, &k->zip, &k->zip_len, e);
    zip_write_drop(z);
    return false;
}

static void make_package(void *ctx)
{
    struct pack *k = ctx;

    k->ok = true;
    for (size_t i = 0; k->ok && i < k->count; i++)
        k->ok = read_file(k, &k->files[i], &k->err);
    k->ok = k->ok && make_zip(k, &k->err);
    for (size_t i = 0; i < k->count; i++) {
        free(k->files[i].bytes);
        k->files[i].bytes = NULL;
    }
}

static void package_made(struct web *w, struct exchange *x, void *ctx)
{
    struct pack *k = ctx;

    (void)w;
    if (x && k->ok) {
        x->reply.status = 200;
        x->reply.type = "application/zip";
        x->reply.owned = k->zip;
        x->reply.body = str_of(k->zip, k->zip_len);
        reply_header(&x->reply, "content-disposition", "attachment; filename=\"%s.zip\"", k->name);
        k->zip = NULL;
    } else if (x)
        reply_err(&x->reply, &k->err);
    free(k->zip);
    free(k);
}

/* 200 with a package, 204 when there is nothing for this phone, 304 when it has it all. */
static void answer(struct web *w, struct request *q, struct reply *r, struct wanted *x)
{
    struct files *f = web_files(w, r);
    struct pack *k;
    struct err e = {0};

    if (!f)
        return;
    k = calloc(1, sizeof *k);
    if (!k) {
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment.");
        return;
    }
    x->pack = k;
    (void)str_copy(k->dir, sizeof k->dir, str_from(w->dir));
    (void)str_copy(k->name, sizeof k->name, x->enrolment ? STR("enrolment") : x->connection ? STR("connection")
                                                                            : STR("tool"));
    if (!files_profiles(f, pick, x, &e))
        reply_err(r, &e);
    else if (k->count == 0)
        r->status = k->any_older ? 304 : 204;
    else if (web_work(w, q, r, make_package, package_made, k))
        return;
    free(k);
}

static void get_connection(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct wanted x = {.connection = true};
    int64_t ago;

    if (!query_int(q->query, STR("syncSecago"), INT32_MAX, 0, &ago)) {
        reply_problem(r, 400, "syncSecago is a whole number of seconds.");
        return;
    }
    x.since_ms = ago ? now.wall_ms - ago * 1000 : 0;
    marti_ears(w, &q->client, &x.ears);
    answer(w, q, r, &x);
}

static void get_tool(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct wanted x = {.tool = q->part[0]};
    int64_t ago;

    if (!query_int(q->query, STR("syncSecago"), INT32_MAX, 0, &ago)) {
        reply_problem(r, 400, "syncSecago is a whole number of seconds.");
        return;
    }
    x.since_ms = ago ? now.wall_ms - ago * 1000 : 0;
    marti_ears(w, &q->client, &x.ears);
    answer(w, q, r, &x);
}

void profile_enrolment(struct web *w, struct request *q, struct reply *r, struct profile_groups groups)
{
    struct wanted x = {.enrolment = true};

    for (size_t i = 0; i < groups.count && x.ears.count < USER_GROUPS_MAX; i++)
        if (groups.at[i].out)
            (void)str_copy(x.ears.names[x.ears.count++], GROUP_NAME_MAX, str_from(groups.at[i].name));
    if (w->h->blobs)
        answer(w, q, r, &x);
    else
        r->status = 204;
}

/* ---- the command post ------------------------------------------------------------ */

struct listed {
    struct files *files;
    struct buf *b;
    size_t n;
    bool failed;
    struct err e;
};

static bool list_one(void *ctx, const struct profile *p)
{
    struct listed *l = ctx;
    struct buf *b = l->b;

    if (l->n++)
        buf_byte(b, ',');
    buf_put(b, STR("{\"id\":"));
    buf_json(b, p->uid);
    buf_put(b, STR(",\"name\":"));
    buf_json(b, p->name);
    buf_put(b, STR(",\"sha256\":\""));
    buf_hex(b, p->sha256, SHA256_SIZE);
    buf_fmt(b, "\",\"size\":%" PRIu64 ",\"enabled\":%s,\"when\":[%s%s%s],\"tool\":", p->size,
            p->enabled ? "true" : "false", p->on_enrolment ? "\"enrolment\"" : "",
            p->on_enrolment && p->on_connection ? "," : "", p->on_connection ? "\"connection\"" : "");
    buf_json(b, p->tool);
    buf_put(b, STR(",\"groups\":["));
    put_list_json(b, p->groups);
    buf_fmt(b, "],\"changed\":%" PRId64 ",\"by\":", p->changed_ms);
    buf_json(b, p->by);
    buf_byte(b, '}');
    return true;
}

static void put_profiles(void *ctx, struct buf *b)
{
    struct listed *l = ctx;

    l->b = b;
    l->n = 0;
    buf_put(b, STR("{\"profiles\":["));
    l->failed = !files_profiles(l->files, list_one, l, &l->e);
    buf_put(b, STR("]}"));
}

static void get_profiles(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct listed l = {.files = web_files(w, r)};

    (void)q, (void)now;
    if (!l.files)
        return;
    reply_written(r, put_profiles, &l);
    if (l.failed)
        reply_err(r, &l.e);
}

/* A profile as it is asked for, checked: of a file that was uploaded, or of one in DIR/profiles. */
struct asked_profile {
    struct str id, name, tool, in_folder;
    unsigned char sha256[SHA256_SIZE];
    uint64_t size;
    bool enabled;
};

static bool take_words(struct json_value list, const char *what, enum field tag, struct buf *b, struct err *e)
{
    for (size_t i = 0; i < json_count(list); i++) {
        struct str word = json_as_text(json_at(list, i));

        if (json_is(json_at(list, i)) != JSON_TEXT || word.len == 0 || word.len >= TEXT_MAX ||
            !text_is_plain(word, false))
            return err_set(e, ERR_INPUT, "\"%s\" is a list of texts of at most %d bytes", what, TEXT_MAX - 1);
        if (tag == FIELD_WHEN && !str_eq(word, STR("enrolment")) && !str_eq(word, STR("connection")))
            return err_set(e, ERR_INPUT, "\"when\" holds enrolment and connection only");
        fields_put(b, tag, word);
    }
    return true;
}

static bool find_size(void *ctx, const struct file *x)
{
    struct asked_profile *p = ctx;

    p->size = x->size;
    return x->deleted;
}

static bool is_file_name(struct str s)
{
    return s.len > 0 && s.len < FILE_NAME_MAX && s.at[0] != '.' && text_is_plain(s, false) &&
           str_find_byte(s, '/') == s.len && str_find_byte(s, '\\') == s.len;
}

/* The bytes: those with this hash, which somebody has uploaded. */
static bool take_uploaded(struct files *f, const struct json *j, struct asked_profile *p, struct err *e)
{
    struct str hash;

    if (!json_take_text(j, "sha256", (struct json_length){SHA256_HEX, SHA256_HEX}, &hash, e))
        return false;
    p->size = UINT64_MAX;
    if (!hash_take(hash, p->sha256) || !files_by_hash(f, p->sha256, find_size, p, e))
        return e->kind != ERR_NONE ? false : err_set(e, ERR_INPUT, "\"sha256\" has 64 hex digits");
    if (p->size == UINT64_MAX)
        return err_set(e, ERR_MISSING, "there is no file with this sha256: upload it first");
    return p->size <= PROFILE_BYTES_MAX ||
           err_set(e, ERR_INPUT, "a file of a profile may have at most %d MiB", PROFILE_BYTES_MAX >> 20);
}

static bool take_profile(struct files *f, const struct json *j, struct asked_profile *p, struct err *e)
{
    struct json_value root = json_root(j);

    if (!json_take_text(j, "name", (struct json_length){1, FILE_NAME_MAX - 1}, &p->name, e))
        return false;
    p->tool = json_as_text(json_get(root, "tool"));
    p->enabled = json_as_bool(json_get(root, "enabled"));
    p->in_folder = json_as_text(json_get(root, "file"));
    if (!is_file_name(p->name) || (p->in_folder.len && !is_file_name(p->in_folder)))
        return err_set(e, ERR_INPUT, "\"name\" and \"file\" are names of files without a folder");
    if (p->tool.len >= FILE_TOOL_MAX || !text_is_plain(p->tool, false))
        return err_set(e, ERR_INPUT, "\"tool\" has at most %d bytes", FILE_TOOL_MAX - 1);
    return p->in_folder.len || take_uploaded(f, j, p, e);
}

struct counting {
    struct str id;
    size_t others;
};

static bool count_other(void *ctx, const struct profile *p)
{
    struct counting *c = ctx;

    c->others += !str_eq(c->id, p->uid);
    return true;
}

static bool has_room(struct files *f, struct str id, struct err *e)
{
    struct counting c = {id, 0};

    if (!files_profiles(f, count_other, &c, e))
        return false;
    return c.others < PROFILE_FILES_MAX ||
           err_set(e, ERR_FULL, "there are %d files in profiles, which is the most", PROFILE_FILES_MAX);
}

static void put_who(const struct request *q, struct str id, struct buf *b)
{
    fields_put(b, FIELD_BY, str_from(q->who.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    fields_put(b, FIELD_UID, id);
}

static void put_bytes(const unsigned char sha256[SHA256_SIZE], uint64_t size, struct buf *b)
{
    char hex[SHA256_HEX];
    struct buf h = buf_over(hex, sizeof hex);

    buf_hex(&h, sha256, SHA256_SIZE);
    fields_put(b, FIELD_SHA256, buf_str(&h));
    fields_put_int(b, FIELD_SIZE, (int64_t)size);
}

static void put_row(const struct request *q, const struct asked_profile *p, struct buf *b)
{
    put_who(q, p->id, b);
    fields_put(b, FIELD_NAME, p->name);
    fields_put(b, FIELD_ENABLED, p->enabled ? STR("1") : STR("0"));
    if (p->tool.len)
        fields_put(b, FIELD_TOOL, p->tool);
}

/* A file of DIR/profiles on its way into blobs; the row waits for its hash. */
struct fetching {
    struct blobs *blobs;
    char path[512];
    char row[PROFILE_ROW];
    size_t row_len;
    struct blob_kept kept;
    bool ok;
    struct err err;
};

static bool copy_in(struct fetching *f, int fd, struct blob *b)
{
    char room[8192];
    ssize_t n = 1;

    while (n > 0) {
        n = read(fd, room, sizeof room);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        if (n > 0 && blob_size(b) + (uint64_t)n > PROFILE_BYTES_MAX)
            return err_set(&f->err, ERR_INPUT, "a file of a profile may have at most %d MiB", PROFILE_BYTES_MAX >> 20);
        if (n > 0 && !blob_take(b, str_of(room, (size_t)n), &f->err))
            return false;
    }
    return n == 0 || err_set(&f->err, ERR_WORLD, "%s cannot be read: %s", f->path, strerror(errno));
}

static void fetch(void *ctx)
{
    struct fetching *f = ctx;
    int fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct blob *b = NULL;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        (void)err_set(&f->err, ERR_MISSING, "there is no file %s", f->path);
    else if (blob_begin(f->blobs, 0, &b, &f->err)) {
        if (copy_in(f, fd, b))
            f->ok = blob_end(b, (struct str){0}, &f->kept, &f->err);
        else
            blob_drop(b);
    }
    if (fd >= 0)
        (void)close(fd);
}

static void ask_profile(struct web *w, struct request *q, struct reply *r, const struct buf *b)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_PROFILE_CHANGED, .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};

    web_ask(w, q, r, &head, b);
}

static void fetched(struct web *w, struct exchange *x, void *ctx)
{
    struct fetching *f = ctx;
    struct buf b = buf_over(f->row, sizeof f->row);

    b.len = f->row_len;
    if (x && f->ok) {
        put_bytes(f->kept.sha256, f->kept.size, &b);
        ask_profile(w, &x->request, &x->reply, &b);
    } else if (x)
        reply_files(&x->reply, &f->err);
    free(f);
}

static void fetch_profile(struct web *w, struct request *q, struct reply *r, const struct asked_profile *p,
                          const struct buf *row)
{
    struct fetching *f = calloc(1, sizeof *f);

    if (!f) {
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment.");
        return;
    }
    f->blobs = w->h->blobs;
    f->row_len = row->len;
    memcpy(f->row, row->at, row->len);
    (void)snprintf(f->path, sizeof f->path, "%s/profiles/%.*s", w->dir, STR_ARG(p->in_folder));
    if (!web_work(w, q, r, fetch, fetched, f))
        free(f);
}

static void post_profile(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char text[PROFILE_ROW];
    struct buf b = buf_over(text, sizeof text);
    struct files *f = web_files(w, r);
    struct asked_profile p = {0};
    struct json *j = NULL;
    struct err e = {0};

    (void)now;
    if (!f)
        return;
    if (!json_read(q->body, &j, &e) || !web_take_ticket(j, &p.id, &e) || !take_profile(f, j, &p, &e) ||
        !has_room(f, p.id, &e)) {
        reply_err(r, &e);
        json_drop(j);
        return;
    }
    put_row(q, &p, &b);
    if (!take_words(json_get(json_root(j), "when"), "when", FIELD_WHEN, &b, &e) ||
        !take_words(json_get(json_root(j), "groups"), "groups", FIELD_GROUP, &b, &e))
        reply_err(r, &e);
    else if (b.full)
        reply_problem(r, 413, "These are too many groups.");
    else if (p.in_folder.len)
        fetch_profile(w, q, r, &p, &b);
    else {
        put_bytes(p.sha256, p.size, &b);
        ask_profile(w, q, r, &b);
    }
    json_drop(j);
}

struct sought {
    struct str id;
    bool is;
    char name[FILE_NAME_MAX];
};

static bool seek(void *ctx, const struct profile *p)
{
    struct sought *s = ctx;

    if (!str_eq(s->id, p->uid))
        return true;
    s->is = true;
    (void)str_copy(s->name, sizeof s->name, p->name);
    return false;
}

static void delete_profile(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text);
    struct files *f = web_files(w, r);
    struct sought s = {.id = q->part[0]};
    struct err e = {0};

    (void)now;
    if (!f)
        return;
    if (!files_profiles(f, seek, &s, &e)) {
        reply_err(r, &e);
        return;
    }
    if (!s.is) {
        reply_problem(r, 404, "There is no file of a profile with this id.");
        return;
    }
    put_who(q, s.id, &b);
    fields_put(&b, FIELD_NAME, str_from(s.name));
    fields_put(&b, FIELD_CHANGED, STR("deleted"));
    ask_profile(w, q, r, &b);
}
