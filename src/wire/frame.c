/* Where `scanned` stands, for a unit whose first byte is byte 0 of the input:
 *
 *            <root            quote after =
 *   [between] ----> [tag] <----------------> [value]
 *     ^   |          | ^
 *     |   | <!DOCT.  v | <name
 *     |   +--[dtd]  [text] <---------> [comment] [cdata] [instruction]
 *     |              | ^
 *     |    </root    v | an inner one of the same name
 *     +-----------[close] --> [inner]
 *
 * Only three things are trusted: quotes behind a =, the brackets of comments,
 * CDATA and instructions, and the literal end tag of the root.  Everything else
 * may be wrong without harm to the events that follow.  An element of the
 * root's name inside of it is counted, but two such in a row, an XML
 * declaration, or an <event> inside of another root say that the unit was
 * never finished: it is cut there, and the event that follows lives.
 *
 * The bytes are looked at twice at most. */
#include "wire/frame.h"

#include "wire/scan.h"

enum {
    BETWEEN,      /* nothing but filler so far; scanned is 0 */
    SKIPPING,     /* the same, and the bytes before were junk */
    DECLARATION,  /* in <?xml ... ?> between units */
    INSTRUCTION0, /* in <? ... ?> between units */
    COMMENT0,     /* in a comment between units */
    DTD,          /* in <!DOCTYPE ...> and up to the root after it */
    DTD_TEXT,
    DTD_COMMENT,
    DTD_INSTRUCTION,
    TAG,          /* in a start tag */
    VALUE,        /* in an attribute value */
    TEXT,         /* in the content */
    COMMENT,
    CDATA,
    INSTRUCTION,
    CLOSE, /* behind the name of an end tag with the root's name */
    INNER, /* behind such an end tag, when it was not the root's own */
};

/* What a step found: go on, more bytes needed, the end of filler, the end of
 * the unit, a unit that is broken off at `scanned`, bytes that are none. */
enum step { GO, WAIT, FILLED, DONE, BROKEN, NO_UNIT };

enum { MAGIC = 0xBF, ROOT_NAME_MAX = 64, VARINT_MAX = 10 };

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (unsigned char)c >= 0xC2;
}

static bool ends_name(char c)
{
    return is_space(c) || c == '/' || c == '>' || c == '<';
}

enum match { NO, YES, CUT_SHORT };

/* Does that literal stand there?  CUT_SHORT: the input ends inside of it. */
static enum match stands(struct str in, size_t at, struct str literal)
{
    size_t n = in.len - at < literal.len ? in.len - at : literal.len;

    if (!str_eq(str_cut(in, at, at + n), str_cut(literal, 0, n)))
        return NO;
    return n == literal.len ? YES : CUT_SHORT;
}

/* The same with the end of a name behind it. */
static enum match stands_name(struct str in, size_t at, struct str name)
{
    enum match m = stands(in, at, name);

    if (m != YES)
        return m;
    if (at + name.len == in.len)
        return CUT_SHORT;
    return ends_name(in.at[at + name.len]) ? YES : NO;
}

/* The root's name; f->mark says where it begins. */
static struct str root_name(const struct framer *f, struct str in)
{
    size_t n = 0;

    while (n < ROOT_NAME_MAX && f->mark + n < in.len && !ends_name(in.at[f->mark + n]))
        n++;
    return str_cut(in, f->mark, f->mark + n);
}

static enum step to(struct framer *f, int state, size_t scanned)
{
    f->state = (uint8_t)state;
    f->scanned = scanned;
    return GO;
}

/* ---- one step in each state -------------------------------------------- */

/* To behind the literal, then to that state. */
static enum step seek(struct framer *f, struct str in, struct str literal, int then)
{
    struct str rest = str_from_at(in, f->scanned);
    size_t n = str_find(rest, literal);

    if (n < rest.len)
        return to(f, then, f->scanned + n + literal.len);
    /* Its first bytes may be there already. */
    if (rest.len >= literal.len)
        f->scanned = in.len - (literal.len - 1);
    return WAIT;
}

/* A declaration has no < inside; one that is not closed ends there. */
static enum step declaration(struct framer *f, struct str in)
{
    for (size_t i = f->scanned; i < in.len; i++) {
        if (in.at[i] == '<') {
            f->scanned = i;
            return NO_UNIT;
        }
        if (in.at[i] == '>' && in.at[i - 1] == '?') {
            f->scanned = i + 1;
            return FILLED;
        }
    }
    f->scanned = in.len;
    return WAIT;
}

