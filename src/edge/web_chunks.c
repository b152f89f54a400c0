#include "edge/web_chunks.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool size_byte(struct chunks *c, char byte)
{
    int digit = digit_of(byte);

    if (digit >= 0) {
        if (++c->digits > 15)
            return false;
        c->left = c->left << 4 | (uint64_t)digit;
        return true;
    }
    if (c->digits == 0)
        return false;
    if (byte == '\r')
        c->at = CHUNK_SIZE_LF;
    else if (byte == ';' || byte == ' ' || byte == '\t')
        c->at = CHUNK_EXTENSION;
    else
        return false;
    return true;
}

static void begin_size(struct chunks *c)
{
    c->at = CHUNK_SIZE;
    c->left = 0;
    c->line = c->digits = 0;
}

/* One byte that is not of the body. */
static bool frame_byte(struct chunks *c, char byte)
{
    if (++c->line > CHUNK_LINE_MAX)
        return false;
    switch (c->at) {
    case CHUNK_SIZE: return size_byte(c, byte);
    case CHUNK_EXTENSION:
        if (byte == '\r')
            c->at = CHUNK_SIZE_LF;
        return byte != '\n';
    case CHUNK_SIZE_LF:
        c->at = c->left ? CHUNK_BYTES : CHUNK_TRAILER;
        c->line = 0;
        return byte == '\n';
    case CHUNK_CR: c->at = CHUNK_LF; return byte == '\r';
    case CHUNK_LF: begin_size(c); return byte == '\n';
    case CHUNK_TRAILER:
        if (byte == '\r')
            c->at = CHUNK_TRAILER_LF;
        return byte != '\n';
    case CHUNK_TRAILER_LF:
        c->at = c->line == 2 ? CHUNK_END : CHUNK_TRAILER;
        c->line = 0;
        return byte == '\n' && ++c->trailers <= CHUNK_TRAILERS_MAX;
    case CHUNK_BYTES:
    case CHUNK_END: break;
    }
    return false;
}

enum chunks_are chunks_next(struct chunks *c, struct str *in, struct str *out)
{
    *out = (struct str){0};
    while (in->len && c->at != CHUNK_END) {
        if (c->at == CHUNK_BYTES) {
            size_t n = in->len < c->left ? in->len : (size_t)c->left;

            *out = str_cut(*in, 0, n);
            *in = str_from_at(*in, n);
            c->left -= n;
            if (c->left == 0) {
                c->at = CHUNK_CR;
                c->line = 0;
            }
            return CHUNK_SOME;
        }
        if (!frame_byte(c, in->at[0]))
            return CHUNK_BAD;
        *in = str_from_at(*in, 1);
    }
    return c->at == CHUNK_END ? CHUNK_DONE : CHUNK_MORE;
}
