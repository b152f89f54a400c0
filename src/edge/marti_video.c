#include "edge/marti.h"

#include "wire/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Sources of video that TAK clients share: /Marti/vcm as XML (a feed each), /Marti/api/video as JSON (a connection with
 * feeds). tak.md 2.6
 *
 * A connection is kept as the JSON that goes out, and is of the groups that its maker writes into. Who hears it may
 * change it; the record has who did. The command post sees all of them; who writes there, or administers, may change
 * them, and names the groups that a new one is for. */

enum {
    TEXT_MAX = 1024, /* bytes of a value */
    FEEDS_MAX = 32,  /* of a connection */
    PUTS_MAX = 64,   /* connections of one request */
    PAYLOAD_ROOM = VIDEO_JSON + VIDEO_GROUPS + 4096,
};

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_vcm, post_vcm, get_videos, post_videos, get_video, put_video, delete_video;

const struct route marti_video_routes[] = {
    {READS, "/Marti/vcm", RIGHT_CLIENT, false, get_vcm, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/vcm", RIGHT_CLIENT, false, post_vcm, DOOR_WEB, NULL},
    {READS, "/Marti/api/video", RIGHT_CLIENT_OR_OPERATOR, false, get_videos, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/video", RIGHT_CLIENT_OR_OPERATOR, true, post_videos, DOOR_WEB, NULL},
    {READS, "/Marti/api/video/{*}", RIGHT_CLIENT_OR_OPERATOR, false, get_video, DOOR_WEB, NULL},
    {METHOD_PUT, "/Marti/api/video/{*}", RIGHT_CLIENT_OR_OPERATOR, true, put_video, DOOR_WEB, NULL},
    {METHOD_DELETE, "/Marti/api/video/{*}", RIGHT_CLIENT_OR_OPERATOR, true, delete_video, DOOR_WEB, NULL},
};
const size_t marti_video_route_count = COUNTOF(marti_video_routes);

/* ---- a feed's members --------------------------------------------------- */

enum member_is { IS_TEXT, IS_TEXT_OR_NULL, IS_WHOLE_OR_NULL, IS_YES_NO };

/* vcm: the element of /Marti/vcm that says the same. */
static const struct member {
    const char *name, *vcm;
    enum member_is is;
} members[] = {
    {"uuid", "uid", IS_TEXT},
    {"active", "active", IS_YES_NO},
    {"alias", "alias", IS_TEXT},
    {"url", NULL, IS_TEXT}, /* of protocol, address, port and path */
    {"order", NULL, IS_WHOLE_OR_NULL},
    {"macAddress", NULL, IS_TEXT},
    {"roverPort", "roverPort", IS_TEXT},
    {"ignoreEmbeddedKLV", "ignoreEmbeddedKLV", IS_TEXT},
    {"source", NULL, IS_TEXT_OR_NULL},
    {"networkTimeout", "timeout", IS_TEXT},
    {"bufferTime", "buffer", IS_TEXT},
    {"rtspReliable", "rtspReliable", IS_TEXT},
    {"thumbnail", "thumbnail", IS_TEXT_OR_NULL},
    {"classification", "classification", IS_TEXT_OR_NULL},
    {"latitude", "latitude", IS_TEXT_OR_NULL},
    {"longitude", "longitude", IS_TEXT_OR_NULL},
    {"fov", "fov", IS_TEXT_OR_NULL},
    {"heading", "heading", IS_TEXT_OR_NULL},
    {"range", "range", IS_TEXT_OR_NULL},
    {"width", NULL, IS_WHOLE_OR_NULL},
    {"height", NULL, IS_WHOLE_OR_NULL},
    {"bitrate", NULL, IS_WHOLE_OR_NULL},
};
enum { MEMBER_UUID = 0, MEMBER_ACTIVE = 1, MEMBER_ALIAS = 2, MEMBER_URL = 3 };

static bool fits(struct str text, const char *name, struct err *e)
{
    if (text.len <= TEXT_MAX && text_is_plain(text, false))
        return true;
    return err_set(e, ERR_INPUT, "%s has at most %d bytes and no control characters.", name, TEXT_MAX);
}

/* The value of a member as text: clients write numbers with and without quotes. */
static bool text_of(struct json_value v, const struct member *m, char out[TEXT_MAX + 1], struct err *e)
{
    struct str text = json_as_text(v);

    out[0] = 0;
    switch (json_is(v)) {
    case JSON_TEXT: return fits(text, m->name, e) && str_copy(out, TEXT_MAX + 1, text);
    case JSON_WHOLE: (void)snprintf(out, TEXT_MAX + 1, "%" PRId64, json_as_whole(v)); return true;
    case JSON_FRACTION: (void)snprintf(out, TEXT_MAX + 1, "%.7g", json_as_number(v)); return true;
    case JSON_YES_NO: (void)snprintf(out, TEXT_MAX + 1, "%s", json_as_bool(v) ? "true" : "false"); return true;
    case JSON_MISSING:
    case JSON_IS_NULL: return true;
    case JSON_LIST:
    case JSON_IS_OBJECT: break;
    }
    return err_set(e, ERR_INPUT, "%s is a text, a number, true or false.", m->name);
}

/* "name":value in the member's own type. */
static void put_member(const struct member *m, const char *text, struct buf *b)
{
    int64_t whole;

    buf_fmt(b, "\"%s\":", m->name);
    if (m->is == IS_YES_NO)
        buf_put(b, strcmp(text, "false") == 0 ? STR("false") : STR("true"));
    else if (m->is == IS_WHOLE_OR_NULL && str_to_int(str_from(text), INT32_MIN, INT32_MAX, &whole))
        buf_fmt(b, "%" PRId64, whole);
    else if (m->is == IS_WHOLE_OR_NULL || (m->is == IS_TEXT_OR_NULL && !text[0]))
        buf_put(b, STR("null"));
    else
        buf_json(b, str_from(text));
}

static bool take_feed(struct json_value feed, struct buf *b, struct err *e)
{
    char text[TEXT_MAX + 1];

    if (json_is(feed) != JSON_IS_OBJECT)
        return err_set(e, ERR_INPUT, "A feed is an object.");
    for (size_t i = 0; i < COUNTOF(members); i++) {
        buf_byte(b, i ? ',' : '{');
        if (!text_of(json_get(feed, members[i].name), &members[i], text, e))
            return false;
        if (i == MEMBER_UUID && !text[0])
            secret_token(text, 16);
        if (i == MEMBER_URL && !text[0])
            return err_set(e, ERR_INPUT, "A feed has a url.");
        put_member(&members[i], text, b);
    }
    buf_byte(b, '}');
    return true;
}

/* ---- what is put -------------------------------------------------------- */

struct put {
    char uid[VIDEO_UID_MAX + 1], alias[TEXT_MAX + 1];
    char groups[VIDEO_GROUPS]; /* each ended by LF */
    char json[VIDEO_JSON];
    size_t len;
};

/* Rows on their way into the record, one after the other; then the answer. */
struct putting {
    struct put *puts[PUTS_MAX];
    size_t count, next;
    char user[USER_NAME_MAX], by[WEB_NAME_MAX], address[WEB_ADDRESS_MAX]; /* a TAK user's, or an operator's name */
    char groups[VIDEO_GROUPS]; /* of what is new, each ended by LF */
    bool drops;                /* video.deleted, of puts[0] */
};

static void putting_free(struct putting *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->puts[i]);
    free(p);
}

static struct put *put_new(struct putting *p, struct err *e)
{
    if (p->count == PUTS_MAX) {
        (void)err_set(e, ERR_INPUT, "One request may bring %d sources of video.", PUTS_MAX);
        return NULL;
    }
    p->puts[p->count] = calloc(1, sizeof *p->puts[0]);
    if (!p->puts[p->count]) {
        (void)err_set(e, ERR_FULL, "There is not enough memory just now.");
        return NULL;
    }
    return p->puts[p->count++];
}

static bool is_off(struct json_value v)
{
    return json_is(v) == JSON_YES_NO && !json_as_bool(v);
}

/* A connection of JSON; uid: the one of the address, or empty. */
static bool take_connection(struct putting *p, struct json_value c, struct str uid, struct err *e)
{
    static const struct member nullable[] = {{"thumbnail", NULL, IS_TEXT_OR_NULL},
                                             {"classification", NULL, IS_TEXT_OR_NULL}};
    struct json_value feeds = json_get(c, "feeds");
    struct put *put = put_new(p, e);
    char text[TEXT_MAX + 1];
    struct buf b;

    if (!put)
        return false;
    b = buf_over(put->json, sizeof put->json);
    if (json_is(c) != JSON_IS_OBJECT || json_count(feeds) > FEEDS_MAX)
        return err_set(e, ERR_INPUT, "A connection is an object with at most %d feeds.", FEEDS_MAX);
    if (!text_of(json_get(c, "uuid"), &members[MEMBER_UUID], text, e))
        return false;
    if (uid.len)
        (void)str_copy(text, sizeof text, uid);
    if (!text[0])
        secret_token(text, 16);
    if (!str_copy(put->uid, sizeof put->uid, str_from(text)) || !fits(str_from(put->uid), "uuid", e))
        return err_set(e, ERR_INPUT, "uuid has at most %d bytes.", VIDEO_UID_MAX);
    buf_byte(&b, '{');
    put_member(&members[MEMBER_UUID], put->uid, &b);
    buf_byte(&b, ',');
    put_member(&members[MEMBER_ACTIVE], is_off(json_get(c, "active")) ? "false" : "true", &b);
    if (!text_of(json_get(c, "alias"), &members[MEMBER_ALIAS], put->alias, e))
        return false;
    buf_byte(&b, ',');
    put_member(&members[MEMBER_ALIAS], put->alias, &b);
    for (size_t i = 0; i < COUNTOF(nullable); i++) {
        if (!text_of(json_get(c, nullable[i].name), &nullable[i], text, e))
            return false;
        buf_byte(&b, ',');
        put_member(&nullable[i], text, &b);
    }
    buf_put(&b, STR(",\"feeds\":["));
    for (size_t i = 0; i < json_count(feeds); i++) {
        if (i)
            buf_byte(&b, ',');
        if (!take_feed(json_at(feeds, i), &b, e))
            return false;
    }
    buf_put(&b, STR("]}"));
    put->len = b.len;
    return !b.full || err_set(e, ERR_INPUT, "A connection has at most %d bytes.", VIDEO_JSON);
}

/* ---- /Marti/vcm --------------------------------------------------------- */

/* One <feed>: the texts of its elements, by member, and what the url is made of. */
struct vcm {
    char member[COUNTOF(members)][TEXT_MAX + 1];
    char protocol[64], address[TEXT_MAX + 1], port[16], path[TEXT_MAX + 1];
};

static bool keep_text(struct vcm *v, struct str name, struct str text, struct err *e)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } parts[] = {{"protocol", v->protocol, sizeof v->protocol},
                 {"address", v->address, sizeof v->address},
                 {"port", v->port, sizeof v->port},
                 {"path", v->path, sizeof v->path}};

    for (size_t i = 0; i < COUNTOF(members); i++)
        if (members[i].vcm && str_eq(name, str_from(members[i].vcm)))
            return fits(text, members[i].vcm, e) && str_copy(v->member[i], sizeof v->member[i], text);
    for (size_t i = 0; i < COUNTOF(parts); i++)
        if (str_eq(name, str_from(parts[i].name)))
            return (fits(text, parts[i].name, e) && str_copy(parts[i].to, parts[i].size, text)) ||
                   err_set(e, ERR_INPUT, "%s is too long.", parts[i].name);
    return true; /* another one: passed over */
}

