/* The messages (tak.md 1.5; field numbers behind the names):
 *
 *   TakMessage  TakControl 1, CotEvent 2
 *   TakControl  minProtoVersion 1, maxProtoVersion 2, contactUid 3
 *   CotEvent    type 1, access 2, qos 3, opex 4, uid 5, sendTime 6, startTime 7,
 *               staleTime 8, how 9, lat 10, lon 11, hae 12, ce 13, le 14,
 *               detail 15, caveat 16, releaseableTo 17
 *   Detail      xmlDetail 1, Contact 2, Group 3, PrecisionLocation 4, Status 5,
 *               Takv 6, Track 7
 *
 * Decoding is one table of fields a message and one loop over the bytes.
 * Encoding writes the fields in order; as with every proto3 encoder a value
 * that is zero or empty is left out, a message that is there is not. */
#include "wire/takproto.h"

#include "wire/detail.h"
#include "wire/xml.h"

#include <math.h>

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };
/* How many bytes a number may take; a key or a length has 32 bits. */
enum { VARINT_MAX = 10, VARINT32_MAX = 5 };

/* The last millisecond of the year 9999: later ones have no text. */
#define TIME_MAX_MS 253402300799999

/* ---- decoding ---------------------------------------------------------- */

enum { KEEP_TEXT, KEEP_U32, KEEP_TIME, KEEP_DOUBLE, KEEP_RAW, KEEP_MESSAGE };

/* Row n-1 of a table is field n: how its value is kept, and where: in struct
 * cot, or in what else a TakMessage has. */
struct field {
    uint8_t wire, keep, in;
    size_t at; /* of a message: where its `is` stands */
    const struct message *inside;
};

struct message {
    const struct field *fields;
    size_t count;
};

struct beside {
    struct tak_control control;
    struct str xml_detail;
    bool has_event, has_detail;
};

enum { IN_COT, IN_BESIDE };

#define AT(f) IN_COT, offsetof(struct cot, f)
#define AT_BESIDE(f) IN_BESIDE, offsetof(struct beside, f)
#define TEXT(f) {WIRE_BYTES, KEEP_TEXT, AT(f), NULL}
#define TIME(f) {WIRE_VARINT, KEEP_TIME, AT(f), NULL}
#define DOUBLE(f) {WIRE_64, KEEP_DOUBLE, AT(f), NULL}
#define INSIDE(f, name) {WIRE_BYTES, KEEP_MESSAGE, AT(f), &name##_message}
#define BESIDE(f, name) {WIRE_BYTES, KEEP_MESSAGE, AT_BESIDE(f), &name##_message}
#define MESSAGE(name) \
    static const struct message name##_message = {name##_fields, COUNTOF(name##_fields)}

static const struct field contact_fields[] = {TEXT(contact.endpoint),
                                              TEXT(contact.callsign)};
static const struct field group_fields[] = {TEXT(group.name), TEXT(group.role)};
static const struct field precision_fields[] = {TEXT(precision.geopointsrc),
                                                TEXT(precision.altsrc)};
static const struct field status_fields[] = {{WIRE_VARINT, KEEP_U32, AT(status.battery), NULL}};
static const struct field takv_fields[] = {TEXT(takv.device), TEXT(takv.platform),
                                           TEXT(takv.os), TEXT(takv.version)};
static const struct field track_fields[] = {DOUBLE(track.speed.value),
                                            DOUBLE(track.course.value)};
MESSAGE(contact);
MESSAGE(group);
MESSAGE(precision);
MESSAGE(status);
MESSAGE(takv);
MESSAGE(track);

static const struct field detail_fields[] = {
    {WIRE_BYTES, KEEP_RAW, AT_BESIDE(xml_detail), NULL},
    INSIDE(contact.is, contact),
    INSIDE(group.is, group),
    INSIDE(precision.is, precision),
    INSIDE(status.is, status),
    INSIDE(takv.is, takv),
    INSIDE(track.is, track),
};
MESSAGE(detail);

static const struct field event_fields[] = {
    TEXT(type), TEXT(access), TEXT(qos), TEXT(opex), TEXT(uid),
    TIME(time_ms), TIME(start_ms), TIME(stale_ms), TEXT(how),
    DOUBLE(lat.value), DOUBLE(lon.value), DOUBLE(hae.value), DOUBLE(ce.value),
    DOUBLE(le.value), BESIDE(has_detail, detail), TEXT(caveat), TEXT(releasable_to),
};
MESSAGE(event);

static const struct field control_fields[] = {
    {WIRE_VARINT, KEEP_U32, AT_BESIDE(control.min_version), NULL},
    {WIRE_VARINT, KEEP_U32, AT_BESIDE(control.max_version), NULL},
    {WIRE_BYTES, KEEP_TEXT, AT_BESIDE(control.contact_uid), NULL},
};
MESSAGE(control);

