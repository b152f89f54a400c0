/* folder.h -- a folder of its own for a test. */
#ifndef CORDON_TEST_FOLDER_H
#define CORDON_TEST_FOLDER_H

#include "base/must.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name is malloc'd; folder_remove() frees it. */
static inline char *folder_make(void)
{
    const char *under = getenv("TMPDIR");
    char *path = malloc(256);

    MUST(path);
    (void)snprintf(path, 256, "%s/cordon-test-XXXXXX", under ? under : "/tmp");
    MUST(mkdtemp(path));
    return path;
}

/* Removes a flat folder with its files. */
static inline void folder_remove(char *path)
{
    DIR *d = opendir(path);
    struct dirent *f;
    char name[512];

    MUST(d);
    while ((f = readdir(d)))
        if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0) {
            (void)snprintf(name, sizeof name, "%s/%s", path, f->d_name);
            MUST(unlink(name) == 0);
        }
    (void)closedir(d);
    MUST(rmdir(path) == 0);
    free(path);
}

#endif
