#include "edge/files_in.h"

#include "edge/byte_range.h"
#include "edge/marti.h"
#include "edge/multipart.h"
#include "os/log.h"
#include "os/zip.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 16,
    HOST_MAX = 280,
    PAYLOAD_ROOM = 32 * 1024,
    WORDS = 4096,
    REFUSED_MS = 1000,
    FORM_EXTRA = 64 * 1024, /* what a form may have beside its file */
};

struct upload {
    struct blob *blob;
    bool is_form, in_file, had_file;
    struct multipart form;
    unsigned char head[HEAD_BYTES]; /* the first bytes: what kind of file it is */
    size_t head_len;
    bool is_package;
    char uid[FILE_UID_MAX], name[FILE_NAME_MAX], mime[FILE_MIME_MAX], tool[FILE_TOOL_MAX], hash[SHA256_HEX + 1];
    char creator_uid[FILE_NAME_MAX], lat[32], lon[32], host[HOST_MAX];
    int64_t expires_ms;
    char keyword_room[WORDS], group_room[WORDS], picture_room[WORDS];
    struct buf keywords, groups, pictures; /* lines */
    char user[WEB_NAME_MAX], by[WEB_NAME_MAX];
    /* of the sender, when the uid that he gives is his */
    char device[LIMIT_UID + 1], callsign[LIMIT_CALLSIGN + 1];
    char address[WEB_ADDRESS_MAX];
    /* made by the worker */
    struct blob_kept kept;
    bool is_zip, ok;
    struct err err;
    upload_answer *answer;
};

/* ---- small things ----------------------------------------------------- */

struct files *web_files(struct web *w, struct reply *r)
{
    struct err e = {0};

    if (w->files && files_damaged(w->files))
        web_files_close(w);
    if (!w->files && (!w->h->blobs || !files_open(w->dir, true, &w->files, &e))) {
        web_files_close(w);
        reply_problem(r, 503, w->h->blobs ? e.text : "This server keeps no files.");
        return NULL;
    }
    return w->files;
}

void web_files_close(struct web *w)
{
    files_close(w->files);
    w->files = NULL;
}

void reply_files(struct reply *r, const struct err *e)
{
    if (e->kind == ERR_FULL)
        reply_problem(r, 507, e->text);
    else
        reply_err(r, e);
}

bool query_pair(struct str *rest, struct str *name, struct str *value)
{
    char between = str_find_byte(*rest, 0) < rest->len ? '\0' : '&';
    size_t end = str_find_byte(*rest, between), equals;
    struct str pair = str_cut(*rest, 0, end);

    if (rest->len == 0)
        return false;
    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    equals = str_find_byte(pair, '=');
    *name = str_cut(pair, 0, equals);
    *value = str_from_at(pair, equals < pair.len ? equals + 1 : equals);
    return true;
}

bool hash_take(struct str text, unsigned char sha256[SHA256_SIZE])
{
    return text.len == SHA256_HEX && str_from_hex(text, sha256, SHA256_SIZE);
}

void put_list_json(struct buf *b, struct str list)
{
    struct str line;
    bool comma = false;

    while (files_list_next(&list, &line)) {
        if (comma)
            buf_byte(b, ',');
        comma = true;
        buf_json(b, line);
    }
}

/* A line of a list, when it is a word that can stand there and is new. */
static void put_word(struct buf *list, struct str word, size_t max)
{
    word = str_trim(word);
    if (word.len == 0 || word.len > max || !text_is_plain(word, false) || files_list_has(buf_str(list), word) ||
        word.len + 1 > list->max - list->len)
        return;
    buf_put(list, word);
    buf_byte(list, '\n');
}

/* Words with commas between them. */
static void put_words(struct buf *list, struct str words, size_t max)
{
    while (words.len) {
        size_t end = str_find_byte(words, ',');

        put_word(list, str_cut(words, 0, end), max);
        words = str_from_at(words, end < words.len ? end + 1 : end);
    }
}

/* ---- what is said of the file ----------------------------------------- */

