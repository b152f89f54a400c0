#include "edge/marti_missions.h"

#include "core/record.h"
#include "edge/files_eyes.h"
#include "edge/files_in.h"
#include "os/zip.h"
#include "wire/cot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

/* A package comes in as a zip: what is an event becomes a map item, what else is in it a file.
 *
 *   begin_package --take--> blob --on_package--> worker: each entry read, files kept under their hash
 *                                    --> file.stored for each, uid.put and file.put: all of them or none
 *
 * A mission goes out as one: MANIFEST/manifest.xml, cot/UID.cot, contents/N_NAME.  When it is sent, that is a file
 * that its addressees are offered, as when a phone sends one. */

static handler on_package, on_archive, on_send;
static body_begin begin_package;

#define PACKAGE "/contents/missionpackage"

const struct route marti_missions_pack_routes[] = {
    {METHOD_PUT, "/Marti/api/missions/guid/{}" PACKAGE, RIGHT_CLIENT, false, on_package, DOOR_WEB, begin_package},
    {METHOD_PUT, "/Marti/api/missions/{}" PACKAGE, RIGHT_CLIENT, false, on_package, DOOR_WEB, begin_package},
    {METHOD_GET, "/Marti/api/missions/guid/{}/archive", RIGHT_CLIENT, false, on_archive, DOOR_WEB, NULL},
    {METHOD_GET, "/Marti/api/missions/{}/archive", RIGHT_CLIENT, false, on_archive, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/missions/guid/{}/send", RIGHT_CLIENT, false, on_send, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/missions/{}/send", RIGHT_CLIENT, false, on_send, DOOR_WEB, NULL},
};
const size_t marti_missions_pack_route_count = COUNTOF(marti_missions_pack_routes);

enum {
    PACKAGE_ENTRIES = MISSION_ONES_MAX / 2,
    PACKAGE_UNPACKED = 512 << 20,
    PACKAGE_FILE = 128 << 20,
    PACKAGE_COTS = 384 * 1024, /* of all events: what one asking takes */
    ARCHIVE_BYTES = 60 << 20,
    ARCHIVE_FILES = 4000,
};

/* ---- what is known of a file ------------------------------------------------ */

struct keying {
    struct mission_call *c;
    struct eyes *eyes;
    bool found;
};

static bool see_file(void *ctx, const struct file *x)
{
    struct keying *k = ctx;
    char number[32];
    struct buf *b = &k->c->one;
    struct str keywords = x->keywords;

    if (!eyes_see(k->eyes, x))
        return true;
    k->found = true;
    if (keywords.len && keywords.at[keywords.len - 1] == '\n')
        keywords.len--;
    mission_put_key(b, MISSION_FILE_UID, x->uid);
    mission_put_key(b, MISSION_FILE_NAME, x->name);
    mission_put_key(b, MISSION_FILE_MIME, x->mime);
    mission_put_key(b, MISSION_FILE_TOOL, x->tool);
    mission_put_key(b, MISSION_FILE_SUBMITTER, x->submitter);
    mission_put_key(b, MISSION_FILE_CREATOR, x->creator_uid.len ? x->creator_uid : x->submitter);
    mission_put_key(b, MISSION_FILE_TAGS, keywords);
    (void)snprintf(number, sizeof number, "%" PRIu64, x->size);
    mission_put_key(b, MISSION_FILE_SIZE, str_from(number));
    (void)snprintf(number, sizeof number, "%" PRId64, x->submitted_ms);
    mission_put_key(b, MISSION_FILE_SUBMITTED, str_from(number));
    (void)snprintf(number, sizeof number, "%" PRId64, x->expires_ms ? x->expires_ms / 1000 : -1);
    mission_put_key(b, MISSION_FILE_EXPIRATION, str_from(number));
    return false;
}

