#include "store/invites.h"

#include "core/fields.h"
#include "core/record.h"
#include "os/secret.h"
#include "store/accounts_inner.h"

#include <ctype.h>
#include <stdio.h>

enum { PUT, COUNT, PURGE_GROUPS, PURGE, GROUP_OF, GROUPS_OF, LIST, BY_TOKEN, FIND, END, USE };
enum { NUMBERS_TRIED = 100 };

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* 5 bits each */
_Static_assert(sizeof symbols == 33, "32 symbols");

#define COLUMNS                                                                                                        \
    "id, name, agency, role, admits, expires_ms, uses_max, uses, made_by, made_ms, used_ms, ended_ms"
#define OLD "(SELECT id FROM invites WHERE (ended_ms > 0 AND ended_ms < ?1) OR expires_ms < ?1)"

static const char *const texts[INVITE_STATEMENTS] = {
    [PUT] = "INSERT INTO invites(token_hash, name, agency, role, admits, expires_ms, uses_max, uses, numbers, used_ms,"
            " made_by, made_ms, ended_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, ?8, ?9, 0)",
    [COUNT] = "SELECT count(*) FROM invites",
    [PURGE_GROUPS] = "DELETE FROM invite_groups WHERE invite_id IN " OLD,
    [PURGE] = "DELETE FROM invites WHERE id IN " OLD,
    [GROUP_OF] = "INSERT INTO invite_groups(invite_id, place, name, may_in, may_out) VALUES(?1, ?2, ?3, ?4, ?5)",
    [GROUPS_OF] = "SELECT name, may_in, may_out FROM invite_groups WHERE invite_id = ? ORDER BY place",
    [LIST] = "SELECT " COLUMNS " FROM invites WHERE id < ?1 AND (?2 = 0 OR id = ?2) ORDER BY id DESC LIMIT 1",
    [BY_TOKEN] = "SELECT " COLUMNS " FROM invites WHERE token_hash = ?1",
    [FIND] = "SELECT " COLUMNS " FROM invites WHERE token_hash = ?1 AND name = ?2",
    [END] = "UPDATE invites SET ended_ms = ?2 WHERE id = ?1",
    [USE] = "UPDATE invites SET uses = uses + 1, used_ms = ?2 WHERE id = ?1 AND ended_ms = 0 AND uses < uses_max",
};

static struct db_stmt *stmt(struct accounts *a, int which, struct err *e)
{
    return db_prepare_once(a->db, &a->invites[which], texts[which], e) ? a->invites[which] : NULL;
}

/* ---- tokens ------------------------------------------------------------ */

static void make_token(char token[INVITE_TOKEN + 1])
{
    unsigned char chance[INVITE_TOKEN];

    secret_random(chance, sizeof chance);
    for (size_t i = 0; i < INVITE_TOKEN; i++)
        token[i] = symbols[chance[i] & 31];
    token[INVITE_TOKEN] = 0;
    secret_wipe(chance, sizeof chance);
}

/* The hash of a token as somebody typed it; false: it can be none. */
static bool hash_token(struct str typed, unsigned char hash[SECRET_SHA])
{
    char token[INVITE_TOKEN];
    size_t n = 0;

    for (size_t i = 0; i < typed.len; i++) {
        char c = (char)toupper((unsigned char)typed.at[i]);

        if (c == '-' || c == ' ')
            continue;
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (n == sizeof token || c == 0 || !strchr(symbols, c))
            return false;
        token[n++] = c;
    }
    secret_sha256(str_of(token, n), hash);
    secret_wipe(token, sizeof token);
    return n == sizeof token;
}

/* ---- making ------------------------------------------------------------ */

bool invite_holds(const struct invite *v)
{
    return v->uses_max > 1 && !v->admits;
}

bool invite_name_fits(struct str name, struct err *e)
{
    bool ok = name.len > 0 && name.len < INVITE_NAME_MAX && name.at[0] != '.';

    for (size_t i = 0; ok && i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];

        ok = (c < 0x80 && isalnum(c)) || c == '-' || c == '_' || c == '.';
    }
    return ok || err_set(e, ERR_INPUT,
                         "a name has 1 to %d letters, digits, '-', '_' and '.', and does not begin with a dot",
                         INVITE_NAME_MAX - 1);
}