static bool text_fits(const char *what, struct str text, char *to, size_t size, struct err *e)
{
    if (text.len >= size)
        return err_set(e, ERR_INPUT, "%s may have at most %zu bytes", what, size - 1);
    if (!text_is_plain(text, false))
        return err_set(e, ERR_INPUT, "%s holds control characters or is not UTF-8", what);
    (void)str_copy(to, size, text);
    return true;
}

/* Seconds since 1970, as the clients say it; milliseconds when it is too large for that; -1 and 0: never. */
static bool take_expires(struct upload *u, struct str text, struct err *e)
{
    int64_t n = -1;

    if (text.len && !str_to_int(text, -1, INT64_MAX / 2000, &n))
        return err_set(e, ERR_INPUT, "EXPIRATION is -1 or a time in seconds since 1970");
    u->expires_ms = n <= 0 ? 0 : n < INT64_C(100000000000) ? n * 1000 : n;
    return true;
}

static bool take_degrees(struct str text, double limit, char to[32])
{
    double d = cot_number(str_trim(text));

    if (isfinite(d) && fabs(d) <= limit)
        (void)str_copy(to, 32, str_trim(text));
    return text.len == 0 || to[0];
}

/* Groups that the sender writes into: all of them, or those that he names. */
static bool take_groups(struct web *w, const struct request *q, struct upload *u, struct err *e)
{
    struct str rest = q->query, name, value;
    char room[WORDS];
    struct buf own = buf_over(room, sizeof room);
    struct user user;

    if (!accounts_user_by_id(w->accounts, q->client.user_id, &user, e))
        return false;
    for (size_t i = 0; i < user.group_count; i++)
        if (user.groups[i].in && user.groups[i].active)
            put_word(&own, str_from(user.groups[i].name), GROUP_NAME_MAX);
    if (user.group_count == 0)
        put_word(&own, str_from(w->default_group), GROUP_NAME_MAX);
    while (query_pair(&rest, &name, &value)) {
        if (name.len != 6 || strncasecmp(name.at, "Groups", 6) != 0 || value.len == 0)
            continue;
        if (!files_list_has(buf_str(&own), value))
            return err_set(e, ERR_DENIED, "you do not write into the group %.*s",
                           STR_ARG(str_cut(value, 0, value.len < GROUP_NAME_MAX ? value.len : GROUP_NAME_MAX)));
        put_word(&u->groups, value, GROUP_NAME_MAX);
    }
    if (u->groups.len == 0)
        buf_put(&u->groups, buf_str(&own));
    return true;
}

/* An operator names groups of phones that may load it; none: the command post alone. */
static void take_operator_groups(const struct request *q, struct upload *u)
{
    struct str rest = q->query, name, value;

    while (query_pair(&rest, &name, &value))
        if (str_eq(name, STR("groups")))
            put_words(&u->groups, value, GROUP_NAME_MAX);
}

static void take_keywords(struct upload *u, struct str query)
{
    struct str name, value;

    if (u->is_package)
        put_word(&u->keywords, STR("missionpackage"), FILE_KEYWORD_MAX);
    while (query_pair(&query, &name, &value))
        if (str_eq(name, STR("keyword")) || str_eq(name, STR("keywords")))
            put_words(&u->keywords, value, FILE_KEYWORD_MAX);
}

static bool take_about(struct upload *u, const struct upload_about *a, struct err *e)
{
    unsigned char sha256[SHA256_SIZE];

    u->keywords = buf_over(u->keyword_room, sizeof u->keyword_room);
    u->groups = buf_over(u->group_room, sizeof u->group_room);
    u->pictures = buf_over(u->picture_room, sizeof u->picture_room);
    u->is_package = a->is_package;
    if (a->hash.len && !hash_take(a->hash, sha256))
        return err_set(e, ERR_INPUT, "the hash must be a SHA-256 in 64 hex digits");
    if (!text_fits("uid", a->uid, u->uid, sizeof u->uid, e) ||
        !text_fits("the name", a->name, u->name, sizeof u->name, e) ||
        !text_fits("the type", a->mime, u->mime, sizeof u->mime, e) ||
        !text_fits("tool", a->tool, u->tool, sizeof u->tool, e) ||
        !text_fits("creatorUid", a->creator_uid, u->creator_uid, sizeof u->creator_uid, e) ||
        !take_expires(u, a->expires, e))
        return false;
    (void)str_copy(u->hash, sizeof u->hash, a->hash);
    if (!take_degrees(a->lat, 90, u->lat) || !take_degrees(a->lon, 180, u->lon))
        return err_set(e, ERR_INPUT, "latitude and longitude are degrees");
    take_keywords(u, a->query);
    return true;
}