bool mission_file_put_keys(struct mission_call *c, struct str hash)
{
    struct keying k = {.c = c, .eyes = eyes_open(c->w, &c->q->client, c->now.wall_ms, c->r)};
    unsigned char sha256[SHA256_SIZE];
    struct files *f = k.eyes ? web_files(c->w, c->r) : NULL;
    struct err e;
    bool ok = f && hash_take(hash, sha256);

    if (ok && !files_by_hash(f, sha256, see_file, &k, &e)) {
        call_err(c, &e);
        ok = false;
    } else if (ok && !k.found) {
        call_refuse(c, 404, "There is no file with this hash that you may see: upload it first.");
        ok = false;
    }
    eyes_close(k.eyes);
    return ok;
}

/* ---- a package in ------------------------------------------------------------- */

struct package {
    struct blobs *blobs;
    struct blob *blob; /* the zip as it comes in */
    size_t file_count, event_count;
    struct packed_file {
        char name[ZIP_NAME_MAX + 1], uid[40];
        struct blob_kept kept;
    } files[PACKAGE_ENTRIES];
    struct str events[PACKAGE_ENTRIES]; /* in cots */
    char cots[PACKAGE_COTS];
    size_t cots_len;
    struct err err;
    bool ok;
};

static bool take(void *ctx, struct str bytes, struct err *e)
{
    struct package *p = ctx;

    return blob_take(p->blob, bytes, e);
}

static void package_drop(void *ctx)
{
    struct package *p = ctx;

    if (!p)
        return;
    blob_drop(p->blob);
    free(p);
}

static bool begin_package(struct web *w, struct request *q, struct reply *r, struct sink *s)
{
    struct package *p;
    struct err e = {0};

    if (!w->h->blobs) {
        reply_problem(r, 503, "This server keeps no files.");
        return false;
    }
    p = calloc(1, sizeof *p);
    if (!p || !blob_begin(w->h->blobs, q->length, &p->blob, &e)) {
        if (p)
            reply_files(r, &e);
        else
            reply_problem(r, 503, "There is not enough memory; try again in a moment.");
        free(p);
        return false;
    }
    p->blobs = w->h->blobs;
    *s = (struct sink){p, take, package_drop};
    return true;
}

static bool ends_in(struct str name, const char *end)
{
    size_t n = strlen(end);

    return name.len >= n && strncasecmp(name.at + name.len - n, end, n) == 0;
}

/* The name that an entry has without its folders. */
static struct str base_name(struct str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.at[i - 1] == '/')
            return str_from_at(name, i);
    return name;
}

static bool read_event(struct package *p, struct str bytes, struct str name)
{
    struct buf out = buf_over(p->cots + p->cots_len, sizeof p->cots - p->cots_len);
    char *room = malloc(bytes.len + 1);
    struct buf scratch = buf_over(room, bytes.len + 1);
    struct cot c;
    bool ok = room && cot_from_xml(bytes, &scratch, &c, &p->err);

    if (ok)
        cot_to_xml_stripped(&c, &out);
    free(room);
    if (!ok)
        return err_in(&p->err, "%.*s", (int)(name.len < 100 ? name.len : 100), name.at);
    if (out.full)
        return err_set(&p->err, ERR_INPUT, "the package's events are longer than %d KiB in all", PACKAGE_COTS >> 10);
    p->events[p->event_count++] = buf_str(&out);
    p->cots_len += out.len;
    return true;
}

static bool keep_bytes(struct blobs *blobs, struct str bytes, struct blob_kept *kept, struct err *e)
{
    struct blob *b = NULL;

    if (!blob_begin(blobs, bytes.len, &b, e))
        return false;
    if (!blob_take(b, bytes, e)) {
        blob_drop(b);
        return false;
    }
    return blob_end(b, (struct str){0}, kept, e);
}

static bool keep_file(struct package *p, struct str bytes, struct str name)
{
    struct packed_file *f = &p->files[p->file_count];

    (void)str_copy(f->name, sizeof f->name, base_name(name));
    secret_token(f->uid, 16);
    if (!keep_bytes(p->blobs, bytes, &f->kept, &p->err))
        return false;
    p->file_count++;
    return true;
}

