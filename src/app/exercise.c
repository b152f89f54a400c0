/* exercise.c -- cordon exercise: the reference evening on a server of its own.
 *
 * The server is the real one, in a data folder and on ports of its own; its clock is the exercise's
 * (os/clock.h).  A player thread says what the script says when its time has come and waits for the
 * record's answer; a second one is the phones of the invented units, connected over TCP on the loopback
 * as any phone is.  Only who was enrolled into this folder can connect: it has a certificate authority of
 * its own.  Started again on the same folder it goes on where the record ends. */
#include "app/exercise.h"
#include "app/args.h"
#include "app/commands.h"
#include "app/exercise_players.h"
#include "app/serve.h"
#include "edge/recorder.h"
#include "os/clock.h"
#include "os/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* exercise/, held in the program (tools/blob). */
extern const char exercise_evening[], exercise_evening_end[], exercise_claims[], exercise_claims_end[];

enum { SPEED = 60, QUIET_MS = 10 * 60 * 1000, STEP_MS = 20, ANSWER_S = 30 };

static struct run {
    struct script script;
    struct hub *h;
    int64_t speed, from_ms, until_ms; /* from: what is earlier is said at once */
    int64_t said_ms;                  /* what is not later is in the record of a run before */
    bool once, practice; /* practice: beside a server, and ends with it */
    pthread_t thread;
    bool began;
    _Atomic bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool waits, ok;
    char why[256];
    size_t said, refused_rightly, refused_wrongly;
} run = {.speed = SPEED, .lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};

/* ---- saying it -------------------------------------------------------- */

static void heard(struct hub *h, const struct answer_head *head, const char *text)
{
    (void)h;
    (void)pthread_mutex_lock(&run.lock);
    run.ok = head->ok;
    (void)snprintf(run.why, sizeof run.why, "%s", text);
    run.waits = false;
    (void)pthread_cond_signal(&run.answered);
    (void)pthread_mutex_unlock(&run.lock);
}