/* The connection that a feed stands for, with that feed alone in it. */
static bool take_vcm(struct putting *p, struct vcm *v, struct err *e)
{
    struct put *put = put_new(p, e);
    char *url = v->member[MEMBER_URL];
    struct buf b;
    int n;

    if (!put)
        return false;
    b = buf_over(put->json, sizeof put->json);
    n = snprintf(url, sizeof v->member[0], "%s://%s%s%s%s%s", v->protocol[0] ? v->protocol : "rtsp", v->address,
                 v->port[0] ? ":" : "", v->port, v->path[0] && v->path[0] != '/' ? "/" : "", v->path);
    if (!v->address[0] || n < 0 || (size_t)n >= sizeof v->member[0])
        return err_set(e, ERR_INPUT, "A feed has an address, and its url at most %d bytes.", TEXT_MAX);
    if (!v->member[MEMBER_UUID][0])
        secret_token(v->member[MEMBER_UUID], 16);
    if (!str_copy(put->uid, sizeof put->uid, str_from(v->member[MEMBER_UUID])))
        return err_set(e, ERR_INPUT, "uid has at most %d bytes.", VIDEO_UID_MAX);
    (void)str_copy(put->alias, sizeof put->alias, str_from(v->member[MEMBER_ALIAS]));
    for (size_t i = 0; i <= MEMBER_ALIAS; i++) {
        buf_byte(&b, i ? ',' : '{');
        put_member(&members[i], v->member[i], &b);
    }
    buf_put(&b, STR(",\"thumbnail\":null,\"classification\":null,\"feeds\":["));
    for (size_t i = 0; i < COUNTOF(members); i++) {
        buf_byte(&b, i ? ',' : '{');
        put_member(&members[i], v->member[i], &b);
    }
    buf_put(&b, STR("}]}"));
    put->len = b.len;
    return !b.full;
}