static bool take_entry(struct package *p, struct zip_reader *z, size_t i)
{
    struct zip_entry x = zip_entry(z, i);
    bool event = ends_in(x.name, ".cot"), ok;
    size_t n = 0;
    char *bytes;

    if (x.is_dir || ends_in(x.name, "manifest.xml"))
        return true;
    if (p->file_count + p->event_count == PACKAGE_ENTRIES)
        return err_set(&p->err, ERR_INPUT, "the package has more than %d entries", PACKAGE_ENTRIES);
    if (x.size > (event ? LIMIT_EVENT_IN : PACKAGE_FILE))
        return err_set(&p->err, ERR_INPUT, "%.*s is too large", (int)(x.name.len < 100 ? x.name.len : 100), x.name.at);
    bytes = malloc(x.size + 1);
    if (!bytes)
        return err_set(&p->err, ERR_WORLD, "there is not enough memory for the package");
    ok = zip_read(z, i, bytes, x.size, &n, &p->err) &&
         (event ? read_event(p, str_of(bytes, n), x.name) : keep_file(p, str_of(bytes, n), x.name));
    free(bytes);
    return ok;
}

/* In the worker. */
static void unpack(void *ctx)
{
    struct mission_call *c = ctx;
    struct package *p = c->more;
    struct zip_reader *z;

    p->ok = zip_read_open(blob_path(p->blob), PACKAGE_UNPACKED, &z, &p->err);
    if (!p->ok)
        return;
    for (size_t i = 0; p->ok && i < zip_count(z); i++)
        p->ok = take_entry(p, z, i);
    zip_read_close(z);
}

/* The same type as a client would have said, by the end of the name. */
static const char *mime_of(const char *name)
{
    static const struct { const char *end, *mime; } types[] = {
        {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".png", "image/png"}, {".pdf", "application/pdf"},
        {".kml", "application/vnd.google-earth.kml+xml"}, {".zip", "application/x-zip-compressed"},
        {".json", "application/json"}, {".txt", "text/plain"},
    };

    for (size_t i = 0; i < COUNTOF(types); i++)
        if (ends_in(str_from(name), types[i].end))
            return types[i].mime;
    return "application/octet-stream";
}

/* The file's own row, before the change that refers to it; false: the record is full. */
static bool store_file(struct mission_call *c, const struct packed_file *f, struct str hash)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_FILE_STORED, .sender = RING_NO_SENDER,
                            .at_ms = c->now.wall_ms};
    char payload[4096];
    struct buf b = buf_over(payload, sizeof payload);
    struct str lines = c->x.groups;

    fields_put(&b, FIELD_USER, str_from(c->q->client.name));
    fields_put(&b, FIELD_ADDRESS, str_from(c->q->address));
    fields_put(&b, FIELD_UID, str_from(f->uid));
    fields_put(&b, FIELD_CREATOR, call_creator(c));
    fields_put(&b, FIELD_NAME, str_from(f->name));
    fields_put_int(&b, FIELD_SIZE, (int64_t)f->kept.size);
    fields_put(&b, FIELD_SHA256, hash);
    fields_put(&b, FIELD_MIME, str_from(mime_of(f->name)));
    fields_put(&b, FIELD_TOOL, STR("public"));
    fields_put(&b, FIELD_SUB_TYPE, STR("file"));
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        fields_put(&b, FIELD_GROUP, str_cut(lines, 0, end));
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
    return !b.full && hub_ask(c->w->h, &head, buf_str(&b));
}

static void change_file(struct mission_call *c, const struct packed_file *f, struct str hash)
{
    char number[32];

    call_change(c, MISSION_FILE_PUT);
    fields_put(&c->one, FIELD_SHA256, hash);
    mission_put_key(&c->one, MISSION_FILE_UID, str_from(f->uid));
    mission_put_key(&c->one, MISSION_FILE_NAME, str_from(f->name));
    mission_put_key(&c->one, MISSION_FILE_MIME, str_from(mime_of(f->name)));
    mission_put_key(&c->one, MISSION_FILE_TOOL, STR("public"));
    mission_put_key(&c->one, MISSION_FILE_SUBMITTER, str_from(c->q->client.name));
    mission_put_key(&c->one, MISSION_FILE_CREATOR, call_creator(c));
    (void)snprintf(number, sizeof number, "%" PRIu64, f->kept.size);
    mission_put_key(&c->one, MISSION_FILE_SIZE, str_from(number));
    (void)snprintf(number, sizeof number, "%" PRId64, c->now.wall_ms);
    mission_put_key(&c->one, MISSION_FILE_SUBMITTED, str_from(number));
    call_add(c);
}

