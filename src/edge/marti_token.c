#include "edge/marti_token.h"

#include "edge/json.h"

#include <inttypes.h>

/* text = base64url(head) . base64url(claims) . base64url(HMAC of all before the second dot)
 *
 * The head has 27 bytes, so that its 36 symbols end where a group of four ends: node-tak decodes the whole text at
 * once, dots and all, and cuts it at each "}". So there is one object in the claims, and no "}" in it but the last. */

static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

_Static_assert((sizeof head - 1) % 3 == 0, "it fills its symbols");

static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding (RFC 4648, section 5). */
static void put_url(struct buf *b, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)at[i] << 16 | (i + 1 < len ? (uint32_t)at[i + 1] << 8 : 0) |
                     (i + 2 < len ? (uint32_t)at[i + 2] : 0);

        for (size_t k = 0; k < 4 && i + k <= len; k++)
            buf_byte(b, symbols[v >> (18 - 6 * k) & 63]);
    }
}

static bool take_url(struct str text, struct buf *out)
{
    uint32_t v = 0;
    size_t bits = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.at[i] ? strchr(symbols, text.at[i]) : NULL;

        if (!at)
            return false;
        v = v << 6 | (uint32_t)(at - symbols);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_byte(out, (char)(v >> bits));
        }
    }
    /* What is left over is the padding of one value, and zero: no two texts for the same bytes. */
    return bits < 6 && (v & ((1u << bits) - 1)) == 0 && !out->full;
}

void token_proof(const char *password_hash, char out[TOKEN_PROOF])
{
    unsigned char sha[SECRET_SHA];
    struct buf hex = buf_over(out, TOKEN_PROOF - 1);

    secret_sha256(str_from(password_hash), sha);
    buf_hex(&hex, sha, (TOKEN_PROOF - 1) / 2);
    out[TOKEN_PROOF - 1] = 0;
}

/* A JSON string that holds no "}". */
static void put_name(struct buf *b, const char *name)
{
    char text[8 * TOKEN_NAME_MAX];
    struct buf json = buf_over(text, sizeof text);

    buf_json(&json, str_from(name));
    for (size_t i = 0; i < json.len; i++) {
        if (text[i] == '}')
            buf_put(b, STR("\\u007d"));
        else
            buf_byte(b, text[i]);
    }
    b->full |= json.full;
}

void token_put(const unsigned char key[SECRET_KEY], const struct token *t, struct buf *b)
{
    char text[TOKEN_TEXT_MAX / 2];
    struct buf claims = buf_over(text, sizeof text);
    unsigned char mac[SECRET_SHA];
    size_t from = b->len;

    buf_put(&claims, STR("{\"sub\":"));
    put_name(&claims, t->name);
    buf_fmt(&claims, ",\"aud\":\"cordon\",\"nbf\":%" PRId64 ",\"iat\":%" PRId64 ",\"exp\":%" PRId64, t->from_s,
            t->from_s, t->until_s);
    buf_fmt(&claims, ",\"jti\":\"%s\",\"proof\":\"%s\"}", t->id, t->proof);
    put_url(b, head, sizeof head - 1);
    buf_byte(b, '.');
    put_url(b, claims.at, claims.len);
    secret_mac(key, str_of(b->at + from, b->len - from), mac);
    buf_byte(b, '.');
    put_url(b, mac, sizeof mac);
    b->full |= claims.full;
}

static bool is_signed(const unsigned char key[SECRET_KEY], struct str what, struct str signature)
{
    unsigned char mac[SECRET_SHA], told[SECRET_SHA + 2];
    struct buf b = buf_over(told, sizeof told);

    secret_mac(key, what, mac);
    return take_url(signature, &b) && secret_same(buf_str(&b), str_of(mac, sizeof mac));
}

static bool take_claims(struct str text, struct token *out, struct err *e)
{
    struct str name, proof, id;
    struct json *j = NULL;
    uint64_t from, until;
    bool has_from, has_until, ok;

    ok = json_read(text, &j, e) && json_take_text(j, "sub", (struct json_length){1, TOKEN_NAME_MAX - 1}, &name, e) &&
         json_take_text(j, "proof", (struct json_length){TOKEN_PROOF - 1, TOKEN_PROOF - 1}, &proof, e) &&
         json_take_text(j, "jti", (struct json_length){TOKEN_ID - 1, TOKEN_ID - 1}, &id, e) &&
         json_take_number(j, "nbf", &has_from, &from, e) && json_take_number(j, "exp", &has_until, &until, e) &&
         has_from && has_until && str_copy(out->name, sizeof out->name, name) &&
         str_copy(out->proof, sizeof out->proof, proof) && str_copy(out->id, sizeof out->id, id);
    if (ok) {
        out->from_s = (int64_t)from;
        out->until_s = (int64_t)until;
    }
    json_drop(j);
    return ok;
}

bool token_take(const unsigned char key[SECRET_KEY], struct str text, int64_t now_ms, struct token *out, struct err *e)
{
    char memory[TOKEN_TEXT_MAX];
    struct buf claims = buf_over(memory, sizeof memory), own = buf_over(memory, sizeof memory);
    size_t first = str_find_byte(text, '.'), second;
    struct str rest;

    *out = (struct token){0};
    if (text.len > TOKEN_TEXT_MAX || first >= text.len)
        return err_set(e, ERR_DENIED, "This is no token of this server.");
    rest = str_from_at(text, first + 1);
    second = first + 1 + str_find_byte(rest, '.');
    put_url(&own, head, sizeof head - 1);
    /* Only the head that this server writes: nobody else chooses the algorithm. */
    if (second >= text.len || !str_eq(str_cut(text, 0, first), buf_str(&own)) ||
        !is_signed(key, str_cut(text, 0, second), str_from_at(text, second + 1)) ||
        !take_url(str_cut(text, first + 1, second), &claims) || !take_claims(buf_str(&claims), out, e))
        return err_set(e, ERR_DENIED, "This is no token of this server.");
    if (now_ms / 1000 < out->from_s || now_ms / 1000 >= out->until_s)
        return err_set(e, ERR_DENIED, "This token has expired: sign in again.");
    return true;
}
