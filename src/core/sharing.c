#include "core/sharing.h"

#include "base/when.h"

static const struct class_row {
    const char *word, *says; /* "... hear %s of ..." */
    bool shared;
} classes[SHARE_COUNT] = {
    [SHARE_ALWAYS] = {"emergencies", "the emergencies", true},
    [SHARE_POSITIONS] = {"positions", "the positions", true},
    [SHARE_MARKERS] = {"markers", "the markers and drawings", false},
    [SHARE_CHAT] = {"chat", "what is said to all chat rooms", false},
    [SHARE_NOTES] = {"notes", "the notes, missions and files", false},
};

const char *sharing_word(unsigned share)
{
    return share < SHARE_COUNT ? classes[share].word : NULL;
}

unsigned sharing_by_word(struct str word)
{
    for (unsigned i = 0; i < SHARE_COUNT; i++)
        if (str_eq(str_from(classes[i].word), word))
            return i;
    return SHARE_COUNT;
}

bool sharing_default(unsigned share)
{
    MUST(share < SHARE_COUNT);
    return classes[share].shared;
}

enum share sharing_class(enum cot_class is)
{
    switch (is) {
    case CLASS_PRESENCE:
    case CLASS_TRACK: return SHARE_POSITIONS;
    case CLASS_PASS: /* nobody knows what it says: no more than a marker */
    case CLASS_OBJECT: return SHARE_MARKERS;
    case CLASS_CHAT:
    case CLASS_RECEIPT: return SHARE_CHAT;
    case CLASS_FILE:
    case CLASS_FILE_ANSWER:
    case CLASS_TASK: return SHARE_NOTES;
    case CLASS_EMERGENCY:
    case CLASS_EMERGENCY_CANCEL:
    case CLASS_CASEVAC: /* somebody is hurt: that is for everybody who can help */
    case CLASS_DELETE:  /* who never saw it learns a uid, who saw it must not keep it */
    case CLASS_PING:
    case CLASS_NEGOTIATE:
    case CLASS_CONSUMED:
    case CLASS_INCOGNITO_ON:
    case CLASS_INCOGNITO_OFF:
    case CLASS_COUNT: break;
    }
    return SHARE_ALWAYS;
}

/* ----------------------------------------------------------------- rules -- */

static bool is_any(const char *agency)
{
    return strcmp(agency, "*") == 0;
}

/* How exactly a rule is about this pair: 0 not at all, 1 (*, *), 2 (*, b), 3 (a, *), 4 (a, b). */
static int exactness(const struct sharing_rule *r, const char *const pair[2])
{
    bool from = strcmp(r->from, pair[0]) == 0, to = strcmp(r->to, pair[1]) == 0;

    if ((!from && !is_any(r->from)) || (!to && !is_any(r->to)))
        return 0;
    return 1 + to + 2 * from;
}

const struct sharing_rule *sharing_find(const struct sharing *s, struct str incident, const char *const pair[2],
                                        unsigned share)
{
    const struct sharing_rule *found = NULL;
    int best = 0;

    for (size_t i = 0; i < s->rule_count; i++) {
        const struct sharing_rule *r = &s->rules[i];
        int is = r->classes >> share & 1 && str_eq(str_from(r->incident), incident) ? exactness(r, pair) : 0;

        if (is <= best)
            continue;
        best = is;
        found = r;
    }
    return found;
}

bool sharing_allows(const struct sharing *s, const struct str *open, size_t open_count, const char *const pair[2],
                    unsigned share)
{
    bool allowed = false;

    MUST(share < SHARE_COUNT);
    if (share == SHARE_ALWAYS || open_count == 0 || strcmp(pair[0], pair[1]) == 0)
        return true;
    for (size_t i = 0; i < open_count; i++) {
        const struct sharing_rule *r = sharing_find(s, open[i], pair, share);

        if (r && !r->allow)
            return false;
        allowed |= r != NULL;
    }
    return allowed || classes[share].shared;
}

static void put_agency(struct buf *b, const char *agency, const char *every)
{
    if (is_any(agency))
        buf_put(b, str_from(every));
    else if (strcmp(agency, "-") == 0)
        buf_put(b, STR("phones without an agency"));
    else
        buf_put(b, str_from(agency));
}

