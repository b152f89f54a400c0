#include "app/args.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

static bool take_one(int argc, char **argv, int *i, const struct arg *a, struct err *e)
{
    if (a->flag) {
        *a->flag = true;
        return true;
    }
    if (*i + 1 >= argc)
        return err_set(e, ERR_INPUT, "%s needs a value", a->name);
    ++*i;
    if (a->value)
        *a->value = argv[*i];
    if (a->list) {
        if (*a->list_count == a->list_max)
            return err_set(e, ERR_INPUT, "%s can be given %d times at most", a->name, a->list_max);
        a->list[(*a->list_count)++] = argv[*i];
    }
    return true;
}

bool args_take(int argc, char **argv, const struct arg *args, int count, const char **word, struct err *e)
{
    for (int i = 1; i < argc; i++) {
        int at = 0;

        while (at < count && strcmp(argv[i], args[at].name) != 0)
            at++;
        if (at < count) {
            if (!take_one(argc, argv, &i, &args[at], e))
                return false;
        } else if (argv[i][0] == '-') {
            return err_set(e, ERR_INPUT, "there is no option %s: see cordon --help", argv[i]);
        } else if (word && !*word) {
            *word = argv[i];
        } else {
            return err_set(e, ERR_INPUT, "\"%s\" is too much: see cordon --help", argv[i]);
        }
    }
    return true;
}

int args_fail(const char *command, const struct err *e)
{
    char text[6 * ERR_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);

    buf_shown(&b, str_from(e->text)); /* it may quote a file that somebody else wrote */
    (void)fprintf(stderr, "cordon %s: %.*s\n", command, STR_ARG(buf_str(&b)));
    return 1;
}