/* The elements of a feed that was just opened, to its end. */
static bool read_feed(struct xml *x, struct vcm *v, struct err *e)
{
    char text[TEXT_MAX * 2];
    struct buf b = buf_over(text, sizeof text);
    struct str name = {0};
    size_t depth = x->depth;
    enum xml_is is;

    memset(v, 0, sizeof *v);
    while ((is = xml_next(x)) != XML_BAD && is != XML_END && x->depth >= depth) {
        if (is == XML_OPEN) {
            name = x->name;
            b.len = 0;
        } else if (is == XML_TEXT) {
            xml_put_text(&b, x->text);
        } else if (is == XML_CDATA) {
            xml_put_cdata(&b, x->text);
        } else if (is == XML_CLOSE && name.len) {
            if (b.full || !keep_text(v, name, str_trim(buf_str(&b)), e))
                return b.full ? err_set(e, ERR_INPUT, "A value of a feed is too long.") : false;
            name = (struct str){0};
        }
    }
    return is != XML_BAD;
}

/* Without its declaration, which the scanner does not take. */
static struct str content_of(struct str text)
{
    size_t end;

    text = str_trim(text);
    end = str_starts(text, STR("<?xml ")) ? str_find(text, STR("?>")) : text.len;
    return end < text.len ? str_from_at(text, end + 2) : text;
}