/* Whose phones, at the beginning of a sentence. */
static void put_phones(struct buf *b, const char *agency)
{
    if (strcmp(agency, "-") == 0) {
        buf_put(b, STR("Phones without an agency"));
        return;
    }
    buf_put(b, STR("Phones of "));
    put_agency(b, agency, "every agency");
}

/* "the positions, the markers and drawings and ..." of the classes of a mask. */
static void put_classes(struct buf *b, unsigned mask, const char *last)
{
    for (unsigned i = 0; i < SHARE_COUNT; i++) {
        if (!(mask >> i & 1))
            continue;
        mask &= ~(1u << i);
        buf_put(b, str_from(classes[i].says));
        if (mask)
            buf_put(b, mask & (mask - 1) ? STR(", ") : str_from(last));
    }
}

void sharing_says(const char *const pair[2], unsigned mask, struct buf *b)
{
    unsigned others = ~mask & ((1u << SHARE_COUNT) - 1);

    put_phones(b, pair[1]);
    buf_put(b, STR(" hear "));
    put_classes(b, mask, " and ");
    buf_put(b, STR(" of "));
    put_agency(b, pair[0], "the other agencies");
    if (others) {
        buf_put(b, STR(", not "));
        put_classes(b, others, " or ");
    }
    buf_byte(b, '.');
}

void sharing_consequence(const struct sharing_rule *r, struct buf *b)
{
    put_phones(b, r->to);
    buf_put(b, r->allow ? STR(" hear ") : STR(" do not hear "));
    put_classes(b, r->classes, r->allow ? " and " : " or ");
    buf_put(b, STR(" of "));
    put_agency(b, r->from, "the other agencies");
    if (r->until_ms) {
        buf_put(b, STR(", until "));
        when_put(b, r->until_ms);
    }
    buf_put(b, r->allow ? STR("; what was said before comes with their next picture where it still stands.")
                        : STR("; what they have already stays on their phones."));
    buf_put(b, STR(" Emergencies and what names its addressees always go through."));
}

/* ------------------------------------------------------------ as payload -- */

static bool take_name(struct str payload, enum field tag, char to[SETS_AGENCY_MAX], struct err *e)
{
    struct str name = fields_get(payload, tag);

    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
            return err_set(e, ERR_INPUT, "An agency's code has no control characters.");
    return (name.len > 0 && str_is_utf8(name) && str_copy(to, SETS_AGENCY_MAX, name)) ||
           err_set(e, ERR_INPUT, "Say from which agency to which: a code of 1 to %d bytes, \"-\" for phones without "
                   "one, \"*\" for every agency.", SETS_AGENCY_MAX - 1);
}

bool sharing_read(struct str payload, struct sharing_rule *out, struct err *e)
{
    struct str rest = payload, value, why = fields_get(payload, FIELD_REASON);
    enum field tag;

    memset(out, 0, sizeof *out);
    if (!str_copy(out->incident, sizeof out->incident, fields_get(payload, FIELD_INCIDENT)) || !out->incident[0])
        return err_set(e, ERR_INPUT, "Say for which incident.");
    if (!take_name(payload, FIELD_FROM_AGENCY, out->from, e) || !take_name(payload, FIELD_TO_AGENCY, out->to, e))
        return false;
    while (fields_next(&rest, &tag, &value)) {
        unsigned share = tag == FIELD_SHARE ? sharing_by_word(value) : 0;

        if (tag != FIELD_SHARE)
            continue;
        if (share == SHARE_COUNT)
            return err_set(e, ERR_INPUT, "\"%.*s\" is no class of traffic: there are positions, markers, chat and "
                           "notes.", STR_ARG(value));
        if (share == SHARE_ALWAYS)
            return err_set(e, ERR_INPUT, "Emergencies are always shared; no rule can change that.");
        out->classes |= (uint8_t)(1u << share);
    }
    out->allow = str_eq(fields_get(payload, FIELD_ALLOW), STR("1"));
    out->until_ms = fields_get_int(payload, FIELD_UNTIL_MS, 0);
    if (!str_copy(out->why, sizeof out->why, why))
        return err_set(e, ERR_INPUT, "The reason is longer than %d bytes.", SHARING_WHY_MAX);
    (void)str_copy(out->by, sizeof out->by, fields_get(payload, FIELD_BY));
    (void)str_copy(out->proposed_by, sizeof out->proposed_by, fields_get(payload, FIELD_CLAIMANT));
    return true;
}