static bool is_sound(const struct invite *v, struct err *e)
{
    if (!invite_name_fits(str_from(v->name), e))
        return false;
    if (v->uses_max < 1 || v->uses_max > INVITE_USES_MAX)
        return err_set(e, ERR_INPUT, "an invite can be used 1 to %d times", INVITE_USES_MAX);
    if (v->expires_ms <= v->made_ms || v->expires_ms > v->made_ms + (int64_t)INVITE_HOURS_MAX * 3600000)
        return err_set(e, ERR_INPUT, "an invite is good for 1 to %d hours", INVITE_HOURS_MAX);
    if (v->group_count > INVITE_GROUPS_MAX)
        return err_set(e, ERR_INPUT, "an invite names %d groups at most", INVITE_GROUPS_MAX);
    if (!str_is_utf8(str_from(v->agency)) || !str_is_utf8(str_from(v->role)))
        return err_set(e, ERR_INPUT, "agency and role are UTF-8");
    for (size_t i = 0; i < v->group_count; i++) {
        struct str name = str_from(v->groups[i].name);

        if (name.len == 0 || !str_is_utf8(name) || !(v->groups[i].in || v->groups[i].out))
            return err_set(e, ERR_INPUT, "a group has a name of UTF-8, and is written into or heard");
        for (size_t k = 0; k < i; k++)
            if (strcmp(v->groups[k].name, v->groups[i].name) == 0)
                return err_set(e, ERR_INPUT, "group %s is named twice", v->groups[i].name);
    }
    return true;
}

static bool make_room(struct accounts *a, int64_t now_ms, struct err *e)
{
    int64_t count = 0;

    if (!db_ask(a->db, texts[COUNT], &count, e))
        return false;
    if (count < INVITES_MAX)
        return true;
    for (int which = PURGE_GROUPS; which <= PURGE; which++) {
        struct db_stmt *s = stmt(a, which, e);

        if (!s)
            return false;
        db_set_int(s, 1, now_ms - INVITE_KEPT_MS);
        if (!db_do(s, e))
            return false;
    }
    if (!db_ask(a->db, texts[COUNT], &count, e))
        return false;
    return count < INVITES_MAX || err_set(e, ERR_FULL, "there are %d invites; end those that nobody needs any more",
                                          INVITES_MAX);
}

static bool put(struct accounts *a, struct invite *v, const unsigned char hash[SECRET_SHA], struct err *e)
{
    struct db_stmt *s = stmt(a, PUT, e), *g = s ? stmt(a, GROUP_OF, e) : NULL;

    if (!g)
        return false;
    db_set_blob(s, 1, str_of(hash, SECRET_SHA));
    db_set_text(s, 2, str_from(v->name));
    db_set_text(s, 3, str_from(v->agency));
    db_set_text(s, 4, str_from(v->role));
    db_set_int(s, 5, v->admits);
    db_set_int(s, 6, v->expires_ms);
    db_set_int(s, 7, v->uses_max);
    db_set_text(s, 8, str_from(v->made_by));
    db_set_int(s, 9, v->made_ms);
    if (!db_do(s, e))
        return false;
    v->id = db_last_id(a->db);
    for (size_t i = 0; i < v->group_count; i++) {
        db_set_int(g, 1, v->id);
        db_set_int(g, 2, (int64_t)i);
        db_set_text(g, 3, str_from(v->groups[i].name));
        db_set_int(g, 4, v->groups[i].in);
        db_set_int(g, 5, v->groups[i].out);
        if (!db_do(g, e))
            return false;
    }
    return true;
}

static bool note_made(struct accounts *a, const struct invite *v, struct err *e)
{
    char payload[NOTE_MAX];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put_int(&b, FIELD_INVITE, v->id);
    fields_put(&b, FIELD_NAME, str_from(v->name));
    if (v->agency[0])
        fields_put(&b, FIELD_AGENCY, str_from(v->agency));
    if (v->role[0])
        fields_put(&b, FIELD_ROLE, str_from(v->role));
    for (size_t i = 0; i < v->group_count; i++) {
        if (v->groups[i].in)
            fields_put(&b, FIELD_IN, str_from(v->groups[i].name));
        if (v->groups[i].out)
            fields_put(&b, FIELD_OUT, str_from(v->groups[i].name));
    }
    fields_put_int(&b, FIELD_USES, v->uses_max);
    fields_put_int(&b, FIELD_UNTIL_MS, v->expires_ms);
    if (invite_holds(v))
        fields_put(&b, FIELD_WAITS, STR("1"));
    fields_put(&b, FIELD_BY, str_from(v->made_by));
    return !b.full ? accounts_put_note(a, EV_INVITE_MADE, buf_str(&b), e)
                   : err_set(e, ERR_INPUT, "the groups' names are too long for one invite: name fewer");
}

bool invites_make(struct accounts *a, struct invite *v, char token[INVITE_TOKEN + 1], struct err *e)
{
    unsigned char hash[SECRET_SHA];
    bool ok;

    MUST(v->made_by[0] && v->made_ms > 0);
    token[0] = 0;
    if (!is_sound(v, e) || !db_begin(a->db, e))
        return false;
    make_token(token);
    MUST(hash_token(str_from(token), hash));
    ok = make_room(a, v->made_ms, e) && put(a, v, hash, e) && note_made(a, v, e);
    ok = accounts_finish(a, ok, e);
    if (!ok)
        secret_wipe(token, INVITE_TOKEN + 1);
    return ok;
}

