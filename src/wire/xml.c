/* The scanner walks with a pointer `p` and leaves x->at where a token ended;
 * a helper that takes p gives back the place behind what it read, or NULL
 * after it refused. */
#include "wire/xml.h"

/* What a byte may be.  Bytes from 0x80 on have no class: they are looked at
 * as whole characters. */
enum { NAME0 = 1, NAME = 2, SPACE = 4, PLAIN = 8 }; /* PLAIN: in text */
#define LETTER (NAME0 | NAME | PLAIN)
#define DIGIT (NAME | PLAIN)

static const uint8_t class[256] = {
    ['\t'] = SPACE | PLAIN, ['\n'] = SPACE | PLAIN, ['\r'] = SPACE,
    [' '] = SPACE | PLAIN, ['!'] = PLAIN, ['"'] = PLAIN, ['#'] = PLAIN, ['$'] = PLAIN,
    ['%'] = PLAIN, ['\''] = PLAIN, ['('] = PLAIN, [')'] = PLAIN, ['*'] = PLAIN, ['+'] = PLAIN,
    [','] = PLAIN, ['-'] = DIGIT, ['.'] = DIGIT, ['/'] = PLAIN, ['0'] = DIGIT, ['1'] = DIGIT,
    ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT, ['5'] = DIGIT, ['6'] = DIGIT, ['7'] = DIGIT,
    ['8'] = DIGIT, ['9'] = DIGIT, [':'] = LETTER, [';'] = PLAIN, ['='] = PLAIN,
    ['?'] = PLAIN, ['@'] = PLAIN, ['A'] = LETTER, ['B'] = LETTER, ['C'] = LETTER, ['D'] = LETTER,
    ['E'] = LETTER, ['F'] = LETTER, ['G'] = LETTER, ['H'] = LETTER, ['I'] = LETTER, ['J'] = LETTER,
    ['K'] = LETTER, ['L'] = LETTER, ['M'] = LETTER, ['N'] = LETTER, ['O'] = LETTER, ['P'] = LETTER,
    ['Q'] = LETTER, ['R'] = LETTER, ['S'] = LETTER, ['T'] = LETTER, ['U'] = LETTER, ['V'] = LETTER,
    ['W'] = LETTER, ['X'] = LETTER, ['Y'] = LETTER, ['Z'] = LETTER, ['['] = PLAIN, ['\\'] = PLAIN,
    ['^'] = PLAIN, ['_'] = LETTER, ['`'] = PLAIN, ['a'] = LETTER, ['b'] = LETTER,
    ['c'] = LETTER, ['d'] = LETTER, ['e'] = LETTER, ['f'] = LETTER, ['g'] = LETTER, ['h'] = LETTER,
    ['i'] = LETTER, ['j'] = LETTER, ['k'] = LETTER, ['l'] = LETTER, ['m'] = LETTER, ['n'] = LETTER,
    ['o'] = LETTER, ['p'] = LETTER, ['q'] = LETTER, ['r'] = LETTER, ['s'] = LETTER, ['t'] = LETTER,
    ['u'] = LETTER, ['v'] = LETTER, ['w'] = LETTER, ['x'] = LETTER, ['y'] = LETTER, ['z'] = LETTER,
    ['{'] = PLAIN, ['|'] = PLAIN, ['}'] = PLAIN, ['~'] = PLAIN, [0x7F] = PLAIN,
};

static bool is(char c, unsigned what)
{
    return (class[(unsigned char)c] & what) != 0;
}

static enum xml_is refuse(struct xml *x, const char *at, const char *why)
{
    (void)err_set(x->e, ERR_INPUT, "not well-formed at byte %zu: %s", (size_t)(at - x->begin), why);
    return XML_BAD;
}

static const char *refuse_at(struct xml *x, const char *at, const char *why)
{
    (void)refuse(x, at, why);
    return NULL;
}

/* ---- characters -------------------------------------------------------- */