void sharing_write(const struct sharing_rule *r, struct buf *b)
{
    fields_put(b, FIELD_INCIDENT, str_from(r->incident));
    fields_put(b, FIELD_FROM_AGENCY, str_from(r->from));
    fields_put(b, FIELD_TO_AGENCY, str_from(r->to));
    for (unsigned i = 0; i < SHARE_COUNT; i++)
        if (r->classes >> i & 1)
            fields_put(b, FIELD_SHARE, str_from(classes[i].word));
    fields_put(b, FIELD_ALLOW, r->allow ? STR("1") : STR("0"));
    if (r->until_ms)
        fields_put_int(b, FIELD_UNTIL_MS, r->until_ms);
    fields_put(b, FIELD_REASON, str_from(r->why));
    if (r->proposed_by[0])
        fields_put(b, FIELD_CLAIMANT, str_from(r->proposed_by));
    fields_put(b, FIELD_BY, str_from(r->by));
}

/* --------------------------------------------------------------- deciding -- */

/* Does a rule with these words stand already for each of its classes? */
static bool stands(const struct sharing *s, const struct sharing_rule *r)
{
    for (unsigned share = 0; share < SHARE_COUNT; share++) {
        bool found = false;

        for (size_t i = 0; i < s->rule_count && !found; i++) {
            const struct sharing_rule *x = &s->rules[i];

            found = x->classes == 1u << share && x->allow == r->allow && x->until_ms == r->until_ms &&
                    strcmp(x->incident, r->incident) == 0 && strcmp(x->from, r->from) == 0 &&
                    strcmp(x->to, r->to) == 0;
        }
        if (r->classes >> share & 1 && !found)
            return false;
    }
    return true;
}

static size_t living(const struct sharing *s, int64_t now_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < s->proposal_count; i++)
        n += now_ms - s->proposals[i].at_ms < SHARING_PROPOSAL_MS;
    return n;
}

bool sharing_check(const struct sharing *s, const struct sharing_rule *r, int64_t now_ms, struct err *e)
{
    if (r->classes == 0)
        return err_set(e, ERR_INPUT, "Say which classes of traffic: positions, markers, chat, notes.");
    if (strcmp(r->from, r->to) == 0 && !is_any(r->from))
        return err_set(e, ERR_INPUT, "An agency always hears its own; name two agencies.");
    if (r->why[0] == 0)
        return err_set(e, ERR_INPUT, "Say why: the reason stands in the record.");
    if (r->until_ms && (r->until_ms <= now_ms || r->until_ms > now_ms + (int64_t)SHARING_DAYS_MAX * 86400000))
        return err_set(e, ERR_INPUT, "The time until which it counts must lie ahead, at most %d days.",
                       SHARING_DAYS_MAX);
    if (stands(s, r))
        return err_set(e, ERR_INPUT, "This changes nothing: the rule stands already.");
    if (s->rule_count + SHARE_COUNT > SHARING_RULES)
        return err_set(e, ERR_FULL, "There are %zu rules, the most that are kept; begin a new data folder.",
                       s->rule_count);
    if (living(s, now_ms) == SHARING_PROPOSALS)
        return err_set(e, ERR_FULL, "%d proposals wait to be confirmed; confirm them or wait until they end.",
                       SHARING_PROPOSALS);
    return true;
}

static const struct sharing_rule *proposal(const struct sharing *s, const struct sharing_confirm *c)
{
    for (size_t i = 0; i < s->proposal_count; i++)
        if (s->proposals[i].seq == c->seq && str_eq(str_from(s->proposals[i].incident), c->incident))
            return &s->proposals[i];
    return NULL;
}

bool sharing_confirm(const struct sharing *s, const struct sharing_confirm *c, struct sharing_rule *out,
                     struct err *e)
{
    const struct sharing_rule *p = proposal(s, c);
    char text[SHARING_SENTENCE];
    struct buf sentence = buf_over(text, sizeof text);