/* Nobody writes over the entry of somebody else. */
struct owner_check {
    const struct upload *u;
    bool other;
};

static bool see_owner(void *ctx, const struct file *x)
{
    struct owner_check *c = ctx;
    bool by_operator = c->u->user[0] == 0;

    c->other = by_operator != x->by_operator || !str_eq(x->submitter, str_from(by_operator ? c->u->by : c->u->user));
    return false;
}

static bool uid_is_free(struct web *w, struct upload *u, struct reply *r)
{
    struct files *f = web_files(w, r);
    struct owner_check c = {u, false};
    size_t count = 0;
    struct err e = {0};

    if (!f)
        return false;
    if (!files_count(f, hub_now().wall_ms, &count, &e) ||
        (u->uid[0] && !files_by_uid(f, str_from(u->uid), see_owner, &c, &e)))
        reply_err(r, &e);
    else if (count >= FILES_MAX)
        reply_problem(r, 507, "There are 65536 files, which is the most. Delete some that nobody needs.");
    else if (c.other)
        reply_problem(r, 403, "This uid belongs to a file of somebody else.");
    else
        return true;
    return false;
}

/* ---- receiving -------------------------------------------------------- */

static bool to_blob(struct upload *u, struct str bytes, struct err *e)
{
    for (size_t i = 0; i < bytes.len && u->head_len < HEAD_BYTES; i++)
        u->head[u->head_len++] = (unsigned char)bytes.at[i];
    return blob_take(u->blob, bytes, e);
}

/* The file is the part "assetfile", or the first that has a file's name. */
static bool begin_part(struct upload *u, struct err *e)
{
    const struct multipart_part *p = &u->form.part;
    bool is_file = strcmp(p->name, "assetfile") == 0 || p->filename[0];

    u->in_file = is_file;
    if (!is_file)
        return true;
    if (u->had_file)
        return err_set(e, ERR_INPUT, "the form has more than one file; send one at a time");
    u->had_file = true;
    if (!u->name[0] && text_is_plain(str_from(p->filename), false))
        (void)str_copy(u->name, sizeof u->name, str_from(p->filename));
    if (!u->mime[0] && text_is_plain(str_from(p->type), false))
        (void)str_copy(u->mime, sizeof u->mime, str_from(p->type));
    return true;
}

static bool take(void *ctx, struct str bytes, struct err *e)
{
    struct upload *u = ctx;
    enum multipart_is is;
    struct str part;

    if (!u->is_form)
        return to_blob(u, bytes, e);
    while ((is = multipart_next(&u->form, &bytes, &part, e)) != MULTIPART_MORE) {
        if (is == MULTIPART_BAD || (is == MULTIPART_PART && !begin_part(u, e)) ||
            (is == MULTIPART_BYTES && u->in_file && !to_blob(u, part, e)))
            return false;
        if (is == MULTIPART_END)
            u->in_file = false;
    }
    return true;
}

static void drop(void *ctx)
{
    struct upload *u = ctx;

    blob_drop(u->blob);
    free(u);
}

static bool is_form(struct str type)
{
    struct str form = STR("multipart/form-data");

    return type.len >= form.len && strncasecmp(type.at, form.at, form.len) == 0;
}

static struct upload *upload_new(struct web *w, const struct request *q, const struct upload_about *about,
                                 struct err *e)
{
    struct upload *u = calloc(1, sizeof *u);

