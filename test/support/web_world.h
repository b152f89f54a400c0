/* web_world.h -- a hub for tests of the web thread: a small river, a folder, and a record that
 * answers.
 *
 * world_record() does in one thread what the recorder does, as far as the page sees
 * it: a row is on disk before anybody hears of it, and a ticket counts once. */
#ifndef CORDON_TEST_WEB_WORLD_H
#define CORDON_TEST_WEB_WORLD_H

#include "edge/hub.h"
#include "edge/web.h"
#include "os/clock.h"
#include "store/accounts.h"
#include "store/journal.h"
#include "support/folder.h"

#include <ftw.h>
#include <sys/mman.h>

struct world {
    struct hub hub;
    struct river river;
    struct hub_user user;
    struct hub_client clients[4];
    struct journal *journal;
    char *dir, *message;
    char ticket[80];
    uint64_t ticket_seq;
};

static inline int world_remove_one(const char *path, const struct stat *st, int type,
                                   struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static inline void world_river(struct world *w)
{
    struct river_limits l = river_limits();
    size_t size;
    void *memory;

    l.units_max = 4096;
    l.live_entries = l.must_entries = 1 << 12;
    l.live_bytes[FORM_XML] = l.live_bytes[FORM_PROTO] = 4 << 20;
    l.must_bytes[FORM_XML] = l.must_bytes[FORM_PROTO] = 4 << 20;
    l.slab_bytes = 32 << 20;
    size = river_memory(&l);
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    MUST(memory != MAP_FAILED);
    river_init(&w->river, &l, memory, (struct hash_key){3, 4}, str_from(w->hub.server_uid));
}

static inline void world_make(struct world *w)
{
    struct journal_opened how;
    struct err e;

    memset(w, 0, sizeof *w);
    w->dir = folder_make();
    MUST(pthread_mutex_init(&w->hub.lock, NULL) == 0);
    (void)snprintf(w->hub.dir, sizeof w->hub.dir, "%s", w->dir);
    (void)snprintf(w->hub.server_name, sizeof w->hub.server_name, "Post 1");
    (void)snprintf(w->hub.server_uid, sizeof w->hub.server_uid, "CORDON-1");
    w->user = (struct hub_user){.id = 7, .name = "rgr-3", .agency = "RGR"};
    w->hub.users = &w->user;
    w->hub.user_count = 1;
    w->hub.clients = w->clients;
    w->hub.client_max = COUNTOF(w->clients);
    w->hub.river = &w->river;
    w->hub.to_recorder = mailbox_new(1 << 20, NULL, NULL);
    w->message = malloc(HUB_MESSAGE_MAX);
    atomic_store(&w->hub.recording, true);
    world_river(w);
    MUST(w->message && w->hub.to_recorder && journal_open(w->dir, &w->journal, &how, &e));
}

static inline void world_end(struct world *w)
{
    journal_close(w->journal);
    mailbox_free(w->hub.to_recorder);
    free(w->message);
    MUST(nftw(w->dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(w->dir);
}

/* A device of user 7 was heard. */
static inline void world_unit(struct world *w, const char *uid, const char *callsign, double lat,
                              double lon)
{
    char xml[2048];
    struct buf b = buf_over(xml, sizeof xml);
    struct river_event ev;
    struct unit *x;
    struct err e;

    buf_fmt(&b,
            "<event version=\"2.0\" uid=\"%s\" type=\"a-f-G-U-C\" how=\"m-g\" "
            "time=\"2026-01-02T03:04:05Z\" "
            "start=\"2026-01-02T03:04:05Z\" stale=\"2026-01-02T03:05:05Z\"><point lat=\"%.7f\" "
            "lon=\"%.7f\" "
            "hae=\"200\" ce=\"5\" le=\"9999999\"/><detail><contact callsign=\"%s\" "
            "endpoint=\"*:-1:stcp\"/>"
            "<__group name=\"Cyan\" role=\"Medic\"/><status battery=\"77\"/><track speed=\"1.5\" "
            "course=\"90\"/>"
            "<takv device=\"PIXEL 8\" platform=\"ATAK-CIV\" os=\"34\" "
            "version=\"5.1\"/></detail></event>",
            uid, lat, lon, callsign);
    MUST(!b.full);
    hub_lock(&w->hub);
    MUST(river_parse(&w->river, buf_str(&b), (struct str){0}, &ev, &e));
    x = units_put(&w->river.units, str_from(uid), UNIT_PRESENCE);
    MUST(x);
    x->holder = w->user.id;
    river_forms(&w->river, &ev, true);
    river_put_live(&w->river, x, &ev, RING_NO_SENDER, SETS_EVERYONE, hub_now());
    hub_unlock(&w->hub);
}

/* One row, as the recorder does it. */
static inline uint64_t world_row(struct world *w, unsigned kind, struct str payload)
{
    struct river_publish p = {
        .kind = kind, .payload = payload, .sender = RING_NO_SENDER, .recorded = true};
    struct err e;

    MUST(journal_add(w->journal, (uint16_t)kind, clock_wall_ms(), 0, payload, &p.journal_seq, &e));
    MUST(journal_commit(w->journal, &e));
    hub_lock(&w->hub);
    river_publish(&w->river, &p, hub_now());
    hub_unlock(&w->hub);
    return p.journal_seq;
}

static inline uint64_t world_emergency(struct world *w, const char *uid)
{
    char xml[1024], payload[4096];
    struct buf b = buf_over(xml, sizeof xml), f = buf_over(payload, sizeof payload);

    buf_fmt(&b,
            "<event version=\"2.0\" uid=\"%s\" type=\"b-a-o-tbl\" how=\"m-g\" "
            "time=\"2026-01-02T03:04:05Z\" "
            "start=\"2026-01-02T03:04:05Z\" stale=\"2036-01-02T03:04:15Z\"><point lat=\"30.5\" "
            "lon=\"72\" "
            "hae=\"0\" ce=\"5\" le=\"9\"/><detail><link uid=\"UNIT-1\" type=\"a-f-G-U-C\" "
            "relation=\"p-p\"/>"
            "<contact callsign=\"ALPHA-Alert\"/><emergency type=\"911 "
            "Alert\">ALPHA</emergency></detail></event>",
            uid);
    fields_put(&f, FIELD_UID, str_from(uid));
    fields_put(&f, FIELD_LINK_UID, STR("UNIT-1"));
    fields_put(&f, FIELD_CALLSIGN, STR("ALPHA-Alert"));
    fields_put(&f, FIELD_SUB_TYPE, STR("911 Alert"));
    fields_put(&f, FIELD_EVERYONE, STR("1"));
    fields_put(&f, FIELD_EVENT_XML, buf_str(&b));
    MUST(!b.full && !f.full);
    return world_row(w, EV_EMERGENCY_RAISED, buf_str(&f));
}

/* Takes what was asked; false when nothing waited. */
static inline bool world_record(struct world *w)
{
    struct ask_head head;
    struct answer_head answer = {.ok = true};
    struct str payload, ticket;
    size_t len;

    if (!mailbox_take(w->hub.to_recorder, w->message, HUB_MESSAGE_MAX, &len))
        return false;
    memcpy(&head, w->message, sizeof head);
    payload = str_of(w->message + sizeof head, len - sizeof head);
    ticket = fields_get(payload, FIELD_TICKET);
    answer.request = head.request;
    if (ticket.len && str_eq(ticket, str_from(w->ticket))) {
        answer.seq = w->ticket_seq;
    } else {
        answer.seq = world_row(w, head.kind, payload);
        if (ticket.len) {
            (void)str_copy(w->ticket, sizeof w->ticket, ticket);
            w->ticket_seq = answer.seq;
        }
    }
    if (head.request && w->hub.to_web)
        MUST(mailbox_put(w->hub.to_web, str_of(&answer, sizeof answer), (struct str){0}));
    if (w->hub.wake_web)
        w->hub.wake_web(&w->hub);
    return true;
}

#endif
