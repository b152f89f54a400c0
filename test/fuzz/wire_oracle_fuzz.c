/* The same bytes to expat (byte 0 even) and to protobuf-c (odd): nothing is
 * taken that they refuse, nothing well-formed is refused, and what was read is
 * the same. */
#include "infoset.h"
#include "pbwalk.h"

#include "wire/takproto.h"

#include "takmessage.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 20 };
static char own_bytes[ROOM], expat_bytes[ROOM], scratch_bytes[ROOM];

/* expat keeps to the fourth edition's names, so beyond ASCII only its yes
 * counts; a declaration is the cutter's work; depth has a limit with us only. */
static bool is_ours_alone(struct str xml)
{
    size_t depth = 0;

    for (size_t i = 0; i < xml.len; i++) {
        if ((unsigned char)xml.at[i] >= 0x80)
            return true;
        depth += xml.at[i] == '<';
    }
    return depth >= LIMIT_XML_DEPTH || str_starts(xml, STR("<?xml"));
}

static void compare_xml(struct str xml)
{
    struct buf own = buf_over(own_bytes, sizeof(own_bytes));
    struct buf other = buf_over(expat_bytes, sizeof(expat_bytes));
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct err e;
    bool mine = infoset_own(xml, &scratch, &own, &e);
    bool theirs = infoset_expat(xml, INFOSET_PLAIN, &other, NULL);

    MUST(mine == theirs || is_ours_alone(xml));
    MUST(!mine || !theirs || str_eq(buf_str(&own), buf_str(&other)));
}

static void compare_proto(struct str payload)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    TakMessage *p = tak_message__unpack(NULL, payload.len, (const uint8_t *)payload.at);
    struct tak_control control;
    bool has_event;
    struct cot c;
    struct err e;
    bool mine = tak_decode(payload, &scratch, &c, &has_event, &control, &e);
    bool odd = mine && pbwalk_is_odd(payload, &tak_message__descriptor);

    MUST(!mine || p || odd);
    if (p && mine && !odd) {
        MUST(has_event == !!p->cotevent && control.is == !!p->takcontrol);
        if (has_event) {
            MUST(str_eq(c.uid, str_from(p->cotevent->uid)));
            MUST(str_eq(c.type, str_from(p->cotevent->type)));
            MUST(str_eq(c.how, str_from(p->cotevent->how)));
            MUST(!isfinite(p->cotevent->lat) || memcmp(&c.lat.value, &p->cotevent->lat, 8) == 0);
            MUST(!p->cotevent->detail || str_eq(c.detail, str_from(p->cotevent->detail->xmldetail)));
        }
    }
    if (p)
        tak_message__free_unpacked(p, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536)
        return 0;
    if (data[0] % 2 == 0)
        compare_xml(str_of(data + 1, size - 1));
    else
        compare_proto(str_of(data + 1, size - 1));
    return 0;
}