    if (!u) {
        (void)err_set(e, ERR_WORLD, "there is not enough memory for another file");
        return NULL;
    }
    (void)str_copy(u->address, sizeof u->address, str_from(q->address));
    (void)str_copy(u->host, sizeof u->host, q->host);
    if (q->client.is)
        (void)str_copy(u->user, sizeof u->user, str_from(q->client.name));
    else
        (void)str_copy(u->by, sizeof u->by, str_from(q->who.name));
    u->is_form = is_form(q->content_type);
    if (!take_about(u, about, e) || (u->user[0] && !take_groups(w, q, u, e)) ||
        (u->is_form && !multipart_begin(&u->form, q->content_type, e))) {
        free(u);
        return NULL;
    }
    if (!u->user[0])
        take_operator_groups(q, u);
    return u;
}

bool upload_begin(struct web *w, struct request *q, struct reply *r, const struct upload_about *about, struct sink *s)
{
    struct blobs_figures figures;
    struct upload *u;
    struct err e = {0};
    uint64_t extra = is_form(q->content_type) ? FORM_EXTRA : 0;
    char why[160];

    if (!w->h->blobs) {
        reply_problem(r, 503, "This server keeps no files.");
        return false;
    }
    figures = blobs_figures(w->h->blobs);
    if (q->length > figures.file_max + extra) {
        (void)snprintf(why, sizeof why, "The file is larger than %" PRIu64 " MiB, which is the most that is taken.",
                       figures.file_max >> 20);
        reply_problem(r, 413, why);
        return false;
    }
    u = upload_new(w, q, about, &e);
    if (!u) {
        reply_files(r, &e);
        return false;
    }
    if (!uid_is_free(w, u, r)) {
        free(u);
        return false;
    }
    if (!blob_begin(w->h->blobs, q->length > figures.file_max ? figures.file_max : q->length, &u->blob, &e)) {
        reply_files(r, &e);
        free(u);
        return false;
    }
    *s = (struct sink){u, take, drop};
    return true;
}

/* ---- keeping: in the worker ------------------------------------------- */

static bool ends_in(struct str name, const char *const *ends)
{
    for (; *ends; ends++) {
        size_t n = strlen(*ends);

        if (name.len > n && strncasecmp(name.at + name.len - n, *ends, n) == 0)
            return true;
    }
    return false;
}

static bool is_picture(struct str name)
{
    static const char *const ends[] = {".jpg", ".jpeg", ".png", ".heic", ".webp", ".gif", ".tif", ".tiff", ".nitf",
                                       ".ntf", NULL};

    return ends_in(name, ends);
}

/* Looks at what is called a data package; a file of another kind is nothing to open. */
static bool inspect(struct upload *u, struct err *e)
{
    static const char *const archives[] = {".zip", ".dpk", ".kmz", NULL};
    bool called = u->is_package || ends_in(str_from(u->name), archives) || strstr(u->mime, "zip") ||
                  files_list_has(buf_str(&u->keywords), STR("missionpackage"));
    struct zip_reader *z;

    u->is_zip = u->head_len >= 4 && (memcmp(u->head, "PK\3\4", 4) == 0 || memcmp(u->head, "PK\5\6", 4) == 0);
    if (!called || !u->is_zip)
        return true;
    if (!zip_read_open(blob_path(u->blob), (uint64_t)UPLOAD_UNPACKED_MAX_MIB << 20, &z, e))
        return err_in(e, "the data package was not taken");
    for (size_t i = 0, n = 0; i < zip_count(z) && n < UPLOAD_PICTURES; i++) {
        struct zip_entry entry = zip_entry(z, i);

        if (entry.is_dir || !is_picture(entry.name))
            continue;
        put_word(&u->pictures, entry.name, ZIP_NAME_MAX);
        n++;
    }
    zip_read_close(z);
    return true;
}

static void keep(void *ctx)
{
    struct upload *u = ctx;

    u->ok = inspect(u, &u->err);
    if (!u->ok) {
        blob_drop(u->blob);
        u->blob = NULL;
        return;
    }
    u->ok = blob_end(u->blob, str_from(u->hash), &u->kept, &u->err);
    u->blob = NULL;
}

/* ---- recording -------------------------------------------------------- */

