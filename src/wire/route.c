/* What of <detail> decides where an event goes.  One row of a table for each
 * element that matters, with its place: directly in detail, or in a parent. */
#include "wire/cot.h"

#include "wire/xml.h"

struct reading {
    struct xml *x;
    struct buf *scratch;
    struct cot_routing *r;
};

/* The value of that attribute as it is meant, empty when there is none. */
static struct str value_of(const struct reading *in, struct str name)
{
    const struct xml_attr *a = xml_attr(in->x, name);

    return a ? xml_value(a, in->scratch) : (struct str){0};
}

static bool too_many(const struct reading *in)
{
    return err_set(in->x->e, ERR_FULL, "the event names more than %d receivers", LIMIT_DESTS);
}

static bool read_marti(struct reading *in)
{
    if (str_eq(value_of(in, STR("archive")), STR("false")))
        in->r->marti_archive_false = true;
    return true;
}

static bool read_dest(struct reading *in)
{
    static const struct { struct str name; int kind; } kinds[] = {
        {{"callsign", 8}, DEST_CALLSIGN}, {{"uid", 3}, DEST_UID},
        {{"group", 5}, DEST_GROUP},       {{"mission", 7}, DEST_MISSION},
        {{"mission-guid", 12}, DEST_MISSION_GUID}, {{"publish", 7}, DEST_PUBLISH},
    };

    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        struct str value = value_of(in, kinds[i].name);
        struct cot_dest *dest;

        if (value.len == 0)
            continue;
        if (kinds[i].kind == DEST_CALLSIGN && str_eq(value, STR("All Streaming"))) {
            in->r->to_all = true;
            continue;
        }
        if (in->r->dest_count == LIMIT_DESTS)
            return too_many(in);
        dest = &in->r->dests[in->r->dest_count++];
        memcpy(&dest->kind, &kinds[i].kind, sizeof(dest->kind));
        dest->name = value;
    }
    return true;
}

static bool read_chat(struct reading *in)
{
    struct cot_routing *r = in->r;

    if (r->is_chat)
        return true;
    r->is_chat = true;
    r->chat_id = value_of(in, STR("id"));
    r->chat_room = value_of(in, STR("chatroom"));
    r->chat_message_id = value_of(in, STR("messageId"));
    r->chat_sender = value_of(in, STR("senderCallsign"));
    return true;
}

/* uid0, uid1, ... in the order of their numbers, however they are written. */
static bool read_members(struct reading *in)
{
    struct cot_routing *r = in->r;
    int64_t number[LIMIT_DESTS];

    if (r->chat_member_count > 0)
        return true;
    for (size_t i = 0; i < in->x->attr_count; i++) {
        const struct xml_attr *a = &in->x->attr[i];
        size_t at = r->chat_member_count;
        int64_t n;

        if (!str_starts(a->name, STR("uid")) ||
            !str_to_int(str_from_at(a->name, 3), 0, INT32_MAX, &n))
            continue;
        if (at == LIMIT_DESTS)
            return too_many(in);
        for (; at > 0 && number[at - 1] > n; at--) {
            number[at] = number[at - 1];
            r->chat_members[at] = r->chat_members[at - 1];
        }
        number[at] = n;
        r->chat_members[at] = xml_value(a, in->scratch);
        r->chat_member_count++;
    }
    return true;
}

static bool read_link(struct reading *in)
{
    struct cot_routing *r = in->r;

    if (r->link_uid.len > 0)
        return true;
    r->link_uid = value_of(in, STR("uid"));
    if (r->link_uid.len == 0)
        return true;
    r->link_type = value_of(in, STR("type"));
    r->link_relation = value_of(in, STR("relation"));
    return true;
}

static bool read_fileshare(struct reading *in)
{
    struct cot_routing *r = in->r;

    if (r->fileshare_sha256.len > 0)
        return true;
    r->fileshare_sha256 = value_of(in, STR("sha256"));
    r->fileshare_url = value_of(in, STR("senderUrl"));
    r->fileshare_size = value_of(in, STR("sizeInBytes"));
    r->fileshare_name = value_of(in, STR("filename"));
    if (r->fileshare_name.len == 0)
        r->fileshare_name = value_of(in, STR("name"));
    return true;
}