/* ---- reading ----------------------------------------------------------- */

static void text_to(struct db_stmt *s, int column, char *to, size_t size)
{
    (void)str_copy(to, size, db_text(s, column));
}

static bool get_groups(struct accounts *a, struct invite *v, struct err *e)
{
    struct db_stmt *s = stmt(a, GROUPS_OF, e);
    enum db_step step;

    if (!s)
        return false;
    db_set_int(s, 1, v->id);
    while ((step = db_step(s, e)) == DB_ROW && v->group_count < INVITE_GROUPS_MAX) {
        struct user_group *g = &v->groups[v->group_count++];

        text_to(s, 0, g->name, sizeof g->name);
        g->in = db_int(s, 1) != 0;
        g->out = db_int(s, 2) != 0;
        g->active = true;
    }
    db_reset(s);
    return step != DB_FAILED;
}

/* The row that s gives, of COLUMNS; *there tells whether it gave one. */
static bool get(struct accounts *a, struct db_stmt *s, struct invite *v, bool *there, struct err *e)
{
    enum db_step step = db_step(s, e);

    *v = (struct invite){0};
    *there = step == DB_ROW;
    if (*there) {
        v->id = db_int(s, 0);
        text_to(s, 1, v->name, sizeof v->name);
        text_to(s, 2, v->agency, sizeof v->agency);
        text_to(s, 3, v->role, sizeof v->role);
        v->admits = db_int(s, 4) != 0;
        v->expires_ms = db_int(s, 5);
        v->uses_max = db_int(s, 6);
        v->uses = db_int(s, 7);
        text_to(s, 8, v->made_by, sizeof v->made_by);
        v->made_ms = db_int(s, 9);
        v->used_ms = db_int(s, 10);
        v->ended_ms = db_int(s, 11);
    }
    db_reset(s);
    return step != DB_FAILED && (!*there || get_groups(a, v, e));
}

/* One search a row, so that see() may change invites. */
bool invites_list(struct accounts *a, invites_see *see, void *ctx, struct err *e)
{
    struct db_stmt *s = stmt(a, LIST, e);
    struct invite v = {.id = INT64_MAX};
    bool there;

    while (s) {
        db_set_int(s, 1, v.id);
        db_set_int(s, 2, 0);
        if (!get(a, s, &v, &there, e))
            return false;
        if (!there || !see(ctx, &v))
            return true;
    }
    return false;
}

bool invites_get(struct accounts *a, int64_t id, struct invite *out, struct err *e)
{
    struct db_stmt *s = stmt(a, LIST, e);
    bool there = false;

    if (!s)
        return false;
    db_set_int(s, 1, INT64_MAX);
    db_set_int(s, 2, id > 0 ? id : -1);
    if (!get(a, s, out, &there, e))
        return false;
    return there || err_set(e, ERR_MISSING, "there is no invite %lld", (long long)id);
}

/* Why it cannot be used any more, or true. */
static bool is_good(const struct invite *v, int64_t now_ms, struct err *e)
{
    if (v->ended_ms)
        return err_set(e, ERR_DENIED, "this invite was ended by the command post: ask for another one");
    if (v->expires_ms <= now_ms)
        return err_set(e, ERR_DENIED, "this invite has expired: ask the command post for another one");
    if (v->uses >= v->uses_max)
        return err_set(e, ERR_DENIED, "this invite has been used already: ask the command post for another one");
    return true;
}

bool invites_find(struct accounts *a, struct str name, struct str token, int64_t now_ms, struct invite *out,
                  struct err *e)
{
    struct db_stmt *s = stmt(a, FIND, e);
    unsigned char hash[SECRET_SHA];
    bool there = false;

    *out = (struct invite){0};
    if (!s)
        return false;
    if (hash_token(token, hash)) {
        db_set_blob(s, 1, str_of(hash, sizeof hash));
        db_set_text(s, 2, name);
        if (!get(a, s, out, &there, e))
            return false;
    }
    return there ? is_good(out, now_ms, e) : err_set(e, ERR_MISSING, "there is no such invite");
}

bool invites_by_token(struct accounts *a, struct str token, int64_t now_ms, struct invite *out, struct err *e)
{
    struct db_stmt *s = stmt(a, BY_TOKEN, e);
    unsigned char hash[SECRET_SHA];
    bool there = false;

    *out = (struct invite){0};
    if (!s)
        return false;
    if (hash_token(token, hash)) {
        db_set_blob(s, 1, str_of(hash, sizeof hash));
        if (!get(a, s, out, &there, e))
            return false;
    }
    return there ? is_good(out, now_ms, e) : err_set(e, ERR_MISSING, "there is no such invite");
}