static const struct field top_fields[] = {BESIDE(control.is, control),
                                          BESIDE(has_event, event)};
MESSAGE(top);

struct reader {
    const uint8_t *at, *end;
    struct err *e;
    char *into[2]; /* IN_COT, IN_BESIDE */
};

static bool cut_off(const struct reader *r)
{
    return err_set(r->e, ERR_INPUT, "the protobuf message is cut off or broken");
}

static inline bool varint(struct reader *r, unsigned bytes_max, uint64_t *out)
{
    uint64_t v = 0;

    if (r->at < r->end && *r->at < 0x80) {
        *out = *r->at++;
        return true;
    }

    for (unsigned i = 0; i < bytes_max && r->at < r->end; i++) {
        uint8_t c = *r->at++;

        v |= (uint64_t)(c & 0x7F) << (7 * i);
        if (c < 0x80) {
            *out = v;
            return true;
        }
    }
    return cut_off(r);
}

/* One field: its number, its wire type, and its value as a number or as bytes. */
struct value {
    uint64_t field, number;
    unsigned wire;
    struct str bytes;
};

static bool field_next(struct reader *r, struct value *v)
{
    uint64_t key = 0, n = 0;

    if (!varint(r, VARINT32_MAX, &key))
        return false;
    v->field = key >> 3;
    v->wire = key & 7;
    if (v->field == 0 || key > UINT32_MAX)
        return err_set(r->e, ERR_INPUT, "a protobuf field has no valid number");
    if (v->wire == WIRE_VARINT)
        return varint(r, VARINT_MAX, &v->number);
    if (v->wire == WIRE_64)
        n = 8;
    else if (v->wire == WIRE_32)
        n = 4;
    else if (v->wire != WIRE_BYTES)
        return err_set(r->e, ERR_INPUT, "a protobuf field has an unknown wire type");
    else if (!varint(r, VARINT32_MAX, &n))
        return false;
    if (n > (uint64_t)(r->end - r->at))
        return cut_off(r);
    v->bytes = str_of(r->at, (size_t)n);
    r->at += n;
    return true;
}

static double double_of(struct str eight)
{
    uint64_t bits;
    double v;

    MUST(eight.len == sizeof(bits));
    memcpy(&bits, eight.at, sizeof(bits));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(&v, &bits, sizeof(v));
    return isfinite(v) ? v : (double)NAN;
}

static bool keep(const struct reader *r, const struct field *f, const struct value *v)
{
    char *at = r->into[f->in] + f->at;
    double real;
    uint32_t u32;
    int64_t ms;

    switch (f->keep) {
    case KEEP_U32:
        /* As ATAK's core: never more than a signed 32-bit number holds. */
        u32 = (uint32_t)v->number > INT32_MAX ? INT32_MAX : (uint32_t)v->number;
        memcpy(at, &u32, sizeof(u32));
        return true;
    case KEEP_TIME:
        ms = v->number > TIME_MAX_MS ? TIME_MAX_MS : (int64_t)v->number;
        memcpy(at, &ms, sizeof(ms));
        return true;
    case KEEP_DOUBLE:
        real = double_of(v->bytes);
        memcpy(at, &real, sizeof(real));
        return true;
    default:
        memcpy(at, &v->bytes, sizeof(v->bytes));
        if (f->keep == KEEP_RAW || xml_is_chars(v->bytes))
            return true;
        return err_set(r->e, ERR_INPUT, "a text in protobuf is no UTF-8, or no text that XML can have");
    }
}

/* Messages nest as deep as the tables do: four.  A field that is there twice
 * counts as the last one, a message as both together (proto3). */
static bool read_message(struct reader *r, const struct message *m)
{
    while (r->at < r->end) {
        const struct field *f;
        struct value v = {0};

        if (!field_next(r, &v))
            return false;
        if (v.field > m->count || m->fields[v.field - 1].wire != v.wire)
            continue;
        f = &m->fields[v.field - 1];
        if (f->keep == KEEP_MESSAGE) {
            struct reader sub = *r;

            sub.at = (const uint8_t *)v.bytes.at;
            sub.end = sub.at + v.bytes.len;
            memcpy(r->into[f->in] + f->at, &(bool){true}, sizeof(bool));
            if (!read_message(&sub, f->inside))
                return false;
        } else if (!keep(r, f, &v)) {
            return false;
        }
    }
    return true;
}