static bool change_event(struct mission_call *c, struct str xml)
{
    char *room = malloc(xml.len + 1);
    struct buf scratch = buf_over(room, xml.len + 1);
    struct cot cot;
    struct err e;
    bool ok = room && cot_from_xml(xml, &scratch, &cot, &e);

    if (ok) {
        call_change(c, MISSION_UID_PUT);
        fields_put(&c->one, FIELD_UID, cot.uid);
        fields_put(&c->one, FIELD_MISSION_COT, xml);
        call_add(c);
    }
    free(room);
    return ok;
}

static void put_none(void *ctx, struct buf *b)
{
    (void)ctx;
    buf_put(b, STR("[]"));
}

/* No item was in conflict. */
static void show_taken(struct mission_call *c)
{
    marti_data(c->r, "MissionChange", put_none, c);
}

static void unpacked(struct mission_call *c)
{
    struct package *p = c->more;

    if (!p->ok) {
        reply_files(c->r, &p->err);
        return;
    }
    if (p->file_count + p->event_count == 0) {
        call_refuse(c, 400, "There is nothing in the package.");
        return;
    }
    for (size_t i = 0; i < p->file_count; i++) {
        char hex[SHA256_HEX];
        struct buf hash = buf_over(hex, sizeof hex);

        buf_hex(&hash, p->files[i].kept.sha256, SHA256_SIZE);
        if (!store_file(c, &p->files[i], buf_str(&hash))) {
            call_refuse(c, 503, "The record's queue is full. Try again in a moment; the mission is as it was.");
            return;
        }
        change_file(c, &p->files[i], buf_str(&hash));
    }
    for (size_t i = 0; i < p->event_count; i++)
        if (!change_event(c, p->events[i])) {
            call_refuse(c, 503, "There is not enough memory; try again in a moment.");
            return;
        }
    call_send(c, show_taken);
}

static void take_package(struct mission_call *c)
{
    c->more = c->q->sink;
    c->drop = package_drop;
    c->q->sink = NULL;
    if (call_may(c, MISSION_MAY_WRITE))
        call_work(c, unpack, unpacked);
}

static void on_package(struct web *w, struct request *q, struct reply *r, struct now now)
{
    static const struct call_kind kind = {take_package, MISSION_MAY_READ, false};

    call_begin(w, q, r, now, &kind);
    package_drop(q->sink); /* it was refused before it came to that */
    q->sink = NULL;
}

/* ---- a mission out ---------------------------------------------------------------- */

struct archive {
    char dir[256], name[MISSION_NAME_MAX + 1];
    size_t file_count;
    uint64_t bytes;
    struct archived {
        unsigned char sha256[SHA256_SIZE];
        char name[ZIP_NAME_MAX + 1];
        void *at; /* mapped */
        size_t len;
    } *files;
    struct buf manifest, cots; /* cots: name, NUL, length, bytes ... */
    bool full;
    char *zip;
    size_t zip_len;
    struct blobs *blobs; /* it is to be kept as a file and sent; NULL: it is the answer */
    struct packed_file file;
    struct err err;
};

static void archive_drop(void *ctx)
{
    struct archive *a = ctx;

    if (!a)
        return;
    for (size_t i = 0; a->files && i < a->file_count; i++)
        if (a->files[i].at)
            (void)munmap(a->files[i].at, a->files[i].len);
    free(a->files);
    free(a->manifest.at);
    free(a->cots.at);
    free(a->zip);
    free(a);
}

static void put_parameter(struct buf *b, const char *name, struct str value)
{
    buf_fmt(b, "<Parameter name=\"%s\" value=\"", name);
    buf_xml(b, value);
    buf_put(b, STR("\"/>"));
}