/* The first byte is a <. */
static enum step between(struct framer *f, struct str in)
{
    static const struct { struct str literal; int state; } begins[] = {
        {{"<!--", 4}, COMMENT0}, {{"<!DOCTYPE", 9}, DTD}, {{"<?", 2}, INSTRUCTION0}};

    if (in.len < 2)
        return WAIT;
    if (begins_name(in.at[1])) {
        f->mark = 1;
        f->same = true;
        return to(f, TAG, 1);
    }
    for (size_t i = 0; i < COUNTOF(begins); i++) {
        enum match m = stands(in, 0, begins[i].literal);

        if (m == CUT_SHORT)
            return WAIT;
        if (m != YES)
            continue;
        if (begins[i].state != INSTRUCTION0)
            return to(f, begins[i].state, begins[i].literal.len);
        m = stands_name(in, 2, STR("xml"));
        if (m == CUT_SHORT)
            return WAIT;
        return to(f, m == YES ? DECLARATION : INSTRUCTION0, 2);
    }
    f->scanned = 1;
    return NO_UNIT;
}

/* A DTD has no start tag: the first one is the root, whatever came before. */
static enum step dtd(struct framer *f, struct str in)
{
    size_t i = f->scanned;
    enum match m;

    while (i < in.len && in.at[i] != '<' && in.at[i] != '"' && in.at[i] != '\'')
        i++;
    f->scanned = i;
    if (i == in.len)
        return WAIT;
    if (in.at[i] != '<') {
        f->quote = (uint8_t)in.at[i];
        return to(f, DTD_TEXT, i + 1);
    }
    m = stands(in, i, STR("<!--"));
    if (m != NO)
        return m == YES ? to(f, DTD_COMMENT, i + 4) : WAIT;
    if (in.at[i + 1] == '?')
        return to(f, DTD_INSTRUCTION, i + 2);
    if (!begins_name(in.at[i + 1]))
        return to(f, DTD, i + 1);
    f->mark = (uint32_t)i + 1;
    f->same = true;
    return to(f, TAG, i + 1);
}

/* A quote opens a value only behind a =: `callsign="5" gun"` costs one event. */
static bool opens_value(struct str in, size_t quote)
{
    size_t i = quote;

    while (i > 0 && is_space(in.at[i - 1]))
        i--;
    return i > 0 && in.at[i - 1] == '=';
}

/* The start tag ended at `at`. */
static enum step tag_end(struct framer *f, struct str in, size_t at)
{
    bool empty = in.at[at - 1] == '/';

    if (!f->same || (empty && f->depth > 0))
        return to(f, TEXT, at + 1);
    if (empty) {
        f->scanned = at + 1;
        return DONE;
    }
    if (f->depth == UINT16_MAX)
        return BROKEN;
    f->depth++;
    return to(f, TEXT, at + 1);
}

static enum step tag(struct framer *f, struct str in)
{
    const char *p = in.at + f->scanned, *end = in.at + in.len;

    for (;; p++) {
        char c;

        p = scan_tag(p, end);
        f->scanned = (size_t)(p - in.at);
        if (p == end)
            return WAIT;
        c = *p;
        if (c == '>')
            return tag_end(f, in, f->scanned);
        if (c == '<') {
            /* Ill-formed; what begins here is looked at on its own. */
            f->depth = (uint16_t)(f->depth + (f->same && f->depth < UINT16_MAX));
            return to(f, TEXT, f->scanned);
        }
        if (p[-1] != '=' && !opens_value(in, f->scanned))
            continue;
        p = scan_byte(p + 1, end, c);
        if (p == end) {
            f->quote = (uint8_t)c;
            return to(f, VALUE, in.len);
        }
    }
}

/* Content that begins with "<!". */
static enum step marked(struct framer *f, struct str in, size_t i)
{
    enum match comment = stands(in, i, STR("<!--")), cdata = stands(in, i, STR("<![CDATA["));

    if (comment == CUT_SHORT || cdata == CUT_SHORT)
        return WAIT;
    if (comment == YES)
        return to(f, COMMENT, i + 4);
    return cdata == YES ? to(f, CDATA, i + 9) : to(f, TEXT, i + 2);
}

