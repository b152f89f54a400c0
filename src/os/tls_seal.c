#include "os/tls_seal.h"

#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>

enum { TAG = 16, HEADER = 5, HASH_MAX = 64, LABEL_MAX = 24 };

/* RFC 8446, B.4. */
static const struct suite {
    uint16_t number;
    uint8_t key, hash; /* bytes */
    const EVP_CIPHER *(*cipher)(void);
    const EVP_MD *(*md)(void);
} suites[] = {
    {0x1301, 16, 32, EVP_aes_128_gcm, EVP_sha256},
    {0x1302, 32, 48, EVP_aes_256_gcm, EVP_sha384},
    {0x1303, 32, 32, EVP_chacha20_poly1305, EVP_sha256},
};

/* ---- one cipher of each kind for a thread ---- */

struct ciphers {
    EVP_CIPHER_CTX *at[COUNTOF(suites)];
};

static pthread_key_t of_thread;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_ciphers(void *at)
{
    struct ciphers *c = at;

    for (size_t i = 0; i < COUNTOF(c->at); i++)
        EVP_CIPHER_CTX_free(c->at[i]);
    free(c);
}

static void make_key(void)
{
    MUST(pthread_key_create(&of_thread, free_ciphers) == 0);
}

/* The cipher of a suite, without a key; NULL when memory is out. */
static EVP_CIPHER_CTX *cipher_of(uint8_t suite)
{
    struct ciphers *c;

    (void)pthread_once(&once, make_key);
    c = pthread_getspecific(of_thread);
    if (!c) {
        c = calloc(1, sizeof *c);
        if (!c || pthread_setspecific(of_thread, c) != 0) {
            free(c);
            return NULL;
        }
    }
    if (!c->at[suite]) {
        EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();

        if (made && EVP_EncryptInit_ex(made, suites[suite].cipher(), NULL, NULL, NULL) == 1)
            c->at[suite] = made;
        else
            EVP_CIPHER_CTX_free(made);
    }
    return c->at[suite];
}

/* ---- keys ---- */

/* HKDF-Expand-Label with an empty context (RFC 8446, 7.1) into size bytes, not more than one hash: then HKDF-Expand is
 * a single HMAC (RFC 5869, 2.3). */
static void expand(const struct tls_seal *s, const char *label, unsigned char *to, size_t size)
{
    const struct suite *suite = &suites[s->suite];
    unsigned char info[2 + 1 + LABEL_MAX + 1 + 1], out[HASH_MAX];
    struct buf b = buf_over(info, sizeof info);
    struct str name = str_from(label);
    unsigned n = sizeof out;

    MUST(size <= suite->hash);
    buf_byte(&b, 0);
    buf_byte(&b, (char)size);
    buf_byte(&b, (char)(6 + name.len));
    buf_put(&b, STR("tls13 "));
    buf_put(&b, name);
    buf_byte(&b, 0); /* no context */
    buf_byte(&b, 1); /* first and only block */
    MUST(!b.full);
    MUST(HMAC(suite->md(), s->secret, suite->hash, info, b.len, out, &n) && n == suite->hash);
    memcpy(to, out, size);
    OPENSSL_cleanse(out, sizeof out);
}

static void take_keys(struct tls_seal *s)
{
    expand(s, "key", s->key, suites[s->suite].key);
    expand(s, "iv", s->iv, sizeof s->iv);
    s->record = 0;
}

bool tls_seal_begin(struct tls_seal *s, uint16_t suite, struct str secret)
{
    for (uint8_t i = 0; i < COUNTOF(suites); i++) {
        if (suites[i].number != suite || suites[i].hash != secret.len || !cipher_of(i))
            continue;
        *s = (struct tls_seal){.suite = i};
        memcpy(s->secret, secret.at, secret.len);
        take_keys(s);
        return true;
    }
    return false;
}

void tls_seal_next(struct tls_seal *s)
{
    unsigned char next[TLS_SEAL_SECRET];

    expand(s, "traffic upd", next, suites[s->suite].hash);
    memcpy(s->secret, next, suites[s->suite].hash);
    OPENSSL_cleanse(next, sizeof next);
    take_keys(s);
}

void tls_seal_wipe(struct tls_seal *s)
{
    OPENSSL_cleanse(s, sizeof *s);
}

/* ---- records ---- */

/* RFC 8446, 5.3: the record's number, at the end of the iv's length, over the iv. */
static void nonce_of(const struct tls_seal *s, unsigned char nonce[sizeof s->iv])
{
    memcpy(nonce, s->iv, sizeof s->iv);
    for (unsigned i = 0; i < 8; i++)
        nonce[sizeof s->iv - 1 - i] ^= (unsigned char)(s->record >> 8 * i);
}

void tls_seal_put(struct tls_seal *s, unsigned char type, struct str text, struct buf *out)
{
    EVP_CIPHER_CTX *cipher = cipher_of(s->suite);
    size_t size = text.len + 1 + TAG;
    unsigned char header[HEADER] = {TLS_TEXT, 3, 3, (unsigned char)(size >> 8), (unsigned char)size};
    unsigned char nonce[sizeof s->iv], *at = (unsigned char *)out->at + out->len;
    int n = 0;

    MUST(cipher && s->record < UINT64_MAX && text.len > 0 && text.len <= TLS_SEAL_TEXT && !out->full &&
         out->max - out->len >= text.len + TLS_SEAL_MORE);
    nonce_of(s, nonce);
    s->record++;
    memcpy(at, header, sizeof header);
    at += sizeof header;
    MUST(EVP_EncryptInit_ex(cipher, NULL, NULL, s->key, nonce) == 1);
    MUST(EVP_EncryptUpdate(cipher, NULL, &n, header, sizeof header) == 1);
    MUST(EVP_EncryptUpdate(cipher, at, &n, (const unsigned char *)text.at, (int)text.len) == 1 &&
         (size_t)n == text.len);
    at += text.len;
    MUST(EVP_EncryptUpdate(cipher, at, &n, &type, 1) == 1 && n == 1);
    MUST(EVP_EncryptFinal_ex(cipher, at + 1, &n) == 1 && n == 0);
    MUST(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG, at + 1) == 1);
    out->len += text.len + TLS_SEAL_MORE;
}