/* The UTF-8 sequence at p as a code point; its length, or 0 when it is none
 * or one that XML does not have (surrogates, U+FFFE, U+FFFF). */
static size_t character(const char *p, const char *end, uint32_t *out)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    uint32_t code = n == 2 ? c & 0x1Fu : n == 3 ? c & 0x0Fu : c & 0x07u;

    if (n == 0 || (size_t)(end - p) < n || !str_is_utf8(str_of(p, n)))
        return 0;
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)p[i] & 0x3Fu);
    *out = code;
    return code == 0xFFFE || code == 0xFFFF ? 0 : n;
}

static bool code_is_char(uint32_t c)
{
    return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
           (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/* NameStartChar beyond ASCII; NameChar has three ranges more. */
static bool code_is_name(uint32_t c, bool first)
{
    static const struct { uint32_t from, to; bool first; } ranges[] = {
        {0xB7, 0xB7, false},     {0xC0, 0xD6, true},       {0xD8, 0xF6, true},
        {0xF8, 0x2FF, true},     {0x300, 0x36F, false},    {0x370, 0x37D, true},
        {0x37F, 0x1FFF, true},   {0x200C, 0x200D, true},   {0x203F, 0x2040, false},
        {0x2070, 0x218F, true},  {0x2C00, 0x2FEF, true},   {0x3001, 0xD7FF, true},
        {0xF900, 0xFDCF, true},  {0xFDF0, 0xFFFD, true},   {0x10000, 0xEFFFF, true},
    };

    for (size_t i = 0; i < COUNTOF(ranges); i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].first || !first;
    return false;
}

/* One character of text or of a value that is not plain ASCII. */
static const char *odd_char(struct xml *x, const char *p)
{
    uint32_t code;
    size_t n = (unsigned char)*p < 0x80 ? 0 : character(p, x->end, &code);

    if (n == 0)
        return refuse_at(x, p, "a byte that is no character of XML in UTF-8");
    return p + n;
}

bool xml_is_chars(struct str s)
{
    const char *p = s.at, *end = s.at + s.len;
    uint32_t code;

    while ((p = scan_odd(p, end)) < end) {
        size_t n = 1;

        if ((unsigned char)*p >= 0x80)
            n = character(p, end, &code);
        else if (!is(*p, SPACE))
            n = 0;
        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

bool xml_is_space(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is(s.at[i], SPACE))
            return false;
    return true;
}

static const char *spaces(const struct xml *x, const char *p)
{
    while (p < x->end && is(*p, SPACE))
        p++;
    return p;
}

/* ---- names and references ---------------------------------------------- */

/* The rest of a name that has a character beyond ASCII. */
static const char *odd_name(struct xml *x, const char *from, const char *p)
{
    while (p < x->end) {
        uint32_t code;
        size_t n = 1;

        if ((unsigned char)*p >= 0x80) {
            n = character(p, x->end, &code);
            if (n == 0 || !code_is_name(code, p == from))
                return refuse_at(x, p, "a character that no name may have");
        } else if (!is(*p, NAME)) {
            break;
        }
        p += n;
    }
    return p;
}

static inline const char *name_at(struct xml *x, const char *from, struct str *out)
{
    const char *p = from, *end = x->end;

    if (p == end || (!is(*p, NAME0) && (unsigned char)*p < 0x80))
        return refuse_at(x, p, "a name is expected");
    while (p < end && is(*p, NAME))
        p++;
    if (p < end && (unsigned char)*p >= 0x80) {
        p = odd_name(x, from, p);
        if (!p)
            return NULL;
    }
    *out = str_of(from, (size_t)(p - from));
    return p;
}

/* "&#10;" or "&#xA;" between p and end; how long it is, 0 when it is none. */
static size_t number_reference(const char *p, const char *end, uint32_t *out)
{
    const char *q = p + 2;
    bool hex = q < end && *q == 'x';
    uint32_t code = 0;
    const char *digits = q += hex;

    for (; q < end && *q != ';'; q++) {
        char c = *q;
        uint32_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        else
            return 0;
        code = code * (hex ? 16 : 10) + digit;
        if (code > 0x10FFFF)
            return 0;
    }
    if (q == end || q == digits || !code_is_char(code))
        return 0;
    *out = code;
    return (size_t)(q + 1 - p);
}

/* The reference at p ('&'): its length and the character it stands for. */
static size_t reference(const char *p, const char *end, uint32_t *out)
{
    static const struct { struct str text; char c; } five[] = {
        {{"&amp;", 5}, '&'},  {{"&lt;", 4}, '<'},    {{"&gt;", 4}, '>'},
        {{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''},
    };
    struct str rest = str_of(p, (size_t)(end - p));

    if (rest.len > 2 && p[1] == '#')
        return number_reference(p, end, out);
    for (size_t i = 0; i < COUNTOF(five); i++) {
        if (str_starts(rest, five[i].text)) {
            *out = (unsigned char)five[i].c;
            return five[i].text.len;
        }
    }
    return 0;
}

static const char *check_reference(struct xml *x, const char *p)
{
    uint32_t code;
    size_t n = reference(p, x->end, &code);

    if (n == 0)
        return refuse_at(x, p, "an & that begins none of the five entities and no character");
    return p + n;
}

/* ---- start tags -------------------------------------------------------- */

static const char *value_at(struct xml *x, const char *p, struct xml_attr *a)
{
    char quote = *p++;
    const char *from = p;

    a->plain = true;
    for (;;) {
        p = scan_value(p, x->end, quote);
        if (p == x->end)
            return refuse_at(x, from, "an attribute value is not closed");
        if (*p == quote)
            break;
        if (*p == '&') {
            a->plain = false;
            p = check_reference(x, p);
        } else if (is(*p, SPACE)) {
            a->plain = false;
            p++;
        } else if (*p == '<') {
            return refuse_at(x, p, "a raw < in an attribute value");
        } else {
            p = odd_char(x, p);
        }
        if (!p)
            return NULL;
    }
    a->value = str_of(from, (size_t)(p - from));
    return p + 1;
}

static const char *attribute_at(struct xml *x, const char *p)
{
    struct xml_attr *a = &x->attr[x->attr_count];

    if (x->attr_count == LIMIT_XML_ATTRS)
        return refuse_at(x, p, "an element has too many attributes");
    p = name_at(x, p, &a->name);
    if (!p)
        return NULL;
    p = spaces(x, p);
    if (p == x->end || *p != '=')
        return refuse_at(x, p, "an attribute has no value");
    p = spaces(x, p + 1);
    if (p == x->end || (*p != '"' && *p != '\''))
        return refuse_at(x, p, "an attribute value has no quotes");
    x->attr_count++;
    return value_at(x, p, a);
}

/* One bit by which most names differ, so that few are compared. */
static uint64_t name_bit(struct str name)
{
    unsigned first = (unsigned char)name.at[0], last = (unsigned char)name.at[name.len - 1];

    return (uint64_t)1 << ((first * 7 + last * 3 + name.len) & 63);
}

static bool is_repeated(const struct xml *x)
{
    struct str name = x->attr[x->attr_count - 1].name;

    for (size_t i = 0; i + 1 < x->attr_count; i++)
        if (xml_same(x->attr[i].name, name))
            return true;
    return false;
}

static enum xml_is start_tag(struct xml *x)
{
    const char *p = name_at(x, x->at + 1, &x->name);
    uint64_t seen = 0;

    x->attr_count = 0;
    for (;;) {
        const char *before = p;
        uint64_t bit;

        if (!p)
            return XML_BAD;
        p = spaces(x, p);
        if (p == x->end)
            return refuse(x, x->at, "a tag is not closed");
        if (*p == '>' || *p == '/')
            break;
        if (p == before)
            return refuse(x, p, "no space before an attribute");
        p = attribute_at(x, p);
        if (!p)
            return XML_BAD;
        bit = name_bit(x->attr[x->attr_count - 1].name);
        if ((seen & bit) != 0 && is_repeated(x))
            return refuse(x, before, "an attribute is there twice");
        seen |= bit;
    }
    x->empty = *p == '/';
    p += x->empty;
    if (p == x->end || *p != '>')
        return refuse(x, p, "a / stands inside of a tag");
    if (x->depth == LIMIT_XML_DEPTH)
        return refuse(x, x->at, "too many elements inside of one another");
    x->open[x->depth++] = x->name;
    x->at = p + 1;
    return XML_OPEN;
}

/* ---- the other tokens -------------------------------------------------- */

static enum xml_is end_tag(struct xml *x)
{
    const char *p = x->at + 2;
    struct str name;

    if (x->depth == x->base)
        return refuse(x, x->at, "an end tag without its start tag");
    name = x->open[x->depth - 1];
    if ((size_t)(x->end - p) < name.len || !scan_same(p, name.at, name.len))
        return refuse(x, x->at, "an end tag of another element");
    p = spaces(x, p + name.len);
    if (p == x->end || *p != '>')
        return refuse(x, x->at, "an end tag of another element");
    x->depth--;
    x->name = name;
    x->at = p + 1;
    return XML_CLOSE;
}

static enum xml_is text(struct xml *x)
{
    const char *from = x->at, *p = from;

    x->plain = true;
    while (p < x->end && *p != '<') {
        if (is(*p, PLAIN)) {
            p++;
        } else if (*p == '&') {
            x->plain = false;
            p = check_reference(x, p);
        } else if (*p == '\r') {
            x->plain = false;
            p++;
        } else if (*p == ']' || *p == '>') {
            if (*p == '>' && p - from >= 2 && p[-1] == ']' && p[-2] == ']')
                return refuse(x, p, "a ]]> outside of CDATA");
            p++;
        } else {
            p = odd_char(x, p);
        }
        if (!p)
            return XML_BAD;
    }
    x->text = str_of(from, (size_t)(p - from));
    x->at = p;
    return XML_TEXT;
}

/* From `from` to the literal `till`: what lies between goes to x->text. */
static enum xml_is section(struct xml *x, size_t skip, struct str till, enum xml_is what)
{
    const char *from = x->at + skip;
    struct str rest = str_of(from, (size_t)(x->end - from));
    size_t n = str_find(rest, till);

    if (n == rest.len)
        return refuse(x, x->at, "a comment, CDATA section or instruction is not closed");
    x->text = str_cut(rest, 0, n);
    if (!xml_is_chars(x->text))
        return refuse(x, from, "a byte that is no character of XML in UTF-8");
    x->plain = str_find_byte(x->text, '\r') == n;
    x->at = from + n + till.len;
    return what;
}

static enum xml_is comment(struct xml *x)
{
    enum xml_is what = section(x, 4, STR("--"), XML_OTHER);

    if (what == XML_BAD)
        return what;
    if (x->at == x->end || *x->at != '>')
        return refuse(x, x->at, "a -- inside of a comment");
    x->at++;
    return what;
}

static enum xml_is instruction(struct xml *x)
{
    struct str target;
    const char *p = name_at(x, x->at + 2, &target);

    if (!p)
        return XML_BAD;
    if (target.len == 3 && (target.at[0] | 0x20) == 'x' && (target.at[1] | 0x20) == 'm' &&
        (target.at[2] | 0x20) == 'l')
        return refuse(x, p, "an XML declaration inside of the event");
    if (p < x->end && !is(*p, SPACE) && !str_starts(str_of(p, (size_t)(x->end - p)), STR("?>")))
        return refuse(x, p, "a processing instruction without a space after its name");
    return section(x, (size_t)(p - x->at), STR("?>"), XML_OTHER);
}

static enum xml_is marked(struct xml *x)
{
    struct str rest = str_of(x->at, (size_t)(x->end - x->at));

    if (str_starts(rest, STR("<!--")))
        return comment(x);
    if (str_starts(rest, STR("<![CDATA[")) && x->depth > 0)
        return section(x, 9, STR("]]>"), XML_CDATA);
    if (str_starts(rest, STR("<!DOCTYPE")))
        return refuse(x, x->at, "a DTD is never read, and an event has none");
    return refuse(x, x->at, "a <! that begins nothing");
}

void xml_over(struct xml *x, struct str content, size_t depth, struct err *e)
{
    MUST(depth < LIMIT_XML_DEPTH);
    x->at = x->begin = x->token = content.at;
    x->end = content.len ? content.at + content.len : content.at;
    x->name = x->text = (struct str){0};
    x->depth = x->base = depth;
    x->attr_count = 0;
    x->plain = x->empty = false;
    x->e = e;
}

enum xml_is xml_next(struct xml *x)
{
    x->token = x->at;
    if (x->empty) {
        x->empty = false;
        x->name = x->open[--x->depth];
        return XML_CLOSE;
    }
    if (x->at == x->end) {
        if (x->depth == x->base)
            return XML_END;
        return refuse(x, x->at, "it ends inside of an element");
    }
    if (*x->at != '<')
        return text(x);
    if (x->end - x->at < 2)
        return refuse(x, x->at, "a tag is not closed");
    switch (x->at[1]) {
    case '/': return end_tag(x);
    case '!': return marked(x);
    case '?': return instruction(x);
    default: return start_tag(x);
    }
}

bool xml_skip(struct xml *x)
{
    size_t outside = x->depth - 1;
    enum xml_is what;

    MUST(x->depth > x->base);
    do
        what = xml_next(x);
    while (what != XML_BAD && !(what == XML_CLOSE && x->depth == outside));
    return what != XML_BAD;
}

/* ---- values as they are meant ------------------------------------------ */

static void put_code(struct buf *b, uint32_t c)
{
    char u[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        u[i] = (char)(0x80 | (c & 0x3F));
    u[0] = (char)(c | (n == 1 ? 0 : n == 2 ? 0xC0u : n == 3 ? 0xE0u : 0xF0u));
    buf_put(b, str_of(u, n));
}

/* References become characters and a line end becomes `line`; a tab becomes
 * `tab`, for that is how a value differs from text. */
static void put_meant(struct buf *b, struct str s, char line, char tab)
{
    const char *p = s.at, *end = s.at + s.len;

    while (p < end) {
        uint32_t code;
        size_t n = 1;

        if (*p == '&') {
            n = reference(p, end, &code);
            MUST(n > 0);
            put_code(b, code);
        } else if (*p == '\r') {
            n += p + 1 < end && p[1] == '\n';
            buf_byte(b, line);
        } else {
            buf_byte(b, *p == '\n' ? line : *p == '\t' ? tab : *p);
        }
        p += n;
    }
}

struct str xml_value(const struct xml_attr *a, struct buf *scratch)
{
    size_t from = scratch->len;

    if (a->plain)
        return a->value;
    put_meant(scratch, a->value, ' ', ' ');
    MUST(!scratch->full);
    return str_of(scratch->at + from, scratch->len - from);
}

void xml_put_text(struct buf *b, struct str text)
{
    put_meant(b, text, '\n', '\t');
}

void xml_put_cdata(struct buf *b, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\r')
            buf_byte(b, text.at[i]);
        else if (i + 1 == text.len || text.at[i + 1] != '\n')
            buf_byte(b, '\n');
}

const struct xml_attr *xml_attr(const struct xml *x, struct str name)
{
    for (size_t i = 0; i < x->attr_count; i++)
        if (xml_same(x->attr[i].name, name))
            return &x->attr[i];
    return NULL;
}
