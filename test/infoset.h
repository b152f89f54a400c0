/* infoset.h -- what an XML text says, as comparable lines, by two programs.
 *
 * infoset_expat() asks expat, infoset_own() asks wire/xml.h.  One line for each
 * start tag "(name", attribute "@name=value" (sorted), run of text "\"text" and
 * end tag ")".  Comments and instructions say nothing.  The normal form of
 * an event is for comparing a way through TAK protocol v1: numbers and times by
 * value, without what v1 has no field for, and the children of detail sorted;
 * the coarse one has four decimals, for ATAK cuts them off after eight.
 * Tests only. */
#ifndef CORDON_TEST_INFOSET_H
#define CORDON_TEST_INFOSET_H

#include "base/when.h"
#include "wire/cot.h"
#include "wire/xml.h"

#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { INFOSET_CHILDREN_MAX = 20000 };

struct infoset {
    struct buf *out, *event; /* event: out, while out is detail */
    bool normal, coarse, in_text;
    size_t depth, dropped; /* attributes and elements that the normal form leaves out */
    size_t skipping;       /* depth at which an element is left out, or 0 */
    bool doctype;
    struct buf detail, direct; /* the children of detail, and the text between them */
    size_t count;
    size_t *child;
};

static inline void infoset_value(struct infoset *s, struct str name, struct str value, const char *of)
{
    bool measured = s->normal && (strcmp(of, "point") == 0 || strcmp(of, "track") == 0 ||
                                  strcmp(of, "status") == 0);
    double v = measured ? cot_number(value) : (double)NAN;
    int64_t ms;

    buf_byte(s->out, '@');
    buf_put(s->out, name);
    buf_byte(s->out, '=');
    if (s->normal && s->depth == 1 && when_parse(value, &ms))
        buf_fmt(s->out, "%lld", (long long)ms);
    else if (isfinite(v))
        buf_fmt(s->out, s->coarse ? "%.4f" : "%.17g", v + 0.0);
    else if (measured && value.len == 3 && strncasecmp(value.at, "nan", 3) == 0)
        buf_put(s->out, STR("NaN"));
    else
        buf_put(s->out, value);
    buf_byte(s->out, '\n');
}

/* Has v1 a field for that attribute of <event>, <point> or <detail>? */
static inline bool infoset_keeps(struct infoset *s, const char *of, struct str name, struct str value)
{
    static const char *const event[] = {"uid", "type", "how", "time", "start", "stale", "access", "qos",
                                        "opex", "caveat", "releasableTo"};
    static const char *const point[] = {"lat", "lon", "hae", "ce", "le"};
    bool is_event = s->depth == 1 && strcmp(of, "event") == 0;
    bool is_point = s->depth == 2 && strcmp(of, "point") == 0;

    if (!s->normal || s->depth > 2 || (s->depth == 2 && !is_point && strcmp(of, "detail") != 0))
        return true;
    for (size_t i = 0; is_event && i < COUNTOF(event); i++)
        if (str_eq(name, str_from(event[i])))
            return value.len > 0;
    for (size_t i = 0; is_point && i < COUNTOF(point); i++)
        if (str_eq(name, str_from(point[i])))
            return true;
    s->dropped += !str_eq(name, STR("version"));
    return false;
}

static inline void infoset_end_text(struct infoset *s)
{
    if (s->in_text)
        buf_byte(s->out, '\n');
    s->in_text = false;
}

static inline void infoset_text(struct infoset *s, struct str text)
{
    if (s->skipping)
        return;
    if (s->normal && s->depth == 2) {
        if (s->out == &s->detail)
            buf_put(&s->direct, text);
        return;
    }
    if (s->normal && s->depth == 1)
        return;
    if (!s->in_text)
        buf_byte(s->out, '"');
    s->in_text = true;
    buf_put(s->out, text);
}

