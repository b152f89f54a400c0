/* xml.h -- a one-pass scanner over the XML of one event.
 *
 * Gives the tokens one after the other and refuses what is not well-formed
 * (XML 1.0, fifth edition): a DTD, an entity other than the five, a character
 * that XML does not have, invalid UTF-8, a repeated attribute, more attributes
 * or depth than limits.h.  Everything that it gives is a slice of the input;
 * values are decoded only on request.  The scanner lives on the caller's stack
 * (some 9 KB).  Pure; time is linear in the input. */
#ifndef CORDON_WIRE_XML_H
#define CORDON_WIRE_XML_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "wire/scan.h"

enum xml_is {
    XML_BAD,   /* refused; the sentence is set */
    XML_END,   /* the content is over, and every element was closed */
    XML_OPEN,  /* a start tag: name, attr[0 .. attr_count) */
    XML_CLOSE, /* an end tag, also the one that <x/> stands for: name */
    XML_TEXT,  /* text, as written: text, plain */
    XML_CDATA, /* text: what stands inside of the CDATA section */
    XML_OTHER, /* a comment or a processing instruction */
};

struct xml_attr {
    struct str name;
    struct str value; /* as written, between the quotes */
    bool plain;       /* the value is written as it is meant: no decoding needed */
};

struct xml {
    const char *at, *end, *begin;
    const char *token; /* where the token at hand begins; it ends at `at` */
    struct str name;
    struct str text;
    size_t depth, base; /* elements open now, and at the start */
    size_t attr_count;
    bool plain;
    bool empty; /* the start tag was <x/>: its XML_CLOSE comes next */
    struct err *e;
    struct str open[LIMIT_XML_DEPTH];
    struct xml_attr attr[LIMIT_XML_ATTRS];
};

/* The scanner is large and needs no zeroes in its tables. */
#define XML_ON_STACK(name) struct xml name __attribute__((uninitialized))

/* str_eq for names, which are never empty: most differ in length or first byte. */
static inline bool xml_same(struct str a, struct str b)
{
    return a.len == b.len && a.at[0] == b.at[0] && scan_same(a.at, b.at, a.len);
}

/* Scans content: text and elements in any number.  `depth` elements are held
 * to be open around it. */
void xml_over(struct xml *x, struct str content, size_t depth, struct err *e);
enum xml_is xml_next(struct xml *x) MUST_USE;
/* Goes to the end of the element that was just opened. */
bool xml_skip(struct xml *x) MUST_USE;

/* The attribute's value as it is meant.  Takes at most value.len bytes of
 * scratch, and none for a plain one; MUST(they are there). */
struct str xml_value(const struct xml_attr *a, struct buf *scratch) MUST_USE;
/* The attribute of that name of the element at hand, NULL when it has none. */
const struct xml_attr *xml_attr(const struct xml *x, struct str name) MUST_USE;
/* Appends text as it is meant (references replaced, line ends as LF). */
void xml_put_text(struct buf *b, struct str text);
/* The same for what stands in a CDATA section, where & is just an &. */
void xml_put_cdata(struct buf *b, struct str text);
/* Is every character of s one that XML has, in well-formed UTF-8? */
bool xml_is_chars(struct str s) MUST_USE;
/* Only space, tab, CR and LF? */
bool xml_is_space(struct str s) MUST_USE;

#endif
