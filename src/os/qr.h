/* qr.h -- QR codes (ISO/IEC 18004): all of libqrencode that Cordon uses.
 *
 * A code is drawn into the caller's buffer with the quiet zone of four modules around it that the
 * standard (section 9.1) asks for.  Blocks for some milliseconds: not for a loop thread. */
#ifndef CORDON_OS_QR_H
#define CORDON_OS_QR_H

#include "base/buf.h"
#include "base/err.h"

enum {
    QR_CONTENT_MAX = 1024,    /* bytes of content */
    QR_DRAWN_MAX = 256 * 1024, /* what a drawing of it needs at most */
};

/* As lines of text, two rows of modules high each.  The light modules are what is printed, which fits a
 * terminal with a dark background; most readers take the reverse as well.  Digits, capital letters, blanks
 * and $%*+-./: are packed closer than other characters.
 * False: the content is too long, or there is no memory. */
bool qr_text(struct str content, struct buf *out, struct err *e) MUST_USE;
/* As an SVG image of its own, a unit a module. */
bool qr_svg(struct str content, struct buf *out, struct err *e) MUST_USE;

#endif