static inline int infoset_compare_names(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* ---- by expat ---------------------------------------------------------- */

static inline void infoset_open(void *ctx, const XML_Char *name, const XML_Char **atts)
{
    struct infoset *s = ctx;
    const XML_Char *pair[2 * LIMIT_XML_ATTRS];
    size_t n = 0;

    infoset_end_text(s);
    s->depth++;
    if (s->skipping)
        return;
    if (s->normal && s->depth == 2 && strcmp(name, "point") != 0 && strcmp(name, "detail") != 0) {
        s->skipping = s->depth;
        s->dropped++;
        return;
    }
    if (s->normal && s->depth == 2 && strcmp(name, "detail") == 0) {
        s->event = s->out;
        s->out = &s->detail;
        return;
    }
    if (s->normal && s->depth == 3 && s->count < INFOSET_CHILDREN_MAX)
        s->child[s->count++] = s->out->len;
    for (; atts[2 * n] && n < COUNTOF(pair) / 2; n++) {
        pair[2 * n] = atts[2 * n];
        pair[2 * n + 1] = atts[2 * n + 1];
    }
    qsort(pair, n, 2 * sizeof(*pair), infoset_compare_names);
    buf_byte(s->out, '(');
    buf_put(s->out, str_from(name));
    buf_byte(s->out, '\n');
    for (size_t i = 0; i < n; i++) {
        struct str key = str_from(pair[2 * i]), value = str_from(pair[2 * i + 1]);

        if (infoset_keeps(s, name, key, value))
            infoset_value(s, key, value, name);
    }
}

/* Sorts the children of detail, each one a run of lines. */
static inline void infoset_sort(struct infoset *s)
{
    char *from = s->out->at;
    size_t len = s->out->len, at = 0;
    char *copy = malloc(len + 1);
    struct str *child = malloc((s->count + 1) * sizeof(*child));

    MUST(copy && child);
    memcpy(copy, from, len);
    s->child[s->count] = s->out->len;
    for (size_t i = 0; i < s->count; i++) {
        struct str mine = str_of(copy + s->child[i], s->child[i + 1] - s->child[i]);
        size_t k = i;

        for (; k > 0 && str_cmp(child[k - 1], mine) > 0; k--)
            child[k] = child[k - 1];
        child[k] = mine;
    }
    for (size_t i = 0; i < s->count; at += child[i++].len)
        memcpy(from + at, child[i].at, child[i].len);
    free(copy);
    free(child);
}

static inline void infoset_close(void *ctx, const XML_Char *name)
{
    struct infoset *s = ctx;

    infoset_end_text(s);
    if (s->skipping) {
        if (s->depth-- == s->skipping)
            s->skipping = 0;
        return;
    }
    if (s->normal && s->depth == 2 && strcmp(name, "detail") == 0) {
        infoset_sort(s);
        s->out = s->event;
    } else {
        buf_put(s->out, STR(")\n"));
    }
    s->depth--;
}

static inline void infoset_chars(void *ctx, const XML_Char *at, int len)
{
    infoset_text(ctx, str_of(at, (size_t)len));
}

static inline void infoset_doctype(void *ctx, const XML_Char *a, const XML_Char *b, const XML_Char *c, int d)
{
    struct infoset *s = ctx;

    (void)a, (void)b, (void)c, (void)d;
    s->doctype = true;
}

enum { INFOSET_PLAIN, INFOSET_NORMAL, INFOSET_COARSE };

/* False when expat finds it ill-formed, or it has a DTD. */
static inline bool infoset_expat(struct str xml, int form, struct buf *out, size_t *dropped)
{
    XML_Parser p = XML_ParserCreate("UTF-8");
    struct infoset *s = calloc(1, sizeof(*s));
    enum XML_Status status;
    bool ok;

    MUST(p && s);
    s->out = out;
    s->normal = form != INFOSET_PLAIN;
    s->coarse = form == INFOSET_COARSE;
    if (s->normal) {
        s->direct = buf_over(malloc(xml.len + 1), xml.len + 1);
        s->detail = buf_over(malloc(out->max), out->max);
        s->child = malloc((INFOSET_CHILDREN_MAX + 1) * sizeof(*s->child));
        MUST(s->direct.at && s->detail.at && s->child);
    }
    XML_SetUserData(p, s);
    XML_SetElementHandler(p, infoset_open, infoset_close);
    XML_SetCharacterDataHandler(p, infoset_chars);
    XML_SetStartDoctypeDeclHandler(p, infoset_doctype);
    status = XML_Parse(p, xml.at ? xml.at : "", (int)xml.len, 1);
    ok = status == XML_STATUS_OK && !s->doctype;
    if (ok && s->normal) {
        buf_put(out, buf_str(&s->detail));
        buf_put(out, STR("detail\""));
        buf_put(out, buf_str(&s->direct));
    }
    if (dropped)
        *dropped = s->dropped;
    XML_ParserFree(p);
    free(s->direct.at);
    free(s->detail.at);
    free(s->child);
    free(s);
    return ok;
}

/* ---- by the project's own scanner -------------------------------------- */

static inline void infoset_own_open(struct infoset *s, const struct xml *x, struct buf *scratch)
{
    const struct xml_attr *sorted[LIMIT_XML_ATTRS];

    buf_byte(s->out, '(');
    buf_put(s->out, x->name);
    buf_byte(s->out, '\n');
    for (size_t i = 0; i < x->attr_count; i++) {
        size_t k = i;

        for (; k > 0 && str_cmp(sorted[k - 1]->name, x->attr[i].name) > 0; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = &x->attr[i];
    }
    for (size_t i = 0; i < x->attr_count; i++)
        infoset_value(s, sorted[i]->name, xml_value(sorted[i], scratch), "");
}

/* One element with what is around it; false with the sentence when refused. */
static inline bool infoset_own(struct str xml, struct buf *scratch, struct buf *out, struct err *e)
{
    struct infoset *s = calloc(1, sizeof(*s));
    struct xml *x = malloc(sizeof(*x));
    size_t roots = 0;
    enum xml_is what;

    MUST(s && x);
    s->out = out;
    xml_over(x, xml, 0, e);
    while ((what = xml_next(x)) != XML_END && what != XML_BAD) {
        size_t from = scratch->len;

        if (what == XML_OTHER)
            continue;
        if (what == XML_TEXT || what == XML_CDATA) {
            if (x->depth == 0 && !xml_is_space(x->text))
                break;
            if (what == XML_TEXT)
                xml_put_text(scratch, x->text);
            else
                xml_put_cdata(scratch, x->text);
            if (x->depth > 0 && scratch->len > from)
                infoset_text(s, str_of(scratch->at + from, scratch->len - from));
            continue;
        }
        infoset_end_text(s);
        if (what == XML_OPEN) {
            roots += x->depth == 1;
            infoset_own_open(s, x, scratch);
        } else {
            buf_put(out, STR(")\n"));
        }
    }
    free(s);
    free(x);
    return what == XML_END && roots == 1;
}

#endif