/* A name for an entry: what a zip or a disk may take amiss is an underscore. */
static void put_entry_name(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        buf_byte(b, c < 0x20 || c == 0x7F || strchr("/\\:*?\"<>|", (char)c) ? '_' : (char)c);
    }
}

static void put_content(struct archive *a, struct str entry, struct str uid)
{
    buf_put(&a->manifest, STR("<Content ignore=\"false\" zipEntry=\""));
    buf_xml(&a->manifest, entry);
    buf_put(&a->manifest, STR("\">"));
    put_parameter(&a->manifest, uid.len ? "uid" : "contentType", uid.len ? uid : STR("External Native Data"));
    buf_put(&a->manifest, STR("</Content>"));
}

static bool archive_event(void *ctx, const struct mission_item *i)
{
    struct archive *a = ctx;
    char text[ZIP_NAME_MAX + 1];
    struct buf name = buf_over(text, sizeof text - 8);
    uint32_t len = (uint32_t)i->cot.len;

    if (len == 0)
        return true;
    buf_put(&name, STR("cot/"));
    put_entry_name(&name, i->uid);
    buf_fmt(&name, "-%" PRIu64 ".cot", i->seq);
    buf_put(&a->cots, buf_str(&name));
    buf_byte(&a->cots, 0);
    buf_put(&a->cots, str_of(&len, sizeof len));
    buf_put(&a->cots, i->cot);
    put_content(a, buf_str(&name), i->uid);
    a->full |= name.full || a->cots.full || a->manifest.full;
    return !a->full;
}

static bool archive_file(void *ctx, const struct mission_item *i)
{
    struct archive *a = ctx;
    struct archived *f = &a->files[a->file_count];
    struct buf name = buf_over(f->name, sizeof f->name - 1);

    a->bytes += (uint64_t)i->size;
    if (a->file_count == ARCHIVE_FILES || a->bytes > ARCHIVE_BYTES || !hash_take(i->hash, f->sha256)) {
        a->full = true;
        return false;
    }
    buf_fmt(&name, "contents/%zu_", a->file_count);
    put_entry_name(&name, i->name.len ? i->name : i->hash);
    put_content(a, buf_str(&name), (struct str){0});
    a->full |= name.full || a->manifest.full;
    a->file_count++;
    return !a->full;
}

static bool zip_events(struct archive *a, struct zip_writer *z)
{
    struct str rest = buf_str(&a->cots);

    while (rest.len) {
        size_t end = str_find_byte(rest, 0);
        struct str name = str_cut(rest, 0, end);
        uint32_t len;

        memcpy(&len, rest.at + end + 1, sizeof len);
        rest = str_from_at(rest, end + 1 + sizeof len);
        if (!zip_write_add(z, name, str_cut(rest, 0, len), &a->err))
            return false;
        rest = str_from_at(rest, len);
    }
    return true;
}

/* A file whose bytes are gone is left out: the manifest says that it was there. */
static bool zip_files(struct archive *a, struct zip_writer *z)
{
    for (size_t i = 0; i < a->file_count; i++) {
        struct archived *f = &a->files[i];
        uint64_t size = 0;
        int fd = blob_open(a->dir, f->sha256, &size);

        if (fd < 0)
            continue;
        f->at = size && size <= ARCHIVE_BYTES ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
        (void)close(fd);
        if (f->at == MAP_FAILED)
            f->at = NULL;
        f->len = f->at ? size : 0;
        if (!zip_write_add(z, str_from(f->name), str_of(f->at, f->len), &a->err))
            return false;
    }
    return true;
}

/* In the worker. */
static void pack(void *ctx)
{
    struct mission_call *c = ctx;
    struct archive *a = c->more;
    struct zip_writer *z;

    if (!zip_write_open(NULL, &z, &a->err))
        return;
    if (!zip_write_add(z, STR("MANIFEST/manifest.xml"), buf_str(&a->manifest), &a->err) || !zip_events(a, z) ||
        !zip_files(a, z)) {
        zip_write_drop(z);
        return;
    }
    if (!zip_write_take(z, &a->zip, &a->zip_len, &a->err))
        a->zip = NULL;
    if (a->zip && a->blobs && !keep_bytes(a->blobs, str_of(a->zip, a->zip_len), &a->file.kept, &a->err)) {
        free(a->zip);
        a->zip = NULL;
    }
}

