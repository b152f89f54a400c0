/* From XML.  The event is walked once with the scanner of xml.h; what stands
 * where is said by the table of attributes below and by detail.c. */
#include "wire/cot.h"

#include "wire/detail.h"
#include "wire/number.h"
#include "wire/xml.h"

#include <math.h>

/* ---- reading ----------------------------------------------------------- */

/* The attributes of <event> that we know, and where struct cot keeps them. */
static const struct {
    struct str name;
    size_t at;
} event_rows[] = {
    {{"version", 7}, offsetof(struct cot, version)}, {{"uid", 3}, offsetof(struct cot, uid)},
    {{"type", 4}, offsetof(struct cot, type)},       {{"how", 3}, offsetof(struct cot, how)},
    {{"time", 4}, offsetof(struct cot, time_text)},  {{"start", 5}, offsetof(struct cot, start_text)},
    {{"stale", 5}, offsetof(struct cot, stale_text)}, {{"access", 6}, offsetof(struct cot, access)},
    {{"qos", 3}, offsetof(struct cot, qos)},         {{"opex", 4}, offsetof(struct cot, opex)},
    {{"caveat", 6}, offsetof(struct cot, caveat)},
    {{"releasableTo", 12}, offsetof(struct cot, releasable_to)},
};

static void event_attributes(const struct xml *x, struct buf *scratch, struct cot *c)
{
    for (size_t i = 0; i < x->attr_count; i++) {
        const struct xml_attr *a = &x->attr[i];

        for (size_t k = 0; k < COUNTOF(event_rows); k++) {
            struct str value;

            if (!xml_same(a->name, event_rows[k].name))
                continue;
            value = xml_value(a, scratch);
            memcpy((char *)c + event_rows[k].at, &value, sizeof(value));
            break;
        }
    }
}

static struct cot_number number_of(const struct xml *x, const char *name, double missing,
                                   struct buf *scratch)
{
    const struct xml_attr *a = xml_attr(x, str_from(name));
    struct cot_number n = {{0}, missing};

    if (a) {
        n.text = xml_value(a, scratch);
        n.value = cot_number(n.text);
    }
    return n;
}

static bool point_attributes(const struct xml *x, struct buf *scratch, struct cot *c)
{
    c->lat = number_of(x, "lat", NAN, scratch);
    c->lon = number_of(x, "lon", NAN, scratch);
    c->hae = number_of(x, "hae", COT_UNKNOWN, scratch);
    c->ce = number_of(x, "ce", COT_UNKNOWN, scratch);
    c->le = number_of(x, "le", COT_UNKNOWN, scratch);
    c->has_point = true;
    if (c->lat.text.len == 0 || c->lon.text.len == 0)
        return err_set(x->e, ERR_INPUT, "the event's point has no lat or no lon");
    return true;
}

/* The children of <event>, up to and with its end tag. */
static bool event_children(struct xml *x, struct buf *scratch, struct cot *c)
{
    bool has_detail = false;

    for (;;) {
        enum xml_is what = xml_next(x);
        bool ok = true;

        if (what == XML_BAD)
            return false;
        if (what == XML_CLOSE && x->depth == 0)
            return true;
        if (what != XML_OPEN)
            continue;
        if (!has_detail && xml_same(x->name, STR("detail"))) {
            has_detail = true;
            ok = detail_read(x, scratch, c);
        } else if (!c->has_point && xml_same(x->name, STR("point"))) {
            ok = point_attributes(x, scratch, c) && xml_skip(x);
        } else {
            ok = xml_skip(x);
        }
        if (!ok)
            return false;
    }
}

static bool time_ok(const char *name, struct str text, int64_t *ms, struct err *e)
{
    if (text.len == 0)
        return err_set(e, ERR_INPUT, "the event has no %s", name);
    if (!when_parse(text, ms))
        return err_set(e, ERR_INPUT, "the event's %s is no time: %.*s", name,
                       STR_ARG(str_cut(text, 0, text.len < 40 ? text.len : 40)));
    return true;
}

static bool demands_met(struct cot *c, struct err *e)
{
    if (c->uid.len == 0 || c->type.len == 0)
        return err_set(e, ERR_INPUT, "the event has no %s", c->uid.len == 0 ? "uid" : "type");
    if (c->uid.len > LIMIT_UID)
        return err_set(e, ERR_INPUT, "the event's uid is longer than %d bytes", LIMIT_UID);
    if (c->type.len > LIMIT_TYPE)
        return err_set(e, ERR_INPUT, "the event's type is longer than %d bytes", LIMIT_TYPE);
    if (!time_ok("time", c->time_text, &c->time_ms, e))
        return false;
    c->start_ms = c->time_ms; /* as most clients write it */
    if (!str_eq(c->start_text, c->time_text) && !time_ok("start", c->start_text, &c->start_ms, e))
        return false;
    if (!time_ok("stale", c->stale_text, &c->stale_ms, e))
        return false;
    if (!c->has_point && !str_eq(c->type, STR("t-x-d-d")))
        return err_set(e, ERR_INPUT, "the event has no point");
    return true;
}