/* By the first bytes: what a sender says of the type is not always true, and browsers are told what is. */
static const char *sniffed(const struct upload *u)
{
    static const struct {
        size_t at, len;
        const char *bytes, *type;
    } kinds[] = {
        {0, 3, "\xff\xd8\xff", "image/jpeg"}, {0, 8, "\x89PNG\r\n\x1a\n", "image/png"},
        {8, 4, "WEBP", "image/webp"},         {4, 8, "ftypheic", "image/heic"},
        {0, 4, "GIF8", "image/gif"},          {0, 4, "PK\3\4", "application/x-zip-compressed"},
        {0, 4, "%PDF", "application/pdf"},
    };

    for (size_t i = 0; i < COUNTOF(kinds); i++)
        if (u->head_len >= kinds[i].at + kinds[i].len &&
            memcmp(u->head + kinds[i].at, kinds[i].bytes, kinds[i].len) == 0)
            return kinds[i].type;
    return NULL;
}

/* "photo", "package" or "file": what the incident makes of it. */
static const char *kind_of(const struct upload *u)
{
    const char *sniff = sniffed(u);

    if (sniff && strncmp(sniff, "image/", 6) == 0)
        return "photo";
    if (u->is_zip && (u->is_package || files_list_has(buf_str(&u->keywords), STR("missionpackage"))))
        return "package";
    return "file";
}

static void need_mime(struct upload *u)
{
    const char *sniff = sniffed(u);
    bool is_type = strchr(u->mime, '/') && strncmp(u->mime, "multipart/", 10) != 0;

    if (!is_type || strcmp(u->mime, "application/octet-stream") == 0)
        (void)str_copy(u->mime, sizeof u->mime, str_from(sniff ? sniff : "application/octet-stream"));
}