/* Puts a command to the record; false when there was no answer. */
static bool ask(const struct script_item *item, struct str incident)
{
    struct ask_head head = {.ask = ASK_COMMAND, .kind = (uint16_t)item->kind, .sender = RING_NO_SENDER,
                            .request = HUB_REQUEST_OTHER | 1, .at_ms = item->at_ms};
    char *memory = malloc(INCIDENT_PAYLOAD_MAX);
    struct buf b = buf_over(memory, INCIDENT_PAYLOAD_MAX);
    struct timespec until;
    bool answered;

    MUST(memory && clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += ANSWER_S;
    buf_put(&b, item->payload);
    if (!fields_has(item->payload, (enum field)IN_INCIDENT))
        incident_put(&b, IN_INCIDENT, incident);
    if (item->kind == INC_INCIDENT_OPENED && !fields_has(item->payload, (enum field)IN_EXERCISE))
        incident_put(&b, IN_EXERCISE, STR("1"));
    (void)pthread_mutex_lock(&run.lock);
    run.waits = hub_ask(run.h, &head, buf_str(&b));
    answered = run.waits;
    while (run.waits && answered)
        answered = pthread_cond_timedwait(&run.answered, &run.lock, &until) == 0;
    (void)pthread_mutex_unlock(&run.lock);
    free(memory);
    return answered;
}

static void say(const struct script_item *item, struct str incident)
{
    bool answered = ask(item, incident);

    run.said++;
    if (!answered)
        (void)snprintf(run.why, sizeof run.why, "the record did not answer");
    if (answered && run.ok && !item->refused[0])
        return;
    if (answered && !run.ok && item->refused[0] && strstr(run.why, item->refused)) {
        run.refused_rightly++;
        return;
    }
    run.refused_wrongly++;
    log_line(LOG_ERROR, "exercise.script", "kind=%s expected=\"%s\" reason=\"%s\"", kind_info(item->kind)->tag,
             item->refused[0] ? item->refused : "taken", answered && run.ok ? "taken" : run.why);
}

/* Waits for the time of an item; long quiet stretches are passed over. */
static bool wait_for(int64_t at_ms)
{
    struct timespec step = {0, STEP_MS * 1000000L};

    if (at_ms - clock_wall_ms() > QUIET_MS)
        clock_exercise_skip(at_ms - 1000);
    while (clock_wall_ms() < at_ms && !atomic_load(&run.stopping))
        (void)nanosleep(&step, NULL);
    return !atomic_load(&run.stopping);
}

static void *play(void *arg)
{
    char incident[INCIDENT_ID_MAX + 1] = "EX-1";

    (void)arg;
    for (size_t i = 0; i < run.script.count; i++) {
        const struct script_item *item = &run.script.items[i];

        if (item->phone[0] || item->at_ms <= run.said_ms || item->at_ms > run.until_ms)
            continue;
        clock_exercise_hold(item->at_ms); /* it stands there until the record has what happens then */
        if (item->at_ms <= run.from_ms)
            clock_exercise_skip(item->at_ms);
        if (!wait_for(item->at_ms))
            return NULL;
        if (item->kind == INC_INCIDENT_OPENED)
            (void)str_copy(incident, sizeof incident, incident_value(item->payload, IN_INCIDENT));
        say(item, str_from(incident));
    }
    clock_exercise_hold(run.until_ms);
    if (run.until_ms < INT64_MAX)
        (void)wait_for(run.until_ms);
    clock_exercise_pace(1); /* who is there goes on by hand */
    clock_exercise_hold(INT64_MAX);
    (void)printf("exercise: %zu events, %zu refused as they should be, %zu not as the script says\n", run.said,
                 run.refused_rightly, run.refused_wrongly);
    (void)fflush(stdout);
    if (run.once)
        (void)kill(getpid(), SIGTERM);
    return NULL;
}

/* ---- around the server ------------------------------------------------ */

static void defaults(struct config *c)
{
    config_defaults(c);
    (void)snprintf(c->data, sizeof c->data, "cordon-exercise");
    (void)snprintf(c->server_name, sizeof c->server_name, "EXERCISE");
    c->tak_tls = 18089;
    c->tak_tcp = 18087;
    c->web = 18443;
    c->enrol = 18446;
}

static bool prepare(const struct config *c, struct err *e)
{
    char mark[CONFIG_TEXT + 16], journal[CONFIG_TEXT + 16];
    FILE *f;

    (void)snprintf(mark, sizeof mark, "%s/exercise", c->data);
    (void)snprintf(journal, sizeof journal, "%s/journal.db", c->data);
    if (access(mark, F_OK) != 0 && access(journal, F_OK) == 0)
        return err_set(e, ERR_DENIED, "%s holds a real record; give an exercise a folder of its own with --data",
                       c->data);
    f = fopen(mark, "we");
    if (!f || fputs("This folder belongs to an exercise.\n", f) < 0 || fclose(f) != 0)
        return err_set(e, ERR_WORLD, "%s cannot be written", mark);
    clock_exercise(run.script.items[0].at_ms - 1000, run.speed);
    return true;
}

/* Where the record ends: the exercise goes on there. */
static bool resume(struct hub *h, struct err *e)
{
    run.said_ms = recorder_last_ms(h);
    h->answer_other = heard;
    if (pthread_create(&run.thread, NULL, play, NULL) != 0)
        return err_set(e, ERR_WORLD, "the exercise's thread does not start");
    run.began = true;
    return true;
}

/* Whoever started the practice holds the other end of our standard input, and lets go when it shall end or ends
 * itself, also when it is killed. */
static void *watch_parent(void *arg)
{
    char byte;
    ssize_t n;

    (void)arg;
    do
        n = read(STDIN_FILENO, &byte, 1);
    while (n > 0 || (n < 0 && errno == EINTR));
    (void)kill(getpid(), SIGTERM);
    return NULL;
}

static bool begin(struct hub *h, const struct config *c, int tak_tcp_port, struct err *e)
{
    pthread_t watch;

    (void)c;
    run.h = h;
    if (run.practice && (pthread_create(&watch, NULL, watch_parent, NULL) != 0 || pthread_detach(watch) != 0))
        return err_set(e, ERR_WORLD, "the practice's thread does not start");
    if (!tak_tcp_port)
        return err_set(e, ERR_INPUT, "the exercise's phones need --tak-tcp");
    return resume(h, e) && players_start(&run.script, tak_tcp_port, run.speed, e);
}

static void end(void)
{
    atomic_store(&run.stopping, true);
    players_stop();
    if (run.began)
        (void)pthread_join(run.thread, NULL);
    run.h->answer_other = NULL;
}

/* ---- the command ------------------------------------------------------ */

static struct str held(const char *from, const char *to)
{
    return str_of(from, (size_t)(to - from));
}

static bool take_option(int argc, char **argv, int *i, struct err *e)
{
    const char *name = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : "";
    int64_t *time = strcmp(name, "--from") == 0 ? &run.from_ms : strcmp(name, "--until") == 0 ? &run.until_ms : NULL;

    if (strcmp(name, "--once") == 0 || strcmp(name, "--practice") == 0) {
        *(strcmp(name, "--once") == 0 ? &run.once : &run.practice) = true;
        return true;
    }
    ++*i;
    if (time)
        return script_time(value, time) ||
               err_set(e, ERR_INPUT, "%s: a time as 2023-02-17T22:45:00+05:00, please", name);
    return str_to_int(str_from(value), 1, CLOCK_SPEED_MAX, &run.speed) ||
           err_set(e, ERR_INPUT, "--speed: 1 to %d, please", CLOCK_SPEED_MAX);
}

int command_exercise(int argc, char **argv)
{
    static const struct serve_extra extra = {"exercise", defaults, prepare, begin, end};
    char **rest = calloc((size_t)argc + 1, sizeof *rest);
    int n = 0, status;
    struct err e;

    MUST(rest);
    run.until_ms = INT64_MAX;
    for (int i = 0; i < argc; i++) {
        static const char *const own[] = {"--speed", "--from", "--until", "--once", "--practice"};
        bool is_own = false;

        for (size_t k = 0; k < COUNTOF(own); k++)
            is_own |= i > 0 && strcmp(argv[i], own[k]) == 0;
        if (!is_own)
            rest[n++] = argv[i];
        else if (!take_option(argc, argv, &i, &e)) {
            free(rest);
            return args_fail("exercise", &e);
        }
    }
    if (!script_read(&run.script, held(exercise_evening, exercise_evening_end),
                     held(exercise_claims, exercise_claims_end), &e)) {
        free(rest);
        return args_fail("exercise", &e);
    }
    status = serve_run(n, rest, &extra);
    script_free(&run.script);
    free(rest);
    return status ? status : run.once && run.refused_wrongly ? 1 : 0;
}
