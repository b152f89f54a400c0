#include "edge/inbox.h"

#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMANDS ".commands"
#define RESULT ".result"

enum { FILE_NAME = 64, FOLDER_ROOM = 320 };

/* ---- names -------------------------------------------------------------- */

/* A random UUID (RFC 9562 section 5.4). */
void inbox_name(char name[INBOX_NAME])
{
    unsigned char x[16];

    chance_fill(x, sizeof x);
    x[6] = (unsigned char)((x[6] & 0x0f) | 0x40);
    x[8] = (unsigned char)((x[8] & 0x3f) | 0x80);
    (void)snprintf(name, INBOX_NAME, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", x[0], x[1],
                   x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11], x[12], x[13], x[14], x[15]);
}

static void file_name(const char *name, const char *end, char out[FILE_NAME])
{
    (void)snprintf(out, FILE_NAME, "%.*s%s", INBOX_NAME - 1, name, end);
}

static bool path_of(const char *dir, const char *name, const char *end, char *path, size_t size, struct err *e)
{
    int n = snprintf(path, size, "%s/inbox/%s%s", dir, name, end);

    return (n > 0 && (size_t)n < size) || err_set(e, ERR_INPUT, "the name of the data folder is too long");
}

/* A name of ours has letters, digits and - alone. */
static bool take_name(struct str s, char name[INBOX_NAME])
{
    if (!str_copy(name, INBOX_NAME, s))
        return false;
    for (const char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-'))
            return false;
    return name[0] != 0;
}

/* "UUID.commands" without its end. */
static bool is_commands(const char *file, char name[INBOX_NAME])
{
    struct str s = str_from(file);

    return str_ends(s, STR(COMMANDS)) && take_name(str_cut(s, 0, s.len - STR(COMMANDS).len), name);
}

/* ---- the folder --------------------------------------------------------- */

/* Whose the inbox is: ours, or for root that of the data folder's owner, whose server it is. */
static bool is_of(const struct stat *st, uid_t owner)
{
    return st->st_uid == owner && (st->st_mode & 077) == 0;
}

static uid_t owner_of(const char *dir)
{
    struct stat st;

    return geteuid() == 0 && stat(dir, &st) == 0 ? st.st_uid : geteuid();
}

bool inbox_open(const char *dir, int *fd, struct err *e)
{
    char path[FOLDER_ROOM];
    struct stat st;

    *fd = -1;
    if (!path_of(dir, "", "", path, sizeof path, e) || !file_folder(path, 0700, e))
        return false;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0)
        return err_set(e, ERR_WORLD, "%s cannot be opened: %s", path, strerror(errno));
    if (fstat(*fd, &st) == 0 && (is_of(&st, owner_of(dir)) || is_of(&st, geteuid()))) /* or a server that root runs */
        return true;
    inbox_close(*fd);
    *fd = -1;
    return err_set(e, ERR_DENIED, "%s is not ours alone: give it to the server's user and take the rights of all "
                   "others (chmod 700)", path);
}

