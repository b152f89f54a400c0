#include "edge/web_welcome.h"

#include "os/clock.h"
#include "os/machine.h"

#include <inttypes.h>
#include <stdio.h>

/* What this machine says of itself, for whoever looks whether it will hold for the night: disk, battery, clock. */

/* A record grows by its positions: 500 phones of one report a second write about so much.  Until the real growth was
 * measured for long enough, and when that is less. */
enum { GROWTH_PLAN = 100 * 1000 * 1000, GROWTH_SEEN_MS = 600000, HOUR_MS = 3600000 };

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_machine;

const struct route web_machine_routes[] = {
    {READS, "/api/machine", RIGHT_PICTURE, false, get_machine, DOOR_WEB, NULL},
};
const size_t web_machine_route_count = COUNTOF(web_machine_routes);

static uint64_t record_bytes(const struct web *w)
{
    static const char *const files[] = {"journal.db", "journal.db-wal", "tracks.db", "tracks.db-wal"};
    char path[sizeof w->dir + 32];
    uint64_t sum = 0;

    for (size_t i = 0; i < COUNTOF(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        sum += machine_file_bytes(path);
    }
    return sum;
}

/* Bytes an hour; what was measured when that is more than planned for. */
static uint64_t growth(struct web *w, uint64_t bytes, struct now now)
{
    uint64_t seen = 0;

    if (w->machine_ms == 0) {
        w->machine_ms = now.mono_ms;
        w->machine_bytes = bytes;
    }
    if (now.mono_ms - w->machine_ms >= GROWTH_SEEN_MS && bytes > w->machine_bytes)
        seen = (bytes - w->machine_bytes) * HOUR_MS / (uint64_t)(now.mono_ms - w->machine_ms);
    return seen > GROWTH_PLAN ? seen : GROWTH_PLAN;
}

static void put_disk(struct web *w, struct now now, struct buf *b)
{
    uint64_t bytes = record_bytes(w);
    struct machine_disk d;
    struct err e;

    if (!machine_disk(w->dir, &d, &e)) {
        buf_put(b, STR(",\"disk\":null"));
        return;
    }
    buf_fmt(b, ",\"disk\":{\"size\":%" PRIu64 ",\"free\":%" PRIu64 ",\"record\":%" PRIu64 ",\"growth\":%" PRIu64 "}",
            d.size, d.free, bytes, growth(w, bytes, now));
}

static void put_battery(struct buf *b)
{
    struct machine_battery battery;

    if (!machine_battery(MACHINE_POWER, &battery)) {
        buf_put(b, STR(",\"battery\":null"));
        return;
    }
    buf_fmt(b, ",\"battery\":{\"percent\":%d,\"on_mains\":%s,\"left_s\":", battery.percent,
            battery.on_mains ? "true" : "false");
    if (battery.left_s < 0)
        buf_put(b, STR("null}"));
    else
        buf_fmt(b, "%" PRId64 "}", battery.left_s);
}

static const char *clock_word(void)
{
    static const char *const words[] = {
        [MACHINE_CLOCK_UNKNOWN] = "unknown", [MACHINE_CLOCK_KEPT] = "kept", [MACHINE_CLOCK_BY_HAND] = "by-hand"};

    return clock_is_exercise() ? "exercise" : words[machine_clock()];
}

struct machine_answer {
    struct web *w;
    struct now now;
};

static void write_machine(void *ctx, struct buf *b)
{
    const struct machine_answer *a = ctx;
    struct welcome_hosts hosts;

    welcome_hosts(&hosts);
    buf_fmt(b, "{\"now\":%" PRId64 ",\"started\":%" PRId64 ",\"clock\":\"%s\"", a->now.wall_ms, a->w->h->started_ms,
            clock_word());
    put_disk(a->w, a->now, b);
    put_battery(b);
    buf_put(b, STR(",\"hosts\":["));
    for (size_t i = 0; i < hosts.count; i++) {
        buf_put(b, i ? STR(",") : STR(""));
        buf_json(b, str_from(hosts.names[i]));
    }
    buf_fmt(b, "],\"ports\":{\"web\":%d,\"enrol\":%d,\"tak\":%d}}", a->w->port, a->w->enrol_port,
            atomic_load(&a->w->h->tak_port));
}

static void get_machine(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct machine_answer a = {w, now};

    (void)q;
    reply_written(r, write_machine, &a);
}
