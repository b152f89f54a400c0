/* sharing.h -- what agencies that fight one incident together let each other hear.
 *
 *   propose (who, what, why, until) --row--> proposal --confirm--> row --> rule --until--> row "ended"
 *
 * For each pair (from, to) of agencies and each class of traffic: allowed or not.  Without a rule the class
 * decides (the table in sharing.c): positions are shared, markers, chat and notes are not, emergencies always
 * are and no rule can change that.  Rules belong to an incident and count while it is open; of several open
 * incidents a rule that denies wins, then one that allows.  Of one incident the rule that says most exactly
 * whom it is about wins: (a, b), (a, *), (*, b), (*, *).
 *
 * A rule takes two steps.  Another operator may confirm a proposal; who made it confirms it himself by sending
 * the sentence of its consequence back, which he has read then.  A proposal ends after SHARING_PROPOSAL_MS or
 * with the server; a rule at its time, which is a row of the record, too.
 *
 * State is a function of the rows.  decide reads only and gives the payload of the row to write; apply cannot fail.
 * Who may do it, and whether the incident is open, is the caller's to ask.  Pure.  Bounds: SHARING_RULES,
 * SHARING_PROPOSALS; more are refused. */
#ifndef CORDON_CORE_SHARING_H
#define CORDON_CORE_SHARING_H

#include "base/err.h"
#include "core/classify.h"
#include "core/record.h"
#include "core/sets.h"

enum share {
    SHARE_ALWAYS, /* emergencies, and what names its addressees */
    SHARE_POSITIONS,
    SHARE_MARKERS,
    SHARE_CHAT,
    SHARE_NOTES, /* missions, files, tasks */
    SHARE_COUNT
};
_Static_assert((int)SHARE_COUNT == (int)SETS_CLASSES, "what sets.h numbers");

enum {
    SHARING_RULES = 1024,
    SHARING_PROPOSALS = 32,
    SHARING_PROPOSAL_MS = 600000,
    SHARING_DAYS_MAX = 31, /* the longest that a rule may count by itself */
    SHARING_WHY_MAX = 400,
    SHARING_SENTENCE = 700,
};

/* What is asked for, and what then stands. Names are NUL-terminated; "*" is every agency. */
struct sharing_rule {
    char incident[80], from[SETS_AGENCY_MAX], to[SETS_AGENCY_MAX];
    uint8_t classes; /* bits 1 << enum share; of a rule that stands one */
    bool allow;
    int64_t until_ms; /* 0: until it is changed */
    uint64_t seq;     /* of the proposal's, of the rule's row */
    int64_t at_ms;
    char proposed_by[64], by[64], why[SHARING_WHY_MAX + 1];
};

struct sharing {
    struct sharing_rule rules[SHARING_RULES], proposals[SHARING_PROPOSALS];
    size_t rule_count, proposal_count;
};

/* Words of the classes: "emergencies", "positions", "markers", "chat", "notes"; NULL beyond the last. */
const char *sharing_word(unsigned share) MUST_USE;
/* The class of a word, SHARE_COUNT when there is none. */
unsigned sharing_by_word(struct str word) MUST_USE;
/* Is a class shared when no rule says anything? */
bool sharing_default(unsigned share) MUST_USE;
/* The class of an event that names no addressees. */
enum share sharing_class(enum cot_class is) MUST_USE;

/* The rule that decides about a class from one agency to another in an incident, NULL: none does. */
const struct sharing_rule *sharing_find(const struct sharing *s, struct str incident, const char *const pair[2],
                                        unsigned share) MUST_USE;
/* The answer, over all open incidents (incident ids). */
bool sharing_allows(const struct sharing *s, const struct str *open, size_t open_count, const char *const pair[2],
                    unsigned share) MUST_USE;
/* One sentence: what phones of pair[1] hear of pair[0], and what not; mask: a bit 1 << enum share for each. */
void sharing_says(const char *const pair[2], unsigned mask, struct buf *b);
/* One sentence: what phones of which agency hear of whom from then on. */
void sharing_consequence(const struct sharing_rule *r, struct buf *b);

/* A proposal from a payload (fields.h 80 to 89, REASON, BY); false with what is wrong. */
bool sharing_read(struct str payload, struct sharing_rule *out, struct err *e) MUST_USE;
void sharing_write(const struct sharing_rule *r, struct buf *b);
/* May it be proposed now? */
bool sharing_check(const struct sharing *s, const struct sharing_rule *r, int64_t now_ms, struct err *e) MUST_USE;
/* Confirms proposal `seq` by an operator; read: the sentence that he sent back, may be empty.  out: the rule. */
struct sharing_confirm {
    uint64_t seq;
    struct str incident, by, read;
    int64_t now_ms;
};
bool sharing_confirm(const struct sharing *s, const struct sharing_confirm *c, struct sharing_rule *out,
                     struct err *e) MUST_USE;
/* A rule whose time is over, NULL when there is none. */
const struct sharing_rule *sharing_over(const struct sharing *s, int64_t now_ms) MUST_USE;
/* Applies a row: EV_SHARING_PROPOSED, EV_SHARING_CHANGED; others change nothing. */
void sharing_apply(struct sharing *s, uint64_t seq, unsigned kind, int64_t at_ms, struct str payload);

/* All of it as bits of the sets: for every pair of agencies that are known there. */
void sharing_to_sets(const struct sharing *s, const struct str *open, size_t open_count, struct sets *sets);

#endif