/* Without what may stand around an event in a datagram or a file: a byte order
 * mark, white space, an XML declaration, NUL at the end. */
static struct str unwrapped(struct str xml)
{
    while (xml.len > 0 && xml.at[xml.len - 1] == 0)
        xml.len--;
    if (str_starts(xml, STR("\xEF\xBB\xBF")))
        xml = str_from_at(xml, 3);
    xml = str_trim(xml);
    if (str_starts(xml, STR("<?xml")) && xml.len > 5 && xml_is_space(str_cut(xml, 5, 6))) {
        size_t n = str_find(xml, STR("?>"));

        if (n < xml.len)
            xml = str_from_at(xml, n + 2);
    }
    return xml;
}

/* Comments and white space up to the next element, or the end. */
static enum xml_is between(struct xml *x)
{
    enum xml_is what;

    do {
        what = xml_next(x);
        if (what == XML_TEXT && !xml_is_space(x->text)) {
            (void)err_set(x->e, ERR_INPUT, "not well-formed: text outside of the event");
            return XML_BAD;
        }
    } while (what == XML_TEXT || what == XML_OTHER);
    return what;
}

bool cot_from_xml(struct str xml, struct buf *scratch, struct cot *out, struct err *e)
{
    const struct str end = STR("</event>");
    const char *begin;
    enum xml_is what;
    XML_ON_STACK(x);

    *out = (struct cot){0};
    if (xml.len > LIMIT_EVENT_IN)
        return err_set(e, ERR_FULL, "the event is larger than %d bytes", LIMIT_EVENT_IN);
    MUST(scratch->max - scratch->len >= xml.len);
    xml_over(&x, unwrapped(xml), 0, e);
    what = between(&x);
    begin = x.token;
    if (what == XML_BAD)
        return false;
    if (what != XML_OPEN || !xml_same(x.name, STR("event")))
        return err_set(e, ERR_INPUT, "there is no <event>");
    event_attributes(&x, scratch, out);
    if (!event_children(&x, scratch, out))
        return false;
    out->xml = str_of(begin, (size_t)(x.at - begin));
    out->odd_end = !str_ends(out->xml, end);
    if (!detail_is_whole(str_cut(out->xml, 0, out->xml.len - (out->odd_end ? 0 : end.len)), e))
        return false;
    what = between(&x);
    if (what == XML_BAD)
        return false;
    if (what != XML_END)
        return err_set(e, ERR_INPUT, "something follows the event");
    return demands_met(out, e);
}

/* ---- writing ----------------------------------------------------------- */

static void put_attribute(struct buf *b, const char *name, struct str value)
{
    buf_byte(b, ' ');
    buf_put(b, str_from(name));
    buf_put(b, STR("=\""));
    buf_xml(b, value);
    buf_byte(b, '"');
}

/* An attribute that protobuf cannot tell from an absent one when empty. */
static void put_optional(struct buf *b, const char *name, struct str value)
{
    if (value.len > 0)
        put_attribute(b, name, value);
}

static void put_time(struct buf *b, const char *name, int64_t ms)
{
    buf_byte(b, ' ');
    buf_put(b, str_from(name));
    buf_put(b, STR("=\""));
    when_put(b, ms);
    buf_byte(b, '"');
}

static void put_number(struct buf *b, const char *name, double v)
{
    buf_byte(b, ' ');
    buf_put(b, str_from(name));
    buf_put(b, STR("=\""));
    if (isfinite(v))
        number_put(b, v);
    else
        buf_put(b, STR("NaN"));
    buf_byte(b, '"');
}

static void put_point(struct buf *b, const struct cot *c)
{
    buf_put(b, STR("<point"));
    put_number(b, "lat", c->lat.value);
    put_number(b, "lon", c->lon.value);
    put_number(b, "hae", c->hae.value);
    put_number(b, "ce", c->ce.value);
    put_number(b, "le", c->le.value);
    buf_put(b, STR("/>"));
}

/* One of the two or four texts of a typed element. */
struct named {
    const char *name;
    struct str value;
};

