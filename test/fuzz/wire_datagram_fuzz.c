/* What comes in a datagram, or as the login of an old client: nothing that is taken lies outside of it, and what is
 * taken is one event that says the same when it is cut again. */
#include "wire/auth.h"
#include "wire/datagram.h"
#include "wire/frame.h"
#include "wire/takproto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 18 };
static char values[ROOM];

static bool is_within(struct str part, struct str whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void one_login(struct str in)
{
    struct buf scratch = buf_over(values, sizeof values);
    struct auth a;
    struct err e = {0};

    if (auth_read(in, &scratch, &a, &e))
        MUST(a.username.len > 0 && a.password.len > 0 && a.password.len <= in.len);
    else
        MUST(e.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_of(data, size);
    struct buf scratch = buf_over(values, sizeof values);
    struct tak_control control;
    struct datagram d;
    struct framer f = {0};
    struct err e = {0};
    struct cot c;
    bool has_event;

    if (size > 70000)
        return 0;
    one_login(in);
    if (!datagram_read(in, &d, &e)) {
        MUST(e.text[0] && d.xml.len == 0);
        return 0;
    }
    MUST(!d.xml.len != !d.proto.len && is_within(d.xml, in) && is_within(d.proto, in));
    if (d.xml.len) {
        struct frame frame = frame_next(&f, d.xml, LIMIT_EVENT_IN);

        MUST(frame.is == FRAME_XML && frame.used == d.xml.len);
        (void)!cot_from_xml(d.xml, &scratch, &c, &e);
        return 0;
    }
    (void)!tak_decode(d.proto, &scratch, &c, &has_event, &control, &e);
    return 0;
}
