/* seal.c -- the head of the record for another agency: print it, sign as a witness, record a witness. */
#include "app/args.h"
#include "app/commands.h"
#include "app/folder.h"
#include "base/when.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/qr.h"
#include "store/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    const char *dir, *by, *svg, *witness, *countersign, *signature, *key;
};

bool seal_take_head(const char *option, const char *text, struct journal_head *out, struct err *e)
{
    struct str s = str_from(text);
    size_t colon = str_find_byte(s, ':');
    char hex[2 * JOURNAL_HASH];
    struct buf b = buf_over(hex, sizeof hex);
    int64_t seq;

    if (colon == s.len || !str_to_int(str_cut(s, 0, colon), 1, INT64_MAX / 2, &seq))
        return err_set(e, ERR_INPUT, "%s is a row's number, a colon and 64 hex digits, as cordon seal prints it",
                       option);
    for (size_t i = colon + 1; i < s.len; i++)
        if (s.at[i] != ' ')
            buf_byte(&b, s.at[i]);
    out->seq = (uint64_t)seq;
    if (!b.full && str_from_hex(buf_str(&b), out->hash, JOURNAL_HASH))
        return true;
    return err_set(e, ERR_INPUT, "%s: a hash is 64 hex digits (0 to 9, a to f), in groups or not; this has %zu%s",
                   option, b.len, b.full ? " and more" : b.len == sizeof hex ? ", and one of them is none" : "");
}

static bool take_hex(const char *option, const char *text, unsigned char *out, size_t n, struct err *e)
{
    return str_from_hex(str_from(text), out, n) ||
           err_set(e, ERR_INPUT, "%s is %zu hex digits, as cordon seal --countersign prints it", option, 2 * n);
}

static void put_head(const struct journal_head *head, struct buf *b)
{
    buf_fmt(b, "%" PRIu64 ":", head->seq);
    buf_hex(b, head->hash, JOURNAL_HASH);
}

/* Sixteen groups of four, four in a line. */
static void put_groups(const unsigned char hash[JOURNAL_HASH], struct buf *b)
{
    for (int i = 0; i < JOURNAL_HASH; i += 2) {
        if (i % 8 == 0)
            buf_fmt(b, "%s  %2d  ", i ? "\n" : "", i / 8 + 1);
        buf_byte(b, ' ');
        buf_hex(b, hash + i, 2);
    }
    buf_byte(b, '\n');
}

/* What a machine reads: capital letters alone make the code small. */
static void put_code(const struct journal_seal *s, struct buf *b)
{
    buf_put(b, STR("CORDON HEAD 1 "));
    put_head(&s->head, b);
    buf_byte(b, ' ');
    when_put(b, s->at_ms);
    buf_byte(b, ' ');
    buf_hex(b, s->signature, sizeof s->signature);
    for (size_t i = 0; i < b->len; i++)
        if (b->at[i] >= 'a' && b->at[i] <= 'f')
            b->at[i] = (char)(b->at[i] - 'a' + 'A');
}

static void put_seal(const struct options *o, const struct journal_seal *s, struct buf *b)
{
    if (folder_is_exercise(o->dir))
        buf_put(b, STR(FOLDER_EXERCISE));
    buf_fmt(b, "Head of the record in %s: row %" PRIu64 "\nTime ", o->dir, s->head.seq);
    when_put(b, s->at_ms);
    if (o->by)
        buf_fmt(b, "\nRead by %s", o->by);
    buf_put(b, STR("\n\nHash, to be read line by line and read back:\n"));
    put_groups(s->head.hash, b);
    buf_put(b, STR("\nFor a machine "));
    put_head(&s->head, b);
    buf_put(b, STR("\nSignature "));
    buf_hex(b, s->signature, sizeof s->signature);
    buf_put(b, STR("\nKey "));
    buf_hex(b, s->public, sizeof s->public);
    buf_put(b, STR("\n\nCountersigned: agency ______________ name ______________ time ________\n"
                   "When they hold it:\n  cordon seal --data "));
    buf_fmt(b, "%s --by \"AGENCY/NAME\" --witness ", o->dir);
    put_head(&s->head, b);
    buf_byte(b, '\n');
}

