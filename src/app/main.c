/* main.c -- finds the sub-command. */
#include "app/commands.h"
#include "app/config.h"
#include "os/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int help(int argc, char **argv);

static int version(int argc, char **argv)
{
    (void)argc, (void)argv;
    (void)puts("cordon " CORDON_VERSION);
    return 0;
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage, *what;
} commands[] = {
    {"serve", command_serve, "serve [--data DIR] [options]", "starts the command post's server"},
    {"exercise", command_exercise,
     "exercise [--data DIR] [--speed N] [--from TIME] [--until TIME] [--once] [options of serve]",
     "runs the reference evening on a server of its own: invented units clear five floors while claims arrive"},
    {"client", command_client,
     "client NAME --data DIR --out FOLDER [--group NAME[:in|:out]]... [--agency CODE] [--relay] [--days N] [--modern]",
     "makes a user and a client package: NAME.p12, NAME.pem, NAME.key, ca.pem, truststore.p12; without --out only "
     "changes the user's groups and grants, at once and also while the server runs"},
    {"invite", command_invite,
     "invite NAME --data DIR [--uses N] [--hours H] [--group NAME[:in|:out],...]... [--agency CODE] [--role ROLE] "
     "[--admit] [--host HOST] | --list | --end NUMBER",
     "makes an invite with which a phone gets its own certificate, and prints its token once, the link for ATAK and "
     "the three words of this server"},
    {"admit", command_admit, "admit [NAME | --serial HEX | --invite NUMBER] --data DIR",
     "lets devices hear that joined by an invite of many uses; without any: lists those that wait"},
    {"user", command_user, "user NAME --data DIR [--password | --no-password] [--disable | --enable]",
     "gives a user of the TAK side a password, printed once, to enrol phones with; or shuts him out, at once"},
    {"revoke", command_revoke, "revoke NAME --data DIR [--serial HEX]",
     "revokes the certificates of a user; a running server closes their connections"},
    {"operator", command_operator,
     "operator NAME --data DIR [--roles ROLE,ROLE...] [--agency ID] [--password] [--disable | --enable]",
     "makes an account for the browser and prints its password, or changes one, at once and also while the server "
     "runs"},
    {"log", command_log,
     "log --data DIR [--from SEQ] [--to SEQ] [--kind TAG] [--since TIME] [--until TIME] [--incident ID] [--json]",
     "prints the record"},
    {"state", command_state,
     "state --data DIR [--incident ID] [--at TIME | --seq N] [--view NAME] [--roles LIST] [--json]",
     "an incident as it stands, or stood at any moment; --view: one of its views as JSON"},
    {"report", command_report, "report --data DIR [--incident ID] [--at TIME | --seq N]",
     "the situation report of an incident: gaps first, then people, facts, decisions, alarms"},
    {"export", command_export, "export --data DIR --by NAME [--incident ID] [--seq N] [--roles LIST]",
     "every event of an incident, a line of JSON each, with its hash, and an event itself; --roles: what those may "
     "see"},
    {"verify", command_verify, "verify --data DIR [--witness SEQ:HASH] [--files]",
     "proves that no row of the record was changed, and none cut off behind a head that another agency holds; --files: "
     "and that the files are what they were"},
    {"seal", command_seal,
     "seal --data DIR [--by NAME] [--svg FILE] | --witness SEQ:HASH --by AGENCY/NAME [--signature HEX --key HEX] | "
     "--countersign SEQ:HASH --by AGENCY/NAME",
     "prints the signed head of the record for another agency; --witness records that they hold it; --countersign "
     "signs theirs with the key of this folder"},
    {"backup", command_backup, "backup --data DIR --out FOLDER",
     "copies the record and, apart from it, its keys into a new folder, also while the server runs"},
    {"erase", command_erase, "erase SEQ --data DIR --by NAME --reason TEXT --yes",
     "destroys the key of one row's text for good; the chain stays whole"},
    {"board", command_board, "board --claims FILE [--at TIME] [--json] [--strict]",
     "prints what the board says about a file of claims at a moment, without a server"},
    {"import", command_import,
     "import FILE... --structure ID --data DIR --by NAME [--incident ID] [--name NAME] [--scheme ground=0|ground=1] "
     "[--level-missing LEVEL] [--doors STATE] [--format imdf|osm-geojson|osm-xml] [--exists] [--dry-run [--json]] | "
     "--claims FILE [--until TIME] --data DIR --by NAME | --commands FILE --data DIR --by NAME; of a NAME that is no "
     "operator's: --roles LIST",
     "an indoor map (IMDF, OSM Simple Indoor Tagging), claims or commands into an incident, also while the server "
     "runs; --dry-run: only tells what it would get"},
    {"input", command_input,
     "input add NAME KIND key=value ... --data DIR | list --data DIR | remove NAME --data DIR",
     "another way in: udp, multicast, tcp, auth-tls, auth-tcp, http, also while the server runs; without words: the "
     "keys"},
    {"help", help, "help [--keys | --kinds]",
     "this text; --keys: the settings as a manual's list; --kinds: what each number in the record stands for"},
    {"version", version, "version", "the version"},
};

static void print_command(const struct command *c)
{
    (void)printf("  cordon %s\n      %s\n", c->usage, c->what);
}

static void print_settings(void)
{
    (void)puts("\nSettings of `cordon serve`, as options or in DATA/cordon.conf (key = value, dashes as\n"
               "underscores):\n");
    config_help(stdout, false);
    (void)puts("\nSignals: TERM and INT stop it cleanly, HUP reads the certificates and cordon.conf's log\n"
               "level and inputs again.");
}

static int help(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--keys") == 0) {
        config_help(stdout, true);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--kinds") == 0) {
        log_kinds();
        return 0;
    }
    if (argc > 1) {
        (void)fprintf(stderr, "cordon help: \"%s\" is too much: --keys or --kinds, or COMMAND --help\n", argv[1]);
        return 1;
    }
    (void)puts("Cordon: a command-and-control centre for emergencies, in one program.\n\nUsage: cordon COMMAND\n");
    for (size_t i = 0; i < COUNTOF(commands); i++)
        print_command(&commands[i]);
    print_settings();
    return 0;
}

static bool serves(const struct command *c)
{
    return c->run == command_serve || c->run == command_exercise;
}

static int help_of(const struct command *c)
{
    (void)puts("Usage:\n");
    print_command(c);
    if (serves(c))
        print_settings();
    (void)puts("\n--data is cordon-data where it is not given. All of them: cordon --help; more: man cordon");
    return 0;
}

/* A file of ours must never get the number of an output that is closed: what is printed would go into it. */
static void take_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY); /* nothing can be written to it: that is told below */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
}

/* Whoever keeps what was printed (a password, the record for an inquiry) must hear when it is not all there. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (status == 0)
        (void)fputs("cordon: the output could not be written: is the disk full, or the output closed?\n", stderr);
    return status ? status : 1;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COUNTOF(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *c;
    struct err e;
    int status;

    take_standard();
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return flushed(help(0, NULL));
    if (strcmp(argv[1], "--version") == 0)
        return flushed(version(0, NULL));
    if (!secret_start(&e)) {
        (void)fprintf(stderr, "cordon: %s\n", e.text);
        return 1;
    }
    c = find(argv[1]);
    if (!c) {
        (void)fprintf(stderr, "cordon: there is no command \"%s\": see cordon --help\n", argv[1]);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return flushed(help_of(c));
    status = c->run(argc - 1, argv + 1);
    return serves(c) ? status : flushed(status); /* a server runs on without anybody who reads its start */
}
