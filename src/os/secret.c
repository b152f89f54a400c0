#include "os/secret.h"

#include "os/file.h"

#include <sodium.h>

_Static_assert(SECRET_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key of the seal");
_Static_assert(SECRET_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce of the seal");
_Static_assert(SECRET_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag of the seal");
_Static_assert(SECRET_SHA == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(SECRET_SIGN_KEY == crypto_sign_SECRETKEYBYTES, "signing key");
_Static_assert(SECRET_SIGN_PUB == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(SECRET_SIGNATURE == crypto_sign_BYTES, "signature");
_Static_assert(SECRET_SHA == crypto_auth_hmacsha256_BYTES && SECRET_KEY == crypto_auth_hmacsha256_KEYBYTES, "MAC");
_Static_assert(SECRET_SALT == crypto_pwhash_SALTBYTES, "salt of argon2id");
_Static_assert(SECRET_PASSWORD_MAX == crypto_pwhash_STRBYTES, "argon2id string");

/* The library takes NULL for no bytes in some calls and not in others: never give it one. */
static const unsigned char *bytes_of(struct str s)
{
    static const unsigned char none[1];

    return s.len ? (const unsigned char *)s.at : none;
}

bool secret_start(struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, ERR_WORLD, "the cryptography library (libsodium) does not start");
    return true;
}

void secret_sha256(struct str bytes, unsigned char out[SECRET_SHA])
{
    MUST(crypto_hash_sha256(out, bytes_of(bytes), bytes.len) == 0);
}

void secret_sha256_two(struct str a, struct str b, unsigned char out[SECRET_SHA])
{
    crypto_hash_sha256_state state;

    MUST(crypto_hash_sha256_init(&state) == 0);
    MUST(crypto_hash_sha256_update(&state, bytes_of(a), a.len) == 0);
    MUST(crypto_hash_sha256_update(&state, bytes_of(b), b.len) == 0);
    MUST(crypto_hash_sha256_final(&state, out) == 0);
}

void secret_mac(const unsigned char key[SECRET_KEY], struct str bytes, unsigned char out[SECRET_SHA])
{
    MUST(crypto_auth_hmacsha256(out, bytes_of(bytes), bytes.len, key) == 0);
}

void secret_seal(const unsigned char key[SECRET_KEY], const unsigned char nonce[SECRET_NONCE],
                 struct str text, struct str additional, unsigned char *out)
{
    unsigned long long n = 0;

    MUST(crypto_aead_xchacha20poly1305_ietf_encrypt(out, &n, bytes_of(text), text.len,
                                                    bytes_of(additional), additional.len, NULL,
                                                    nonce, key) == 0);
    MUST(n == text.len + SECRET_TAG);
}

bool secret_open(const unsigned char key[SECRET_KEY], const unsigned char nonce[SECRET_NONCE],
                 struct str sealed, struct str additional, unsigned char *out)
{
    unsigned char none[1];

    if (sealed.len < SECRET_TAG)
        return false;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               sealed.len > SECRET_TAG ? out : none, NULL, NULL, bytes_of(sealed), sealed.len,
               bytes_of(additional), additional.len, nonce, key) == 0;
}

void secret_sign_keys(unsigned char key[SECRET_SIGN_KEY], unsigned char pub[SECRET_SIGN_PUB])
{
    MUST(crypto_sign_keypair(pub, key) == 0);
}

void secret_sign(const unsigned char key[SECRET_SIGN_KEY], struct str text,
                 unsigned char out[SECRET_SIGNATURE])
{
    MUST(crypto_sign_detached(out, NULL, bytes_of(text), text.len, key) == 0);
}

bool secret_signed(const unsigned char pub[SECRET_SIGN_PUB], struct str text,
                   const unsigned char signature[SECRET_SIGNATURE])
{
    return crypto_sign_verify_detached(signature, bytes_of(text), text.len, pub) == 0;
}

bool secret_password(struct str password, char out[SECRET_PASSWORD_MAX], struct err *e)
{
    if (crypto_pwhash_str(out, (const char *)bytes_of(password), password.len,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return err_set(e, ERR_WORLD,
                       "a password cannot be kept: %d MiB of memory are needed for a moment",
                       (int)(crypto_pwhash_MEMLIMIT_INTERACTIVE / (1024 * 1024)));
    return true;
}

bool secret_password_is(const char *hash, struct str password)
{
    char whole[SECRET_PASSWORD_MAX] = {0};

    /* The library reads a fixed number of bytes of the hash; a stored string is shorter. */
    if (!str_copy(whole, sizeof whole, str_from(hash)))
        return false;
    return crypto_pwhash_str_verify(whole, (const char *)bytes_of(password), password.len) == 0;
}

bool secret_stretch(struct str passphrase, const unsigned char salt[SECRET_SALT], unsigned char out[SECRET_KEY],
                    struct err *e)
{
    enum { PASSES = 4 };

    if (crypto_pwhash(out, SECRET_KEY, (const char *)bytes_of(passphrase), passphrase.len, salt, PASSES,
                      crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(e, ERR_WORLD, "a passphrase cannot be used: %d MiB of memory are needed for a moment",
                       (int)(crypto_pwhash_MEMLIMIT_INTERACTIVE / (1024 * 1024)));
    return true;
}

void secret_random(void *to, size_t n)
{
    randombytes_buf(to, n);
}

bool secret_same(struct str a, struct str b)
{
    return a.len == b.len && sodium_memcmp(bytes_of(a), bytes_of(b), a.len) == 0;
}

void secret_token(char *to, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        uint32_t byte = randombytes_uniform(256);

        to[2 * i] = digits[byte >> 4];
        to[2 * i + 1] = digits[byte & 15];
    }
    to[2 * n] = 0;
}

void secret_code(char to[15])
{
    /* Without 0 O, 1 I L and U: nothing that is misheard or misread for another. */
    static const char letters[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (int i = 0; i < 14; i++)
        to[i] = (char)(i % 5 == 4 ? '-' : letters[randombytes_uniform(sizeof letters - 1)]);
    to[14] = 0;
}

void secret_wipe(void *at, size_t n)
{
    if (n)
        sodium_memzero(at, n);
}

bool secret_key_file(const char *path, void *to, size_t n, bool *made, struct err *e)
{
    size_t there;

    *made = false;
    if (file_read(path, to, n, &there, e)) {
        if (there == n)
            return true;
        e->kind = ERR_INPUT;
    }
    if (e->kind == ERR_INPUT)
        return err_set(e, ERR_INPUT,
                       "%s is not a key file of %zu bytes: put it back from a backup (a new key "
                       "cannot read what was sealed with the old one)",
                       path, n);
    if (e->kind != ERR_MISSING)
        return false;
    randombytes_buf(to, n);
    *made = file_make(path, str_of(to, n), 0600, e);
    return *made;
}