static void packed(struct mission_call *c)
{
    struct archive *a = c->more;

    if (!a->zip) {
        call_err(c, &a->err);
        return;
    }
    c->r->owned = a->zip;
    c->r->body = str_of(a->zip, a->zip_len);
    c->r->status = 200;
    c->r->type = "application/zip";
    reply_header(c->r, "content-disposition", "attachment; filename=\"%s.zip\"", c->x.guid);
    a->zip = NULL;
}

static void begin_manifest(struct mission_call *c, struct buf *b)
{
    char number[32];

    (void)snprintf(number, sizeof number, "%" PRId64, c->x.made_ms);
    buf_put(b, STR("<MissionPackageManifest version=\"2\"><Configuration>"));
    put_parameter(b, "uid", str_from(c->x.guid));
    put_parameter(b, "name", str_from(c->x.name));
    put_parameter(b, "mission_guid", str_from(c->x.guid));
    put_parameter(b, "mission_name", str_from(c->x.name));
    put_parameter(b, "creatorUid", c->x.creator);
    put_parameter(b, "create_time", str_from(number));
    put_parameter(b, "description", c->x.attribute[MISSION_DESCRIPTION]);
    put_parameter(b, "tool", c->x.attribute[MISSION_TOOL]);
    put_parameter(b, "onReceiveImport", STR("true"));
    put_parameter(b, "onReceiveDelete", STR("false"));
    buf_put(b, STR("</Configuration><Contents>"));
}

static void name_archive(const struct mission_call *c, struct packed_file *f)
{
    struct buf name = buf_over(f->name, sizeof f->name - 1);

    secret_token(f->uid, 16);
    put_entry_name(&name, str_from(c->x.name));
    buf_put(&name, STR(".zip"));
    f->name[name.len] = 0;
}

/* What the archive will hold; then it is packed, and next(c). */
static void gather(struct mission_call *c, struct blobs *blobs, mission_step *next)
{
    struct archive *a = calloc(1, sizeof *a);
    struct err e = {0};

    c->more = a;
    c->drop = archive_drop;
    if (a) {
        a->manifest = buf_over(malloc(4 << 20), 4 << 20);
        a->cots = buf_over(malloc(32 << 20), 32 << 20);
        a->files = calloc(ARCHIVE_FILES, sizeof *a->files);
        (void)str_copy(a->dir, sizeof a->dir, str_from(c->w->dir));
        a->blobs = blobs;
        name_archive(c, &a->file);
    }
    if (!a || !a->manifest.at || !a->cots.at || !a->files) {
        call_refuse(c, 503, "There is not enough memory; try again in a moment.");
        return;
    }
    begin_manifest(c, &a->manifest);
    if (!missions_items(c->m, MISSIONS_UIDS, c->x.id, archive_event, a, &e) ||
        !missions_items(c->m, MISSIONS_FILES, c->x.id, archive_file, a, &e)) {
        call_err(c, &e);
        return;
    }
    buf_put(&a->manifest, STR("</Contents></MissionPackageManifest>"));
    if (a->full || a->manifest.full)
        call_refuse(c, 413, "The mission is too large for one archive (60 MiB of files, 32 MiB of events): load its "
                            "files one by one.");
    else
        call_work(c, pack, next);
}

static void archive(struct mission_call *c)
{
    gather(c, NULL, packed);
}

static void on_archive(struct web *w, struct request *q, struct reply *r, struct now now)
{
    static const struct call_kind kind = {archive, MISSION_MAY_READ, false};

    call_begin(w, q, r, now, &kind);
}

/* ---- a mission sent ----------------------------------------------------------------- */

