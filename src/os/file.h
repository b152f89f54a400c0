/* file.h -- small files, whole or not at all.
 *
 * For keys, certificates and configuration: a file is written beside its name,
 * synced and then put in place, so that a crash leaves the old one or the new
 * one.  Blocks on the disk: never on a loop thread. */
#ifndef CORDON_OS_FILE_H
#define CORDON_OS_FILE_H

#include "base/err.h"
#include "base/str.h"

enum { FILE_PATH_MAX = 1024 };

/* Reads at most size bytes; a file that is larger is refused. ERR_MISSING when it is not there. */
bool file_read(const char *path, void *to, size_t size, size_t *n, struct err *e) MUST_USE;
/* Writes with the given mode, in the place of what is there. */
bool file_write(const char *path, struct str bytes, unsigned mode, struct err *e) MUST_USE;
/* The same, but refused when the name is taken: of two who try at once one wins. */
bool file_make(const char *path, struct str bytes, unsigned mode, struct err *e) MUST_USE;
/* Makes one folder with the given mode; one that is there already is left as it is. */
bool file_folder(const char *path, unsigned mode, struct err *e) MUST_USE;

/* For a file or folder that was just made: when root did (sudo cordon seal, beside a server that runs as a user of its
 * own), it goes to who owns the folder around it, as SQLite does with what it makes; else nothing.  One that stayed
 * root's would shut the server out of its own folder.  path: the name that fd has now.  What is not root's, has a
 * second name, or is not under that name stays as it is. */
void file_give(int fd, const char *path);

#endif