static bool event_ok(struct cot *c, struct str xml_detail, struct buf *scratch, struct err *e)
{
    XML_ON_STACK(x);

    if (c->uid.len == 0 || c->type.len == 0)
        return err_set(e, ERR_INPUT, "the event has no %s", c->uid.len == 0 ? "uid" : "type");
    if (c->uid.len > LIMIT_UID)
        return err_set(e, ERR_INPUT, "the event's uid is longer than %d bytes", LIMIT_UID);
    if (c->type.len > LIMIT_TYPE)
        return err_set(e, ERR_INPUT, "the event's type is longer than %d bytes", LIMIT_TYPE);
    c->from_proto = true;
    c->has_point = true;
    if (xml_detail.len == 0)
        return true;
    xml_over(&x, xml_detail, 2, e);
    return (detail_read(&x, scratch, c) && detail_is_whole(xml_detail, e)) || err_in(e, "xmlDetail");
}

bool tak_decode(struct str payload, struct buf *scratch, struct cot *out, bool *has_event,
                struct tak_control *control, struct err *e)
{
    struct beside beside = {0};
    struct reader r = {(const uint8_t *)payload.at, NULL, e, {(char *)out, (char *)&beside}};

    *out = (struct cot){0};
    if (payload.len > LIMIT_EVENT_IN)
        return err_set(e, ERR_FULL, "the event is larger than %d bytes", LIMIT_EVENT_IN);
    MUST(scratch->max - scratch->len >= payload.len);
    r.end = r.at + payload.len;
    if (!read_message(&r, &top_message))
        return false;
    *has_event = beside.has_event;
    *control = beside.control;
    return !beside.has_event || event_ok(out, beside.xml_detail, scratch, e);
}

/* ---- encoding ---------------------------------------------------------- */

/* As buf_put(), but inline: an event is some sixty small pieces. */
static inline void put_bytes(struct buf *b, const char *at, size_t n)
{
    if (n > b->max - b->len) {
        b->full = true;
        return;
    }
    if (n > 0)
        memcpy(b->at + b->len, at, n);
    b->len += n;
}

static inline void put_varint(struct buf *b, uint64_t v)
{
    char bytes[VARINT_MAX];
    size_t n = 0;

    if (v < 0x80 && b->len < b->max) {
        b->at[b->len++] = (char)v;
        return;
    }
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (char)(v | 0x80);
    bytes[n++] = (char)v;
    put_bytes(b, bytes, n);
}

static inline void put_key(struct buf *b, unsigned field, unsigned wire)
{
    put_varint(b, field << 3 | wire);
}

static inline void put_text(struct buf *b, unsigned field, struct str s)
{
    if (s.len == 0)
        return;
    put_key(b, field, WIRE_BYTES);
    put_varint(b, s.len);
    put_bytes(b, s.at, s.len);
}

static inline void put_uint(struct buf *b, unsigned field, uint64_t v)
{
    if (v == 0)
        return;
    put_key(b, field, WIRE_VARINT);
    put_varint(b, v);
}

static inline void put_double(struct buf *b, unsigned field, double v)
{
    char bytes[8];
    uint64_t bits;

    memcpy(&bits, &v, sizeof(bits));
    if (bits == 0)
        return;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(bytes, &bits, sizeof(bytes));
    put_key(b, field, WIRE_64);
    put_bytes(b, bytes, sizeof(bytes));
}

/* A message's length stands before it and is known after it.  So many bytes
 * are left free for it; when they were the wrong number, the message moves. */
struct slot {
    size_t at, width;
};

static struct slot message_begin(struct buf *b, size_t width)
{
    struct slot s = {b->len, width};

    put_bytes(b, "\0\0\0", width);
    return s;
}

static void message_end(struct buf *b, struct slot s)
{
    size_t from = s.at + s.width, len = b->len - from, width = 1;
    char *at = b->at + s.at;

    if (b->full)
        return;
    for (size_t rest = len; rest >= 0x80; rest >>= 7)
        width++;
    if (width > s.width && width - s.width > b->max - b->len) {
        b->full = true;
        return;
    }
    if (width != s.width)
        memmove(at + width, at + s.width, len);
    b->len = s.at;
    put_varint(b, len);
    MUST(b->len == s.at + width);
    b->len += len;
}

/* Is that element to be written as its typed message?  From XML: when it can
 * say all that the element says.  Else: when it stands beside detail. */
static bool is_typed(const struct cot *c, enum cot_typed i, bool is)
{
    if (c->xml.len == 0)
        return is && (c->in_detail & 1u << i) == 0;
    return c->typed[i].len > 0;
}

static void put_texts(struct buf *b, unsigned field, const struct str *values, unsigned n)
{
    struct slot s;

    put_key(b, field, WIRE_BYTES);
    s = message_begin(b, 1);
    for (unsigned i = 0; i < n; i++)
        put_text(b, i + 1, values[i]);
    message_end(b, s);
}