static void need_names(struct upload *u)
{
    unsigned char id[16];
    char text[FILE_NAME_MAX];
    struct buf b = buf_over(text, sizeof text - 1);

    if (!u->uid[0]) {
        struct buf uid = buf_over(u->uid, sizeof u->uid - 1);

        secret_random(id, sizeof id);
        id[6] = (unsigned char)((id[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
        id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
        for (size_t i = 0; i < sizeof id; i++) {
            if (i == 4 || i == 6 || i == 8 || i == 10)
                buf_byte(&uid, '-');
            buf_hex(&uid, &id[i], 1);
        }
    }
    put_file_name(&b, str_from(u->name));
    text[b.len] = 0;
    (void)str_copy(u->name, sizeof u->name, str_from(text));
    if (!u->tool[0])
        (void)str_copy(u->tool, sizeof u->tool, STR("public"));
}

static void put_degrees(double d, char to[32])
{
    (void)snprintf(to, 32, "%.7f", d);
}

/* Who and where the sender is, by the uid that he gives when that is his. */
static void find_sender(struct web *w, const struct client *c, struct upload *u)
{
    const struct unit *x;

    if (!c->is || !u->creator_uid[0])
        return;
    hub_lock(w->h);
    x = units_find(&w->h->river->units, str_from(u->creator_uid));
    if (x && x->holder == c->user_id) {
        (void)str_copy(u->device, sizeof u->device, str_from(u->creator_uid));
        (void)str_copy(u->callsign, sizeof u->callsign, x->callsign);
        if (!u->lat[0] && !u->lon[0] && isfinite(x->lat) && isfinite(x->lon) && (x->lat != 0 || x->lon != 0)) {
            put_degrees(x->lat, u->lat);
            put_degrees(x->lon, u->lon);
        }
    }
    hub_unlock(w->h);
}

static void put_lines(struct buf *b, enum field tag, struct str list)
{
    struct str line;

    while (files_list_next(&list, &line))
        fields_put(b, tag, line);
}

static void put_if(struct buf *b, enum field tag, const char *text)
{
    if (text[0])
        fields_put(b, tag, str_from(text));
}

static void put_payload(const struct upload *u, struct buf *b)
{
    char hex[SHA256_HEX];
    struct buf h = buf_over(hex, sizeof hex);

    buf_hex(&h, u->kept.sha256, SHA256_SIZE);
    put_if(b, FIELD_USER, u->user);
    put_if(b, FIELD_BY, u->by);
    put_if(b, FIELD_ADDRESS, u->address);
    put_if(b, FIELD_UID, u->uid);
    put_if(b, FIELD_FROM_UID, u->device);
    put_if(b, FIELD_CREATOR, u->creator_uid);
    put_if(b, FIELD_CALLSIGN, u->callsign);
    put_if(b, FIELD_NAME, u->name);
    fields_put_int(b, FIELD_SIZE, (int64_t)u->kept.size);
    fields_put(b, FIELD_SHA256, buf_str(&h));
    put_if(b, FIELD_MIME, u->mime);
    put_if(b, FIELD_TOOL, u->tool);
    put_if(b, FIELD_LAT, u->lat);
    put_if(b, FIELD_LON, u->lon);
    put_if(b, FIELD_SUB_TYPE, kind_of(u));
    if (u->expires_ms)
        fields_put_int(b, FIELD_EXPIRES_MS, u->expires_ms);
    put_lines(b, FIELD_KEYWORD, buf_str(&u->keywords));
    put_lines(b, FIELD_GROUP, buf_str(&u->groups));
    put_lines(b, FIELD_IMAGE, buf_str(&u->pictures));
}

struct answering {
    struct web *w;
    struct exchange *x;
    struct upload *u;
    bool done;
};

static bool see_entry(void *ctx, const struct file *entry)
{
    struct answering *a = ctx;

    a->done = true;
    a->u->answer(a->w, a->x, entry, str_from(a->u->host));
    return false;
}

static void recorded(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct upload *u = ctx;
    struct answering a = {w, x, u, false};
    struct files *f;
    struct err e = {.kind = (enum err_kind)head->refused};

    if (x && !head->ok) {
        (void)str_copy(e.text, sizeof e.text, text);
        reply_refused(&x->reply, &e);
    } else if (x && (f = web_files(w, &x->reply))) {
        if (!files_by_uid(f, str_from(u->uid), see_entry, &a, &e))
            reply_err(&x->reply, &e);
        else if (!a.done)
            reply_problem(&x->reply, 503, "The file is recorded, and the list of files is behind. Ask for it in a "
                                          "moment.");
    }
    free(u);
}

/* What came is not what it says it is: in the log, and in the record, so that the command post sees who sends
 * such things; at most one a REFUSED_MS, as each row costs more than its file. */
static void note_refused(struct web *w, const struct upload *u)
{
    struct now now = hub_now();
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_EVENT_REFUSED, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    char payload[2048], user[2 * WEB_NAME_MAX];
    struct buf b = buf_over(payload, sizeof payload);

    log_line(LOG_WARN, "file.refused", "user=%s address=%s reason=\"%s\"",
             log_quote(user, sizeof user, str_from(u->user[0] ? u->user : u->by)), u->address, u->err.text);
    if (u->err.kind != ERR_INPUT || now.mono_ms < w->next_refused_ms)
        return;
    w->next_refused_ms = now.mono_ms + REFUSED_MS;
    put_if(&b, FIELD_USER, u->user);
    put_if(&b, FIELD_BY, u->by);
    put_if(&b, FIELD_ADDRESS, u->address);
    put_if(&b, FIELD_NAME, u->name);
    put_if(&b, FIELD_REASON, u->err.text);
    if (b.full || !hub_ask(w->h, &head, buf_str(&b)))
        log_line(LOG_ERROR, "record.full", "lost=%s", event_tag(EV_EVENT_REFUSED));
}

static void kept(struct web *w, struct exchange *x, void *ctx)
{
    struct upload *u = ctx;
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_FILE_STORED, .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};
    char *memory;
    struct buf b;

    blob_drop(u->blob); /* only when the worker was ended before */
    if (!x || !u->ok) {
        if (!u->ok && u->err.kind != ERR_NONE)
            note_refused(w, u);
        if (x)
            reply_files(&x->reply, &u->err);
        free(u);
        return;
    }
    memory = malloc(PAYLOAD_ROOM);
    if (!memory) {
        reply_problem(&x->reply, 503, "There is not enough memory just now. Try again in a moment.");
        free(u);
        return;
    }
    need_mime(u);
    need_names(u);
    find_sender(w, &x->request.client, u);
    b = buf_over(memory, PAYLOAD_ROOM);
    put_payload(u, &b);
    if (!web_ask_then(w, &x->request, &x->reply, &head, &b, recorded, u))
        free(u);
    free(memory);
}

void upload_run(struct web *w, struct request *q, struct reply *r, upload_answer *answer)
{
    struct upload *u = q->sink;

    MUST(u);
    u->answer = answer;
    if (u->is_form && !(multipart_is_whole(&u->form) && u->had_file))
        reply_problem(r, 400, u->had_file ? "The form ends in the middle; send the file again."
                                          : "The form holds no file: its part must be called assetfile.");
    else if (web_work(w, q, r, keep, kept, u))
        return;
    drop(u);
}

/* ---- downloads -------------------------------------------------------- */

void found_take(struct found_file *f, const struct file *x)
{
    f->is = true;
    (void)str_copy(f->name, sizeof f->name, x->name);
    (void)str_copy(f->mime, sizeof f->mime, x->mime);
    memcpy(f->sha256, x->sha256, sizeof f->sha256);
    f->size = x->size;
}

/* Sent with each file: whatever it is, a browser does not open it as a page of ours. */
static void put_file_headers(struct reply *r, const struct found_file *f, const char *etag)
{
    char text[1024];
    struct buf b = buf_over(text, sizeof text - 1);

    put_disposition(&b, str_from(f->name));
    MUST(!b.full); /* a name has at most 200 bytes */
    text[b.len] = 0;
    reply_header(r, "etag", "%s", etag);
    reply_header(r, "accept-ranges", "bytes");
    reply_header(r, "content-security-policy", "sandbox; default-src 'none'");
    reply_header(r, "content-disposition", "%s", text);
}

/* Which bytes: Range, or what old clients write into the query. */
static struct byte_range asked_range(const struct request *q, const char *etag, uint64_t size)
{
    struct byte_range r = {BYTES_WHOLE, 0, size};
    int64_t offset;

    if (q->range.len && if_range_fits(q->if_range, str_from(etag)))
        return byte_range(q->range, size);
    if (!query_int(q->query, STR("offset"), INT64_MAX / 2, 0, &offset) || (uint64_t)offset > size)
        return (struct byte_range){BYTES_NONE, 0, 0};
    r.from = (uint64_t)offset;
    r.len = size - r.from;
    return r;
}

void reply_found(struct web *w, const struct request *q, struct reply *r, const struct found_file *f)
{
    char etag[SHA256_HEX + 3] = "\"";
    struct buf b = buf_over(etag + 1, SHA256_HEX + 1);
    struct byte_range range;
    uint64_t size = 0;
    int fd;

    buf_hex(&b, f->sha256, SHA256_SIZE);
    buf_byte(&b, '"');
    fd = blob_open(w->dir, f->sha256, &size);
    if (fd < 0 || size != f->size) {
        if (fd >= 0)
            (void)close(fd);
        reply_problem(r, fd < 0 ? 404 : 503, fd < 0 ? "The bytes of this file are not here any more."
                                                    : "The file on the disk is damaged: see cordon verify --files.");
        return;
    }
    range = asked_range(q, etag, size);
    if (q->if_none_match.len && if_none_match_fits(q->if_none_match, str_from(etag))) {
        r->status = 304;
        reply_header(r, "etag", "%s", etag);
    } else if (range.are == BYTES_NONE) {
        reply_problem(r, 416, "The range lies behind the end of the file.");
        reply_header(r, "content-range", "bytes */%" PRIu64, size);
    } else {
        put_file_headers(r, f, etag);
        reply_header(r, "content-type", "%s", f->mime);
        if (range.are == BYTES_PART)
            reply_header(r, "content-range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.from,
                         range.from + range.len - 1, size);
        r->status = range.are == BYTES_PART ? 206 : 200;
        reply_file(r, fd, range.from, range.len);
        return;
    }
    (void)close(fd);
}
