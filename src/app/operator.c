/* operator.c -- accounts of the browser from the command line: cordon operator. */
#include "app/args.h"
#include "app/commands.h"
#include "app/folder.h"
#include "core/incident_access.h"
#include "core/record.h"
#include "os/secret.h"
#include "store/accounts.h"

#include <stdio.h>
#include <string.h>

struct wishes {
    const char *name, *dir, *roles, *agency;
    bool password, disable, enable;
};

/* One call: what the operator was and is, and what the record hears of it. */
struct doing {
    struct accounts *accounts;
    struct operator before, o;
    bool make;
    char password[15];
    const char *changed[5];
    size_t changed_count;
};

static bool take_wishes(int argc, char **argv, struct wishes *w, struct err *e)
{
    const struct arg args[] = {
        {.name = "--data", .value = &w->dir},        {.name = "--roles", .value = &w->roles},
        {.name = "--agency", .value = &w->agency},   {.name = "--password", .flag = &w->password},
        {.name = "--disable", .flag = &w->disable},  {.name = "--enable", .flag = &w->enable},
    };

    w->dir = "cordon-data";
    if (!args_take(argc, argv, args, COUNTOF(args), &w->name, e))
        return false;
    if (!w->name || !w->name[0])
        return err_set(e, ERR_INPUT, "say whom: cordon operator NAME --data DIR --roles commander,loggist");
    if (w->disable && w->enable)
        return err_set(e, ERR_INPUT, "--disable and --enable do not go together");
    for (const char *c = w->name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return err_set(e, ERR_INPUT, "a name has no control characters");
    if (!str_is_utf8(str_from(w->name)) || str_trim(str_from(w->name)).len != strlen(w->name))
        return err_set(e, ERR_INPUT, "a name is UTF-8 and has no spaces at its ends");
    return true;
}

static bool find(struct doing *d, const struct wishes *w, struct err *e)
{
    if (accounts_operator(d->accounts, str_from(w->name), &d->before, e)) {
        d->o = d->before;
        return true;
    }
    if (e->kind != ERR_MISSING)
        return false;
    d->make = true;
    if (!w->roles)
        return err_set(e, ERR_INPUT, "there is no operator %s yet; say what he may do: --roles commander,loggist",
                       w->name);
    return str_copy(d->o.name, sizeof d->o.name, str_from(w->name)) ||
           err_set(e, ERR_INPUT, "a name has %d bytes at most", USER_NAME_MAX - 1);
}

static void note_change(struct doing *d, bool is, const char *word)
{
    if (is && !d->make)
        d->changed[d->changed_count++] = word;
}

static bool fill(struct doing *d, const struct wishes *w, struct err *e)
{
    if (w->roles && (!access_check_roles(str_from(w->roles), e) ||
                     !str_copy(d->o.roles, sizeof d->o.roles, str_from(w->roles))))
        return false;
    if (w->agency && (!str_is_utf8(str_from(w->agency)) ||
                      !str_copy(d->o.agency, sizeof d->o.agency, str_from(w->agency))))
        return err_set(e, ERR_INPUT, "the id of an agency is UTF-8 and has %d bytes at most", OPERATOR_AGENCY_MAX - 1);
    d->o.disabled = w->disable || (d->o.disabled && !w->enable);
    note_change(d, strcmp(d->before.roles, d->o.roles) != 0, "roles");
    note_change(d, strcmp(d->before.agency, d->o.agency) != 0, "agency");
    note_change(d, !d->before.disabled && d->o.disabled, "disabled");
    note_change(d, d->before.disabled && !d->o.disabled, "enabled");
    note_change(d, w->password, "password");
    if (!d->make && d->changed_count == 0)
        return err_set(e, ERR_INPUT, "this changes nothing: %s is like that already", w->name);
    if (!d->make && !w->password)
        return true;
    secret_code(d->password);
    return secret_password(str_from(d->password), d->o.password_hash, e);
}

/* The record hears of it when a server runs, now or the next time. */
static bool leave_note(void *ctx, struct err *e)
{
    struct doing *d = ctx;
    char payload[NOTE_MAX];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_NAME, str_from(d->o.name));
    fields_put(&b, FIELD_SUB_TYPE, str_from(d->o.roles));
    if (d->o.agency[0])
        fields_put(&b, FIELD_AGENCY, str_from(d->o.agency));
    for (size_t i = 0; i < d->changed_count; i++)
        fields_put(&b, FIELD_CHANGED, str_from(d->changed[i]));
    fields_put(&b, FIELD_BY, STR("command line"));
    MUST(!b.full);
    return accounts_put_note(d->accounts, d->make ? EV_OPERATOR_MADE : EV_OPERATOR_CHANGED, buf_str(&b), e);
}

static bool apply(struct doing *d, struct err *e)
{
    struct access was = access_within(str_from(d->before.roles), str_from(d->before.agency));
    struct access is = access_within(str_from(d->o.roles), str_from(d->o.agency));
    struct operator_change how = {.make = d->make,
                                  .end_sessions = d->o.disabled || d->password[0] || access_shrinks(&was, &is),
                                  .note = leave_note,
                                  .ctx = d};

    return accounts_change_operator(d->accounts, &d->o, &how, e);
}

int command_operator(int argc, char **argv)
{
    struct wishes w = {0};
    struct doing d = {0};
    struct err e;
    bool ok = take_wishes(argc, argv, &w, &e);

    ok = ok && folder_take_aloud(w.dir, &e) && accounts_open(w.dir, &d.accounts, &e) && find(&d, &w, &e) &&
         fill(&d, &w, &e) && apply(&d, &e);
    if (d.accounts)
        accounts_close(d.accounts);
    if (!ok)
        return args_fail("operator", &e);
    (void)printf("%s: %s%s%s%s\n", d.o.name, d.o.roles, d.o.agency[0] ? ", of " : "", d.o.agency,
                 d.o.disabled ? ", disabled" : "");
    if (d.password[0])
        (void)printf("password %s\n", d.password);
    secret_wipe(d.password, sizeof d.password);
    return 0;
}
