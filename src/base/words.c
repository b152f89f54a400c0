#include "base/words.h"

static const struct str words[] = {
#define WORD(w) {#w, sizeof #w - 1},
#include "base/words.def"
#undef WORD
};

_Static_assert(COUNTOF(words) == WORDS && WORDS == 1 << WORDS_BITS, "11 bits a word");

struct str word_at(unsigned number)
{
    MUST(number < WORDS);
    return words[number];
}

void words_put(struct buf *b, const unsigned char *hash, size_t n, unsigned count)
{
    MUST((size_t)count * WORDS_BITS <= n * 8);
    for (unsigned i = 0; i < count; i++) {
        unsigned number = 0;

        for (unsigned bit = i * WORDS_BITS; bit < (i + 1) * WORDS_BITS; bit++)
            number = number << 1 | (hash[bit / 8] >> (7 - bit % 8) & 1u);
        if (i)
            buf_byte(b, ' ');
        buf_put(b, word_at(number));
    }
}