/* ---- ending, joining ---------------------------------------------------- */

bool invites_end(struct accounts *a, int64_t id, struct str by, int64_t now_ms, struct err *e)
{
    struct db_stmt *s = stmt(a, END, e);
    char payload[NOTE_MAX];
    struct buf b = buf_over(payload, sizeof payload);
    struct invite v;
    bool ok;

    MUST(now_ms > 0 && by.len && by.len < USER_NAME_MAX);
    if (!s || !db_begin(a->db, e))
        return false;
    ok = invites_get(a, id, &v, e);
    if (ok && v.ended_ms)
        ok = err_set(e, ERR_DENIED, "invite %lld has been ended already", (long long)id);
    fields_put_int(&b, FIELD_INVITE, id);
    fields_put(&b, FIELD_NAME, str_from(v.name));
    fields_put_int(&b, FIELD_COUNT, v.uses);
    fields_put(&b, FIELD_BY, by);
    db_set_int(s, 1, id);
    db_set_int(s, 2, now_ms);
    ok = ok && db_do(s, e) && accounts_put_note(a, EV_INVITE_ENDED, buf_str(&b), e);
    return accounts_finish(a, ok, e);
}

static void as_invited(const struct invite *v, struct user *u)
{
    if (v->agency[0])
        (void)str_copy(u->agency, sizeof u->agency, str_from(v->agency));
    if (v->role[0])
        (void)str_copy(u->role, sizeof u->role, str_from(v->role));
    if (v->group_count == 0)
        return;
    u->group_count = v->group_count;
    memcpy(u->groups, v->groups, v->group_count * sizeof *u->groups);
}

static bool next_number(struct accounts *a, int64_t id, int64_t *number, struct err *e)
{
    char sql[128];

    (void)snprintf(sql, sizeof sql, "UPDATE invites SET numbers = numbers + 1 WHERE id = %lld", (long long)id);
    if (!db_run(a->db, sql, e))
        return false;
    (void)snprintf(sql, sizeof sql, "SELECT numbers FROM invites WHERE id = %lld", (long long)id);
    return db_ask(a->db, sql, number, e);
}

/* A name that nobody has: the invite's, with a number behind it. */
static bool new_name(struct accounts *a, const struct invite *v, struct user *u, struct err *e)
{
    for (int i = 0; i < NUMBERS_TRIED; i++) {
        char name[USER_NAME_MAX];
        int64_t number = 0;

        if (!next_number(a, v->id, &number, e))
            return false;
        (void)snprintf(name, sizeof name, "%s-%lld", v->name, (long long)number);
        if (accounts_user_by_name(a, str_from(name), u, e))
            continue;
        if (e->kind != ERR_MISSING)
            return false;
        *u = (struct user){0};
        (void)snprintf(u->name, sizeof u->name, "%s", name);
        return true;
    }
    return err_set(e, ERR_FULL, "too many users are called %s-NUMBER: make an invite with another name", v->name);
}

bool invites_user(struct accounts *a, const struct invite *v, struct user *u, struct err *e)
{
    if (v->uses_max > 1) {
        if (!new_name(a, v, u, e))
            return false;
    } else if (!accounts_user_by_name(a, str_from(v->name), u, e)) {
        if (e->kind != ERR_MISSING)
            return false;
        *u = (struct user){0};
        (void)snprintf(u->name, sizeof u->name, "%s", v->name);
    } else if (u->disabled) {
        return err_set(e, ERR_DENIED, "user %s is disabled: ask the command post", u->name);
    }
    as_invited(v, u);
    return true;
}

static bool use(struct accounts *a, int64_t id, int64_t now_ms, struct err *e)
{
    struct db_stmt *s = stmt(a, USE, e);

    if (!s)
        return false;
    db_set_int(s, 1, id);
    db_set_int(s, 2, now_ms);
    if (!db_do(s, e))
        return false;
    return db_changes(a->db) == 1 ||
           err_set(e, ERR_DENIED, "this invite has been used or ended meanwhile: ask the command post for another one");
}

bool invites_join(struct accounts *a, struct user *u, struct certificate *c, struct err *e)
{
    int64_t was = u->id;
    bool ok;

    MUST(c->issued_ms > 0);
    if (!db_begin(a->db, e))
        return false;
    /* Who has an account joins with it as it is by now. */
    ok = c->invite_id == 0 || accounts_user_in(a, u, e);
    c->user_id = u->id;
    MUST(!ok || u->id > 0);
    ok = ok && accounts_put_certificate(a, c, e) && (c->invite_id == 0 || use(a, c->invite_id, c->issued_ms, e));
    ok = accounts_finish(a, ok, e);
    if (!ok)
        u->id = was;
    return ok;
}
