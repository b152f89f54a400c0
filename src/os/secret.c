#include "os/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(SECRET_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key of the seal");
_Static_assert(SECRET_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce of the seal");
_Static_assert(SECRET_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag of the seal");
_Static_assert(SECRET_SHA == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(SECRET_SIGN_KEY == crypto_sign_SECRETKEYBYTES, "signing key");
_Static_assert(SECRET_SIGN_PUB == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(SECRET_SIGNATURE == crypto_sign_BYTES, "signature");
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
        to[i] = i % 5 == 4 ? '-' : letters[randombytes_uniform(sizeof letters - 1)];
    to[14] = 0;
}

void secret_wipe(void *at, size_t n)
{
    if (n)
        sodium_memzero(at, n);
}

/* Moves exactly n bytes; false at an error or at the end. */
static bool read_all(int fd, char *to, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, to, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const char *from, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, from, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        n -= (size_t)put;
    }
    return true;
}

static bool key_read(int fd, const char *path, void *to, size_t n, struct err *e)
{
    struct stat st;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == n &&
              read_all(fd, to, n);

    (void)close(fd);
    if (!ok)
        return err_set(e, ERR_INPUT,
                       "%s is not a key file of %zu bytes: put it back from a backup (a new key "
                       "cannot read what was sealed with the old one)",
                       path, n);
    return true;
}

/* A name that was renamed is only safe once its folder is on disk too. */
static bool folder_sync(const char *path)
{
    char folder[4096];
    char *slash;
    bool ok;
    int fd;

    if (!str_copy(folder, sizeof folder, str_from(path)))
        return false;
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ok = fsync(fd) == 0;
    (void)close(fd);
    return ok;
}

/* A crash leaves a temporary file, never half a key under the true name; and link(2) does
 * not replace, so of two programs that start at once one wins and the other one hears of it. */
static bool key_make(const char *path, void *to, size_t n, struct err *e)
{
    char draft[4096 + 16];
    bool ok;
    int fd;

    if (strlen(path) > 4095)
        return err_set(e, ERR_INPUT, "the name of the key file is too long");
    (void)snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    randombytes_buf(to, n);
    fd = mkostemp(draft, O_CLOEXEC);
    if (fd < 0)
        return err_set(e, ERR_WORLD, "%s cannot be made: %s", path, strerror(errno));
    ok = write_all(fd, to, n) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && link(draft, path) == 0 && folder_sync(path);
    if (!ok)
        (void)err_set(e, ERR_WORLD, "%s cannot be made: %s", path, strerror(errno));
    (void)unlink(draft);
    return ok;
}

bool secret_key_file(const char *path, void *to, size_t n, bool *made, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *made = false;
    if (fd >= 0)
        return key_read(fd, path, to, n, e);
    if (errno != ENOENT)
        return err_set(e, ERR_WORLD, "%s cannot be read: %s", path, strerror(errno));
    *made = key_make(path, to, n, e);
    return *made;
}
