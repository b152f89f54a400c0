#include "wire/auth.h"

#include "wire/xml.h"

static struct str value_of(const struct xml *x, struct str name, struct buf *scratch)
{
    const struct xml_attr *a = xml_attr(x, name);

    return a ? xml_value(a, scratch) : (struct str){0};
}

static void take_cot(const struct xml *x, struct buf *scratch, struct auth *out)
{
    out->username = value_of(x, STR("username"), scratch);
    out->password = value_of(x, STR("password"), scratch);
    out->uid = value_of(x, STR("uid"), scratch);
}

bool auth_read(struct str xml, struct buf *scratch, struct auth *out, struct err *e)
{
    enum xml_is what;
    bool found = false;
    XML_ON_STACK(x);

    *out = (struct auth){0};
    if (xml.len > AUTH_MAX || scratch->max - scratch->len < xml.len)
        return err_set(e, ERR_INPUT, "its login is longer than %d bytes", AUTH_MAX);
    xml_over(&x, xml, 0, e);
    while ((what = xml_next(&x)) != XML_END) {
        if (what == XML_BAD)
            return false;
        if (what != XML_OPEN)
            continue;
        if (x.depth == 1 && !xml_same(x.name, STR("auth")))
            return err_set(e, ERR_INPUT, "it begins with no login");
        if (x.depth != 2 || found || !xml_same(x.name, STR("cot")))
            continue;
        found = true;
        take_cot(&x, scratch, out);
    }
    if (!found || out->username.len == 0 || out->password.len == 0)
        return err_set(e, ERR_INPUT, "its login has no user name or no password");
    return true;
}
