/* invite.c -- who may join, from the command line: invite, admit, user. */
#include "app/args.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/groups.h"
#include "base/when.h"
#include "os/clock.h"
#include "os/net.h"
#include "os/pki.h"
#include "os/qr.h"
#include "os/secret.h"
#include "store/invites.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOST_MAX = 256 };

static const struct str by = {"command line", 12};

static bool open_accounts(const char *dir, struct accounts **a, struct err *e)
{
    return folder_take_aloud(dir, e) && accounts_open(dir, a, e);
}

/* ---- invite ------------------------------------------------------------- */

struct wishes {
    const char *name, *dir, *uses, *hours, *agency, *role, *host, *end, *groups[INVITE_GROUPS_MAX];
    int group_count;
    bool admit, list;
};

static bool take_invite(const struct wishes *w, struct invite *v, struct err *e)
{
    int64_t hours;

    *v = (struct invite){.admits = w->admit, .made_ms = clock_wall_ms()};
    (void)snprintf(v->made_by, sizeof v->made_by, "%.*s", STR_ARG(by));
    if (!invite_name_fits(str_from(w->name), e))
        return false;
    MUST(str_copy(v->name, sizeof v->name, str_from(w->name)));
    if (!str_to_int(str_from(w->uses), 1, INVITE_USES_MAX, &v->uses_max))
        return err_set(e, ERR_INPUT, "--uses must be a number from 1 to %d, not \"%s\"", INVITE_USES_MAX, w->uses);
    if (!str_to_int(str_from(w->hours), 1, INVITE_HOURS_MAX, &hours))
        return err_set(e, ERR_INPUT, "--hours must be a number from 1 to %d, not \"%s\"", INVITE_HOURS_MAX, w->hours);
    if (w->admit && v->uses_max == 1)
        return err_set(e, ERR_INPUT, "--admit is for an invite of many uses; by this one a device is admitted at once");
    v->expires_ms = v->made_ms + hours * 3600000;
    for (const char *c = w->host; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr("/?#&\"<>@", *c))
            return err_set(e, ERR_INPUT, "--host is a name or an address alone, without blanks, port or path");
    if (!str_copy(v->agency, sizeof v->agency, str_from(w->agency)))
        return err_set(e, ERR_INPUT, "an agency's code has %d bytes at most", AGENCY_MAX - 1);
    if (!str_copy(v->role, sizeof v->role, str_from(w->role)))
        return err_set(e, ERR_INPUT, "a role has %d bytes at most", USER_ROLE_MAX - 1);
    for (int i = 0; i < w->group_count; i++)
        if (!groups_take_all(str_from(w->groups[i]), v->groups, &v->group_count, INVITE_GROUPS_MAX, e))
            return false;
    return true;
}

