/* words.h -- a few bits of a hash as words, to be compared by voice.
 *
 * Eleven bits a word, from the front: three words are the first 33 bits.  Whoever wants
 * his own certificate to show the same three has to try 2^32 keys on average, which is hours
 * on a good machine; so the words find the wrong server, a mixed-up QR and an
 * attacker who came by, not one who prepared for this post.  The whole SHA-256 does.  Pure. */
#ifndef CORDON_BASE_WORDS_H
#define CORDON_BASE_WORDS_H

#include "base/buf.h"

enum { WORDS = 2048, WORDS_BITS = 11, WORDS_THREE = 3 * 8 }; /* WORDS_THREE: room for three with their spaces and NUL */

/* The word of a number below WORDS. */
struct str word_at(unsigned number) MUST_USE;
/* The first count words of a hash of n bytes, one space between. */
void words_put(struct buf *b, const unsigned char *hash, size_t n, unsigned count);

#endif