/* XML; a DOCTYPE is refused. */
static bool read_vcm(struct putting *p, struct str text, struct err *e)
{
    struct vcm *v = malloc(sizeof *v);
    XML_ON_STACK(x);
    enum xml_is is;
    bool ok = v != NULL;

    if (!v)
        return err_set(e, ERR_FULL, "There is not enough memory just now.");
    xml_over(&x, content_of(text), 0, e);
    while (ok && (is = xml_next(&x)) != XML_END) {
        if (is == XML_BAD)
            ok = false;
        else if (is == XML_OPEN && str_eq(x.name, STR("feed")))
            ok = read_feed(&x, v, e) && take_vcm(p, v, e);
    }
    free(v);
    if (ok && p->count == 0)
        return err_set(e, ERR_INPUT, "There is no feed in it: <videoConnections><feed>...</feed></videoConnections>.");
    return ok;
}

/* ---- into the record ---------------------------------------------------- */

static struct videos *videos_of(struct web *w, struct reply *r)
{
    struct err e;

    if (!w->videos && !videos_open(w->dir, &w->videos, &e))
        reply_problem(r, 503, e.text);
    return w->videos;
}

/* An operator names any; without: the group of those that have none. */
static bool take_named_groups(struct web *w, const struct request *q, struct putting *p, struct err *e)
{
    struct buf b = buf_over(p->groups, sizeof p->groups - 1);
    struct str rest = q->query, name;

    while (query_each(&rest, STR("group"), &name)) {
        if (name.len == 0 || name.len >= GROUP_NAME_MAX || !text_is_plain(name, false))
            return err_set(e, ERR_INPUT, "A group's name has 1 to %d bytes.", GROUP_NAME_MAX - 1);
        buf_fmt(&b, "%.*s\n", STR_ARG(name));
    }
    if (b.len == 0)
        buf_fmt(&b, "%s\n", w->default_group);
    p->groups[b.len] = 0;
    return !b.full || err_set(e, ERR_INPUT, "These are too many groups.");
}

/* The groups of a new source: those of the query that the user writes into; without, all that he does. */
static bool take_groups(struct web *w, const struct request *q, struct putting *p, struct err *e)
{
    struct str rest = q->query, ignored, name;
    bool asked = query_get(q->query, STR("group"), &ignored);
    struct buf b = buf_over(p->groups, sizeof p->groups - 1);
    struct user u;

    if (!accounts_user_by_id(w->accounts, q->client.user_id, &u, e))
        return false;
    if (u.group_count == 0)
        buf_fmt(&b, "%s\n", w->default_group);
    for (size_t i = 0; i < u.group_count; i++) {
        bool wanted = !asked;

        for (rest = q->query; asked && !wanted && query_each(&rest, STR("group"), &name);)
            wanted = str_eq(name, str_from(u.groups[i].name));
        if (wanted && u.groups[i].active && u.groups[i].in)
            buf_fmt(&b, "%s\n", u.groups[i].name);
    }
    p->groups[b.len] = 0;
    return b.len > 0 || err_set(e, ERR_DENIED, "You write into none of these groups.");
}