    if (!p)
        return err_set(e, ERR_MISSING, "There is no such proposal any more; propose it again.");
    if (c->now_ms - p->at_ms >= SHARING_PROPOSAL_MS)
        return err_set(e, ERR_MISSING, "This proposal is older than %d minutes; propose it again.",
                       SHARING_PROPOSAL_MS / 60000);
    if (p->until_ms && p->until_ms <= c->now_ms)
        return err_set(e, ERR_INPUT, "The time until which it was to count is over.");
    sharing_consequence(p, &sentence);
    MUST(!sentence.full);
    if (str_eq(c->by, str_from(p->by)) && !str_eq(c->read, buf_str(&sentence)))
        return err_set(e, ERR_DENIED, "You proposed this yourself: another operator confirms it, or you read what it "
                       "does and send that sentence back as \"consequence\".");
    *out = *p;
    memcpy(out->proposed_by, p->by, sizeof out->proposed_by);
    (void)str_copy(out->by, sizeof out->by, c->by);
    return true;
}

const struct sharing_rule *sharing_over(const struct sharing *s, int64_t now_ms)
{
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].until_ms && s->rules[i].until_ms <= now_ms)
            return &s->rules[i];
    return NULL;
}

/* --------------------------------------------------------------- applying -- */

static void drop_proposal(struct sharing *s, size_t i)
{
    s->proposals[i] = s->proposals[--s->proposal_count];
}

static void apply_proposed(struct sharing *s, const struct sharing_rule *r)
{
    size_t oldest = 0;

    for (size_t i = s->proposal_count; i > 0; i--)
        if (r->at_ms - s->proposals[i - 1].at_ms >= SHARING_PROPOSAL_MS)
            drop_proposal(s, i - 1);
    for (size_t i = 1; i < s->proposal_count; i++)
        if (s->proposals[i].seq < s->proposals[oldest].seq)
            oldest = i;
    if (s->proposal_count == SHARING_PROPOSALS)
        drop_proposal(s, oldest); /* another version's rows: the newest counts */
    s->proposals[s->proposal_count++] = *r;
}

static bool is_same(const struct sharing_rule *a, const struct sharing_rule *b)
{
    return a->classes == b->classes && strcmp(a->incident, b->incident) == 0 && strcmp(a->from, b->from) == 0 &&
           strcmp(a->to, b->to) == 0;
}

static void drop_rule(struct sharing *s, const struct sharing_rule *r)
{
    for (size_t i = 0; i < s->rule_count; i++)
        if (is_same(&s->rules[i], r)) {
            s->rules[i] = s->rules[--s->rule_count];
            return;
        }
}

void sharing_apply(struct sharing *s, uint64_t seq, unsigned kind, int64_t at_ms, struct str payload)
{
    struct sharing_rule r, one;
    uint64_t ref = (uint64_t)fields_get_int(payload, FIELD_REF, 0);
    struct err e;

    if ((kind != EV_SHARING_PROPOSED && kind != EV_SHARING_CHANGED) || !sharing_read(payload, &r, &e))
        return;
    r.seq = seq;
    r.at_ms = at_ms;
    if (kind == EV_SHARING_PROPOSED) {
        apply_proposed(s, &r);
        return;
    }
    for (size_t i = s->proposal_count; i > 0; i--)
        if (s->proposals[i - 1].seq == ref)
            drop_proposal(s, i - 1);
    for (unsigned share = 1; share < SHARE_COUNT; share++) {
        one = r;
        one.classes = (uint8_t)(1u << share);
        if (!(r.classes >> share & 1))
            continue;
        drop_rule(s, &one);
        if (!fields_has(payload, FIELD_ENDED) && s->rule_count < SHARING_RULES)
            s->rules[s->rule_count++] = one;
    }
}

void sharing_to_sets(const struct sharing *s, const struct str *open, size_t open_count, struct sets *sets)
{
    for (int from = SETS_NO_AGENCY; from < sets->agency_count; from++)
        for (int to = SETS_NO_AGENCY; to < sets->agency_count; to++)
            for (unsigned share = 1; share < SHARE_COUNT; share++) {
                const char *const pair[2] = {sets->agencies[from], sets->agencies[to]};

                sets_allow(sets, (struct set_of){(uint8_t)from, (uint8_t)share}, (uint8_t)to,
                           sharing_allows(s, open, open_count, pair, share));
            }
    sets_rules_changed(sets, open_count > 0);
}
