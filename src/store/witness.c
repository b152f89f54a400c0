#include "store/witness.h"

#include "base/when.h"
#include "os/file.h"
#include "store/journal_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    SIGNED_WORDS = 16, /* "CORDON WITNESS 1" */
    SIGNED_MAX = SIGNED_WORDS + 8 + JOURNAL_HASH + WITNESS_WHO_MAX,
};
_Static_assert((int)WITNESS_SIGNATURE == (int)SECRET_SIGNATURE && (int)WITNESS_KEY == (int)SECRET_SIGN_PUB &&
                   (int)WITNESS_SIGN_KEY == (int)SECRET_SIGN_KEY,
               "Ed25519");

/* ---- one line --------------------------------------------------------- */

/* Cuts the next word off; empty at the end. */
static struct str word(struct str *rest)
{
    size_t end = str_find_byte(*rest, ' ');
    struct str w = str_cut(*rest, 0, end);

    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    return w;
}

static bool is_who(struct str who)
{
    size_t slash = str_find_byte(who, '/');

    if (who.len == 0 || who.len > WITNESS_WHO_MAX || !str_is_utf8(who) || str_trim(who).len != who.len ||
        slash == 0 || slash + 1 >= who.len)
        return false;
    for (size_t i = 0; i < who.len; i++)
        if ((unsigned char)who.at[i] < 0x20 || who.at[i] == 0x7F)
            return false;
    return true;
}

bool witness_take_who(struct str who, struct witness *w, struct err *e)
{
    if (!is_who(who))
        return err_set(e, ERR_INPUT,
                       "who holds it is the agency and the person, as \"FIRE/Watch officer\": one line of %d bytes at "
                       "most with a / in it",
                       WITNESS_WHO_MAX);
    return str_copy(w->who, sizeof w->who, who);
}

bool witness_parse(struct str line, struct witness *w)
{
    struct str rest = line, at = word(&rest), seq = word(&rest), hash = word(&rest), signature = word(&rest),
               key = word(&rest);
    int64_t number;

    *w = (struct witness){0};
    if (line.len >= WITNESS_LINE_MAX || !when_parse(at, &w->at_ms) || !str_to_int(seq, 1, INT64_MAX / 2, &number) ||
        !str_from_hex(hash, w->head.hash, JOURNAL_HASH) || !is_who(rest) || !str_copy(w->who, sizeof w->who, rest))
        return false;
    w->head.seq = (uint64_t)number;
    w->is_signed = !str_eq(signature, STR("-"));
    if (!w->is_signed)
        return str_eq(key, STR("-"));
    return str_from_hex(signature, w->signature, WITNESS_SIGNATURE) && str_from_hex(key, w->key, WITNESS_KEY);
}

static void put_hex_or_dash(struct buf *b, bool is, const unsigned char *bytes, size_t n)
{
    if (is)
        buf_hex(b, bytes, n);
    else
        buf_byte(b, '-');
    buf_byte(b, ' ');
}

void witness_print(const struct witness *w, struct buf *b)
{
    when_put(b, w->at_ms);
    buf_fmt(b, " %llu ", (unsigned long long)w->head.seq);
    put_hex_or_dash(b, true, w->head.hash, JOURNAL_HASH);
    put_hex_or_dash(b, w->is_signed, w->signature, WITNESS_SIGNATURE);
    put_hex_or_dash(b, w->is_signed, w->key, WITNESS_KEY);
    buf_put(b, str_from(w->who));
    buf_byte(b, '\n');
}

static struct str signed_text(const struct witness *w, char out[SIGNED_MAX])
{
    struct buf b = buf_over(out, SIGNED_MAX);

    buf_put(&b, STR("CORDON WITNESS 1"));
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_byte(&b, (char)(w->head.seq >> shift));
    buf_put(&b, str_of(w->head.hash, JOURNAL_HASH));
    buf_put(&b, str_from(w->who));
    MUST(!b.full);
    return buf_str(&b);
}

void witness_sign(struct witness *w, const unsigned char key[WITNESS_SIGN_KEY])
{
    char text[SIGNED_MAX];

    MUST(w->who[0] && w->head.seq > 0);
    secret_sign(key, signed_text(w, text), w->signature);
    memcpy(w->key, key + WITNESS_SIGN_KEY - WITNESS_KEY, WITNESS_KEY);
    w->is_signed = true;
}

bool witness_is_genuine(const struct witness *w)
{
    char text[SIGNED_MAX];

    return !w->is_signed || secret_signed(w->key, signed_text(w, text), w->signature);
}

/* ---- the file --------------------------------------------------------- */

/* Whether a power cut has left the last line without its end. */
static bool is_torn(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END);
    char last;

    return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

bool witness_append(const char *dir, const struct witness *w, struct err *e)
{
    char path[DB_PATH_MAX], line[WITNESS_LINE_MAX + 1];
    struct buf b = buf_over(line, sizeof line);
    bool ok;
    int fd;

    journal_path(dir, "witness.txt", path);
    fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(e, ERR_WORLD, "%s cannot be written: %s", path, strerror(errno));
    if (lseek(fd, 0, SEEK_END) == 0) /* it is new */
        file_give(fd, path);
    ok = flock(fd, LOCK_EX) == 0;
    if (ok && is_torn(fd))
        buf_byte(&b, '\n');
    witness_print(w, &b);
    MUST(!b.full);
    ok = ok && write(fd, b.at, b.len) == (ssize_t)b.len && fsync(fd) == 0;
    if (!ok)
        (void)err_set(e, ERR_WORLD, "%s could not be written: %s", path, strerror(errno));
    (void)close(fd);
    return ok;
}

bool witness_open(const char *dir, int64_t from, struct witness_file *f, struct err *e)
{
    char path[DB_PATH_MAX];

    *f = (struct witness_file){0};
    journal_path(dir, "witness.txt", path);
    f->file = fopen(path, "re");
    if (!f->file && errno == ENOENT)
        return true;
    if (f->file && fseeko(f->file, from, SEEK_SET) == 0)
        return true;
    witness_close(f);
    return err_set(e, ERR_WORLD, "%s cannot be read: %s", path, strerror(errno));
}

/* One line without its end; *len tells also of what did not fit.  False at the end of the file, when what
 * stands there has no end yet. */
static bool take_line(FILE *f, char line[WITNESS_LINE_MAX], size_t *len)
{
    int c;

    *len = 0;
    while ((c = getc_unlocked(f)) != EOF && c != '\n') {
        if (*len < WITNESS_LINE_MAX)
            line[*len] = (char)c;
        ++*len;
    }
    return c == '\n';
}

bool witness_next(struct witness_file *f, struct witness *w)
{
    char line[WITNESS_LINE_MAX];
    size_t len;

    if (!f->file)
        return false;
    while (take_line(f->file, line, &len)) {
        f->line++;
        if (len < sizeof line && witness_parse(str_of(line, len), w))
            return true;
        f->unread += len > 0;
    }
    (void)fseeko(f->file, -(off_t)len, SEEK_CUR);
    return false;
}

int64_t witness_at(const struct witness_file *f)
{
    return f->file ? (int64_t)ftello(f->file) : 0;
}

void witness_close(struct witness_file *f)
{
    if (f->file)
        (void)fclose(f->file);
    f->file = NULL;
}