static void put_texts(struct buf *b, const char *element, const struct named *value, size_t n)
{
    buf_byte(b, '<');
    buf_put(b, str_from(element));
    for (size_t i = 0; i < n; i++)
        put_attribute(b, value[i].name, value[i].value);
    buf_put(b, STR("/>"));
}

static bool beside(const struct cot *c, enum cot_typed i, bool is)
{
    return is && (c->in_detail & 1u << i) == 0;
}

static void put_typed(struct buf *b, const struct cot *c)
{
    const struct named contact[] = {{"callsign", c->contact.callsign},
                                    {"endpoint", c->contact.endpoint}};
    const struct named group[] = {{"name", c->group.name}, {"role", c->group.role}};
    const struct named precision[] = {{"geopointsrc", c->precision.geopointsrc},
                                      {"altsrc", c->precision.altsrc}};
    const struct named takv[] = {{"device", c->takv.device}, {"platform", c->takv.platform},
                                 {"os", c->takv.os}, {"version", c->takv.version}};

    if (beside(c, COT_CONTACT, c->contact.is))
        put_texts(b, "contact", contact, c->contact.endpoint.len > 0 ? 2 : 1);
    if (beside(c, COT_GROUP, c->group.is))
        put_texts(b, "__group", group, COUNTOF(group));
    if (beside(c, COT_PRECISION, c->precision.is))
        put_texts(b, "precisionlocation", precision, COUNTOF(precision));
    if (beside(c, COT_STATUS, c->status.is))
        buf_fmt(b, "<status battery=\"%u\"/>", c->status.battery);
    if (beside(c, COT_TAKV, c->takv.is))
        put_texts(b, "takv", takv, COUNTOF(takv));
    if (beside(c, COT_TRACK, c->track.is)) {
        buf_put(b, STR("<track"));
        put_number(b, "speed", c->track.speed.value);
        put_number(b, "course", c->track.course.value);
        buf_put(b, STR("/>"));
    }
}

/* One that came from protobuf or was made by hand. */
static void put_event(const struct cot *c, bool stripped, struct buf *b)
{
    buf_put(b, STR("<event"));
    put_attribute(b, "version", c->version.len > 0 ? c->version : STR("2.0"));
    put_attribute(b, "uid", c->uid);
    put_attribute(b, "type", c->type);
    put_optional(b, "how", c->how);
    put_time(b, "time", c->time_ms);
    put_time(b, "start", c->start_ms);
    put_time(b, "stale", c->stale_ms);
    put_optional(b, "access", c->access);
    put_optional(b, "qos", c->qos);
    put_optional(b, "opex", c->opex);
    put_optional(b, "caveat", c->caveat);
    put_optional(b, "releasableTo", c->releasable_to);
    buf_byte(b, '>');
    if (c->has_point)
        put_point(b, c);
    buf_put(b, STR("<detail>"));
    detail_put(c->detail, NULL, stripped && c->has_dest, b);
    put_typed(b, c);
    buf_put(b, STR("</detail></event>"));
}

bool cot_has_dest(const struct cot *c)
{
    return c->has_dest;
}

void cot_detail_stripped(struct str detail, struct buf *b)
{
    detail_put(detail, NULL, true, b);
}

/* The received XML from byte `from` on, with the end that clients look for. */
static void put_rest(const struct cot *c, size_t from, struct buf *b)
{
    size_t to = c->xml.len;

    if (!c->odd_end) {
        buf_put(b, str_from_at(c->xml, from));
        return;
    }
    if (str_ends(c->xml, STR("/>"))) {
        buf_put(b, str_cut(c->xml, from, to - 2));
        buf_put(b, STR("></event>"));
        return;
    }
    while (c->xml.at[to - 1] != '<')
        to--;
    buf_put(b, str_cut(c->xml, from, to - 1));
    buf_put(b, STR("</event>"));
}

void cot_to_xml(const struct cot *c, struct buf *b)
{
    if (c->xml.len == 0)
        put_event(c, false, b);
    else
        put_rest(c, 0, b);
}

void cot_to_xml_stripped(const struct cot *c, struct buf *b)
{
    size_t from, to;

    if (!c->has_dest) {
        cot_to_xml(c, b);
        return;
    }
    if (c->xml.len == 0) {
        put_event(c, true, b);
        return;
    }
    from = (size_t)(c->detail.at - c->xml.at);
    to = from + c->detail.len;
    MUST(to <= c->xml.len);
    buf_put(b, str_cut(c->xml, 0, from));
    detail_put(c->detail, NULL, true, b);
    put_rest(c, to, b);
}
