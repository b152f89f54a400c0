#include "core/incident_guard.h"

#include "core/incident_rules.h"

#include <inttypes.h>
#include <stdio.h>

/* One letter of UTF-8, as Urdu and English are compared: small, without marks, one form of ye, kaf and he.
 * 0 at the end.  A byte that is no UTF-8 is a blank. */
static uint32_t raw_letter(struct str text, size_t *at)
{
    unsigned char c = (unsigned char)text.at[(*at)++];
    unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
    uint32_t letter = more ? c & (0x3fu >> more) : c;

    if (c < 0x80)
        return c;
    if (!more || text.len - *at < more)
        return ' ';
    for (unsigned i = 0; i < more; i++) {
        unsigned char next = (unsigned char)text.at[*at + i];

        if (next >> 6 != 2)
            return ' ';
        letter = letter << 6 | (next & 0x3fu);
    }
    *at += more;
    return letter;
}

static bool is_mark(uint32_t c)
{
    return (c >= 0x64b && c <= 0x65f) || c == 0x670 || c == 0x640 || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2066 && c <= 0x2069);
}

static const struct {
    uint32_t from, to;
} folds[] = {
    {0x622, 0x627}, {0x623, 0x627}, {0x625, 0x627}, {0x624, 0x648}, {0x626, 0x6cc}, {0x649, 0x6cc},
    {0x64a, 0x6cc}, {0x643, 0x6a9}, {0x647, 0x6c1}, {0x6c2, 0x6c1}, {0x6d5, 0x6c1}, {0x6d3, 0x6d2}, {0xa0, ' '},
};

static uint32_t next_letter(struct str text, size_t *at)
{
    uint32_t c = 0;

    while (*at < text.len && is_mark(c = raw_letter(text, at)))
        c = 0;
    if (c >= 'A' && c <= 'Z')
        return c | 0x20;
    for (size_t i = 0; c >= 0x80 && i < COUNTOF(folds); i++)
        if (folds[i].from == c)
            return folds[i].to;
    return c;
}

/* A digit of any of the three scripts, -1 when it is none. */
static int digit_of(uint32_t c)
{
    uint32_t zero = c >= 0x6f0 ? 0x6f0 : c >= 0x660 ? 0x660 : '0';

    return c >= zero && c <= zero + 9 ? (int)(c - zero) : -1;
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z';
    return c != 0x60c && c != 0x61b && c != 0x61f && c != 0x6d4 && !(c >= 0x2000 && c <= 0x206f) && digit_of(c) < 0;
}

/* Where the word ends that the text has here; 0: it has another one. */
static size_t word_at(struct str text, size_t at, struct str word)
{
    size_t w = 0;

    while (w < word.len) {
        uint32_t want = next_letter(word, &w);

        if (want && (at == text.len || next_letter(text, &at) != want))
            return 0;
    }
    return at;
}

/* With a letter, or as a name does: Shaheed-e-Millat Road. */
static bool goes_on(struct str text, size_t at)
{
    return at < text.len && (word_at(text, at, STR("-e-")) || is_letter(next_letter(text, &at)));
}

/* A word counts from its beginning: "kill" is found in "killed", not in "skill".  One that is written with a dot ends
 * there: "dead." is found in "dead people", not in "deadly". */
static bool has_word(struct str text, struct str word)
{
    bool whole = word.len > 1 && word.at[word.len - 1] == '.';
    uint32_t before = 0;
    size_t at = 0;

    word.len -= whole;
    while (at < text.len) {
        size_t end;

        if (!is_letter(before) && (end = word_at(text, at, word)) && !(whole && goes_on(text, end)))
            return true;
        before = next_letter(text, &at);
    }
    return false;
}

