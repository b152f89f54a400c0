#include "wire/datagram.h"

#include "wire/frame.h"

enum { MARK = 0xBF, VARINT_MAX = 10 };

static bool is_filler(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0;
}

static struct str trimmed(struct str s)
{
    while (s.len && is_filler(s.at[0]))
        s = str_from_at(s, 1);
    while (s.len && is_filler(s.at[s.len - 1]))
        s.len--;
    return s;
}

/* A v1 mesh frame; its payload may end with any byte, so it is not trimmed. */
static bool read_mesh(struct str in, struct datagram *out, struct err *e)
{
    uint64_t version = 0;
    size_t at = 1;

    for (;; at++) {
        unsigned char c;

        if (at == in.len || at > VARINT_MAX)
            return err_set(e, ERR_INPUT, "its v1 header has no end");
        c = (unsigned char)in.at[at];
        version |= (uint64_t)(c & 0x7F) << (7 * (at - 1) % 64);
        if (!(c & 0x80))
            break;
    }
    if (version != 1)
        return err_set(e, ERR_INPUT, "its TAK protocol version is not 1");
    if (at + 1 >= in.len || (unsigned char)in.at[at + 1] != MARK)
        return err_set(e, ERR_INPUT, "its v1 header is damaged");
    out->proto = str_from_at(in, at + 2);
    return out->proto.len > 0 || err_set(e, ERR_INPUT, "it is a v1 header without an event");
}

static bool read_xml(struct str in, struct datagram *out, struct err *e)
{
    struct framer f = {0};
    struct frame frame = frame_next(&f, in, LIMIT_EVENT_IN);

    if (frame.is != FRAME_XML)
        return err_set(e, ERR_INPUT, "it is no whole event");
    if (frame.used < in.len)
        return err_set(e, ERR_INPUT, "there is more than one event in it");
    out->xml = frame.body;
    return true;
}

bool datagram_read(struct str in, struct datagram *out, struct err *e)
{
    struct str text = trimmed(in);

    *out = (struct datagram){0};
    if (text.len == 0)
        return err_set(e, ERR_INPUT, "it is empty");
    if ((unsigned char)text.at[0] == MARK)
        return read_mesh(str_from_at(in, (size_t)(text.at - in.at)), out, e);
    return read_xml(text, out, e);
}
