/* input.c -- the old and odd ways in, from the command line: cordon input add, list, remove. */
#include "app/args.h"
#include "app/commands.h"
#include "app/folder.h"
#include "edge/inputs.h"
#include "os/secret.h"
#include "store/inputs.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 64 };

struct wishes {
    const char *dir, *words[WORDS_MAX];
    int count;
};

static bool take_wishes(int argc, char **argv, struct wishes *w, struct err *e)
{
    *w = (struct wishes){.dir = "cordon-data"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            w->dir = argv[++i];
        else if (str_starts(str_from(argv[i]), STR("--")))
            return err_set(e, ERR_INPUT, "there is no option %s, or it needs a value", argv[i]);
        else if (w->count == WORDS_MAX)
            return err_set(e, ERR_INPUT, "these are more words than an input has");
        else
            w->words[w->count++] = argv[i];
    }
    return true;
}

static int help(void)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text);

    input_rule_help(&b);
    (void)printf("cordon input add NAME KIND key=value ... --data DIR\n"
                 "cordon input list --data DIR\n"
                 "cordon input remove NAME --data DIR\n\n%.*s",
                 STR_ARG(buf_str(&b)));
    return 0;
}

/* One word of the shell: with quotes when it has spaces. */
static void put_word(const char *word, struct buf *b)
{
    struct str s = str_from(word);
    size_t is = str_find_byte(s, '=');

    if (b->len)
        buf_byte(b, ' ');
    if (is == s.len || str_find_byte(s, ' ') == s.len) {
        buf_put(b, s);
        return;
    }
    buf_put(b, str_cut(s, 0, is + 1));
    buf_byte(b, '"');
    buf_put(b, str_from_at(s, is + 1));
    buf_byte(b, '"');
}

static bool add(struct input_store *s, const struct wishes *w, struct err *e)
{
    char spec[INPUT_SPEC_MAX], token[INPUT_TOKEN + 1];
    struct buf b = buf_over(spec, sizeof spec - 1);

    for (int i = 1; i < w->count; i++)
        put_word(w->words[i], &b);
    if (b.full)
        return err_set(e, ERR_INPUT, "an input's words have %d bytes at most", INPUT_SPEC_MAX - 1);
    if (!inputs_add(s, buf_str(&b), token, e))
        return false;
    (void)printf("%.*s\n", STR_ARG(buf_str(&b)));
    if (token[0])
        (void)printf("token %s (shown once; Authorization: Bearer TOKEN at /Marti/api/inject/cot)\n", token);
    secret_wipe(token, sizeof token);
    return true;
}

static bool print(void *ctx, const struct input_row *row)
{
    (void)ctx;
    (void)printf("%.*s\n", STR_ARG(row->spec));
    return true;
}

static bool drop(struct input_store *s, const char *name, struct err *e)
{
    if (!inputs_drop(s, str_from(name), e))
        return false;
    (void)printf("nothing comes in by %s any more\n", name);
    return true;
}

static bool do_it(struct input_store *s, const struct wishes *w, struct err *e)
{
    struct str verb = str_from(w->words[0]);

    if (str_eq(verb, STR("add")))
        return add(s, w, e);
    if (str_eq(verb, STR("list")) && w->count == 1)
        return inputs_each(s, print, NULL, e);
    if (str_eq(verb, STR("remove")) && w->count == 2)
        return drop(s, w->words[1], e);
    return err_set(e, ERR_INPUT, "say add, list or remove: see cordon input");
}

int command_input(int argc, char **argv)
{
    struct wishes w;
    struct input_store *s = NULL;
    struct err e;
    bool ok = take_wishes(argc, argv, &w, &e);

    if (ok && w.count == 0)
        return help();
    ok = ok && folder_take_aloud(w.dir, &e) && inputs_open(w.dir, &s, &e) && do_it(s, &w, &e);
    inputs_close(s);
    return ok ? 0 : args_fail("input", &e);
}