/* An XML declaration, or an event where none can be: the unit that it stands
 * in was never finished. */
static enum match begins_next(const struct framer *f, struct str in, size_t i)
{
    if (in.at[i + 1] == '?')
        return stands_name(in, i, STR("<?xml"));
    if (in.at[i + 1] != 'e' || str_eq(root_name(f, in), STR("event")))
        return NO;
    return stands_name(in, i, STR("<event"));
}

/* Is it the root's name that stands there? */
static enum match is_root(const struct framer *f, struct str in, size_t at)
{
    if (at < in.len && in.at[at] != in.at[f->mark])
        return NO;
    return stands_name(in, at, root_name(f, in));
}

static enum step text(struct framer *f, struct str in)
{
    size_t i = f->scanned + str_find_byte(str_from_at(in, f->scanned), '<');
    enum match m;

    f->scanned = i;
    if (in.len - i < 2)
        return WAIT;
    m = begins_next(f, in, i);
    if (m != NO)
        return m == YES ? BROKEN : WAIT;
    if (in.at[i + 1] == '!')
        return marked(f, in, i);
    if (in.at[i + 1] == '?')
        return to(f, INSTRUCTION, i + 2);
    if (in.at[i + 1] == '/') {
        m = is_root(f, in, i + 2);
        if (m == CUT_SHORT)
            return WAIT;
        return m == YES ? to(f, CLOSE, i + 2 + root_name(f, in).len) : to(f, TEXT, i + 2);
    }
    if (!begins_name(in.at[i + 1]))
        return to(f, TEXT, i + 1);
    m = is_root(f, in, i + 1);
    if (m == CUT_SHORT)
        return WAIT;
    f->same = m == YES;
    if (f->same)
        f->inner = (uint32_t)i;
    return to(f, TAG, i + 1);
}

static enum step close(struct framer *f, struct str in)
{
    size_t i = f->scanned;

    while (i < in.len && in.at[i] != '>' && in.at[i] != '<')
        i++;
    f->scanned = i;
    if (i == in.len)
        return WAIT;
    f->scanned += in.at[i] == '>';
    if (f->depth <= 1)
        return DONE;
    f->depth--;
    return to(f, INNER, f->scanned);
}

/* Two of the root's name in a row are no children: the outer one was never
 * finished, and the inner one, which was, is cut again on its own. */
static enum step inner(struct framer *f, struct str in)
{
    size_t i = f->scanned;
    enum match m;

    while (i < in.len && is_space(in.at[i]))
        i++;
    f->scanned = i;
    if (i == in.len)
        return WAIT;
    if (in.at[i] == '<' && i + 1 == in.len)
        return WAIT;
    m = in.at[i] == '<' ? is_root(f, in, i + 1) : NO;
    if (m == NO && in.at[i] == '<')
        m = begins_next(f, in, i);
    if (m == CUT_SHORT)
        return WAIT;
    if (m == NO)
        return to(f, TEXT, i);
    f->scanned = f->inner;
    return BROKEN;
}

static enum step step(struct framer *f, struct str in)
{
    struct str quote = f->quote == '"' ? STR("\"") : STR("'");

    switch (f->state) {
    case BETWEEN: return between(f, in);
    case DECLARATION: return declaration(f, in);
    case INSTRUCTION0: return seek(f, in, STR("?>"), BETWEEN) == GO ? FILLED : WAIT;
    case COMMENT0: return seek(f, in, STR("-->"), BETWEEN) == GO ? FILLED : WAIT;
    case DTD: return dtd(f, in);
    case DTD_TEXT: return seek(f, in, quote, DTD);
    case DTD_COMMENT: return seek(f, in, STR("-->"), DTD);
    case DTD_INSTRUCTION: return seek(f, in, STR("?>"), DTD);
    case TAG: return tag(f, in);
    case VALUE: return seek(f, in, quote, TAG);
    case TEXT: return text(f, in);
    case COMMENT: return seek(f, in, STR("-->"), TEXT);
    case CDATA: return seek(f, in, STR("]]>"), TEXT);
    case INSTRUCTION: return seek(f, in, STR("?>"), TEXT);
    case CLOSE: return close(f, in);
    default: MUST(f->state == INNER); return inner(f, in);
    }
}

