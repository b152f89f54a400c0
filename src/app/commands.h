/* commands.h -- the sub-commands of the program. Each returns the exit status. */
#ifndef CORDON_APP_COMMANDS_H
#define CORDON_APP_COMMANDS_H

#include <stdbool.h>

int command_serve(int argc, char **argv);
int command_state(int argc, char **argv);
int command_report(int argc, char **argv);
int command_export(int argc, char **argv);
int command_exercise(int argc, char **argv);
int command_client(int argc, char **argv);
int command_revoke(int argc, char **argv);
int command_invite(int argc, char **argv);
int command_admit(int argc, char **argv);
int command_user(int argc, char **argv);
int command_operator(int argc, char **argv);
int command_log(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_seal(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_erase(int argc, char **argv);
int command_board(int argc, char **argv);
int command_import(int argc, char **argv);
int command_input(int argc, char **argv);

/* What each number in the record stands for, a line each: "kind 10 chat.said", "field 13 text". */
void log_kinds(void);

/* "SEQ:HASH" as seal and verify print it, blanks in the hash allowed; option: who is named in a refusal. */
struct journal_head;
struct err;
bool seal_take_head(const char *option, const char *text, struct journal_head *out, struct err *e);

#endif
