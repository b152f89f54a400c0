/* client.c -- users and their certificates from the command line: client, revoke. */
#include "app/args.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/groups.h"
#include "os/clock.h"
#include "os/pki.h"
#include "store/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GROUPS = USER_GROUPS_MAX };

struct wishes {
    const char *name, *dir, *out, *agency, *days_text, *groups[GROUPS];
    int64_t days;
    int group_count;
    bool relay, modern;
};

static bool take_wishes(int argc, char **argv, struct wishes *w, struct err *e)
{
    const struct arg args[] = {
        {.name = "--data", .value = &w->dir},
        {.name = "--out", .value = &w->out},
        {.name = "--agency", .value = &w->agency},
        {.name = "--days", .value = &w->days_text},
        {.name = "--relay", .flag = &w->relay},
        {.name = "--modern", .flag = &w->modern},
        {.name = "--group", .list = w->groups, .list_count = &w->group_count, .list_max = GROUPS},
    };

    w->dir = "cordon-data";
    if (!args_take(argc, argv, args, COUNTOF(args), &w->name, e))
        return false;
    if (!w->name)
        return err_set(e, ERR_INPUT, "say for whom: cordon client NAME --data DIR --out FOLDER");
    if (!w->out && (w->days_text || w->modern))
        return err_set(e, ERR_INPUT, "%s is of a package: say where to, --out FOLDER",
                       w->modern ? "--modern" : "--days");
    w->days = 365;
    if (w->days_text && !str_to_int(str_from(w->days_text), 1, 3650, &w->days))
        return err_set(e, ERR_INPUT, "--days must be a number from 1 to 3650, not \"%s\"", w->days_text);
    for (const char *c = w->name; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '-' ||
              *c == '_' || *c == '.') || (c == w->name && *c == '.'))
            return err_set(e, ERR_INPUT, "a name has letters, digits, '-', '_' and '.', and does not begin with a dot");
    return true;
}

static bool put_user(struct accounts *a, const struct wishes *w, struct user *u, struct err *e)
{
    struct err missing;

    if (!accounts_user_by_name(a, str_from(w->name), u, &missing)) {
        if (missing.kind != ERR_MISSING) {
            *e = missing;
            return false;
        }
        memset(u, 0, sizeof *u);
        if (!str_copy(u->name, sizeof u->name, str_from(w->name)))
            return err_set(e, ERR_INPUT, "a name has %d bytes at most", USER_NAME_MAX - 1);
    }
    if (u->disabled && w->out)
        return err_set(e, ERR_DENIED, "%s was shut out: let him in first, cordon user %s --enable", w->name, w->name);
    u->relay |= w->relay;
    if (w->agency && !str_copy(u->agency, sizeof u->agency, str_from(w->agency)))
        return err_set(e, ERR_INPUT, "an agency's code has %d bytes at most", AGENCY_MAX - 1);
    if (w->group_count)
        u->group_count = 0;
    for (int i = 0; i < w->group_count; i++)
        if (!groups_take(str_from(w->groups[i]), u->groups, &u->group_count, GROUPS, e))
            return false;
    return accounts_put_user(a, u, e);
}

static bool make_package(struct accounts *a, const struct wishes *w, const struct user *u, struct err *e)
{
    struct pki_client made;
    struct pki_made ca;
    int64_t now = clock_wall_ms();
    struct certificate c = {.user_id = u->id, .issued_ms = now};

    (void)mkdir(w->out, 0700); /* ours, whoever owns the folder around it: what lies in it is a secret */
    if (!pki_prepare(w->dir, now, &ca, e) ||
        !pki_client_package(w->dir, w->name, w->out, (int)w->days, w->modern ? 0 : PKI_LEGACY | PKI_RSA, now,
                            &made, e))
        return false;
    (void)snprintf(c.serial, sizeof c.serial, "%s", made.serial);
    c.not_after_ms = made.not_after_ms;
    if (!accounts_put_certificate(a, &c, e))
        return false;
    (void)printf("%s: %s.p12 (password %s), %s.pem, %s.key, ca.pem, truststore.p12 in %s\n", w->name, w->name,
                 made.password, w->name, w->name, w->out);
    (void)printf("serial %s, valid %lld days%s\n", made.serial, (long long)w->days,
                 u->relay ? ", may speak for many devices" : "");
    return true;
}

/* Without a package: what the user is from now on. */
static bool tell_user(const struct user *u)
{
    (void)printf("%s%s%s:", u->name, u->agency[0] ? " of " : "", u->agency);
    for (size_t i = 0; i < u->group_count; i++)
        (void)printf("%s %s%s", i ? "," : " groups", u->groups[i].name,
                     u->groups[i].in && u->groups[i].out ? "" : u->groups[i].in ? ":in" : ":out");
    (void)printf("%s%s%s; no package was made: --out FOLDER makes one\n", u->group_count ? "" : " the default group",
                 u->relay ? "; may speak for many devices" : "", u->disabled ? "; disabled" : "");
    return true;
}

int command_client(int argc, char **argv)
{
    struct wishes w = {0};
    struct accounts *a = NULL;
    struct user u;
    struct err e;
    bool ok = take_wishes(argc, argv, &w, &e);

    ok = ok && folder_take_aloud(w.dir, &e) && accounts_open(w.dir, &a, &e) && put_user(a, &w, &u, &e) &&
         (w.out ? make_package(a, &w, &u, &e) : tell_user(&u));
    if (a)
        accounts_close(a);
    return ok ? 0 : args_fail("client", &e);
}

/* Whoever means to cut off a lost phone and misspells its name must not believe that it is done. */
static bool is_known(struct accounts *a, const char *name, struct err *e)
{
    struct user u;

    return accounts_user_by_name(a, str_from(name), &u, e);
}

int command_revoke(int argc, char **argv)
{
    const char *name = NULL, *dir = "cordon-data", *serial = "";
    const struct arg args[] = {{.name = "--data", .value = &dir}, {.name = "--serial", .value = &serial}};
    struct accounts *a = NULL;
    struct err e;
    size_t count = 0;
    bool ok = args_take(argc, argv, args, COUNTOF(args), &name, &e);

    if (ok && !name)
        ok = err_set(&e, ERR_INPUT, "say whom: cordon revoke NAME --data DIR");
    ok = ok && accounts_open(dir, &a, &e) && is_known(a, name, &e) &&
         accounts_revoke(a, &(struct certificate_order){.user = str_from(name), .serial = str_from(serial),
                                                        .by = STR("command line"), .now_ms = clock_wall_ms()},
                         &count, &e);
    if (a)
        accounts_close(a);
    if (ok && count == 0 && serial[0])
        ok = err_set(&e, ERR_MISSING, "%s has no certificate %s that is still good", name, serial);
    if (!ok)
        return args_fail("revoke", &e);
    if (count == 0)
        (void)printf("%s has no certificate that is still good\n", name);
    else
        (void)printf("%zu certificate%s of %s revoked\n", count, count == 1 ? "" : "s", name);
    return 0;
}
