/* practice.c -- starts and ends the practice beside a running server.
 *
 *   DIR/practice/            made here, the mark of an exercise first
 *     exercise               so that `cordon serve` refuses it, and we refuse what has none
 *     ca -> ../ca            the browser trusts it already; no key is copied
 *     maps -> ../maps
 *     cordon.db              with the operators of the real one
 *     practice.log           what it logs
 *
 * The child's standard input is a pipe that only we hold: when this program ends, however, the child reads the end
 * and ends too (exercise.c). Its standard output tells when it is ready. */
#include "app/practice.h"

#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "os/net.h"
#include "store/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PRACTICE_SAID = 8192,
    PRACTICE_START_MS = 30000, /* longer: it is ended */
    PRACTICE_END_MS = 5000,    /* longer: it is killed */
    PRACTICE_PORT = 10000,     /* its page is so far above ours, when that is free */
    PRACTICE_WALK = 16,        /* descriptors while its folder is emptied */
    PRACTICE_ARGS = 24,
};

extern char **environ;

struct run {
    struct practice p; /* first: the interface is its address */
    char data[CONFIG_TEXT], dir[CONFIG_TEXT + 16], listen[64];
    int web, web_wanted, tak;
    pid_t child;       /* 0: none */
    int life, says;    /* our end of its standard input, and of its output */
    int64_t since_ms;  /* monotonic: since it starts, or ends */
    char said[PRACTICE_SAID];
    size_t said_len;
    struct practice_state s;
};

static struct run *run_of(struct practice *p)
{
    return (struct run *)(void *)p;
}

/* ---- its folder ------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    (void)s, (void)type, (void)walk;
    return remove(path);
}

/* What bears no mark of an exercise is not ours to touch. */
static bool clear_folder(const struct run *r, bool anew, struct err *e)
{
    char mark[sizeof r->dir + 16];

    (void)snprintf(mark, sizeof mark, "%s/exercise", r->dir);
    if (access(r->dir, F_OK) != 0)
        return true;
    if (access(mark, F_OK) != 0)
        return err_set(e, ERR_DENIED, "%s is there and belongs to no exercise: move it away first", r->dir);
    if (anew && nftw(r->dir, remove_one, PRACTICE_WALK, FTW_DEPTH | FTW_PHYS) != 0)
        return err_set(e, ERR_WORLD, "%s cannot be emptied: %s", r->dir, strerror(errno));
    return true;
}

static bool link_to(const struct run *r, const char *name, struct err *e)
{
    char link[sizeof r->dir + 16], to[32];

    (void)snprintf(link, sizeof link, "%s/%s", r->dir, name);
    (void)snprintf(to, sizeof to, "../%s", name);
    return symlink(to, link) == 0 || errno == EEXIST ||
           err_set(e, ERR_WORLD, "%s cannot be made: %s", link, strerror(errno));
}

static bool copy_operator(void *ctx, const struct operator *o)
{
    struct operator copy = *o;
    struct err e;

    return accounts_put_operator(ctx, &copy, &e);
}

/* The same people with the same passwords. */
static bool copy_operators(const struct run *r, struct err *e)
{
    struct accounts *real, *practice;
    bool ok;

    if (!accounts_open(r->data, &real, e))
        return false;
    ok = accounts_open(r->dir, &practice, e);
    if (ok) {
        ok = accounts_operators(real, copy_operator, practice, e);
        accounts_close(practice);
    }
    accounts_close(real);
    return ok;
}

static bool prepare_folder(const struct run *r, bool anew, struct err *e)
{
    char mark[sizeof r->dir + 16];

    (void)snprintf(mark, sizeof mark, "%s/exercise", r->dir);
    return clear_folder(r, anew, e) && file_folder(r->dir, 0700, e) &&
           file_write(mark, STR("This folder belongs to an exercise.\n"), 0600, e) && link_to(r, "ca", e) &&
           link_to(r, "maps", e) && copy_operators(r, e);
}

/* ---- its process ------------------------------------------------------- */

/* A port that is free now: the wanted one, else any. */
static bool free_port(const char *address, int wanted, int *out, struct err *e)
{
    int fd;

    if (!(wanted > 0 && wanted <= UINT16_MAX && net_listen(address, wanted, false, &fd, out, e)) &&
        !net_listen(address, 0, false, &fd, out, e))
        return false;
    net_close(fd);
    return true;
}

