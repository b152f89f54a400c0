#include "os/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha256 {
    EVP_MD_CTX *at;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *h = malloc(sizeof *h);

    if (!h)
        return NULL;
    h->at = EVP_MD_CTX_new();
    if (h->at && EVP_DigestInit_ex(h->at, EVP_sha256(), NULL) == 1)
        return h;
    sha256_free(h);
    return NULL;
}

void sha256_add(struct sha256 *h, struct str bytes)
{
    MUST(bytes.len == 0 || EVP_DigestUpdate(h->at, bytes.at, bytes.len) == 1);
}

void sha256_end(struct sha256 *h, unsigned char out[SHA256_SIZE])
{
    unsigned n = 0;

    MUST(EVP_DigestFinal_ex(h->at, out, &n) == 1 && n == SHA256_SIZE);
}

void sha256_anew(struct sha256 *h)
{
    MUST(EVP_DigestInit_ex(h->at, NULL, NULL) == 1);
}

void sha256_free(struct sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->at);
    free(h);
}