/* ---- units ------------------------------------------------------------- */

static struct frame ended(struct framer *f, enum frame_is is, struct str body, size_t used)
{
    *f = (struct framer){.state = is == FRAME_JUNK ? SKIPPING : BETWEEN};
    return (struct frame){is, body, used};
}

/* A run of bytes that begin no unit, up to one that may. */
static size_t junk_len(struct str in)
{
    size_t n = 0;

    while (n < in.len && in.at[n] != '<' && (unsigned char)in.at[n] != MAGIC)
        n++;
    return n;
}

static struct frame xml_unit(struct framer *f, struct str in, size_t max)
{
    struct str seen = str_cut(in, 0, in.len < max ? in.len : max);
    struct str none = {0};
    enum step s;

    MUST(f->scanned <= seen.len);
    do
        s = step(f, seen);
    while (s == GO);
    switch (s) {
    case FILLED: return ended(f, FRAME_MORE, none, f->scanned);
    case DONE:
    case BROKEN: return ended(f, FRAME_XML, str_cut(in, 0, f->scanned), f->scanned);
    case NO_UNIT:
        return ended(f, FRAME_JUNK, none, f->scanned + junk_len(str_from_at(in, f->scanned)));
    case GO:
    case WAIT: break;
    }
    if (in.len >= max)
        return ended(f, FRAME_BAD, none, 0);
    return (struct frame){FRAME_MORE, none, 0};
}

static struct frame v1_unit(struct framer *f, struct str in, size_t max)
{
    struct str none = {0};
    uint64_t len = 0;

    for (size_t i = 1; i < in.len; i++) {
        uint8_t c = (uint8_t)in.at[i];

        if (i > VARINT_MAX || (i == VARINT_MAX && c > 1))
            return ended(f, FRAME_BAD, none, 0);
        len |= (uint64_t)(c & 0x7F) << (7 * (i - 1));
        if (c >= 0x80)
            continue;
        if (i + 1 > max || len > max - (i + 1))
            return ended(f, FRAME_BAD, none, 0);
        if (in.len - (i + 1) < len)
            return (struct frame){FRAME_MORE, none, 0};
        return ended(f, FRAME_PROTO, str_cut(in, i + 1, i + 1 + (size_t)len), i + 1 + (size_t)len);
    }
    if (in.len >= max)
        return ended(f, FRAME_BAD, none, 0);
    return (struct frame){FRAME_MORE, none, 0};
}

/* White space, NUL and a byte order mark; wait: one that may still become it. */
static size_t filler_len(struct str in, bool *wait)
{
    size_t n = 0;
    enum match m;

    while (n < in.len && (is_space(in.at[n]) || in.at[n] == 0))
        n++;
    m = n < in.len ? stands(in, n, STR("\xEF\xBB\xBF")) : NO;
    *wait = m == CUT_SHORT;
    return m == YES ? n + 3 : n;
}

/* One unit, one run of junk, or some filler as FRAME_MORE with used > 0. */
static struct frame unit(struct framer *f, struct str in, size_t max)
{
    struct str none = {0};
    size_t n;
    bool wait;

    if (f->state == SKIPPING) {
        n = junk_len(in);
        if (n < in.len)
            f->state = BETWEEN;
        if (n > 0 || in.len == 0)
            return (struct frame){FRAME_MORE, none, n};
    }
    if (f->state != BETWEEN)
        return xml_unit(f, in, max);
    n = filler_len(in, &wait);
    if (n > 0 || wait || in.len == 0)
        return (struct frame){FRAME_MORE, none, n};
    if ((unsigned char)in.at[0] == MAGIC)
        return v1_unit(f, in, max);
    if (in.at[0] == '<')
        return xml_unit(f, in, max);
    return ended(f, FRAME_JUNK, none, 1 + junk_len(str_from_at(in, 1)));
}

struct frame frame_next(struct framer *f, struct str in, size_t max)
{
    size_t dropped = 0;

    MUST(max > 0);
    MUST(f->scanned <= in.len);
    for (;;) {
        struct frame got = unit(f, str_from_at(in, dropped), max);

        dropped += got.used;
        MUST(dropped <= in.len);
        if (got.is != FRAME_MORE || got.used == 0) {
            got.used = dropped;
            return got;
        }
    }
}
