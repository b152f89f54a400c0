#include "store/mission_token.h"

#include "core/mission.h"

#include <stdio.h>

static const struct {
    const char *sign, *claim;
} kinds[TOKEN_KINDS] = {
    [TOKEN_SUBSCRIPTION] = {"s", "subscription/"},
    [TOKEN_INVITATION] = {"i", "invitation/"},
    [TOKEN_ACCESS] = {"a", "access"},
};

bool mission_token_key(const char *dir, struct mission_token_key *out, struct err *e)
{
    char path[1024];
    bool made;
    int n = snprintf(path, sizeof path, "%s/missions.key", dir);

    if (n <= 0 || n >= (int)sizeof path)
        return err_set(e, ERR_INPUT, "the name of the data folder is too long");
    return secret_key_file(path, out->bytes, sizeof out->bytes, &made, e);
}

void mission_token_id(char out[MISSION_TOKEN_ID + 1])
{
    secret_token(out, MISSION_TOKEN_ID / 2);
}

static void put_mac(const struct mission_token_key *k, const struct mission_token *t, struct buf *out)
{
    unsigned char mac[SECRET_SHA];
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    /* Each part behind its length: no two tokens have the same bytes. */
    buf_fmt(&b, "%s:%zu:%.*s:%zu:%.*s:%zu:%.*s", kinds[t->kind].sign, t->guid.len, STR_ARG(t->guid), t->id.len,
            STR_ARG(t->id), t->secret.len, STR_ARG(t->secret));
    MUST(!b.full);
    secret_mac(k->bytes, buf_str(&b), mac);
    buf_hex(out, mac, sizeof mac);
}

void mission_token_put(const struct mission_token_key *k, const struct mission_token *t, struct buf *out)
{
    buf_fmt(out, "%s.%.*s.%.*s.", kinds[t->kind].sign, STR_ARG(t->guid), STR_ARG(t->id));
    put_mac(k, t, out);
}

/* Cuts what stands before the next dot off. */
static struct str take_part(struct str *rest)
{
    size_t end = str_find_byte(*rest, '.');
    struct str part = str_cut(*rest, 0, end);

    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    return part;
}

bool mission_token_claim(const struct mission_token_key *k, struct str token, struct str guid, struct str secret,
                         struct buf *claim)
{
    struct mission_token t = {.kind = TOKEN_KINDS};
    struct str rest = token, sign;
    char mac[2 * SECRET_SHA];
    struct buf b = buf_over(mac, sizeof mac);

    if (token.len > MISSION_TOKEN_MAX)
        return false;
    sign = take_part(&rest);
    t.guid = take_part(&rest);
    t.id = take_part(&rest);
    for (int i = 0; i < TOKEN_KINDS; i++)
        if (str_eq(sign, str_from(kinds[i].sign)))
            t.kind = (enum mission_token_kind)i;
    if (t.kind == TOKEN_KINDS || !str_eq(t.guid, guid) || t.id.len > MISSION_TOKEN_ID)
        return false;
    t.secret = t.kind == TOKEN_ACCESS ? secret : (struct str){0};
    if (t.kind == TOKEN_ACCESS && secret.len == 0)
        return false; /* it has no password any more */
    put_mac(k, &t, &b);
    if (!secret_same(rest, buf_str(&b)))
        return false;
    buf_put(claim, str_from(kinds[t.kind].claim));
    if (t.kind != TOKEN_ACCESS)
        buf_put(claim, t.id);
    return !claim->full;
}
