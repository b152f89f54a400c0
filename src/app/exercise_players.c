#include "app/exercise_players.h"

#include "base/when.h"
#include "os/clock.h"
#include "os/log.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TELL_MS = 1000, STEP_MS = 100, STALE_MS = 75000, EVENT_ROOM = 1024, RETRY_STEPS = 20 };

struct player {
    char name[SCRIPT_PHONE];
    int fd, rest; /* rest: steps until it tries to connect again */
};

static struct players {
    const struct script *script;
    int port;
    int64_t speed;
    struct player list[PLAYERS_MAX];
    size_t count;
    pthread_t thread;
    bool runs;
    _Atomic bool stopping;
} all;

/* Where the phone is now; false: not on the way yet. */
static bool place_of(const char *name, int64_t now_ms, double *lat, double *lon)
{
    const struct script_item *before = NULL, *after = NULL;

    for (size_t i = 0; i < all.script->count && !after; i++) {
        const struct script_item *x = &all.script->items[i];

        if (!x->phone[0] || strcmp(x->phone, name) != 0)
            continue;
        if (x->at_ms <= now_ms)
            before = x;
        else
            after = x;
    }
    if (!before)
        return false;
    *lat = before->lat;
    *lon = before->lon;
    if (after) {
        double part = (double)(now_ms - before->at_ms) / (double)(after->at_ms - before->at_ms);

        *lat += (after->lat - before->lat) * part;
        *lon += (after->lon - before->lon) * part;
    }
    return true;
}

static void connect_player(struct player *p)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)all.port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd >= 0 && connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(p->fd);
        p->fd = -1;
    }
    p->rest = RETRY_STEPS;
}

static void hang_up(struct player *p)
{
    (void)close(p->fd);
    p->fd = -1;
}

static void tell(struct player *p, int64_t now_ms)
{
    char text[EVENT_ROOM];
    struct buf b = buf_over(text, sizeof text);
    int64_t stale = STALE_MS > 3 * all.speed * 1000 ? STALE_MS : 3 * all.speed * 1000;
    double lat, lon;

    if (!place_of(p->name, now_ms, &lat, &lon))
        return;
    buf_fmt(&b, "<event version=\"2.0\" uid=\"%s\" type=\"a-f-G-U-C\" how=\"m-g\" time=\"", p->name);
    when_put(&b, now_ms);
    buf_put(&b, STR("\" start=\""));
    when_put(&b, now_ms);
    buf_put(&b, STR("\" stale=\""));
    when_put(&b, now_ms + stale);
    buf_fmt(&b,
            "\"><point lat=\"%.7f\" lon=\"%.7f\" hae=\"9999999\" ce=\"6\" le=\"9999999\"/><detail><contact "
            "endpoint=\"*:-1:stcp\" callsign=\"%s\"/><__group name=\"Blue\" role=\"Team Member\"/>"
            "<takv device=\"EXERCISE\" platform=\"Cordon\" os=\"1\" version=\"1\"/></detail></event>",
            lat, lon, p->name);
    MUST(!b.full);
    if (send(p->fd, b.at, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
        hang_up(p);
}

/* What it is sent is read and forgotten. */
static void listen_to(struct player *p)
{
    char bytes[8192];
    ssize_t n;

    while ((n = recv(p->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        ;
    if (n == 0)
        hang_up(p);
}

static void *live(void *arg)
{
    struct timespec step = {0, STEP_MS * 1000000L};
    int64_t next = clock_ms();

    (void)arg;
    while (!atomic_load(&all.stopping)) {
        bool due = clock_ms() >= next;

        for (size_t i = 0; i < all.count; i++) {
            struct player *p = &all.list[i];

            if (p->fd < 0 && --p->rest < 0)
                connect_player(p);
            if (p->fd >= 0 && due)
                tell(p, clock_wall_ms());
            if (p->fd >= 0)
                listen_to(p);
        }
        if (due)
            next += TELL_MS;
        (void)nanosleep(&step, NULL);
    }
    for (size_t i = 0; i < all.count; i++)
        if (all.list[i].fd >= 0)
            hang_up(&all.list[i]);
    return NULL;
}

static void add_player(const char *name)
{
    for (size_t i = 0; i < all.count; i++)
        if (strcmp(all.list[i].name, name) == 0)
            return;
    if (all.count == PLAYERS_MAX) {
        log_line(LOG_WARN, "exercise.phones", "left_out=%s", name);
        return;
    }
    all.list[all.count] = (struct player){.fd = -1};
    (void)snprintf(all.list[all.count++].name, SCRIPT_PHONE, "%s", name);
}

bool players_start(const struct script *script, int port, int64_t speed, struct err *e)
{
    all.script = script;
    all.port = port;
    all.speed = speed;
    for (size_t i = 0; i < script->count; i++)
        if (script->items[i].phone[0])
            add_player(script->items[i].phone);
    if (pthread_create(&all.thread, NULL, live, NULL) != 0)
        return err_set(e, ERR_WORLD, "the thread of the exercise's phones does not start");
    all.runs = true;
    return true;
}

void players_stop(void)
{
    atomic_store(&all.stopping, true);
    if (all.runs)
        (void)pthread_join(all.thread, NULL);
    all.runs = false;
}
