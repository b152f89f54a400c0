#include "core/incident_answer.h"

enum { WORDS_MOST = 16, COUNT_MOST = 10000 };

enum word_is { WORD_OTHER, WORD_NUMBER, WORD_PAR, WORD_OF, WORD_ACK, WORD_POLITE };

static const struct known {
    const char *word;
    enum word_is is;
} known[] = {
    {"par", WORD_PAR},      {"of", WORD_OF},          {"ack", WORD_ACK},       {"acked", WORD_ACK},
    {"acknowledge", WORD_ACK}, {"acknowledged", WORD_ACK}, {"roger", WORD_ACK}, {"rgr", WORD_ACK},
    {"copy", WORD_ACK},     {"copied", WORD_ACK},     {"wilco", WORD_ACK},     {"that", WORD_POLITE},
    {"over", WORD_POLITE},  {"out", WORD_POLITE},     {"sir", WORD_POLITE},
    {"\xD9\x85\xD9\x88\xD8\xB5\xD9\x88\xD9\x84", WORD_ACK}, /* Urdu: received */
    {"\xD8\xB1\xD8\xA7\xD8\xAC\xD8\xB1", WORD_ACK},         /* Urdu: roger */
};

struct word {
    enum word_is is;
    unsigned number;
};

/* A digit of ASCII, U+0660 to U+0669 or U+06F0 to U+06F9: its bytes, 0 when it is none. */
static size_t digit(struct str s, unsigned *d)
{
    unsigned a = (unsigned char)s.at[0], b = s.len > 1 ? (unsigned char)s.at[1] : 0;

    *d = a - '0';
    if (*d <= 9)
        return 1;
    *d = a == 0xD9 ? b - 0xA0 : a == 0xDB ? b - 0xB0 : 10;
    return *d <= 9 ? 2 : 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static struct word number(struct str *rest)
{
    struct word w = {.is = WORD_NUMBER};
    unsigned d;
    size_t n;

    while (rest->len && (n = digit(*rest, &d)) > 0) {
        w.number = w.number < COUNT_MOST ? w.number * 10 + d : COUNT_MOST + 1;
        *rest = str_from_at(*rest, n);
    }
    if (w.number > COUNT_MOST || (rest->len && is_letter(rest->at[0])))
        w.is = WORD_OTHER; /* "3rd" */
    return w;
}

static struct word letters(struct str *rest)
{
    char text[24];
    size_t n = 0, i = 0;
    unsigned d;

    for (; i < rest->len && is_letter(rest->at[i]) && digit(str_from_at(*rest, i), &d) == 0; i++)
        if (n < sizeof text)
            text[n++] = rest->at[i] >= 'A' && rest->at[i] <= 'Z' ? (char)(rest->at[i] | 0x20) : rest->at[i];
    *rest = str_from_at(*rest, i);
    for (size_t k = 0; k < COUNTOF(known) && i <= sizeof text; k++)
        if (str_eq(str_of(text, n), str_from(known[k].word)))
            return (struct word){.is = known[k].is};
    return (struct word){0};
}

/* The words of a line; more than there is room for count as one more. */
static size_t read_words(struct str text, struct word *out)
{
    size_t n = 0;
    unsigned d;

    while (text.len && n < WORDS_MOST) {
        if (digit(text, &d))
            out[n++] = number(&text);
        else if (is_letter(text.at[0]))
            out[n++] = letters(&text);
        else {
            if (text.at[0] == '/')
                out[n++] = (struct word){.is = WORD_OF};
            text = str_from_at(text, 1);
        }
    }
    return n;
}

static bool only_polite(const struct word *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (w[i].is != WORD_ACK && w[i].is != WORD_POLITE)
            return false;
    return n > 0;
}

/* [PAR] number [of number] [PAR]; behind one that says PAR words may follow, but no more numbers. */
static struct answer count_in(const struct word *w, size_t n)
{
    struct answer a = {.is = ANSWER_COUNT};
    size_t i = 0;

    if (i < n && w[i].is == WORD_PAR) {
        a.named = true;
        i++;
    }
    if (i == n || w[i].is != WORD_NUMBER)
        return (struct answer){0};
    a.count = w[i++].number;
    if (i + 1 < n && w[i].is == WORD_OF && w[i + 1].is == WORD_NUMBER)
        i += 2;
    if (i < n && w[i].is == WORD_PAR) {
        a.named = true;
        i++;
    }
    for (; i < n; i++)
        if (!a.named || w[i].is == WORD_NUMBER)
            return (struct answer){0};
    return a;
}

struct answer answer_read(struct str text)
{
    struct word words[WORDS_MOST + 1];
    size_t n = read_words(text, words);

    if (n == WORDS_MOST)
        return (struct answer){0}; /* nobody answers at such length */
    if (only_polite(words, n) && words[0].is == WORD_ACK)
        return (struct answer){.is = ANSWER_ACK};
    return count_in(words, n);
}
