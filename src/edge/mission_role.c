#include "edge/mission_role.h"

struct looking {
    const struct mission_asker *a;
    struct str id; /* of the token's subscription or invitation */
    enum mission_role by_id, by_client, by_user;
};

static bool see_subscription(void *ctx, const struct mission_subscription *s)
{
    struct looking *l = ctx;

    if (l->id.len && str_eq(s->id, l->id))
        l->by_id = s->role;
    if (!str_eq(s->user, l->a->user))
        return true;
    if (l->a->client.len && str_eq(s->client, l->a->client))
        l->by_client = s->role;
    if (l->by_user == MISSION_NOBODY || mission_role_covers(s->role, l->by_user))
        l->by_user = s->role;
    return true;
}

static bool see_invitation(void *ctx, const struct mission_invitation *i)
{
    struct looking *l = ctx;

    if (l->id.len && str_eq(i->id, l->id))
        l->by_id = i->role;
    if (l->a->client.len && str_eq(i->type, STR("clientUid")) && str_eq(i->invitee, l->a->client))
        l->by_client = i->role;
    if (str_eq(i->type, STR("userName")) && str_eq(i->invitee, l->a->user))
        l->by_user = i->role;
    return true;
}

static enum mission_role first_of(const struct looking *l)
{
    return l->by_id != MISSION_NOBODY ? l->by_id : l->by_client != MISSION_NOBODY ? l->by_client : l->by_user;
}

/* What stands behind the word in a claim; empty when it is another one. */
static struct str id_of(struct str claim, struct str word)
{
    return str_starts(claim, word) ? str_from_at(claim, word.len) : (struct str){0};
}

enum mission_role mission_default_role(const struct mission *x)
{
    return x->role == MISSION_NOBODY ? MISSION_SUBSCRIBER : x->role;
}

bool mission_subscribed_role(struct missions *m, const struct mission *x, const struct mission_asker *a,
                             enum mission_role *role, struct err *e)
{
    struct looking l = {.a = a, .id = id_of(a->claim, STR("subscription/"))};

    if (!missions_subscriptions(m, x->id, see_subscription, &l, e))
        return false;
    *role = first_of(&l);
    return true;
}

bool mission_invited_role(struct missions *m, const struct mission *x, const struct mission_asker *a,
                          enum mission_role *role, struct err *e)
{
    struct looking l = {.a = a, .id = id_of(a->claim, STR("invitation/"))};

    if (!missions_invitations(m, x->id, see_invitation, &l, e))
        return false;
    *role = first_of(&l);
    return true;
}

bool mission_find_role(struct missions *m, const struct mission *x, const struct mission_asker *a,
                       enum mission_role *role, struct err *e)
{
    bool open = !x->password[0] && !x->invite_only;

    if (!mission_subscribed_role(m, x, a, role, e))
        return false;
    if (*role == MISSION_NOBODY && str_starts(a->claim, STR("invitation/")) &&
        !mission_invited_role(m, x, a, role, e))
        return false;
    if (*role == MISSION_NOBODY && (open || str_eq(a->claim, STR("access"))))
        *role = mission_default_role(x);
    return true;
}