struct looking {
    const struct marti_ears *ears; /* NULL: the command post's */
    struct put *put;
    bool found, heard;
};

static bool hears_lines(const struct marti_ears *ears, struct str groups)
{
    if (!ears)
        return true;
    while (groups.len) {
        size_t end = str_find_byte(groups, '\n');

        if (marti_hears(ears, str_cut(groups, 0, end)))
            return true;
        groups = str_from_at(groups, end < groups.len ? end + 1 : end);
    }
    return false;
}

static bool see_found(void *ctx, const struct video *one)
{
    struct looking *l = ctx;

    l->found = true;
    l->heard = hears_lines(l->ears, one->groups);
    (void)str_copy(l->put->groups, sizeof l->put->groups, one->groups); /* it stays of whom it was */
    return true;
}

/* A source may be new, or one that the client hears; never another's that it does not see. */
static bool may_put(struct web *w, const struct request *q, const struct putting *p, struct err *e)
{
    struct marti_ears ears;

    marti_ears(w, &q->client, &ears);
    for (size_t i = 0; i < p->count; i++) {
        struct looking l = {.ears = q->client.is ? &ears : NULL, .put = p->puts[i]};

        (void)str_copy(l.put->groups, sizeof l.put->groups, str_from(p->groups));
        if (!videos_read(w->videos, str_from(l.put->uid), see_found, &l, e))
            return false;
        if (p->drops && !(l.found && l.heard))
            return err_set(e, ERR_MISSING, "There is no such source of video.");
        if (l.found && !l.heard)
            return err_set(e, ERR_DENIED, "Another group has a source of this uid.");
    }
    return videos_count(w->videos) + p->count <= VIDEOS_MAX || p->drops ||
           err_set(e, ERR_FULL, "There are %d sources of video; delete those that nobody needs.", VIDEOS_MAX);
}

static void put_row(const struct putting *p, struct buf *b)
{
    const struct put *put = p->puts[p->next];
    struct str groups = str_from(put->groups);

    fields_put(b, FIELD_UID, str_from(put->uid));
    fields_put(b, p->by[0] ? FIELD_BY : FIELD_USER, str_from(p->by[0] ? p->by : p->user));
    fields_put(b, FIELD_ADDRESS, str_from(p->address));
    while (groups.len) {
        size_t end = str_find_byte(groups, '\n');

        fields_put(b, FIELD_GROUP, str_cut(groups, 0, end));
        groups = str_from_at(groups, end < groups.len ? end + 1 : end);
    }
    if (p->drops)
        return;
    fields_put(b, FIELD_NAME, str_from(put->alias));
    fields_put(b, FIELD_TEXT, str_of(put->json, put->len));
}

static unsigned kind_of(const struct putting *p)
{
    return p->drops ? EV_VIDEO_DELETED : EV_VIDEO_PUT;
}

static web_answered row_durable;

/* The next row; false: refused, r says why. */
static bool ask_next(struct web *w, struct request *q, struct reply *r, struct putting *p)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind_of(p), .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};
    char *payload = malloc(PAYLOAD_ROOM);
    struct buf b = buf_over(payload, PAYLOAD_ROOM);
    bool ok;

    if (!payload) {
        reply_problem(r, 503, "There is not enough memory just now.");
        return false;
    }
    put_row(p, &b);
    ok = web_ask_then(w, q, r, &head, &b, row_durable, p);
    free(payload);
    return ok;
}

/* Into the list what is in the record: as it was asked, so that nothing has to be read back. When it fails the file
 * is behind, and what is missing is read from the journal when it is opened again. */
static void take_row(struct web *w, const struct putting *p, uint64_t seq)
{
    char *payload = malloc(PAYLOAD_ROOM);
    struct buf b = buf_over(payload, PAYLOAD_ROOM);
    struct err e;

    if (payload)
        put_row(p, &b);
    if (w->videos && (!payload || !videos_apply(w->videos, seq, kind_of(p), buf_str(&b), &e))) {
        videos_close(w->videos);
        w->videos = NULL;
    }
    free(payload);
}

