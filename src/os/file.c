#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_read(const char *path, void *to, size_t size, size_t *n, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *at = to, over;
    ssize_t got = 1;

    *n = 0;
    if (fd < 0)
        return err_set(e, errno == ENOENT ? ERR_MISSING : ERR_WORLD, "%s cannot be read: %s", path,
                       strerror(errno));
    while (got != 0 && *n <= size) {
        got = *n < size ? read(fd, at + *n, size - *n) : read(fd, &over, 1);
        if (got < 0 && errno != EINTR)
            break;
        *n += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        (void)err_set(e, ERR_WORLD, "%s cannot be read: %s", path, strerror(errno));
    else if (*n > size)
        (void)err_set(e, ERR_INPUT, "%s is larger than %zu bytes", path, size);
    (void)close(fd);
    return got == 0 && *n <= size;
}

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.at, bytes.len);

        if (put < 0 && errno != EINTR)
            return false;
        bytes = str_from_at(bytes, put > 0 ? (size_t)put : 0);
    }
    return true;
}

/* Opens the folder that path lies in, -1: it cannot be. */
static int open_around(const char *path)
{
    char folder[FILE_PATH_MAX];
    char *slash;

    if (!str_copy(folder, sizeof folder, str_from(path)))
        return -1;
    while (strlen(folder) > 1 && folder[strlen(folder) - 1] == '/')
        folder[strlen(folder) - 1] = 0;
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    return open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Is fd what has that name in the folder, root's, and nothing else's, too?  Whoever owns the folder could have put a
 * link there, or another folder in its place, to be given what is not his. */
static bool is_fresh_in(int around, const char *path, int fd)
{
    char name[FILE_PATH_MAX];
    const char *slash;
    struct stat own, there;

    if (!str_copy(name, sizeof name, str_from(path)))
        return false;
    while (strlen(name) > 1 && name[strlen(name) - 1] == '/')
        name[strlen(name) - 1] = 0;
    slash = strrchr(name, '/');
    return fstat(fd, &own) == 0 && own.st_uid == 0 && (S_ISDIR(own.st_mode) || own.st_nlink == 1) &&
           fstatat(around, slash ? slash + 1 : name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == own.st_ino &&
           there.st_dev == own.st_dev;
}

void file_give(int fd, const char *path)
{
    struct stat st;
    int around;

    if (geteuid() != 0)
        return;
    around = open_around(path);
    if (around < 0)
        return;
    if (fstat(around, &st) == 0 && st.st_uid != 0 && is_fresh_in(around, path, fd))
        (void)!fchown(fd, st.st_uid, st.st_gid); /* refused: root keeps it */
    (void)close(around);
}

/* A new name is only safe once its folder is on disk too. */
static bool folder_sync(const char *path)
{
    bool ok;
    int fd = open_around(path);

    if (fd < 0)
        return false;
    ok = fsync(fd) == 0;
    (void)close(fd);
    return ok;
}

static bool put_in_place(const char *path, struct str bytes, unsigned mode, bool replace,
                         struct err *e)
{
    char draft[FILE_PATH_MAX + 8];
    bool ok;
    int fd;

    if (strlen(path) >= FILE_PATH_MAX)
        return err_set(e, ERR_INPUT, "the name of a file is too long: %.100s...", path);
    (void)snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    fd = mkostemp(draft, O_CLOEXEC); /* 0600 until all is in it */
    if (fd < 0)
        return err_set(e, ERR_WORLD, "%s cannot be made: %s", path, strerror(errno));
    file_give(fd, draft);
    ok = write_all(fd, bytes) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok) /* link(2) never replaces, rename(2) always does */
        ok = replace ? rename(draft, path) == 0 : link(draft, path) == 0;
    ok = ok && folder_sync(path);
    if (!ok)
        (void)err_set(e, ERR_WORLD, "%s cannot be made: %s", path, strerror(errno));
    if (!ok || !replace)
        (void)unlink(draft);
    return ok;
}

bool file_write(const char *path, struct str bytes, unsigned mode, struct err *e)
{
    return put_in_place(path, bytes, mode, true, e);
}

bool file_make(const char *path, struct str bytes, unsigned mode, struct err *e)
{
    return put_in_place(path, bytes, mode, false, e);
}

bool file_folder(const char *path, unsigned mode, struct err *e)
{
    struct stat st;
    int fd;

    if (mkdir(path, mode) == 0) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0) {
            file_give(fd, path);
            (void)close(fd);
        }
        return true;
    }
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    return err_set(e, ERR_WORLD, "the folder %s cannot be made: %s", path, strerror(errno));
}