static bool print_seal(const struct options *o, const struct journal_seal *s, char *memory, struct err *e)
{
    struct buf out = buf_over(memory, QR_DRAWN_MAX), svg = out;
    char code[QR_CONTENT_MAX];
    struct buf b = buf_over(code, sizeof code);

    put_code(s, &b);
    MUST(!b.full);
    if (o->svg && (!qr_svg(buf_str(&b), &svg, e) || !file_write(o->svg, buf_str(&svg), 0644, e)))
        return false;
    put_seal(o, s, &out);
    buf_byte(&out, '\n');
    if (!qr_text(buf_str(&b), &out, e))
        return false;
    return fwrite(out.at, 1, out.len, stdout) == out.len || err_set(e, ERR_WORLD, "the output could not be written");
}

static bool seal_head(const struct options *o, struct err *e)
{
    struct journal *j = NULL;
    struct journal_seal s;
    char *memory = malloc(QR_DRAWN_MAX);
    bool ok = memory || err_set(e, ERR_WORLD, "there is not enough memory");

    ok = ok && journal_open_reader(o->dir, &j, e) && journal_seal(j, clock_wall_ms(), &s, e) &&
         print_seal(o, &s, memory, e);
    journal_close(j);
    free(memory);
    return ok;
}

/* In the folder of the witness's own Cordon. */
static bool countersign(const struct options *o, struct witness *w, struct err *e)
{
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    if (!journal_countersign(o->dir, w, e))
        return false;
    put_head(&w->head, &b);
    (void)printf("%s holds the head %.*s\nThe other command post records it with\n"
                 "  cordon seal --by \"%s\" --witness %.*s \\\n    --signature ",
                 w->who, STR_ARG(buf_str(&b)), w->who, STR_ARG(buf_str(&b)));
    b.len = 0;
    buf_hex(&b, w->signature, sizeof w->signature);
    buf_put(&b, STR(" --key "));
    buf_hex(&b, w->key, sizeof w->key);
    (void)printf("%.*s\n", STR_ARG(buf_str(&b)));
    return true;
}

static bool record_witness(const struct options *o, struct witness *w, struct err *e)
{
    struct journal *j = NULL;
    bool ok = true;

    w->at_ms = clock_wall_ms();
    w->is_signed = o->signature != NULL;
    if (o->signature)
        ok = take_hex("--signature", o->signature, w->signature, sizeof w->signature, e) &&
             take_hex("--key", o->key, w->key, sizeof w->key, e);
    ok = ok && journal_open_reader(o->dir, &j, e) && journal_add_witness(j, w, e);
    journal_close(j);
    if (ok)
        (void)printf("%s holds row %" PRIu64 "%s: it is in witness.txt, keep a copy of that elsewhere\n", w->who,
                     w->head.seq, w->is_signed ? ", signed" : "");
    return ok;
}

static bool options_fit(const struct options *o, struct err *e)
{
    bool other = o->witness || o->countersign;

    if (o->witness && o->countersign)
        return err_set(e, ERR_INPUT, "--witness is for the record's own folder, --countersign for that of the witness: "
                                     "one of them");
    if (other && !o->by)
        return err_set(e, ERR_INPUT, "--by says who holds it: --by \"FIRE/Watch officer\"");
    if (!o->signature != !o->key)
        return err_set(e, ERR_INPUT, "--signature and --key go together");
    if (o->signature && !o->witness)
        return err_set(e, ERR_INPUT, "--signature and --key belong to --witness");
    if (other && o->svg)
        return err_set(e, ERR_INPUT, "--svg draws the head of this record: without --witness and --countersign");
    return true;
}

int command_seal(int argc, char **argv)
{
    struct options o = {.dir = "cordon-data"};
    const struct arg args[] = {{.name = "--data", .value = &o.dir},
                               {.name = "--by", .value = &o.by},
                               {.name = "--svg", .value = &o.svg},
                               {.name = "--witness", .value = &o.witness},
                               {.name = "--countersign", .value = &o.countersign},
                               {.name = "--signature", .value = &o.signature},
                               {.name = "--key", .value = &o.key}};
    struct witness w = {0};
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), NULL, &e) && options_fit(&o, &e);

    if (!ok)
        return args_fail("seal", &e);
    if (!o.witness && !o.countersign)
        return seal_head(&o, &e) ? 0 : args_fail("seal", &e);
    ok = witness_take_who(str_from(o.by), &w, &e);
    if (ok && o.witness)
        ok = seal_take_head("--witness", o.witness, &w.head, &e) && record_witness(&o, &w, &e);
    else if (ok)
        ok = seal_take_head("--countersign", o.countersign, &w.head, &e) && countersign(&o, &w, &e);
    return ok ? 0 : args_fail("seal", &e);
}
