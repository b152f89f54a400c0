/* incident_access.h -- need to know: who sees what of an incident (domain.md 6.1), in one place.
 *
 * Every field of every kind of entity has a handling class, by the tables in incident_access.c; who
 * asks has a set of classes, by his roles.  API, WebSocket, CoT and exports all ask here and nowhere
 * else.  What has no row is for the command alone: new fields are born private.
 *
 *   public     released statements, alerts, closures            everybody
 *   partner    METHANE, RVP, cordons, hazards, totals           every agency
 *   ops        units, assignments, clearance, threats           responders of the incident
 *   command    decisions, strengths, grades                     command and general staff
 *   medical    triage, destination by tag                       medical, transport, casualty officer
 *   sealed-id  names, next of kin, who enquires, who called     casualty officer, family liaison
 *   intel      identity of sources, claims being investigated   intelligence
 *
 * The classes are no ladder: a commander has no medical, a medic no command.  An entity or event can
 * have a class of its own; then both are needed, so that it only ever narrows.  What the whitelist of
 * core/incident_public.h lets out may be seen by everybody, whatever its class.
 *
 * Who has no command class (a responder, a medic) sees assignments, their tasks and messages of his own agency,
 * roles and divisions only: a division is his while a unit of his agency works under it.  Without an agency none.
 * An observer sees the command's summary: totals of the whole, and one by one only what is about nobody
 * (access_is_told); no events, no persons, not where units, casualties and threats are, no sealed identities, no
 * intelligence; he changes nothing.  An
 * administrator reads what the command reads and acts in no role by that word alone.  Pure. */
#ifndef CORDON_CORE_INCIDENT_ACCESS_H
#define CORDON_CORE_INCIDENT_ACCESS_H

#include "base/hash.h"
#include "core/incident.h"

/* In the order of WORDS_CLASS. */
enum handling {
    HANDLING_PUBLIC,
    HANDLING_PARTNER,
    HANDLING_OPS,
    HANDLING_COMMAND,
    HANDLING_MEDICAL,
    HANDLING_SEALED_ID,
    HANDLING_INTEL,
    HANDLING_COUNT
};

enum { ACCESS_AGENCY_MAX = 64, ACCESS_ROLES_MAX = 512 };

/* Of the first administrator, so that one person can run a small post on the first evening. */
#define ACCESS_FIRST_ROLES                                                                                             \
    "administrator,commander,deputy,operations,planning,logistics,safety,information,liaison,intelligence,medical,"    \
    "clinician,transport,casualty-officer,family-liaison,eod,engineer,investigation,supervisor,loggist"

struct access {
    uint32_t classes; /* bit 1 << enum handling */
    uint32_t roles;   /* bit 1 << place in WORDS_ROLE: those that he may act in */
    bool writes;      /* false: an observer */
    bool administers; /* makes and changes operators */
    bool observes;    /* has no other role that reads: what tells where somebody is, is left out */
    char agency[ACCESS_AGENCY_MAX + 1];
};

/* Of roles "commander,loggist" (words of WORDS_ROLE, also "administrator"); unknown words give nothing. */
struct access access_of(struct str roles) MUST_USE;
/* The same for a member of an agency (the id of an agency of the incident, cut at ACCESS_AGENCY_MAX). */
struct access access_within(struct str roles, struct str agency) MUST_USE;
/* The server's own: everything. */
struct access access_all(void) MUST_USE;
/* False, with the word in e, when roles has a word that nobody can have, one twice, or none. */
bool access_check_roles(struct str roles, struct err *e) MUST_USE;
/* Has he this role ("administrator" also)? */
bool access_has_role(const struct access *a, struct str role) MUST_USE;
/* May he invite phones and admit them: whoever looks after the accounts, the means or the other agencies? */
bool access_welcomes(const struct access *a) MUST_USE;
/* May he begin and end a practice; say what agencies share; take the whole record of an incident away with him; put an
 * identity under seal and open it? */
bool access_leads(const struct access *a) MUST_USE;
bool access_shares(const struct access *a) MUST_USE;
bool access_exports(const struct access *a) MUST_USE;
bool access_seals(const struct access *a) MUST_USE;
/* What a role reads, for "what did this role's screen know?": at most what `own` reads himself, and it changes
 * nothing.  *whole: false when the role reads more than that.  False, with the word in e: there is no such role. */
bool access_as(const struct access *own, struct str role, struct access *out, bool *whole, struct err *e) MUST_USE;
/* Has b less than a had: a role, a class, the right to write, or another agency? */
bool access_shrinks(const struct access *a, const struct access *b) MUST_USE;

/* "public,partner,ops": the classes that he has. */
void access_put_classes(const struct access *a, struct buf *b);

/* The class of a field of such an entity; of its key: of the fact that it is there. */
enum handling access_class(enum entity_kind kind, enum incident_field f) MUST_USE;
/* The class without which nothing of an event of this kind is seen. */
enum handling access_kind_class(unsigned kind) MUST_USE;
/* May he see that there is such an entity?  And this field of it (the event's own class included)? */
bool access_sees_entity(const struct access *a, const struct incident *s, uint32_t e) MUST_USE;
bool access_sees(const struct access *a, const struct incident *s, uint32_t e, enum incident_field f) MUST_USE;
/* What lies elsewhere and decides what he sees of orders and messages, as one number: the units of his agency and the
 * divisions in which they work.  Another one: what did not change itself came into his sight, or left it. */
uint64_t access_reach(const struct access *a, const struct incident *s, struct hash_key key) MUST_USE;
/* Is such an entity given to him as it is?  An observer gets totals made of most of what he may know of. */
bool access_is_told(const struct access *a, const struct incident *s, uint32_t e) MUST_USE;
/* May he see this field of an event of this kind?  payload: for the class that the event itself has.
 * An event does not tell whose assignment or message it is about, so without command class it is not seen; of a
 * task not what may be about one. */
bool access_sees_event(const struct access *a, unsigned kind, struct str payload, enum incident_field f) MUST_USE;

/* May he ask for this kind of event in this role ("": none)?  e: a sentence when not.  Whether the role
 * fits the kind and whether he holds it now is judged by incident_decide(). */
bool access_may(const struct access *a, enum incident_kind kind, struct str role, struct err *e) MUST_USE;
/* Is there a role in which he may enter such an event, his own or, for a log keeper, the commander's?  What the state
 * of the incident says to it comes later. */
bool access_may_enter(const struct access *a, enum incident_kind kind) MUST_USE;
/* May he change the entity that this command is about?  Not when he cannot see it, nor one whose own
 * class he has not: else a later event could take that class away.  Asked after access_may(). */
bool access_may_change(const struct access *a, const struct incident *s, const struct incident_command *c,
                       struct err *e) MUST_USE;
/* Both of one command, as whoever sends it is asked.  s: the incident, NULL when it is not at hand.  Who enters
 * what somebody else decided does so as a log keeper. */
bool access_may_command(const struct access *a, const struct incident *s, const struct incident_command *c,
                        struct err *e) MUST_USE;

#endif