static void put_offer(struct mission_call *c, const struct archive *a, struct str hash, struct buf *detail)
{
    buf_put(detail, STR("<fileshare filename=\""));
    buf_xml(detail, str_from(a->file.name));
    buf_put(detail, STR("\" name=\""));
    buf_xml(detail, str_from(c->x.name));
    buf_put(detail, STR("\" senderUrl=\"https://"));
    buf_xml(detail, c->q->host);
    buf_fmt(detail, "/Marti/sync/content?hash=%.*s\" sizeInBytes=\"%" PRIu64 "\" sha256=\"%.*s\" senderUid=\"",
            STR_ARG(hash), a->file.kept.size, STR_ARG(hash));
    buf_xml(detail, call_creator(c));
    buf_put(detail, STR("\" senderCallsign=\""));
    buf_xml(detail, str_from(c->q->client.name));
    buf_put(detail, STR("\"></fileshare>"));
}

/* To those of the query, as far as they hear a group of the mission. */
static bool put_contacts(struct mission_call *c)
{
    struct str uid;
    size_t n = 0;
    struct err e;

    for (; call_each(c, "contacts", n, &uid); n++) {
        if (n == LIMIT_DESTS || !mission_text_fits(uid, LIMIT_UID, "a contact", &e)) {
            call_refuse(c, 400, "contacts are uids of devices, at most 128.");
            return false;
        }
        fields_put(&c->asked, FIELD_TO, uid);
    }
    if (n == 0)
        call_refuse(c, 400, "contacts says to whom.");
    return n > 0;
}

static void offer(struct mission_call *c)
{
    struct archive *a = c->more;
    char hex[SHA256_HEX], detail_text[2048], xml_text[4096];
    struct buf hash = buf_over(hex, sizeof hex), detail = buf_over(detail_text, sizeof detail_text);
    struct buf xml = buf_over(xml_text, sizeof xml_text);
    struct cot cot = {.version = STR("2.0"), .uid = str_from(a->file.uid), .type = STR("b-f-t-r"), .how = STR("h-e"),
                      .time_ms = c->now.wall_ms, .start_ms = c->now.wall_ms, .stale_ms = c->now.wall_ms + 10000,
                      .has_point = true, .from_proto = true};
    struct str lines = c->x.groups;

    if (!a->zip) {
        reply_files(c->r, &a->err);
        return;
    }
    buf_hex(&hash, a->file.kept.sha256, SHA256_SIZE);
    put_offer(c, a, buf_str(&hash), &detail);
    cot.ce.value = cot.le.value = cot.hae.value = COT_UNKNOWN;
    cot.detail = buf_str(&detail);
    cot_to_xml(&cot, &xml);
    if (detail.full || xml.full || !store_file(c, &a->file, buf_str(&hash))) {
        call_refuse(c, 503, "The record's queue is full. Try again in a moment; nothing was sent.");
        return;
    }
    fields_put(&c->asked, FIELD_USER, str_from(c->q->client.name));
    fields_put(&c->asked, FIELD_UID, cot.uid);
    fields_put(&c->asked, FIELD_TYPE, cot.type);
    fields_put(&c->asked, FIELD_NAME, str_from(a->file.name));
    fields_put_int(&c->asked, FIELD_SIZE, (int64_t)a->file.kept.size);
    fields_put(&c->asked, FIELD_SHA256, buf_str(&hash));
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        fields_put(&c->asked, FIELD_GROUP, str_cut(lines, 0, end));
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
    fields_put(&c->asked, FIELD_EVENT_XML, buf_str(&xml));
    call_row(c, EV_FILE_OFFERED, call_mission);
}

static void send_archive(struct mission_call *c)
{
    if (!c->w->h->blobs) {
        call_refuse(c, 503, "This server keeps no files.");
        return;
    }
    if (!put_contacts(c))
        return;
    gather(c, c->w->h->blobs, offer);
}

static void on_send(struct web *w, struct request *q, struct reply *r, struct now now)
{
    static const struct call_kind kind = {send_archive, MISSION_MAY_READ, false};

    call_begin(w, q, r, now, &kind);
}
