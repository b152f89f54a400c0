/* inbox.h -- DIR/inbox: where commands wait for the record thread, a file an import.
 *
 *   UUID.commands    what is to be done (edge/import_file.h)     written whole, then renamed
 *   UUID.result      what became of it (struct import_result)    one line of JSON; taken away by whom it was told
 *   refused/         what was none, with the reason in the log
 *
 * The command line and the web's worker put, the record thread takes; when no server runs the command
 * line takes its own.  A file that is taken stays until its result is on the disk: a crash in between
 * means that it is taken once more, and what is in the record already is passed over (edge/importing.h).
 *
 * The folder is ours alone (0700), and so is each file (0600, of our user, no link to elsewhere, at most
 * IMPORT_FILE_MAX bytes); another is moved to refused/.  At most INBOX_LOOKED of them are looked at in one go, the
 * oldest first, and INBOX_NAMES names in all.  A result that nobody fetched goes after INBOX_KEPT_MS.  Blocks on
 * the disk. */
#ifndef CORDON_EDGE_INBOX_H
#define CORDON_EDGE_INBOX_H

#include "edge/import_file.h"

enum { INBOX_NAME = 40, INBOX_LOOKED = 1024, INBOX_NAMES = 1 << 16, INBOX_KEPT_MS = 24 * 3600 * 1000 };

/* Opens DIR/inbox, made when it is not there; false when it is not ours alone. */
bool inbox_open(const char *dir, int *fd, struct err *e) MUST_USE;
void inbox_close(int fd);
/* A name for a file, a UUID that nobody guesses. */
void inbox_name(char name[INBOX_NAME]);
/* Puts a file there under such a name. */
bool inbox_put(const char *dir, const char *name, struct str bytes, struct err *e) MUST_USE;
/* The name of the oldest file of commands; false when there is none.  What is none is moved to refused/. */
bool inbox_next(int fd, char name[INBOX_NAME]) MUST_USE;
/* The whole file, malloc'd.  False: it is gone, or was moved to refused/. */
bool inbox_read(int fd, const char *name, char **text, size_t *len) MUST_USE;
/* Does it still lie there?  (Neither this nor a result: it was moved to refused/.) */
bool inbox_has(int fd, const char *name) MUST_USE;
/* Has it a result already?  Then a crash came before it was taken away. */
bool inbox_is_done(int fd, const char *name) MUST_USE;
/* Writes the result, then takes the commands away. */
bool inbox_done(const char *dir, int fd, const char *name, const struct import_result *r, struct err *e) MUST_USE;
/* Takes a file away that is not to be done any more. */
void inbox_take_back(int fd, const char *name);
/* Reads the result, which stays; false: there is none yet, or name is no name. */
bool inbox_look(const char *dir, struct str name, struct import_result *r) MUST_USE;
/* Is there such a file that is not done yet? */
bool inbox_waits(const char *dir, struct str name) MUST_USE;
/* Fetches the result; false: there is none yet. */
bool inbox_fetch(const char *dir, int fd, const char *name, struct import_result *r) MUST_USE;
/* Takes a result away that was told otherwise. */
void inbox_forget(int fd, const char *name);
/* Takes away results that nobody fetched. */
void inbox_prune(int fd, int64_t now_ms);

#endif
