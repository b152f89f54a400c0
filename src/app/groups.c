#include "app/groups.h"

bool groups_take(struct str text, struct user_group *list, size_t *count, size_t max, struct err *e)
{
    bool in = str_ends(text, STR(":in")), out = str_ends(text, STR(":out"));
    struct str said = text;
    struct user_group *g;

    if (*count == max)
        return err_set(e, ERR_INPUT, "there can be %zu groups at most", max);
    g = &list[*count];
    if (in || out)
        text.len -= in ? 3 : 4;
    if (str_find_byte(text, ':') < text.len)
        return err_set(e, ERR_INPUT, "\"%.*s\": a group has :in or :out behind its name, or nothing", STR_ARG(said));
    if (text.len == 0 || !str_copy(g->name, sizeof g->name, text))
        return err_set(e, ERR_INPUT, "a group's name has 1 to %d bytes", GROUP_NAME_MAX - 1);
    g->in = !out;
    g->out = !in;
    g->active = true;
    ++*count;
    return true;
}

bool groups_take_all(struct str text, struct user_group *list, size_t *count, size_t max, struct err *e)
{
    while (text.len) {
        size_t end = str_find_byte(text, ',');

        if (!groups_take(str_cut(text, 0, end), list, count, max, e))
            return false;
        text = str_from_at(text, end < text.len ? end + 1 : end);
    }
    return true;
}
