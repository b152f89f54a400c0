#include "app/folder.h"

#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool folder_take(const char *dir, bool *made, struct err *e)
{
    int why = 0;

    *made = mkdir(dir, 0700) == 0;
    if (*made)
        return true;
    if (errno != EEXIST)
        why = errno;
    else if (access(dir, W_OK | X_OK) != 0)
        why = errno;
    else
        return true;
    return err_set(e, ERR_WORLD, "the data folder %s cannot be written: %s; give another with --data", dir,
                   why == ENOENT ? "the folder that it would be in is not there" : strerror(why));
}

bool folder_take_aloud(const char *dir, struct err *e)
{
    bool made;

    if (!folder_take(dir, &made, e))
        return false;
    if (made)
        (void)fprintf(stderr, "cordon: %s was not there: a new data folder was begun; if a server keeps its own "
                              "elsewhere, delete this one and name that with --data\n", dir);
    return true;
}

bool folder_is_exercise(const char *dir)
{
    char mark[FILE_PATH_MAX];

    (void)snprintf(mark, sizeof mark, "%s/exercise", dir);
    return access(mark, F_OK) == 0;
}
