#include "os/qr.h"

#include <errno.h>
#include <qrencode.h>

enum { QUIET = 4, VERSION_ANY = 0 };

/* The content as a C string, which is what the library's packing takes. */
static QRcode *encode(struct str content, struct err *e)
{
    char text[QR_CONTENT_MAX + 1];
    QRcode *code;

    MUST(content.len > 0 && memchr(content.at, 0, content.len) == NULL);
    if (!str_copy(text, sizeof text, content)) {
        (void)err_set(e, ERR_INPUT, "%zu bytes are too much for a QR code: %d are the most", content.len,
                      QR_CONTENT_MAX);
        return NULL;
    }
    code = QRcode_encodeString(text, VERSION_ANY, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        (void)err_set(e, ERR_WORLD, "a QR code could not be made: %s", strerror(errno));
    return code;
}

/* Outside of the code all is light. */
static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

static bool drawn(const struct buf *out, struct err *e)
{
    return !out->full || err_set(e, ERR_FULL, "there is no room to draw the QR code");
}

bool qr_text(struct str content, struct buf *out, struct err *e)
{
    /* Upper and lower module of a character: 1 is dark, which is left blank. */
    static const char *const blocks[2][2] = {{"\u2588", "\u2580"}, {"\u2584", " "}};
    QRcode *code = encode(content, e);

    if (!code)
        return false;
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++)
            buf_put(out, str_from(blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)]));
        buf_byte(out, '\n');
    }
    QRcode_free(code);
    return drawn(out, e);
}

bool qr_svg(struct str content, struct buf *out, struct err *e)
{
    QRcode *code = encode(content, e);
    int side;

    if (!code)
        return false;
    side = code->width + 2 * QUIET;
    buf_fmt(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<path d=\"",
            side, side, side, side);
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (is_dark(code, x, y))
                buf_fmt(out, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
    buf_put(out, STR("\"/>\n</svg>\n"));
    QRcode_free(code);
    return drawn(out, e);
}
