#include "app/who.h"

#include "os/file.h"

#include <stdio.h>
#include <unistd.h>

/* ERR_MISSING: there is no operator of that name; a folder without accounts has none, and gets none by asking. */
static bool find_operator(const char *dir, const char *by, struct operator *o, struct err *e)
{
    char path[FILE_PATH_MAX];
    struct accounts *a = NULL;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/cordon.db", dir);
    if (access(path, R_OK) != 0)
        return err_set(e, ERR_MISSING, "no operators");
    ok = accounts_open(dir, &a, e) && accounts_operator(a, str_from(by), o, e);
    if (a)
        accounts_close(a);
    return ok;
}

bool who_acts(const char *dir, const char *by, const char *roles, struct who_acts *out, struct err *e)
{
    struct operator o;

    *out = (struct who_acts){.is = WHO_UNSAID};
    if (find_operator(dir, by, &o, e)) {
        if (o.disabled)
            return err_set(e, ERR_DENIED, "--by: the operator \"%s\" is disabled", by);
        if (roles)
            return err_set(e, ERR_INPUT, "--roles: \"%s\" is an operator of this server and acts with his own: %s", by,
                           o.roles);
        out->is = WHO_OPERATOR;
        (void)str_copy(out->roles, sizeof out->roles, str_from(o.roles));
        (void)str_copy(out->agency, sizeof out->agency, str_from(o.agency));
        return true;
    }
    if (e->kind != ERR_MISSING)
        return false;
    if (!roles)
        return true;
    out->is = WHO_SAID;
    (void)str_copy(out->roles, sizeof out->roles, str_from(roles));
    return access_check_roles(str_from(roles), e) || err_in(e, "--roles");
}
