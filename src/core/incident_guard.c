#include "core/incident_guard.h"

#include "core/incident_rules.h"

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool word_at(struct str text, size_t at, struct str word)
{
    if (text.len - at < word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (small(text.at[at + i]) != word.at[i])
            return false;
    return at == 0 || small(text.at[at - 1]) < 'a' || small(text.at[at - 1]) > 'z';
}

/* A word counts from its beginning: "kill" is found in "killed", not in "skill". */
bool text_has(struct str text, const char *words)
{
    struct str rest = str_from(words);

    while (rest.len) {
        size_t end = str_find_byte(rest, '|');
        struct str word = str_cut(rest, 0, end);

        for (size_t i = 0; word.len && i < text.len; i++)
            if (word_at(text, i, word))
                return true;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    return false;
}

/* What never goes out, whatever the facts: row by row, for a domain expert to read. */
static const struct never {
    const char *words, *why;
} never[] = {
    {"entry route|breach point|entry point|flank|snipers|assault team|stack up", "tactics are not published"},
    {"rooftop position|firing position|our position|officers are at|units are at", "positions are not published"},
    {"aged |year-old|years old|his name|her name|named as", "nobody is named and no age is given"},
    {"number of officers|officers strong|troops strong|men strong|our strength", "strengths are not published"},
};

static const char *const fatality_words =
    "killed|kill|dead|died|death|deaths|fatalit|martyr|lost their li|jan bahaq|shaheed";
static const char *const clear_words = "clear|cleared|safe|secure|in custody|all clear";

bool guard_families_know(const struct incident *s)
{
    for (uint32_t c = ent_first(s, ENT_CASUALTY); c; c = ent_next(s, c))
        if (ent_is(s, c, IN_STATE, "died") && !ent_is(s, c, IN_CATEGORY, "hostile") && !ent_is(s, c, IN_NOK,
                                                                                               "informed"))
            return false;
    return true;
}

/* B2 or better, or two origins. */
static bool well_founded(const struct incident *s, uint32_t fact)
{
    struct str id, first = {0};
    uint32_t at = 0;

    while (ent_each(s, fact, IN_BASIS, &at, &id)) {
        uint32_t r = ent_find(s, ENT_REPORT, id);
        struct str grade = ent_get(s, r, IN_GRADE), origin = ent_get(s, r, IN_ORIGIN);

        if (word_in("withdrawn,refuted", ent_get(s, r, IN_STATE)))
            continue;
        if (grade.len == 2 && grade.at[0] <= 'B' && grade.at[1] <= '2')
            return true;
        if (origin.len == 0)
            origin = ent_get(s, r, IN_SOURCE);
        if (first.len && !str_eq(first, origin))
            return true;
        first = origin;
    }
    return false;
}

static void say(struct guard *g, enum guard_light light, const char *why)
{
    if (light <= g->light && g->why[0])
        return;
    g->light = light;
    (void)str_copy(g->why, sizeof g->why, str_from(why));
}

/* Killed is never estimated: such a line rests on a fact about the counter that equals what is confirmed. */
static void guard_fatality(const struct incident *s, uint32_t line, bool override_nok, struct reconciled *work,
                           struct guard *g)
{
    struct str id;
    uint32_t at = 0;

    g->fatality = true;
    if (!guard_families_know(s) && !override_nok)
        say(g, GUARD_RED, "families are told first: next of kin are not all informed");
    incident_reconcile(s, STR("killed"), work);
    while (ent_each(s, line, IN_FACTS, &at, &id)) {
        uint32_t fact = ent_find(s, ENT_FACT, id);

        if (ent_is(s, fact, IN_COUNTER, "killed") && ent_int(s, fact, IN_LO, -1) != work->confirmed)
            say(g, GUARD_RED, "the number killed is not what person records confirm");
    }
}

void guard_line(const struct incident *s, uint32_t line, bool override_nok, struct reconciled *work, struct guard *g)
{
    struct str text = ent_get(s, line, IN_TEXT), id;
    struct err e;
    uint32_t at = 0;
    bool founded = true, any = false;

    *g = (struct guard){.light = GUARD_GREEN};
    for (size_t i = 0; i < COUNTOF(never); i++)
        if (text_has(text, never[i].words))
            say(g, GUARD_RED, never[i].why);
    while (ent_each(s, line, IN_FACTS, &at, &id)) {
        uint32_t fact = ent_find(s, ENT_FACT, id);

        any = true;
        if (!ent_is(s, fact, IN_STATE, "live"))
            say(g, GUARD_RED, "a fact it rests on is disputed or withdrawn");
        founded &= well_founded(s, fact);
    }
    if (!any)
        say(g, GUARD_RED, "it rests on no fact; bind it to the facts that it states");
    if (text_has(text, fatality_words))
        guard_fatality(s, line, override_nok, work, g);
    if (text_has(text, clear_words) && !all_clear_possible(s, work, &e))
        say(g, GUARD_RED, e.text);
    if (!founded && !ent_has(s, line, IN_ATTRIBUTED))
        say(g, GUARD_AMBER, "its ground is weak; say who says so");
}