/* The text directly inside of the element at hand, up to its end. */
static bool read_text(struct reading *in, struct str *out)
{
    struct xml *x = in->x;
    size_t inside = x->depth, from = in->scratch->len, pieces = 0;

    for (;;) {
        enum xml_is what = xml_next(x);

        if (what == XML_BAD)
            return false;
        if (what == XML_CLOSE && x->depth < inside)
            return true;
        if ((what != XML_TEXT && what != XML_CDATA) || x->depth != inside)
            continue;
        if (pieces++ == 0 && x->plain) {
            *out = x->text;
            continue;
        }
        /* A second piece: the first has to move beside it. */
        if (pieces == 2 && in->scratch->len == from)
            buf_put(in->scratch, *out);
        if (what == XML_TEXT)
            xml_put_text(in->scratch, x->text);
        else
            xml_put_cdata(in->scratch, x->text);
        MUST(!in->scratch->full);
        *out = str_of(in->scratch->at + from, in->scratch->len - from);
    }
}

static bool read_remarks(struct reading *in)
{
    if (in->r->remarks.at)
        return xml_skip(in->x);
    in->r->remarks = STR("");
    return read_text(in, &in->r->remarks);
}

static bool read_emergency(struct reading *in)
{
    struct cot_routing *r = in->r;

    if (r->has_emergency)
        return xml_skip(in->x);
    r->has_emergency = true;
    r->emergency_cancel = str_eq(value_of(in, STR("cancel")), STR("true"));
    r->emergency_type = value_of(in, STR("type"));
    return read_text(in, &r->emergency_text);
}

static bool read_request(struct reading *in)
{
    if (in->r->tak_version.len == 0)
        in->r->tak_version = value_of(in, STR("version"));
    return true;
}

static bool read_force_delete(struct reading *in)
{
    return in->r->force_delete = true;
}

static bool read_archive(struct reading *in)
{
    return in->r->archive = true;
}

static bool read_medevac(struct reading *in)
{
    return in->r->has_medevac = true;
}

static const struct row {
    struct str name, parent; /* no parent: directly in detail */
    bool (*read)(struct reading *in); /* may go on to the end of the element */
} rows[] = {
    {{"marti", 5}, {0}, read_marti},
    {{"dest", 4}, {"marti", 5}, read_dest},
    {{"__chat", 6}, {0}, read_chat},
    {{"__chatreceipt", 13}, {0}, read_chat},
    {{"chatgrp", 7}, {"__chat", 6}, read_members},
    {{"chatgrp", 7}, {"__chatreceipt", 13}, read_members},
    {{"remarks", 7}, {0}, read_remarks},
    {{"link", 4}, {0}, read_link},
    {{"emergency", 9}, {0}, read_emergency},
    {{"__forcedelete", 13}, {0}, read_force_delete},
    {{"archive", 7}, {0}, read_archive},
    {{"_medevac_", 9}, {0}, read_medevac},
    {{"fileshare", 9}, {0}, read_fileshare},
    {{"TakRequest", 10}, {"TakControl", 10}, read_request},
};

static const struct row *row_of(const struct xml *x, struct str parent)
{
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (xml_same(rows[i].name, x->name) && str_eq(rows[i].parent, parent))
            return &rows[i];
    return NULL;
}

bool cot_route(const struct cot *c, struct buf *scratch, struct cot_routing *out, struct err *e)
{
    struct reading in = {NULL, scratch, out};
    struct str parent = {0};
    XML_ON_STACK(x);

    *out = (struct cot_routing){0};
    /* A refusal and no MUST(): how much of it is left may depend on the peer. */
    if (scratch->full || scratch->max - scratch->len < c->detail.len)
        return err_set(e, ERR_FULL, "the event's detail is too large to be routed");
    in.x = &x;
    /* As deep as it lies in the event, so that the limit is the same one. */
    xml_over(&x, c->detail, 2, e);
    for (;;) {
        enum xml_is what = xml_next(&x);
        const struct row *row;

        if (what == XML_BAD)
            return false;
        if (what == XML_END)
            return true;
        if (what != XML_OPEN || x.depth > 4)
            continue;
        parent = x.depth == 4 ? x.open[2] : (struct str){0};
        row = row_of(&x, parent);
        if (row && !row->read(&in))
            return false;
    }
}