static void row_durable(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct putting *p = ctx;
    char why[512];

    if (head->ok)
        take_row(w, p, head->seq);
    if (head->ok && x && ++p->next < p->count && ask_next(w, &x->request, &x->reply, p))
        return;
    if (x && !head->ok) {
        (void)str_copy(why, sizeof why, text);
        reply_problem(&x->reply, head->refused == ERR_DENIED ? 403 : 503, why);
    } else if (x && x->reply.status == 0) {
        x->reply.status = 200;
    }
    putting_free(p);
}

/* What was read, into the record; p is let go of when it cannot be. */
static void start(struct web *w, struct request *q, struct reply *r, struct putting *p)
{
    struct err e = {0};

    if (q->client.is)
        (void)str_copy(p->user, sizeof p->user, str_from(q->client.name));
    else
        (void)str_copy(p->by, sizeof p->by, str_from(q->who.name));
    (void)str_copy(p->address, sizeof p->address, str_from(q->address));
    if (!q->client.is && !q->who.access.writes && !q->who.access.administers)
        reply_problem(r, 403, "Your role may not change the list of video; ask an administrator.");
    if (r->status || !videos_of(w, r)) {
        putting_free(p);
        return;
    }
    if (!(p->drops || (q->client.is ? take_groups : take_named_groups)(w, q, p, &e)) || !may_put(w, q, p, &e))
        reply_err(r, &e);
    else if (p->count == 0)
        r->status = 200;
    else if (ask_next(w, q, r, p))
        return;
    putting_free(p);
}

static struct putting *putting_new(struct reply *r)
{
    struct putting *p = calloc(1, sizeof *p);

    if (!p)
        reply_problem(r, 503, "There is not enough memory just now.");
    return p;
}

static void post_vcm(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct putting *p = putting_new(r);
    struct err e;

    (void)now;
    if (!p)
        return;
    if (read_vcm(p, q->body, &e)) {
        start(w, q, r, p);
        return;
    }
    reply_problem(r, e.kind == ERR_FULL ? 503 : 400, e.text);
    putting_free(p);
}

/* Of a body: a list of connections, or (uid) one alone. */
static bool read_json(struct putting *p, struct str body, struct str uid, struct err *e)
{
    struct json *j = NULL;
    struct json_value list;
    bool ok = json_read(body, &j, e);

    list = ok ? json_get(json_root(j), "videoConnections") : (struct json_value){0};
    if (ok && uid.len)
        ok = take_connection(p, json_root(j), uid, e);
    else if (ok && json_is(list) != JSON_LIST)
        ok = err_set(e, ERR_INPUT, "videoConnections is a list.");
    for (size_t i = 0; ok && !uid.len && i < json_count(list); i++)
        ok = take_connection(p, json_at(list, i), (struct str){0}, e);
    json_drop(j);
    return ok;
}

static void take_json(struct web *w, struct request *q, struct reply *r, struct str uid)
{
    struct putting *p = putting_new(r);
    struct err e;

    if (!p)
        return;
    if (uid.len <= VIDEO_UID_MAX && read_json(p, q->body, uid, &e)) {
        start(w, q, r, p);
        return;
    }
    if (uid.len > VIDEO_UID_MAX)
        reply_problem(r, 400, "A uuid has at most 128 bytes.");
    else
        reply_problem(r, e.kind == ERR_FULL ? 503 : 400, e.text);
    putting_free(p);
}

static void post_videos(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    take_json(w, q, r, (struct str){0});
}

static void put_video(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    take_json(w, q, r, q->part[0]);
}

static void delete_video(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct putting *p = putting_new(r);
    struct put *put;
    struct err e;

    (void)now;
    if (!p)
        return;
    p->drops = true;
    put = put_new(p, &e);
    if (put && str_copy(put->uid, sizeof put->uid, q->part[0])) {
        start(w, q, r, p);
        return;
    }
    reply_problem(r, put ? 404 : 503, put ? "There is no such source of video." : e.text);
    putting_free(p);
}

/* ---- out ---------------------------------------------------------------- */

struct showing {
    struct web *w;
    struct marti_ears room;
    const struct marti_ears *ears; /* NULL: the command post's */
    struct str uid;
    struct str protocol; /* those whose url begins with it alone; empty: all */
    size_t shown;
    bool as_xml, ok;
    struct buf *b;
    struct err e;
};