static void close_pair(int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Ours to hold, the child's to inherit by its number 0 or 1 alone. */
static bool make_pipes(int life[2], int says[2], struct err *e)
{
    if (pipe2(life, O_CLOEXEC) != 0)
        return err_set(e, ERR_WORLD, "no pipe can be made: %s", strerror(errno));
    if (pipe2(says, O_CLOEXEC) != 0) {
        close_pair(life);
        return err_set(e, ERR_WORLD, "no pipe can be made: %s", strerror(errno));
    }
    (void)fcntl(says[0], F_SETFL, O_NONBLOCK);
    return true;
}

static int spawn(struct run *r, char *const *args, int in, int out)
{
    char log[sizeof r->dir + 16];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    int failed;

    (void)snprintf(log, sizeof log, "%s/practice.log", r->dir);
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&how) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    failed = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    failed = failed ? failed
                    : posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    failed = failed ? failed : posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    failed = failed ? failed : posix_spawnattr_setsigmask(&how, &none);
    failed = failed ? failed : posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
    failed = failed ? failed : posix_spawn(&r->child, "/proc/self/exe", &files, &how, args, environ);
    if (failed)
        r->child = 0;
    (void)posix_spawnattr_destroy(&how);
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

static bool run_child(struct run *r, int64_t speed, struct err *e)
{
    char web[16], tak[16], pace[24];
    char *const args[PRACTICE_ARGS] = {(char[]){"cordon"}, (char[]){"exercise"}, (char[]){"--practice"},
                                       (char[]){"--data"}, r->dir, (char[]){"--listen"}, r->listen,
                                       (char[]){"--web"}, web, (char[]){"--tak-tcp"}, tak,
                                       (char[]){"--tak-tls"}, (char[]){"0"}, (char[]){"--enrol"}, (char[]){"0"},
                                       (char[]){"--speed"}, pace, NULL};
    int life[2], says[2], failed;

    (void)snprintf(web, sizeof web, "%d", r->web);
    (void)snprintf(tak, sizeof tak, "%d", r->tak);
    (void)snprintf(pace, sizeof pace, "%" PRId64, speed);
    if (!make_pipes(life, says, e))
        return false;
    failed = spawn(r, args, life[0], says[1]);
    (void)close(life[0]);
    (void)close(says[1]);
    r->life = life[1];
    r->says = says[0];
    if (!failed)
        return true;
    (void)close(r->life);
    (void)close(r->says);
    return err_set(e, ERR_WORLD, "the practice cannot be started: %s", strerror(failed));
}

static bool start(struct practice *p, const struct practice_wanted *q, struct err *e)
{
    struct run *r = run_of(p);

    MUST(r->s.is == PRACTICE_NONE && r->child == 0);
    r->s = (struct practice_state){.speed = q->speed};
    r->said_len = 0;
    if (!prepare_folder(r, q->anew, e) || !free_port(r->listen, r->web_wanted, &r->web, e) ||
        !free_port("127.0.0.1", 0, &r->tak, e) || !run_child(r, q->speed, e))
        return false;
    (void)str_copy(r->s.by, sizeof r->s.by, str_from(q->by));
    r->s.is = PRACTICE_STARTS;
    r->since_ms = clock_ms();
    log_line(LOG_INFO, "practice.started", "port=%d speed=%" PRId64, r->web, q->speed);
    return true;
}

/* ---- how it stands ----------------------------------------------------- */

/* The child ends by itself once its standard input has. */
static void let_go(struct run *r)
{
    if (r->life >= 0)
        (void)close(r->life);
    r->life = -1;
}

static void end(struct practice *p)
{
    struct run *r = run_of(p);

    if (r->child == 0 || r->s.is == PRACTICE_ENDS)
        return;
    let_go(r);
    r->s.is = PRACTICE_ENDS;
    r->since_ms = clock_ms();
}

static void read_said(struct run *r)
{
    ssize_t n;

    while ((n = read(r->says, r->said + r->said_len, sizeof r->said - r->said_len)) > 0)
        r->said_len += (size_t)n;
    /* Of what it says later nothing is needed, and it must not wait for us. */
    if (r->said_len == sizeof r->said)
        r->said_len = 0;
}

/* False while the child runs. */
static bool is_over(struct run *r)
{
    bool asked = r->s.is == PRACTICE_ENDS, started = r->s.is == PRACTICE_RUNS;
    int status;

    if (waitpid(r->child, &status, WNOHANG) == 0)
        return false;
    r->child = 0;
    let_go(r);
    (void)close(r->says);
    r->s = (struct practice_state){.is = PRACTICE_NONE};
    if (!asked)
        (void)snprintf(r->s.why, sizeof r->s.why, "The practice %s; %s/practice.log in the data folder says why.",
                       started ? "ended by itself" : "did not start", PRACTICE_FOLDER);
    return true;
}

static void look(struct practice *p, struct practice_state *out)
{
    struct run *r = run_of(p);
    int64_t passed = clock_ms() - r->since_ms;

    if (r->child && !is_over(r)) {
        read_said(r);
        if (r->s.is == PRACTICE_STARTS && str_find(str_of(r->said, r->said_len), STR("ready ")) < r->said_len) {
            r->s.is = PRACTICE_RUNS;
            r->s.port = r->web;
        } else if (r->s.is == PRACTICE_STARTS && passed > PRACTICE_START_MS)
            end(p);
        else if (r->s.is == PRACTICE_ENDS && passed > PRACTICE_END_MS)
            (void)kill(r->child, SIGKILL);
    }
    *out = r->s;
}

/* ---- made and unmade --------------------------------------------------- */

struct practice *practice_new(const struct config *c)
{
    struct run *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->p = (struct practice){start, look, end};
    (void)snprintf(r->data, sizeof r->data, "%s", c->data);
    (void)snprintf(r->dir, sizeof r->dir, "%s/" PRACTICE_FOLDER, c->data);
    (void)snprintf(r->listen, sizeof r->listen, "%s", c->listen);
    r->web_wanted = (int)c->web + PRACTICE_PORT;
    r->life = -1;
    return &r->p;
}

void practice_free(struct practice *p)
{
    const struct timespec step = {0, 20 * 1000000L};
    struct practice_state s;

    if (!p)
        return;
    end(p);
    for (look(p, &s); s.is != PRACTICE_NONE; look(p, &s))
        (void)nanosleep(&step, NULL);
    free(run_of(p));
}