/* Under which name phones reach this host: its first address that is not its own alone, else its name. */
static void host_of(const char *said, char to[HOST_MAX])
{
    char names[512];
    struct str rest, first = {0};

    net_host_names(names, sizeof names);
    rest = str_from(said[0] ? said : names);
    (void)str_copy(to, HOST_MAX, str_cut(rest, 0, str_find_byte(rest, ',')));
    while (!said[0] && rest.len) {
        size_t end = str_find_byte(rest, ',');
        struct str one = str_cut(rest, 0, end);

        if (!first.len && one.len && one.at[0] >= '1' && one.at[0] <= '9' && str_find_byte(one, ':') == one.len &&
            str_find_byte(one, '.') < one.len && !str_starts(one, STR("127.")))
            first = one;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    if (first.len)
        (void)str_copy(to, HOST_MAX, first);
}

static void print_time(const char *label, int64_t ms)
{
    char text[64];
    struct buf b = buf_over(text, sizeof text);

    when_put(&b, ms);
    (void)printf("%s%.*s\n", label, STR_ARG(buf_str(&b)));
}

/* The page that an invite's link opens, where the server was last; as a code, too, on a terminal. */
static void print_page(struct accounts *a, const char *host, const char *token)
{
    char port[16] = "", url[HOST_MAX + 64], code[8 * 1024];
    struct buf b = buf_over(code, sizeof code);
    struct err e;

    if (!accounts_value(a, STR("join_port"), port, sizeof port, &e) || str_eq(str_from(port), STR("0")))
        return;
    (void)snprintf(url, sizeof url, "https://%s:%s/join/%s", host, port, token);
    (void)printf("page    %s\n", url);
    if (isatty(STDOUT_FILENO) && qr_text(str_from(url), &b, &e))
        (void)printf("%.*s", STR_ARG(buf_str(&b)));
    secret_wipe(url, sizeof url);
    secret_wipe(code, sizeof code);
}

static bool print_invite(struct accounts *a, const struct wishes *w, const struct invite *v, const char *token,
                         struct err *e)
{
    char words[WORDS_THREE], host[HOST_MAX];

    if (!pki_words(w->dir, words, e))
        return false;
    host_of(w->host, host);
    (void)printf("invite  %" PRId64 "\nuser    %s\ntoken   %s\n", v->id, v->name, token);
    (void)printf("link    tak://com.atakmap.app/enroll?host=%s&username=%s&token=%s\n", host, v->name, token);
    (void)printf("server  %s\n", words);
    (void)printf("uses    %" PRId64 "%s\n", v->uses_max,
                 v->uses_max == 1 ? "" : v->admits ? ", each admitted at once" : ", each waits until it is admitted");
    print_time("until   ", v->expires_ms);
    print_page(a, host, token);
    return true;
}

static bool make_invite(struct accounts *a, const struct wishes *w, struct err *e)
{
    char token[INVITE_TOKEN + 1];
    struct pki_made ca;
    struct invite v;
    bool ok;

    if (!take_invite(w, &v, e) || !pki_prepare(w->dir, v.made_ms, &ca, e) || !invites_make(a, &v, token, e))
        return false;
    ok = print_invite(a, w, &v, token, e);
    secret_wipe(token, sizeof token);
    return ok;
}

static bool list_one(void *ctx, const struct invite *v)
{
    int64_t now = *(const int64_t *)ctx;
    const char *is = v->ended_ms               ? "ended"
                     : v->uses >= v->uses_max  ? "used"
                     : v->expires_ms <= now    ? "expired"
                                               : "open";

    (void)printf("%6" PRId64 "  %-24s  %" PRId64 "/%" PRId64 " used  %-7s  by %s  until ", v->id, v->name, v->uses,
                 v->uses_max, is, v->made_by);
    print_time("", v->expires_ms);
    return true;
}

static bool do_invite(struct accounts *a, const struct wishes *w, struct err *e)
{
    int64_t id, now = clock_wall_ms();

    if (w->list)
        return invites_list(a, list_one, &now, e);
    if (w->end) {
        if (!str_to_int(str_from(w->end), 1, INT64_MAX, &id))
            return err_set(e, ERR_INPUT, "--end takes the number of an invite, not \"%s\"", w->end);
        if (!invites_end(a, id, by, now, e))
            return false;
        (void)printf("nobody joins by invite %" PRId64 " any more; who did, stays\n", id);
        return true;
    }
    return make_invite(a, w, e);
}

int command_invite(int argc, char **argv)
{
    struct wishes w = {.dir = "cordon-data", .uses = "1", .hours = "24", .agency = "", .role = "", .host = ""};
    const struct arg args[] = {
        {.name = "--data", .value = &w.dir},     {.name = "--uses", .value = &w.uses},
        {.name = "--hours", .value = &w.hours},  {.name = "--agency", .value = &w.agency},
        {.name = "--role", .value = &w.role},    {.name = "--host", .value = &w.host},
        {.name = "--admit", .flag = &w.admit},   {.name = "--list", .flag = &w.list},
        {.name = "--end", .value = &w.end},
        {.name = "--group", .list = w.groups, .list_count = &w.group_count, .list_max = INVITE_GROUPS_MAX},
    };
    struct accounts *a = NULL;
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), &w.name, &e);

    if (ok && w.name && (w.list || w.end))
        ok = err_set(&e, ERR_INPUT, "\"%s\" is too much: --list is of all invites, --end takes a number", w.name);
    if (ok && (w.name != NULL) + w.list + (w.end != NULL) != 1)
        ok = err_set(&e, ERR_INPUT, "say for whom: cordon invite NAME --data DIR; or --list, or --end NUMBER");
    ok = ok && open_accounts(w.dir, &a, &e) && do_invite(a, &w, &e);
    accounts_close(a);
    return ok ? 0 : args_fail("invite", &e);
}

/* ---- admit -------------------------------------------------------------- */

struct waiting {
    struct accounts *accounts;
    size_t count;
};

static bool list_waiting(void *ctx, const struct certificate *c)
{
    struct waiting *w = ctx;
    struct user u;
    struct err e;

    if (!c->held || c->revoked_ms || !accounts_user_by_id(w->accounts, c->user_id, &u, &e))
        return true;
    w->count++;
    (void)printf("%-24s  serial %s  invite %" PRId64 "  device %s  since ", u.name, c->serial, c->invite_id,
                 c->device_uid[0] ? c->device_uid : "not known");
    print_time("", c->issued_ms);
    return true;
}