/* protocol://address:port/path */
static void put_url(struct str url, struct buf *b)
{
    size_t colon = str_find(url, STR("://"));
    bool has = colon < url.len;
    struct str protocol = has ? str_cut(url, 0, colon) : (struct str){0}, host, port = {0}, path;
    size_t slash, at;

    url = str_from_at(url, has ? colon + 3 : 0);
    slash = str_find_byte(url, '/');
    host = str_cut(url, 0, slash);
    path = str_from_at(url, slash);
    at = host.len;
    while (at > 0 && host.at[at - 1] != ':' && host.at[at - 1] != ']')
        at--;
    if (at > 0 && host.at[at - 1] == ':') {
        port = str_from_at(host, at);
        host = str_cut(host, 0, at - 1);
    }
    buf_put(b, STR("<protocol>"));
    buf_xml(b, protocol);
    buf_put(b, STR("</protocol><address>"));
    buf_xml(b, host);
    buf_put(b, STR("</address><port>"));
    buf_xml(b, port);
    buf_put(b, STR("</port><path>"));
    buf_xml(b, path);
    buf_put(b, STR("</path>"));
}

static void put_feed(struct json_value feed, struct buf *b)
{
    buf_put(b, STR("<feed>"));
    put_url(json_as_text(json_get(feed, "url")), b);
    for (size_t i = 0; i < COUNTOF(members); i++) {
        struct json_value v = json_get(feed, members[i].name);

        if (!members[i].vcm || json_is(v) == JSON_IS_NULL)
            continue;
        buf_fmt(b, "<%s>", members[i].vcm);
        buf_xml(b, json_is(v) == JSON_YES_NO ? (json_as_bool(v) ? STR("true") : STR("false")) : json_as_text(v));
        buf_fmt(b, "</%s>", members[i].vcm);
    }
    buf_put(b, STR("</feed>"));
}

static bool see_video(void *ctx, const struct video *one)
{
    struct showing *s = ctx;
    struct json *j = NULL;
    struct json_value feeds;
    struct err e;

    if (!hears_lines(s->ears, one->groups) || !json_read(one->json, &j, &e))
        return true;
    feeds = json_get(json_root(j), "feeds");
    if (s->protocol.len &&
        !(json_count(feeds) && str_starts(json_as_text(json_get(json_at(feeds, 0), "url")), s->protocol))) {
        json_drop(j);
        return true;
    }
    if (s->as_xml) {
        for (size_t i = 0; i < json_count(feeds); i++)
            put_feed(json_at(feeds, i), s->b);
    } else {
        if (s->shown)
            buf_byte(s->b, ',');
        buf_put(s->b, one->json);
    }
    s->shown++;
    json_drop(j);
    return !s->b->full;
}

static void write_videos(void *ctx, struct buf *b)
{
    struct showing *s = ctx;

    s->b = b;
    s->shown = 0;
    if (s->as_xml)
        buf_put(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<videoConnections>"));
    else if (!s->uid.len)
        buf_put(b, STR("{\"videoConnections\":["));
    s->ok = videos_read(s->w->videos, s->uid, see_video, s, &s->e);
    if (s->as_xml)
        buf_put(b, STR("</videoConnections>"));
    else if (!s->uid.len)
        buf_put(b, STR("]}"));
}

static void show(struct web *w, struct request *q, struct reply *r, struct showing *s)
{
    if (!videos_of(w, r))
        return;
    s->w = w;
    marti_ears(w, &q->client, &s->room);
    s->ears = q->client.is ? &s->room : NULL;
    marti_text(r, s->as_xml ? "application/xml" : "application/json", write_videos, s);
    if (!s->ok)
        reply_problem(r, 503, s->e.text);
    else if (s->uid.len && s->shown == 0)
        reply_problem(r, 404, "There is no such source of video.");
}

static void get_vcm(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct showing s = {.as_xml = true};

    (void)now;
    show(w, q, r, &s);
}

static void get_videos(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct showing s = {0};

    (void)now;
    if (!query_get(q->query, STR("protocol"), &s.protocol))
        s.protocol = (struct str){0};
    show(w, q, r, &s);
}

static void get_video(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct showing s = {.uid = q->part[0]};

    (void)now;
    show(w, q, r, &s);
}