bool text_has(struct str text, const char *words)
{
    struct str rest = str_from(words);

    while (rest.len) {
        size_t end = str_find_byte(rest, '|');

        if (end && has_word(text, str_cut(rest, 0, end)))
            return true;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    return false;
}

/* The next number of a text that is no time of day; false at the end. */
static bool next_number(struct str text, size_t *at, int64_t *n)
{
    bool any = false, time = false;
    uint32_t before = 0, c = 0;

    while (*at < text.len) {
        int digit = digit_of(c = next_letter(text, at));

        if (digit >= 0) {
            *n = any ? (*n < INT64_MAX / 100 ? *n * 10 + digit : *n) : digit;
            time = any ? time : before == ':';
            any = true;
        } else if (any && !time && c != ':')
            return true;
        else
            any = false;
        before = c;
    }
    return any && !time;
}

/* What never goes out, whatever the facts: row by row, for a domain expert to read. */
static const struct never {
    const char *rule, *words, *why;
} never[] = {
    {"tactics", "entry route|breach point|entry point|flank|snipers|assault team|stack up|"
                "داخلے کا راستہ|داخلی راستہ|داخلی راستے|سنائپر|نشانہ باز|حملہ کرنے والی ٹیم|پیش قدمی",
     "tactics are not published"},
    {"positions", "rooftop position|firing position|our position|officers are at|units are at|"
                  "چھت پر تعینات|پوزیشن|مورچ|اہلکار تعینات",
     "positions are not published"},
    {"persons", "aged |year-old|years old|his name|her name|named as|"
                "سالہ |سال کا |سال کی |جس کا نام|جن کا نام|نام ہے|شناخت بطور",
     "nobody is named and no age is given"},
    {"strengths", "number of officers|officers strong|troops strong|men strong|our strength|"
                  "اہلکاروں کی تعداد|جوانوں کی تعداد|نفری",
     "strengths are not published"},
};

static const char *const fatality_words =
    "killed|kill|dead.|died.|death.|deaths.|fatalit|martyr|lost their li|jan bahaq|shaheed.|shaheeds.|"
    "ہلاک|جاں بحق|جاںبحق|جان بحق|شہید|شہادت|شہدا|موت|اموات|مارے گ|مارا گیا|ماری گ|فوت|وفات|لاش|جان کی بازی";
static const char *const clear_words = "clear|cleared|safe|secure|in custody|all clear|"
                                       "کلیئر|کلیر|محفوظ|خطرہ ٹل|خطرہ ختم|حراست|گرفتار|صاف کر";

bool guard_families_know(const struct incident *s)
{
    for (uint32_t c = ent_first(s, ENT_CASUALTY); c; c = ent_next(s, c))
        if (ent_is(s, c, IN_STATE, "died") && !ent_is(s, c, IN_CATEGORY, "hostile") && !ent_is(s, c, IN_NOK,
                                                                                               "informed"))
            return false;
    return true;
}

/* A duplicate says what the report says into which it was merged. */
static uint32_t original_of(const struct incident *s, uint32_t report)
{
    for (int i = 0; i < 8 && ent_is(s, report, IN_STATE, "merged-into"); i++)
        report = ent_find(s, ENT_REPORT, ent_get(s, report, IN_REPLACES));
    return report;
}

/* B2 or better, or two origins. */
static bool well_founded(const struct incident *s, uint32_t fact)
{
    struct str id, first = {0};
    uint32_t at = 0;

    while (ent_each(s, fact, IN_BASIS, &at, &id)) {
        uint32_t r = original_of(s, ent_find(s, ENT_REPORT, id));
        struct str grade = ent_get(s, r, IN_GRADE), origin = report_origin(s, r);

        if (word_in("withdrawn,refuted", ent_get(s, r, IN_STATE)))
            continue;
        if (grade.len == 2 && grade.at[0] <= 'B' && grade.at[1] <= '2')
            return true;
        if (first.len && origin.len && !str_eq(first, origin))
            return true;
        first = first.len ? first : origin;
    }
    return false;
}

static void say(struct guard *g, enum guard_light light, const char *rule, const char *why)
{
    if (light <= g->light && g->why[0])
        return;
    g->light = light;
    g->rule = rule;
    (void)str_copy(g->why, sizeof g->why, str_from(why));
}

/* Killed is never estimated: such a line rests on a fact about the dead, and what it counts is what is confirmed.
 * An alert says what to do, at once, and needs no fact. */
static void guard_fatality(const struct guarding *x, uint32_t line, bool override_nok, struct guard *g)
{
    const struct incident *s = x->s;
    struct str id;
    uint32_t at = 0;
    bool told = false;

    g->fatality = true;
    if (!guard_families_know(s) && !override_nok)
        say(g, GUARD_RED, "families", "families are told first: next of kin are not all informed");
    incident_reconcile(s, STR("killed"), x->work);
    while (ent_each(s, line, IN_FACTS, &at, &id)) {
        uint32_t fact = ent_find(s, ENT_FACT, id);

        told |= ent_is(s, fact, IN_COUNTER, "killed") || text_has(ent_get(s, fact, IN_TEXT), fatality_words);
        if (ent_is(s, fact, IN_COUNTER, "killed") && ent_int(s, fact, IN_LO, -1) != x->work->confirmed)
            say(g, GUARD_RED, "unconfirmed", "the number killed is not what person records confirm");
    }
    if (!told && ent_kind(s, line) != ENT_ALERT)
        say(g, GUARD_RED, "no_death", "it speaks of the dead, and no fact that it rests on does");
}

static bool says_number(struct str text, int64_t n)
{
    int64_t other;
    size_t at = 0;

    while (next_number(text, &at, &other))
        if (other == n)
            return true;
    return false;
}

/* What counts is said by a fact: its figure, or its words. */
static void guard_numbers(const struct incident *s, uint32_t line, struct guard *g)
{
    struct str text = ent_get(s, line, IN_TEXT), id;
    char why[128];
    size_t place = 0;
    int64_t n;

    while (next_number(text, &place, &n)) {
        uint32_t at = 0;
        bool said = false;

        while (!said && ent_each(s, line, IN_FACTS, &at, &id)) {
            uint32_t fact = ent_find(s, ENT_FACT, id);

            said = ent_int(s, fact, IN_LO, -1) == n || says_number(ent_get(s, fact, IN_TEXT), n);
        }
        if (said)
            continue;
        (void)snprintf(why, sizeof why, "it says %" PRId64 ", and no fact that it rests on does", n);
        say(g, GUARD_RED, "number", why);
        return;
    }
}

static void guard_facts(const struct guarding *x, uint32_t line, struct guard *g)
{
    bool alert = ent_kind(x->s, line) == ENT_ALERT, founded = true, any = false;
    struct str id;
    uint32_t at = 0;

    while (ent_each(x->s, line, IN_FACTS, &at, &id)) {
        uint32_t fact = ent_find(x->s, ENT_FACT, id);

        any = true;
        if (!ent_is(x->s, fact, IN_STATE, "live"))
            say(g, GUARD_RED, "not_live", "a fact it rests on is disputed or withdrawn");
        if (ent_int(x->s, fact, IN_REVIEW_AT, INT64_MAX) < x->now_ms)
            say(g, GUARD_AMBER, "stale", "the time of review of a fact it rests on is over; review it");
        founded &= well_founded(x->s, fact);
    }
    if (alert)
        return;
    if (!any)
        say(g, GUARD_RED, "no_fact", "it rests on no fact; bind it to the facts that it states");
    else
        guard_numbers(x->s, line, g);
    if (!founded && !ent_has(x->s, line, IN_ATTRIBUTED))
        say(g, GUARD_AMBER, "weak", "its ground is weak; say who says so");
}

void guard_line(const struct guarding *x, uint32_t line, bool override_nok, struct guard *g)
{
    struct str text = ent_get(x->s, line, IN_TEXT);
    struct err e;

    *g = (struct guard){.light = GUARD_GREEN, .rule = ""};
    for (size_t i = 0; i < COUNTOF(never); i++)
        if (text_has(text, never[i].words))
            say(g, GUARD_RED, never[i].rule, never[i].why);
    if (text_has(text, fatality_words))
        guard_fatality(x, line, override_nok, g);
    if (text_has(text, clear_words) && !all_clear_possible(x->s, x->work, &e))
        say(g, GUARD_RED, "not_clear", e.text);
    guard_facts(x, line, g);
}

bool guard_is_dropped(const struct incident *s, uint32_t line)
{
    return ent_is(s, line, IN_STATE, "dropped");
}

uint32_t guard_newer(const struct incident *s, uint32_t fact)
{
    struct str counter = ent_get(s, fact, IN_COUNTER);
    uint32_t newer = 0;

    for (uint32_t f = counter.len ? ent_next(s, fact) : 0; f; f = ent_next(s, f))
        if (ent_is(s, f, IN_STATE, "live") && str_eq(ent_get(s, f, IN_COUNTER), counter))
            newer = f;
    return newer;
}

bool guard_is_outdated(const struct incident *s, uint32_t line)
{
    struct str id;
    uint32_t at = 0;

    while (ent_each(s, line, IN_FACTS, &at, &id)) {
        uint32_t fact = ent_find(s, ENT_FACT, id), newer = guard_newer(s, fact);

        if (newer && ent_int(s, newer, IN_LO, -1) != ent_int(s, fact, IN_LO, -1))
            return true;
    }
    return false;
}
