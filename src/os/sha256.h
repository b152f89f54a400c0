/* sha256.h -- SHA-256 of bytes that come in pieces (FIPS 180-4).
 *
 * For files and the journal's chain: OpenSSL uses the processor's own instructions and is about six times
 * as fast as os/secret.h, which hashes what lies in memory as a whole.  A struct sha256 belongs to one
 * thread at a time and is some hundred bytes. */
#ifndef CORDON_OS_SHA256_H
#define CORDON_OS_SHA256_H

#include "base/str.h"

enum { SHA256_SIZE = 32, SHA256_HEX = 64 };

struct sha256;

/* NULL when memory is out. */
struct sha256 *sha256_new(void) MUST_USE;
void sha256_add(struct sha256 *h, struct str bytes);
/* The hash of all that was added since it was made or begun anew.  Afterwards it is only to be begun anew or
 * freed. */
void sha256_end(struct sha256 *h, unsigned char out[SHA256_SIZE]);
void sha256_anew(struct sha256 *h);
void sha256_free(struct sha256 *h); /* NULL is fine */

#endif