static bool list(struct accounts *a, struct err *e)
{
    struct waiting w = {.accounts = a};

    if (!accounts_certificates(a, 0, list_waiting, &w, e))
        return false;
    if (w.count == 0)
        (void)puts("no device waits for admission");
    return true;
}

static bool admit(struct accounts *a, const char *name, const char *serial, const char *invite, struct err *e)
{
    struct certificate_order o = {.user = str_from(name ? name : ""), .serial = str_from(serial), .by = by,
                                  .now_ms = clock_wall_ms()};
    size_t count;

    if (!name && !serial[0] && !invite)
        return list(a, e);
    if (invite && !str_to_int(str_from(invite), 1, INT64_MAX, &o.invite_id))
        return err_set(e, ERR_INPUT, "--invite takes the number of an invite, not \"%s\"", invite);
    if (!accounts_admit(a, &o, &count, e))
        return false;
    if (count == 0)
        return err_set(e, ERR_MISSING, "no device like that waits for admission: cordon admit lists those that do");
    (void)printf("%zu device%s admitted\n", count, count == 1 ? "" : "s");
    return true;
}

int command_admit(int argc, char **argv)
{
    const char *name = NULL, *dir = "cordon-data", *serial = "", *invite = NULL;
    const struct arg args[] = {{.name = "--data", .value = &dir},
                               {.name = "--serial", .value = &serial},
                               {.name = "--invite", .value = &invite}};
    struct accounts *a = NULL;
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), &name, &e) && open_accounts(dir, &a, &e) &&
              admit(a, name, serial, invite, &e);

    accounts_close(a);
    return ok ? 0 : args_fail("admit", &e);
}

/* ---- user --------------------------------------------------------------- */

struct change {
    const char *name, *dir;
    bool password, no_password, disable, enable;
};

static bool find_or_make(struct accounts *a, const struct change *w, struct user *u, struct err *e)
{
    if (accounts_user_by_name(a, str_from(w->name), u, e))
        return true;
    if (e->kind != ERR_MISSING || !invite_name_fits(str_from(w->name), e))
        return false;
    if (!w->password) /* somebody else would stay in */
        return false;
    *u = (struct user){0};
    MUST(str_copy(u->name, sizeof u->name, str_from(w->name)));
    return accounts_put_user(a, u, e);
}

static bool give_password(struct accounts *a, struct str name, struct err *e)
{
    char code[15], hash[SECRET_PASSWORD_MAX];
    bool ok;

    secret_code(code);
    ok = secret_password(str_from(code), hash, e) && accounts_put_password(a, name, str_from(hash), by, e);
    if (ok)
        (void)printf("password %s\n", code);
    secret_wipe(code, sizeof code);
    return ok;
}

static bool change_user(struct accounts *a, const struct change *w, struct err *e)
{
    struct user u;

    if (!find_or_make(a, w, &u, e))
        return false;
    if (w->disable != w->enable && !accounts_disable_user(a, str_from(w->name), w->disable, by, e))
        return false;
    if (w->no_password && !accounts_put_password(a, str_from(w->name), (struct str){0}, by, e))
        return false;
    (void)printf("%s%s\n", u.name, w->disable || (u.disabled && !w->enable) ? ", disabled" : "");
    return !w->password || give_password(a, str_from(w->name), e);
}

int command_user(int argc, char **argv)
{
    struct change w = {.dir = "cordon-data"};
    const struct arg args[] = {
        {.name = "--data", .value = &w.dir},       {.name = "--password", .flag = &w.password},
        {.name = "--disable", .flag = &w.disable}, {.name = "--no-password", .flag = &w.no_password},
        {.name = "--enable", .flag = &w.enable},
    };
    struct accounts *a = NULL;
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), &w.name, &e);

    if (ok && !w.name)
        ok = err_set(&e, ERR_INPUT, "say whom: cordon user NAME --data DIR --password");
    if (ok && ((w.password && w.no_password) || (w.disable && w.enable)))
        ok = err_set(&e, ERR_INPUT, "that contradicts itself: give one of the two");
    if (ok && !w.password && !w.no_password && !w.disable && !w.enable)
        ok = err_set(&e, ERR_INPUT, "say what changes: --password, --no-password, --disable or --enable");
    ok = ok && open_accounts(w.dir, &a, &e) && change_user(a, &w, &e);
    accounts_close(a);
    return ok ? 0 : args_fail("user", &e);
}