static void put_typed(struct buf *b, const struct cot *c)
{
    const struct str contact[] = {c->contact.endpoint, c->contact.callsign};
    const struct str group[] = {c->group.name, c->group.role};
    const struct str precision[] = {c->precision.geopointsrc, c->precision.altsrc};
    const struct str takv[] = {c->takv.device, c->takv.platform, c->takv.os, c->takv.version};
    struct slot s;

    if (is_typed(c, COT_CONTACT, c->contact.is))
        put_texts(b, 2, contact, COUNTOF(contact));
    if (is_typed(c, COT_GROUP, c->group.is))
        put_texts(b, 3, group, COUNTOF(group));
    if (is_typed(c, COT_PRECISION, c->precision.is))
        put_texts(b, 4, precision, COUNTOF(precision));
    if (is_typed(c, COT_STATUS, c->status.is)) {
        put_key(b, 5, WIRE_BYTES);
        s = message_begin(b, 1);
        put_uint(b, 1, c->status.battery);
        message_end(b, s);
    }
    if (is_typed(c, COT_TAKV, c->takv.is))
        put_texts(b, 6, takv, COUNTOF(takv));
    if (is_typed(c, COT_TRACK, c->track.is)) {
        put_key(b, 7, WIRE_BYTES);
        s = message_begin(b, 1);
        put_double(b, 1, c->track.speed.value);
        put_double(b, 2, c->track.course.value);
        message_end(b, s);
    }
}

/* The typed elements are left out of xmlDetail, in the order they stand in. */
static struct detail_cuts cuts_of(const struct cot *c)
{
    struct detail_cuts cuts = {.count = 0};

    for (size_t i = 0; i < COT_TYPED && c->xml.len > 0; i++) {
        size_t at = cuts.count;

        if (c->typed[i].len == 0)
            continue;
        for (; at > 0 && cuts.cut[at - 1].from > c->typed[i].at; at--)
            cuts.cut[at] = cuts.cut[at - 1];
        cuts.cut[at].from = c->typed[i].at;
        cuts.cut[at].to = c->typed[i].at + c->typed[i].len;
        cuts.count++;
    }
    return cuts;
}

/* Guesses the bytes of a length, so that few messages have to move. */
static size_t width_of(size_t len)
{
    return len < 0x80 ? 1 : len < 0x4000 ? 2 : 3;
}

static void put_detail(struct buf *b, const struct cot *c, bool stripped)
{
    struct detail_cuts cuts = cuts_of(c);
    size_t before = b->len, begin;
    struct slot detail, xml;

    put_key(b, 15, WIRE_BYTES);
    detail = message_begin(b, width_of(c->detail.len + 128));
    begin = b->len;
    if (c->detail.len > 0) {
        put_key(b, 1, WIRE_BYTES);
        xml = message_begin(b, width_of(c->detail.len));
        detail_put(c->detail, &cuts, stripped && c->has_dest, b);
        if (b->len == xml.at + xml.width)
            b->len = begin;
        else
            message_end(b, xml);
    }
    put_typed(b, c);
    if (b->len == begin && !b->full)
        b->len = before;
    else
        message_end(b, detail);
}

static void put_event(struct buf *b, const struct cot *c, bool stripped)
{
    put_text(b, 1, c->type);
    put_text(b, 2, c->access);
    put_text(b, 3, c->qos);
    put_text(b, 4, c->opex);
    put_text(b, 5, c->uid);
    put_uint(b, 6, c->time_ms > 0 ? (uint64_t)c->time_ms : 0);
    put_uint(b, 7, c->start_ms > 0 ? (uint64_t)c->start_ms : 0);
    put_uint(b, 8, c->stale_ms > 0 ? (uint64_t)c->stale_ms : 0);
    put_text(b, 9, c->how);
    put_double(b, 10, c->has_point ? c->lat.value : 0);
    put_double(b, 11, c->has_point ? c->lon.value : 0);
    put_double(b, 12, c->has_point ? c->hae.value : COT_UNKNOWN);
    put_double(b, 13, c->has_point ? c->ce.value : COT_UNKNOWN);
    put_double(b, 14, c->has_point ? c->le.value : COT_UNKNOWN);
    put_detail(b, c, stripped);
    put_text(b, 16, c->caveat);
    put_text(b, 17, c->releasable_to);
}

void tak_put_header(struct buf *b, size_t payload_len)
{
    buf_byte(b, (char)TAK_MAGIC);
    put_varint(b, payload_len);
}

bool tak_encode(const struct cot *c, bool stripped, struct buf *b)
{
    size_t before = b->len, guess = c->detail.len + 256;
    struct slot payload, event;

    if (b->full)
        return false;
    buf_byte(b, (char)TAK_MAGIC);
    payload = message_begin(b, width_of(guess));
    put_key(b, 2, WIRE_BYTES);
    event = message_begin(b, width_of(guess));
    put_event(b, c, stripped);
    message_end(b, event);
    message_end(b, payload);
    if (!b->full)
        return true;
    b->len = before;
    b->full = false;
    return false;
}