void inbox_close(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

bool inbox_put(const char *dir, const char *name, struct str bytes, struct err *e)
{
    char path[FOLDER_ROOM];

    return path_of(dir, name, COMMANDS, path, sizeof path, e) && file_make(path, bytes, 0600, e);
}

/* Out of the way, so that it is not looked at once more; if it cannot be moved it is taken away. */
static void refuse(int fd, const char *file, const char *why)
{
    char to[FILE_NAME + 16], quoted[2 * FILE_NAME];
    bool moved;

    (void)mkdirat(fd, "refused", 0700);
    (void)snprintf(to, sizeof to, "refused/%.*s", FILE_NAME - 1, file);
    moved = renameat(fd, file, fd, to) == 0;
    log_line(LOG_WARN, "inbox.refused", "file=%s moved=%s reason=\"%s\"",
             log_quote(quoted, sizeof quoted, str_from(file)), moved ? "inbox/refused" : "no", why);
    if (!moved)
        (void)unlinkat(fd, file, 0);
}

/* "" when it is one of ours, else what is wrong with it; fd: the inbox, whose owner was asked when it was opened. */
static const char *wrong(int fd, const struct stat *st)
{
    struct stat inbox;

    if (!S_ISREG(st->st_mode))
        return "it is not a file";
    if (fstat(fd, &inbox) != 0 || !is_of(st, inbox.st_uid))
        return "it is not the server's alone: another user's, or others have rights to it";
    return st->st_size > IMPORT_FILE_MAX ? "it is larger than 8 MiB" : "";
}

bool inbox_next(int fd, char name[INBOX_NAME])
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = own >= 0 ? fdopendir(own) : NULL;
    const struct dirent *x;
    struct timespec oldest = {0};
    bool found = false;

    for (int i = 0, looked = 0; all && i < INBOX_NAMES && looked < INBOX_LOOKED && (x = readdir(all)); i++) {
        char one[INBOX_NAME];
        struct stat st;

        if (!str_ends(str_from(x->d_name), STR(COMMANDS)) || fstatat(fd, x->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        looked++;
        if (!is_commands(x->d_name, one) || wrong(fd, &st)[0]) {
            refuse(fd, x->d_name, wrong(fd, &st)[0] ? wrong(fd, &st) : "its name is not UUID.commands");
            continue;
        }
        if (found && (st.st_mtim.tv_sec > oldest.tv_sec ||
                      (st.st_mtim.tv_sec == oldest.tv_sec && st.st_mtim.tv_nsec >= oldest.tv_nsec)))
            continue;
        oldest = st.st_mtim;
        (void)str_copy(name, INBOX_NAME, str_from(one));
        found = true;
    }
    if (all)
        (void)closedir(all);
    else if (own >= 0)
        (void)close(own);
    return found;
}

static bool read_all(int file, char *to, size_t len)
{
    size_t n = 0;
    ssize_t got = 1;

    while (n < len && got != 0) {
        got = read(file, to + n, len - n);
        if (got < 0 && errno != EINTR)
            return false;
        n += got > 0 ? (size_t)got : 0;
    }
    return n == len;
}

bool inbox_read(int fd, const char *name, char **text, size_t *len)
{
    char file[FILE_NAME];
    struct stat st;
    const char *why = "";
    int own;

    *text = NULL;
    file_name(name, COMMANDS, file);
    own = openat(fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (own < 0 && errno == ENOENT)
        return false;
    if (own >= 0 && fstat(own, &st) == 0) {
        why = wrong(fd, &st); /* once more, of the very file that is read */
        *len = (size_t)st.st_size;
        *text = why[0] ? NULL : malloc(*len + 1);
        if (*text && read_all(own, *text, *len)) {
            (void)close(own);
            return true;
        }
    }
    if (own >= 0)
        (void)close(own);
    free(*text);
    *text = NULL;
    refuse(fd, file, why[0] ? why : "it cannot be read, or there is no memory for it");
    return false;
}

/* ---- results ------------------------------------------------------------ */

bool inbox_has(int fd, const char *name)
{
    char file[FILE_NAME];

    file_name(name, COMMANDS, file);
    return faccessat(fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool inbox_is_done(int fd, const char *name)
{
    char file[FILE_NAME];

    file_name(name, RESULT, file);
    return faccessat(fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void inbox_take_back(int fd, const char *name)
{
    char file[FILE_NAME];

    file_name(name, COMMANDS, file);
    (void)unlinkat(fd, file, 0);
}

bool inbox_done(const char *dir, int fd, const char *name, const struct import_result *r, struct err *e)
{
    char path[FOLDER_ROOM], json[IMPORT_RESULT_MAX];
    struct buf b = buf_over(json, sizeof json);

    import_result_put(r, &b);
    MUST(!b.full);
    if (!path_of(dir, name, RESULT, path, sizeof path, e) || !file_write(path, buf_str(&b), 0600, e))
        return false;
    inbox_take_back(fd, name);
    return true;
}

bool inbox_look(const char *dir, struct str name, struct import_result *r)
{
    char own[INBOX_NAME], path[FOLDER_ROOM], json[IMPORT_RESULT_MAX];
    size_t n;
    struct err e;

    return take_name(name, own) && path_of(dir, own, RESULT, path, sizeof path, &e) &&
           file_read(path, json, sizeof json, &n, &e) && import_result_read(str_of(json, n), r, &e);
}

bool inbox_waits(const char *dir, struct str name)
{
    char own[INBOX_NAME], path[FOLDER_ROOM];
    struct err e;

    return take_name(name, own) && path_of(dir, own, COMMANDS, path, sizeof path, &e) && access(path, F_OK) == 0;
}

bool inbox_fetch(const char *dir, int fd, const char *name, struct import_result *r)
{
    if (!inbox_look(dir, str_from(name), r))
        return false;
    inbox_forget(fd, name);
    return true;
}

void inbox_forget(int fd, const char *name)
{
    char file[FILE_NAME];

    file_name(name, RESULT, file);
    (void)unlinkat(fd, file, 0);
}

void inbox_prune(int fd, int64_t now_ms)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = own >= 0 ? fdopendir(own) : NULL;
    const struct dirent *x;

    for (int i = 0; all && i < INBOX_NAMES && (x = readdir(all)); i++) {
        struct stat st;

        if (str_ends(str_from(x->d_name), STR(RESULT)) && fstatat(fd, x->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (int64_t)st.st_mtim.tv_sec * 1000 < now_ms - INBOX_KEPT_MS)
            (void)unlinkat(fd, x->d_name, 0);
    }
    if (all)
        (void)closedir(all);
    else if (own >= 0)
        (void)close(own);
}
